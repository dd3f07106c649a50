"""Sample: what a model may see of some rows."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from burnish.dataset.rows import Dataset
from burnish.dataset.targets import Targets
from burnish.kernels.vectors import Vectors

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Sample:
    """Some rows (positions, sorted) of a data set: their unit vectors, their fields, and what is to be learned.

    `targets` are those of every row of the data set, as this training sees them; what is read is `values`.
    """

    dataset: Dataset
    vectors: Vectors
    targets: Targets
    rows: Rows

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def embeddings(self) -> NDArray[np.float32]:
        """Unit vectors (n, n_dims)."""
        return self.vectors.at(self.rows)

    @cached_property
    def fields(self) -> pa.Table:
        """The given fields (n rows) that a model may learn from: no label, split, id, prediction or probability."""
        roles = self.dataset.roles
        hidden = {roles.label, roles.split, roles.id, roles.prediction, roles.proba, roles.embedding}
        names = [name for name in self.dataset.fields.column_names if name not in hidden]
        return self.dataset.fields.select(names).take(pa.array(self.rows))

    @cached_property
    def row_ids(self) -> pa.Array:
        """The ids (n,) of the rows."""
        return self.dataset.row_ids.take(pa.array(self.rows))

    @property
    def values(self) -> NDArray[Any]:
        """The targets (n,) or (n, n_classes) of the rows."""
        return np.asarray(self.targets.values[self.rows])
