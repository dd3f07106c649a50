"""Evidence: each type of finding with its surest cases side by side, and how many there are in all."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from burnish.reports.cards import evidence_list, parsed, row_card
from burnish.reports.facts import ReportFacts
from burnish.reports.markup import Markup, clean, element, join
from burnish.reports.numbers import percent
from burnish.reports.words import ACTIONS, KINDS, code_title, kind_rank

SHOWN_PER_CODE = 8
OPEN_PER_CODE = 3
ROWS_PER_GROUP = 3
TWIN_KINDS = frozenset({"exact_duplicate", "near_duplicate", "conflicting_label", "leak"})
TWIN_KEYS = ("kept", "twin", "kept_row_id", "nearest_row_id", "nearest", "representative")

GIVEN_KEYS = ("given_proba", "given_probability", "probability_given")
SUGGESTED_KEYS = ("suggested_proba", "suggested_probability", "probability_suggested")
OTHER_KEYS = ("text", "neighbors", "given_label", "suggested_label")


@dataclass(frozen=True)
class Case:
    """One finding with the lines of its rows, the surest row first."""

    lines: tuple[Mapping[str, Any], ...]

    @property
    def line(self) -> Mapping[str, Any]:
        """The line of the surest row."""
        return self.lines[0]

    @property
    def evidence(self) -> dict[str, Any]:
        """The numbers behind the surest row."""
        return parsed(self.line["evidence"])

    @property
    def row_ids(self) -> list[str]:
        """The rows of the finding; empty for a finding about the set."""
        return [line["row_id"] for line in self.lines if line["row_id"] is not None]


def evidence_section(facts: ReportFacts, *, shown: int = SHOWN_PER_CODE) -> Markup:
    """Give one block per code with its `shown` surest findings as evidence."""
    codes = sorted(_code_kinds(facts).items(), key=lambda item: (kind_rank(item[1]), item[0]))
    blocks = [_code_block(facts, code, kind, shown) for code, kind in codes]
    if not blocks:
        return element("p", "No check found anything to show.", class_="quiet")
    return join(blocks)


def cases(facts: ReportFacts, code: str, *, shown: int) -> tuple[list[Case], int]:
    """Give the surest `shown` findings of a code, and how many there are in all."""
    table = facts.findings.filter(pc.equal(facts.findings["code"], code))
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    best = table.group_by("finding_id").aggregate([("score", "max")])
    order = best.sort_by([("score_max", "descending"), ("finding_id", "ascending")]).slice(0, shown)
    wanted = table.filter(pc.is_in(table["finding_id"], value_set=order["finding_id"].combine_chunks()))
    for line in wanted.sort_by([("score", "descending")]).to_pylist():
        grouped.setdefault(line["finding_id"], []).append(line)
    ids = order["finding_id"].to_pylist()
    return [Case(tuple(grouped[finding_id])) for finding_id in ids], len(best)


def _code_kinds(facts: ReportFacts) -> dict[str, str]:
    if not len(facts.findings):
        return {}
    pairs = facts.findings.group_by(["code", "kind"]).aggregate([])
    return dict(zip(pairs["code"].to_pylist(), pairs["kind"].to_pylist(), strict=True))


def _code_block(facts: ReportFacts, code: str, kind: str, shown: int) -> Markup:
    found, total = cases(facts, code, shown=shown)
    said = f"{len(found)} of {total:,} shown, surest first; all are in findings.parquet." if len(found) < total else ""
    heading = element("h3", f"{code_title(code, kind)} ", element("code", clean(code, 20), class_="code"))
    about = element("p", KINDS.get(kind, ("", ""))[1], " ", element("span", said, class_="quiet") if said else None)
    blocks = [_case(facts, case, kind) for case in found]
    rest = blocks[OPEN_PER_CODE:]
    more = element("details", element("summary", f"{len(rest)} more"), rest, class_="more") if rest else None
    return element(
        "section", heading, about, blocks[:OPEN_PER_CODE], more, class_="evidence", id=f"evidence-{clean(code, 20)}"
    )


def _case(facts: ReportFacts, case: Case, kind: str) -> Markup:
    message = element("p", clean(case.line["message"] or "", 300), class_="message")
    if kind in TWIN_KINDS:
        body = _twins(facts, case, kind)
    elif kind == "suspect_label":
        body = _labels(facts, case)
    elif kind == "outlier":
        body = _outlier(facts, case)
    else:
        body = _rows(facts, case)
    done = _done(facts, case)
    numbers = evidence_list(case.evidence, without=(*TWIN_KEYS, *GIVEN_KEYS, *SUGGESTED_KEYS, *OTHER_KEYS))
    return element("div", message, body, join([n for n in (numbers, done) if n is not None]), class_="case")


def _twins(facts: ReportFacts, case: Case, kind: str) -> Markup:
    named = [case.evidence[key] for key in TWIN_KEYS if isinstance(case.evidence.get(key), str)]
    everyone = list(dict.fromkeys([*named[:1], *case.row_ids, *named]))
    first = everyone[0] if everyone else ""
    others = everyone[1:ROWS_PER_GROUP]
    cards = [row_card(facts, first, role=_role(facts, first, kind, first=True), twin=others[0] if others else None)]
    cards += [row_card(facts, row, role=_role(facts, row, kind, first=False), twin=first) for row in others]
    return _side_by_side(cards, len(everyone) - len(cards))


def _role(facts: ReportFacts, row_id: str, kind: str, *, first: bool) -> str:
    if kind == "leak":
        return clean(facts.value("split", row_id) or ("evaluation" if first else "train"), 30)
    edit = facts.edits.get(row_id)
    if edit is not None:
        return ACTIONS.get(edit["action"], str(edit["action"]))
    if kind == "conflicting_label":
        return ""
    return "kept" if first else "twin"


def _labels(facts: ReportFacts, case: Case) -> Markup:
    row_id, evidence = case.row_ids[0], case.evidence
    given = facts.value("label", row_id)
    suggested = case.line["suggested_label"] or facts.value("suggested_label", row_id)
    proba = facts.value("predicted_proba", row_id) if suggested == facts.value("predicted_label", row_id) else None
    compared = element(
        "dl",
        _label_line("given", given, _first_number(evidence, GIVEN_KEYS)),
        _label_line(
            "suggested",
            suggested,
            _first_number(evidence, SUGGESTED_KEYS) or proba,
            better=True,
        ),
        class_="labels",
    )
    cards = [row_card(facts, row_id), element("div", compared, class_="card plain")]
    agreeing = [near for near in evidence.get("neighbors") or () if near in facts.positions]
    cards += [row_card(facts, near, role="a neighbor with the suggested label") for near in agreeing[:1]]
    return _side_by_side(cards, 0)


def _label_line(name: str, label: Any, probability: float | None, *, better: bool = False) -> Markup:
    shown = "–" if label is None else clean(label, 60)
    chance = None
    if probability is not None:
        bar = element("meter", min=0, max=1, value=round(probability, 4), title="out-of-sample probability")
        chance = join([bar, " ", percent(probability)])
    term = element("dt", name)
    return element(
        "div", term, element("dd", element("strong", shown), " ", chance), class_="better" if better else None
    )


def _outlier(facts: ReportFacts, case: Case) -> Markup:
    row_id = case.row_ids[0] if case.row_ids else ""
    near = case.evidence.get("nearest_row_id") or case.evidence.get("nearest") or facts.value("nearest_row_id", row_id)
    cards = [row_card(facts, row_id, role="outlier")]
    if isinstance(near, str):
        distance = facts.value("nearest_distance", row_id)
        far = "" if distance is None else f" (cosine distance {distance:.2f})"
        cards.append(row_card(facts, near, role=f"nearest neighbor{far}"))
    return _side_by_side(cards, 0)


def _rows(facts: ReportFacts, case: Case) -> Markup:
    row_ids = case.row_ids
    cards = [row_card(facts, row_id) for row_id in row_ids[:ROWS_PER_GROUP]]
    return _side_by_side(cards, len(row_ids) - len(cards)) if cards else Markup()


def _side_by_side(cards: list[Markup], more: int) -> Markup:
    note = element("p", f"and {more:,} more rows in this finding", class_="quiet") if more > 0 else None
    return join([element("div", cards, class_="beside"), note])


def _done(facts: ReportFacts, case: Case) -> Markup | None:
    edits = [facts.edits[row] for row in case.row_ids if row in facts.edits]
    suggested = case.line["suggested_edit"]
    if edits:
        first = edits[0]
        to = f" to {clean(first['label'], 60)}" if first["action"] == "relabel" else ""
        by = "" if first["code"] == case.line["code"] else f" by {first['code']}"
        return element("p", f"{ACTIONS.get(first['action'], first['action'])}{to}{by}", class_="done")
    if suggested is None:
        return None
    return element("p", f"suggested: {clean(suggested, 30)}", class_="done quiet")


def _first_number(evidence: Mapping[str, Any], names: tuple[str, ...]) -> float | None:
    found = (evidence.get(name) for name in names)
    return next((float(v) for v in found if isinstance(v, (int, float)) and not isinstance(v, bool)), None)
