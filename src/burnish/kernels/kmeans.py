"""Spherical k-means on unit rows: cells of similar direction, in two levels so that many cells stay cheap."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from burnish.kernels.compiled import compiled
from burnish.kernels.top import Best, Side, keep_best
from burnish.kernels.vectors import Vectors, block_rows

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

FLAT_CELLS = 128
"""Up to this many cells are fitted at once, more in two levels."""

N_BEAM = 5
"""Coarse cells whose finer ones a row is compared with."""

SAMPLE_VALUES = 64_000_000
"""Values of the sample that cells are fitted on: at most 256 MB of float32."""

BLOCK_VALUES = 2_000_000
"""Similarities held at a time: 8 MB of float32."""


class Cells(NamedTuple):
    """Centroids (n_cells, d) in the order of the coarse cells (n_coarse, d) that they divide.

    The cells of coarse cell j are `starts[j]` to `starts[j + 1]`; near coarse cells stand together.
    """

    centroids: Floats
    coarse: Floats
    starts: Rows


def spherical_kmeans(
    rows: Floats | Vectors, n_cells: int, *, seed: int, n_iterations: int = 8, rows_per_cell: int = 64
) -> Floats:
    """Give `n_cells` unit centroids (n_cells, d) of unit rows (n, d); see `fit_cells`."""
    return fit_cells(
        Vectors.of(rows), n_cells, seed=seed, n_iterations=n_iterations, rows_per_cell=rows_per_cell
    ).centroids


def fit_cells(vectors: Vectors, n_cells: int, *, seed: int, n_iterations: int = 8, rows_per_cell: int = 64) -> Cells:
    """Fit cells on a sample of `rows_per_cell` rows a cell (fewer where the sample would exceed 256 MB).

    Lloyd's iterations with cosine similarity (Dhillon & Modha 2001); an empty cell starts anew from a
    random row. Beyond `FLAT_CELLS` in two levels: about √n_cells coarse cells, each divided in proportion
    to its rows, then two rounds over all in which a row is compared with the cells of the `N_BEAM` coarse
    cells nearest to it. So an iteration costs 2 · sample · √n_cells · d operations instead of
    2 · sample · n_cells · d.
    """
    rng = np.random.default_rng(seed)
    most = max(2 * n_cells, SAMPLE_VALUES // max(1, vectors.n_dims))
    n_sample = min(len(vectors), n_cells * rows_per_cell, most)
    sample = vectors.take(np.sort(rng.choice(len(vectors), n_sample, replace=False)))
    if n_cells <= FLAT_CELLS:
        centroids = _lloyd(sample, n_cells, rng, n_iterations)
        return Cells(centroids, _mean_direction(sample)[None], np.array([0, n_cells]))
    coarse = _in_a_chain(_lloyd(sample, round(np.sqrt(n_cells)), rng, n_iterations))
    codes = assign(sample, coarse)
    starts = np.concatenate([[0], np.cumsum(_shared_out(n_cells, np.bincount(codes, minlength=len(coarse))))])
    parts = [_lloyd(sample[codes == j], int(starts[j + 1] - starts[j]), rng, n_iterations) for j in range(len(coarse))]
    cells = Cells(np.concatenate(parts), coarse, starts)
    for _ in range(2):
        moved = mean_directions(sample, nearest_cells(sample, cells, 1)[:, 0], n_cells)
        cells = cells._replace(centroids=np.where(np.any(moved, axis=1, keepdims=True), moved, cells.centroids))
    return cells


def assign(rows: Floats, centroids: Floats) -> Rows:
    """Give each unit row (n,) the number of its most similar centroid; memory is one block of similarities."""
    codes = np.empty(len(rows), np.int64)
    step = max(1, BLOCK_VALUES // max(1, len(centroids)))
    for start in range(0, len(rows), step):
        codes[start : start + step] = np.argmax(rows[start : start + step] @ centroids.T, axis=1)
    return codes


def nearest_cells(rows: Floats, cells: Cells, n: int) -> NDArray[np.int32]:
    """Give each unit row (m, d) its `n` nearest cells (m, n), nearest first, -1 past the last one compared.

    A row is compared with the cells of its `N_BEAM` nearest coarse cells, more where those hold fewer than `n`.
    """
    found = np.empty((len(rows), n), np.int32)
    n_coarse = len(cells.coarse)
    n_beam = min(n_coarse, max(N_BEAM, -(-n * n_coarse // max(1, len(cells.centroids)))))
    step = max(256, block_rows(rows.shape[1]))
    for start in range(0, len(rows), step):
        block = rows[start : start + step]
        best = Best.empty(len(block), n)
        if n_coarse <= n_beam:
            _compare(block, np.arange(len(block)), cells.centroids, best)
        else:
            beam = Best.empty(len(block), n_beam)
            _compare(block, np.arange(len(block)), cells.coarse, beam)
            for j, asking in enumerate(grouped(beam.positions, n_coarse)):
                children = slice(cells.starts[j], cells.starts[j + 1])
                _compare(block, asking, cells.centroids[children], best, first=int(cells.starts[j]))
        found[start : start + step] = best.positions
    return found


def grouped(choices: NDArray[np.int32], n_groups: int) -> list[Rows]:
    """Give for each group the lines of `choices` (n, any) that name it, ascending; -1 names none."""
    keys = (choices.ravel() + 1).astype(np.uint16 if n_groups < 2**16 - 1 else np.int32)
    order = np.argsort(keys, kind="stable") // choices.shape[1]
    return np.split(order, np.cumsum(np.bincount(keys, minlength=n_groups + 1))[:-1])[1:]


def mean_directions(rows: Floats, codes: NDArray[np.integer], n_cells: int) -> Floats:
    """Give the mean direction (n_cells, d) of the unit rows of each code; zeros for a code without rows."""
    sums = np.zeros((n_cells, rows.shape[1]), np.float32)
    add_up(sums, rows, codes.astype(np.int64))
    norms = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.asarray(np.divide(sums, norms, out=np.zeros_like(sums), where=norms > 1e-12))


def _compare(block: Floats, lines: Rows, centroids: Floats, best: Best, *, first: int = 0) -> None:
    """Merge the similarities of some `lines` of the block to centroids, called `first` and so on, into `best`."""
    if len(lines) and len(centroids):
        similarities = (block if len(lines) == len(block) else block[lines]) @ centroids.T
        asking = Side(lines.astype(np.int32), np.full(len(lines), -1, np.int32))
        keep_best(best, asking, similarities, np.arange(first, first + len(centroids), dtype=np.int32))


def _lloyd(sample: Floats, n_cells: int, rng: np.random.Generator, n_iterations: int) -> Floats:
    if not n_cells or not len(sample):
        return np.zeros((n_cells, sample.shape[1]), np.float32)
    centroids = sample[rng.choice(len(sample), n_cells, replace=n_cells > len(sample))]
    for _ in range(n_iterations):
        centroids = mean_directions(sample, assign(sample, centroids), n_cells)
        empty = np.flatnonzero(~centroids.any(axis=1))
        centroids[empty] = sample[rng.integers(len(sample), size=len(empty))]
    return centroids


def _shared_out(n_cells: int, counts: NDArray[np.integer]) -> Rows:
    """Share cells out in proportion to counts, at least one where there are rows (largest remainder)."""
    share = n_cells * counts / max(1, counts.sum())
    given = np.maximum(np.floor(share).astype(np.int64), counts > 0)
    rest = n_cells - int(given.sum())
    if rest > 0:
        given[np.argsort(given - share, kind="stable")[:rest]] += 1
    while given.sum() > n_cells:
        given[np.argmax(given - share)] -= 1
    return np.asarray(given, np.int64)


def _in_a_chain(centroids: Floats) -> Floats:
    """Put near centroids next to one another: each is followed by the nearest one left."""
    left = list(range(1, len(centroids)))
    chain = [0]
    while left:
        following = left[int(np.argmax(centroids[left] @ centroids[chain[-1]]))]
        chain.append(following)
        left.remove(following)
    return centroids[chain]


def _mean_direction(rows: Floats) -> Floats:
    return np.asarray(mean_directions(rows, np.zeros(len(rows), np.int64), 1)[0])


@compiled()
def add_up(sums: Floats, rows: Floats, codes: Rows) -> None:
    """Add each row (n, d) to the line of `sums` (n_codes, d) that its code names."""
    for row in range(rows.shape[0]):
        code = codes[row]
        for column in range(rows.shape[1]):
            sums[code, column] += rows[row, column]
