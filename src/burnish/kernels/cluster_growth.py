"""Clusters of a set that grew: rows that were there stay, new rows join those of their neighbors or found their own."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from burnish.kernels.cluster_identity import ABSENT
from burnish.kernels.clusters import MIN_SIZE
from burnish.kernels.communities import FINEST, MAX_LEAK, Layers, find_level
from burnish.kernels.graphs import shared_neighbor_graph

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]

N_ROUNDS = 8
"""Rounds in which a row waits for a neighbor that is in a cluster."""

BLOCK_PAIRS = 65_536


class Grown(NamedTuple):
    """Clusters `path` (n, n_levels), coarse to fine, -1 noise, and the `parent` of each id that was born."""

    path: Ids
    parent: dict[int, int]


def grow_clusters(
    neighbors: NDArray[np.integer], path: Ids, *, working: int, first_free: int, min_size: int = MIN_SIZE, seed: int = 0
) -> Grown:
    """Give rows without a cluster one of those that are there, or one of their own; no other row moves.

    `path` (n, n_levels) int64: the clusters known, coarse to fine, `ABSENT` for new rows, -1 for noise; `neighbors`
    (n, k) of all rows. Rows without a cluster that are a community of the finest level among themselves, at least
    `min_size`, and closed (at most `MAX_LEAK` of the weight of their edges leads out of it) found a cluster from level
    `working` on, inside the coarser ones that they hang on most. Ids go up from `first_free`. All others join the
    finest cluster that most of the weight of their edges leads to, with its path; those that hang on nothing are
    noise. Edges weigh the Jaccard similarity of the two neighborhoods, as in `shared_neighbor_graph`.
    """
    path = np.where(path == ABSENT, -1, path)
    waiting = np.flatnonzero((path[:, -1] < 0) & (neighbors >= 0).any(axis=1))
    if not len(waiting):
        return Grown(path, {})
    edges = _edges_of(neighbors, waiting)
    parent: dict[int, int] = {}
    community = _communities(neighbors, waiting, min_size=min_size, seed=seed)
    for code in np.flatnonzero(np.bincount(community) >= min_size).tolist():
        group = waiting[community == code]
        if _leak(edges, np.isin(waiting, group), group) <= MAX_LEAK:
            above = _path_above(path, _weights_to(edges, np.isin(waiting, group), path[:, 0]), working)
            born = np.arange(first_free, first_free + path.shape[1] - len(above))
            path[group] = np.concatenate([above, born])
            chain = [-1, *above.tolist(), *born.tolist()]
            parent |= dict(zip(chain[-len(born) :], chain[-len(born) - 1 : -1], strict=True))
            first_free += len(born)
    for _ in range(N_ROUNDS):
        lines = np.flatnonzero(path[waiting, -1] < 0)
        joined = _heaviest(edges, path[:, -1])[lines]
        if not (joined >= 0).any():
            break
        known, first = np.unique(path[:, -1], return_index=True)
        there = joined >= 0
        path[waiting[lines[there]]] = path[first[np.searchsorted(known, joined[there])]]
    return Grown(path, parent)


def _path_above(path: Ids, weights: Floats, working: int) -> Ids:
    """Give the clusters above level `working` that rows with these weights to others (n,) hang on most, if on any."""
    known = np.flatnonzero((weights > 0) & (path[:, 0] >= 0))
    if not working or not len(known):
        return np.empty(0, np.int64)
    ids, codes = np.unique(path[known, working - 1], return_inverse=True)
    heaviest = ids[np.bincount(codes, weights[known]).argmax()]
    return np.asarray(path[known[np.argmax(path[known, working - 1] == heaviest)], :working])


def _edges_of(neighbors: NDArray[np.integer], waiting: Ids) -> csr_array:
    """Give the weighted edges (n_waiting, n) of the waiting rows: to those that they list and that list them."""
    n_rows, k = neighbors.shape
    line = np.full(n_rows + 1, -1, np.int64)
    line[waiting] = np.arange(len(waiting))
    left = np.repeat(np.arange(n_rows), k)
    right = neighbors.ravel().astype(np.int64)
    some = (right >= 0) & ((line[left] >= 0) | (line[right] >= 0))
    pairs = np.unique(np.sort(np.column_stack([left[some], right[some]]), axis=1), axis=0)
    weights = _shared(neighbors, pairs)
    ends = np.concatenate([pairs, pairs[:, ::-1]])
    mine = line[ends[:, 0]] >= 0
    weights = np.tile(weights, 2)[mine]
    return csr_array((weights, (line[ends[mine, 0]], ends[mine, 1])), shape=(len(waiting), n_rows))


def _shared(neighbors: NDArray[np.integer], pairs: Ids) -> Floats:
    """Give the Jaccard similarity (m,) of the neighborhoods, which hold their own row, of two rows."""
    weights = np.empty(len(pairs))
    for start in range(0, len(pairs), BLOCK_PAIRS):
        left, right = pairs[start : start + BLOCK_PAIRS].T
        mine = np.column_stack([left, neighbors[left]])
        theirs = np.column_stack([right, neighbors[right]])
        common = ((mine[:, :, None] == theirs[:, None, :]) & (mine >= 0)[:, :, None]).sum(axis=(1, 2))
        weights[start : start + BLOCK_PAIRS] = common / ((mine >= 0).sum(axis=1) + (theirs >= 0).sum(axis=1) - common)
    return weights


def _communities(neighbors: NDArray[np.integer], waiting: Ids, *, min_size: int, seed: int) -> NDArray[np.int32]:
    """Give the community (n_waiting,) of each waiting row, at the finest level, in the graph of these rows alone."""
    place = np.full(len(neighbors) + 1, -1, np.int32)
    place[waiting] = np.arange(len(waiting), dtype=np.int32)
    layers = Layers.of(shared_neighbor_graph(place[neighbors[waiting]]), seed=seed)
    return find_level(layers, FINEST, min_size=min_size, seed=seed)


def _leak(edges: csr_array, lines: NDArray[np.bool_], group: Ids) -> float:
    of_group = csr_array(edges[np.flatnonzero(lines)])
    total = float(of_group.sum())
    return 1 - float(of_group[:, group].sum()) / total if total else 0.0


def _weights_to(edges: csr_array, lines: NDArray[np.bool_], codes: Ids) -> Floats:
    """Give the weight (n,) that leads from some waiting rows to each row that has a code."""
    return np.where(codes >= 0, np.asarray(edges[np.flatnonzero(lines)].sum(axis=0)).ravel(), 0.0)


def _heaviest(edges: csr_array, codes: Ids) -> Ids:
    """Give each waiting row the code >= 0 that most of its weight leads to, the smaller of equals; -1 for none."""
    ids, inverse = np.unique(codes, return_inverse=True)
    belongs = csr_array((np.ones(len(codes)), (np.arange(len(codes)), inverse)), shape=(len(codes), len(ids)))
    weights = csr_array(edges @ belongs).tocoo()
    real = ids[weights.col] >= 0
    line, code, weight = weights.row[real], ids[weights.col[real]], np.round(weights.data[real], 9)
    order = np.lexsort((code, -weight, line))
    first = order[np.diff(line[order], prepend=-1) > 0]
    found = np.full(edges.shape[0], -1, np.int64)
    found[line[first]] = code[first]
    return found
