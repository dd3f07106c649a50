"""Vectors in a local folder: a sub-folder a recipe, in it parts of keys and vectors as .npy files."""

import hashlib
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from filelock import FileLock
from numpy.typing import NDArray

from burnish.adapters import durable
from burnish.errors import DamagedFileError, ReadOnlyError

_KEYS, _VECTORS = ".keys.npy", ".npy"
_DIGEST_BYTES = 16


@dataclass(frozen=True, eq=False)
class _Part:
    """One batch as it was appended: keys (n, 2) and vectors (n, n_dims), both memory-mapped."""

    keys: NDArray[np.uint64]
    vectors: NDArray[np.float32]


class LocalStore:
    """Keeps vectors under `root`; nothing is created there before the first append.

    A part is two files, `part-….npy` (vectors) and then `part-….keys.npy` (digests), each sealed and there whole
    or not at all: a part counts once its keys are there, so an interrupted run leaves no half part. Names are
    unique, so that several processes may append at once. A part that cannot be read is passed over (its rows are
    embedded again) and named in `skipped`.
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
        with self.writing():
            durable.write_array(folder / f"{stem}{_VECTORS}", np.ascontiguousarray(vectors, np.float32))
            durable.write_array(folder / f"{stem}{_KEYS}", np.ascontiguousarray(content, np.uint64))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keep others from taking half a part for one that nobody needs, while it is written."""
        try:
            durable.make_folder(self.root)
            lock = FileLock(self.root / ".lock")
            lock.acquire()
        except OSError as error:
            raise durable.unwritable(self.root, error) from error
        try:
            yield
        finally:
            lock.release()

    def keep_only(self, needed: NDArray[np.uint64], *, dry_run: bool = False) -> int:
        """Forget the vectors of all contents but the `needed` (n, 2); give how many bytes that frees.

        A part that loses rows is written anew without them before the old one goes.
        """
        freed = 0
        wanted = _as_binary(needed)
        for folder in sorted(path for path in self.root.glob("*") if path.is_dir()):
            with self.writing():
                freed += sum(
                    _shrink(path, wanted, dry_run=dry_run)
                    for path in sorted(folder.glob(f"part-*{_VECTORS}"))
                    if not path.name.endswith(_KEYS)
                )
        return freed

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


class ReadStore(LocalStore):
    """The same vectors for who looks at rows: what cannot be kept, as the folder may only be read, is let go."""

    def append(self, recipe: str, content: NDArray[np.uint64], vectors: NDArray[np.float32]) -> None:
        """Keep vectors where they can be kept."""
        with suppress(ReadOnlyError):
            super().append(recipe, content, vectors)


def _read_part(keys_path: Path, n_dims: int) -> _Part | None:
    vectors_path = keys_path.with_name(keys_path.name.removesuffix(_KEYS) + _VECTORS)
    try:
        keys, vectors = durable.read_array(keys_path), durable.read_array(vectors_path)
    except (OSError, ValueError, EOFError, SyntaxError, DamagedFileError):
        return None
    fits = keys.dtype == np.uint64 and vectors.dtype == np.float32 and keys.shape == (len(vectors), 2)
    return _Part(keys, vectors) if fits and vectors.shape == (len(keys), n_dims) else None


def _shrink(path: Path, wanted: pa.FixedSizeBinaryArray, *, dry_run: bool) -> int:
    """Write a part anew with the rows that are wanted; give how many bytes that frees."""
    keys_path = path.with_name(path.name.removesuffix(_VECTORS) + _KEYS)
    old = sum(one.stat().st_size for one in (path, keys_path) if one.exists())
    new = 0
    try:
        keys, vectors = durable.read_array(keys_path), durable.read_array(path)
        kept = np.flatnonzero(pc.is_in(_as_binary(keys), value_set=wanted).to_numpy(zero_copy_only=False))
        if len(kept) == len(keys):
            return 0
        new = old * len(kept) // max(1, len(keys))
        if len(kept) and not dry_run:
            stem = path.with_name(f"part-{secrets.token_hex(8)}").as_posix()
            durable.write_array(Path(f"{stem}{_VECTORS}"), vectors[kept])
            durable.write_array(Path(f"{stem}{_KEYS}"), keys[kept])
    except (DamagedFileError, FileNotFoundError):  # half a part, or one that nobody can read
        new = 0
    if not dry_run:
        keys_path.unlink(missing_ok=True)
        path.unlink(missing_ok=True)
    return old - new


def _as_binary(digests: NDArray[np.uint64]) -> pa.FixedSizeBinaryArray:
    buffer = pa.py_buffer(np.ascontiguousarray(digests, np.uint64))
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(_DIGEST_BYTES), len(digests), [None, buffer])
