"""Vectors in a local folder: a sub-folder a recipe, in it parts of keys and vectors as .npy files."""

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from burnish.errors import OutputError

_KEYS, _VECTORS = ".keys.npy", ".npy"
_DIGEST_BYTES = 16


@dataclass(frozen=True, eq=False)
class _Part:
    """One batch as it was appended: keys (n, 2) and vectors (n, n_dims), both memory-mapped."""

    keys: NDArray[np.uint64]
    vectors: NDArray[np.float32]


class LocalStore:
    """Keeps vectors under `root`; nothing is created there before the first append.

    A part is two files, `part-….npy` (vectors) and then `part-….keys.npy` (digests), each written
    beside its place, synced and renamed: a part counts once its keys are there, so an interrupted run
    leaves no half part. Names are unique, so that several processes may append at once. A part that
    cannot be read is passed over (its rows are embedded again) and named in `skipped`.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        self.skipped: tuple[Path, ...] = ()

    def lookup(
        self, recipe: str, content: NDArray[np.uint64], n_dims: int
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Give (n, n_dims) vectors and the mask (n,) of rows that were known; unknown rows are NaN."""
        vectors = np.full((len(content), n_dims), np.nan, np.float32)
        known = np.zeros(len(content), np.bool_)
        parts = list(self._parts(recipe, n_dims))
        if not parts or not len(content):
            return vectors, known
        kept = pa.chunked_array([_as_binary(part.keys) for part in parts]).combine_chunks()
        found = pc.index_in(_as_binary(content), value_set=kept).fill_null(-1).to_numpy()
        start = 0
        for part in parts:
            rows = np.flatnonzero((found >= start) & (found < start + len(part.keys)))
            vectors[rows] = part.vectors[found[rows] - start]
            known[rows] = True
            start += len(part.keys)
        return vectors, known

    def append(self, recipe: str, content: NDArray[np.uint64], vectors: NDArray[np.float32]) -> None:
        """Keep vectors (n, n_dims) under the digests `content` (n, 2); raises OutputError when it cannot write."""
        if not len(content):
            return
        folder = self._folder(recipe)
        stem = f"part-{secrets.token_hex(8)}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _write_whole(folder / f"{stem}{_VECTORS}", np.ascontiguousarray(vectors, np.float32))
            _write_whole(folder / f"{stem}{_KEYS}", np.ascontiguousarray(content, np.uint64))
        except OSError as error:
            raise OutputError(
                f"vectors cannot be kept in {folder}: {error.strerror or error}.",
                remedy="Free space, make the folder writable, or pass --workspace DIR.",
            ) from error

    def _folder(self, recipe: str) -> Path:
        slug = re.sub(r"[^a-z0-9]+", "-", recipe.lower())[:40].strip("-")
        return self.root / f"{slug}-{hashlib.blake2b(recipe.encode(), digest_size=8).hexdigest()}"

    def _parts(self, recipe: str, n_dims: int) -> Iterator[_Part]:
        skipped = []
        for path in sorted(self._folder(recipe).glob(f"part-*{_KEYS}")):
            part = _read_part(path, n_dims)
            if part is None:
                skipped.append(path)
            else:
                yield part
        self.skipped = tuple(skipped)


def _read_part(keys_path: Path, n_dims: int) -> _Part | None:
    vectors_path = keys_path.with_name(keys_path.name.removesuffix(_KEYS) + _VECTORS)
    try:
        keys = np.load(keys_path, mmap_mode="r", allow_pickle=False)
        vectors = np.load(vectors_path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError, SyntaxError):
        return None
    fits = keys.dtype == np.uint64 and vectors.dtype == np.float32 and keys.shape == (len(vectors), 2)
    return _Part(keys, vectors) if fits and vectors.shape == (len(keys), n_dims) else None


def _write_whole(path: Path, array: NDArray[np.generic]) -> None:
    partial = path.with_name(f".{path.name}.tmp")
    try:
        with partial.open("wb") as file:
            np.save(file, array, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _as_binary(digests: NDArray[np.uint64]) -> pa.FixedSizeBinaryArray:
    buffer = pa.py_buffer(np.ascontiguousarray(digests, np.uint64))
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(_DIGEST_BYTES), len(digests), [None, buffer])
