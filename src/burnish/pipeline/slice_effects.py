"""Slice effects: where a change made the model better or worse, over named slices, found ones, and time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.sparse import csc_array

from burnish.dataset import Dataset, Evidence, Gate, SliceEffect
from burnish.kernels import slice_effects as kernel
from burnish.kernels.metrics import METRICS
from burnish.kernels.slice_trends import trend as kernel_trend
from burnish.pipeline.arms import AFTER, BEFORE
from burnish.pipeline.judging import Judge
from burnish.pipeline.retraining import Predictions
from burnish.pipeline.standards import Standard
from burnish.steps.candidates import Space, space_of
from burnish.steps.metadata import times_of

Floats = NDArray[np.float64]

MIN_ROWS, MIN_GATED = 20, 50
"""Rows of a slice that is shown, and of one that can fail the gate: smaller ones hardly could, and cost the others."""


@dataclass(frozen=True)
class SliceReport:
    """Lifts of the named slices, worst first; slices that were found; over time; whether any fell too far."""

    named: tuple[SliceEffect, ...] = ()
    found: tuple[SliceEffect, ...] = ()
    trend: dict[str, Any] | None = None
    gate: Gate | None = None
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class _Paired:
    """Per run and counted row: the value before and the difference, more is better; and the rows' groups."""

    before: Floats
    differences: Floats
    groups: NDArray[np.int64]


def slice_report(
    evidence: Evidence, judge: Judge, kept: Mapping[str, Sequence[Predictions]], *, seed: int
) -> SliceReport:
    """Compare before and after on every named value and cluster of MIN_ROWS rows, and search for more.

    Slices are judged by the metric's own value of a row where it has one (right or wrong, a loss), else by
    accuracy or the absolute error.
    """
    setting, metric = judge.setting, METRICS[judge.standard.metric.by_row]
    rows = setting.evaluation[judge.counted]
    paired = _paired(judge, kept)
    space = space_of(evidence, rows, min_rows=MIN_ROWS, seed=seed)
    shares = metric.is_share
    max_drop = judge.standard.max_slice_drop * (1.0 if shares else float(np.abs(paired.before).mean()))
    named, gate = _named(_slices(evidence, space, rows), paired, max_drop, judge.standard)
    found = _found(space, paired, judge.standard, seed)
    return SliceReport(
        named,
        found,
        _trend(evidence.dataset, rows, paired, judge.standard.confidence),
        gate,
        {"slices_by": metric.name},
    )


def _paired(judge: Judge, kept: Mapping[str, Sequence[Predictions]]) -> _Paired:
    metric, rows = METRICS[judge.standard.metric.by_row], judge.counted
    truth, sign = judge.truth(rows), 1.0 if metric.greater_is_better else -1.0
    before, after = (
        np.stack([sign * metric.terms(truth, one[rows])[:, 0] for one in kept[arm]]) for arm in (BEFORE, AFTER)
    )
    return _Paired(before, after - before, judge.setting.groups[judge.setting.evaluation[rows]])


@dataclass(frozen=True, eq=False)
class _Slice:
    """Places among the rows. `gated`: named beforehand, not because of its errors, and large enough."""

    inside: NDArray[np.int64]
    gated: bool


def _slices(evidence: Evidence, space: Space, rows: NDArray[np.int64]) -> dict[str, _Slice]:
    """Give by name: values of metadata, clusters, and the weak slices of the audit."""
    found = {}
    for number in range(len(space.literals.field)):
        inside = space.members(number)
        found[space.named(number, inside)[1]] = _Slice(inside, len(inside) >= MIN_GATED)
    if "slices" in evidence.summaries:
        for line in evidence.table("slices").select(["description", "rows"]).to_pylist():
            weak = _Slice(np.flatnonzero(np.isin(rows, line["rows"])), gated=False)
            found.setdefault(line["description"], weak)
    return {name: one for name, one in found.items() if len(one.inside) >= MIN_ROWS}


def _named(
    slices: Mapping[str, _Slice], paired: _Paired, max_drop: float, standard: Standard
) -> tuple[tuple[SliceEffect, ...], Gate]:
    """Give the effect on each slice, and whether any fell by more than is allowed."""
    if not slices:
        return (), Gate(standard.max_slice_drop, passed=True)
    lifts = _lifts([one.inside for one in slices.values()], paired)
    gated = np.flatnonzero([one.gated for one in slices.values()])
    failed = np.zeros(len(slices), bool)
    if len(gated):
        failed[gated] = kernel.slice_gate(lifts.at(gated), max_drop=max_drop, confidence=standard.confidence).failed
    q_values = stats.false_discovery_control(np.clip(lifts.p_values(), 0, 1))
    halves = lifts.half_widths(stats.norm.isf((1 - standard.confidence) / 2))
    effects = []
    for number, (name, one) in enumerate(slices.items()):
        lift, half, q_value = (float(values[number]) for values in (lifts.lift, halves, q_values))
        sides = (*_sides(paired, one.inside, lift, standard), lift, lift - half, lift + half, q_value)
        regressed = q_value <= 1 - standard.confidence and lift < 0
        effects.append(SliceEffect(name, len(one.inside), *sides, regressed, bool(failed[number])))
    names = tuple(effect.slice for effect in effects if effect.failed)
    ordered = tuple(sorted(effects, key=lambda effect: effect.lift))
    return ordered, Gate(standard.max_slice_drop, not names, names, len(gated))


def _lifts(members: Sequence[NDArray[np.int64]], paired: _Paired) -> kernel.SliceLifts:
    starts, shape = np.cumsum([0, *map(len, members)]), (len(paired.groups), len(members))
    columns = csc_array((np.ones(starts[-1]), np.concatenate(members), starts), shape=shape)
    return kernel.slice_lifts(paired.differences, columns, paired.groups)


def _trend(dataset: Dataset, rows: NDArray[np.int64], paired: _Paired, confidence: float) -> dict[str, Any] | None:
    """Give the lift per bucket of time and its slope, where there is a time field that can be read."""
    read = None if dataset.roles.time is None else times_of(dataset.field(dataset.roles.time))
    if read is None:
        return None
    times, shown, unit = read
    found = kernel_trend(paired.differences, times[rows], paired.groups, confidence=confidence)
    if found.slope is None:
        return None
    halves = found.lifts.half_widths(stats.norm.isf((1 - confidence) / 2))
    buckets = [
        {
            "start": shown(start), "stop": shown(stop), "size": int(size), "lift": float(lift),
            "low": float(lift - half), "high": float(lift + half),
        }
        for start, stop, size, lift, half in zip(
            found.starts, found.stops, found.lifts.size, found.lifts.lift, halves, strict=True
        )
    ]  # fmt: skip
    slope = found.slope
    return {"buckets": buckets, "slope": slope.value, "slope_low": slope.low, "slope_high": slope.high, "unit": unit}


def _sides(paired: _Paired, inside: NDArray[np.int64], lift: float, standard: Standard) -> tuple[float, float]:
    """Give the value before and after in units of the metric."""
    before = abs(float(paired.before[:, inside].mean()))
    return before, before + (lift if METRICS[standard.metric.by_row].greater_is_better else -lift)


def _found(space: Space, paired: _Paired, standard: Standard, seed: int) -> tuple[SliceEffect, ...]:
    """Search values, crosses, clusters and regions for faults and gains, one name each."""
    if not any(family.matrix.shape[1] for family in space.families):
        return ()
    scanned = kernel.find_slice_effects(
        paired.differences, space.families, paired.groups,
        min_rows=MIN_ROWS, max_q_value=1 - standard.confidence, seed=seed,
    )  # fmt: skip
    effects = []
    for one in scanned:
        sides = (*_sides(paired, one.rows, one.lift, standard), one.lift, one.low, one.high, one.q_value)
        effects.append(SliceEffect(space.named(one.candidate, one.rows)[1], len(one.rows), *sides, one.lift < 0))
    return tuple(effects)
