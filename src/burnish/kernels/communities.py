"""Communities of the neighbor graph at several levels of detail, each made of the same small parts.

The parts are communities of the graph in which an edge weighs the share of common neighbors, at a resolution
far too fine: such weights see even small dense groups, but cut large even ones to pieces. Each level joins
parts. The coarser levels do so by modularity of the graph with all edges alike, and let single rows move. The
finest joins a part to the one it hangs on most while too much of its weight leads out of it: that asks only
whether a group is closed, whatever its size, where modularity would merge the small and divide the large
(the resolution limit, Fortunato & Barthélemy 2007). All constants were chosen on labelled sets: see the
topic page.
"""

from heapq import heappop, heappush
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from burnish.kernels.graphs import Codes, Graph, aggregated, cut_between, renumbered, unweighted
from burnish.kernels.leiden import leiden, moved

PART_RESOLUTION = 64.0
RESOLUTIONS = (0.5, 2.0, 6.0)
"""Modularity resolution of each level but the finest, coarse to fine."""

MAX_LEAK = 0.2
"""Share of a group's weight that may lead out of it at the finest level (its conductance)."""

N_LEVELS = len(RESOLUTIONS) + 1
FINEST = N_LEVELS - 1


class Layers(NamedTuple):
    """What levels are made from: both graphs of the rows, and the part of each row (n,)."""

    shared: Graph
    flat: Graph
    parts: Codes

    @classmethod
    def of(cls, shared: Graph, *, seed: int) -> "Layers":
        """Find the parts of a graph of shared neighbors."""
        return cls(shared, unweighted(shared), leiden(shared, PART_RESOLUTION, seed=seed))

    def inside(self, codes: Codes) -> "Layers":
        """Give the layers without the edges between communities (n,), and parts that lie in one of them."""
        parts = renumbered(codes.astype(np.int64) * (int(self.parts.max(initial=-1)) + 1) + self.parts)
        return Layers(cut_between(self.shared, codes), cut_between(self.flat, codes), parts)


def find_level(layers: Layers, level: int, *, min_size: int, seed: int) -> Codes:
    """Give the community of each row (n,) at a level, 0 coarse to `FINEST`.

    One of fewer than `min_size` rows joins the one it hangs on most; what hangs on nothing stays as it is.
    """
    if level == FINEST:
        return _closed(layers.shared, layers.parts, max_leak=MAX_LEAK, min_size=min_size)
    resolution = RESOLUTIONS[level]
    codes = leiden(aggregated(layers.flat, layers.parts), resolution, seed=seed)[layers.parts]
    codes = moved(layers.flat, codes, resolution, seed=seed)
    if np.bincount(codes).min(initial=min_size) >= min_size:
        return codes
    return _closed(layers.flat, codes, max_leak=1.0, min_size=min_size)


def find_levels(shared: Graph, *, min_size: int, seed: int) -> list[Codes]:
    """Give the communities (n,) of every level, coarse to fine, each found by itself."""
    layers = Layers.of(shared, seed=seed)
    return [find_level(layers, level, min_size=min_size, seed=seed) for level in range(N_LEVELS)]


def _closed(graph: Graph, parts: Codes, *, max_leak: float, min_size: int) -> Codes:
    """Join parts (n,), the leakiest first, to the one they hang on most, until each is closed and large enough."""
    joining = _Joining(aggregated(graph, parts), np.bincount(parts), max_leak=max_leak, min_size=min_size)
    return renumbered(joining.joined())[parts]


class _Joining:
    """Parts with the weights between them, joined step by step; a queue holds those that have to join."""

    def __init__(self, graph: Graph, sizes: NDArray[np.int64], *, max_leak: float, min_size: int) -> None:
        edges = list(zip(graph.indices.tolist(), graph.weights.tolist(), strict=True))
        self.links = [dict(edges[a:b]) for a, b in pairwise(graph.starts.tolist())]
        self.inside, self.degree, self.sizes = graph.inside.tolist(), graph.degree.tolist(), sizes.tolist()
        self.max_leak, self.min_size = max_leak, min_size
        self.into = list(range(len(self.links)))
        self.queue: list[tuple[float, int, int]] = []
        for part in range(len(self.links)):
            self._enqueue(part)

    def joined(self) -> Codes:
        """Give each part the name of what it became part of."""
        while self.queue:
            _, part, size = heappop(self.queue)
            if self.into[part] == part and self.sizes[part] == size:
                self._join(part, max(self.links[part], key=self.links[part].__getitem__))
        for part in range(len(self.into)):
            while self.into[self.into[part]] != self.into[part]:
                self.into[part] = self.into[self.into[part]]
        return np.array(self.into, np.int32)

    def _enqueue(self, part: int) -> None:
        if not self.links[part]:
            return
        leak = 1 - self.inside[part] / self.degree[part]
        if leak > self.max_leak or self.sizes[part] < self.min_size:
            heappush(self.queue, (-leak, part, self.sizes[part]))

    def _join(self, part: int, target: int) -> None:
        links, across = self.links[part], self.links[part].pop(target)
        for other, weight in links.items():
            self.links[target][other] = self.links[target].get(other, 0.0) + weight
            self.links[other][target] = self.links[other].get(target, 0.0) + weight
            del self.links[other][part]
        del self.links[target][part]
        self.inside[target] += self.inside[part] + 2 * across
        self.degree[target] += self.degree[part]
        self.sizes[target] += self.sizes[part]
        self.into[part], self.links[part] = target, {}
        self._enqueue(target)
