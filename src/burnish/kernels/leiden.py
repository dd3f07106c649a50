"""Communities of a weighted graph by the Leiden algorithm (Traag, Waltman & van Eck 2019), compiled.

Modularity with a resolution: the sum over communities of (weight inside − resolution · degree² / total).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from burnish.kernels.compiled import compiled
from burnish.kernels.graphs import Codes, Graph, Sums, aggregated, renumbered, summed

Order = NDArray[np.int32]

MAX_LEVELS = 32
TINY_GAIN = 1e-12


def leiden(graph: Graph, resolution: float, *, seed: int) -> Codes:
    """Give each node the code of its community, 0, 1, …; the same for a seed.

    A node without edges is a community of its own. Each round moves nodes while modularity grows, refines
    the communities into well connected parts, and goes on with the parts as nodes: about linear in edges.
    At last single nodes move once more, so that none would gain by moving. Where the paper draws a part at
    random in proportion to its gain, the best is taken.
    """
    rng, rows = np.random.default_rng(seed), graph
    total = float(graph.degree.sum())
    member = codes = np.arange(graph.n_nodes, dtype=np.int32)
    for _ in range(MAX_LEVELS if total else 0):
        codes, order = codes.copy(), rng.permutation(graph.n_nodes).astype(np.int32)
        _move(graph, codes, order.copy(), resolution / total)
        parts = renumbered(_refined(graph, codes, order, resolution / total))
        n_parts = int(parts.max()) + 1
        if n_parts == len(parts):
            break
        above = np.empty(n_parts, np.int32)
        above[parts] = codes
        member, graph, codes = parts[member], aggregated(graph, parts), renumbered(above)
    return moved(rows, renumbered(codes)[member], resolution, seed=seed)


def moved(graph: Graph, codes: Codes, resolution: float, *, seed: int) -> Codes:
    """Give the communities (n,) after single nodes have moved to where modularity grows most."""
    order = np.random.default_rng(seed).permutation(graph.n_nodes).astype(np.int32)
    better, total = renumbered(codes), float(graph.degree.sum())
    if total:
        _move(graph, better, order, resolution / total)
    return renumbered(better)


class _Tally(NamedTuple):
    """Room to add up the weights from one node to each code, and the codes that it has edges to."""

    weight_to: Sums
    seen: Codes

    @classmethod
    def empty(cls, n_codes: int) -> "_Tally":
        return cls(np.zeros(n_codes), np.empty(n_codes, np.int32))


def _move(graph: Graph, codes: Codes, order: Order, penalty: float) -> None:
    """Move nodes to the neighboring community that gains most, until none gains (fast local moving)."""
    degree_of = summed(graph.degree, codes, graph.n_nodes)
    _move_waiting(graph, codes, (degree_of, penalty), (order, np.ones(len(order), np.int8), _Tally.empty(len(order))))


def _refined(graph: Graph, codes: Codes, order: Order, penalty: float) -> Codes:
    """Give parts of the communities, named by a node: each node joins, once, the part that gains most.

    Only what is well connected with the rest of its community joins or is joined.
    """
    parts = np.arange(graph.n_nodes, dtype=np.int32)
    community = summed(graph.degree, codes, graph.n_nodes)[codes]
    leaving, is_single = np.empty(graph.n_nodes), np.ones(graph.n_nodes, np.int8)
    known = (community, graph.degree.copy(), leaving, is_single, penalty)
    _join_parts(graph, (codes, parts), (order, _Tally.empty(graph.n_nodes)), known)
    return parts


@compiled()
def _count(graph: Graph, node: int, codes: Codes, tally: _Tally) -> int:
    """Add up the weights from a node to each code; give how many codes that are."""
    n_seen = 0
    for edge in range(graph.starts[node], graph.starts[node + 1]):
        code = codes[graph.indices[edge]]
        if tally.weight_to[code] == 0:
            tally.seen[n_seen] = code
            n_seen += 1
        tally.weight_to[code] += graph.weights[edge]
    return n_seen


@compiled()
def _clear(tally: _Tally, n_seen: int) -> None:
    for index in range(n_seen):
        tally.weight_to[tally.seen[index]] = 0.0


@compiled()
def _move_waiting(
    graph: Graph, codes: Codes, known: tuple[Sums, float], work: tuple[Order, NDArray[np.int8], _Tally]
) -> None:
    degree_of, penalty = known
    waiting, is_waiting, tally = work  # a ring buffer; a node waits at most once, so it never overflows
    n_nodes = len(codes)
    first, n_waiting = 0, n_nodes
    while n_waiting:
        node = waiting[first]
        first = (first + 1) % n_nodes
        n_waiting -= 1
        is_waiting[node] = 0
        own, degree = codes[node], graph.degree[node]
        n_seen = _count(graph, node, codes, tally)
        degree_of[own] -= degree
        best, best_gain = own, tally.weight_to[own] - penalty * degree * degree_of[own] + TINY_GAIN
        for code in tally.seen[:n_seen]:
            gain = tally.weight_to[code] - penalty * degree * degree_of[code]
            if gain > best_gain:
                best, best_gain = code, gain
        _clear(tally, n_seen)
        degree_of[best] += degree
        codes[node] = best
        for edge in range(graph.starts[node], graph.starts[node + 1] if best != own else graph.starts[node]):
            other = graph.indices[edge]
            if codes[other] != best and not is_waiting[other]:
                waiting[(first + n_waiting) % n_nodes] = other
                n_waiting += 1
                is_waiting[other] = 1


@compiled()
def _join_parts(
    graph: Graph,
    named: tuple[Codes, Codes],
    work: tuple[Order, _Tally],
    known: tuple[Sums, Sums, Sums, NDArray[np.int8], float],
) -> None:
    (codes, parts), (order, tally) = named, work
    community, degree_of, leaving, is_single, penalty = known
    for node in range(len(codes)):  # leaving: the weight from a part to the rest of its community
        n_seen = _count(graph, node, codes, tally)
        leaving[node] = tally.weight_to[codes[node]]
        _clear(tally, n_seen)
    for node in order:
        rest, degree = community[node] - graph.degree[node], graph.degree[node]
        if not is_single[node] or leaving[node] < penalty * degree * rest:
            continue
        n_seen = _count(graph, node, parts, tally)
        best, best_gain = node, 0.0
        for part in tally.seen[:n_seen]:
            gain = tally.weight_to[part] - penalty * degree * degree_of[part]
            connected = leaving[part] >= penalty * degree_of[part] * (community[node] - degree_of[part])
            if connected and codes[part] == codes[node] and part != node and gain > best_gain:
                best, best_gain = part, gain
        if best != node:
            leaving[best] += leaving[node] - 2 * tally.weight_to[best]
            degree_of[best] += degree
            parts[node] = best
            is_single[best] = 0
        _clear(tally, n_seen)
