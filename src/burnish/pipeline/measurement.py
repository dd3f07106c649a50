"""Measurement: what a changeset does to a model, on locked rows, beside an equal-size random control."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from burnish.dataset import Arm, Aside, Changeset, Evaluation, Evidence, Share
from burnish.kernels.intervals import Interval, main_confidence
from burnish.pipeline.arms import AFTER, BEFORE, CONTROL, ONLY, SHARE, Change, Contrast, contrast
from burnish.pipeline.judging import Judge, intervals_of, judge_lift, setting_for
from burnish.pipeline.retraining import Predictions, Protocol, Round, predict_rounds, rounds_of
from burnish.pipeline.settings import Mask, Setting
from burnish.pipeline.slice_effects import SliceReport, slice_report
from burnish.protocols import Progress

Floats = NDArray[np.float64]

LIFT, VS_CONTROL = "lift", "lift_vs_control"


def measure(
    evidence: Evidence, changeset: Changeset, protocol: Protocol, *, seed: int, progress: Progress
) -> Evaluation:
    """Train before, after, control and one arm per code on the same subsamples; compare on the locked rows.

    Each retrain draws a fraction of the training rows; every arm sees the part of the draw that it
    keeps, so arms differ in nothing but the change. The control drops as many random rows per class
    as the change edits. Raises LockedRowsError when the changeset touches an evaluation row,
    StaleChangesetError when it was made for another version, InputError when the metric is no number here.
    """
    changeset.refuse_other(evidence.dataset)
    setting = setting_for(evidence, protocol.metric)
    refuse_locked(evidence, changeset)
    change = Change(setting, changeset)
    rounds = rounds_of(change, protocol, seed=seed)
    judge = Judge(setting, protocol, len(change.edited) > 0)
    predicted = predict_rounds(protocol.model, rounds, setting.sample(setting.evaluation), progress=progress)
    tally = Tally.of(predicted, judge)
    slices = slice_report(evidence, judge, tally.kept, seed=seed)
    found = evaluation_of(tally, judge, n_train=_n_train(change), slices=slices)
    recipe = {"model": protocol.model.recipe, "retrains": protocol.retrains, "fraction": protocol.fraction}
    parameters = {**recipe, "seed": seed, **found.parameters}
    return replace(found, shares=_shares(changeset, found), parameters=parameters)


def refuse_locked(evidence: Evidence, changeset: Changeset) -> None:
    """Raise LockedRowsError when the changeset touches an evaluation row."""
    locked = np.flatnonzero(np.asarray(evidence["evaluation"], bool))
    changeset.refuse_locked(set(evidence.dataset.row_ids.take(locked).to_pylist()))


@dataclass(eq=False)
class Tally:
    """What the rounds gave: values per arm and run, lifts per contrast and run; of both the influences, summed."""

    values: dict[str, list[float]] = field(default_factory=dict)
    lifts: dict[str, list[float]] = field(default_factory=dict)
    influences: dict[str, Floats] = field(default_factory=dict)
    moves: dict[str, Floats] = field(default_factory=dict)
    squares: dict[str, Floats] = field(default_factory=dict)
    kept: dict[str, list[Predictions]] = field(default_factory=lambda: {BEFORE: [], AFTER: []})

    @classmethod
    def of(cls, predicted: Iterable[tuple[Round, dict[str, Predictions]]], judge: Judge) -> "Tally":
        """Add up the rounds."""
        tally, truth = cls(), judge.truth(judge.counted)
        for round_, given in predicted:
            found = {name: judge.terms(predictions, judge.counted) for name, predictions in given.items()}
            values = {name: np.array(judge.metric.value(truth, terms)) for name, terms in found.items()}
            moves = {name: judge.metric.influence(truth, terms) for name, terms in found.items()}
            judge.refuse_unknown([*values.values(), *moves.values()])
            tally._add(round_, values, moves, judge.sign)
            for name, runs in tally.kept.items():
                runs.append(given[name])
        return tally

    @property
    def n_runs(self) -> int:
        """How many retrains there were."""
        return len(self.kept[BEFORE])

    def _add(self, round_: Round, values: Mapping[str, Floats], moves: Mapping[str, Floats], sign: float) -> None:
        for name in (BEFORE, AFTER, CONTROL, *(n for n in round_.trains if n.startswith(ONLY))):
            self.values.setdefault(name, []).append(float(values[name]))
            self.influences[name] = self.influences.get(name, 0.0) + moves[name]
        contrasts: dict[str, Contrast] = {**round_.plan.lifts, VS_CONTROL: {AFTER: 1.0, CONTROL: -1.0}}
        for name, terms in contrasts.items():
            self.lifts.setdefault(name, []).append(sign * float(contrast(values, terms)))
            move = sign * contrast(moves, terms)
            self.moves[name] = self.moves.get(name, 0.0) + move
            if name in (LIFT, VS_CONTROL):
                self.squares[name] = self.squares.get(name, 0.0) + move**2

    def flips(self, name: str) -> float:
        """Give the variance between retrains of a lift that comes from rows which change one by one."""
        n_runs = self.n_runs
        by_row = (self.squares[name] - self.moves[name] ** 2 / n_runs) / max(1, n_runs - 1)
        return float(by_row.sum() / len(by_row) ** 2)


def evaluation_of(
    tally: Tally, judge: Judge, *, n_train: Mapping[str, int], slices: SliceReport, main: str = LIFT
) -> Evaluation:
    """Give the evaluation: intervals that hold together, and the verdict on the contrast `main`."""
    standard, before = judge.standard, float(np.mean(tally.values[BEFORE]))
    ordered = {main: tally.lifts[main], **tally.lifts}
    lifts, spreads = intervals_of(ordered, tally.moves, judge, judge.counted)
    margin, n_eval = standard.margin_at(before), int(judge.counted.sum())
    lift, against, spread = lifts[LIFT], lifts[VS_CONTROL], replace(spreads[main], flips=tally.flips(main))
    seen = {"margin": margin, "confidence": main_confidence(standard.confidence)}
    needed = spread.units_needed(standard.point_at(before), **seen)
    return Evaluation(
        metric=judge.metric.name,
        n_eval=n_eval,
        arms=_arms(n_train, tally, judge, lifts),
        lift=lift.value, lift_low=lift.low, lift_high=lift.high,
        lift_vs_control=against.value, lift_vs_control_low=against.low, lift_vs_control_high=against.high,
        smallest_visible_lift=spread.visible(**seen),
        rows_for_one_point=needed * n_eval / spread.n_units if np.isfinite(needed) else None,
        verdict=judge_lift(lifts[main], margin=margin),
        confidence=standard.confidence, margin=margin,
        slices=slices.named, found=slices.found, trend=slices.trend, gate=slices.gate,
        shares=tuple(
            Share(name.removeprefix(SHARE), 0, one.value, one.low, one.high)
            for name, one in lifts.items() if name.startswith(SHARE)
        ),
        asides=_asides(tally, judge, margin),
        notes=_notes(judge.setting),
        parameters={**_baseline(judge), **slices.parameters},
    )  # fmt: skip


def _arms(n_train: Mapping[str, int], tally: Tally, judge: Judge, lifts: Mapping[str, Interval]) -> tuple[Arm, ...]:
    lift_of = {AFTER: lifts[LIFT], **{name: lifts[name] for name in tally.values if name.startswith(ONLY)}}
    found = []
    for name, values in tally.values.items():
        alone = intervals_of({name: values}, {name: tally.influences[name]}, judge, judge.counted)[0][name]
        low, high = judge.within(alone)
        lift = lift_of.get(name)
        more = {} if lift is None else {"lift": lift.value, "lift_low": lift.low, "lift_high": lift.high}
        found.append(Arm(name, alone.value, low, high, n_train[name], len(values), **more))
    return tuple(found)


def _n_train(change: Change) -> dict[str, int]:
    alone = {ONLY + code: change.n_train([code]) for code in change.codes}
    return {BEFORE: change.n_train(()), AFTER: change.n_train(change.codes), CONTROL: change.n_control, **alone}


def _shares(changeset: Changeset, found: Evaluation) -> tuple[Share, ...]:
    """Give the share of each code with its number of edits; a single one has the whole lift."""
    whole = (Share(code, 0, found.lift, found.lift_low, found.lift_high) for code in changeset.codes)
    return tuple(replace(share, n_edits=len(changeset.only(share.code))) for share in found.shares or whole)


def _asides(tally: Tally, judge: Judge, margin: float) -> tuple[Aside, ...]:
    """Give the lift without the doubted rows, and with the rows that have a twin in train."""
    setting, counted, views = judge.setting, judge.counted, {}
    if (setting.doubted & counted).any():
        views["without evaluation rows whose label is in doubt"] = counted & ~setting.doubted
    if setting.leaked.any():
        views["with evaluation rows that have a twin in train"] = np.ones(len(counted), bool)
    return tuple(
        _aside(name, _lift_on(rows, tally, judge), int(rows.sum()), margin)
        for name, rows in views.items()
        if len(np.unique(judge.truth(rows), axis=0)) > 1
    )


def _aside(name: str, found: tuple[Interval, float, float], n_rows: int, margin: float) -> Aside:
    lift, before, after = found
    verdict = judge_lift(lift, margin=margin)
    return Aside(name, n_rows, before, after, lift.value, lift.low, lift.high, verdict)


def _lift_on(rows: Mask, tally: Tally, judge: Judge) -> tuple[Interval, float, float]:
    """Give the lift on some evaluation rows, and the means before and after."""
    truth, runs, moves = judge.truth(rows), {}, {}
    for arm, predictions in tally.kept.items():
        terms = [judge.terms(one, rows) for one in predictions]
        runs[arm] = np.array([judge.metric.value(truth, one) for one in terms])
        moves[arm] = np.sum([judge.metric.influence(truth, one) for one in terms], axis=0)
    lift = {LIFT: (judge.sign * (runs[AFTER] - runs[BEFORE])).tolist()}
    move = {LIFT: judge.sign * (moves[AFTER] - moves[BEFORE])}
    found = intervals_of(lift, move, judge, rows)[0][LIFT]
    return found, float(runs[BEFORE].mean()), float(runs[AFTER].mean())


def _notes(setting: Setting) -> tuple[str, ...]:
    n_leaked = int(setting.leaked.sum())
    said = f"{n_leaked} evaluation rows with a twin in train are left out of every arm."
    return (said,) if n_leaked else ()


def _baseline(judge: Judge) -> dict[str, float]:
    """The simple baseline: always say the most common training class, or the mean."""
    setting, truth = judge.setting, judge.truth(judge.counted)
    taught = setting.targets.values[setting.train]
    if setting.targets.task == "classification":
        guess = np.bincount(taught, minlength=setting.targets.n_outputs) / len(taught)
    else:
        guess = np.atleast_1d(taught.mean(axis=0))
    said = np.broadcast_to(guess.astype(np.float32), (len(truth), len(guess)))
    return {"majority_class": judge.metric.value(truth, judge.metric.terms(truth, said))}
