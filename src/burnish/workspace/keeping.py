"""Keeping: what the steps gave for a data set, so that an audit of the same rows does none of it again."""

import hashlib
import importlib.metadata
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from burnish.adapters.stores import FolderScratch, SealedScratch
from burnish.dataset import Dataset
from burnish.dataset.fingerprints import array_fingerprint
from burnish.dataset.locks import Lock
from burnish.errors import DamagedFileError, ReadOnlyError
from burnish.kernels.items import Held, Scratch
from burnish.pipeline.catalog import steps
from burnish.pipeline.memory import FILED_ROWS
from burnish.pipeline.recall import WHOLE

LOCK = "lock"


@dataclass(frozen=True)
class Keeping:
    """Where the evidence of an audit lies: `key` names the rows, the parameters and the code that it follows from."""

    root: Path
    key: str

    @classmethod
    def of(cls, root: Path, dataset: Dataset, parameters: Mapping[str, Any]) -> "Keeping":
        """Give the place for a data set that is audited with some parameters."""
        code = [importlib.metadata.version("burnish"), *((step.name, step.revision) for step in steps())]
        vectors = None if dataset.vectors is None else array_fingerprint(dataset.vectors)
        document = [dataset.version, vectors, asdict(dataset.roles), dataset.given_task, dict(parameters), code]
        return cls(root, hashlib.blake2b(json.dumps(document).encode(), digest_size=8).hexdigest())

    @contextmanager
    def evidence(self) -> Iterator[Scratch]:
        """Give the folder of what steps gave; where another process has it, one that is removed in the end.

        Where it cannot be written and all evidence is there, it is given to be read; without evidence that raises
        ReadOnlyError, before any work.
        """
        with ExitStack() as held:
            kept: Scratch
            try:
                kept = held.enter_context(self._place.owned())
            except ReadOnlyError:
                if not self._place.has(WHOLE):
                    raise
                kept = held.enter_context(self.lent())
            yield kept

    def lent(self) -> AbstractContextManager[Scratch]:
        """Give the folder of what steps gave, to be read: also where it cannot be written, and where another has it."""
        return self._place.lent()

    def gave(self, lock: Lock) -> bool:
        """Tell whether the evaluation rows of this evidence became that lock: it needs no telling of them then."""
        try:
            return bytes(self._place.get(LOCK)) == lock.fingerprint.encode()
        except (DamagedFileError, FileNotFoundError):
            return False

    def text(self, name: str, make: Callable[[], str]) -> str:
        """Give a text that follows from the evidence alone; it is made once, where it can be kept."""
        try:
            return bytes(self._place.get(name)).decode()
        except (DamagedFileError, FileNotFoundError):
            made = make()
            with suppress(ReadOnlyError):
                self._place.put(name, np.frombuffer(made.encode(), np.uint8))
            return made

    @property
    def _place(self) -> SealedScratch:
        return SealedScratch(self.root / "evidence" / self.key)

    @contextmanager
    def intermediates(self, n_rows: int) -> Iterator[Scratch]:
        """Give room for arrays inside a step: memory, or for many rows a folder that outlives an interruption."""
        if n_rows <= FILED_ROWS:
            yield Held()
            return
        with FolderScratch(self.root / "work" / self.key).owned() as mine:
            yield mine
            mine.clear()
