"""Column and Summary: evidence about a version; Evidence: all that is known so far; Former: what was known before."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from burnish.dataset.rows import Dataset

Scope = Literal["row", "set"]


@dataclass(frozen=True, eq=False)
class Column:
    """One array whose first axis is the rows. `scope` tells whether it survives a drop of other rows."""

    name: str
    values: NDArray[np.generic]
    scope: Scope = "set"
    recipe: str = ""


@dataclass(frozen=True, eq=False)
class Summary:
    """One small table about the set: a line per cluster, slice, pair or region, never per row."""

    name: str
    table: pa.Table
    recipe: str = ""


@dataclass(frozen=True, eq=False)
class Evidence:
    """A data set and all that is known about it: what a step or a check reads.

    `evidence["neighbors"]` gives the values of a column; `evidence.table("clusters")` a summary. `former`: the
    evidence of a version that was audited before. A step with `former` in `uses` sees it where it may build on it,
    one with `any_former` always.
    """

    dataset: Dataset
    columns: Mapping[str, Column] = field(default_factory=dict)
    summaries: Mapping[str, Summary] = field(default_factory=dict)
    former: "Former | None" = None

    def __getitem__(self, name: str) -> NDArray[np.generic]:
        return self.columns[name].values

    def __contains__(self, name: str) -> bool:
        """Tell whether a column, a summary, (`@text`) a given role, or (`former`) a former version is there."""
        if name in ("former", "any_former"):
            return self.former is not None and (self.former.near or name == "any_former")
        if name == "@meta":
            return bool(self.dataset.roles.meta)
        if name == "@label":
            return self.dataset.labels is not None
        if name.startswith("@"):
            return name[1:] in self.dataset.roles.named()
        return name in self.columns or name in self.summaries

    def table(self, name: str) -> pa.Table:
        """Give the summary of that name as an Arrow table."""
        return self.summaries[name].table

    def get(self, name: str) -> NDArray[np.generic] | None:
        """Give the values of a column, or None where no step wrote it."""
        return self.columns[name].values if name in self.columns else None

    def adding(self, parts: Iterable[Column | Summary]) -> "Evidence":
        """Give the evidence with `parts` added; a name has one writer, so a second one replaces."""
        columns, summaries = dict(self.columns), dict(self.summaries)
        for part in parts:
            if isinstance(part, Column):
                if len(part.values) != len(self.dataset):
                    raise ValueError(
                        f"column {part.name!r} has {len(part.values)} rows, the data set {len(self.dataset)}"
                    )
                columns[part.name] = part
            else:
                summaries[part.name] = part
        return replace(self, columns=columns, summaries=summaries)


@dataclass(frozen=True, eq=False)
class Former:
    """The evidence of a version that was audited before, and where each row of this version stood there.

    `rows` (n,): the position there of each row here, -1 for a row that is new or was changed. `near`: whether the
    versions differ little enough, and the evidence was made in the same way, so that a step may keep what it gave
    for rows that stay. What that version was built on itself is let go.
    """

    evidence: Evidence
    rows: NDArray[np.int64]
    near: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "evidence", replace(self.evidence, former=None))

    @cached_property
    def new(self) -> NDArray[np.bool_]:
        """Mask (n,) of the rows that were not there."""
        return np.asarray(self.rows < 0)

    @cached_property
    def kept(self) -> NDArray[np.int64]:
        """Positions here, ascending, of the rows that were there."""
        return np.flatnonzero(self.rows >= 0)

    @cached_property
    def places(self) -> NDArray[np.int64]:
        """Position here of each row there, -1 for one that is gone; one more -1 stands for position -1."""
        places = np.full(len(self.evidence.dataset) + 1, -1, np.int64)
        places[self.rows[self.kept]] = self.kept
        return places

    @cached_property
    def key(self) -> str:
        """A digest of the former version, of how its evidence was made, and of the rows."""
        recipes = sorted((name, column.recipe) for name, column in self.evidence.columns.items())
        known = (self.evidence.dataset.version, self.near, recipes)
        digest = hashlib.blake2b(repr(known).encode(), digest_size=8)
        digest.update(np.ascontiguousarray(self.rows).tobytes())
        return digest.hexdigest()

    def carried(self, name: str, missing: float = -1) -> NDArray[np.generic]:
        """Give the values of a column there for the rows here, `missing` for new ones."""
        values = self.evidence[name]
        carried = np.full((len(self.rows), *values.shape[1:]), missing, values.dtype)
        carried[self.kept] = values[self.rows[self.kept]]
        return carried
