"""Outlier scores of embeddings: how far a row lies from its nearest rows, as given and in whitened space."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from burnish.kernels.items import Engine, InTurn
from burnish.kernels.top import largest_columns, smallest_values
from burnish.kernels.vectors import Floats, Vectors

Array = NDArray[Any]

MIN_ROWS = 3
"""Fewer rows than this have no outliers."""

COVARIANCE_ROWS = 20_000
QUERY_BLOCK = 512
ITEM_ROWS = 16_384
COPY_DISTANCE = 1e-5
"""Rows no further apart than this (cosine) are copies of each other and vouch for nobody."""
TAIL = 1e-3
"""Down to this tail probability the score is calibrated; beyond it only ranks."""
LOWER = float(ndtr(-1.0))


def outlier_score(
    embeddings: ArrayLike | Vectors,
    neighbors: Array,
    distances: Array,
    *,
    settings: "Settings | None" = None,
    seed: int = 0,
    engine: Engine | None = None,
) -> Floats:
    """Give (n,) how strange each row is, 0..1: 1 − the share of ordinary rows that would be as strange.

    Two views are averaged: the mean cosine distance to the `k` nearest rows, as given, and the same
    after Ledoit–Wolf whitening (Ledoit & Wolf 2004), which weighs all directions of the data alike.
    Copies of a row (`COPY_DISTANCE`) do not count, so that a stranger that occurs ten times stays one.
    Nearest is among `neighbors` (n, k_given; -1 none) with cosine `distances`, and `n_references`
    random rows, which bounds the cost: 2·n·n_references·d operations (4 where lists are short), one (512, n_references)
    block a worker.

    Each view becomes a robust deviation (log distance, median and lower half: strangers, up to half
    of the rows, hardly move it); their sum is read as a normal deviation, again by its lower half.
    A typical row gets 0.5, and of clean normal data a share 1 − t lies above t, up to t = 0.999;
    above that the score still ranks but means no probability. Where both views agree exactly
    (all rows alike), every row gets 0.5. NaN for rows that are zero or not finite.
    """
    given = (neighbors, distances)
    return score_distances(nearest_means(embeddings, *given, settings=settings, seed=seed, engine=engine))


def score_distances(means: Floats) -> Floats:
    """Give the scores (n,) of mean distances (n, 2), as given and whitened, NaN where there are none."""
    known = np.isfinite(means).all(axis=1)
    score = np.full(len(means), np.nan, np.float32)
    if known.sum() < MIN_ROWS:
        score[known] = 0.5
    else:
        first, second = np.log(means[known]).T
        score[known] = calibrated(robust_deviation(first) + robust_deviation(second))
    return score


def nearest_means(
    embeddings: ArrayLike | Vectors,
    neighbors: Array,
    distances: Array,
    *,
    settings: "Settings | None" = None,
    seed: int = 0,
    engine: Engine | None = None,
) -> Floats:
    """Give the mean distances (n, 2) to the nearest rows, as given and whitened; NaN for rows that are not usable."""
    vectors, settings, engine = Vectors.of(embeddings), settings or Settings(), engine or InTurn()
    means = np.full((vectors.n_rows, 2), np.nan, np.float32)
    if len(vectors) < MIN_ROWS:
        means[vectors.rows] = 2.0
        return means
    drawn = _drawn(vectors, settings, seed)
    means[vectors.rows] = _means_of(vectors, drawn, (neighbors, distances), (settings.k, engine)).T
    return means


def changed_means(
    embeddings: ArrayLike | Vectors,
    lists: tuple[Array, Array],
    before: Floats,
    *,
    settings: "Settings | None" = None,
    seed: int = 0,
    engine: Engine | None = None,
) -> Floats:
    """Give the mean distances (n, 2) where those of most rows are known from `before`, NaN for the rows to measure.

    `lists`: neighbors and distances (n, k).

    Covariance and references are drawn from the rows that are known, as they were where no row was dropped.
    """
    vectors, settings, engine = Vectors.of(embeddings), settings or Settings(), engine or InTurn()
    known = np.isfinite(before).all(axis=1)
    rows = np.flatnonzero(~known & vectors.usable)
    base = np.flatnonzero(known & vectors.usable)
    if not len(rows) or len(base) < MIN_ROWS:
        return nearest_means(vectors, *lists, settings=settings, seed=seed, engine=engine)
    whitening, chosen = _drawn(vectors.subset(base), settings, seed)
    near, distances = np.asarray(lists[0])[rows], np.asarray(lists[1])[rows]
    others = np.setdiff1d(np.union1d(base[chosen], near[near >= 0]), rows)
    some = np.concatenate([rows, others])
    place = np.full(vectors.n_rows + 1, -1, np.int64)
    place[some] = np.arange(len(some))
    means = before.copy()
    drawn = whitening, np.sort(place[base[chosen]])
    means[rows] = _means_of(vectors.subset(some), drawn, (place[near], distances), (settings.k, engine)).T
    return means


def _drawn(vectors: Vectors, settings: "Settings", seed: int) -> "tuple[Whitening, NDArray[np.int64]]":
    """Draw the rows that the covariance is taken of, and the references, positions among the usable."""
    rng = np.random.default_rng(seed)
    whitening = Whitening.of(vectors, rng)
    return whitening, np.sort(rng.permutation(len(vectors))[: settings.n_references])


def _means_of(
    vectors: Vectors,
    drawn: "tuple[Whitening, NDArray[np.int64]]",
    lists: tuple[Array, Array],
    how: tuple[int, Engine],
) -> Floats:
    """Give the mean distances (2, m) of the first m rows, those that have `lists` (m, k)."""
    (whitening, chosen), (k, engine) = drawn, how
    lengths = np.concatenate(engine.map(_Lengths(vectors, whitening), vectors.blocks(ITEM_ROWS)))
    references = References(vectors.take(chosen), whitening.center, lengths[chosen])
    among = _Among(vectors, chosen, np.asarray(lists[0]), np.asarray(lists[1]))
    n_asking = int(np.searchsorted(vectors.rows, len(lists[0])))
    blocks = [(start, min(start + ITEM_ROWS, n_asking)) for start in range(0, n_asking, ITEM_ROWS)]
    parts = engine.map(_NearestMeans(among, whitening, references, lengths, k), blocks)
    return np.concatenate(parts, axis=1)


@dataclass(frozen=True)
class Settings:
    """How many of the nearest rows count, and how many random rows all others are compared with."""

    k: int = 5
    n_references: int = 2048


def robust_deviation(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Give (value − median) / (median − 15.9 % quantile): a standard score that the upper half cannot move."""
    low, median = np.quantile(values, [LOWER, 0.5])
    scale = median - low
    if scale <= 1e-12:
        scale = max(float(np.mean(np.abs(values - median))), 1e-12)
    deviation: NDArray[np.float64] = (np.asarray(values, np.float64) - median) / scale
    return deviation


def calibrated(strangeness: NDArray[np.floating]) -> Floats:
    """Map strangeness to 0..1 by the normal law of its lower half; past `TAIL`, 1 − TAIL · z₀/z.

    The hyperbola keeps the order of extreme rows, which float32 would round to 1.
    """
    z = robust_deviation(strangeness)
    z0 = 3.0902323
    score = np.where(z <= z0, ndtr(z), 1.0 - TAIL * z0 / np.maximum(z, z0))
    return score.astype(np.float32)


@dataclass(frozen=True, eq=False)
class Whitening:
    """The precision matrix (d, d) of the rows around their `center` (d,): products by it are whitened products."""

    center: Floats
    precision: Floats

    @classmethod
    def of(cls, vectors: Vectors, rng: np.random.Generator) -> "Whitening":
        """Invert the shrunk covariance of a sample of rows."""
        sample = vectors.take(rng.permutation(len(vectors))[:COVARIANCE_ROWS])
        center = sample.mean(axis=0, dtype=np.float64).astype(np.float32)
        sample -= center
        return cls(center, precision_of(sample).astype(np.float32))

    def dual(self, rows: Floats) -> Floats:
        """Give rows (n, d) times the precision: their product with a centered row is the whitened product."""
        return np.asarray((rows - self.center) @ self.precision)


def precision_of(centered: NDArray[np.floating]) -> NDArray[np.float64]:
    """Invert the shrunk covariance (d, d) of centered rows (n, d), no direction counting below 1e-7 of the first.

    The shrinkage is that of Ledoit & Wolf 2004, section 3.3. The cost of the decomposition is cubic in the
    smaller of n and d.
    """
    n_rows, n_dims = centered.shape
    if n_rows < n_dims:
        axes, lengths, _ = np.linalg.svd(centered.T.astype(np.float64), full_matrices=False)
        values = lengths**2 / n_rows
    else:
        values, axes = np.linalg.eigh(_mean_square(centered))
    shrinkage = _shrinkage(centered, values)
    common = shrinkage * values.sum() / n_dims
    values = (1 - shrinkage) * values + common
    least = values.max() * 1e-7 + 1e-12
    unseen = 1 / max(common, least) if n_rows < n_dims else 0.0
    precision = (axes * (1 / np.maximum(values, least) - unseen)) @ axes.T
    precision[np.diag_indices(n_dims)] += unseen
    return np.asarray(precision)


def _mean_square(centered: NDArray[np.floating]) -> NDArray[np.float64]:
    """Give the covariance (d, d) of centered rows, summed in float64 a block at a time."""
    total = np.zeros((centered.shape[1], centered.shape[1]))
    for start in range(0, len(centered), QUERY_BLOCK):
        block = np.asarray(centered[start : start + QUERY_BLOCK], np.float64)
        total += block.T @ block
    return total / len(centered)


def _shrinkage(centered: NDArray[np.floating], values: NDArray[np.float64]) -> float:
    """Give how far the covariance of these `values` is moved to a multiple of the identity, 0..1."""
    n_rows, n_dims = centered.shape
    mean = values.sum() / n_dims
    spread = (np.square(values).sum() - n_dims * mean**2) / n_dims
    squares = np.einsum("ij,ij->i", centered, centered, dtype=np.float64)
    error = (np.square(squares).sum() / n_rows - np.square(values).sum()) / (n_dims * n_rows)
    return float(np.clip(error / spread, 0, 1)) if spread > 0 else 0.0


@dataclass(frozen=True, eq=False)
class References:
    """The rows that all others are compared with (m, d), the center, and their whitened lengths (m,)."""

    plain: Floats
    center: Floats
    lengths: Floats


@dataclass(frozen=True, eq=False)
class _Among:
    """The neighbors of usable rows as positions among the usable, -1 for none and for references."""

    vectors: Vectors
    chosen: NDArray[np.int64]
    neighbors: Array
    distances: Array

    def block(self, start: int, stop: int) -> tuple[NDArray[np.int64], Array, NDArray[np.bool_]]:
        """Give neighbors (m, k), distances (m, k), and which are there at all, references too."""
        rows = self.vectors.rows[start:stop]
        near, usable = np.asarray(self.neighbors[rows], np.int64), self.vectors.rows
        place = np.minimum(np.searchsorted(usable, near), len(usable) - 1)
        known = (near >= 0) & (usable[place] == near)
        reference = np.minimum(np.searchsorted(self.chosen, place), len(self.chosen) - 1)
        return np.where(known & (self.chosen[reference] != place), place, -1), self.distances[rows], known

    def themselves(self, start: int, stop: int) -> NDArray[np.bool_]:
        """Tell which reference (m, n_references) each row of the block is."""
        return np.asarray(self.chosen == np.arange(start, stop)[:, None])


@dataclass(frozen=True, eq=False)
class _Lengths:
    """Give the whitened lengths of a block of rows."""

    vectors: Vectors
    whitening: Whitening

    def __call__(self, block: tuple[int, int]) -> Floats:
        rows = self.vectors.block(*block)
        squares = np.einsum("ij,ij->i", self.whitening.dual(rows), rows - self.whitening.center)
        return np.asarray(np.sqrt(np.maximum(squares, 1e-24)), np.float32)


@dataclass(frozen=True, eq=False)
class _NearestMeans:
    """Give the mean distance (2, n) of a block to the k nearest that are no copies, as given and whitened.

    A row with fewer than k such rows gets the mean over those; with none, the largest distance, 2.
    """

    among: _Among
    whitening: Whitening
    references: References
    lengths: Floats
    k: int

    def __call__(self, block: tuple[int, int]) -> Floats:
        means = np.empty((2, block[1] - block[0]), np.float32)
        for start in range(*block, QUERY_BLOCK):
            stop = min(start + QUERY_BLOCK, block[1])
            means[:, start - block[0] : stop - block[0]] = self._means(start, stop)
        return np.maximum(means, 1e-9)

    def _means(self, start: int, stop: int) -> Floats:
        vectors, references = self.among.vectors, self.references
        rows, lengths = vectors.block(start, stop), self.lengths[start:stop, None]
        near, distances, listed = self.among.block(start, stop)
        copy = distances <= COPY_DISTANCE
        none = (near < 0) | copy
        excluded = self.among.themselves(start, stop)
        as_given = _mean_of_finite(smallest_values(np.where(listed & ~copy, distances, np.inf), self.k))
        # A list with k rows and no copy holds the nearest already; else references are looked at too.
        short = np.flatnonzero(((listed & ~copy).sum(axis=1) < self.k) | (listed & copy).any(axis=1))
        if len(short):
            similar = rows[short] @ references.plain.T
            excluded[short] |= similar >= 1 - COPY_DISTANCE
            similar[excluded[short]] = -np.inf
            as_given[short] = self._mean_of_nearest(similar, np.where(none[short], np.inf, distances[short]))
        dual = self.whitening.dual(rows)
        offset = (dual @ self.whitening.center)[:, None]
        whitened = (dual @ references.plain.T - offset) / (lengths * references.lengths)
        at = np.maximum(near, 0)
        products = np.matmul(vectors.take(at.ravel()).reshape(*at.shape, -1), dual[:, :, None])[:, :, 0]
        to_near = 1 - (products - offset) / (lengths * self.lengths[at])
        whitened[excluded] = -np.inf
        return np.stack([as_given, self._mean_of_nearest(whitened, np.where(none, np.inf, to_near))])

    def _mean_of_nearest(self, similar: Floats, close: Array) -> Floats:
        far = 1 - np.take_along_axis(similar, largest_columns(similar, self.k), axis=1)
        return np.asarray(_mean_of_finite(smallest_values(np.hstack([far, close]), self.k)), np.float32)


def _mean_of_finite(distances: NDArray[np.floating]) -> NDArray[np.floating]:
    found = np.isfinite(distances)
    total = np.where(found, distances, 0).sum(axis=1)
    return np.where(found.any(axis=1), total / np.maximum(found.sum(axis=1), 1), 2.0)
