"""Trends of a lift: per bucket of time, and its slope, with intervals that count rows and training data."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.sparse import csc_array

from burnish.kernels.intervals import TRAIN_FACTOR, Interval
from burnish.kernels.slice_effects import SliceLifts, slice_lifts

Floats = NDArray[np.float64]

MIN_DOF = 0.5
"""Degrees of freedom below which a slope has no interval."""


class Trend(NamedTuple):
    """Lift over time: `starts`, `stops` (n_buckets,) the first and last time in each bucket, its lifts, the slope.

    `slope`: change of the lift per unit of time; None with fewer than two buckets.
    """

    starts: Floats
    stops: Floats
    lifts: SliceLifts
    slope: Interval | None


def trend(
    differences: Floats,
    times: NDArray[np.floating],
    groups: NDArray[np.integer],
    *,
    max_buckets: int = 8,
    min_rows: int = 50,
    confidence: float = 0.95,
) -> Trend:
    """Give the lift per bucket of time and its slope over time.

    `differences` (n_runs, n_rows), `times` (n_rows,) in any unit and `groups` (n_rows,) as for `slice_lifts`.
    Buckets hold about equally many rows, `min_rows` or more, and equal times stay together. Rows without a
    time (NaN) are left out.
    """
    known = np.flatnonzero(np.isfinite(times))
    when = np.asarray(times[known], np.float64)
    differences, groups = differences[:, known], groups[known]
    buckets = _buckets(when, min(max_buckets, len(when) // min_rows), min_rows)
    n_buckets = int(buckets.max(initial=-1)) + 1
    lines = (np.ones(len(when)), (np.arange(len(when)), buckets))
    lifts = slice_lifts(differences, csc_array(lines, shape=(len(when), n_buckets)), groups)
    within = [when[buckets == bucket] for bucket in range(n_buckets)]
    slope = lift_slope(differences, when, groups, confidence=confidence) if n_buckets > 1 else None
    return Trend(np.array([part.min() for part in within]), np.array([part.max() for part in within]), lifts, slope)


def lift_slope(
    differences: Floats, times: Floats, groups: NDArray[np.integer], *, confidence: float = 0.95
) -> Interval:
    """Give the change of the lift per unit of time: least squares over the rows.

    Variance as of a lift: 0.5 · s² of the slope between retrains, and the sandwich of the rows summed by group
    (Liang & Zeger 1986), with as many degrees of freedom as groups of equal leverage would have, less two; where
    that leaves none, nothing is known of the slope.
    """
    codes = np.unique(groups, return_inverse=True)[1]
    mean = differences.mean(axis=0)
    centered = times - times.mean()
    leverage = centered**2 / (centered @ centered)
    weights = centered / (centered @ centered)
    slopes = differences @ weights
    residuals = mean - mean.mean() - slopes.mean() * centered
    by_group = np.bincount(codes, weights * residuals)
    row_dof = float(1 / (np.bincount(codes, leverage) ** 2).sum() - 2)
    if row_dof < MIN_DOF:
        return Interval(float(slopes.mean()), -np.inf, np.inf, np.inf, 1.0)
    rows = float(by_group @ by_group) * (row_dof + 2) / row_dof
    if np.isin(differences, (-1, 0, 1)).all():
        # One row of each sign a standard deviation away, as for a slice without a changed row.
        rows += 2 / (len(times) * (centered @ centered))
    return _interval(slopes, rows, row_dof, confidence)


def _interval(slopes: Floats, rows: float, row_dof: float, confidence: float) -> Interval:
    value, n_runs = float(slopes.mean()), len(slopes)
    train = TRAIN_FACTOR * float(slopes.var(ddof=1)) if n_runs > 1 else 0.0
    if rows + train <= 0:
        return Interval(value, value, value, 0.0, row_dof)
    dof = (rows + train) ** 2 / (rows**2 / row_dof + train**2 / max(n_runs - 1, 1))
    error = float(np.sqrt(rows + train))
    half = float(stats.t.ppf(0.5 + confidence / 2, dof)) * error
    return Interval(value, value - half, value + half, error, dof)


def _buckets(times: Floats, n_buckets: int, min_rows: int) -> NDArray[np.int64]:
    """Give each row the number of its bucket; a bucket that equal times leave too small joins the one before."""
    if n_buckets < 2:
        return np.zeros(len(times), np.int64)
    ordered = np.sort(times)
    edges: list[float] = []
    start = 0
    for place in np.linspace(0, len(times), n_buckets + 1)[1:-1].round().astype(int):
        cut = int(np.searchsorted(ordered, ordered[place], side="left"))
        if cut - start >= min_rows and len(times) - cut >= min_rows:
            edges.append(float(ordered[cut]))
            start = cut
    return np.searchsorted(np.array(edges), times, side="right").astype(np.int64)
