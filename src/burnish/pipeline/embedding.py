"""From rows to vectors through a store: only content that no run has embedded before is embedded."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from burnish.errors import EmbedderError
from burnish.protocols import Embedder, Progress, Store

UNIT_BLOCK_ROWS = 1_024
BATCH_BYTES = 64_000_000


def embed_rows(
    embedder: Embedder,
    store: Store,
    content: NDArray[np.uint64],
    items: pa.Array | pa.Table,
    *,
    batch_rows: int = 1024,
    progress: Progress | None = None,
) -> NDArray[np.float32]:
    """Give (n, n_dims) vectors of the rows, as the embedder gives them; NaN where a row cannot be read.

    `content` (n, 2) are the digests of `items`. Equal contents are embedded once, `batch_rows` at a time,
    or fewer when rows are so large that a batch would exceed about 64 MB. Each batch is kept in the
    store as soon as it is there, so that an interruption loses at most one. Rows with a NaN are not kept:
    a file that was missing is looked for again in the next run. Raises EmbedderError when the embedder
    gives another shape than it announced.
    """
    vectors, known = store.lookup(embedder.recipe, content, embedder.n_dims)
    first, source = _first_of_equal(content, ~known)
    if progress is not None:
        progress.start("embed", len(first))
    step = _rows_at_once(items, batch_rows)
    for start in range(0, len(first), step):
        rows = first[start : start + step]
        made = _embed_batch(embedder, items.take(pa.array(rows)))
        usable = np.isfinite(made).all(axis=1)
        store.append(embedder.recipe, content[rows[usable]], made[usable])
        vectors[rows] = made
        if progress is not None:
            progress.advance(len(rows))
    vectors[~known] = vectors[source]
    if progress is not None:
        progress.finish(embedded=len(first), known=int(known.sum()), equal=len(source) - len(first))
    return vectors


def unit_rows(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    """Give the rows at unit length, float32; a row that is zero or has a NaN or infinite value becomes NaN."""
    units = np.empty(vectors.shape, np.float32)
    for start in range(0, len(vectors), UNIT_BLOCK_ROWS):
        block = np.array(vectors[start : start + UNIT_BLOCK_ROWS], np.float64)
        if vectors.dtype.itemsize > 4:  # by the largest value first: squares near the end of the range would overflow
            largest = np.abs(block).max(axis=1, initial=0.0, keepdims=True)
            with np.errstate(invalid="ignore"):
                block /= np.where(largest > 0, largest, np.nan)
        squares = np.einsum("ij,ij->i", block, block)
        lengths = np.sqrt(np.where(np.isfinite(squares) & (squares > 0), squares, np.nan))
        units[start : start + UNIT_BLOCK_ROWS] = block / lengths[:, None]
    return units


def _rows_at_once(items: pa.Array | pa.Table, batch_rows: int) -> int:
    mean_bytes = int(items.nbytes) // max(1, len(items))
    return max(1, min(batch_rows, BATCH_BYTES // max(1, mean_bytes)))


def _first_of_equal(
    content: NDArray[np.uint64], wanted: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the first position of each distinct content among `wanted`, and for each wanted row its first twin."""
    positions = np.flatnonzero(wanted)
    _, first, inverse = np.unique(content[positions], axis=0, return_index=True, return_inverse=True)
    ordered = np.sort(first)
    return positions[ordered], positions[first[inverse.ravel()]]


def _embed_batch(embedder: Embedder, batch: pa.Array | pa.Table) -> NDArray[np.float32]:
    made = np.asarray(embedder.embed(batch), np.float32)
    if made.shape != (len(batch), embedder.n_dims):
        raise EmbedderError(
            f"{embedder.recipe} gave an array of shape {made.shape} for {len(batch)} rows.",
            remedy=f"It announced {embedder.n_dims} dimensions: embed() must give ({len(batch)}, {embedder.n_dims}).",
        )
    return made
