"""Clusters of the neighbor graph, which is given, against true classes; only k-means is told how many there are."""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from benchmarks.performance import inputs
from benchmarks.performance.inputs import LABELLED, Graph, K
from benchmarks.performance.measuring import OURS, Contender, Figures, Kernel
from burnish.kernels.clusters import cluster_rows
from burnish.kernels.graphs import shared_neighbor_graph
from burnish.kernels.leiden import leiden

Codes = NDArray[np.integer]

RESOLUTIONS = (1, 3, 10, 20, 60, 180)
PEER_ROWS = 50_000


def burnish(graph: Graph) -> Codes:
    found = cluster_rows(graph.neighbors.positions)
    return found.path[:, found.working]


def one_resolution(graph: Graph, *, resolution: float) -> Codes:
    """What a person would try one after the other: Leiden on the graph of shared neighbors."""
    return leiden(shared_neighbor_graph(graph.neighbors.positions), resolution, seed=0)


def evoc(library: Any, graph: Graph) -> Codes:
    """It makes a graph of its own, which its time includes."""
    return library.EVoC(random_state=0).fit_predict(graph.rows.vectors)


def umap_hdbscan(umap: Any, fast_hdbscan: Any, graph: Graph) -> Codes:
    places = umap.UMAP(
        n_neighbors=K, n_components=5, min_dist=0.0, metric="cosine", precomputed_knn=with_itself(graph),
        random_state=0, n_jobs=1, force_approximation_algorithm=True,
    ).fit_transform(graph.rows.vectors)  # fmt: skip
    return fast_hdbscan.HDBSCAN(min_cluster_size=15).fit_predict(places)


def kmeans(library: Any, graph: Graph) -> Codes:
    n_classes = len(np.unique(graph.rows.classes))
    return library.KMeans(n_classes, n_init=1, random_state=0).fit_predict(graph.rows.vectors)


def with_itself(graph: Graph) -> tuple[NDArray[np.integer], NDArray[np.floating]]:
    """Give the neighbors and distances (n, k) as umap-learn wants them: each row is its own first neighbor."""
    rows = np.arange(len(graph.rows.vectors), dtype=np.int32)[:, None]
    positions, distances = graph.neighbors.positions[:, : K - 1], graph.neighbors.distances[:, : K - 1]
    return np.hstack([rows, positions]), np.hstack([np.zeros(rows.shape, np.float32), distances])


def judge(graph: Graph, codes: Codes) -> Figures:
    """Noise counts as one cluster in `ami` and `ari`, and is left out in those of the rest."""
    classes, clustered = graph.rows.classes, codes >= 0
    return {
        "ami": float(adjusted_mutual_info_score(classes, codes)),
        "ari": float(adjusted_rand_score(classes, codes)),
        "ami_of_rest": float(adjusted_mutual_info_score(classes[clustered], codes[clustered])),
        "ari_of_rest": float(adjusted_rand_score(classes[clustered], codes[clustered])),
        "clusters": len(np.unique(codes[clustered])),
        "classes": len(np.unique(classes)),
        "noise": float(np.mean(~clustered)),
    }


KERNEL = Kernel(
    name="clusters",
    contenders=(
        Contender(OURS, burnish),
        *(Contender(f"Leiden, resolution {r}", partial(one_resolution, resolution=r), max_rows=200_000)
          for r in RESOLUTIONS),
        Contender("EVōC", evoc, needs=("evoc",), max_rows=PEER_ROWS),
        Contender("UMAP + HDBSCAN", umap_hdbscan, needs=("umap", "fast_hdbscan"), max_rows=PEER_ROWS),
        Contender("k-means, true K", kmeans, needs=("sklearn.cluster",), max_rows=PEER_ROWS),
    ),
    load=inputs.graph,
    small=Graph.first,
    judge=judge,
    rows=(50_000, 200_000),
    nightly_rows=(1_000_000,),
    sets=LABELLED,
)  # fmt: skip
