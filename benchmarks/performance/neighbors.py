"""The graph of the 15 nearest neighbors; peers with the parameters that reach a recall of 0.98, where they can."""

from functools import partial
from itertools import starmap
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.performance import inputs
from benchmarks.performance.inputs import K, Rows
from benchmarks.performance.measuring import OURS, Contender, Figures, Kernel
from benchmarks.performance.operations import counted, gemm_rate
from burnish.kernels.neighbors import nearest_neighbors

SMALL, MIDDLE = 50_000, 200_000
QUERIES = 20_000
EXACT_ROWS = 1_000
"""Less than burnish compares pair by pair by default, so that it warms up on the search by cells."""


class Found(NamedTuple):
    """Lists (n, any) of positions, which may name the row itself, and the operations where they are known."""

    positions: NDArray[np.integer]
    operations: float = 0.0


def burnish(rows: Rows, *, recall: float) -> Found:
    with counted(rows.vectors.shape[1]) as count:
        found = nearest_neighbors(rows.vectors, K, recall=recall, exact_rows=EXACT_ROWS)
    return Found(found.positions, count.operations)


def faiss_exact(faiss: Any, rows: Rows) -> Found:
    found = faiss.knn(rows.vectors, rows.vectors, K + 1, metric=faiss.METRIC_INNER_PRODUCT)[1]
    return Found(found, 2.0 * len(rows.vectors) ** 2 * rows.vectors.shape[1])


def faiss_cells(faiss: Any, rows: Rows, *, code: str, n_probes: int, refine: float = 0) -> Found:
    """Inverted file with 2·√n cells; `refine` times k candidates of a coarse code are compared exactly."""
    n_rows, n_dims = rows.vectors.shape
    n_cells = round(2 * n_rows**0.5)
    index = faiss.index_factory(n_dims, f"IVF{n_cells},{code}", faiss.METRIC_INNER_PRODUCT)
    index.train(rows.vectors[:: max(1, n_rows // (64 * n_cells))])
    index.add(rows.vectors)
    cells = faiss.extract_index_ivf(index)
    cells.nprobe = n_probes
    if refine:
        index.k_factor = refine
    return Found(np.vstack([index.search(some, K + 1)[1] for some in _in_parts(rows.vectors)]))


def faiss_hnsw(faiss: Any, rows: Rows, *, links: int, built: int, searched: int) -> Found:
    index = faiss.IndexHNSWFlat(rows.vectors.shape[1], links, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction, index.hnsw.efSearch = built, searched
    index.add(rows.vectors)
    return Found(index.search(rows.vectors, K + 1)[1])


def faiss_descent(faiss: Any, rows: Rows, *, links: int, searched: int) -> Found:
    index = faiss.IndexNNDescentFlat(rows.vectors.shape[1], links, faiss.METRIC_L2)
    index.nndescent.search_L = searched
    index.add(rows.vectors)
    return Found(index.search(rows.vectors, K + 1)[1])


def usearch(library: Any, rows: Rows, *, links: int, built: int, searched: int) -> Found:
    index = library.Index(
        ndim=rows.vectors.shape[1], metric="ip", dtype="f16", connectivity=links,
        expansion_add=built, expansion_search=searched,
    )  # fmt: skip
    index.add(np.arange(len(rows.vectors)), rows.vectors, threads=1)
    return Found(index.search(rows.vectors, K + 1, threads=1).keys.astype(np.int64))


def hnswlib(library: Any, rows: Rows, *, links: int, built: int, searched: int) -> Found:
    index = library.Index("ip", rows.vectors.shape[1])
    index.init_index(len(rows.vectors), M=links, ef_construction=built)
    index.set_num_threads(1)
    index.add_items(rows.vectors)
    index.set_ef(searched)
    return Found(index.knn_query(rows.vectors, K + 1)[0].astype(np.int64))


def pynndescent(library: Any, rows: Rows, *, n_neighbors: int = K + 1, **parameters: Any) -> Found:
    index = library.NNDescent(
        rows.vectors, metric="cosine", n_neighbors=n_neighbors, n_jobs=1, random_state=0, **parameters
    )
    return Found(index.neighbor_graph[0])


def evoc(library: Any, rows: Rows, *, n_neighbors: int = K + 1, quantized: bool = False) -> Found:
    vectors = rows.vectors
    if quantized:
        vectors = np.round(127 * vectors / np.abs(vectors).max()).astype(np.int8)
    return Found(library.knn_graph(vectors, n_neighbors=n_neighbors, random_state=0, n_jobs=1)[0])


def judge(rows: Rows, found: Found) -> Figures:
    """Give the recall; with known operations also what a matrix product could do in this very process."""
    figures = {"recall": inputs.truth(rows.vectors).recall(rows.vectors, found.positions)}
    if found.operations:
        figures |= {"operations": found.operations, "gemm_rate": gemm_rate()}
    return figures


def load(case: str) -> Rows:
    rows = inputs.rows(case)
    inputs.truth(rows.vectors)
    return rows


def _in_parts(vectors: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    return [vectors[start : start + QUERIES] for start in range(0, len(vectors), QUERIES)]


def _peer(needs: str, max_rows: int, name: str, work: Any) -> Contender:
    return Contender(name, work, "recall 0.98", (needs,), max_rows)


KERNEL = Kernel(
    name="neighbors",
    contenders=(
        Contender(OURS, partial(burnish, recall=0.98), "recall 0.98"),
        *starmap(partial(_peer, "faiss", MIDDLE), (
            ("faiss IVF-SQfp16, 8 probes", partial(faiss_cells, code="SQfp16", n_probes=8)),
            ("faiss IVF-SQfp16, 12 probes", partial(faiss_cells, code="SQfp16", n_probes=12)),
            ("faiss IVF-PQfs + refine, 16 probes", partial(faiss_cells, code="PQ96x4fs,RFlat", n_probes=16, refine=4)),
            ("faiss IVF-PQfs + refine, 32 probes", partial(faiss_cells, code="PQ96x4fs,RFlat", n_probes=32, refine=8)),
        )),
        *starmap(partial(_peer, "faiss", SMALL), (
            ("faiss HNSW, M 32", partial(faiss_hnsw, links=32, built=80, searched=80)),
            ("faiss NNDescent, K 64", partial(faiss_descent, links=64, searched=320)),
        )),
        _peer("usearch.index", SMALL, "usearch f16", partial(usearch, links=24, built=128, searched=128)),
        _peer("hnswlib", SMALL, "hnswlib, M 24", partial(hnswlib, links=24, built=100, searched=100)),
        *starmap(partial(_peer, "pynndescent", 10**9), (
            ("pynndescent", pynndescent),
            ("pynndescent, 24 neighbors", partial(pynndescent, n_neighbors=24)),
            ("pynndescent, 100 candidates", partial(pynndescent, max_candidates=100)),
        )),
        *starmap(partial(_peer, "evoc.knn_graph", 10**9), (
            ("EVōC", evoc),
            ("EVōC, 24 neighbors", partial(evoc, n_neighbors=24)),
            ("EVōC int8, 24 neighbors", partial(evoc, n_neighbors=24, quantized=True)),
        )),
        Contender(OURS, partial(burnish, recall=1), "exact", max_rows=SMALL),
        Contender("faiss", faiss_exact, "exact", ("faiss",), SMALL),
    ),
    load=load,
    small=Rows.first,
    judge=judge,
    rows=(SMALL, MIDDLE),
    nightly_rows=(1_000_000,),
)  # fmt: skip
