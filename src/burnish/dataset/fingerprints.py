"""Fingerprints: digests of fields that tell what they hold, not how Arrow lays it out."""

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

DIGEST_BYTES = 8
BLOCK_ROWS = 16_384


def table_fingerprint(table: pa.Table, *more: bytes) -> str:
    """Give 16 hexadecimal digits that stand for the names and values of all fields, and for `more`.

    Chunks, slices, dictionaries, the width of numbers and offsets, and what lies under a null do not matter; null and
    "" differ.
    """
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for part in more:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    for name in sorted(table.column_names):
        digest.update(name.encode() + b"\0")
        for part in _parts(_one(table.column(name))):
            digest.update(hashlib.blake2b(part, digest_size=DIGEST_BYTES).digest())
    return digest.hexdigest()


def array_fingerprint(values: NDArray[np.generic]) -> str:
    """Give 16 hexadecimal digits that stand for the shape and the values of numbers (n, …), as float32."""
    digest = hashlib.blake2b(str(values.shape).encode(), digest_size=DIGEST_BYTES)
    for start in range(0, len(values), BLOCK_ROWS):
        with np.errstate(over="ignore"):
            digest.update(np.ascontiguousarray(values[start : start + BLOCK_ROWS], "<f4").data)
    return digest.hexdigest()


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _parts(values: pa.Array) -> list[bytes]:
    """Give the type, the nulls and the values of an array as bytes."""
    kind = values.type
    if isinstance(values, pa.ExtensionArray):
        return [str(kind).encode(), *_parts(values.storage)]
    nulls = b"" if values.null_count == 0 else np.packbits(_bools(values.is_null())).tobytes()
    return [nulls, *_known_parts(values.drop_null() if values.null_count else values)]


def _known_parts(known: pa.Array) -> list[bytes]:
    kind = known.type
    if pa.types.is_dictionary(kind):
        return _known_parts(known.dictionary_decode())
    if pa.types.is_nested(kind):
        return _nested_parts(known)
    if any(is_text(kind) for is_text in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)):
        return [b"text", *_texts(known.cast(pa.large_string()))]
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return [b"bytes", *_texts(known.cast(pa.large_binary()))]
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind):
        return [b"number", _numbers(known)]
    return [str(kind).encode(), _fixed_width(known)]


def _nested_parts(known: pa.Array) -> list[bytes]:
    kind = known.type
    if pa.types.is_struct(kind):
        fields = {kind.field(i).name: pc.struct_field(known, i) for i in range(kind.num_fields)}
        return [b"struct", *(part for name, values in fields.items() for part in (name.encode(), *_parts(values)))]
    if pa.types.is_map(kind):
        pairs = pa.StructArray.from_arrays([known.keys, known.items], ["key", "value"])
        known = pa.ListArray.from_arrays(known.offsets, pairs)
    return [b"list", _lengths(pc.list_value_length(known)), *_parts(known.flatten())]


def _texts(known: pa.Array) -> list[bytes]:
    """Give lengths and characters: "ab", "c" is not "a", "bc"."""
    _, offsets, data = known.buffers()
    if not len(known):
        return [b"", b""]
    ends = np.frombuffer(offsets, np.int64)[known.offset : known.offset + len(known) + 1]
    held = memoryview(data if data is not None else b"")[ends[0] : ends[-1]]
    return [np.diff(ends).tobytes(), bytes(held)]


def _lengths(lengths: pa.Array) -> bytes:
    return np.asarray(lengths.cast(pa.int64()).to_numpy(zero_copy_only=False)).tobytes()


def _numbers(known: pa.Array) -> bytes:
    """Give numbers by value: 1, 1.0 and true are the same in every width, unless a float64 cannot hold them."""
    values = _bools(known) if pa.types.is_boolean(known.type) else known.to_numpy(zero_copy_only=False)
    floats = values.astype(np.float64) + 0.0  # one zero, and below one NaN
    if values.dtype.kind in "iu" and np.abs(floats).max(initial=0) >= 2**53:
        return np.ascontiguousarray(values).tobytes()
    floats[np.isnan(floats)] = np.nan
    return floats.tobytes()


def _fixed_width(known: pa.Array) -> bytes:
    if not len(known):
        return b""
    width = known.type.bit_width // 8
    return bytes(memoryview(known.buffers()[1])[known.offset * width : (known.offset + len(known)) * width])


def _bools(values: pa.Array) -> NDArray[np.bool_]:
    return np.asarray(values.to_numpy(zero_copy_only=False), np.bool_)
