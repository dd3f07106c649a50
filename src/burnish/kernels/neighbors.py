"""Nearest neighbors by cosine distance: exact up to a stated size, by cells and with known recall beyond."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from burnish.errors import UsageError
from burnish.kernels.cell_search import search_graph
from burnish.kernels.exact_search import search_exact
from burnish.kernels.items import InTurn, Resources
from burnish.kernels.sampled_recall import Known, Sampled
from burnish.kernels.top import Best
from burnish.kernels.vectors import Vectors

EXACT_ROWS = 10_000
"""Up to this many rows every pair is compared."""

RECALL = 0.98
"""Share of the true neighbors that is wanted."""


class Neighbors(NamedTuple):
    """Positions and cosine distances, both (n, k), nearest first; -1 / inf where there is none.

    `recall`: the share of true neighbors found, 1 where every pair was compared, else estimated on
    `n_sampled` rows.
    """

    positions: NDArray[np.int32]
    distances: NDArray[np.float32]
    recall: float = 1.0
    n_sampled: int = 0


def nearest_neighbors(
    embeddings: ArrayLike | Vectors,
    k: int = 15,
    *,
    recall: float = RECALL,
    exact_rows: int = EXACT_ROWS,
    seed: int = 0,
    resources: Resources | None = None,
) -> Neighbors:
    """Give each row its `k` nearest other rows by cosine distance (0..2), nearest first.

    `embeddings` (n, d) of any real dtype, layout or byte order, memory-mapped or not; rows need not have
    unit length. A row that is zero or not finite has no neighbors and is nobody's neighbor. Past the last
    neighbor stand -1 and inf. Exact up to `exact_rows` rows, and where `recall` is 1: n²·d operations.
    Beyond, by cells, until `recall` is reached on a sample: about d·n^(4/3) operations times a hundred.
    Beside the rows and the answer, memory for about 150 MB of blocks a worker.

    >>> nearest_neighbors([[1, 0], [2, 0], [0, 1]], k=1).positions.ravel().tolist()
    [1, 0, 0]
    """
    if k < 1:
        raise UsageError(f"k is {k}.", remedy="Ask for at least 1 neighbor.")
    if not 0 < recall <= 1:
        raise UsageError(f"recall is {recall}.", remedy="Ask for a share of the true neighbors, above 0 and up to 1.")
    vectors = Vectors.of(embeddings)
    resources = (resources or Resources()).within("neighbors")
    width = min(k, max(1, len(vectors) - 1))
    if len(vectors) <= exact_rows or recall == 1:
        best, known = search_exact(vectors, width, resources), Known()
    else:
        best, known = search_graph(vectors, width, recall=recall, seed=seed, resources=resources)
    resources.scratch.clear()
    return _finished(best, vectors, k)._replace(**known._asdict())


def estimate_recall(embeddings: ArrayLike, neighbors: Neighbors, *, n_sampled: int = 500, seed: int = 0) -> float:
    """Give the share of true nearest neighbors that `neighbors` holds, over a sample of rows.

    A neighbor counts when it is no further than the true k-th one, so that ties do no harm.
    Costs 2·n_sampled·n·d operations; 1.0 when there is nothing to find.
    """
    vectors = Vectors.of(embeddings)
    width = min(neighbors.positions.shape[1], max(1, len(vectors) - 1))
    sampled = Sampled.of(vectors, width, seed=seed, engine=InTurn(), n_sampled=n_sampled)
    return sampled.recall(1 - neighbors.distances[vectors.rows[sampled.rows], :width])


def _finished(best: Best, vectors: Vectors, k: int) -> Neighbors:
    """Give positions among all rows, and distances."""
    positions = np.full((vectors.n_rows, k), -1, np.int32)
    distances = np.full((vectors.n_rows, k), np.inf, np.float32)
    width = best.positions.shape[1]
    if len(vectors):
        there = best.positions >= 0
        positions[vectors.rows, :width] = np.where(there, vectors.rows[best.positions], -1)
        distances[vectors.rows, :width] = np.where(there, np.clip(1 - best.similarities, 0, 2), np.inf)
    return Neighbors(positions, distances)
