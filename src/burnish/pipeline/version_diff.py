"""VersionDiff: what lies between two versions of a data set, from their ledgers alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from burnish.dataset import Dataset
from burnish.dataset.changesets import label_strings
from burnish.dataset.history import LEDGER, Version
from burnish.dataset.profiles import Shift, shifts
from burnish.dataset.row_changes import row_changes
from burnish.kernels.cluster_identity import cluster_changes
from burnish.pipeline.ledger import row_keys

ROWS = pa.schema(
    [
        ("row_id", pa.string()), ("change", pa.string()), ("old_label", pa.string()), ("label", pa.string()),
        ("code", pa.string()), ("reason", pa.string()),
    ]
)  # fmt: skip
"""`change`: in, out, relabelled, or rewritten (the same id with other content)."""

Strings = NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class VersionDiff:
    """What became of rows, fields, clusters, findings and the model between two versions.

    `rows`: a line each row that differs (`ROWS`). `clusters`, `findings`: None where one of the two was not audited.
    `effect`: the measured effect of the second against the first, None where that was not measured.
    """

    first: Version
    second: Version
    rows: pa.Table
    shifts: tuple[Shift, ...] = ()
    clusters: tuple[Mapping[str, Any], ...] | None = None
    findings: tuple[Mapping[str, Any], ...] | None = None
    effect: Mapping[str, Any] | None = None
    slices: tuple[Mapping[str, Any], ...] = field(default=())

    @property
    def counts(self) -> dict[str, int]:
        """Give how many rows changed in which way."""
        found = {line["values"]: line["counts"] for line in self.rows["change"].value_counts().to_pylist()}
        return {change: found.get(change, 0) for change in ("in", "out", "relabelled", "rewritten")}

    def to_json(self, *, max_rows: int = 1_000) -> dict[str, Any]:
        """Give the document; of rows at most `max_rows`, whose number is told."""
        return {
            "first": self.first.name, "second": self.second.name,
            "n_rows": [self.first.n_rows, self.second.n_rows], "counts": self.counts,
            "rows": self.rows.slice(0, max_rows).to_pylist(), "rows_left_off": max(0, len(self.rows) - max_rows),
            "shifts": [one._asdict() for one in self.shifts],
            "clusters": None if self.clusters is None else [dict(one) for one in self.clusters],
            "findings": None if self.findings is None else [dict(one) for one in self.findings],
            "effect": None if self.effect is None else dict(self.effect), "slices": [dict(one) for one in self.slices],
        }  # fmt: skip


class Step(NamedTuple):
    """One version on the way, the lines of its ledger, and the ids of the rows that it brought."""

    version: Version
    lines: pa.Table | None
    brought: pa.StringArray | None


class _Side(NamedTuple):
    """Rows that one side touched: before it began and after it ended."""

    keys: NDArray[np.int64]
    row_id: Strings
    there: NDArray[np.bool_]
    label: Strings
    there_before: NDArray[np.bool_]
    label_before: Strings
    code: Strings
    reason: Strings


def changed_rows(first: Sequence[Step], second: Sequence[Step]) -> pa.Table:
    """Give a line for each row in which two versions differ.

    `first`, `second`: the steps from the common ancestor, without it, to each. Cost and memory follow from what
    these steps changed, not from the rows of the data set.
    """
    ours, theirs = _side(first), _side(second)
    keys = np.union1d(ours.keys, theirs.keys)
    mine, yours = (_places(side.keys, keys) for side in (ours, theirs))
    # A row that only one side touched is, on the other, as it was at the ancestor.
    there_first = np.where(
        mine >= 0, _of(ours.there, mine, otherwise=False), _of(theirs.there_before, yours, otherwise=False)
    )
    there_second = np.where(
        yours >= 0, _of(theirs.there, yours, otherwise=False), _of(ours.there_before, mine, otherwise=False)
    )
    label_first = np.where(mine >= 0, _of(ours.label, mine), _of(theirs.label_before, yours))
    label_second = np.where(yours >= 0, _of(theirs.label, yours), _of(ours.label_before, mine))
    row_id = np.where(yours >= 0, _of(theirs.row_id, yours), _of(ours.row_id, mine))
    change = np.full(len(keys), "", object)
    change[there_first & there_second & (label_first != label_second)] = "relabelled"
    change[there_first & ~there_second], change[~there_first & there_second] = "out", "in"
    table = pa.table(
        {
            "row_id": row_id, "change": change, "old_label": np.where(there_first, label_first, _NULL),
            "label": np.where(there_second, label_second, _NULL), "code": _of(theirs.code, yours),
            "reason": _of(theirs.reason, yours),
        },
        schema=ROWS,
    )  # fmt: skip
    return rewritten(table.filter(pa.array(change != "")))


def compared_rows(first: Dataset, second: Dataset) -> pa.Table:
    """Give the same of two data sets that have no common ancestor, row by row."""
    changes = row_changes(first, second)
    told = changes.here[changes.relabelled], changes.there[changes.relabelled]
    parts = [
        [second.row_ids.take(pa.array(changes.new)), "in", None, label_strings(second, changes.new)],
        [first.row_ids.take(pa.array(changes.gone)), "out", label_strings(first, changes.gone), None],
        [
            second.row_ids.take(pa.array(told[1])), "relabelled",
            label_strings(first, told[0]), label_strings(second, told[1]),
        ],
    ]  # fmt: skip
    tables = []
    for row_id, change, old, new in parts:
        empty = pa.nulls(len(row_id), pa.string())
        columns = [row_id, pa.repeat(change, len(row_id)), empty if old is None else old, empty if new is None else new]
        tables.append(pa.table([*columns, empty, empty], schema=ROWS))
    return rewritten(pa.concat_tables(tables))


def rewritten(rows: pa.Table) -> pa.Table:
    """Make one line of a row that went and came back with other content under the same id."""
    ids, change = rows["row_id"].to_numpy(zero_copy_only=False), rows["change"].to_numpy(zero_copy_only=False)
    both = np.intersect1d(ids[change == "in"].astype(str), ids[change == "out"].astype(str))
    twice = np.isin(ids.astype(str), both)
    kept = rows.filter(pa.array(~(twice & (change == "out"))))
    named = np.where((twice & (change == "in"))[~(twice & (change == "out"))], "rewritten", kept["change"])
    return _in_order(kept.set_column(1, ROWS.field("change"), pa.array(named, pa.string())))


def settled(rows: pa.Table, again: pa.Table) -> pa.Table:
    """Give the lines with those of rows that went and came back as a second look at their fields found them."""
    kept = rows.filter(pc.not_equal(rows["change"], "rewritten"))
    looked = rows.filter(pc.is_in(rows["row_id"], again["row_id"].combine_chunks()))
    told = {line["row_id"]: line for line in looked.to_pylist()}
    lines = [{**line, **{k: told[line["row_id"]][k] for k in ("code", "reason")}} for line in again.to_pylist()]
    return _in_order(pa.concat_tables([kept, pa.Table.from_pylist(lines, schema=ROWS)]))


def _in_order(rows: pa.Table) -> pa.Table:
    return rows.sort_by([("change", "ascending"), ("row_id", "ascending")])


def profile_shifts(first: Version, second: Version) -> tuple[Shift, ...]:
    """Give how far each field has moved between two versions."""
    return tuple(shifts(first.profile, second.profile))


def cluster_events(
    clusters: tuple[NDArray[np.integer], NDArray[np.integer]], named: tuple[pa.Table, pa.Table]
) -> tuple[dict[str, Any], ...]:
    """Tell what became of clusters, with their names; `clusters` (n,) of the same rows as for `cluster_changes`."""
    names = [dict(zip(t["cluster"].to_pylist(), t["name"].to_pylist(), strict=True)) for t in named]
    return tuple(
        {
            **event._asdict(), "names_before": [names[0].get(c) for c in event.before],
            "names_after": [names[1].get(c) for c in event.after],
        }
        for event in cluster_changes(*clusters)
    )  # fmt: skip


def finding_changes(first: pa.Table, second: pa.Table) -> tuple[dict[str, Any], ...]:
    """Give for each code how many of its rows were found in both, are found no more (closed), or anew (opened)."""
    ours, theirs = ({(line["code"], line["row_id"]) for line in t.to_pylist()} for t in (first, second))
    counts: dict[str, list[int]] = {}
    for place, some in enumerate((ours & theirs, ours - theirs, theirs - ours)):
        for code, _ in some:
            counts.setdefault(code, [0, 0, 0])[place] += 1
    return tuple(
        {"code": code, "kept": kept, "closed": closed, "opened": opened}
        for code, (kept, closed, opened) in sorted(counts.items())
    )


def _side(steps: Sequence[Step]) -> _Side:
    """Give first and last state of every row that some steps touched."""
    lines = [step.lines.select(_TOUCHED) for step in steps if step.lines is not None]
    added = [_as_added(step.version.number, step.brought) for step in steps if step.brought is not None]
    none = pa.schema([LEDGER.field(name) for name in _TOUCHED]).empty_table()
    table = pa.concat_tables([*added, *(lines or [none])])
    keys = row_keys(table)
    order = np.argsort(keys, kind="stable")
    found, starts = np.unique(keys[order], return_index=True)
    firsts = order[starts]
    lasts = order[np.concatenate([starts[1:], [len(keys)]]).astype(np.int64) - 1] if len(found) else firsts
    column = {name: table[name].to_numpy(zero_copy_only=False).astype(object) for name in _TOUCHED}
    began, ended = column["action"][firsts], column["action"][lasts]
    return _Side(
        found, column["row_id"][lasts], ended != "drop", column["label"][lasts], ~np.isin(began, ["restore", "add"]),
        column["old_label"][firsts], column["code"][lasts], column["reason"][lasts],
    )  # fmt: skip


_NULL = np.array(None, object)
_TOUCHED = ["row_id", "action", "code", "reason", "old_label", "label", "segment", "place"]


def _as_added(number: int, row_ids: pa.StringArray) -> pa.Table:
    n_rows = len(row_ids)
    told = {"action": "add", "code": "SOURCE", "reason": "new in the source"}
    columns: dict[str, Any] = {name: pa.repeat(value, n_rows) for name, value in told.items()}
    columns |= {name: pa.nulls(n_rows, pa.string()) for name in ("old_label", "label")}
    columns |= {"row_id": row_ids, "segment": pa.repeat(pa.scalar(number, pa.int32()), n_rows)}
    return pa.table(columns | {"place": pa.array(np.arange(n_rows))}).select(_TOUCHED)


def _places(keys: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give where each wanted key lies among sorted ones, -1 where it does not."""
    if not len(keys):
        return np.full(len(wanted), -1, np.int64)
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, place, -1)


def _of(values: NDArray[Any], places: NDArray[np.int64], *, otherwise: object = None) -> NDArray[Any]:
    """Give the values at some places, and another one where a place is -1."""
    padded = np.append(values, np.array([otherwise], values.dtype))
    return padded[places]
