"""Arrays that items leave for other items, as memory-mappable files of a folder."""

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from burnish.errors import OutputError


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
            raise OutputError(
                f"intermediate results cannot be kept in {self.root}: {error.strerror or error}.",
                remedy="Free space, make the folder writable, or pass --workspace DIR.",
            ) from error

    def get(self, name: str) -> NDArray[Any]:
        """Give the array, memory-mapped; what is written to it stays in this process."""
        array: NDArray[Any] = np.load(self._path(name), mmap_mode="c", allow_pickle=False)
        return array

    def drop(self, name: str) -> None:
        """Remove the file; nothing happens where there is none."""
        self._path(name).unlink(missing_ok=True)

    def clear(self, part: str = "") -> None:
        """Remove the folder, or a sub-folder, with all that was left in it."""
        shutil.rmtree(self.root / part, ignore_errors=True)

    def _path(self, name: str) -> Path:
        return self.root / f"{name}.npy"
