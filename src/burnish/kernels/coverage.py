"""How well training rows cover evaluation rows: by distance for a row, by counts for a region."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import false_discovery_control, hypergeom

from burnish.kernels.top import Best, Side, keep_best
from burnish.kernels.vectors import Floats, Rows, Vectors

QUERY_BLOCK = 512


class RegionCounts(NamedTuple):
    """One entry a region: its number, its evaluation and train rows, and how likely so few train rows are."""

    regions: NDArray[np.int64]
    n_eval: NDArray[np.int64]
    n_train: NDArray[np.int64]
    p_values: NDArray[np.float64]
    q_values: NDArray[np.float64]


class Sampling(NamedTuple):
    """How many nearest count, among how many random train rows."""

    k: int = 5
    n_references: int = 8192


class Covered(NamedTuple):
    """Coverage (n,), NaN where there is none, and the mean distance that is usual among train rows."""

    coverage: Floats
    usual: float


def row_coverage(
    embeddings: ArrayLike | Vectors,
    evaluation: NDArray[np.bool_],
    *,
    before: "Covered | None" = None,
    sampling: "Sampling | None" = None,
    seed: int = 0,
) -> "Covered":
    """Give how near evaluation rows lie to train rows, 0..1; NaN for train rows and unusable rows.

    With e the mean cosine distance to the `k` nearest of at most `n_references` random train rows and
    u the median of the same among those train rows: min(1, u / e). 1: as near as train rows are among
    themselves; 0.5: twice as far. All NaN without train rows. Costs 2·n·n_references·d operations. What is known
    `before` of evaluation rows, and of what is usual, stands.
    """
    vectors, (k, n_references) = Vectors.of(embeddings), sampling or Sampling()
    coverage = np.full(vectors.n_rows, np.nan, np.float32)
    held = np.asarray(evaluation, bool)[vectors.rows]
    train, rows = np.flatnonzero(~held), np.flatnonzero(held)
    if len(train) < 2 or not len(rows):
        return Covered(coverage, float("nan"))
    chosen = np.sort(np.random.default_rng(seed).permutation(train)[:n_references])
    if before is None or not np.isfinite(before.usual):
        usual = float(np.median(_mean_distances(vectors, chosen, chosen, k=k)))
    else:
        usual, known = before.usual, before.coverage[vectors.rows[rows]]
        coverage[vectors.rows[rows]] = known
        rows = rows[np.isnan(known)]
    found = _mean_distances(vectors, rows, chosen, k=k)
    coverage[vectors.rows[rows]] = np.minimum(1.0, (usual + 1e-6) / (found + 1e-6))
    return Covered(coverage, usual)


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


def _mean_distances(vectors: Vectors, rows: Rows, chosen: Rows, *, k: int) -> Floats:
    """Give the mean distance of rows to the k nearest of the chosen ones, not counting themselves."""
    references, names = vectors.take(chosen), chosen.astype(np.int32)
    means = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), QUERY_BLOCK):
        some = rows[start : start + QUERY_BLOCK]
        best = Best.empty(len(some), k)
        asking = Side(np.arange(len(some), dtype=np.int32), some.astype(np.int32))
        keep_best(best, asking, vectors.take(some) @ references.T, names)
        distances = np.maximum(1 - best.similarities, 0)
        means[start : start + len(some)] = np.mean(distances, axis=1, where=best.positions >= 0)
    return means
