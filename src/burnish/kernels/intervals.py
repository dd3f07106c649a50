"""Intervals: of a share, and of lifts over evaluation rows and retrains together, one by one or all at once."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import ndtri

Floats = NDArray[np.float64]

N_DRAWS = 20_000
"""Draws that tell how large the largest of several estimates gets by chance."""

MAIN = 0.8
"""Share of the errors allowed to several intervals that the first may make: its verdict costs little for company."""

TRAIN_FACTOR = 0.8
"""How much the variance between retrains on 80 % subsamples counts; see docs/adr/0011-measured-claims.md."""


class Interval(NamedTuple):
    """An estimate, its bounds, its standard error and the degrees of freedom behind them."""

    value: float
    low: float
    high: float
    error: float
    dof: float

    def beyond(self, bound: float, *, below: bool) -> float:
        """Give the one-sided p-value of "the truth lies not below (or not above) `bound`"."""
        if self.error <= 0:
            return float(self.value >= bound if below else self.value <= bound)
        distance = (bound - self.value if below else self.value - bound) / self.error
        return float(stats.t.sf(distance, self.dof))


@dataclass(frozen=True)
class Spread:
    """Where the variance of an estimate comes from: the training data, and the evaluation rows.

    `between`: variance between `n_runs` retrains; `rows`: variance over the evaluation rows, of which
    `n_units` are independent. `flips`: the part of `between` that rows make one by one, which more rows average out.
    """

    between: float
    rows: float
    n_runs: int
    n_units: float
    train_factor: float = TRAIN_FACTOR
    flips: float = 0.0

    @property
    def train(self) -> float:
        """The part of the training data."""
        return self.train_factor * self.between

    @property
    def error(self) -> float:
        """The standard error."""
        return float(np.sqrt(self.train + self.rows))

    @property
    def dof(self) -> float:
        """Degrees of freedom by Welch & Satterthwaite (Satterthwaite 1946)."""
        parts = [(self.train, self.n_runs - 1), (self.rows, self.n_units - 1)]
        doubt = sum(part**2 / max(1, dof) for part, dof in parts if part > 0)
        return (self.train + self.rows) ** 2 / doubt if doubt > 0 else float("inf")

    def visible(self, *, margin: float = 0.0, confidence: float = 0.95, power: float = 0.8) -> float:
        """Give the true effect whose interval lies above the margin with the stated power."""
        return margin + self._quantile(confidence, power) * self.error

    def units_needed(
        self, effect: float, *, margin: float = 0.0, confidence: float = 0.95, power: float = 0.8
    ) -> float:
        """Give how many independent rows would show `effect`; infinite where the training data alone hides it."""
        falling = self.train_factor * min(self.flips, self.between)
        room = (max(0.0, effect - margin) / self._quantile(confidence, power)) ** 2 - (self.train - falling)
        return float(np.ceil((self.rows + falling) * self.n_units / room)) if room > 0 else float("inf")

    def _quantile(self, confidence: float, power: float) -> float:
        return float(stats.t.ppf(0.5 + confidence / 2, self.dof) + stats.norm.ppf(power))


def share_interval(hits: float, total: float, *, confidence: float = 0.95) -> tuple[float, float]:
    """Give the Wilson score interval of `hits` / `total`; (0, 1) when there is nothing to count.

    Source: Wilson 1927; Brown, Cai & DasGupta 2001, section 3.1.1.
    """
    if total <= 0:
        return 0.0, 1.0
    z = float(ndtri(0.5 + confidence / 2))
    share, shrink = hits / total, z * z / total
    middle = (share + shrink / 2) / (1 + shrink)
    half = z / (1 + shrink) * np.sqrt(share * (1 - share) / total + shrink / (4 * total))
    return float(max(0.0, middle - half)), float(min(1.0, middle + half))


def gap_interval(
    first: tuple[float, float], second: tuple[float, float], *, confidence: float = 0.95
) -> tuple[float, float]:
    """Give the interval of the share of `first` minus that of `second`, each (hits, total), which share no row.

    Both must have rows. Source: Newcombe 1998, Statistics in Medicine 17:873-890, method 10: the Wilson intervals of
    both, each end as far from the difference as the ends of the two together (square and add). It never leaves -1..1,
    and has a width where all or none are hits.
    """
    shares = [hits / total for hits, total in (first, second)]
    (low, high), (other_low, other_high) = (share_interval(*one, confidence=confidence) for one in (first, second))
    down = np.hypot(shares[0] - low, other_high - shares[1])
    up = np.hypot(high - shares[0], shares[1] - other_low)
    return float(shares[0] - shares[1] - down), float(shares[0] - shares[1] + up)


def row_covariance(influences: Floats, groups: NDArray[np.integer]) -> Floats:
    """Give the covariance (m, m) over rows of metrics whose influences are (n_rows, m); whole groups are units.

    Rows of a group (copies, one user) are summed before they are squared (Liang & Zeger 1986).
    """
    _, codes = np.unique(groups, return_inverse=True)
    summed = np.stack([np.bincount(codes, column) for column in influences.T], axis=1)
    n_groups = len(summed)
    return np.asarray(summed.T @ summed * (n_groups / max(1, n_groups - 1)) / len(influences) ** 2)


def main_confidence(confidence: float) -> float:
    """Give the confidence of the first of several intervals that hold together with `confidence`."""
    return 1 - MAIN * (1 - confidence)


def bootstrap_interval(  # noqa: PLR0913 - the estimate, what moves it, and chance
    estimate: Interval, influences: Floats, groups: NDArray[np.integer], *, pseudo: float = 0.0,
    confidence: float = 0.95, seed: int, n_draws: int = 4_000,
) -> Interval:  # fmt: skip
    """Give the interval of a metric over rows (or of a paired difference) by drawing whole groups with replacement.

    `influences` (n_rows,) of the metric: each draw's value is linear in its weights. Studentised (Davison &
    Hinkley 1997, section 5.2.1): the drawn values over their own errors, so that skewed values cover too.
    `pseudo`: a variance added where few rows differ at all, half of it for a row each way.
    """
    _, codes = np.unique(groups, return_inverse=True)
    summed = np.bincount(codes, influences) / len(influences)
    if pseudo > 0:
        summed = np.concatenate([summed, np.sqrt(pseudo / 2) * np.array([1.0, -1.0])])
    rng, n_groups, statistics = np.random.default_rng(seed), len(summed), []
    squares = summed**2
    for start in range(0, n_draws, 100):
        counts = rng.multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=min(100, n_draws - start))
        moved = counts @ summed
        spread = np.sqrt(np.maximum(counts @ squares - moved**2 / n_groups, 1e-300))
        statistics.append(np.where(spread > 1e-12, moved / spread, 0.0))
    tail = (1 - confidence) / 2
    low, high = np.quantile(np.concatenate(statistics), [tail, 1 - tail])
    return estimate._replace(low=estimate.value - high * estimate.error, high=estimate.value - low * estimate.error)


def exact_mcnemar(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    """Give the two-sided p-value of "both are right equally often" from paired answers (McNemar 1947, exact)."""
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    if only_first + only_second == 0:
        return 1.0
    return float(stats.binomtest(only_first, only_first + only_second, 0.5).pvalue)


def simultaneous_intervals(
    estimates: Floats, rows: Floats, *, n_units: float, confidence: float = 0.95, train_factor: float = TRAIN_FACTOR
) -> tuple[list[Interval], list[Spread]]:
    """Give intervals that hold the truth all together, and where the variance of each comes from.

    `estimates` (n_runs, m): lifts of each retrain on the same evaluation rows; `rows` (m, m): their covariance
    over evaluation rows. The covariance is train_factor · S_between + rows: the corrected resampled variance of
    Nadeau & Bengio 2003 (section 3), with the row part kept apart; retrains on overlapping subsamples are not
    independent, and s² / n_runs, the habit, is wrong up to 38 % of the time. The first estimate is the one that
    a verdict hangs on: it may be wrong MAIN of the allowed times, the others together the rest (max-t of
    Hothorn, Bretz & Westfall 2008, section 3, with unequal levels; drawn, each with its own degrees of freedom).
    """
    n_runs, m = estimates.shape
    between = np.atleast_2d(np.cov(estimates.T)) if n_runs > 1 else np.zeros((m, m))
    spreads = [Spread(float(between[i, i]), float(rows[i, i]), n_runs, n_units, train_factor) for i in range(m)]
    levels = _joint_levels(train_factor * between + rows, 1 - confidence)
    found = zip(estimates.mean(axis=0).tolist(), spreads, levels, strict=True)
    return [_interval(value, spread, level) for value, spread, level in found], spreads


def _joint_levels(covariance: Floats, level: float) -> Floats:
    """Give the two-sided level (m,) of each interval such that any of them fails with the chance `level`."""
    errors = np.sqrt(np.diag(covariance))
    levels = np.full(len(errors), level)
    others = np.flatnonzero(errors[1:] > 0) + 1
    if not len(others):
        return levels
    known = others if errors[0] <= 0 else np.append(0, others)
    correlation = covariance[np.ix_(known, known)] / np.outer(errors[known], errors[known])
    values, axes = np.linalg.eigh(correlation)
    draws = np.random.default_rng(0).normal(size=(N_DRAWS, len(known)))
    drawn = np.abs(draws @ (axes * np.sqrt(np.maximum(values, 0))).T)
    if errors[0] <= 0:
        levels[1:] = 2 * stats.norm.sf(np.quantile(drawn.max(axis=1), 1 - level))
        return levels
    levels[0] = MAIN * level
    held = drawn[:, 0] <= stats.norm.isf(levels[0] / 2)
    room = max(0.0, (1 - level) / float(held.mean()))
    levels[1:] = 2 * stats.norm.sf(np.quantile(drawn[held, 1:].max(axis=1), min(1.0, room)))
    return levels


def _interval(value: float, spread: Spread, level: float) -> Interval:
    if spread.error <= 0:
        return Interval(value, value, value, 0.0, float("inf"))
    half = float(stats.t.ppf(1 - level / 2, spread.dof)) * spread.error
    return Interval(value, value - half, value + half, spread.error, spread.dof)
