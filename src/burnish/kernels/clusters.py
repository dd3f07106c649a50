"""Clusters of a neighbor graph at several levels of detail, each with its stability under resampling."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array

from burnish.kernels.communities import FINEST, N_LEVELS, Layers, find_level, find_levels
from burnish.kernels.graphs import Codes, Graph, component_sizes, induced, renumbered, shared_neighbor_graph
from burnish.kernels.items import Resources, Scratch

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]

MIN_SIZE = 5
"""Rows that hang together with fewer than this many are noise."""

SAMPLED_SHARE = 0.8

SURE_FINEST, SURE_FINER = 0.93, 0.75
"""Adjusted Rand index with resampled clusterings from which the finest level, or the one before it, is worked with."""


class Hierarchy(NamedTuple):
    """Nested clusters. Ids are unique over all levels; those of the working level come first, by size.

    `path` (n, n_levels) int64: the cluster of each row, coarse to fine, -1 noise. `working`: the level
    to work with. Per cluster id: `parent` (-1 at the coarsest level), `level`, `size`, `stability` (0..1).
    """

    path: Ids
    working: int
    parent: Ids
    level: Ids
    size: Ids
    stability: Floats


def cluster_rows(
    neighbors: NDArray[np.integer],
    *,
    min_size: int = MIN_SIZE,
    n_resamples: int = 4,
    seed: int = 0,
    resources: Resources | None = None,
) -> Hierarchy:
    """Give nested clusters from neighbor positions (n, k); no number of clusters is asked for.

    `n_resamples` times 80 % of the rows are clustered anew. The working level is the finest one if that gives
    nearly the same clusters again (adjusted Rand index, Hubert & Arabie 1985, of `SURE_FINEST`), else the one
    before it if that is reproduced fairly well (`SURE_FINER`), else the next coarser. It is kept as it was
    found; a coarser cluster joins whole finer ones, a finer one lies inside one coarser cluster. Stability of
    a cluster is how well it is found again: the mean Jaccard similarity of its best match (Hennig 2007,
    section 3). Only noise is -1: rows whose connected part of the graph is smaller than `min_size`.
    """
    graph = shared_neighbor_graph(neighbors)
    kept = np.flatnonzero(component_sizes(graph) >= min_size)
    graph = graph if len(kept) == graph.n_nodes else induced(graph, kept)
    layers = Layers.of(graph, seed=seed)
    found = [find_level(layers, level, min_size=min_size, seed=seed) for level in range(N_LEVELS)]
    resampled = _resample(
        graph, n_resamples, min_size=min_size, seed=seed, resources=(resources or Resources()).within("clusters")
    )
    working = _working(found, resampled)
    levels = _nested(layers, found, working, min_size=min_size, seed=seed)
    stability = [_stability(codes, resampled, level) for level, codes in enumerate(levels)]
    return _numbered(levels, stability, working, rows=kept, n_rows=len(neighbors))


def agreement(codes: NDArray[np.integer], others: NDArray[np.integer]) -> float:
    """Give the adjusted Rand index of two codings (n,) >= 0 of the same rows: 1 the same, 0 as by chance."""
    together = _contingency(codes, others).data
    pairs, mine, theirs = (
        float((counts * (counts - 1.0)).sum()) for counts in (together, np.bincount(codes), np.bincount(others))
    )
    expected = mine * theirs / max(1.0, len(codes) * (len(codes) - 1.0))
    most = (mine + theirs) / 2
    return 1.0 if most == expected else (pairs - expected) / (most - expected)


@dataclass(frozen=True, eq=False)
class Resampled:
    """Some rows (m,), ascending, and their codes (n_levels, m) when only they are clustered."""

    rows: Ids
    levels: Codes


@dataclass(frozen=True, eq=False)
class _Resample:
    scratch: Scratch
    min_size: int

    def __call__(self, seed: int) -> None:
        if self.scratch.has(f"resampled-{seed}-rows"):
            return
        graph = Graph(*(self.scratch.get(f"graph-{part}") for part in Graph._fields))
        n_rows = graph.n_nodes
        chosen = np.random.default_rng(seed).choice(n_rows, max(1, int(SAMPLED_SHARE * n_rows)), replace=False)
        rows = np.sort(chosen)
        found = find_levels(induced(graph, rows), min_size=self.min_size, seed=seed)
        self.scratch.put(f"resampled-{seed}-levels", np.stack(found))
        self.scratch.put(f"resampled-{seed}-rows", rows)


def _resample(graph: Graph, n_runs: int, *, min_size: int, seed: int, resources: Resources) -> list[Resampled]:
    """Cluster 80 % of the rows anew, `n_runs` times."""
    scratch = resources.scratch
    seeds = list(range(seed + 1, seed + 1 + (n_runs if graph.n_nodes else 0)))
    for part in Graph._fields:
        scratch.put(f"graph-{part}", getattr(graph, part))
    resources.engine.map(_Resample(scratch, min_size), seeds)
    runs = [
        Resampled(*(np.array(scratch.get(f"resampled-{run}-{part}")) for part in ("rows", "levels"))) for run in seeds
    ]
    scratch.clear()
    return runs


def _working(found: list[Codes], resampled: list[Resampled]) -> int:
    """Give the finest of the three finest levels that has several clusters and finds them again well enough."""
    for level, sure in ((FINEST, SURE_FINEST), (FINEST - 1, SURE_FINER)):
        again = [agreement(found[level][run.rows], run.levels[level]) for run in resampled]
        if again and np.mean(again) >= sure and found[level].max(initial=0) > 0:
            return level
    return FINEST - 2


def _stability(codes: Codes, resampled: list[Resampled], level: int) -> Floats:
    """Give each cluster (n_clusters,) the mean Jaccard similarity of its best match in the resampled ones."""
    n_clusters = int(codes.max(initial=-1)) + 1
    if not resampled:
        return np.full(n_clusters, np.nan)
    matches = [_best_match(codes[run.rows], run.levels[level], n_clusters) for run in resampled]
    drawn = [np.bincount(codes[run.rows], minlength=n_clusters) > 0 for run in resampled]
    return np.asarray(np.sum(matches, axis=0) / np.maximum(1, np.sum(drawn, axis=0)))


def _best_match(codes: Codes, again: Codes, n_clusters: int) -> Floats:
    both = _contingency(codes, again)
    union = np.bincount(codes, minlength=n_clusters)[both.row] + np.bincount(again)[both.col] - both.data
    best = np.zeros(n_clusters)
    np.maximum.at(best, both.row, both.data / union)
    return best


def _contingency(codes: NDArray[np.integer], others: NDArray[np.integer]) -> coo_array:
    """Count the rows of each two codes that occur together."""
    return coo_array(coo_array((np.ones(len(codes)), (codes, others))).tocsr())


def _nested(layers: Layers, found: list[Codes], working: int, *, min_size: int, seed: int) -> list[Codes]:
    levels = list(found)
    for level in range(working - 1, -1, -1):
        levels[level] = _joined(levels[level + 1], found[level])
    for level in range(working + 1, len(found)):
        inside = layers.inside(levels[level - 1])
        levels[level] = find_level(inside, level, min_size=min_size, seed=seed)
    return levels


def _joined(fine: Codes, coarse: Codes) -> Codes:
    """Join the clusters of `fine` that have most of their rows in the same cluster of `coarse`."""
    if not len(fine):
        return fine
    counts = coo_array((np.ones(len(fine)), (fine, coarse))).tocsr()
    return renumbered(np.asarray(counts.argmax(axis=1)).ravel()[fine])


def _numbered(
    levels: Sequence[Codes], stability: Sequence[Floats], working: int, *, rows: Ids, n_rows: int
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
