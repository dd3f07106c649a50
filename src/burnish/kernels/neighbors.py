"""Nearest neighbors by cosine distance: exact up to a stated size, by cells and with known recall beyond."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from burnish.errors import InputError, UsageError
from burnish.kernels.kmeans import assign, cell_centroids, spherical_kmeans
from burnish.kernels.top import largest_columns

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

EXACT_ROWS = 30_000
"""Up to this many rows every pair is compared."""

QUERY_BLOCK, CANDIDATE_BLOCK = 1024, 8192
"""Similarities held at a time: 32 MB of float32."""


class Neighbors(NamedTuple):
    """Positions and cosine distances, both (n, k), nearest first; -1 / inf where there is none."""

    positions: NDArray[np.int32]
    distances: NDArray[np.float32]


def nearest_neighbors(
    embeddings: ArrayLike, k: int = 15, *, exact_rows: int = EXACT_ROWS, n_probes: int = 32, seed: int = 0
) -> Neighbors:
    """Give each row its `k` nearest other rows by cosine distance (0..2), nearest first.

    `embeddings` (n, d) of any real dtype, layout or byte order; rows need not have unit length. A row
    that is zero or not finite has no neighbors and is nobody's neighbor. Past the last neighbor
    stand -1 and inf. Up to `exact_rows` rows the answer is exact: blocked matrix products, 2·n²·d
    operations, 32 MB beside the unit rows. Beyond, rows are put into about 2·√n cells and each
    looks into the `n_probes` cells nearest to it (an inverted file, Jégou et al. 2011, section IV,
    worked cell by cell as dense products); `estimate_recall` tells what that missed.

    >>> nearest_neighbors([[1, 0], [2, 0], [0, 1]], k=1).positions.ravel().tolist()
    [1, 0, 0]
    """
    if k < 1:
        raise UsageError(f"k is {k}.", remedy="Ask for at least 1 neighbor.")
    unit, rows, n_rows = usable_units(embeddings)
    best = _Best.empty(len(unit), min(k, max(1, len(unit) - 1)))
    if len(unit) <= exact_rows:
        _search_all(unit, best)
    else:
        _search_cells(unit, best, n_probes=n_probes, seed=seed)
    return _finished(best, rows, n_rows, k)


def estimate_recall(embeddings: ArrayLike, neighbors: Neighbors, *, n_sampled: int = 500, seed: int = 0) -> float:
    """Give the share of true nearest neighbors that `neighbors` holds, over a sample of rows.

    A neighbor counts when it is no further than the true k-th one, so that ties do no harm.
    Costs 2·n_sampled·n·d operations; 1.0 when there is nothing to find.
    """
    unit, rows, _ = usable_units(embeddings)
    rng = np.random.default_rng(seed)
    sampled = np.sort(rng.choice(len(unit), min(n_sampled, len(unit)), replace=False))
    best = _Best.empty(len(sampled), min(neighbors.positions.shape[1], max(1, len(unit) - 1)))
    _search_candidates(unit, sampled, np.arange(len(sampled)), best)
    true = np.sort(1 - best.similarities, axis=1)
    is_true = np.isfinite(true)
    furthest = np.max(np.where(is_true, true, -np.inf), axis=1, initial=-np.inf)
    found = neighbors.distances[rows[sampled]] <= furthest[:, None] + 1e-5
    n_true = int(is_true.sum())
    return float(np.minimum(found.sum(axis=1), is_true.sum(axis=1)).sum() / n_true) if n_true else 1.0


def usable_units(embeddings: ArrayLike) -> tuple[Floats, Rows, int]:
    """Give the usable rows scaled to unit length (m, d), their positions (m,), and the number of all rows.

    A row is usable when it is finite and not zero. Rows that already are unit float32 are not copied.
    """
    given = np.asanyarray(embeddings)
    if given.ndim != 2:
        raise InputError(
            f"embeddings have {given.ndim} dimension(s), shape {given.shape}.",
            remedy="Pass one row a line: an array of shape (n_rows, n_dims).",
        )
    norms = np.concatenate([_norms(block) for block in _blocks(given)] or [np.empty(0)])
    rows = np.flatnonzero(np.isfinite(norms) & (norms > 0))
    plain = given.dtype == np.float32 and given.dtype.isnative and given.flags.c_contiguous
    if plain and len(rows) == len(given) and np.all(np.abs(norms - 1) < 1e-5):
        return np.asarray(given), rows, len(given)
    unit = np.empty((len(rows), given.shape[1]), np.float32)
    for start in range(0, len(rows), CANDIDATE_BLOCK):
        chosen = rows[start : start + CANDIDATE_BLOCK]
        unit[start : start + CANDIDATE_BLOCK] = given[chosen].astype(np.float64) / norms[chosen, None]
    return unit, rows, len(given)


class _Best(NamedTuple):
    """The best so far of each query, in no order; similarities are -inf where positions are -1."""

    similarities: Floats
    positions: NDArray[np.int32]

    @classmethod
    def empty(cls, n_queries: int, k: int) -> "_Best":
        return cls(np.full((n_queries, k), -np.inf, np.float32), np.full((n_queries, k), -1, np.int32))


def _blocks(given: NDArray[np.generic]) -> list[NDArray[np.generic]]:
    return [given[start : start + CANDIDATE_BLOCK] for start in range(0, len(given), CANDIDATE_BLOCK)]


def _norms(block: NDArray[np.generic]) -> NDArray[np.float64]:
    values = block.astype(np.float64)
    values[~np.isfinite(values).all(axis=1)] = np.nan
    largest = np.abs(values).max(axis=1, initial=0.0)  # squares of very large or small values leave the range
    scaled = np.divide(values, largest[:, None], out=np.zeros_like(values), where=largest[:, None] > 0)
    return np.asarray(largest * np.sqrt(np.einsum("ij,ij->i", scaled, scaled)))


def _search_all(unit: Floats, best: _Best) -> None:
    for start in range(0, len(unit), QUERY_BLOCK):
        queries = np.arange(start, min(start + QUERY_BLOCK, len(unit)))
        _search_candidates(unit, queries, queries, best)


def _search_candidates(unit: Floats, queries: Rows, slots: Rows, best: _Best) -> None:
    """Compare `queries` with every row and keep the best in the lines `slots` of `best`."""
    block = unit[queries]
    for start in range(0, len(unit), CANDIDATE_BLOCK):
        similarities = block @ unit[start : start + CANDIDATE_BLOCK].T
        candidates = np.arange(start, start + similarities.shape[1])
        _keep_best(best, slots, similarities, candidates=candidates, queries=queries)


def _search_cells(unit: Floats, best: _Best, *, n_probes: int, seed: int) -> None:
    cells, centroids = _make_cells(unit, seed=seed)
    n_probes = min(n_probes, len(cells))
    for cell, queries in zip(cells, _queries_by_cell(unit, centroids, n_probes), strict=True):
        members = unit[cell]
        for start in range(0, len(queries), QUERY_BLOCK):
            asking = queries[start : start + QUERY_BLOCK]
            _keep_best(best, asking, unit[asking] @ members.T, candidates=cell, queries=asking)


def _make_cells(unit: Floats, *, seed: int) -> tuple[list[Rows], Floats]:
    """Give the rows of each cell and the centroids; a cell far larger than the mean is split in halves.

    Thousands of copies of one vector would otherwise be one cell, compared with itself in full.
    """
    n_cells = max(1, int(2 * np.sqrt(len(unit))))
    codes = assign(unit, spherical_kmeans(unit, n_cells, seed=seed))
    order = np.argsort(codes, kind="stable")
    bounds = np.flatnonzero(np.diff(codes[order])) + 1
    largest = 4 * len(unit) // n_cells
    cells = [part for cell in np.split(order, bounds) for part in _halved(unit, cell, largest)]
    parts = np.empty(len(unit), np.int64)
    parts[np.concatenate(cells)] = np.repeat(np.arange(len(cells)), [len(cell) for cell in cells])
    return cells, cell_centroids(unit, parts, len(cells))


def _halved(unit: Floats, cell: Rows, largest: int) -> list[Rows]:
    if len(cell) <= largest:
        return [cell]
    first = unit[cell[0]]
    furthest = unit[cell[np.argmin(unit[cell] @ first)]]
    order = np.argsort(unit[cell] @ (furthest - first), kind="stable")
    half = len(cell) // 2
    return _halved(unit, cell[order[:half]], largest) + _halved(unit, cell[order[half:]], largest)


def _queries_by_cell(unit: Floats, centroids: Floats, n_probes: int) -> list[Rows]:
    probed = np.empty((len(unit), n_probes), np.int32)
    for start in range(0, len(unit), CANDIDATE_BLOCK):
        similarities = unit[start : start + CANDIDATE_BLOCK] @ centroids.T
        probed[start : start + CANDIDATE_BLOCK] = largest_columns(similarities, n_probes)
    order = np.argsort(probed.ravel(), kind="stable")
    bounds = np.cumsum(np.bincount(probed.ravel(), minlength=len(centroids)))[:-1]
    return np.split(order // n_probes, bounds)


def _keep_best(best: _Best, slots: Rows, similarities: Floats, *, candidates: Rows, queries: Rows) -> None:
    """Put the most similar of `candidates` (columns of `similarities`) into the lines `slots` of `best`."""
    k = best.similarities.shape[1]
    _exclude_self(similarities, candidates, queries)
    held, held_positions = best.similarities[slots], best.positions[slots]
    columns, values = _promising(similarities, held.min(axis=1), k)
    if not columns.size:
        return
    pool = np.hstack([held, values])
    positions = np.hstack([held_positions, candidates[columns].astype(np.int32)])
    top = largest_columns(pool, k)
    best.similarities[slots] = np.take_along_axis(pool, top, axis=1)
    best.positions[slots] = np.take_along_axis(positions, top, axis=1)


def _exclude_self(similarities: Floats, candidates: Rows, queries: Rows) -> None:
    _, query_lines, columns = np.intersect1d(queries, candidates, assume_unique=True, return_indices=True)
    similarities[query_lines, columns] = -np.inf


def _promising(similarities: Floats, worst_held: Floats, k: int) -> tuple[Rows, Floats]:
    """Give columns and similarities (n, w) that may beat the worst one held; -inf pads.

    After the first blocks few entries do, and comparing costs far less than a partition of the block.
    """
    promising = similarities > worst_held[:, None]
    counts = np.count_nonzero(promising, axis=1)
    width = int(counts.max(initial=0))
    if width > 4 * k:
        top = largest_columns(similarities, min(k, similarities.shape[1]))
        return top, np.take_along_axis(similarities, top, axis=1)
    hits = np.flatnonzero(promising)
    lines, columns = np.divmod(hits, similarities.shape[1])
    place = np.arange(len(hits)) - np.repeat(np.cumsum(counts) - counts, counts)
    chosen = np.zeros((len(similarities), width), np.int64)
    values = np.full((len(similarities), width), -np.inf, np.float32)
    chosen[lines, place] = columns
    values[lines, place] = similarities.ravel()[hits]
    return chosen, values


def _finished(best: _Best, rows: Rows, n_rows: int, k: int) -> Neighbors:
    order = np.argsort(-best.similarities, axis=1, kind="stable")
    similarities = np.take_along_axis(best.similarities, order, axis=1)
    found = np.take_along_axis(best.positions, order, axis=1)
    found[similarities == -np.inf] = -1
    positions = np.full((n_rows, k), -1, np.int32)
    distances = np.full((n_rows, k), np.inf, np.float32)
    width = found.shape[1]
    if len(rows):
        positions[rows, :width] = np.where(found >= 0, rows[found], -1)
        distances[rows, :width] = np.where(found >= 0, np.clip(1 - similarities, 0, 2), np.inf)
    return Neighbors(positions, distances)
