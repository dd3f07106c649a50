"""Crowds: more equal rows than a list of neighbors holds. Which of them are listed is free, so it is chosen well."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from burnish.kernels.top import Best
from burnish.kernels.vectors import Rows, Vectors

EQUAL = 1e-5
"""Rows whose similarity is this close to 1 may be equal."""

BLOCK_ROWS = 8_192


def link_crowds(best: Best, vectors: Vectors) -> None:
    """Let the later half of the list of each row of a crowd name the first rows of that crowd.

    A search by cells lists the copies in a row's own cell, so that a crowd cut into cells would fall into parts
    that know nothing of one another. `best`: lists by position among the usable rows, changed in place.
    """
    k = best.positions.shape[1]
    crowded = np.flatnonzero((best.positions[:, -1] >= 0) & (best.similarities[:, -1] >= 1 - EQUAL))
    for members in _equal(vectors, crowded) if len(crowded) > k + 1 else []:
        if len(members) <= k + 1:
            continue
        for start in range(0, len(members), BLOCK_ROWS):
            some = members[start : start + BLOCK_ROWS]
            best.positions[some] = _with_hubs(best.positions[some], some, members[: k // 2 + 1])


def _with_hubs(listed: NDArray[np.int32], rows: Rows, hubs: Rows) -> NDArray[np.int32]:
    """Give lists (m, k): the first half of `listed`, then the `hubs`, then the rest; each row once, none itself."""
    n_kept = listed.shape[1] - listed.shape[1] // 2
    named = np.broadcast_to(hubs.astype(np.int32), (len(rows), len(hubs)))
    wide = np.hstack([listed[:, :n_kept], named, listed[:, n_kept:]])
    again = np.tril(wide[:, :, None] == wide[:, None, :], -1).any(axis=2) | (wide == rows[:, None])
    order = np.argsort(again, axis=1, kind="stable")[:, : listed.shape[1]]
    return np.take_along_axis(wide, order, axis=1)


def _equal(vectors: Vectors, rows: Rows) -> list[Rows]:
    """Give the rows that are equal to the last digit, ascending, where there are several."""
    digests = np.empty((len(rows), 2), np.uint64)
    step = max(1, 4_000_000 // vectors.n_dims)
    for start in range(0, len(rows), step):
        block = vectors.take(rows[start : start + step])
        made = b"".join(hashlib.blake2b(row.data, digest_size=16).digest() for row in block)
        digests[start : start + step] = np.frombuffer(made, np.uint64).reshape(-1, 2)
    _, codes, sizes = np.unique(digests, axis=0, return_inverse=True, return_counts=True)
    order = np.argsort(codes.ravel(), kind="stable")
    return [rows[part] for part in np.split(order, np.cumsum(sizes)[:-1]) if len(part) > 1]
