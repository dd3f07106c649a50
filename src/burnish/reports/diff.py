"""Diff: what lies between two versions, as sentences and tables for every face, and as one HTML page."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import pyarrow as pa

from burnish.dataset import Evaluation
from burnish.dataset.history import Version
from burnish.dataset.profiles import Shift
from burnish.reports.effect import effect_section
from burnish.reports.log import effect_sentence, effect_short, when
from burnish.reports.markup import Markup, clean, element, join
from burnish.reports.numbers import MINUS, count, number, percent, plural
from burnish.reports.page import Section, card, html_page, page_bar, page_hero, page_section
from burnish.reports.slice_effects import slice_effects_section
from burnish.reports.tables import Cell, Table, data_table

VALUES_SHOWN, FIELDS_SHOWN, CLUSTERS_ON_PAGE, ROWS_ON_PAGE = 5, 8, 60, 50
LONG = 80
ROW_CHANGES = ("in", "out", "relabelled", "rewritten")
NAMED = {
    "effect": "Effect", "rows": "Rows", "fields": "Fields", "clusters": "Clusters", "findings": "Findings",
    "slice-effects": "Per slice",
}  # fmt: skip


class VersionDiff(Protocol):
    """What lies between two versions, as `burnish.pipeline.version_diff.VersionDiff` tells it."""

    @property
    def first(self) -> Version: ...  # noqa: D102
    @property
    def second(self) -> Version: ...  # noqa: D102
    @property
    def counts(self) -> Mapping[str, int]: ...  # noqa: D102
    @property
    def rows(self) -> pa.Table: ...  # noqa: D102
    @property
    def shifts(self) -> Sequence[Shift]: ...  # noqa: D102
    @property
    def clusters(self) -> Sequence[Mapping[str, Any]] | None: ...  # noqa: D102
    @property
    def findings(self) -> Sequence[Mapping[str, Any]] | None: ...  # noqa: D102
    @property
    def effect(self) -> Mapping[str, Any] | None: ...  # noqa: D102


def diff_sentence(diff: VersionDiff) -> str:
    """Say how many rows came, went, and changed: `12 rows in, 245 out, 20 relabelled`."""
    told = [(change, n) for change, n in diff.counts.items() if n]
    first = [f"{plural(n, 'row')} {change}" for change, n in told[:1]]
    return ", ".join([*first, *(f"{n:,} {change}" for change, n in told[1:])]) or "no row differs"


def unmeasured_sentence(diff: VersionDiff) -> str:
    """Say how to measure what was not."""
    if diff.first.version == diff.second.version:
        return "none: the rows are the same."
    if diff.second.roles.label is None:
        return "not measured: no field is the label."
    return f"not measured between these two. To measure it: burnish compare {diff.first.name} {diff.second.name}"


def unaudited_sentence(diff: VersionDiff) -> str:
    """Say how to learn what became of clusters and findings."""
    audits = " and ".join(f"burnish audit {version.name}" for version in (diff.first, diff.second))
    return f"not known before both are audited: {audits}"


def rows_table(diff: VersionDiff, shown: int) -> Table:
    """Give the first rows of each kind of change, at most `shown` a kind."""
    lines: list[tuple[object, ...]] = []
    seen = dict.fromkeys(ROW_CHANGES, 0)
    for change in ROW_CHANGES:
        some = diff.rows.filter(_is(diff, change)).slice(0, shown)
        seen[change] = len(some)
        lines += [
            (
                clean(line["row_id"], LONG), change, _labels(change, line["old_label"], line["label"]),
                clean(line["code"] or "", 20), clean(line["reason"] or "", 2 * LONG),
            )
            for line in some.to_pylist()
        ]  # fmt: skip
    left = {change: n - seen[change] for change, n in diff.counts.items() if n > seen[change]}
    more = f" (and {', '.join(f'{n:,} more {change}' for change, n in left.items())})" if left else ""
    return Table(f"Rows that differ{more}", ("row", "change", "label", "code", "why"), lines)


def shifts_table(diff: VersionDiff) -> Table:
    """Give how far the values of fields moved, the farthest field first, its label before all others."""
    first = sorted(diff.shifts, key=lambda shift: shift.field != diff.second.roles.label)[:FIELDS_SHOWN]
    more = f", the farthest {FIELDS_SHOWN} of {len(diff.shifts)}" if len(diff.shifts) > FIELDS_SHOWN else ""
    lines = [line for shift in first for line in _shift_lines(shift)]
    return Table(f"Fields that moved{more}", ("field", "value", "before", "after", "moved"), lines)


def clusters_table(diff: VersionDiff, shown: int) -> Table:
    """Give what became of clusters, the largest change first, at most `shown`; unchanged ones are counted."""
    told = [(_became(event), event) for event in diff.clusters or ()]
    changed = sorted((pair for pair in told if pair[0] != "same"), key=lambda pair: -_moved(pair[1]))
    same, left = len(told) - len(changed), max(0, len(changed) - shown)
    said = [f"{same:,} the same", *([f"{left:,} more changed"] if left else [])]
    lines = [
        (
            _called(event), became, Cell(_sizes(event["n_before"]), sum(event["n_before"])),
            Cell(_sizes(event["n_after"]), sum(event["n_after"])),
        )
        for became, event in changed[:shown]
    ]  # fmt: skip
    return Table(f"Clusters ({'; '.join(said)})", ("cluster", "", "before", "after"), lines)


def findings_table(diff: VersionDiff) -> Table:
    """Give for each code how many flagged rows were opened, closed and kept; codes without a change are counted."""
    told = diff.findings or ()
    changed = [line for line in told if line["opened"] or line["closed"]]
    lines = [
        (clean(line["code"], 20), *(Cell(count(line[key]), line[key]) for key in ("opened", "closed", "kept")))
        for line in changed
    ]
    same = f" ({plural(len(told) - len(changed), 'code')} as before)" if len(changed) < len(told) else ""
    return Table(f"Findings of rows{same}", ("code", "opened", "closed", "kept"), lines)


def diff_html(diff: VersionDiff, evaluation: Evaluation | None = None) -> str:
    """Give the whole difference as one self-contained page; `evaluation`: the measurement of the second version."""
    sections = list(_sections(diff, evaluation))
    bar = page_bar((anchor, NAMED[anchor], title) for anchor, title, _ in sections)
    main = [_hero(diff), *(page_section(*section) for section in sections)]
    foot = element("span", "Made by burnish; this page holds its data and makes no request.")
    return html_page(f"{clean(_names(diff), 120)} · burnish diff", bar, main, foot)


def _sections(diff: VersionDiff, evaluation: Evaluation | None) -> Iterable[Section]:
    yield "effect", "Effect on the model", _effect(diff, evaluation)
    rows = rows_table(diff, ROWS_ON_PAGE)
    yield "rows", "Rows", _tabled(rows, "No row differs.")
    yield "fields", "Classes and fields", _tabled(shifts_table(diff), "No field moved.")
    if diff.clusters is None or diff.findings is None:
        yield "clusters", "Clusters and findings", element("p", unaudited_sentence(diff), class_="quiet")
    else:
        yield "clusters", "Clusters", _tabled(clusters_table(diff, CLUSTERS_ON_PAGE), "Every cluster is the same.")
        yield "findings", "Findings opened and closed", _tabled(findings_table(diff), "The same rows are flagged.")
    slices = None if evaluation is None else slice_effects_section(evaluation)
    if slices is not None:
        yield "slice-effects", "Before and after per slice", slices


def _hero(diff: VersionDiff) -> Markup:
    cards = [card("rows", f"{diff.first.n_rows:,} → {diff.second.n_rows:,}")]
    cards += [card(f"rows {change}", f"{n:,}") for change, n in diff.counts.items()]
    cards += [card("measured effect", effect_short(diff.effect))] if diff.effect else []
    made = f"{when(diff.first.created)} → {when(diff.second.created)} UTC"
    said = diff_sentence(diff)
    return page_hero(_names(diff), made, (f"{said[:1].upper()}{said[1:]}.",), cards)


def _effect(diff: VersionDiff, evaluation: Evaluation | None) -> Markup:
    if diff.effect is None:
        return element("p", f"Effect: {unmeasured_sentence(diff)}", class_="quiet")
    said = element("p", element("strong", effect_sentence(diff.effect)), f". {clean(diff.second.why, 4 * LONG)}")
    return said if evaluation is None else join([said, effect_section(evaluation)])


def _tabled(table: Table, nothing: str) -> Markup:
    return data_table(*table) if table.lines else element("p", nothing, class_="quiet")


def _is(diff: VersionDiff, change: str) -> Any:
    return diff.rows["change"].to_numpy(zero_copy_only=False) == change


def _labels(change: str, old: str | None, new: str | None) -> str:
    old, new = clean("–" if old is None else old, LONG // 2), clean("–" if new is None else new, LONG // 2)
    if change in ("in", "out"):
        known = new if change == "in" else old
        return "" if known == "–" else known
    return f"{old} → {new}" if old != new else "" if new == "–" else new


def _shift_lines(shift: Shift) -> list[tuple[object, ...]]:
    name = clean(shift.field, LONG // 2)
    if shift.kind == "number":
        moved = Cell(f"{number(shift.shift, 2)} sd", shift.shift)
        return [(name, "mean", Cell(number(shift.before), shift.before), Cell(number(shift.after), shift.after), moved)]
    values = [value for value in shift.before if value in shift.after]
    lines: list[tuple[object, ...]] = [
        (
            name if place == 0 else "", clean(value, LONG // 2), Cell(count(shift.before[value]), shift.before[value]),
            Cell(count(shift.after[value]), shift.after[value]),
            Cell(percent(shift.shift) + " of rows" if place == 0 else "", shift.shift),
        )
        for place, value in enumerate(values[:VALUES_SHOWN])
    ]  # fmt: skip
    left = len(values) - VALUES_SHOWN
    return [*lines, ("", f"… {left:,} more", Cell(""), Cell(""), Cell(""))] if left > 0 else lines


def _became(event: Mapping[str, Any]) -> str:
    if event["kind"] != "persists":
        return str(event["kind"])
    before, after = sum(event["n_before"]), sum(event["n_after"])
    return "same" if before == after else f"{'grown' if after > before else 'shrunk'} {_signed(after - before)}"


def _moved(event: Mapping[str, Any]) -> int:
    before, after = sum(event["n_before"]), sum(event["n_after"])
    return int(abs(after - before) if event["kind"] == "persists" else max(before, after))


def _called(event: Mapping[str, Any]) -> str:
    before, after = (
        " + ".join(clean(name or f"cluster {number}", LONG // 2) for number, name in zip(ids, names, strict=True))
        for ids, names in ((event["before"], event["names_before"]), (event["after"], event["names_after"]))
    )
    if event["kind"] in ("split", "merged"):
        return f"{before} → {after}"
    return after or before


def _sizes(sizes: Iterable[int]) -> str:
    return " + ".join(f"{n:,}" for n in sizes) or "–"


def _signed(n: int) -> str:
    return f"{MINUS if n < 0 else '+'}{abs(n):,}"


def _names(diff: VersionDiff) -> str:
    return f"{diff.first.name} → {diff.second.name}"
