"""The rows nearest to one vector: a block of rows at a time, four bytes a row."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from burnish.kernels.top import largest_columns
from burnish.kernels.vectors import Vectors


class Nearest(NamedTuple):
    """Positions (m,) of rows, nearest first, and their cosine distances (m,)."""

    positions: NDArray[np.int64]
    distances: NDArray[np.float32]


def nearest_to(vectors: Vectors, query: NDArray[np.floating], k: int, *, leave_out: int = -1) -> Nearest:
    """Give the `k` usable rows nearest to `query` (n_dims,) of unit length, but for row `leave_out`; n · d operations.

    Equal distances come in the order of the rows.
    """
    similarities = np.empty(len(vectors), np.float32)
    for start, stop in vectors.blocks():
        similarities[start:stop] = vectors.block(start, stop) @ np.asarray(query, np.float32)
    similarities[vectors.rows == leave_out] = -np.inf
    asked = min(k, int((similarities > -np.inf).sum()))
    if not asked:
        return Nearest(np.empty(0, np.int64), np.empty(0, np.float32))
    best = largest_columns(similarities[None], asked)[0]
    best = best[np.lexsort((best, -similarities[best]))]
    distances = np.maximum(1 - similarities[best], np.float32(0))
    return Nearest(vectors.rows[best], np.asarray(distances, np.float32))
