"""Comparison: is this fitted model better than that one, on the same rows? The claim of a deployment gate.

Nothing is trained here and only the evaluation rows count as chance; whether the data set behind a model is
better is another claim: see `measurement`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from burnish.dataset import Arm, Dataset, Evaluation, Evidence, Targets
from burnish.errors import InputError
from burnish.kernels.intervals import Interval, bootstrap_interval, exact_mcnemar
from burnish.kernels.metrics import METRICS, is_right
from burnish.kernels.vectors import Vectors
from burnish.pipeline.arms import AFTER, BEFORE
from burnish.pipeline.judging import Judge, intervals_of, judge_lift
from burnish.pipeline.retraining import Predictions
from burnish.pipeline.settings import MIN_EVALUATION, Rows, Setting, groups_of
from burnish.pipeline.slice_effects import slice_report
from burnish.pipeline.standards import Standard

Floats = NDArray[np.float64]

CLAIM = "this fitted model is better"
DISAGREEMENTS = 1_000
"""Rows on which the two differ that are listed, the largest differences first."""
RIGHT_OR_WRONG = ("fixed", "broken", "both right", "both wrong")
"""Outcomes of a row that has a right answer: only B has it, only A, both, neither."""
NEARER_OR_FARTHER = ("nearer", "farther", "as near")
"""Outcomes of a row whose answer is a number: the error of B is smaller than that of A, larger, the same."""


@dataclass(frozen=True, eq=False)
class Pair:
    """What two fitted models say of the same rows: `before` and `after` (len(rows), n_outputs).

    `rows`: positions in the evidence, sorted, whose targets are known; `labels`: what the two are called;
    `notes`: what was left out.
    """

    evidence: Evidence
    targets: Targets
    rows: Rows
    before: Predictions
    after: Predictions
    labels: tuple[str, str] = ("A", "B")
    notes: tuple[str, ...] = ()


def compare(pair: Pair, standard: Standard, *, seed: int) -> Evaluation:
    """Compare two fitted models, overall and per slice; raises InputError when too few rows could tell.

    The interval is a paired bootstrap of whole groups (rows of one entity are drawn together) of the metric's
    influences, so that it holds for any metric. Beside it stands the classical test: McNemar's, exact, for
    accuracy where rows are independent; DeLong's for the AUROC.
    """
    _refuse_too_little(pair)
    judge = Judge(_setting(pair), standard)
    counted, truth = judge.counted, judge.truth(judge.counted)
    sides = {BEFORE: pair.before, AFTER: pair.after}
    terms = {name: judge.terms(one, counted) for name, one in sides.items()}
    values = {name: judge.metric.value(truth, one) for name, one in terms.items()}
    judge.refuse_unknown(values.values())
    moves = {name: judge.metric.influence(truth, one) for name, one in terms.items()}
    move = judge.sign * (moves[AFTER] - moves[BEFORE])
    lift = judge.sign * (values[AFTER] - values[BEFORE])
    found, spreads = intervals_of({"lift": [lift]}, {"lift": move}, judge, counted)
    drawn = bootstrap_interval(
        found["lift"], move, judge.units(counted), pseudo=judge.pseudo(len(truth)), seed=seed,
        confidence=standard.confidence,
    )  # fmt: skip
    margin = standard.margin_at(values[BEFORE])
    seen = {"margin": margin, "confidence": standard.confidence}
    needed = spreads["lift"].units_needed(standard.point_at(values[BEFORE]), **seen)
    slices = slice_report(pair.evidence, judge, {name: [one] for name, one in sides.items()}, seed=seed)
    nothing = float("nan")
    return Evaluation(
        metric=judge.metric.name,
        n_eval=len(truth),
        arms=tuple(_arm(name, values[name], moves[name], judge) for name in sides),
        lift=drawn.value, lift_low=drawn.low, lift_high=drawn.high,
        lift_vs_control=nothing, lift_vs_control_low=nothing, lift_vs_control_high=nothing,
        smallest_visible_lift=spreads["lift"].visible(**seen),
        rows_for_one_point=needed * len(truth) / spreads["lift"].n_units if np.isfinite(needed) else None,
        verdict=judge_lift(drawn, margin=margin),
        confidence=standard.confidence, margin=margin,
        slices=slices.named, found=slices.found, trend=slices.trend, gate=slices.gate,
        claim=CLAIM, notes=pair.notes,
        parameters={
            "labels": list(pair.labels), "seed": seed, **_test(judge, pair, found["lift"]), **slices.parameters,
        },
    )  # fmt: skip


def outcomes(pair: Pair, standard: Standard) -> pa.Table:
    """Tell what became of every compared row between A and B, in the order of the rows.

    Columns: `row_id`, `label`, `a` and `b` (what each says), `outcome`, `difference` (of the value of a row; more is
    better for B). Classes, and sets of classes, are right or wrong as a whole (`RIGHT_OR_WRONG`), whatever the metric.
    Numbers are neither: their outcome is whether the error became smaller or larger (`NEARER_OR_FARTHER`).
    """
    metric = METRICS[standard.metric.by_row]
    truth = pair.targets.values[pair.rows]
    sign = 1.0 if metric.greater_is_better else -1.0
    before, after = (sign * metric.terms(truth, one)[:, 0] for one in (pair.before, pair.after))
    said = [_said(pair.targets, one) for one in (pair.before, pair.after)]
    return pa.table(
        {
            "row_id": pair.evidence.dataset.row_ids.take(pa.array(pair.rows)),
            "label": pa.array(_said(pair.targets, _certain(pair.targets, truth)), pa.string()),
            "a": pa.array(said[0], pa.string()),
            "b": pa.array(said[1], pa.string()),
            "outcome": pa.array(_outcome(pair, truth, after - before), pa.string()),
            "difference": pa.array(after - before),
        }
    )


def most_different(rows: pa.Table) -> pa.Table:
    """Give of `outcomes` the rows on which the two say different things, the largest differences first.

    At most DISAGREEMENTS of them, without their outcome.
    """
    differing = rows.filter(pc.not_equal(rows["a"], rows["b"]))
    return _largest_first(differing).slice(0, DISAGREEMENTS).drop_columns(["outcome"])


def of_outcome(rows: pa.Table, outcome: str) -> pa.Table:
    """Give the rows of `outcomes` that have one outcome, those first on which the two differ most."""
    return _largest_first(rows.filter(pc.equal(rows["outcome"], outcome)))


def outcome_codes(rows: pa.Table, words: Sequence[str], dataset: Dataset) -> NDArray[np.uint8]:
    """Give for each row of a data set (n_rows,) the place of its outcome in `words`, from 1; 0 where none is told."""
    codes = np.zeros(len(dataset), np.uint8)
    found = pc.index_in(rows["outcome"].combine_chunks(), value_set=pa.array(words, pa.string()))
    codes[dataset.positions_of(rows["row_id"].combine_chunks())] = found.to_numpy() + 1
    return codes


def _largest_first(rows: pa.Table) -> pa.Table:
    size = np.abs(rows["difference"].to_numpy())
    return rows.take(pa.array(np.argsort(-size, kind="stable")))


def _refuse_too_little(pair: Pair) -> None:
    if len(pair.rows) < MIN_EVALUATION:
        raise InputError(
            f"{len(pair.rows)} rows have a label and both predictions: too few to compare.",
            remedy=f"At least {MIN_EVALUATION} are needed; are the ids of the two the same? Pass --id FIELD.",
        )
    if len(np.unique(pair.targets.values[pair.rows], axis=0)) < 2:
        raise InputError("the rows have only one class or value.", remedy="A metric needs at least two to tell apart.")


def _setting(pair: Pair) -> Setting:
    nothing = np.zeros(len(pair.rows), bool)
    vectors = pair.evidence.get("embeddings")
    given = np.ones((len(pair.evidence.dataset), 1), np.float32) if vectors is None else vectors
    return Setting(
        pair.evidence.dataset, Vectors.of(given), pair.targets, np.empty(0, np.int64), pair.rows, nothing, nothing,
        groups_of(pair.evidence),
    )  # fmt: skip


def _arm(name: str, value: float, move: Floats, judge: Judge) -> Arm:
    alone = intervals_of({name: [value]}, {name: move}, judge, judge.counted)[0][name]
    return Arm(name, alone.value, *judge.within(alone), 0, 1)


def _test(judge: Judge, pair: Pair, lift: Interval) -> Mapping[str, object]:
    """Give the classical test of "no difference" that fits, and its p-value."""
    alone = len(np.unique(judge.units(judge.counted))) == len(pair.rows)
    if judge.metric.name == "accuracy" and alone:
        truth = judge.truth(judge.counted)
        right = [is_right(truth, one) > 0 for one in (pair.before, pair.after)]
        return {"test": "McNemar, exact", "p_value": exact_mcnemar(*right)}
    name = "DeLong" if judge.metric.name == "auroc" and alone else "paired, over groups of rows"
    return {"test": name, "p_value": min(1.0, 2 * lift.beyond(0.0, below=lift.value < 0))}


def _outcome(pair: Pair, truth: NDArray[Any], difference: Floats) -> NDArray[np.object_]:
    if pair.targets.task == "regression":
        codes = np.select([difference > 0, difference < 0], [0, 1], 2)
        return np.asarray(np.array(NEARER_OR_FARTHER, object)[codes])
    before, after = (is_right(truth, one) > 0 for one in (pair.before, pair.after))
    codes = np.select([after & ~before, before & ~after, before & after], [0, 1, 2], 3)
    return np.asarray(np.array(RIGHT_OR_WRONG, object)[codes])


def _said(targets: Targets, predictions: Predictions) -> NDArray[np.object_]:
    """Give what predictions say in words: a class, a set of classes, a number."""
    if targets.task == "regression":
        return np.array([f"{value:.6g}" for value in predictions[:, 0]], dtype=object)
    names = np.array(targets.classes, dtype=object)
    if targets.task == "classification":
        return np.asarray(names[predictions.argmax(axis=1)])
    return np.array([", ".join(names[row > 0.5]) for row in predictions], dtype=object)


def _certain(targets: Targets, truth: NDArray[np.generic]) -> Predictions:
    """Give the targets as predictions that are sure of them."""
    if targets.task == "classification":
        table = np.zeros((len(truth), targets.n_outputs), np.float32)
        table[np.arange(len(truth)), np.asarray(truth, np.int64)] = 1
        return table
    return np.asarray(truth if truth.ndim > 1 else truth[:, None], np.float32)
