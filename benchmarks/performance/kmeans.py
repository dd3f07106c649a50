"""Spherical k-means; what counts is the mean cosine of all rows to their nearest centroid, and the time it takes."""

from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.performance import inputs
from benchmarks.performance.inputs import Rows
from benchmarks.performance.measuring import OURS, Contender, Figures, Kernel
from benchmarks.performance.operations import counted
from burnish.kernels.kmeans import spherical_kmeans

FACTORS = (1, 2, 4)
N_ITERATIONS = 10


class Fitted(NamedTuple):
    """Centroids (n_cells, d) of any length, and the operations where they are known."""

    centroids: NDArray[np.floating]
    operations: float = 0.0


def n_cells(rows: Rows, factor: int) -> int:
    return round(factor * len(rows.vectors) ** 0.5)


def burnish(rows: Rows, *, factor: int) -> Fitted:
    with counted(rows.vectors.shape[1]) as count:
        centroids = spherical_kmeans(rows.vectors, n_cells(rows, factor), seed=0)
    return Fitted(centroids, count.operations)


def superkmeans(library: Any, rows: Rows, *, factor: int) -> Fitted:
    model = library.SuperKMeans(
        n_cells(rows, factor), rows.vectors.shape[1], hierarchical=True, angular=True, n_threads=1, seed=0
    )
    return Fitted(model.train(rows.vectors))


def faiss(library: Any, rows: Rows, *, factor: int) -> Fitted:
    """At most 256 rows a centroid, as it does by default."""
    model = library.Kmeans(rows.vectors.shape[1], n_cells(rows, factor), niter=N_ITERATIONS, spherical=True, seed=1)
    model.train(rows.vectors)
    return Fitted(model.centroids)


def sklearn(library: Any, rows: Rows, *, factor: int) -> Fitted:
    model = library.KMeans(n_cells(rows, factor), init="random", n_init=1, max_iter=N_ITERATIONS, tol=0, random_state=0)
    return Fitted(model.fit(rows.vectors).cluster_centers_)


def judge(rows: Rows, fitted: Fitted) -> Figures:
    lengths = np.linalg.norm(fitted.centroids, axis=1, keepdims=True)
    centroids = (fitted.centroids / np.maximum(lengths, 1e-12)).astype(np.float32)
    blocks = range(0, len(rows.vectors), 4096)
    total = sum(float((rows.vectors[a : a + 4096] @ centroids.T).max(axis=1).sum(dtype=np.float64)) for a in blocks)
    figures = {"cosine": total / len(rows.vectors)}
    return figures | ({"operations": fitted.operations} if fitted.operations else {})


def _contenders(factor: int) -> tuple[Contender, ...]:
    group = f"K = {factor if factor > 1 else ''}√n"
    return (
        Contender(OURS, partial(burnish, factor=factor), group),
        Contender("superkmeans, hierarchical", partial(superkmeans, factor=factor), group, ("superkmeans",)),
        Contender("faiss, 10 iterations", partial(faiss, factor=factor), group, ("faiss",)),
        Contender("scikit-learn, 10 iterations", partial(sklearn, factor=factor), group, ("sklearn.cluster",)),
    )


KERNEL = Kernel(
    name="kmeans",
    contenders=tuple(contender for factor in FACTORS for contender in _contenders(factor)),
    load=inputs.rows,
    small=Rows.first,
    judge=judge,
    rows=(200_000,),
)
