"""Clusters of a neighbor graph at several levels of detail, each with its stability under resampling.

The graph joins near neighbors and weighs each edge by how many neighbors the two rows share (Jarvis &
Patrick 1973; as in PhenoGraph, Levine et al. 2015), so that sparse bridges between dense regions weigh
little. Its communities are found by the Leiden algorithm (Traag, Waltman & van Eck 2019).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from graspologic_native import leiden_csr
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]

RESOLUTIONS = (0.25, 1.0, 4.0, 16.0)
"""Modularity resolution of each level, coarse to fine; 1 is modularity as Newman & Girvan defined it."""

MIN_SIZE = 5
"""Rows that hang together with fewer than this many are noise."""

ROW_BLOCK = 4096

Resampled = tuple[NDArray[np.int64], list[Codes]]
"""Rows of one resample, and their codes at each level."""


class Hierarchy(NamedTuple):
    """Nested clusters. Ids are unique over all levels; those of the working level come first, by size.

    `path` (n, n_levels) int64: the cluster of each row, coarse to fine, -1 noise. `working`: the level
    to work with. Per cluster id: `parent` (-1 at the coarsest level), `level`, `size`, `stability` (0..1).
    """

    path: Codes
    working: int
    parent: Codes
    level: Codes
    size: Codes
    stability: Floats


def cluster_rows(
    neighbors: NDArray[np.integer],
    *,
    resolutions: Sequence[float] = RESOLUTIONS,
    min_size: int = MIN_SIZE,
    n_resamples: int = 10,
    resampled_rows: int = 250_000,
    seed: int = 0,
) -> Hierarchy:
    """Give nested clusters from neighbor positions (n, k); no number of clusters is asked for.

    The working level is the most stable one but for the coarsest and the finest, and is kept as Leiden
    gave it; a coarser cluster joins whole finer ones, a finer one lies inside one working cluster.
    Stability of a cluster is how well it is found again (mean Jaccard similarity of its best match,
    Hennig 2007, section 3) among `n_resamples` clusterings of 80 % of the rows. Where those would be more
    than `resampled_rows` rows in all, fewer are run, at least 3. Only noise is -1: rows whose
    connected part of the graph is smaller than `min_size`.
    """
    graph = shared_neighbor_graph(neighbors)
    kept = np.flatnonzero(_component_sizes(graph) >= min_size)
    graph = graph[kept][:, kept]
    found = [_find(graph, resolution, min_size=min_size, seed=seed) for resolution in resolutions]
    n_runs = int(np.clip(resampled_rows // max(1, len(kept)), min(3, n_resamples), n_resamples))
    resampled = _resample(graph, resolutions, n_runs, min_size=min_size, seed=seed)
    overall = [_overall_stability(codes, resampled, level) for level, codes in enumerate(found)]
    middle = range(1, len(found) - 1) if len(found) > 2 else range(len(found))
    working = max(middle, key=lambda level: overall[level])
    levels = _nest(graph, found, working, resolutions=resolutions, min_size=min_size, seed=seed)
    stability = [_stability(codes, resampled, level) for level, codes in enumerate(levels)]
    return _numbered(levels, stability, working, rows=kept, n_rows=len(neighbors))


def shared_neighbor_graph(neighbors: NDArray[np.integer]) -> csr_array:
    """Join each row with its neighbors (n, k); weigh an edge by the Jaccard similarity of the neighborhoods.

    A neighborhood holds its own row. Symmetric (n, n), at most 2·n·k entries; costs n·k³ comparisons
    in blocks, whatever the number of rows that share a hub. -1 means no neighbor.
    """
    n_rows, k = neighbors.shape
    weights = np.zeros((n_rows, k))
    for start in range(0, n_rows, ROW_BLOCK):
        weights[start : start + ROW_BLOCK] = _jaccard(neighbors, start)
    there = neighbors >= 0
    rows = np.broadcast_to(np.arange(n_rows)[:, None], neighbors.shape)[there]
    directed = csr_array((weights[there], (rows, neighbors[there])), shape=(n_rows, n_rows))
    return csr_array(directed.maximum(directed.T))


def leiden(graph: csr_array, resolution: float, *, seed: int) -> Codes:
    """Give each row (n,) its community, 0..n_communities-1; a row without an edge gets one of its own."""
    n_rows = graph.shape[0]
    codes = np.full(n_rows, -1, np.int64)
    if graph.nnz:
        _, members = leiden_csr(
            graph.indptr.astype(np.int64),
            graph.indices.astype(np.int32),
            graph.data.astype(np.float64),
            n_rows,
            resolution=resolution,
            seed=seed,
        )
        codes[np.fromiter(members, np.int64)] = np.fromiter(members.values(), np.int64)
    alone = codes < 0
    codes[alone] = codes.max(initial=-1) + 1 + np.arange(int(alone.sum()))
    return _compact(codes)


def _jaccard(neighbors: NDArray[np.integer], start: int) -> Floats:
    mine = neighbors[start : start + ROW_BLOCK]
    own = np.arange(start, start + len(mine))[:, None]
    n_mine = 1 + (mine >= 0).sum(axis=1)
    weights = np.zeros(mine.shape)
    for slot in range(mine.shape[1]):
        other = mine[:, slot]
        theirs = neighbors[other]
        same = (mine[:, :, None] == theirs[:, None, :]) & (mine >= 0)[:, :, None]
        shared = 1 + np.count_nonzero(same, axis=(1, 2)) + (theirs == own).any(axis=1)
        union = n_mine + 1 + (theirs >= 0).sum(axis=1) - shared
        weights[:, slot] = np.where(other >= 0, shared / union, 0)
    return weights


def _component_sizes(graph: csr_array) -> Codes:
    _, component = connected_components(graph, directed=False)
    sizes: Codes = np.bincount(component)[component] if len(component) else np.empty(0, np.int64)
    return sizes


def _compact(codes: Codes) -> Codes:
    return np.unique(codes, return_inverse=True)[1].astype(np.int64)


def _find(graph: csr_array, resolution: float, *, min_size: int, seed: int) -> Codes:
    """Give communities of at least `min_size` rows: a smaller one joins the one it hangs on most."""
    codes = leiden(graph, resolution, seed=seed)
    joins = _joins_of_small(graph, codes, min_size)
    while joins is not None:  # each pass at least halves the small ones that can still join
        codes = _compact(connected_components(joins, directed=False)[1][codes])
        joins = _joins_of_small(graph, codes, min_size)
    return codes


def _joins_of_small(graph: csr_array, codes: Codes, min_size: int) -> coo_array | None:
    edges = graph.tocoo()
    from_code, to_code = codes[edges.row], codes[edges.col]
    leaving = (np.bincount(codes)[from_code] < min_size) & (from_code != to_code) if len(codes) else []
    if not np.any(leaving):
        return None
    n_clusters = int(codes.max()) + 1
    shape = (n_clusters, n_clusters)
    between = coo_array((edges.data[leaving], (from_code[leaving], to_code[leaving])), shape=shape).tocsr()
    small = np.flatnonzero(np.diff(between.indptr))
    target = np.asarray(between.argmax(axis=1)).ravel()[small]
    return coo_array((np.ones(len(small)), (small, target)), shape=shape)


def _resample(
    graph: csr_array, resolutions: Sequence[float], n_runs: int, *, min_size: int, seed: int
) -> list[Resampled]:
    """Cluster 80 % of the rows anew, `n_runs` times; give the rows and their codes at each level."""
    rng = np.random.default_rng(seed)
    n_rows = graph.shape[0]
    runs = []
    for run in range(n_runs if n_rows else 0):
        rows = np.sort(rng.choice(n_rows, max(1, int(0.8 * n_rows)), replace=False))
        part = graph[rows][:, rows]
        codes = [_find(part, resolution, min_size=min_size, seed=seed + run + 1) for resolution in resolutions]
        runs.append((rows, codes))
    return runs


def _stability(codes: Codes, resampled: list[Resampled], level: int) -> Floats:
    """Give each cluster (n_clusters,) the mean Jaccard similarity of its best match in the resampled ones."""
    n_clusters = int(codes.max(initial=-1)) + 1
    matches = [_best_match(codes[rows], again[level], n_clusters) for rows, again in resampled]
    if not matches:
        return np.full(n_clusters, np.nan)
    drawn = np.array([np.bincount(codes[rows], minlength=n_clusters) > 0 for rows, _ in resampled])
    return np.asarray(np.sum(matches, axis=0) / np.maximum(1, drawn.sum(axis=0)))


def _best_match(codes: Codes, again: Codes, n_clusters: int) -> Floats:
    counts = coo_array((np.ones(len(codes)), (codes, again)), shape=(n_clusters, int(again.max()) + 1)).tocsr()
    both = counts.tocoo()
    union = np.bincount(codes, minlength=n_clusters)[both.row] + np.bincount(again)[both.col] - both.data
    best = np.zeros(n_clusters)
    np.maximum.at(best, both.row, both.data / union)
    return best


def _overall_stability(codes: Codes, resampled: list[Resampled], level: int) -> float:
    """Give the stability of the cluster of the mean row; 0 without rows."""
    if not len(codes):
        return 0.0
    return float(np.nan_to_num(_stability(codes, resampled, level)[codes].mean()))


def _nest(
    graph: csr_array,
    found: list[Codes],
    working: int,
    *,
    resolutions: Sequence[float],
    min_size: int,
    seed: int,
) -> list[Codes]:
    levels = list(found)
    for level in range(working - 1, -1, -1):
        levels[level] = _joined(levels[level + 1], found[level])
    for level in range(working + 1, len(found)):
        inside = _cut(graph, levels[level - 1])
        levels[level] = _find(inside, resolutions[level], min_size=min_size, seed=seed)
    return levels


def _joined(fine: Codes, coarse: Codes) -> Codes:
    """Join the clusters of `fine` that have most of their rows in the same cluster of `coarse`."""
    if not len(fine):
        return fine
    counts = coo_array((np.ones(len(fine)), (fine, coarse))).tocsr()
    return _compact(np.asarray(counts.argmax(axis=1)).ravel()[fine])


def _cut(graph: csr_array, codes: Codes) -> csr_array:
    """Give the graph without the edges between clusters."""
    edges = graph.tocoo()
    inside = codes[edges.row] == codes[edges.col]
    kept = (edges.data[inside], (edges.row[inside], edges.col[inside]))
    return csr_array(kept, shape=graph.shape)


def _numbered(
    levels: list[Codes], stability: list[Floats], working: int, *, rows: NDArray[np.int64], n_rows: int
) -> Hierarchy:
    """Number the clusters: the working level first, then coarse to fine, in each level by size."""
    path = np.full((n_rows, len(levels)), -1, np.int64)
    by_level = sorted(range(len(levels)), key=lambda level: (level != working, level))
    level_of, sizes, stabilities = [], [], []
    offset = 0
    for level in by_level:
        size = np.bincount(levels[level])
        order = np.argsort(-size, kind="stable")
        ids = np.empty(len(size), np.int64)
        ids[order] = offset + np.arange(len(size))
        path[rows, level] = ids[levels[level]]
        level_of.append(np.full(len(size), level))
        sizes.append(size[order])
        stabilities.append(stability[level][order])
        offset += len(size)
    parent = np.full(offset, -1, np.int64)
    for level in range(1, len(levels)):
        parent[path[rows, level]] = path[rows, level - 1]
    parts = (np.concatenate(part) for part in (level_of, sizes, stabilities))
    return Hierarchy(path, working, parent, *parts)
