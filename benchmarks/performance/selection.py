"""One row in forty that stands best for all, on the neighbor graph, which is given: 5,000 of 200,000."""

import numpy as np
from numpy.typing import NDArray

from benchmarks.performance import inputs
from benchmarks.performance.inputs import Graph
from benchmarks.performance.measuring import OURS, Contender, Figures, Kernel
from burnish.kernels.selection import coverage_of, select_diverse

ONE_IN = 40

Chosen = NDArray[np.int64]


def budget(graph: Graph) -> int:
    return len(graph.rows.vectors) // ONE_IN


def burnish(graph: Graph) -> Chosen:
    return select_diverse(graph.rows.vectors, budget=budget(graph), neighbors=graph.neighbors)


def at_random(graph: Graph) -> Chosen:
    return np.random.default_rng(0).permutation(len(graph.rows.vectors))[: budget(graph)]


def judge(graph: Graph, chosen: Chosen) -> Figures:
    """Give the sum over rows of the similarity to the most similar chosen row, and how many were chosen."""
    return {"coverage": coverage_of(chosen, graph.neighbors), "chosen": len(chosen)}


KERNEL = Kernel(
    name="selection",
    contenders=(Contender(OURS, burnish), Contender("at random", at_random)),
    load=inputs.graph,
    small=Graph.first,
    judge=judge,
    rows=(200_000,),
    nightly_rows=(1_000_000,),
)
