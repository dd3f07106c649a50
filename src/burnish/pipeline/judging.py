"""Judging: predictions of evaluation rows become values, influences, and intervals of lifts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from burnish.dataset import Evidence, Task, Verdict
from burnish.errors import InputError, UsageError
from burnish.kernels.intervals import TRAIN_FACTOR, Interval, Spread, row_covariance, simultaneous_intervals
from burnish.kernels.metrics import FunctionMetric, Metric, row_blocks
from burnish.pipeline.retraining import Predictions
from burnish.pipeline.settings import Mask, Setting, setting_of
from burnish.pipeline.standards import Standard

Floats = NDArray[np.float64]

PSEUDO_ROWS = 2.0
"""Rows that differ, one each way, added to the variance where rows are counted (Bonett & Price 2012)."""


def task_of(metric: Metric, task: Task) -> Task:
    """Give the task that a metric is for, the data set's own if it fits; raises UsageError where none does."""
    if task in metric.tasks:
        return task
    if metric.tasks == ("regression",) and task == "classification":
        return "regression"
    raise UsageError(
        f"the metric {metric.name!r} does not fit {task}.", remedy=f"It is for {' and '.join(metric.tasks)}."
    )


def setting_for(evidence: Evidence, metric: Metric) -> Setting:
    """Give the rows on which a metric can be measured."""
    return setting_of(evidence, task_of(metric, evidence.dataset.task))


@dataclass(frozen=True, eq=False)
class Judge:
    """Turns predictions of the evaluation rows into values and influences, oriented so that more is better.

    `edited`: whether a change touches any training row; else there can be no difference. `train_factor`: how
    much the variance between retrains counts.
    """

    setting: Setting
    standard: Standard
    edited: bool = True
    train_factor: float = TRAIN_FACTOR

    @property
    def metric(self) -> Metric:
        """What is measured."""
        return self.standard.metric

    @property
    def sign(self) -> float:
        """1 where more is better, -1 for a loss."""
        return 1.0 if self.metric.greater_is_better else -1.0

    @property
    def counted(self) -> Mask:
        """The evaluation rows without a twin in train (n_evaluation,)."""
        return ~self.setting.leaked

    def units(self, rows: Mask) -> NDArray[np.int64]:
        """Give the group of each of some evaluation rows; a user's metric knows blocks only."""
        if isinstance(self.metric, FunctionMetric):
            return row_blocks(int(rows.sum()))
        return self.setting.groups[self.setting.evaluation[rows]]

    def truth(self, rows: Mask) -> NDArray[np.generic]:
        """Give the targets of some evaluation rows."""
        return np.asarray(self.setting.targets.values[self.setting.evaluation[rows]])

    def terms(self, predictions: Predictions, rows: Mask) -> Floats:
        """Give what the metric needs of the predictions (n_evaluation, any) for some rows."""
        return self.metric.terms(self.truth(rows), predictions[rows])

    def within(self, value: Interval) -> tuple[float, float]:
        """Give the bounds of a value, inside 0..1 where it is a share."""
        if not self.metric.is_share:
            return value.low, value.high
        return max(0.0, value.low), min(1.0, value.high)

    def pseudo(self, n_rows: int) -> float:
        """Give the least variance of a difference that a change can show on `n_rows` rows."""
        return PSEUDO_ROWS / (n_rows + PSEUDO_ROWS) ** 2 if self.edited and self.metric.counts_rows else 0.0

    def refuse_unknown(self, values: Iterable[ArrayLike]) -> None:
        """Raise InputError where the metric, or how a row moves it, is no number."""
        if not all(np.isfinite(value).all() for value in values):
            raise InputError(
                f"{self.metric.name} cannot be computed on these {int(self.counted.sum())} rows.",
                remedy="Choose rows with every class in them, or another --metric.",
            )


def judge_lift(lift: Interval, *, margin: float) -> Verdict:
    """Derive the verdict from the interval: `better` above the margin, `no worse` above minus the margin."""
    if lift.low > margin:
        return "better"
    if lift.low > -margin:
        return "no worse"
    return "worse" if lift.high < 0 else "inconclusive"


def intervals_of(
    estimates: Mapping[str, list[float]], influences: Mapping[str, Floats], judge: Judge, rows: Mask
) -> tuple[dict[str, Interval], dict[str, Spread]]:
    """Give simultaneous intervals of lifts by name, from runs and influences summed over runs."""
    names, units = list(estimates), judge.units(rows)
    runs = np.array([estimates[name] for name in names]).T
    moves = np.stack([influences[name] / len(runs) for name in names], axis=1)
    covariance = row_covariance(moves, units)
    covariance[np.diag_indices(len(names))] += judge.pseudo(int(rows.sum()))
    found, spreads = simultaneous_intervals(
        runs,
        covariance,
        n_units=len(np.unique(units)),
        confidence=judge.standard.confidence,
        train_factor=judge.train_factor,
    )
    return dict(zip(names, found, strict=True)), dict(zip(names, spreads, strict=True))
