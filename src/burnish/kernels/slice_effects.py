"""Slice effects: where a change made a model better or worse, one name per fault, and whether any slice fell too far.

Everything starts from paired differences: per evaluation row after minus before of an additive value (1 for
right, 0 for wrong; minus the loss), one line per retrain. A difference has two sources of chance, the rows and
the training data, and both count (docs/adr/0011): variance = TRAIN_FACTOR · s²(between retrains)
+ clustered row variance.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.sparse import csc_array, hstack
from scipy.special import logsumexp

from burnish.kernels.intervals import TRAIN_FACTOR
from burnish.kernels.slices import MIN_LEFT, MIN_OVERLAP, TEMPER, Family

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

BLOCK_ENTRIES = 4_000_000
"""Entries of slices that are summed at a time: about 100 MB."""


class SliceLifts(NamedTuple):
    """Per slice (n_slices,): its rows, its lift (mean difference), standard error and degrees of freedom.

    An empty slice has lift NaN and error inf.
    """

    size: NDArray[np.int64]
    lift: Floats
    error: Floats
    dof: Floats

    def z_scores(self, null: Floats | float = 0.0) -> Floats:
        """Give how far each lift is from `null`, as the normal quantile that Student's t corresponds to."""
        moved = np.nan_to_num(self.lift - null)
        with np.errstate(divide="ignore", invalid="ignore"):
            statistic = np.nan_to_num(np.abs(moved) / self.error, posinf=1e6)
        # Beyond 38 a normal tail is no longer a number.
        z_scores = stats.norm.isf(np.maximum(stats.t.sf(statistic, self.dof), 1e-300))
        return np.asarray(np.sign(moved) * np.maximum(z_scores, 0.0), np.float64)

    def half_widths(self, z: float) -> Floats:
        """Give half of each interval whose normal quantile is `z` (1.96: pointwise 95 %)."""
        return np.asarray(self.error * stats.t.isf(stats.norm.sf(z), self.dof), np.float64)

    def at(self, places: NDArray[np.integer]) -> "SliceLifts":
        """Give some of the slices."""
        return SliceLifts(self.size[places], self.lift[places], self.error[places], self.dof[places])

    def p_values(self) -> Floats:
        """Give the two-sided p-value of "no lift", each slice on its own."""
        return np.asarray(2 * stats.norm.sf(np.abs(self.z_scores())), np.float64)


class Gate(NamedTuple):
    """Per slice (n_slices,): whether it fell too far, and the p-value of that, adjusted for the number of slices."""

    failed: NDArray[np.bool_]
    p_value: Floats


class SliceFound(NamedTuple):
    """Rows where the change has an effect of its own: the number of its candidate, rows, lift, interval, q-value.

    The interval is simultaneous over all candidates, so that it holds for those that were picked. `q_value`
    bounds the chance of any false report up to this one.
    """

    candidate: int
    rows: Rows
    lift: float
    low: float
    high: float
    q_value: float


def slice_lifts(differences: Floats, slices: csc_array, groups: NDArray[np.integer]) -> SliceLifts:
    """Give the lift of each slice with its standard error, all slices at once by sparse sums.

    `differences` (n_runs, n_rows); `slices` (n_rows, n_slices) of 0/1; `groups` (n_rows,): rows that are not
    independent (copies, one user) and count as one draw. The row variance is that of a ratio of group sums
    (Davison & Hinkley 1997, section 3.8) and has as many degrees of freedom as groups of equal size would, less
    one (Kish 1965); both parts together by Welch & Satterthwaite. Where every difference is -1, 0 or 1, one
    row of each sign is added to each slice's variance (Bonett & Price 2012), so that a slice without a changed
    row is no proof of "no change". Memory: blocks of BLOCK_ENTRIES entries. Cost: n_runs · entries.
    """
    whole = csc_array(slices)
    codes = np.unique(groups, return_inverse=True)[1]
    discrete = bool(np.isin(differences, (-1, 0, 1)).all())
    parts = [_block_lifts(differences, whole[:, a:b], codes, pseudo=2 * discrete) for a, b in _blocks(whole)]
    return SliceLifts(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def slice_gate(lifts: SliceLifts, *, max_drop: float = 0.05, confidence: float = 0.95) -> Gate:
    """Tell which slices fell by more than `max_drop`: the chance of any false alarm is at most 1 - `confidence`.

    One-sided tests of "lift ≥ -max_drop" for slices that were named beforehand, adjusted by Holm 1979.
    """
    p_values = stats.norm.cdf(lifts.z_scores(-max_drop))
    order = np.argsort(p_values, kind="stable")
    stepped = np.maximum.accumulate(p_values[order] * np.arange(len(order), 0, -1))
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(stepped, 1.0)
    return Gate(adjusted <= 1 - confidence, adjusted)


def find_slice_effects(  # noqa: PLR0913 - the data, the candidates, the level and chance
    differences: Floats,
    families: list[Family],
    groups: NDArray[np.integer],
    *,
    min_rows: int,
    max_q_value: float = 0.05,
    n_draws: int = 199,
    seed: int,
) -> list[SliceFound]:
    """Give the slices where the change has an effect other than elsewhere, surest first, one per fault.

    A slice counts when its lift differs from zero and, in the same direction, from the mean lift: a change that
    helps all rows alike is no effect of a slice. The strongest candidate is compared with the strongest of
    `n_draws` draws under the null, in which each group's differences change sign together and the retrains'
    deviations get random weights (a multiplier bootstrap, so that the number and the overlap of candidates are
    paid for exactly). Each family is compared with its own draws, and the smallest p-value over the
    families with its own (Westfall & Young 1993). A slice that was found leaves with its rows and the rest is
    searched again, so that what only overlaps a fault is not reported. Candidates are numbered through all
    families. Cost: (n_draws + n_runs) · entries for each slice found, and once more.
    """
    candidates = csc_array(hstack([family.matrix for family in families], format="csc"), dtype=np.float64)
    family_of = np.repeat(np.arange(len(families)), [family.matrix.shape[1] for family in families])
    averaged = np.array([family.averaged for family in families])[family_of]
    search = _Search(candidates, family_of, averaged, min_rows, n_draws, np.random.default_rng(seed))
    paired = _Paired(differences, np.unique(groups, return_inverse=True)[1])
    keep = np.ones(len(groups), np.bool_)
    found: list[SliceFound] = []
    z = 0.0
    while look := _look(paired, keep, search):
        z = z or float(np.quantile(look.largest, 1 - max_q_value, method="higher"))
        q_value = max(look.q_value, found[-1].q_value if found else 0.0)
        if q_value > max_q_value:
            break
        found.append(SliceFound(look.candidate, look.rows, *paired.interval(look.rows, z), q_value))
        keep[look.rows] = False
    return found


class _Paired(NamedTuple):
    """Paired differences (n_runs, n_rows) and the group of each row, numbered from 0."""

    differences: Floats
    groups: Rows

    def interval(self, rows: Rows, z: float) -> tuple[float, float, float]:
        """Give the lift of some rows with its bounds."""
        slices = csc_array((np.ones(len(rows)), rows, [0, len(rows)]), shape=(len(self.groups), 1))
        lifts = slice_lifts(self.differences, slices, self.groups)
        lift, half = float(lifts.lift[0]), float(lifts.half_widths(z)[0])
        return lift, lift - half, lift + half

    def drawn(self, slices: csc_array, n_draws: int, rng: np.random.Generator) -> Floats:
        """Give `n_draws` lifts of each slice (n_slices, n_draws) in worlds without an effect."""
        n_runs, n_rows = self.differences.shape
        sizes = np.diff(slices.indptr)[:, None]
        mean = self.differences.mean(axis=0)
        mean -= mean.mean()
        by_row, n_groups = slices.T.tocsr(), int(self.groups.max()) + 1
        drawn = np.empty((slices.shape[1], n_draws))
        step = max(1, BLOCK_ENTRIES // n_rows)
        for start in range(0, n_draws, step):
            signs = rng.integers(0, 2, (n_groups, min(step, n_draws - start)), np.int8) * 2.0 - 1
            drawn[:, start : start + step] = by_row @ (mean[:, None] * signs[self.groups]) / sizes
        if n_runs > 1:
            runs = by_row @ self.differences.T / sizes
            runs -= runs.mean(axis=1, keepdims=True)
            drawn += np.sqrt(TRAIN_FACTOR / (n_runs - 1)) * runs @ rng.standard_normal((n_runs, n_draws))
        return drawn


class _Search(NamedTuple):
    """Candidates of all families, the family of each, whether it is averaged, and how to test them."""

    candidates: csc_array
    family: Rows
    averaged: NDArray[np.bool_]
    min_rows: int
    n_draws: int
    rng: np.random.Generator

    def usable(self, keep: NDArray[np.bool_]) -> tuple[Rows, csc_array]:
        """Give the candidates that rows which are left can speak for: numbers, and 0/1 columns over those rows."""
        left = csc_array(self.candidates[np.flatnonzero(keep)])
        sizes = np.diff(left.indptr)
        numbers = np.flatnonzero((sizes >= self.min_rows) & (sizes >= MIN_LEFT * np.diff(self.candidates.indptr)))
        return numbers, csc_array(left[:, numbers])


class _Look(NamedTuple):
    """The strongest candidate among the rows that are left, its q-value, and the largest |z| of each draw."""

    candidate: int
    rows: Rows
    q_value: float
    largest: Floats


def _look(everything: _Paired, keep: NDArray[np.bool_], search: _Search) -> _Look | None:
    """Test the candidates on the rows that are left; None where no candidate is left."""
    numbers, slices = search.usable(keep)
    if not len(numbers):
        return None
    paired = _Paired(everything.differences[:, keep], everything.groups[keep])
    lifts = slice_lifts(paired.differences, slices, paired.groups)
    z_scores = _weaker(lifts.z_scores(), lifts.z_scores(float(paired.differences.mean())))
    drawn = paired.drawn(slices, search.n_draws, search.rng)
    drawn *= np.divide(1.0, lifts.error, out=np.zeros(len(numbers)), where=lifts.error > 0)[:, None]
    family, averaged = search.family[numbers], search.averaged[numbers]
    together = np.column_stack([z_scores, drawn])
    parts = [family == number for number in np.unique(family)]
    statistic = [_statistic(together[part], averaged=bool(averaged[part][0])) for part in parts]
    # The first column is the data as observed: under the null it is one draw among the others.
    ranks = np.array([stats.rankdata(-line, method="max") for line in statistic]) / together.shape[1]
    smallest = ranks.min(axis=0)
    standing = np.any(
        [part for part, rank in zip(parts, ranks[:, 0], strict=True) if rank <= max(smallest[0], 0.05)], axis=0
    )
    best = int(np.where(standing, np.abs(z_scores), -1.0).argmax())
    rows = slices.indices[slices.indptr[best] : slices.indptr[best + 1]]
    if averaged[best] and z_scores[best]:  # where none stands out, nothing agrees with it
        like = (family == family[best]) & (z_scores * z_scores[best] > 0)
        rows = _agreed(z_scores[like], slices[:, np.flatnonzero(like)], rows)
    q_value = float((smallest <= smallest[0]).mean())
    rows = np.flatnonzero(keep)[np.sort(rows)]
    return _Look(int(numbers[best]), rows, q_value, np.abs(drawn).max(axis=0))


def _weaker(first: Floats, second: Floats) -> Floats:
    """Give the z-score nearer to zero, and zero where signs differ: both must speak."""
    nearer = np.where(np.abs(first) < np.abs(second), first, second)
    return np.where(first * second > 0, nearer, 0.0)


def _statistic(z_scores: Floats, *, averaged: bool) -> Floats:
    """Give one number per column of z-scores (n_candidates, any): the largest, or a mean of likelihoods."""
    if averaged:
        return np.asarray(logsumexp(TEMPER * z_scores**2 / 2, axis=0), np.float64)
    return np.asarray(np.abs(z_scores).max(axis=0), np.float64)


def _agreed(z_scores: Floats, slices: csc_array, rows: NDArray[np.integer]) -> Rows:
    """Give the rows that the slices which overlap `rows` agree upon, weighed by their likelihood."""
    inside = np.zeros(slices.shape[0])
    inside[rows] = 1
    shared = slices.T @ inside
    overlap = shared / (np.diff(slices.indptr) + len(rows) - shared)
    near = np.where(overlap >= MIN_OVERLAP, TEMPER * z_scores**2 / 2, -np.inf)
    agreed = slices @ np.exp(near - near.max())
    return np.flatnonzero(agreed >= 0.5 * agreed.max())


def _blocks(slices: csc_array) -> Iterator[tuple[int, int]]:
    """Give ranges of columns of about BLOCK_ENTRIES entries; one range where there are no columns."""
    ends = np.searchsorted(slices.indptr, np.arange(BLOCK_ENTRIES, slices.nnz, BLOCK_ENTRIES))
    yield from pairwise(np.unique([0, *ends, slices.shape[1]]).tolist() if slices.shape[1] else [0, 0])


def _block_lifts(differences: Floats, slices: csc_array, groups: Rows, *, pseudo: int) -> SliceLifts:
    n_runs = len(differences)
    size = np.diff(slices.indptr)
    with np.errstate(divide="ignore", invalid="ignore"):
        runs = (slices.T @ differences.T) / size[:, None]
        lift = runs.mean(axis=1)
        squares, widths = _group_squares(differences.mean(axis=0), slices, groups, lift)
        n_groups = (size + pseudo) ** 2 / (widths + pseudo)
        rows = (squares + pseudo) / (size + pseudo) ** 2 * n_groups / (n_groups - 1)
        train = TRAIN_FACTOR * runs.var(axis=1, ddof=1) if n_runs > 1 else np.zeros(len(size))
        freedom = rows**2 / (n_groups - 1) + (train**2 / (n_runs - 1) if n_runs > 1 else 0.0)
        dof = (rows + train) ** 2 / freedom
    alone = (size == 0) | ~(n_groups > 1 + 1e-9)
    error = np.where(alone, np.inf, np.sqrt(rows + train))
    return SliceLifts(
        size.astype(np.int64), lift, error, np.where(alone, 1.0, np.where(rows + train > 0, dof, n_groups - 1))
    )


def _group_squares(mean: Floats, slices: csc_array, groups: Rows, lift: Floats) -> tuple[Floats, Floats]:
    """Give per slice the sums over groups of (sum of differences - lift)² and of (rows)²."""
    shape = int(groups.max(initial=0)) + 1, slices.shape[1]
    column = np.repeat(np.arange(slices.shape[1]), np.diff(slices.indptr))
    places = groups[slices.indices], column
    sums = csc_array((mean[slices.indices] - lift[column], places), shape=shape)
    counts = csc_array((np.ones(slices.nnz), places), shape=shape)
    return sums.power(2).sum(axis=0), counts.power(2).sum(axis=0)
