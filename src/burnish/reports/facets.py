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

from burnish.dataset.rows import is_list
from burnish.reports.facts import ReportFacts
from burnish.reports.markup import clean
from burnish.reports.words import ACTIONS, KINDS, kind_title

MAX_VALUES = 255
OTHER = "other values"
NONE = "none"
NO_CLASS = "no class"
NO_LABEL = "no label"
OTHER_CLASSES = "other classes"
FLAG_LIMIT = 15
FLAG_BITS = 16
N_STEPS = 5
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

RIGHT = ("predicted ≠ label", "predicted = label")

Numbers = NDArray[np.float64]
Scaled = Callable[[str, str, Numbers, Numbers], "Facet | None"]
"""Makes a facet of numbers: its name, its title, the numbers, and those that its ends come from."""

Codes = NDArray[np.uint8] | NDArray[np.uint16]
Kind = Literal["category", "flags", "scale"]


@dataclass(frozen=True, eq=False)
class Facet:
    """One way to color the map: `codes` (n_points,) into `values`.

    Of kind `flags` a code is a set of bits, bit i for `values[i]`, the first set bit giving the color; of kind `scale`
    the values have an order. A scale without values has the codes 0 to 254 from `low` to `high`, whose ends also hold
    what lies beyond, and 255 for none. A value of `none` is drawn quietly.
    `bare`: what a row without any flag is called.
    """

    name: str
    title: str
    values: list[str]
    codes: Codes
    kind: Kind = "category"
    low: float | None = None
    high: float | None = None
    bare: str = NONE

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
    made = (*_found(facts, _cut), _edited(facts), *steps)
    return [replace(f, codes=f.codes[positions].astype(np.uint16)) for f in made if f is not None]


def point_facets(facts: ReportFacts, statuses: Iterable[Status] = (), fields: pa.Table | None = None) -> list[Facet]:
    """Give every facet of the app for all rows; codes of one byte where there are at most 255 values.

    `fields`: given fields of the rows; the first six that hold numbers, or few values, are facets.
    """
    scales = (_score(facts, "label_quality", "Label quality"), _score(facts, "outlier_score", "Outlier score"))
    given = (_coded(one) for one in statuses)
    made = [f for f in (*_found(facts, _even), *given, *scales) if f is not None]
    return [_narrowed(facet) for facet in (*made, *(_fields(fields, made) if fields is not None else []))]


def _found(facts: ReportFacts, scaled: Scaled) -> tuple[Facet | None, ...]:
    """Give what an audit found, in the order in which it is told; `scaled` makes facets of numbers."""
    label, predicted, error = _answers(facts, scaled)
    return _cluster(facts), label, predicted, _finding(facts), error, _label(facts, "split", "Split")


def _answers(facts: ReportFacts, scaled: Scaled) -> tuple[Facet | None, ...]:
    """Give label, predicted label and error, by what the labels are: classes, numbers or sets of classes."""
    given, predicted = facts.targets, facts.predictions
    if given is None:
        return _label(facts, "label", "Label"), _label(facts, "predicted_label", "Predicted label"), _error(facts)
    if is_list(given.type):
        return _sets(given, predicted if predicted is not None and is_list(predicted.type) else None)
    return _sizes(given, predicted if predicted is not None and _is_number(predicted.type) else None, scaled)


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
    return Facet("error", "Error", [*RIGHT, NONE], codes.astype(np.uint16))


def _sizes(given: pa.Array, predicted: pa.Array | None, scaled: Scaled) -> tuple[Facet | None, ...]:
    """Labels and predicted numbers have the same scale, so that the same color says the same."""
    numbers = _numbers(given)
    finite = np.isfinite(numbers)
    if not finite.any():
        return None, None, None
    label = scaled("label", "Label", numbers, numbers[finite])
    if predicted is None:
        return label, None, None
    said = _numbers(predicted)
    wrong_by = np.abs(said - numbers)
    known = wrong_by[np.isfinite(wrong_by)]
    return (
        label, scaled("predicted_label", "Predicted number", said, numbers[finite]),
        scaled("error", "Size of the error", wrong_by, np.append(known, 0.0)) if len(known) else None,
    )  # fmt: skip


def _even(name: str, title: str, numbers: Numbers, among: Numbers) -> Facet | None:
    """Even steps between the ends of some numbers."""
    return _scale(name, title, numbers, _ends(among))


def _cut(name: str, title: str, numbers: Numbers, among: Numbers) -> Facet | None:
    """Named steps, in each of which about as many of some numbers lie."""
    edges = np.unique(np.quantile(among, np.linspace(0, 1, N_STEPS + 1)))
    known = np.isfinite(numbers)
    if not known.any():
        return None
    inner = edges[1:-1] if len(edges) > 2 else edges[:1]
    between = [f"{low:.4g} to {high:.4g}" for low, high in pairwise(inner.tolist())]
    words = [f"below {inner[0]:.4g}", *between, f"{inner[-1]:.4g} or more"]
    codes = np.where(known, np.searchsorted(inner, np.where(known, numbers, 0.0), side="right"), len(words))
    return Facet(name, title, [*words, NONE], codes.astype(np.uint16), "scale")


def _sets(given: pa.Array, predicted: pa.Array | None) -> tuple[Facet | None, ...]:
    """Labels and predicted sets have the same flags, so that the same color says the same."""
    known = [one for one in (given, predicted) if one is not None]
    classes = _commonest_classes(known)
    room = FLAG_BITS - any(one.null_count for one in known)
    kept = classes if len(classes) <= room else classes.slice(0, room - 1)
    if not len(classes):
        return None, None, None
    more = f" ({len(kept)} most frequent of {len(classes):,})" if len(kept) < len(classes) else ""
    label = _class_flags("label", f"Label{more}", given, kept)
    if predicted is None:
        return label, None, None
    return label, _class_flags("predicted_label", f"Predicted classes{more}", predicted, kept), _unequal(known)


def _class_flags(name: str, title: str, sets: pa.Array, kept: pa.Array) -> Facet:
    """A flag a class, one for all others, and one for a row whose set is not known; a row of no class is bare."""
    rows, found = _members(sets, kept)
    codes = np.zeros(len(sets), np.uint16)
    np.bitwise_or.at(codes, rows, np.left_shift(1, np.where(found < 0, len(kept), found)).astype(np.uint16))
    values = [clean(value, 60) for value in kept.to_pylist()]
    if (found < 0).any():
        values.append(OTHER_CLASSES)
    if sets.null_count:
        codes[sets.is_null().to_numpy(zero_copy_only=False)] = 1 << len(values)
        values.append(NO_LABEL)
    return Facet(name, title, values, codes, "flags", bare=NO_CLASS)


def _members(sets: pa.Array, classes: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give row and class of every member of a set, -1 for a class that is not among `classes`."""
    names = pc.list_flatten(sets).cast(pa.string())
    rows = pc.list_parent_indices(sets).to_numpy(zero_copy_only=False)
    here = names.is_valid().to_numpy(zero_copy_only=False)
    found = pc.index_in(names, value_set=classes).fill_null(-1).to_numpy(zero_copy_only=False)
    return np.asarray(rows[here], np.int64), np.asarray(found[here], np.int64)


def _commonest_classes(known: list[pa.Array]) -> pa.Array:
    """Give the classes of labels and predictions, by how many rows are labelled with them."""
    names = _names(known).sort()
    rows, found = _members(known[0], names)
    once = np.unique(rows * max(1, len(names)) + found)
    counts = np.bincount(once % max(1, len(names)), minlength=len(names))
    return names.take(pa.array(np.argsort(-counts, kind="stable")))


def _names(sets: list[pa.Array]) -> pa.Array:
    return pc.unique(pa.concat_arrays([pc.list_flatten(one).cast(pa.string()) for one in sets]).drop_null())


def _unequal(both: list[pa.Array]) -> Facet:
    """Which sets are not as predicted."""
    names = _names(both)
    first, second = (rows * max(1, len(names)) + found for rows, found in (_members(one, names) for one in both))
    codes = np.ones(len(both[0]), np.uint16)
    codes[np.setxor1d(first, second) // max(1, len(names))] = 0
    for one in both:
        codes[one.is_null().to_numpy(zero_copy_only=False)] = 2
    return Facet("error", "Error", [*RIGHT, NONE], codes)


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


def _scale(name: str, title: str, numbers: Numbers, ends: tuple[float, float] | None = None) -> Facet | None:
    """Give numbers in even steps; None where there is none."""
    known = np.isfinite(numbers)
    if not known.any():
        return None
    low, high = _ends(numbers[known]) if ends is None else ends
    unit = (np.clip(np.where(known, numbers, low), low, high) - low) / ((high - low) or 1.0)
    codes = np.where(known, np.round(unit * LAST_STEP), NO_STEP).astype(np.uint8)
    return Facet(name, title, [], codes, "scale", low, high)


def _ends(numbers: Numbers) -> tuple[float, float]:
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
    title = clean(name, 60)
    if _is_number(column.type) and _is_more_than(FEW_NUMBERS, column):
        return _scale(name, title, _numbers(column.combine_chunks()))
    if _is_more_than(MAX_VALUES, column):
        return None
    values = column.combine_chunks()
    if pa.types.is_floating(values.type):
        values = pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values)
    return None if values.null_count == len(values) else _category(name, title, values)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


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


def _numbers(column: pa.Array) -> Numbers:
    values = column.cast(pa.float64(), safe=False)
    return np.asarray(values.to_numpy(zero_copy_only=False), np.float64)


def _narrowed(facet: Facet) -> Facet:
    """Codes of one byte where they fit; flags stay two bytes wide."""
    narrow = facet.kind != "flags" and len(facet.values) <= MAX_VALUES
    codes: Codes = facet.codes.astype(np.uint8) if narrow else facet.codes.astype(np.uint16)
    return replace(facet, codes=codes)
