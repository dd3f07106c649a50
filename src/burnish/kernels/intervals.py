"""Intervals: of a share, of a metric over rows, and of a lift over rows and retrains together."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

TRAIN_FACTOR = 0.5
"""How much the variance between retrains on 80 % subsamples counts; see docs/adr/0004-lift-interval.md."""


class Interval(NamedTuple):
    """An estimate, its bounds, its standard error and the degrees of freedom behind them."""

    value: float
    low: float
    high: float
    error: float
    dof: float


def share_interval(hits: float, total: float, *, confidence: float = 0.95) -> tuple[float, float]:
    """Give the Wilson score interval of `hits` / `total`; (0, 1) when there is nothing to count.

    Source: Wilson 1927; Brown, Cai & DasGupta 2001, section 3.1.1.
    """
    if total <= 0:
        return 0.0, 1.0
    z = float(stats.norm.ppf(0.5 + confidence / 2))
    share, shrink = hits / total, z * z / total
    middle = (share + shrink / 2) / (1 + shrink)
    half = z / (1 + shrink) * np.sqrt(share * (1 - share) / total + shrink / (4 * total))
    return float(max(0.0, middle - half)), float(min(1.0, middle + half))


def bootstrap_weights(groups: NDArray[np.integer], *, n_draws: int, seed: int, block: int = 100) -> Iterator[Floats]:
    """Yield blocks of bootstrap weights (≤ block, n_rows): whole groups are drawn with replacement.

    `groups` (n_rows,) says which rows belong together (copies of a text, one user): drawing groups
    keeps their dependence (Davison & Hinkley 1997, section 3.8). Memory is block × n_rows doubles.
    """
    rng = np.random.default_rng(seed)
    _, codes = np.unique(groups, return_inverse=True)
    n_groups = int(codes.max()) + 1
    for start in range(0, n_draws, block):
        size = min(block, n_draws - start)
        counts = rng.multinomial(n_groups, np.full(n_groups, 1.0 / n_groups), size=size)
        yield counts[:, codes].astype(np.float64)


def row_variance(
    metric: Callable[[Floats], Floats], groups: NDArray[np.integer], *, seed: int, n_draws: int = 400
) -> float:
    """Give the variance of a metric over bootstrap draws of the evaluation rows.

    `metric` maps weights (n_draws, n_rows) to (n_draws,) values.
    """
    values = np.concatenate([metric(w) for w in bootstrap_weights(groups, n_draws=n_draws, seed=seed)])
    return float(values.var(ddof=1))


def retrain_interval(
    estimates: Floats, row_variance: float, *, confidence: float = 0.95, train_factor: float = TRAIN_FACTOR
) -> Interval:
    """Give the interval of a mean over retrains that counts both the rows and the training data.

    `estimates` (n_retrains,): the metric, or a paired difference, of each retrain on the same
    evaluation rows. Variance = train_factor × s²_between + row_variance: the corrected resampled
    variance of Nadeau & Bengio 2003 (section 3) with the row part kept apart, degrees of freedom by
    Welch & Satterthwaite. Retrains on overlapping subsamples are not independent: a variance of
    s²/n_retrains, the habit, is wrong up to 38 % of the time.
    """
    between = float(estimates.var(ddof=1)) if len(estimates) > 1 else 0.0
    train = train_factor * between
    variance = train + row_variance
    value = float(estimates.mean())
    if variance <= 0:
        return Interval(value, value, value, 0.0, float("inf"))
    dof = variance**2 / (train**2 / (len(estimates) - 1)) if train > 0 else float("inf")
    half = float(stats.t.ppf(0.5 + confidence / 2, dof) * np.sqrt(variance))
    return Interval(value, value - half, value + half, float(np.sqrt(variance)), dof)


def smallest_visible(interval: Interval, *, confidence: float = 0.95, power: float = 0.8) -> float:
    """Give the true effect that an interval of this width would show with the stated power."""
    quantile = stats.t.ppf(0.5 + confidence / 2, interval.dof) + stats.norm.ppf(power)
    return float(quantile * interval.error)
