"""Spherical k-means on unit rows: cells of similar direction, fitted on a sample, assigned in blocks."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

BLOCK_VALUES = 8_000_000
"""Similarities held at a time: 32 MB of float32."""


def spherical_kmeans(
    unit: Floats, n_cells: int, *, seed: int, n_iterations: int = 8, rows_per_cell: int = 64
) -> Floats:
    """Give `n_cells` unit centroids (n_cells, d) of the unit rows (n, d).

    Lloyd's iterations with cosine similarity (Dhillon & Modha 2001) on a sample of at most
    `rows_per_cell` rows a cell; an empty cell starts anew from a random row. Costs
    2 · sample · n_cells · d · n_iterations operations, all of them matrix products.
    """
    rng = np.random.default_rng(seed)
    n_sample = min(len(unit), n_cells * rows_per_cell)
    sample = unit[np.sort(rng.choice(len(unit), n_sample, replace=False))]
    centroids = sample[rng.choice(n_sample, n_cells, replace=n_cells > n_sample)]
    for _ in range(n_iterations):
        codes = assign(sample, centroids)
        centroids = cell_centroids(sample, codes, n_cells)
        empty = np.flatnonzero(~centroids.any(axis=1))
        centroids[empty] = sample[rng.integers(n_sample, size=len(empty))]
    return centroids


def assign(unit: Floats, centroids: Floats) -> NDArray[np.int64]:
    """Give each row (n,) the number of its most similar centroid; memory is one block of similarities."""
    codes = np.empty(len(unit), np.int64)
    step = max(1, BLOCK_VALUES // max(1, len(centroids)))
    for start in range(0, len(unit), step):
        codes[start : start + step] = np.argmax(unit[start : start + step] @ centroids.T, axis=1)
    return codes


def cell_centroids(unit: Floats, codes: NDArray[np.integer], n_cells: int) -> Floats:
    """Give the mean direction (n_cells, d) of the rows of each code; zeros for a code without rows."""
    order = np.argsort(codes, kind="stable")
    present, starts = np.unique(codes[order], return_index=True)
    sums = np.zeros((n_cells, unit.shape[1]), np.float32)
    for code, members in zip(present, np.split(order, starts[1:]), strict=False):
        sums[code] = unit[members].sum(axis=0)
    norms = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.asarray(np.divide(sums, norms, out=np.zeros_like(sums), where=norms > 1e-12))
