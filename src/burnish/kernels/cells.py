"""Rows in the order of the k-means cells they lie in, so that a search can compare cell with cell."""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from burnish.kernels.items import Resources, Scratch
from burnish.kernels.kmeans import Cells, fit_cells, grouped, mean_directions, nearest_cells
from burnish.kernels.vectors import Rows, Vectors

Ranks = NDArray[np.int32]

LARGEST_CELL = 4
"""Times the mean size; a larger cell is divided, so that thousands of copies stay linear."""

SHARD_ROWS, SHARD_VALUES = 65_536, 26_000_000
"""Rows that one item works for, and their values: 100 MB of float32."""


class Arranged(NamedTuple):
    """Rows by cell: `order` (m,) positions by rank, `starts` (n_cells + 1,) ranks, `cell_of` (m,) by rank.

    `nearest` (m, any): the cells nearest to each rank, its own in front.
    """

    cells: Cells
    order: Rows
    starts: Rows
    cell_of: Ranks
    nearest: Ranks


class Shard(NamedTuple):
    """Cells `first_cell` up to `end_cell` and their rows: ranks `first` up to `end`."""

    first_cell: int
    end_cell: int
    first: int
    end: int


def arrange(vectors: Vectors, n_nearest: int, *, seed: int, resources: Resources) -> Arranged:
    """Fit cells, put each row into the nearest, divide what is too large, and order the rows by cell."""
    n_cells = max(1, round(len(vectors) ** (2 / 3) / 5))  # √n of 15,000 rows, 2·√n of a million
    cells = fit_cells(vectors, n_cells, seed=seed, n_iterations=4, rows_per_cell=32)
    blocks, scratch = vectors.blocks(), resources.scratch
    if not scratch.has("nearest"):
        resources.engine.map(_NearestCells(vectors, cells, scratch, n_nearest), blocks)
        scratch.put("nearest", np.concatenate([scratch.get(f"nearest-{start}") for start, _ in blocks]))
    for start, _ in blocks:
        scratch.drop(f"nearest-{start}")
    return _divided(vectors, cells, np.asarray(scratch.get("nearest")))


def cut_shards(arranged: Arranged, n_dims: int) -> list[Shard]:
    """Cut the cells into runs of about `SHARD_ROWS` rows, always the same: they say who may write where."""
    starts = arranged.starts
    n_rows = min(SHARD_ROWS, max(1, SHARD_VALUES // n_dims))
    wanted = np.linspace(0, starts[-1], max(1, round(int(starts[-1]) / n_rows)) + 1)
    bounds = np.unique(np.searchsorted(starts, wanted).clip(0, len(starts) - 1))
    return [Shard(int(a), int(b), int(starts[a]), int(starts[b])) for a, b in pairwise(bounds)]


@dataclass(frozen=True, eq=False)
class _NearestCells:
    vectors: Vectors
    cells: Cells
    scratch: Scratch
    n: int

    def __call__(self, block: tuple[int, int]) -> None:
        name = f"nearest-{block[0]}"
        if not self.scratch.has(name):
            self.scratch.put(name, nearest_cells(self.vectors.block(*block), self.cells, self.n))


def _divided(vectors: Vectors, cells: Cells, nearest: Ranks) -> Arranged:
    """Order the rows by cell; a cell beyond `LARGEST_CELL` times the mean becomes several that lie together."""
    n_cells = len(cells.centroids)
    largest = max(2, LARGEST_CELL * len(vectors) // n_cells)
    divided = [_halved(vectors, members, largest) for members in grouped(nearest[:, :1], n_cells)]
    n_parts = np.array([len(parts) for parts in divided])
    parts = [part for of_cell in divided for part in of_cell]
    first_part = np.concatenate([[0], np.cumsum(n_parts)])
    finer = _finer(vectors, cells, parts, first_part)
    named = np.append(first_part[:-1], -1)[nearest].astype(np.int32)
    changed = np.flatnonzero((np.append(n_parts, 1)[nearest] > 1).any(axis=1))
    for start in range(0, len(changed), SHARD_ROWS):
        some = changed[start : start + SHARD_ROWS]
        named[some] = nearest_cells(vectors.take(some), finer, nearest.shape[1])
    order = np.concatenate(parts)
    starts = np.concatenate([[0], np.cumsum([len(part) for part in parts])])
    own = np.repeat(np.arange(len(parts), dtype=np.int32), np.diff(starts))
    return Arranged(finer, order, starts, own, _own_first(own, named[order]))


def _halved(vectors: Vectors, members: Rows, largest: int) -> list[Rows]:
    """Cut rows in halves along a long direction until none is larger than `largest`."""
    if len(members) <= largest:
        return [members]
    rows = vectors.take(members)
    furthest = rows[np.argmin(rows @ rows[0])]
    order = np.argsort(rows @ (furthest - rows[0]), kind="stable")
    half = len(members) // 2
    return _halved(vectors, members[order[:half]], largest) + _halved(vectors, members[order[half:]], largest)


def _finer(vectors: Vectors, cells: Cells, parts: list[Rows], first_part: Rows) -> Cells:
    """Give the cells after division, each part of a divided cell with a centroid of its own."""
    n_parts = np.diff(first_part)
    centroids = np.repeat(cells.centroids, n_parts, axis=0)
    for part in np.flatnonzero(np.repeat(n_parts, n_parts) > 1):
        rows = vectors.take(parts[part])
        centroids[part] = mean_directions(rows, np.zeros(len(rows), np.int64), 1)[0]
    return Cells(centroids, cells.coarse, first_part[cells.starts])


def _own_first(own: Ranks, nearest: Ranks) -> Ranks:
    """Give the nearest cells with each row's own in front."""
    ordered = nearest.copy()
    is_own = nearest == own[:, None]
    line, column = np.nonzero(is_own)
    ordered[line, column] = nearest[line, 0]
    missing = ~is_own.any(axis=1)
    ordered[missing, 1:] = nearest[missing, :-1]
    ordered[:, 0] = own
    return ordered
