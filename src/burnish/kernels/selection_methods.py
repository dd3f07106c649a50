"""Selection: the best `budget` rows of a pool, by any of the field's methods, over all rows or class by class."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from burnish.errors import UsageError
from burnish.kernels.clusters import cluster_rows
from burnish.kernels.graph_changes import drop_rows
from burnish.kernels.kmeans import assign, fit_cells
from burnish.kernels.neighbors import Neighbors, nearest_neighbors
from burnish.kernels.selection import require_budget, select_on_graph
from burnish.kernels.vectors import Vectors

Rows = NDArray[np.int64]
Floats = NDArray[np.float32]

CANDIDATE_ROWS, DEMAND_ROWS = 12_000, 4_096
"""Rows that can be chosen and rows that are to be covered when every pair is compared: 197 MB of float32."""

DEMAND_PER_CHOICE = 4
"""Where fewer drawn rows than this would stand for each choice, the neighbor graph is used instead."""

AT_ONCE = 16
"""Rows whose gains are computed anew together."""

TYPICAL_NEIGHBORS = 20


@dataclass(frozen=True, eq=False)
class Pool:
    """The rows (n) to choose from: their embeddings (n, d), and what else is known of them.

    `strata` (n,): codes of the classes or slices among which the budget is spread evenly, -1 for none; without
    them all rows are one. `weights` (n,): how much each row is to be trusted as a choice, 0 or more (the
    probability that its label is right); NaN counts as 0. `neighbors` and `cluster_path` (n, n_levels) are found
    where a method needs them.
    """

    embeddings: ArrayLike | Vectors
    strata: NDArray[np.integer] | None = None
    weights: NDArray[np.floating] | None = None
    neighbors: Neighbors | None = None
    cluster_path: NDArray[np.integer] | None = None


def select_rows(pool: Pool, *, budget: int, method: str = "facility-location", seed: int = 0) -> Rows:
    """Give the positions of `budget` rows, the most useful first, by one of `METHODS`.

    With strata the method chooses inside each and they take turns, the largest first, until the small ones are
    used up. Rows of no stratum come after all others, rows that are zero or not finite last. Where the method
    is greedy or random, the first rows of a large budget are the choice for a smaller one. Raises UsageError for an
    unknown method, a budget below 1 or above the number of rows, and weights below 0.
    """
    if method not in METHODS:
        raise UsageError(f"no selection method {method!r}.", remedy=f"Known methods: {', '.join(METHODS)}.")
    vectors = Vectors.of(pool.embeddings)
    require_budget(budget, vectors.n_rows)
    strata = np.zeros(vectors.n_rows, np.int64) if pool.strata is None else np.asarray(pool.strata, np.int64)
    able = vectors.usable & (strata >= 0)
    last = np.flatnonzero(~able)
    last = last[np.argsort(~vectors.usable[last], kind="stable")]
    rows = np.flatnonzero(able)
    codes, sizes = np.unique(strata[rows], return_inverse=True, return_counts=True)[1:]
    quotas = np.bincount(codes[taking_turns(np.arange(len(rows)), codes, sizes)[:budget]], minlength=len(sizes))
    known = _Known(pool, vectors, vectors.centered(), _trust(pool.weights, vectors.n_rows))
    orders = [np.empty(0, np.int64)]
    for code in np.flatnonzero(quotas):
        members = rows[codes == code]
        orders.append(members[METHODS[method](known.of(members), int(quotas[code]), seed)])
    chosen = np.concatenate(orders)
    place = np.searchsorted(rows, chosen)
    return np.concatenate([chosen[taking_turns(np.arange(len(chosen)), codes[place], sizes)], last])[:budget]


class Candidates(NamedTuple):
    """Usable rows (m) to choose from, also around the mean of their pool, and their weights (m,) as in `Pool`."""

    vectors: Vectors
    centered: Vectors
    weights: Floats
    neighbors: Neighbors | None = None
    cluster_path: NDArray[np.integer] | None = None

    @property
    def graph(self) -> Neighbors:
        """The neighbors that are known, else found."""
        return self.neighbors or nearest_neighbors(self.vectors)


def facility_location(rows: Candidates, budget: int, seed: int) -> Rows:
    """Choose greedily for the sum over rows of (weight of a choice · its similarity), the best choice for each.

    Similarities are cosines around the mean of the pool: of every row with every other one, of more than
    `CANDIDATE_ROWS` with `DEMAND_ROWS` only so many that are drawn; where the budget is too large for those, along
    the graph.
    """
    n_rows = len(rows.weights)
    if n_rows > DEMAND_ROWS < DEMAND_PER_CHOICE * budget:
        return select_on_graph(rows.graph, budget=budget, reach=rows.weights)
    asked = np.arange(n_rows) if n_rows <= CANDIDATE_ROWS else np.sort(random(rows, CANDIDATE_ROWS, seed))
    drawn = np.sort(np.random.default_rng(seed).permutation(n_rows)[:DEMAND_ROWS])
    reached = rows.centered.take(asked) @ rows.centered.take(drawn).T
    reached *= rows.weights[asked, None]
    return np.asarray(asked[_choose_covering(np.maximum(reached, 0, out=reached), budget)])


def stochastic(rows: Candidates, budget: int, seed: int) -> Rows:
    """Choose by facility location on the graph, each time the best of a few drawn rows; see `select_on_graph`."""
    return select_on_graph(rows.graph, budget=budget, reach=rows.weights, drawn_with=seed)


def k_center(rows: Candidates, budget: int, seed: int) -> Rows:
    """Choose the row furthest (distance · weight) from those chosen (Sener & Savarese 2018), a random one first."""
    chosen = np.empty(budget, np.int64)
    chosen[0] = random(rows, 1, seed)[0]
    distance = np.full(len(rows.weights), np.inf)
    for number in range(1, budget):
        center = rows.vectors.take(chosen[number - 1 : number])[0]
        for start, stop in rows.vectors.blocks():
            nearer = (1 - rows.vectors.block(start, stop) @ center) * rows.weights[start:stop]
            np.minimum(distance[start:stop], nearer, out=distance[start:stop])
        distance[chosen[number - 1]] = -np.inf
        chosen[number] = np.argmax(distance)
    return chosen


def medoids(rows: Candidates, budget: int, seed: int) -> Rows:
    """Choose the row nearest to the center of each of `budget` k-means cells, the largest first."""
    codes, similarity = _cells(rows.vectors, budget, seed)
    return _best_of_each(codes, similarity * rows.weights)[:budget]


def typicality(rows: Candidates, budget: int, seed: int) -> Rows:
    """Choose the most typical row of each of `budget` k-means cells, the largest first (Hacohen et al. 2022).

    Typical is a small mean distance to the 20 nearest rows of the cell.
    """
    codes, _ = _cells(rows.vectors, budget, seed)
    typical = np.zeros(len(codes), np.float32)
    for members in np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1]):
        if len(members) > 1:
            k = min(TYPICAL_NEIGHBORS, len(members) - 1)
            near = nearest_neighbors(rows.vectors.subset(members), k).distances
            typical[members] = 1 / (np.sqrt(2 * near).mean(axis=1) + np.float32(1e-6))
    return _best_of_each(codes, typical * rows.weights)[:budget]


def density(rows: Candidates, budget: int, seed: int) -> Rows:
    """Choose rows at random such that the clusters of every level take turns (Vo et al. 2024, section 3.3).

    Where a cluster is used up its share goes to the others beside it; noise is one more cluster.
    """
    path = rows.cluster_path
    if path is None:
        path = cluster_rows(rows.graph.positions, seed=seed).path
    order = random(rows, len(rows.weights), seed)
    for level in range(path.shape[1] - 1, -1, -1):
        codes = np.unique(path[:, level], return_inverse=True)[1]
        order = order[taking_turns(np.arange(len(order)), codes[order], np.bincount(codes))]
    return order[:budget]


def random(rows: Candidates, budget: int, seed: int) -> Rows:
    """Draw rows one after the other with chances in proportion to their weights (Efraimidis & Spirakis 2006)."""
    waiting = np.random.default_rng(seed).exponential(size=len(rows.weights))
    order = np.argsort(waiting / np.maximum(rows.weights, 1e-30), kind="stable")
    return np.asarray(order[:budget], np.int64)


METHODS: dict[str, Callable[[Candidates, int, int], Rows]] = {
    "facility-location": facility_location,
    "stochastic": stochastic,
    "k-center": k_center,
    "medoids": medoids,
    "typicality": typicality,
    "density": density,
    "random": random,
}
"""Ways to choose (rows, budget, seed), by the name that `select_rows` takes."""


def taking_turns(order: Rows, codes: Rows, sizes: Rows) -> Rows:
    """Reorder rows of codes (n,), best first, such that codes take turns, those of the largest size first."""
    by_code = np.argsort(codes, kind="stable")
    counts = np.bincount(codes, minlength=len(sizes))
    turn = np.empty(len(codes), np.int64)
    turn[by_code] = np.arange(len(codes)) - np.repeat(np.cumsum(counts) - counts, counts)
    return order[np.lexsort((codes, -sizes[codes], turn))]


def _choose_covering(reached: Floats, budget: int) -> Rows:
    """Choose the lines of `reached` (n, n_wanted) that add most to the sum of the largest value of each column.

    Gains only shrink, so that those of before are bounds and only the largest have to be computed anew.
    """
    covered, chosen = np.zeros(reached.shape[1], np.float32), np.empty(budget, np.int64)
    bounds = reached.sum(axis=1, dtype=np.float64)
    for number in range(budget):
        best = -1
        while best < 0 or bounds[best] < bounds.max():
            top = np.argpartition(-bounds, min(AT_ONCE, len(bounds)) - 1)[:AT_ONCE]
            top = top[np.isfinite(bounds[top])]
            bounds[top] = np.maximum(reached[top] - covered, 0).sum(axis=1, dtype=np.float64)
            best = int(top[np.argmax(bounds[top])])
        chosen[number], bounds[best] = best, -np.inf
        np.maximum(covered, reached[best], out=covered)
    return chosen


def _best_of_each(codes: Rows, score: NDArray[np.floating]) -> Rows:
    """Let cells take turns, each with its rows of the highest score first."""
    order = np.argsort(-score, kind="stable")
    return taking_turns(order, codes[order], np.bincount(codes))


def _cells(vectors: Vectors, n_cells: int, seed: int) -> tuple[Rows, Floats]:
    """Give each row the number (m,) of its k-means cell, and its similarity (m,) to the center."""
    centers = fit_cells(vectors, n_cells, seed=seed).centroids
    codes, similarity = np.empty(len(vectors), np.int64), np.empty(len(vectors), np.float32)
    for start, stop in vectors.blocks():
        block = vectors.block(start, stop)
        codes[start:stop] = assign(block, centers)
        similarity[start:stop] = np.einsum("ij,ij->i", block, centers[codes[start:stop]])
    return np.unique(codes, return_inverse=True)[1], similarity


class _Known(NamedTuple):
    """A pool with its vectors."""

    pool: Pool
    vectors: Vectors
    centered: Vectors
    weights: Floats

    def of(self, rows: Rows) -> Candidates:
        """Give some rows as candidates."""
        path, known, vectors = self.pool.cluster_path, self.pool.neighbors, self.vectors.subset(rows)
        return Candidates(
            vectors,
            self.centered.subset(rows),
            self.weights[rows],
            None if known is None or self.pool.strata is not None else drop_rows(vectors, known, rows),
            None if path is None else path[rows],
        )


def _trust(weights: NDArray[np.floating] | None, n_rows: int) -> Floats:
    if weights is None:
        return np.ones(n_rows, np.float32)
    known = np.nan_to_num(np.asarray(weights, np.float32))
    if known.min(initial=0) < 0:
        raise UsageError(f"a weight is {known.min():.3g}.", remedy="Pass weights of 0 or more.")
    return known
