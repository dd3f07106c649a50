"""Embeddings in .npy (memory-mapped) and .npz files, with labels and ids beside them."""

import zipfile
import zlib
from collections.abc import Mapping
from tokenize import TokenError
from typing import cast

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
        with file.local.open("rb") as opened, np.load(opened, allow_pickle=False) as loaded:
            return arrays_opened({key: loaded[key] for key in loaded.files}, given, name)
    except UNREADABLE as error:
        if "ickle" in str(error) or "Python objects" in str(error):
            raise InputError(
                f"{file.path!r} holds Python objects, which are not read: unpickling runs code.",
                remedy="Save plain arrays: np.save(path, np.asarray(embeddings, dtype=np.float32)).",
            ) from error
        raise InputError(
            f"{file.path!r} cannot be read as NumPy arrays: {error}.", remedy="Write the file again."
        ) from error


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
