"""A neighbor graph after rows were added or dropped, without searching for all rows again."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from burnish.errors import UsageError
from burnish.kernels.compiled import compiled
from burnish.kernels.items import Resources
from burnish.kernels.joins import nearest_across
from burnish.kernels.neighbors import RECALL, Neighbors, nearest_neighbors
from burnish.kernels.top import Best, insert
from burnish.kernels.vectors import Vectors

Positions = NDArray[np.int32]
Rows = NDArray[np.int64]
Floats = NDArray[np.float32]

BLOCK_ROWS = 8_192
"""Rows that are compared with the neighbors of their neighbors at a time."""


def change_rows(
    embeddings: ArrayLike | Vectors,
    old: Neighbors,
    rows: Rows,
    *,
    recall: float = RECALL,
    seed: int = 0,
    resources: Resources | None = None,
) -> Neighbors:
    """Give the neighbors of all rows (n), where `rows` (n,) tells the position of each in `old`, -1 for a new one.

    Rows may come in any order; those of `old` that `rows` does not name are dropped. See `drop_rows` and `add_rows`.
    """
    vectors = Vectors.of(embeddings)
    kept, fresh = np.flatnonzero(rows >= 0), np.flatnonzero(rows < 0)
    kept = kept[np.argsort(rows[kept], kind="stable")]
    left = drop_rows(vectors.subset(kept), old, rows[kept])
    order = np.concatenate([kept, fresh])
    found = add_rows(vectors.subset(order), left, recall=recall, seed=seed, resources=resources)
    positions, distances = np.empty_like(found.positions), np.empty_like(found.distances)
    positions[order] = np.append(order, -1)[found.positions]
    distances[order] = found.distances
    return found._replace(positions=positions, distances=distances)


def add_rows(
    embeddings: ArrayLike | Vectors,
    old: Neighbors,
    *,
    recall: float = RECALL,
    seed: int = 0,
    resources: Resources | None = None,
) -> Neighbors:
    """Give the neighbors of all rows (n + m), where `old` (n, k) are those of the first n.

    New rows are searched for among old and new ones. An old row is compared with the new rows that have it,
    or a neighbor of it, in their lists, and then once more with the neighbors of its neighbors where it gained
    one. Costs the searches and at most k³·m comparisons, not a search for all rows. The recall given is the
    smallest of the old graph and the searches; what it is for old rows a sample can tell (`estimate_recall`).
    """
    vectors = Vectors.of(embeddings)
    n_old, k = old.positions.shape
    if vectors.n_rows < n_old:
        raise UsageError(
            f"{vectors.n_rows:,} rows cannot be {n_old:,} and more.",
            remedy="Pass old rows, then new ones.",
        )
    fresh = np.arange(n_old, vectors.n_rows)
    across = nearest_across(
        vectors.subset(fresh), vectors.subset(np.arange(n_old)), k, recall=recall, seed=seed, resources=resources
    )
    among = nearest_neighbors(vectors.subset(fresh), k, recall=recall, seed=seed, resources=resources)
    best = _lists(old, vectors.n_rows)
    _merge(best, fresh, across.positions, across.distances)
    _merge(best, fresh, np.where(among.positions >= 0, among.positions + n_old, -1), among.distances)
    _enter_new(best, n_old)
    _compare_further(best, vectors, fresh, both=True)
    changed = np.flatnonzero((best.positions[:n_old] >= n_old).any(axis=1))
    _compare_further(best, vectors, changed, both=False)
    found = min(old.recall, across.recall, among.recall)
    return _neighbors(best, found, max(old.n_sampled, across.n_sampled, among.n_sampled))


def drop_rows(embeddings: ArrayLike | Vectors, old: Neighbors, kept: NDArray[np.integer]) -> Neighbors:
    """Give the neighbors of the rows `kept` (ascending positions in `old`); `embeddings` are theirs alone.

    A row that lost neighbors is compared with the neighbors of those that it has left; no other list changes.
    """
    vectors = Vectors.of(embeddings)
    if vectors.n_rows != len(kept):
        raise UsageError(
            f"{vectors.n_rows:,} embeddings stand beside {len(kept):,} kept rows.",
            remedy="Pass the kept ones.",
        )
    place = np.full(len(old.positions) + 1, -1, np.int32)
    place[kept] = np.arange(len(kept), dtype=np.int32)
    left = Neighbors(place[old.positions[kept]], old.distances[kept])
    best = Best.empty(len(kept), old.positions.shape[1])
    _merge(best, np.arange(len(kept)), left.positions, left.distances)
    lost = np.flatnonzero(((old.positions[kept] >= 0) & (left.positions < 0)).any(axis=1))
    _compare_further(best, vectors, lost, both=False)
    return _neighbors(best, old.recall, old.n_sampled)


def _lists(old: Neighbors, n_rows: int) -> Best:
    best = Best.empty(n_rows, old.positions.shape[1])
    best.similarities[: len(old.positions)] = 1 - old.distances
    best.positions[: len(old.positions)] = old.positions
    return best


def _neighbors(best: Best, recall: float, n_sampled: int) -> Neighbors:
    distances = np.where(best.positions >= 0, np.clip(1 - best.similarities, 0, 2), np.inf).astype(np.float32)
    return Neighbors(best.positions, distances, recall, n_sampled)


def _merge(best: Best, rows: Rows, positions: NDArray[np.integer], distances: Floats) -> None:
    _insert_all(best, rows, positions.astype(np.int32), (1 - distances).astype(np.float32))


def _compare_further(best: Best, vectors: Vectors, rows: Rows, *, both: bool) -> None:
    """Compare rows with the neighbors of their neighbors, for their own lists and where `both` for those too."""
    width = best.positions.shape[1] ** 2
    for start in range(0, len(rows), BLOCK_ROWS):
        some = rows[start : start + BLOCK_ROWS]
        left, right = np.empty(len(some) * width, np.int64), np.empty(len(some) * width, np.int64)
        n_pairs = _further(best.positions, some, left, right)
        left, right = left[:n_pairs], right[:n_pairs]
        _enter(best, (left, right), vectors.products(left, right), both)


@compiled()
def _insert_all(best: Best, rows: Rows, positions: Positions, similarities: Floats) -> None:
    for line in range(len(rows)):
        for column in range(positions.shape[1]):
            if positions[line, column] >= 0:
                insert(best, rows[line], similarities[line, column], positions[line, column])


@compiled()
def _enter_new(best: Best, n_old: int) -> None:
    """Enter each new row in the lists of the old ones that it lists."""
    for row in range(n_old, len(best.positions)):
        for column in range(best.positions.shape[1]):
            other = best.positions[row, column]
            if 0 <= other < n_old:
                insert(best, other, best.similarities[row, column], row)


@compiled()
def _further(positions: Positions, rows: Rows, left: Rows, right: Rows) -> int:
    """List the pairs of each row and the neighbors of its neighbors, some of them twice; give how many."""
    n_pairs = 0
    for row in rows:
        for near in positions[row]:
            if near >= 0:
                for further in positions[near]:
                    if further >= 0 and further != row:
                        left[n_pairs], right[n_pairs] = row, further
                        n_pairs += 1
    return n_pairs


@compiled()
def _enter(best: Best, pairs: tuple[Rows, Rows], similarities: Floats, both: bool) -> None:  # noqa: FBT001
    left, right = pairs
    for pair in range(len(left)):
        insert(best, left[pair], similarities[pair], right[pair])
        if both:
            insert(best, right[pair], similarities[pair], left[pair])
