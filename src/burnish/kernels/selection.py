"""Facility location on the neighbor graph that is there already: the rows that stand best for all."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from burnish.errors import UsageError
from burnish.kernels.compiled import compiled
from burnish.kernels.graphs import Graph, similarity_graph
from burnish.kernels.neighbors import Neighbors, nearest_neighbors
from burnish.kernels.vectors import Vectors

Rows = NDArray[np.int64]
Sums = NDArray[np.float64]

LAST = 1e-9
"""Weight of rows that have no neighbors because they cannot be compared."""

SLACK = 0.1
"""What a choice among drawn rows may lose, in the mean, of the share of the best that the greedy one is sure of."""


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
    require_budget(budget, n_rows)
    return select_on_graph(neighbors or nearest_neighbors(embeddings, seed=seed), budget=budget, worth=weights)


def select_on_graph(
    neighbors: Neighbors,
    *,
    budget: int,
    worth: NDArray[np.floating] | None = None,
    reach: NDArray[np.floating] | None = None,
    drawn_with: int | None = None,
) -> Rows:
    """Give what `select_diverse` does; a chosen row covers others `reach` (n,) times their similarity.

    `worth` (n,): what covering a row counts. With a seed in `drawn_with` each choice is the best of
    n / budget · ln(1 / `SLACK`) rows drawn at random: n · ln(1 / `SLACK`) gains in all, whatever the budget, and at
    least 1 - 1/e - `SLACK` of the best in the mean (Mirzasoleiman et al. 2015, algorithm 1).
    """
    graph = similarity_graph(neighbors.positions, neighbors.distances)
    n_rows = graph.n_nodes
    counts = np.ones(n_rows) if worth is None else np.array(worth, np.float64)
    counts[neighbors.positions[:, 0] < 0] *= LAST if n_rows > 1 else 1.0
    reaches = np.ones(n_rows) if reach is None else np.asarray(reach, np.float64)
    lengths = np.repeat(reaches, np.diff(graph.starts)).astype(np.float32)
    graph = graph._replace(weights=graph.weights * lengths)
    chosen, state = np.empty(budget, np.int64), (np.zeros(n_rows), counts, reaches)
    if drawn_with is None:
        _choose(graph, chosen, state, (np.empty(n_rows), np.arange(n_rows)))
    else:
        n_drawn = min(n_rows, int(np.ceil(-n_rows / budget * np.log(SLACK))))
        draws = np.random.default_rng(drawn_with).random((budget, n_drawn))
        _choose_drawn(graph, chosen, state, (draws, np.arange(n_rows)))
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


def require_budget(budget: int, n_rows: int) -> None:
    """Raise UsageError unless the budget is 1 to `n_rows`."""
    if not 1 <= budget <= n_rows:
        raise UsageError(f"the budget is {budget}.", remedy=f"Ask for 1 to {n_rows:,} rows.")


State = tuple[Sums, Sums, Sums]
"""Of each row (n,): how well it is covered, what that is worth, and how far it reaches."""


@compiled()
def _gain(graph: Graph, row: int, state: State) -> float:
    """Give what choosing a row adds."""
    covered, worth, reach = state
    gain = max(0.0, reach[row] - covered[row]) * worth[row]
    for edge in range(graph.starts[row], graph.starts[row + 1]):
        other = graph.indices[edge]
        more = graph.weights[edge] - covered[other]
        if more > 0:
            gain += more * worth[other]
    return float(gain)


@compiled()
def _cover(graph: Graph, row: int, state: State) -> None:
    covered, _, reach = state
    covered[row] = max(covered[row], reach[row])
    for edge in range(graph.starts[row], graph.starts[row + 1]):
        other = graph.indices[edge]
        covered[other] = max(covered[other], graph.weights[edge])


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
def _choose(graph: Graph, chosen: Rows, state: State, queue: tuple[Sums, Rows]) -> None:
    """Choose the row of the largest gain until all are chosen; gains only shrink, so an old one is a bound."""
    bounds, heap = queue
    n_left = len(heap)
    for row in range(n_left):
        bounds[row] = _gain(graph, row, state)
    for place in range(n_left // 2 - 1, -1, -1):
        _sink(bounds, heap, place, n_left)
    for number in range(len(chosen)):
        while True:
            row = heap[0]
            bounds[row] = _gain(graph, row, state)
            _sink(bounds, heap, 0, n_left)
            if heap[0] == row:
                break
        chosen[number] = row
        n_left -= 1
        heap[0] = heap[n_left]
        _sink(bounds, heap, 0, n_left)
        _cover(graph, row, state)


@compiled()
def _choose_drawn(graph: Graph, chosen: Rows, state: State, lottery: tuple[Sums, Rows]) -> None:
    """Choose the row of the largest gain among some drawn (numbers 0..1, a line a choice) of those that are left."""
    draws, left = lottery
    n_left = len(left)
    for number in range(len(chosen)):
        best, most = 0, -1.0
        for place in range(min(draws.shape[1], n_left)):
            other = place + int(draws[number, place] * (n_left - place))
            left[place], left[other] = left[other], left[place]
            gain = _gain(graph, left[place], state)
            if gain > most:
                best, most = place, gain
        chosen[number] = left[best]
        n_left -= 1
        left[best] = left[n_left]
        _cover(graph, chosen[number], state)
