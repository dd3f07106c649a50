"""Opened: what a reader gives before roles, digests and ids are known."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Given: TypeAlias = Mapping[str, str | tuple[str, ...] | None]
"""Role → field name as the user named it. None or absent: guess; an empty name: there is none."""


@dataclass(frozen=True, slots=True)
class Guess:
    """What was decided without being asked: `field` plays `role`, and why.

    `field` is None where no field was taken. `role` is "note" for what a reader did to read the
    source at all (another encoding, a field of mixed types).
    """

    role: str
    field: str | None
    reason: str


@dataclass(frozen=True, eq=False)
class Opened:
    """The given fields as an Arrow table, or vectors (n_rows, n_dims) that stand beside it, or both.

    `folder` bounds the image paths in fields: a path that leads out of it is refused. Without one
    (a remote table) no path is read, unless `own_paths`: the caller's own program made them.
    """

    fields: pa.Table
    name: str
    vectors: NDArray[np.floating] | None = None
    vectors_name: str | None = None
    folder: Path | None = None
    own_paths: bool = False
    notes: tuple[Guess, ...] = ()

    def __len__(self) -> int:
        return len(self.fields) if self.vectors is None else len(self.vectors)


def named(given: Given, role: str) -> str | None:
    """Give the field named for a single-field role, or None."""
    value = given.get(role)
    return value if isinstance(value, str) else None
