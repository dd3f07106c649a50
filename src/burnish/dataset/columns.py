"""Column and Summary: evidence about a version; Evidence: all of it that is known so far."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
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

    `evidence["neighbors"]` gives the values of a column; `evidence.table("clusters")` a summary.
    """

    dataset: Dataset
    columns: Mapping[str, Column] = field(default_factory=dict)
    summaries: Mapping[str, Summary] = field(default_factory=dict)

    def __getitem__(self, name: str) -> NDArray[np.generic]:
        return self.columns[name].values

    def __contains__(self, name: str) -> bool:
        """Tell whether a column, a summary, or (`@text`) a given role is there."""
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
