"""The tables of a measurement, for every face: arms, lifts, shares of codes, slices, time, the choice of codes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from burnish.dataset import Arm, Evaluation, SliceEffect
from burnish.kernels.metrics import METRICS
from burnish.reports.effect_words import NAME_LENGTH, arm_title, interval_title, names, slice_metric
from burnish.reports.markup import clean
from burnish.reports.numbers import (
    count,
    interval,
    known,
    lift_interval,
    lift_unit,
    metric_lift,
    metric_name,
    metric_value,
    number,
    p_value,
)
from burnish.reports.tables import Cell, Mark, Table

ARM_ORDER = ("before", "after", "control")


def ordered_arms(evaluation: Evaluation) -> list[Arm]:
    """Give the arms: before, after, control, then one per code."""
    known_arms = {arm.name: arm for arm in evaluation.arms}
    first = [known_arms[name] for name in ARM_ORDER if name in known_arms]
    return first + sorted((a for a in evaluation.arms if a.name not in ARM_ORDER), key=lambda arm: arm.name)


def arms_table(evaluation: Evaluation) -> Table:
    """Give the metric of each arm, what it was trained on, and its lift; columns that say nothing are left out."""
    metric, sure = evaluation.metric, interval_title(evaluation)
    arms = ordered_arms(evaluation)
    trained, lifted = any(arm.n_train for arm in arms), any(known(arm.lift) for arm in arms)
    head = ["arm", *(["train rows"] if trained else []), metric_name(metric), sure]
    head += [f"lift, {lift_unit(metric)}", sure] if lifted else []
    lines = [_arm_line(evaluation, arm, trained=trained, lifted=lifted) for arm in arms]
    baseline = evaluation.parameters.get("majority_class")
    if known(baseline):
        line = [
            _baseline_name(metric),
            *([Cell("")] if trained else []),
            Cell(metric_value(baseline, metric), baseline),
        ]
        lines.insert(0, [*line, *([Cell("")] * (len(head) - len(line)))])
    return Table("Arms of the measurement", head, lines)


def lifts_table(evaluation: Evaluation) -> Table:
    """Give after against before, and against the control where there is one."""
    metric = evaluation.metric
    lines = [(name, *_lift_cells(line, metric)) for name, line in lifts(evaluation)]
    return Table("Lift", ("difference", lift_unit(metric), interval_title(evaluation)), lines)


def lifts(evaluation: Evaluation) -> list[tuple[str, tuple[float, float, float]]]:
    """Give the name of each difference that is known, its value and its interval."""
    e, (first, second) = evaluation, names(evaluation)
    offered = (
        (f"{second} − {first}", (e.lift, e.lift_low, e.lift_high)),
        (f"{second} − control", (e.lift_vs_control, e.lift_vs_control_low, e.lift_vs_control_high)),
    )
    return [(name, line) for name, line in offered if known(line[0])]


def shares_table(evaluation: Evaluation) -> Table | None:
    """Give what each code adds to the lift; None with one code, whose share is the lift."""
    if len(evaluation.shares) < 2:
        return None
    head = ("code", "edits", f"share, {lift_unit(evaluation.metric)}", interval_title(evaluation))
    lines = [
        (
            clean(s.code, 20),
            Cell(count(s.n_edits), s.n_edits),
            *_lift_cells((s.value, s.low, s.high), evaluation.metric),
        )
        for s in evaluation.shares
    ]
    return Table("What each code adds to the lift", head, lines)


def slices_table(evaluation: Evaluation, effects: Sequence[SliceEffect], caption: str) -> Table:
    """Give before against after per slice."""
    metric = slice_metric(evaluation)
    first, second = names(evaluation)
    head = ("slice", "rows", first, second, f"lift, {lift_unit(metric)}", interval_title(evaluation), "q value", "")
    return Table(caption, head, [_slice_line(effect, metric) for effect in effects])


def ordered_slices(effects: Iterable[SliceEffect]) -> list[SliceEffect]:
    """Give slices that fell too far first, then those that fell beyond chance, each by their lift."""
    return sorted(effects, key=lambda s: (not s.failed, not s.regressed, s.lift))


def trend_table(evaluation: Evaluation) -> Table | None:
    """Give the lift per bucket of time, where there is a time field."""
    buckets, metric = trend_buckets(evaluation), slice_metric(evaluation)
    if not buckets:
        return None
    lines = [
        (
            bucket_name(b),
            Cell(count(b["size"]), b["size"]),
            *_lift_cells((b["lift"], b.get("low"), b.get("high")), metric),
        )
        for b in buckets
    ]
    return Table("Lift over time", ("time", "rows", lift_unit(metric), interval_title(evaluation)), lines)


def trend_buckets(evaluation: Evaluation) -> Sequence[Mapping[str, Any]]:
    """Give the buckets of time."""
    return (evaluation.trend or {}).get("buckets") or ()


def bucket_name(bucket: Mapping[str, Any]) -> str:
    """Give the range of a bucket of time."""
    start, stop = (
        number(end) if isinstance(end, int | float) else clean(end, 25) for end in (bucket["start"], bucket["stop"])
    )
    return start if start == stop else f"{start} to {stop}"


def choice_table(choice: Sequence[Mapping[str, Any]], metric: str) -> Table:
    """Give what the inner folds said of each code."""
    head = ("code", "treatment", "edits", f"share, {lift_unit(metric)}", "90% bounds", "", "why")
    lines = [
        (
            clean(c["code"], 20),
            clean(c["treatment"], 20),
            Cell(count(c["n_edits"]), c["n_edits"]),
            *_lift_cells((c["value"], c["low"], c["high"]), metric),
            "kept" if c["kept"] else Mark("✗ left out"),
            clean(c["reason"], NAME_LENGTH),
        )
        for c in choice
    ]
    return Table("Which codes are applied, chosen on inner folds of the training rows", head, lines)


def left_out_sentences(choice: Iterable[Mapping[str, Any]]) -> list[str]:
    """Say of each code that was left out why."""
    return [f"left out: {clean(c['code'], 20)}, {clean(c['reason'], NAME_LENGTH)}" for c in choice if not c["kept"]]


def _arm_line(evaluation: Evaluation, arm: Arm, *, trained: bool, lifted: bool) -> list[object]:
    metric = evaluation.metric
    line: list[object] = [arm_title(evaluation, arm.name)]
    line += [Cell(count(arm.n_train), arm.n_train)] if trained else []
    line += [Cell(metric_value(arm.value, metric), arm.value), Cell(interval(arm.low, arm.high, metric))]
    return line + (list(_lift_cells((arm.lift, arm.lift_low, arm.lift_high), metric)) if lifted else [])


def _lift_cells(line: tuple[Any, Any, Any], metric: str) -> tuple[Cell, Cell]:
    value, low, high = line
    if not known(value):
        return Cell(""), Cell("")
    return Cell(metric_lift(value, metric), value), Cell(lift_interval(low, high, metric))


def _slice_line(effect: SliceEffect, metric: str) -> tuple[object, ...]:
    fell = Mark("✗ fell too far") if effect.failed else Mark("↓ regressed") if effect.regressed else ""
    return (
        clean(effect.slice, NAME_LENGTH),
        Cell(count(effect.size), effect.size),
        Cell(metric_value(effect.before, metric), effect.before),
        Cell(metric_value(effect.after, metric), effect.after),
        *_lift_cells((effect.lift, effect.low, effect.high), metric),
        Cell(p_value(effect.q_value), effect.q_value),
        fell,
    )


def _baseline_name(metric: str) -> str:
    numbers = metric in METRICS and METRICS[metric].tasks == ("regression",)
    return "always the mean" if numbers else "commonest class"
