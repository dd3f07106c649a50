"""Facets: what the points of the map can be colored and filtered by, as small codes; no row becomes a Python object.

The report cuts a scale into a few named steps, for its legend; the app has it in 255 even steps, to be brushed.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from burnish.reports.facts import ReportFacts
from burnish.reports.markup import clean
from burnish.reports.words import ACTIONS, KINDS, kind_title

MAX_VALUES = 255
OTHER = "other values"
NONE = "none"
FLAG_LIMIT = 15
OUTLIER_EDGES = (0.2, 0.4, 0.6, 0.8)
QUALITY_EDGES = (0.1, 0.3, 0.5, 0.9)

LAST_STEP, NO_STEP = 254, 255
"""Code of the high end of a scale in even steps, and of a row that has no number."""

FIELD_LIMIT = 6
FEW_NUMBERS = 20
"""How many fields are facets; a field of more numbers than `FEW_NUMBERS` is a scale."""

TAIL, LONG_TAIL = 0.005, 4.0
"""The share of rows at each end that a scale leaves to its end steps where it would be `LONG_TAIL` times as long."""

SAMPLE_ROWS = 10_000
"""Rows that are looked at first: of a field of many values they hold too many already."""

Codes = NDArray[np.uint8] | NDArray[np.uint16]
Kind = Literal["category", "flags", "scale"]


@dataclass(frozen=True, eq=False)
class Facet:
    """One way to color the map: `codes` (n_points,) into `values`.

    Of kind `flags` a code is a set of bits, bit i for `values[i]`, the first set bit giving the color; of kind `scale`
    the values have an order. A scale without values has the codes 0 to 254 from `low` to `high`, whose ends also hold
    what lies beyond, and 255 for none. A value of `none` is drawn quietly.
    """

    name: str
    title: str
    values: list[str]
    codes: Codes
    kind: Kind = "category"
    low: float | None = None
    high: float | None = None

    def of(self, positions: NDArray[np.int64]) -> "Facet":
        """Give the same for some rows."""
        return replace(self, codes=self.codes[positions])


class Status(NamedTuple):
    """What is known of rows beyond the audit: `codes` (n_rows,) into `values`."""

    name: str
    title: str
    values: Sequence[str]
    codes: NDArray[np.integer]


def facets_of(facts: ReportFacts, positions: NDArray[np.int64]) -> list[Facet]:
    """Give every facet of the report that the facts can fill, for the rows at `positions`."""
    steps = (
        _steps(facts, "label_quality", "Label quality", QUALITY_EDGES),
        _steps(facts, "outlier_score", "Outlier score", OUTLIER_EDGES),
    )
    made = (*_found(facts), _edited(facts), *steps)
    return [replace(f, codes=f.codes[positions].astype(np.uint16)) for f in made if f is not None]


def point_facets(facts: ReportFacts, statuses: Iterable[Status] = (), fields: pa.Table | None = None) -> list[Facet]:
    """Give every facet of the app for all rows; codes of one byte where there are at most 255 values.

    `fields`: given fields of the rows; the first six that hold numbers, or few values, are facets.
    """
    scales = (_score(facts, "label_quality", "Label quality"), _score(facts, "outlier_score", "Outlier score"))
    given = (_coded(one) for one in statuses)
    made = [f for f in (*_found(facts), *given, *scales) if f is not None]
    return [_narrowed(facet) for facet in (*made, *(_fields(fields, made) if fields is not None else []))]


def _found(facts: ReportFacts) -> tuple[Facet | None, ...]:
    """Give what an audit found, in the order in which it is told."""
    return (
        _cluster(facts), _label(facts, "label", "Label"), _label(facts, "predicted_label", "Predicted label"),
        _finding(facts), _error(facts), _label(facts, "split", "Split"),
    )  # fmt: skip


def _label(facts: ReportFacts, name: str, title: str) -> Facet | None:
    column = facts.column(name)
    return None if column.null_count == len(column) else _category(name, title, column)


def _cluster(facts: ReportFacts) -> Facet | None:
    column = facts.column("cluster")
    if column.null_count == len(column):
        return None
    keys = pc.if_else(pc.less(column, 0), pa.scalar(None, column.type), column)
    names = facts.cluster_names
    return _category("cluster", "Cluster", keys, lambda c: names.get(int(c), f"cluster {c}"))


def _category(name: str, title: str, column: pa.Array, shown: Callable[[str], str] = str) -> Facet:
    """Most frequent values first; beyond `MAX_VALUES` they share one code; null is `none`."""
    strings = column.cast(pa.string())
    counts = pc.value_counts(strings.drop_null())
    order = pa.table({"count": counts.field("counts"), "value": counts.field("values")}).sort_by(
        [("count", "descending"), ("value", "ascending")]
    )
    kept = order["value"].slice(0, MAX_VALUES).combine_chunks()
    found = pc.index_in(strings, value_set=kept)
    codes = np.asarray(found.fill_null(len(kept)).to_numpy(zero_copy_only=False), np.uint16)
    values = [clean(shown(value), 60) for value in kept.to_pylist()]
    values += [OTHER] if len(order) > MAX_VALUES else []
    if strings.null_count:
        codes[strings.is_null().to_numpy(zero_copy_only=False)] = len(values)
        values.append(NONE)
    return Facet(name, title, values, codes)


def _finding(facts: ReportFacts) -> Facet | None:
    if not len(facts.findings):
        return None
    encoded = facts.findings["kind"].combine_chunks().dictionary_encode()
    present = encoded.dictionary.to_pylist()
    kinds = [k for k in (*KINDS, *sorted(set(present) - set(KINDS))) if k in present][:FLAG_LIMIT]
    of_line = encoded.indices.to_numpy(zero_copy_only=False)
    rows = _rows_of(facts, facts.findings["row_id"].combine_chunks())
    codes = np.zeros(len(facts.rows), np.uint16)
    for bit, kind in enumerate(kinds):
        flagged = rows[of_line == present.index(kind)]
        codes[flagged[flagged >= 0]] |= np.uint16(1 << bit)
    return Facet("finding", "Finding", [kind_title(k) for k in kinds], codes, "flags")


def _rows_of(facts: ReportFacts, row_ids: pa.Array) -> NDArray[np.int64]:
    """Give the position of each row id (n,), -1 where there is none; looks at each row once."""
    asked = row_ids.dictionary_encode()
    wanted = pc.index_in(facts.column("row_id").cast(pa.string()), value_set=asked.dictionary)
    place = wanted.fill_null(-1).to_numpy(zero_copy_only=False)
    here = np.flatnonzero(place >= 0)
    rows = np.full(len(asked.dictionary) + 1, -1, np.int64)
    rows[place[here]] = here
    return np.asarray(rows[asked.indices.fill_null(-1).to_numpy(zero_copy_only=False)], np.int64)


def _error(facts: ReportFacts) -> Facet | None:
    label, predicted = facts.column("label"), facts.column("predicted_label")
    if label.null_count == len(label) or predicted.null_count == len(predicted):
        return None
    same = pc.equal(label.cast(pa.string()), predicted.cast(pa.string()))
    codes = pc.if_else(same, 1, 0).fill_null(2).to_numpy(zero_copy_only=False)
    return Facet("error", "Error", ["predicted ≠ label", "predicted = label", NONE], codes.astype(np.uint16))


def _edited(facts: ReportFacts) -> Facet | None:
    if not facts.edits:
        return None
    actions = list(ACTIONS)
    codes = np.full(len(facts.rows), len(ACTIONS), np.uint16)
    known = {row_id: actions.index(e["action"]) for row_id, e in facts.edits.items() if e["action"] in actions}
    rows = _rows_of(facts, pa.array(list(known), pa.string()))
    codes[rows[rows >= 0]] = np.fromiter(known.values(), np.uint16, len(known))[rows >= 0]
    return Facet("change", "Change", [*ACTIONS.values(), "kept as it was"], codes)


def _steps(facts: ReportFacts, name: str, title: str, edges: Iterable[float]) -> Facet | None:
    column = facts.column(name)
    if column.null_count == len(column):
        return None
    cuts, numbers = list(edges), _numbers(column)
    codes = np.digitize(numbers, cuts)
    codes[~np.isfinite(numbers)] = len(cuts) + 1
    values = [f"{low:g} to {high:g}" for low, high in pairwise([0.0, *cuts, 1.0])]
    return Facet(name, title, [*values, NONE], codes.astype(np.uint16), "scale")


def _score(facts: ReportFacts, name: str, title: str) -> Facet | None:
    column = facts.column(name)
    return None if column.null_count == len(column) else _scale(name, title, _numbers(column), (0.0, 1.0))


def _scale(
    name: str, title: str, numbers: NDArray[np.float64], ends: tuple[float, float] | None = None
) -> Facet | None:
    """Give numbers in even steps; None where there is none."""
    known = np.isfinite(numbers)
    if not known.any():
        return None
    low, high = _ends(numbers[known]) if ends is None else ends
    unit = (np.clip(np.where(known, numbers, low), low, high) - low) / ((high - low) or 1.0)
    codes = np.where(known, np.round(unit * LAST_STEP), NO_STEP).astype(np.uint8)
    return Facet(name, title, [], codes, "scale", low, high)


def _ends(numbers: NDArray[np.float64]) -> tuple[float, float]:
    """Give the smallest and the largest number, or where they lie far out, what all but the tails lie between."""
    low, high = float(numbers.min()), float(numbers.max())
    inner_low, inner_high = np.quantile(numbers, [TAIL, 1 - TAIL]).tolist()
    far = high - low > LONG_TAIL * (inner_high - inner_low) > 0 or not np.isfinite(high - low)
    return (inner_low, inner_high) if far else (low, high)


def _fields(fields: pa.Table, known: Iterable[Facet]) -> list[Facet]:
    taken = {facet.name for facet in known}
    made: list[Facet] = []
    for name in fields.column_names:
        facet = None if len(made) == FIELD_LIMIT else _field(name, fields.column(name))
        if facet is not None:
            made.append(facet if name not in taken else replace(facet, name=f"field {name}"))
    return made


def _field(name: str, column: pa.ChunkedArray) -> Facet | None:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not _is_scalar(column.type):
        return None
    title, numeric = clean(name, 60), pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    if numeric and _is_more_than(FEW_NUMBERS, column):
        return _scale(name, title, _numbers(column.combine_chunks()))
    if _is_more_than(MAX_VALUES, column):
        return None
    values = column.combine_chunks()
    if pa.types.is_floating(values.type):
        values = pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values)
    return None if values.null_count == len(values) else _category(name, title, values)


def _is_scalar(kind: pa.DataType) -> bool:
    tests = (
        pa.types.is_string, pa.types.is_large_string, pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating,
        pa.types.is_date,
    )  # fmt: skip
    return any(test(kind) for test in tests)


def _is_more_than(n_values: int, column: pa.ChunkedArray) -> bool:
    """Tell whether there are more values than that; a field of many texts is not looked at whole."""
    some = pc.count_distinct(column.slice(0, SAMPLE_ROWS), mode="only_valid").as_py()
    return bool(some > n_values or pc.count_distinct(column, mode="only_valid").as_py() > n_values)


def _coded(status: Status) -> Facet:
    return Facet(status.name, status.title, list(status.values), status.codes.astype(np.uint16))


def _numbers(column: pa.Array) -> NDArray[np.float64]:
    values = column.cast(pa.float64(), safe=False)
    return np.asarray(values.to_numpy(zero_copy_only=False), np.float64)


def _narrowed(facet: Facet) -> Facet:
    """Codes of one byte where they fit; flags stay two bytes wide."""
    narrow = facet.kind != "flags" and len(facet.values) <= MAX_VALUES
    codes: Codes = facet.codes.astype(np.uint8) if narrow else facet.codes.astype(np.uint16)
    return replace(facet, codes=codes)
