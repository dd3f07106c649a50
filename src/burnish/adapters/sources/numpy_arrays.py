"""Embeddings in .npy (memory-mapped) and .npz files, with labels and ids beside them."""

import math
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from tokenize import TokenError
from typing import Literal, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from burnish.adapters.sources.files import DataFile
from burnish.adapters.sources.opened import Given, Guess, Opened, named
from burnish.errors import InputError, MissingFieldError, UsageError

# What np.load raises for damaged files: its header is Python source, its archive a zip.
UNREADABLE = (
    ValueError, TypeError, OSError, EOFError, SyntaxError, TokenError, NotImplementedError, OverflowError,
    MemoryError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
LOCAL_HEADER = struct.Struct("<4s5H3I2H")
"""Of a member in a zip: signature, five short fields, checksum and sizes, lengths of name and extra field."""

ENCRYPTED = 1
"""The flag of a member that only a password opens."""

SMALLEST_MAPPED = 1_000_000
"""Members of fewer bytes are simply read."""

VECTOR_NAMES = ("embeddings", "embedding", "vectors", "vector", "emb", "features", "x")


def open_arrays(files: list[DataFile], given: Given, name: str) -> Opened:
    """Give the vectors and fields of .npy / .npz files; never unpickles.

    In an .npz, the vectors are the array named by `embedding`, else the one with a telling name
    (X, embeddings, …), else the only one of two dimensions; every other array of as many rows
    becomes a field.
    """
    opened = [_open(file, given, name) for file in files]
    if len(opened) == 1:
        return opened[0]
    widths = {part.vectors.shape[1] for part in opened if part.vectors is not None}
    names = {tuple(part.fields.column_names) for part in opened}
    if len(widths) > 1 or len(names) > 1:
        raise InputError(
            f"the arrays of {name} do not fit together: widths {sorted(widths)}, fields {sorted(names)}.",
            remedy="Read them apart.",
        )
    return Opened(
        fields=pa.concat_tables([part.fields for part in opened], promote_options="permissive"),
        name=name,
        vectors=np.concatenate([part.vectors for part in opened if part.vectors is not None]),
        vectors_name=opened[0].vectors_name,
        notes=tuple(note for part in opened for note in part.notes),
    )


def arrays_opened(arrays: Mapping[str, NDArray[np.generic]], given: Given, name: str) -> Opened:
    """Give named arrays as vectors and the fields beside them."""
    chosen = _vectors_name(arrays, given, name)
    vectors = as_vectors(arrays[chosen], f"array {chosen!r} of {name}")
    fields, notes = {}, []
    for key, array in arrays.items():
        if key == chosen:
            continue
        if array.ndim in (1, 2) and len(array) == len(vectors) and array.dtype.kind in "biufUSM":
            fields[key] = _field(array)
        else:
            reason = f"has shape {array.shape}, not one value for each of the {len(vectors)} rows; left out"
            notes.append(Guess("note", key, reason))
    if named(given, "embedding") is None:
        notes.append(Guess("embedding", chosen, f"array of shape {vectors.shape}"))
    return Opened(pa.table(fields), name, vectors=vectors, vectors_name=chosen, notes=tuple(notes))


def as_vectors(array: NDArray[np.generic], where: str) -> NDArray[np.floating]:
    """Give the array as it is when it is (n_rows, n_dims) floats; integers become float32.

    Raises InputError for any other shape or type.
    """
    if array.ndim != 2 or 0 in array.shape[1:]:
        raise InputError(
            f"{where} has shape {array.shape}; embeddings have two dimensions, rows and features.",
            remedy="Reshape it to (n_rows, n_dims).",
        )
    if array.dtype.kind in "biu":
        return array.astype(np.float32)
    if array.dtype.kind != "f":
        raise InputError(f"{where} holds {array.dtype}, not numbers.", remedy="Save it as float32.")
    return cast("NDArray[np.floating]", array)


def _open(file: DataFile, given: Given, name: str) -> Opened:
    if file.local is None:
        raise UsageError(f"{file.path!r}: arrays are read from this machine only.", remedy="Download it first.")
    try:
        if zipfile.is_zipfile(file.local) != (file.local.suffix.lower() == ".npz"):
            raise ValueError("its suffix and its content do not agree")
        if file.local.suffix.lower() == ".npy":
            array = np.load(file.local, mmap_mode="r", allow_pickle=False)
            return arrays_opened({"embeddings": array}, {}, name)
        return arrays_opened(_arrays_of(file.local), given, name)
    except UNREADABLE as error:
        if "ickle" in str(error) or "Python objects" in str(error):
            raise InputError(
                f"{file.path!r} holds Python objects, which are not read: unpickling runs code.",
                remedy="Save plain arrays: np.save(path, np.asarray(embeddings, dtype=np.float32)).",
            ) from error
        raise InputError(
            f"{file.path!r} cannot be read as NumPy arrays: {error}.", remedy="Write the file again."
        ) from error


def _arrays_of(path: Path) -> dict[str, NDArray[np.generic]]:
    """Give the arrays of an .npz; those that lie in it uncompressed, as np.savez leaves them, memory-mapped."""
    with zipfile.ZipFile(path) as archive, np.load(path, allow_pickle=False) as loaded:
        for member in archive.infolist():
            _refuse_no_array(member)
        members = {member.filename.removesuffix(".npy"): member for member in archive.infolist()}
        return {key: _mapped(path, members[key]) if _is_plain(members[key]) else loaded[key] for key in loaded.files}


def _refuse_no_array(member: zipfile.ZipInfo) -> None:
    if not member.filename.endswith(".npy"):
        raise ValueError(f"{member.filename!r} in it is no array")
    if member.flag_bits & ENCRYPTED:
        raise ValueError(f"{member.filename!r} in it is encrypted")


def _is_plain(member: zipfile.ZipInfo) -> bool:
    return member.compress_type == zipfile.ZIP_STORED and member.file_size > SMALLEST_MAPPED


def _mapped(path: Path, member: zipfile.ZipInfo) -> NDArray[np.generic]:
    with path.open("rb") as file:
        file.seek(member.header_offset)
        header = file.read(LOCAL_HEADER.size)
        signature, *_, name_length, extra_length = LOCAL_HEADER.unpack(header)
        if signature != b"PK\x03\x04":
            raise zipfile.BadZipFile(f"no local header for {member.filename!r}")
        start = file.seek(name_length + extra_length, 1)
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran_order, dtype = read(file)
        if dtype.hasobject:
            raise ValueError("Python objects")
        if file.tell() - start + math.prod(shape) * dtype.itemsize != member.file_size:
            raise ValueError(f"{member.filename!r} in it is not as large as an array of shape {shape}")
        order: Literal["F", "C"] = "F" if fortran_order else "C"
        return np.memmap(path, dtype, "r", file.tell(), shape, order)


def _vectors_name(arrays: Mapping[str, NDArray[np.generic]], given: Given, name: str) -> str:
    asked = named(given, "embedding")
    if asked:
        if asked not in arrays:
            raise MissingFieldError(f"no array {asked!r} in {name}.", remedy=f"Known arrays: {', '.join(arrays)}.")
        return asked
    wide = [key for key, array in arrays.items() if array.ndim == 2 and array.dtype.kind in "fiu"]
    telling = [key for known in VECTOR_NAMES for key in wide if key.lower() == known]
    if telling or len(wide) == 1:
        return (telling or wide)[0]
    shapes = ", ".join(f"{key} {array.shape}" for key, array in arrays.items()) or "none"
    raise UsageError(
        f"cannot tell which array of {name} holds the embeddings: {shapes}.",
        remedy="Pass --embedding NAME of one with two dimensions.",
    )


def _field(array: NDArray[np.generic]) -> pa.Array:
    if array.dtype.kind == "S":
        return pa.array(array).cast(pa.string())
    if array.ndim == 1:
        return pa.array(np.asarray(array))
    return pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(array).ravel()), array.shape[1])
