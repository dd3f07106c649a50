"""Profile: what the values of each field are like, small enough to be kept with every version."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from burnish.dataset.rows import Dataset

MAX_VALUES = 50
"""Values of a field that are counted one by one; the rest counts as one."""

MAX_CHARACTERS = 80

LARGE = 1e100
"""Beyond it the sum of squares of a few numbers may be more than a float holds."""

SMALLEST_MOVE = 0.01
"""A mean that moved by less, in standard deviations, has not."""

Profile = Mapping[str, Mapping[str, Any]]


class Shift(NamedTuple):
    """How far a field has moved.

    Of values: the share of rows that would have to change (total variation, 0..1); of numbers: how far the mean
    moved, in standard deviations of before.
    """

    field: str
    kind: str
    shift: float
    before: Any
    after: Any


def profile_of(dataset: Dataset) -> dict[str, dict[str, Any]]:
    """Give for the label, the split and every field to slice by: counts of values, or mean and spread of numbers."""
    roles = dataset.roles
    names = dict.fromkeys(f for f in (roles.label, roles.split, *roles.meta) if f is not None)
    return {name: found for name in names if (found := _profile(dataset.field(name))) is not None}


def shifts(before: Profile, after: Profile) -> list[Shift]:
    """Give how far each field that both know has moved, the farthest first."""
    both = [name for name in before if name in after and before[name]["kind"] == after[name]["kind"]]
    found = [_shift(name, before[name], after[name]) for name in both]
    moved = (one for one in found if one.shift > (SMALLEST_MOVE if one.kind == "number" else 0))
    return sorted(moved, key=lambda one: -one.shift)


def _profile(values: pa.Array) -> dict[str, Any] | None:
    kind = values.type
    if pa.types.is_dictionary(kind):
        return _profile(values.dictionary_decode())
    if pa.types.is_boolean(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _counts(values.cast(pa.string()))
    if pa.types.is_integer(kind) and len(values) and pc.count_distinct(values).as_py() <= MAX_VALUES:
        return _counts(values.cast(pa.string()))
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        known = values.cast(pa.float64(), safe=False).drop_null().to_numpy(zero_copy_only=False)
        known = known[np.isfinite(known)]
        mean, spread = _mean_and_spread(known) if len(known) else (0.0, 0.0)
        return {"kind": "number", "n": len(known), "mean": mean, "std": spread, "missing": len(values) - len(known)}
    return None


def _mean_and_spread(values: NDArray[np.float64]) -> tuple[float, float]:
    """Give mean and standard deviation; those of numbers whose squares no float holds, too."""
    largest = float(np.abs(values).max())
    scale = largest if largest > LARGE else 1.0
    return float((values / scale).mean() * scale), float((values / scale).std() * scale)


def _counts(values: pa.Array) -> dict[str, Any] | None:
    counted = values.value_counts()
    names, counts = counted.field(0).to_pylist(), counted.field(1).to_numpy()
    if len(names) > max(MAX_VALUES, len(values) // 2):  # ids and free texts say nothing
        return None
    order = np.argsort(-counts, kind="stable")
    known = [(names[i], int(counts[i])) for i in order if names[i] is not None]
    shown = {name[:MAX_CHARACTERS]: count for name, count in known[:MAX_VALUES]}
    missing = int(values.null_count)
    return {"kind": "values", "counts": shown, "others": sum(c for _, c in known[MAX_VALUES:]), "missing": missing}


def _shift(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Shift:
    if before["kind"] == "number":
        moved = abs(after["mean"] - before["mean"]) / before["std"] if before["std"] > 0 else 0.0
        return Shift(name, "number", moved, before["mean"], after["mean"])
    ours, theirs = ({**one["counts"], "": one["others"], None: one["missing"]} for one in (before, after))
    totals = max(1, sum(ours.values())), max(1, sum(theirs.values()))
    moved = sum(abs(ours.get(k, 0) / totals[0] - theirs.get(k, 0) / totals[1]) for k in {**ours, **theirs}) / 2
    changed = {k for k in {**before["counts"], **after["counts"]} if ours.get(k, 0) != theirs.get(k, 0)}
    kept = sorted(changed, key=lambda k: -abs(ours.get(k, 0) - theirs.get(k, 0)))
    return Shift(name, "values", moved, {k: ours.get(k, 0) for k in kept}, {k: theirs.get(k, 0) for k in kept})
