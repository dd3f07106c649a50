"""Arrays that items leave for other items, as memory-mappable files of a folder."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from burnish.adapters import durable
from burnish.errors import OutputError, ReadOnlyError


class FolderScratch:
    """Keeps each array as `NAME.npy` under `root`; other processes see it once it is whole.

    A name may have slashes: then the array lies in a sub-folder.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)

    def has(self, name: str) -> bool:
        """Tell whether the file is there."""
        return self._path(name).exists()

    def put(self, name: str, array: NDArray[Any]) -> None:
        """Write beside the place, then rename; raises OutputError when it cannot write."""
        path = self._path(name)
        partial = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                np.save(file, array, allow_pickle=False)
            partial.replace(path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise self._unwritable(error) from error

    def get(self, name: str) -> NDArray[Any]:
        """Give the array, memory-mapped; what is written to it stays in this process."""
        path = self._path(name)
        try:
            array: NDArray[Any] = np.load(path, mmap_mode="c", allow_pickle=False)
        except ValueError:  # an array of no values cannot be mapped
            array = np.load(path, allow_pickle=False)
        return array

    def drop(self, name: str) -> None:
        """Remove the file; nothing happens where there is none."""
        self._path(name).unlink(missing_ok=True)

    def clear(self, part: str = "") -> None:
        """Remove the folder, or a sub-folder, with all that was left in it."""
        shutil.rmtree(self.root / part, ignore_errors=True)

    @contextmanager
    def owned(self) -> Iterator["FolderScratch"]:
        """Give this folder while no other process has it, else another one that is removed in the end.

        A process that dies lets go of its folder, and the next one goes on with what lies there.
        """
        lock = FileLock(f"{self.root}.lock")
        try:
            self.root.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
        except Timeout:
            beside = type(self)(f"{self.root}-{os.getpid()}")
            try:
                yield beside
            finally:
                beside.clear()
            return
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            yield self
        finally:
            lock.release()  # its file stays: to remove it would take it from one who opens it now

    def _unwritable(self, error: OSError) -> OutputError:
        said = f"intermediate results cannot be kept in {self.root}: {error.strerror or error}."
        if error.errno in durable.DENIED:
            return ReadOnlyError(said, remedy=durable.WHERE_TO_WRITE)
        return OutputError(said, remedy="Free space, make the folder writable, or pass --workspace DIR.")

    def _path(self, name: str) -> Path:
        return self.root / f"{name}.npy"


class SealedScratch(FolderScratch):
    """Keeps arrays for other runs too: each is on disk before it is there, and made sure of when it is read."""

    def put(self, name: str, array: NDArray[Any]) -> None:
        """Write the array with its seal; raises OutputError when it cannot write."""
        durable.write_array(self._path(name), array)

    def get(self, name: str) -> NDArray[Any]:
        """Give the array, memory-mapped; raises DamagedFileError when it is not as it was written."""
        return durable.read_array(self._path(name), writable=True)

    @contextmanager
    def lent(self) -> Iterator["LentScratch"]:
        """Give this folder to be read; its lock is held meanwhile where it can be had, and keeps it from being removed.

        A reader does as well without the lock, where another process has it or where it cannot be written: an array
        is there whole or not at all and never changes, so that what is read is right, and what is removed meanwhile
        is not there. Nothing is written here without the lock.
        """
        lock = FileLock(f"{self.root}.lock")
        if self.root.is_dir():  # else there is nothing to read, and a lock would leave a folder behind
            with suppress(OSError):  # a timeout is one, too
                lock.acquire(timeout=0)
        try:
            yield LentScratch(self.root)
        finally:
            lock.release()


class LentScratch(SealedScratch):
    """The same arrays for who may only read them."""

    def put(self, name: str, array: NDArray[Any]) -> None:
        """Raise ReadOnlyError."""
        del array
        raise ReadOnlyError(f"{self._path(name)} is only read here.", remedy=durable.WHERE_TO_WRITE)
