"""The weighted graph of near neighbors, and graphs made from it: parts of it, and its communities as nodes."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from burnish.kernels.compiled import compiled

Codes = NDArray[np.int32]
Starts = NDArray[np.int64]
Weights = NDArray[np.float32]
Sums = NDArray[np.float64]
Flags = NDArray[np.int8]


class Graph(NamedTuple):
    """A symmetric weighted graph: the edges of node i are `starts[i]` to `starts[i + 1]`, none to itself.

    `inside` (n,): the weight that a node stands for, each edge counted from both ends; 0 where nodes are
    rows. `degree` (n,): what a node has inside and its edges, in all.
    """

    starts: Starts
    indices: Codes
    weights: Weights
    inside: Sums
    degree: Sums

    @property
    def n_nodes(self) -> int:
        """How many nodes there are."""
        return len(self.degree)


def shared_neighbor_graph(neighbors: NDArray[np.integer]) -> Graph:
    """Join each row with its neighbors (n, k) and with the rows whose neighbor it is.

    An edge weighs the Jaccard similarity of the two neighborhoods, each of which holds its own row, so
    that sparse bridges between dense regions weigh little (Jarvis & Patrick 1973; as in PhenoGraph,
    Levine et al. 2015). At most 2·n·k edge ends; n·k² comparisons. -1 means no neighbor.
    """
    listed, mutual = _listed(neighbors)
    weights = np.zeros(listed.shape, np.float32)
    _weigh_shared(weights, listed, np.sort(listed, axis=1), mutual)
    return _joined(listed, mutual, weights)


def similarity_graph(neighbors: NDArray[np.integer], distances: NDArray[np.floating]) -> Graph:
    """Join the same rows; an edge weighs their cosine similarity, 1 - distance (n, k), if that is above 0."""
    near = np.where(np.asarray(distances) < 1, neighbors, -1)
    listed, mutual = _listed(near)
    return _joined(listed, mutual, np.where(listed >= 0, 1 - np.asarray(distances), 0).astype(np.float32))


def unweighted(graph: Graph) -> Graph:
    """Give the graph of rows with every edge weighing 1."""
    return _of_rows(graph.starts, graph.indices, np.ones(len(graph.weights), np.float32))


def induced(graph: Graph, rows: NDArray[np.integer]) -> Graph:
    """Give the graph of some rows, ascending, and the edges between them."""
    place = np.full(graph.n_nodes, -1, np.int32)
    place[rows] = np.arange(len(rows), dtype=np.int32)
    codes = np.where(place < 0, np.int32(-1), np.int32(0))
    counts, (indices, weights) = np.zeros(len(rows), np.int64), _room(len(graph.indices))
    n_edges = _keep_inside(graph, (codes, place), counts, (indices, weights))
    return _of_rows(_starts(counts), indices[:n_edges].copy(), weights[:n_edges].copy())


def cut_between(graph: Graph, codes: Codes) -> Graph:
    """Give the graph of rows without the edges between rows of different codes (n,)."""
    place = np.arange(graph.n_nodes, dtype=np.int32)
    counts, (indices, weights) = np.zeros(graph.n_nodes, np.int64), _room(len(graph.indices))
    n_edges = _keep_inside(graph, (np.array(codes, np.int32), place), counts, (indices, weights))
    return _of_rows(_starts(counts), indices[:n_edges].copy(), weights[:n_edges].copy())


def aggregated(graph: Graph, parts: Codes) -> Graph:
    """Give the graph whose nodes are the `parts` (n,), numbered 0, 1, … without gaps."""
    n_parts = int(parts.max(initial=-1)) + 1
    order = np.argsort(parts, kind="stable")
    bounds = np.searchsorted(parts[order], np.arange(n_parts + 1))
    starts, inside = np.zeros(n_parts + 1, np.int64), np.zeros(n_parts)
    indices, weights = _room(len(graph.indices))
    n_edges = _merge(graph, (parts, order, bounds), (starts, indices, weights, inside), np.zeros(n_parts))
    return Graph(
        starts, indices[:n_edges].copy(), weights[:n_edges].copy(), inside, summed(graph.degree, parts, n_parts)
    )


def summed(values: Sums, codes: Codes, n_codes: int) -> Sums:
    """Give the sum of the values (n,) of each code (n_codes,)."""
    return np.asarray(np.bincount(codes, values, n_codes), np.float64)


def renumbered(codes: NDArray[np.integer]) -> Codes:
    """Give codes (n,) >= 0 as 0, 1, … without gaps, in their order."""
    used = np.zeros(int(codes.max(initial=-1)) + 1, bool)
    used[codes] = True
    return np.asarray((np.cumsum(used, dtype=np.int32) - np.int32(1))[codes])


def component_sizes(graph: Graph) -> NDArray[np.int64]:
    """Give each node (n,) the number of nodes that it hangs together with, itself included."""
    component, waiting = np.full(graph.n_nodes, -1, np.int32), np.empty(graph.n_nodes, np.int32)
    _find_components(graph, component, waiting)
    return np.asarray(np.bincount(component)[component] if len(component) else component, np.int64)


def _listed(neighbors: NDArray[np.integer]) -> tuple[Codes, Flags]:
    """Give the neighbors, and which of them list the row too."""
    listed = np.array(neighbors, np.int32, order="C")
    mutual = np.zeros(listed.shape, np.int8)
    _find_mutual(mutual, listed, np.sort(listed, axis=1))
    return listed, mutual


def _joined(listed: Codes, mutual: Flags, listed_weights: Weights) -> Graph:
    """Give each row its neighbors and the rows that list it and that it does not list."""
    there = listed >= 0
    starts = _starts(there.sum(axis=1) + np.bincount(listed[there & (mutual == 0)], minlength=len(listed)))
    indices, weights = _room(int(starts[-1]))
    _join(listed, (mutual, listed_weights), starts[:-1].copy(), (indices, weights))
    return _of_rows(starts, indices, weights)


def _starts(counts: NDArray[np.integer]) -> Starts:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _room(n_edges: int) -> tuple[Codes, Weights]:
    return np.empty(n_edges, np.int32), np.empty(n_edges, np.float32)


def _of_rows(starts: Starts, indices: Codes, weights: Weights) -> Graph:
    n_rows = len(starts) - 1
    degree = np.add.reduceat(np.append(weights, 0), starts[:-1], dtype=np.float64) if n_rows else np.zeros(0)
    return Graph(starts, indices, weights, np.zeros(n_rows), np.where(np.diff(starts) > 0, degree, 0.0))


@compiled()
def _find_mutual(mutual: Flags, neighbors: Codes, ordered: Codes) -> None:
    """Set the flag of each neighbor (n, k) that lists the row too; `ordered` is sorted line by line."""
    k = neighbors.shape[1]
    for row in range(neighbors.shape[0]):
        for column in range(k):
            other = neighbors[row, column]
            if other >= 0:
                low, high = 0, k
                while low < high:
                    middle = (low + high) // 2
                    if ordered[other, middle] < row:
                        low = middle + 1
                    else:
                        high = middle
                mutual[row, column] = low < k and ordered[other, low] == row


@compiled()
def _shared(mine: Codes, theirs: Codes) -> int:
    """Count what two ascending lists have in common; -1 does not count."""
    shared, i, j = 0, 0, 0
    while i < len(mine) and j < len(theirs):
        if mine[i] == theirs[j]:
            shared += mine[i] >= 0
            i += 1
            j += 1
        elif mine[i] < theirs[j]:
            i += 1
        else:
            j += 1
    return shared


@compiled()
def _weigh_shared(weights: Weights, neighbors: Codes, ordered: Codes, mutual: Flags) -> None:
    """Set the Jaccard similarity of the neighborhoods, which hold their own row, of each row and neighbor."""
    for row in range(neighbors.shape[0]):
        n_mine = _n_listed(neighbors[row])
        for column in range(neighbors.shape[1]):
            other = neighbors[row, column]
            if other >= 0:
                shared = 1 + _shared(ordered[row], ordered[other]) + mutual[row, column]
                weights[row, column] = shared / (2 + n_mine + _n_listed(neighbors[other]) - shared)


@compiled()
def _n_listed(line: Codes) -> int:
    count = 0
    for other in line:
        count += other >= 0
    return count


@compiled()
def _join(neighbors: Codes, known: tuple[Flags, Weights], filled: Starts, edges: tuple[Codes, Weights]) -> None:
    (mutual, listed_weights), (indices, weights) = known, edges
    for row in range(neighbors.shape[0]):
        for column in range(neighbors.shape[1]):
            other = neighbors[row, column]
            if other >= 0:
                indices[filled[row]], weights[filled[row]] = other, listed_weights[row, column]
                filled[row] += 1
                if not mutual[row, column]:
                    indices[filled[other]], weights[filled[other]] = row, listed_weights[row, column]
                    filled[other] += 1


@compiled()
def _keep_inside(graph: Graph, named: tuple[Codes, Codes], counts: Starts, edges: tuple[Codes, Weights]) -> int:
    """Keep the edges within a code >= 0, with ends renamed to their place; give how many that are."""
    (codes, place), (indices, weights) = named, edges
    n_edges = 0
    for node in range(len(codes)):
        before = n_edges
        for edge in range(graph.starts[node], graph.starts[node + 1]):
            other = graph.indices[edge]
            if codes[other] == codes[node] and codes[node] >= 0:
                indices[n_edges], weights[n_edges] = place[other], graph.weights[edge]
                n_edges += 1
        if place[node] >= 0:
            counts[place[node]] = n_edges - before
    return n_edges


@compiled()
def _merge(
    graph: Graph,
    grouped: tuple[Codes, Starts, Starts],
    merged: tuple[Starts, Codes, Weights, Sums],
    weight_to: Sums,
) -> int:
    (parts, order, bounds), (starts, indices, weights, inside) = grouped, merged
    n_edges = 0
    for part in range(len(inside)):
        first = n_edges
        for node in order[bounds[part] : bounds[part + 1]]:
            inside[part] += graph.inside[node]
            for edge in range(graph.starts[node], graph.starts[node + 1]):
                other = parts[graph.indices[edge]]
                if other != part and weight_to[other] == 0:
                    indices[n_edges] = other
                    n_edges += 1
                weight_to[other] += graph.weights[edge]
        inside[part] += weight_to[part]
        weight_to[part] = 0.0
        for edge in range(first, n_edges):
            weights[edge] = weight_to[indices[edge]]
            weight_to[indices[edge]] = 0.0
        starts[part + 1] = n_edges
    return n_edges


@compiled()
def _find_components(graph: Graph, component: Codes, waiting: Codes) -> None:
    """Give what hangs together the number of its first node; `component` comes as -1."""
    for first in range(len(component)):
        if component[first] >= 0:
            continue
        component[first], waiting[0], n_waiting = first, first, 1
        while n_waiting:
            n_waiting -= 1
            node = waiting[n_waiting]
            for edge in range(graph.starts[node], graph.starts[node + 1]):
                other = graph.indices[edge]
                if component[other] < 0:
                    component[other], waiting[n_waiting] = first, other
                    n_waiting += 1
