"""Cards: one row as a reader should see it (thumbnail, text or fields), and two rows side by side."""

import json
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from itertools import groupby
from typing import Any

from burnish.reports.facts import ReportFacts
from burnish.reports.markup import Markup, clean, element, join
from burnish.reports.numbers import number, percent

TEXT_CHARACTERS = 360
DIFF_WORDS = 80
RECORD_FIELDS = 10


def row_card(facts: ReportFacts, row_id: str, *, role: str = "", twin: str | None = None) -> Markup:
    """Give a row as a card: content, then chips; words that its `twin` has not are marked."""
    label = element("p", role, class_="role") if role else None
    return element(
        "article",
        label,
        row_content(facts, row_id, twin=twin),
        row_chips(facts, row_id),
        class_="card",
        data_row=row_id,
    )


def row_content(facts: ReportFacts, row_id: str, *, twin: str | None = None) -> Markup:
    """Give what the row holds: its thumbnail, else text, else fields, else nothing but the id."""
    picture = facts.thumbnails.get(row_id, "")
    if picture.startswith("data:image/"):
        return element("img", src=picture, alt=f"row {clean(row_id, 60)}", class_="thumb", data_row=row_id)
    text = row_text(facts, row_id)
    if text is not None:
        other = None if twin is None else row_text(facts, twin)
        shown = clean(text, TEXT_CHARACTERS) if other is None else marked_words(text, other)
        blank = element("em", "empty text", class_="quiet")
        return element("p", shown if text.strip() else blank, class_="text", dir="auto")
    fields = record(facts, row_id)
    if fields:
        other_fields = record(facts, twin) if twin is not None else fields
        return _record_list(fields, other_fields)
    return element("p", element("span", "row ", class_="quiet"), clean(row_id, 60), class_="text")


def row_text(facts: ReportFacts, row_id: str) -> str | None:
    """Give the text of a row, or None where there is no text or no such row."""
    position = facts.positions.get(row_id)
    if facts.texts is None or position is None:
        return None
    value = facts.texts[position].as_py()
    return "" if value is None else str(value)


def row_chips(facts: ReportFacts, row_id: str) -> Markup:
    """Give label, prediction, split and id of a row as a line of chips."""
    label, predicted = facts.value("label", row_id), facts.value("predicted_label", row_id)
    proba = facts.value("predicted_proba", row_id)
    chips = [
        None if label is None else _chip(f"label {clean(label, 40)}"),
        None
        if predicted is None or predicted == label
        else _chip(f"predicted {clean(predicted, 40)} {percent(proba, 0) if proba is not None else ''}", "differs"),
        _split_chip(facts.value("split", row_id)),
        element("code", clean(row_id, 40), class_="id", title=clean(row_id, 200)),
    ]
    return element("p", join((c for c in chips if c is not None), " "), class_="chips")


def record(facts: ReportFacts, row_id: str | None) -> Mapping[str, Any]:
    """Give the original fields of a row in `records`, or nothing."""
    position = facts.record_positions.get(row_id)
    if facts.records is None or position is None:
        return {}
    line = facts.records.slice(position, 1).to_pylist()[0]
    return {name: value for name, value in line.items() if name != "row_id"}


def marked_words(text: str, other: str) -> Markup:
    """Give a text with the words that `other` has not in `<mark>`; long texts are cut around the first one."""
    mine, theirs = clean(text, 4000).split(), clean(other, 4000).split()
    matcher = SequenceMatcher(None, mine, theirs, autojunk=False)
    differing: set[int] = set()
    for tag, start, stop, _, _ in matcher.get_opcodes():
        if tag != "equal":
            differing.update(range(start, stop))
    first = max(0, min(differing, default=0) - DIFF_WORDS // 3) if len(mine) > DIFF_WORDS else 0
    last = min(len(mine), first + DIFF_WORDS)
    runs = groupby(range(first, last), key=differing.__contains__)
    words = [_run([mine[i] for i in run], marked=marked) for marked, run in runs]
    return join(["… " if first else "", join(words, " "), " …" if last < len(mine) else ""])


def evidence_list(evidence: Mapping[str, Any], *, without: Iterable[str] = ()) -> Markup | None:
    """Give the numbers behind a finding as `name value` pairs; None when nothing is left to say."""
    left_out = set(without)
    pairs = [(name, _shown(value)) for name, value in evidence.items() if name not in left_out and value is not None]
    if not pairs:
        return None
    items = [element("span", element("b", name.replace("_", " ")), " ", value) for name, value in pairs[:8]]
    return element("p", join(items, " "), class_="numbers")


def parsed(evidence: str | None) -> dict[str, Any]:
    """Give the evidence of a line of the findings table; text that is no JSON object counts as none."""
    try:
        document = json.loads(evidence or "{}")
    except json.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}


def _run(words: list[str], *, marked: bool) -> Markup | str:
    text = " ".join(clean(word, 60) for word in words)
    return element("mark", text) if marked else text


def _shown(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return clean(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), 90)
    return number(value)


def _chip(text: str, kind: str = "") -> Markup:
    return element("span", text, class_=f"chip {kind}".strip())


def _split_chip(split: Any) -> Markup | None:
    return None if split is None else _chip(clean(split, 30), "split")


def _record_list(fields: Mapping[str, Any], other: Mapping[str, Any]) -> Markup:
    shown = list(fields.items())
    differing = [item for item in shown if item[1] != other.get(item[0])]
    same = [item for item in shown if item[1] == other.get(item[0])]
    chosen = (differing + same)[:RECORD_FIELDS]
    lines = [
        element("div", element("dt", clean(name, 40)), element("dd", _field(value, other.get(name))))
        for name, value in chosen
    ]
    more = len(shown) - len(chosen)
    note = element("p", f"{more} more fields", class_="quiet") if more else None
    return element("div", element("dl", lines, class_="record"), note)


def _field(value: Any, other: Any) -> object:
    text = "–" if value is None else _shown(value)
    return text if value == other else element("mark", text)
