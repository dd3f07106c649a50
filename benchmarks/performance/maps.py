"""The 2-D map from the neighbor graph, which is given; judged by the neighbors that it keeps together."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from benchmarks.performance import inputs
from benchmarks.performance.clusters import with_itself
from benchmarks.performance.inputs import LABELLED, Graph, K
from benchmarks.performance.measuring import OURS, Contender, Figures, Kernel
from burnish.kernels.layout import layout_map

Places = NDArray[np.floating]
NEAR = 2 * K
BLOCK = 50_000


def burnish(graph: Graph) -> Places:
    return layout_map(graph.rows.vectors, graph.neighbors.positions)


def umap(library: Any, graph: Graph) -> Places:
    """Starts from the main directions: its default start, the spectral one, takes longer."""
    model = library.UMAP(
        n_neighbors=K, metric="cosine", precomputed_knn=with_itself(graph), init="pca", n_epochs=200,
        random_state=0, n_jobs=1, force_approximation_algorithm=True,
    )  # fmt: skip
    return model.fit_transform(graph.rows.vectors)


def judge(graph: Graph, places: Places) -> Figures:
    """Give the share of the 15 neighbors among the 30 nearest on the map, and of rows that those 15 classify right."""
    tree, classes, kept, right = KDTree(places), graph.rows.classes, 0, 0
    for start in range(0, len(places), BLOCK):
        some = slice(start, start + BLOCK)
        near = tree.query(places[some], k=NEAR + 1)[1]
        true = graph.neighbors.positions[some]
        kept += sum(int((near == column[:, None]).any(axis=1).sum()) for column in true.T)
        votes = classes[near[:, 1 : K + 1]]
        agreed = (votes[:, :, None] == votes[:, None, :]).sum(axis=2).argmax(axis=1)
        right += int((votes[np.arange(len(votes)), agreed] == classes[some]).sum())
    return {"kept": kept / graph.neighbors.positions.size, "accuracy": right / len(places)}


KERNEL = Kernel(
    name="maps",
    contenders=(Contender(OURS, burnish), Contender("umap-learn", umap, needs=("umap",), max_rows=200_000)),
    load=inputs.graph,
    small=Graph.first,
    judge=judge,
    rows=(50_000, 200_000),
    nightly_rows=(1_000_000,),
    sets=LABELLED,
)
