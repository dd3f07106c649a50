"""Selection: the rows that stand best for all, chosen on the neighbor graph that is there already."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from burnish.errors import UsageError
from burnish.kernels.compiled import compiled
from burnish.kernels.graphs import Graph, similarity_graph
from burnish.kernels.neighbors import Neighbors, nearest_neighbors
from burnish.kernels.vectors import Vectors

Rows = NDArray[np.int64]
Sums = NDArray[np.float64]


def select_diverse(
    embeddings: ArrayLike | Vectors,
    *,
    budget: int,
    neighbors: Neighbors | None = None,
    weights: NDArray[np.floating] | None = None,
    seed: int = 0,
) -> Rows:
    """Give the positions of `budget` rows, the most useful first, such that every row has a similar one among them.

    Facility location: maximises the sum over rows of the cosine similarity to the most similar chosen row,
    times the row's weight (n,), where only `neighbors` (those of `nearest_neighbors`, found when not given) are
    similar. Greedy, which reaches at least 1 - 1/e of the best (Nemhauser, Wolsey & Fisher 1978), with lazy
    evaluation (Minoux 1978). Rows that are zero or not finite are chosen last. Raises UsageError for a budget
    below 1 or above the number of rows.
    """
    n_rows = Vectors.of(embeddings).n_rows if neighbors is None else len(neighbors.positions)
    if not 1 <= budget <= n_rows:
        raise UsageError(f"the budget is {budget}.", remedy=f"Ask for 1 to {n_rows:,} rows.")
    found = neighbors or nearest_neighbors(embeddings, seed=seed)
    graph = similarity_graph(found.positions, found.distances)
    worth = np.ones(n_rows) if weights is None else np.array(weights, np.float64)
    worth[found.positions[:, 0] < 0] *= LAST if n_rows > 1 else 1.0
    chosen, covered = np.empty(budget, np.int64), np.zeros(n_rows)
    _choose(graph, chosen, (covered, worth), (np.empty(n_rows), np.arange(n_rows)))
    return chosen


def coverage_of(chosen: Rows, neighbors: Neighbors, *, weights: NDArray[np.floating] | None = None) -> float:
    """Give what `select_diverse` maximises: the weighted sum of the similarity of each row to a chosen one."""
    graph = similarity_graph(neighbors.positions, neighbors.distances)
    covered = np.zeros(graph.n_nodes)
    covered[chosen] = 1.0
    for row in chosen.tolist():
        edges = slice(graph.starts[row], graph.starts[row + 1])
        np.maximum.at(covered, graph.indices[edges], graph.weights[edges].astype(np.float64))
    return float(covered.sum() if weights is None else covered @ weights)


LAST = 1e-9
"""Weight of rows that have no neighbors because they cannot be compared."""


@compiled()
def _gain(graph: Graph, row: int, covered: Sums, worth: Sums) -> float:
    """Give what choosing a row adds."""
    gain = (1.0 - covered[row]) * worth[row]
    for edge in range(graph.starts[row], graph.starts[row + 1]):
        other = graph.indices[edge]
        more = graph.weights[edge] - covered[other]
        if more > 0:
            gain += more * worth[other]
    return float(gain)


@compiled()
def _sink(bounds: Sums, heap: Rows, place: int, n_left: int) -> None:
    """Let an entry of the heap sink to where no larger bound lies below it."""
    row = heap[place]
    while 2 * place + 1 < n_left:
        below = 2 * place + 1
        if below + 1 < n_left and bounds[heap[below + 1]] > bounds[heap[below]]:
            below += 1
        if not bounds[heap[below]] > bounds[row]:
            break
        heap[place] = heap[below]
        place = below
    heap[place] = row


@compiled()
def _choose(graph: Graph, chosen: Rows, state: tuple[Sums, Sums], queue: tuple[Sums, Rows]) -> None:
    """Choose the row of the largest gain until all are chosen; gains only shrink, so an old one is a bound."""
    (covered, worth), (bounds, heap) = state, queue
    n_left = len(heap)
    for row in range(n_left):
        bounds[row] = _gain(graph, row, covered, worth)
    for place in range(n_left // 2 - 1, -1, -1):
        _sink(bounds, heap, place, n_left)
    for number in range(len(chosen)):
        while True:
            row = heap[0]
            bounds[row] = _gain(graph, row, covered, worth)
            _sink(bounds, heap, 0, n_left)
            if heap[0] == row:
                break
        chosen[number] = row
        n_left -= 1
        heap[0] = heap[n_left]
        _sink(bounds, heap, 0, n_left)
        covered[row] = 1.0
        for edge in range(graph.starts[row], graph.starts[row + 1]):
            other = graph.indices[edge]
            covered[other] = max(covered[other], graph.weights[edge])
