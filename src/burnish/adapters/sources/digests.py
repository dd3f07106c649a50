"""128-bit digests of what a model sees of each row; equal digests are exact duplicates."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from burnish.adapters.sources.images import file_digest
from burnish.adapters.sources.tables import is_bytes, is_number, is_text

DIGEST_BYTES = 16
BLOCK_ROWS = 8192
NULL = b"\0null\0"


def join_digests(parts: Sequence[NDArray[np.uint64]]) -> NDArray[np.uint64]:
    """Give one digest (n_rows, 2) for several of each row; a single part stays as it is."""
    if len(parts) == 1:
        return parts[0]
    return digest_blocks(np.concatenate(parts, axis=1).view(np.uint8))


def digest_values(column: pa.ChunkedArray) -> NDArray[np.uint64]:
    """Give the digest (n_rows, 2) of each string (as UTF-8) or byte string; nulls share one."""
    return _packed(digest for chunk in column.chunks for digest in _chunk_digests(chunk))


def digest_files(paths: Iterable[Path | None], given: Iterable[str | None]) -> NDArray[np.uint64]:
    """Give the digest (n_rows, 2) of the bytes of each file, of the path itself where none can be read."""
    return _packed(file_digest(path, text) for path, text in zip(paths, given, strict=True))


def digest_vectors(vectors: NDArray[np.floating]) -> NDArray[np.uint64]:
    """Give the digest (n_rows, 2) of each row as float32; -0.0 counts as 0.0, every NaN as the same.

    A row that float32 cannot hold, because it would become zero or infinite, counts as float64.
    """
    parts = []
    for start in range(0, len(vectors), BLOCK_ROWS):
        block = vectors[start : start + BLOCK_ROWS]
        narrow = _plain_numbers(block, np.float32)
        digests = digest_blocks(narrow.view(np.uint8))
        lost = np.flatnonzero((np.isinf(narrow) & np.isfinite(block)).any(axis=1) | (narrow == 0).all(axis=1))
        lost = lost[(block[lost] != 0).any(axis=1)]
        if len(lost):
            digests[lost] = digest_blocks(_plain_numbers(block[lost], np.float64).view(np.uint8))
        parts.append(digests)
    return np.concatenate(parts) if parts else np.empty((0, 2), np.uint64)


def _plain_numbers(block: NDArray[np.floating], dtype: type[np.floating]) -> NDArray[np.floating]:
    """Give numbers in a width and in the byte order of this machine, with one zero and one NaN."""
    with np.errstate(over="ignore", invalid="ignore"):
        plain = np.ascontiguousarray(block.astype(dtype) + dtype(0))
    plain[np.isnan(plain)] = np.nan
    return plain


def digest_fields(table: pa.Table) -> NDArray[np.uint64]:
    """Give the digest (n_rows, 2) of the scalar fields of each row, whatever the order of the fields.

    Numbers count by value: 1, 1.0 and True are the same in every width.
    """
    words = [_words(table.column(name)) for name in sorted(table.column_names)]
    parts = []
    for start in range(0, len(table), BLOCK_ROWS):
        block = np.concatenate([word[start : start + BLOCK_ROWS] for word in words], axis=1)
        parts.append(digest_blocks(np.ascontiguousarray(block).view(np.uint8)))
    return np.concatenate(parts) if parts else np.empty((0, 2), np.uint64)


def digest_blocks(rows: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Give the digest (n_rows, 2) of each row of bytes (n_rows, n_bytes)."""
    return _packed(_digest(row) for row in np.ascontiguousarray(rows))


def _digest(data: Any) -> bytes:
    return hashlib.blake2b(data, digest_size=DIGEST_BYTES).digest()


def _packed(digests: Iterable[bytes]) -> NDArray[np.uint64]:
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64).reshape(-1, 2)


def _chunk_digests(chunk: pa.Array) -> Iterator[bytes]:
    """Digests over slices of the Arrow buffer: no Python object is made of a cell."""
    large = pa.types.is_large_string(chunk.type) or pa.types.is_large_binary(chunk.type)
    _, offsets_buffer, data_buffer = chunk.buffers()
    if offsets_buffer is None or len(chunk) == 0:
        return
    kind = np.int64 if large else np.int32
    offsets = np.frombuffer(offsets_buffer, kind)[chunk.offset : chunk.offset + len(chunk) + 1].tolist()
    data = memoryview(data_buffer if data_buffer is not None else b"")
    null = _digest(NULL)
    known = chunk.is_valid().to_pylist()
    for i, valid in enumerate(known):
        yield _digest(data[offsets[i] : offsets[i + 1]]) if valid else null


def _words(column: pa.ChunkedArray) -> NDArray[np.uint64]:
    """Each value as 64-bit words (n_rows, 1 or 2), the same for the same value."""
    if is_number(column.type) or pa.types.is_boolean(column.type):
        return _number_words(column)
    texts = column if is_text(column.type) or is_bytes(column.type) else column.cast(pa.string())
    encoded = texts.combine_chunks().dictionary_encode()
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    distinct = digest_values(pa.chunked_array([encoded.dictionary]))
    known = np.concatenate([distinct, _packed([_digest(NULL)])])
    codes: NDArray[np.int32] = encoded.indices.fill_null(len(distinct)).to_numpy(zero_copy_only=False)
    return known[codes]


def _number_words(column: pa.ChunkedArray) -> NDArray[np.uint64]:
    known = column.is_valid().to_numpy(zero_copy_only=False)
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.uint8())
    values = pc.cast(column, pa.float64(), safe=False).fill_null(0).to_numpy().astype(np.float64) + 0.0
    values[np.isnan(values)] = np.nan
    # A float64 holds integers up to 2^53; beyond, the remainder tells neighbors apart.
    rest = np.zeros(len(values), np.uint64)
    if pa.types.is_integer(column.type):
        exact = column.fill_null(0).to_numpy()
        rest = exact.astype(np.uint64) & np.uint64(0x7FF) if np.abs(values).max(initial=0) > 2**53 else rest
    flags = rest * np.uint64(2) + (~known).astype(np.uint64)
    return np.stack([values.view(np.uint64), flags], axis=1)
