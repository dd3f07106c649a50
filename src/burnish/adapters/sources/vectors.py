"""Vectors out of list fields, and what makes vectors unusable."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from burnish.adapters.sources.tables import is_vector
from burnish.errors import InputError

BLOCK_ROWS = 16384


def vectors_of_field(column: pa.ChunkedArray, name: str) -> NDArray[np.floating]:
    """Give the lists of a field as (n_rows, n_dims), rows of NaN where there is none.

    No copy is made of one chunk without nulls. Raises InputError for lists of two lengths, naming
    the first row of the other length, and for a field of no vectors.
    """
    if not is_vector(column.type):
        raise InputError(
            f"field {name!r} holds {column.type}, not lists of numbers.", remedy="Name a field of vectors."
        )
    width = vector_width(column, name)
    parts = [_chunk_vectors(chunk, width) for chunk in column.chunks if len(chunk)]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def vector_width(column: pa.ChunkedArray, name: str) -> int:
    """Give the one length of the lists of a field; raises InputError where there are two, or none."""
    lengths = pc.list_value_length(column).combine_chunks()
    known = lengths.drop_null()
    width = known[0].as_py() if len(known) else 0
    if not width:
        raise InputError(f"field {name!r} holds no vector.", remedy="Name a field of vectors.")
    other = pc.index(pc.equal(pc.not_equal(lengths, width), pa.scalar(value=True)), value=True).as_py()
    if other >= 0:
        raise InputError(
            f"field {name!r} has {lengths[other].as_py()} numbers in row {other} (counted from 0), "
            f"but {width} in the rows before.",
            remedy="Give every row a vector of one length; one embedder makes one length.",
        )
    return int(width)


def refuse_unusable(vectors: NDArray[np.floating], name: str) -> None:
    """Raise InputError when no row has a direction: every one holds NaN or infinity, or is all zero."""
    for start in range(0, len(vectors), BLOCK_ROWS):
        block = vectors[start : start + BLOCK_ROWS]
        if (np.isfinite(block).all(axis=1) & (block != 0).any(axis=1)).any():
            return
    raise InputError(
        f"no embedding of {name} can be used: every one holds NaN or infinity, or is all zero.",
        remedy="Compute the embeddings again.",
    )


def _chunk_vectors(chunk: pa.Array, width: int) -> NDArray[np.floating]:
    values = chunk.drop_null().flatten() if chunk.null_count else chunk.flatten()
    kind = values.type if pa.types.is_floating(values.type) else pa.float32()
    flat: NDArray[np.floating] = values.cast(kind, safe=False).to_numpy(zero_copy_only=False)
    flat = flat.reshape(-1, width)
    if not chunk.null_count:
        return flat
    vectors = np.full((len(chunk), width), np.nan, flat.dtype)
    vectors[chunk.is_valid().to_numpy(zero_copy_only=False)] = flat
    return vectors
