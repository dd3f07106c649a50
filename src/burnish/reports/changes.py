"""Changes: what was changed and why, by code, with examples; and the facts of the run."""

import json
from collections.abc import Mapping
from typing import Any

from burnish.reports.cards import row_card
from burnish.reports.facts import ReportFacts
from burnish.reports.markup import Markup, clean, element, join
from burnish.reports.numbers import number, plural
from burnish.reports.tables import Cell, data_table
from burnish.reports.words import ACTIONS

EXAMPLES_PER_CODE = 3


def changes_section(facts: ReportFacts) -> Markup:
    """Give the edits of the changeset by code, with the first examples and the kept twins."""
    if not facts.edits:
        return element("p", "The changeset is empty: nothing was changed.", class_="quiet")
    grouped: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for edit in facts.edits.values():
        grouped.setdefault((edit["code"], edit["action"]), []).append(edit)
    where = "each with row id, code, reason and evidence in changeset.json; each can be undone."
    said = f"{plural(len(facts.edits), 'edit')}, {where}"
    blocks = [_code_block(facts, code, action, edits) for (code, action), edits in sorted(grouped.items())]
    return join([element("p", said), *blocks])


def about_section(facts: ReportFacts) -> Markup:
    """Give versions, parameters, guesses, what was skipped, timings and libraries."""
    summary = facts.summary
    named = [
        ("source", summary.get("source")), ("version", summary.get("version")),
        ("new version", summary.get("new_version")), ("created", summary.get("created")),
        ("embedder", summary.get("embedder")), ("kind", summary.get("kind")),
    ]  # fmt: skip
    parts = [
        _pairs("This run", {name: value for name, value in named if value is not None}),
        _guesses(summary.get("guesses") or ()),
        _skipped(summary.get("skipped") or ()),
        _pairs("Parameters", summary.get("parameters") or {}),
        _pairs("Seconds per stage", {k: number(v, 2) for k, v in (summary.get("timings") or {}).items()}, numeric=True),
        _pairs("Libraries", summary.get("libraries") or {}),
    ]
    return element("div", [part for part in parts if part is not None], class_="about")


def _code_block(facts: ReportFacts, code: str, action: str, edits: list[Mapping[str, Any]]) -> Markup:
    done = ACTIONS.get(action, action)
    shown = edits[:EXAMPLES_PER_CODE]
    cut = f" {len(shown)} of {len(edits):,} shown." if len(shown) < len(edits) else ""
    summary = element("summary", element("code", code, class_="code"), f" {plural(len(edits), 'row')} {done}")
    why = element("p", clean(edits[0]["reason"], 300), element("span", cut, class_="quiet"))
    return element("details", summary, why, [_example(facts, edit) for edit in shown], class_="changes")


def _example(facts: ReportFacts, edit: Mapping[str, Any]) -> Markup:
    kept = edit.get("kept_row_id")
    role = ACTIONS.get(edit["action"], edit["action"])
    if edit["action"] == "relabel":
        role = f"relabelled: {clean(edit.get('old_label') or '–', 60)} → {clean(edit.get('label') or '–', 60)}"
    cards = [row_card(facts, edit["row_id"], role=role, twin=kept)]
    if kept is not None:
        cards.append(row_card(facts, kept, role="kept twin", twin=edit["row_id"]))
    return element("div", cards, class_="beside")


def _guesses(guesses: Any) -> Markup | None:
    lines = [tuple(clean(g.get(key) or "–", 120) for key in ("role", "field", "reason")) for g in guesses]
    return data_table("Roles that were guessed", ("role", "field", "why"), lines) if lines else None


def _skipped(skipped: Any) -> Markup | None:
    lines = [tuple(clean(s.get(key) or "–", 200) for key in ("step", "reason")) for s in skipped]
    return data_table("Not run", ("step", "why"), lines) if lines else None


def _pairs(caption: str, pairs: Mapping[str, Any], *, numeric: bool = False) -> Markup | None:
    if not pairs:
        return None
    lines = [(clean(name, 60), Cell(value) if numeric else clean(_plain(value), 200)) for name, value in pairs.items()]
    return data_table(caption, ("name", "seconds" if numeric else "value"), lines)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
