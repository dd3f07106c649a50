"""Outlier scores of embeddings: how far a row lies from its nearest rows, as given and in whitened space."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr
from sklearn.covariance import ledoit_wolf

from burnish.kernels.top import largest_columns, smallest_values

Floats = NDArray[np.float32]
Rows = NDArray[np.integer]
Array = NDArray[Any]

COVARIANCE_ROWS = 20_000
QUERY_BLOCK = 512
COPY_DISTANCE = 1e-5
"""Rows no further apart than this (cosine) are copies of each other and vouch for nobody."""
TAIL = 1e-3
"""Down to this tail probability the score is calibrated; beyond it only ranks."""
LOWER = float(ndtr(-1.0))


class References(NamedTuple):
    """The rows that all others are compared with: positions, and unit vectors in both spaces."""

    positions: Rows
    plain: Floats
    white: Floats


def outlier_score(
    embeddings: Array, neighbors: Array, distances: Array, *, k: int = 5, n_references: int = 2048, seed: int = 0
) -> Floats:
    """Give (n,) how strange each row is, 0..1: 1 − the share of ordinary rows that would be as strange.

    Two views are averaged: the mean cosine distance to the `k` nearest rows, as given, and the same
    after Ledoit–Wolf whitening (Ledoit & Wolf 2004), which weighs all directions of the data alike.
    Copies of a row (`COPY_DISTANCE`) do not count, so that a stranger that occurs ten times stays one.
    Nearest is among `neighbors` (n, k_given; -1 none) with cosine `distances`, and `n_references`
    random rows, which bounds the cost: 4·n·n_references·d operations, one (512, n_references) block.

    Each view becomes a robust deviation (log distance, median and lower half: strangers, up to half
    of the rows, hardly move it); their sum is read as a normal deviation, again by its lower half.
    A typical row gets 0.5, and of clean normal data a share 1 − t lies above t, up to t = 0.999;
    above that the score still ranks but means no probability. Where both views agree exactly
    (all rows alike), every row gets 0.5. NaN for rows that are zero or not finite.
    """
    usable = np.isfinite(embeddings).all(axis=1) & np.any(embeddings != 0, axis=1)
    score = np.full(len(embeddings), np.nan, np.float32)
    rows = np.flatnonzero(usable)
    if len(rows) < 3:
        score[rows] = 0.5
        return score
    plain = _unit(embeddings[rows].astype(np.float32))
    near, near_distances = _renumbered(neighbors[rows], distances[rows], rows, len(embeddings))
    rng = np.random.default_rng(seed)
    white = _whitened(plain, rng)
    chosen = np.sort(rng.permutation(len(rows))[:n_references])
    references = References(chosen, plain[chosen], white[chosen])
    near = np.where(np.isin(near, chosen), -1, near)
    first, second = _nearest_means((plain, white), (near, near_distances), references, k)
    score[rows] = calibrated(robust_deviation(np.log(first)) + robust_deviation(np.log(second)))
    return score


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


def _unit(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)


def _renumbered(neighbors: Rows, distances: Floats, rows: Rows, n_rows: int) -> tuple[Rows, Floats]:
    """Give neighbors as positions among the usable `rows`, -1 for none, and their distances."""
    rank = np.full(n_rows + 1, -1, np.int64)
    rank[rows] = np.arange(len(rows))
    return rank[np.where(neighbors < 0, n_rows, neighbors)], distances


def _whitened(unit: Floats, rng: np.random.Generator) -> Floats:
    """Give the rows centered, whitened by the shrunk covariance of a sample, and scaled to unit length."""
    sample = unit[rng.permutation(len(unit))[:COVARIANCE_ROWS]].astype(np.float64)
    center = sample.mean(axis=0)
    covariance, _ = ledoit_wolf(sample - center, assume_centered=True)
    values, axes = np.linalg.eigh(covariance)
    scaled = axes / np.sqrt(np.maximum(values, values[-1] * 1e-7 + 1e-12))
    turn, shift = scaled.astype(np.float32), center.astype(np.float32)
    white = np.empty_like(unit)
    for start in range(0, len(unit), COVARIANCE_ROWS):
        block = slice(start, start + COVARIANCE_ROWS)
        white[block] = _unit((unit[block] - shift) @ turn)
    return white


def _nearest_means(
    unit: tuple[Floats, Floats], given: tuple[Rows, Floats], references: References, k: int
) -> tuple[Floats, Floats]:
    """Give the mean distance (n,) to the k nearest that are no copies, as given and whitened.

    A row with fewer than k such rows gets the mean over those; with none, the largest distance, 2.
    """
    plain, white = unit
    near, near_distances = given
    means = np.empty((2, len(plain)), np.float32)
    for start in range(0, len(plain), QUERY_BLOCK):
        block = slice(start, start + QUERY_BLOCK)
        to_near = 1 - np.einsum("nd,nkd->nk", white[block], white[np.maximum(near[block], 0)])
        none = (near[block] < 0) | (near_distances[block] <= COPY_DISTANCE)
        as_given = plain[block] @ references.plain.T
        whitened = white[block] @ references.white.T
        copies = np.nonzero(as_given >= 1 - COPY_DISTANCE)  # among them the row itself
        for view, similar, close in ((0, as_given, near_distances[block]), (1, whitened, to_near)):
            similar[copies] = -np.inf
            far = 1 - np.take_along_axis(similar, largest_columns(similar, k), axis=1)
            candidates = np.hstack([far, np.where(none, np.inf, close)])
            means[view, block] = _mean_of_finite(smallest_values(candidates, k))
    return np.maximum(means[0], 1e-9), np.maximum(means[1], 1e-9)


def _mean_of_finite(distances: NDArray[np.floating]) -> NDArray[np.floating]:
    found = np.isfinite(distances)
    total = np.where(found, distances, 0).sum(axis=1)
    return np.where(found.any(axis=1), total / np.maximum(found.sum(axis=1), 1), 2.0)
