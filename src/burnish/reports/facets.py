"""Facets: what the points of the map can be colored and isolated by, as small codes."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

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


@dataclass(frozen=True, eq=False)
class Facet:
    """One way to color the map: `codes` (n_points,) uint16 into `values`.

    Of kind `flags` a code is a set of bits, bit i for `values[i]`, the first set bit giving the
    color; of kind `scale` the values have an order; a value of `none` is drawn quietly.
    """

    name: str
    title: str
    values: list[str]
    codes: NDArray[np.uint16]
    kind: Literal["category", "flags", "scale"] = "category"


def facets_of(facts: ReportFacts, positions: NDArray[np.int64]) -> list[Facet]:
    """Give every facet that the facts can fill, for the rows at `positions`."""
    made = (
        _cluster(facts), _label(facts, "label", "Label"), _label(facts, "predicted_label", "Predicted label"),
        _finding(facts), _error(facts), _label(facts, "split", "Split"), _change(facts),
        _scale(facts, "label_quality", "Label quality", QUALITY_EDGES),
        _scale(facts, "outlier_score", "Outlier score", OUTLIER_EDGES),
    )  # fmt: skip
    return [
        Facet(f.name, f.title, f.values, f.codes[positions].astype(np.uint16), f.kind) for f in made if f is not None
    ]


def _label(facts: ReportFacts, name: str, title: str) -> Facet | None:
    column = facts.column(name)
    return None if column.null_count == len(column) else _category(name, title, column.cast(pa.string()))


def _cluster(facts: ReportFacts) -> Facet | None:
    column = facts.column("cluster")
    if column.null_count == len(column):
        return None
    ids = [None if c is None or c < 0 else c for c in column.to_pylist()]
    keys = pa.array(ids, pa.int64())
    names = facts.cluster_names
    return _category("cluster", "Cluster", keys, lambda c: names.get(int(c), f"cluster {c}"))


def _category(name: str, title: str, column: pa.Array, shown: object = str) -> Facet:
    """Most frequent values first; beyond `MAX_VALUES` they share one code; null is `none`."""
    counts = pc.value_counts(column.drop_null()).to_pylist()
    counts.sort(key=lambda c: (-c["counts"], str(c["values"])))
    kept = [c["values"] for c in counts[:MAX_VALUES]]
    found = pc.index_in(column, value_set=pa.array(kept, column.type))
    codes = found.fill_null(len(kept)).to_numpy(zero_copy_only=False).astype(np.int64)
    naming = shown if callable(shown) else str
    values = [clean(naming(value), 60) for value in kept]
    known = column.is_valid().to_numpy(zero_copy_only=False)
    values += [OTHER] if len(counts) > MAX_VALUES else []
    codes = np.where(known, codes, len(values))
    values += [] if known.all() else [NONE]
    return Facet(name, title, values, codes.astype(np.uint16))


def _finding(facts: ReportFacts) -> Facet | None:
    if not len(facts.findings):
        return None
    present = set(facts.findings["kind"].to_pylist())
    kinds = [k for k in (*KINDS, *sorted(present - set(KINDS))) if k in present][:FLAG_LIMIT]
    codes = np.zeros(len(facts.rows), np.uint16)
    for bit, kind in enumerate(kinds):
        ids = facts.findings.filter(pc.equal(facts.findings["kind"], kind))["row_id"].drop_null().to_pylist()
        codes[[facts.positions[r] for r in ids if r in facts.positions]] |= 1 << bit
    return Facet("finding", "Finding", [kind_title(k) for k in kinds], codes, "flags")


def _error(facts: ReportFacts) -> Facet | None:
    label, predicted = facts.column("label"), facts.column("predicted_label")
    if label.null_count == len(label) or predicted.null_count == len(predicted):
        return None
    same = pc.equal(label.cast(pa.string()), predicted.cast(pa.string()))
    codes = pc.if_else(same, 1, 0).fill_null(2).to_numpy(zero_copy_only=False)
    values = ["predicted ≠ label", "predicted = label", NONE]
    return Facet("error", "Error", values, codes.astype(np.uint16))


def _change(facts: ReportFacts) -> Facet | None:
    if not facts.edits:
        return None
    values = [*ACTIONS.values(), "kept as it was"]
    codes = np.full(len(facts.rows), len(ACTIONS), np.uint16)
    actions = list(ACTIONS)
    for row_id, edit in facts.edits.items():
        if row_id in facts.positions and edit["action"] in actions:
            codes[facts.positions[row_id]] = actions.index(edit["action"])
    return Facet("change", "Change", values, codes)


def _scale(facts: ReportFacts, name: str, title: str, edges: Iterable[float]) -> Facet | None:
    column = facts.column(name)
    if column.null_count == len(column):
        return None
    cuts = list(edges)
    numbers = np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)
    codes = np.digitize(numbers, cuts)
    codes[~np.isfinite(numbers)] = len(cuts) + 1
    bounds = [0.0, *cuts, 1.0]
    values = [f"{low:g} to {high:g}" for low, high in pairwise(bounds)]
    return Facet(name, title, [*values, NONE], codes.astype(np.uint16), "scale")
