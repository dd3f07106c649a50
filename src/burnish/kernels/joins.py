"""The nearest rows of one set for each row of another: train for evaluation rows, old for new ones."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from burnish.errors import InputError
from burnish.kernels.cells import Arranged, arrange
from burnish.kernels.items import Resources
from burnish.kernels.kmeans import grouped, nearest_cells
from burnish.kernels.neighbors import RECALL, Neighbors
from burnish.kernels.sampled_recall import Known, Sampled
from burnish.kernels.top import Best, Side, keep_best
from burnish.kernels.vectors import Floats, Vectors

EXACT_PAIRS = 200_000_000
"""Up to this many pairs each is compared."""

FIRST_PROBES = 8
MAX_PROBED = 0.25
"""Once a query would have asked this share of all cells, every pair is compared instead."""

QUERY_BLOCK, KEY_BLOCK = 1024, 8192
ITEM_ROWS = 16_384


def nearest_across(
    queries: ArrayLike | Vectors,
    keys: ArrayLike | Vectors,
    k: int,
    *,
    recall: float = RECALL,
    seed: int = 0,
    resources: Resources | None = None,
) -> Neighbors:
    """Give each row of `queries` (n, d) its `k` nearest rows of `keys` (m, d): positions, cosine distances, recall.

    -1 and inf past the end, and for rows that are zero or not finite. Every pair is compared up to
    `EXACT_PAIRS`, and where `recall` is 1; beyond, the keys are put into cells, and each query asks the nearest
    ones, twice as many in each turn, until `recall` is reached on a sample.
    """
    asking, asked, resources = Vectors.of(queries), Vectors.of(keys), (resources or Resources()).within("join")
    if asking.n_dims != asked.n_dims:
        raise InputError(
            f"rows of {asking.n_dims} and of {asked.n_dims} dimensions cannot be compared.",
            remedy="Embed both sets with the same model.",
        )
    width = min(k, len(asked))
    if not width or len(asking) * len(asked) <= EXACT_PAIRS or recall == 1:
        best, known = _by_pairs(asking, asked, width, resources), Known()
    else:
        sampled = Sampled.of(asking, width, seed=seed, engine=resources.engine, keys=asked)
        best, known = _by_cells(asking, asked, sampled, recall=recall, seed=seed, resources=resources)
    resources.scratch.clear()
    positions = np.full((asking.n_rows, k), -1, np.int32)
    distances = np.full((asking.n_rows, k), np.inf, np.float32)
    there = best.positions >= 0
    positions[asking.rows, :width] = np.where(there, asked.rows[best.positions] if width else -1, -1)
    distances[asking.rows, :width] = np.where(there, np.clip(1 - best.similarities, 0, 2), np.inf)
    return Neighbors(positions, distances, *known)


def _by_pairs(asking: Vectors, asked: Vectors, k: int, resources: Resources) -> Best:
    parts = resources.engine.map(_ComparePairs(asking, asked, k), asking.blocks(ITEM_ROWS))
    return Best.joined(parts, k)


def _by_cells(
    asking: Vectors, asked: Vectors, sampled: Sampled, *, recall: float, seed: int, resources: Resources
) -> tuple[Best, Known]:
    arranged = arrange(asked, 1, seed=seed, resources=resources)
    k, n_cells = sampled.similarities.shape[1], len(arranged.cells.centroids)
    best, blocks = Best.empty(len(asking), k), asking.blocks(ITEM_ROWS)
    n_asked, n_probes, found = 0, FIRST_PROBES, 0.0
    while found < recall:
        if n_probes > max(FIRST_PROBES, MAX_PROBED * n_cells):
            return _by_pairs(asking, asked, k, resources), Known()
        item = _AskCells(asking, asked, arranged, best, (n_asked, min(n_probes, n_cells)))
        best = Best.joined(resources.engine.map(item, blocks), k)
        found = sampled.recall(best.similarities[sampled.rows])
        n_asked, n_probes = n_probes, 2 * n_probes
    return best, Known(found, len(sampled.rows))


def _asking(n_rows: int) -> Side:
    """Rows of one set are none of the other."""
    return Side(np.arange(n_rows, dtype=np.int32), np.full(n_rows, -1, np.int32))


@dataclass(frozen=True, eq=False)
class _ComparePairs:
    """Compare a block of queries with every key; give their lists."""

    asking: Vectors
    asked: Vectors
    k: int

    def __call__(self, block: tuple[int, int]) -> Best:
        rows = self.asking.block(*block)
        best = Best.empty(len(rows), self.k)
        for start, stop in self.asked.blocks(KEY_BLOCK):
            keys, names = self.asked.block(start, stop), np.arange(start, stop, dtype=np.int32)
            for first in range(0, len(rows), QUERY_BLOCK):
                some = slice(first, first + QUERY_BLOCK)
                lists = best.lines(first, first + QUERY_BLOCK)
                keep_best(lists, _asking(len(lists.positions)), rows[some] @ keys.T, names)
        return best


@dataclass(frozen=True, eq=False)
class _AskCells:
    """Compare a block of queries with some of their nearest cells: from the first number on up to the second."""

    asking: Vectors
    asked: Vectors
    arranged: Arranged
    best: Best
    span: tuple[int, int]

    def __call__(self, block: tuple[int, int]) -> Best:
        rows = self.asking.block(*block)
        best = self.best.lines(*block).copy()
        probes = nearest_cells(rows, self.arranged.cells, self.span[1])[:, self.span[0] :]
        for cell, lines in enumerate(grouped(probes, len(self.arranged.starts) - 1)):
            members = self.arranged.order[self.arranged.starts[cell] : self.arranged.starts[cell + 1]]
            if len(lines) and len(members):
                self._compare(best, rows, lines, members)
        return best

    def _compare(self, best: Best, rows: Floats, lines: NDArray[np.int64], members: NDArray[np.int64]) -> None:
        keys, names = self.asked.take(members), members.astype(np.int32)
        for first in range(0, len(lines), QUERY_BLOCK):
            some = lines[first : first + QUERY_BLOCK]
            side = Side(some.astype(np.int32), np.full(len(some), -1, np.int32))
            keep_best(best, side, rows[some] @ keys.T, names)
