"""How well training rows cover evaluation rows: by distance for a row, by counts for a region."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control, hypergeom

from burnish.kernels.top import smallest_values

Floats = NDArray[np.float32]
QUERY_BLOCK = 512


class RegionCounts(NamedTuple):
    """One entry a region: its number, its evaluation and train rows, and how likely so few train rows are."""

    regions: NDArray[np.int64]
    n_eval: NDArray[np.int64]
    n_train: NDArray[np.int64]
    p_values: NDArray[np.float64]
    q_values: NDArray[np.float64]


def row_coverage(
    embeddings: NDArray[Any], evaluation: NDArray[np.bool_], *, k: int = 5, n_references: int = 8192, seed: int = 0
) -> Floats:
    """Give (n,) how near evaluation rows lie to train rows, 0..1; NaN for train rows and unusable rows.

    With e the mean cosine distance to the `k` nearest of at most `n_references` random train rows and
    u the median of the same among those train rows: min(1, u / e). 1: as near as train rows are among
    themselves; 0.5: twice as far. All NaN without train rows. Costs 2·n·n_references·d operations.
    """
    coverage = np.full(len(embeddings), np.nan, np.float32)
    usable = np.isfinite(embeddings).all(axis=1) & np.any(embeddings != 0, axis=1)
    train = np.flatnonzero(usable & ~evaluation)
    rows = np.flatnonzero(usable & evaluation)
    if len(train) < 2 or not len(rows):
        return coverage
    chosen = np.sort(np.random.default_rng(seed).permutation(train)[:n_references])
    references = _unit(embeddings[chosen])
    usual = float(np.median(_mean_distances(references, references, k=k, skip_self=True)))
    found = _mean_distances(_unit(embeddings[rows]), references, k=k, skip_self=False)
    coverage[rows] = np.minimum(1.0, (usual + 1e-6) / (found + 1e-6))
    return coverage


def thin_regions(regions: NDArray[np.integer], evaluation: NDArray[np.bool_]) -> RegionCounts:
    """Test each region for having fewer train rows than a random split would leave in it.

    `regions` (n,) numbers, -1 in none. Given the rows of a region and the size of the whole evaluation
    split, the train rows of the region are hypergeometric under a random split (Fisher's exact test,
    one-sided); q-values are Benjamini–Hochberg's over the regions that hold an evaluation row. Splits
    that keep groups of rows together vary more than that: see docs/topics/coverage.md.
    """
    inside = regions >= 0
    numbers, codes = np.unique(regions[inside], return_inverse=True)
    n_eval = np.bincount(codes, weights=evaluation[inside], minlength=len(numbers)).astype(np.int64)
    size = np.bincount(codes, minlength=len(numbers))
    kept = n_eval > 0
    n_train = size - n_eval
    p = hypergeom.cdf(n_train[kept], len(regions), int((~evaluation).sum()), size[kept])
    q = false_discovery_control(np.clip(p, 0, 1)) if kept.any() else np.empty(0)
    return RegionCounts(numbers[kept].astype(np.int64), n_eval[kept], n_train[kept], p, q)


def _unit(vectors: Floats) -> Floats:
    rows = np.asarray(vectors, np.float32)
    unit: Floats = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.float32(1e-12))
    return unit


def _mean_distances(rows: Floats, references: Floats, *, k: int, skip_self: bool) -> Floats:
    means = np.empty(len(rows), np.float32)
    width = min(k, len(references) - skip_self)
    for start in range(0, len(rows), QUERY_BLOCK):
        distances = 1 - rows[start : start + QUERY_BLOCK] @ references.T
        if skip_self:
            own = np.arange(len(distances))
            distances[own, start + own] = np.inf
        nearest = smallest_values(distances, width)
        means[start : start + QUERY_BLOCK] = np.maximum(nearest, 0).mean(axis=1)
    return means
