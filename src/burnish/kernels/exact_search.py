"""Nearest neighbors by comparing every pair of rows, each pair once."""

from dataclasses import dataclass

import numpy as np

from burnish.kernels.items import Resources, Scratch
from burnish.kernels.top import Best, Side, keep_best, keep_best_of_both
from burnish.kernels.vectors import Vectors

BLOCK_ROWS, BLOCK_VALUES = 4096, 8_000_000
"""Rows of a block, and its values: 32 MB of float32."""

QUERY_BLOCK = 512

Range = tuple[int, int]
"""First row of a block, and the row after its last."""


def search_exact(vectors: Vectors, k: int, resources: Resources) -> Best:
    """Give the `k` nearest other usable rows of each: n² · d operations, half of comparing all with all.

    The rows are cut into blocks, and each two blocks are compared once, for the lists of both. In a round every
    block is in one pair (a round-robin tournament, by the circle method), so that items never share a list.
    """
    engine, scratch = resources.engine, resources.scratch
    blocks = vectors.blocks(min(BLOCK_ROWS, max(1, BLOCK_VALUES // max(1, vectors.n_dims))))
    for start, stop in blocks:
        for part, empty in zip(Best._fields, Best.empty(stop - start, k), strict=True):
            scratch.put(f"exact-{start}-{part}", empty)
    item = _Compare(vectors, scratch)
    engine.map(item, [(block, block) for block in blocks])
    for pairs in _rounds(len(blocks)):
        engine.map(item, [(blocks[i], blocks[j]) for i, j in pairs])
    parts = [Best(*(scratch.get(f"exact-{start}-{part}") for part in Best._fields)) for start, _ in blocks]
    return Best.joined(parts, k)


def _rounds(n_blocks: int) -> list[list[tuple[int, int]]]:
    """Give rounds of disjoint pairs such that each pair of different blocks meets once."""
    players = list(range(n_blocks)) + [-1] * (n_blocks % 2)
    rounds = []
    for _ in range(len(players) - 1):
        half = len(players) // 2
        pairs = zip(players[:half], reversed(players[half:]), strict=True)
        rounds.append([(min(pair), max(pair)) for pair in pairs if -1 not in pair])
        players = [players[0], players[-1], *players[1:-1]]
    return rounds


@dataclass(frozen=True, eq=False)
class _Compare:
    """Compare two blocks, or a block with itself, and leave their lists."""

    vectors: Vectors
    scratch: Scratch

    def __call__(self, pair: tuple[Range, Range]) -> None:
        parts = sorted(set(pair))
        held = [[self.scratch.get(f"exact-{start}-{part}") for start, _ in parts] for part in Best._fields]
        best = Best(*(np.concatenate(lists) for lists in held))
        self._merge(best, *pair)
        bounds = np.cumsum([stop - start for start, stop in parts])[:-1]
        for part, merged in zip(Best._fields, best, strict=True):
            for (start, _), lines in zip(parts, np.split(merged, bounds), strict=True):
                self.scratch.put(f"exact-{start}-{part}", lines)

    def _merge(self, best: Best, asking: Range, asked: Range) -> None:
        rows, candidates = self.vectors.block(*asking), self.vectors.block(*asked)
        names, other_names = (np.arange(*block, dtype=np.int32) for block in (asking, asked))
        other = Side(np.arange(len(candidates), dtype=np.int32) + np.int32(len(rows)), other_names)
        for start in range(0, len(rows), QUERY_BLOCK):
            some = names[start : start + QUERY_BLOCK]
            side, similarities = (
                Side(some - np.int32(asking[0]), some),
                rows[start : start + QUERY_BLOCK] @ candidates.T,
            )
            if asking == asked:
                keep_best(best, side, similarities, names)
            else:
                keep_best_of_both(best, side, similarities, other)
