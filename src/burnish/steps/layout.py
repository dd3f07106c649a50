"""Gathers a 2-D map of the rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from burnish.dataset import Column, Evidence, Summary
from burnish.kernels.layout import layout_map


@dataclass(frozen=True)
class Layout:
    """Writes `map` (n, 2) float32, within a circle of radius 10 around 0; rows without neighbors on its rim."""

    n_epochs: int | None = None

    name: ClassVar[str] = "layout"
    reads: ClassVar[tuple[str, ...]] = ("embeddings", "neighbors", "neighbor_distances")
    uses: ClassVar[tuple[str, ...]] = ()
    writes: ClassVar[tuple[str, ...]] = ("map",)
    revision: ClassVar[int] = 1

    def run(self, evidence: Evidence, *, seed: int) -> Iterable[Column | Summary]:
        """Give the one column."""
        neighbors = np.asarray(evidence["neighbors"], np.int32)
        distances = np.asarray(evidence["neighbor_distances"], np.float32)
        places = layout_map(evidence["embeddings"], neighbors, distances, n_epochs=self.n_epochs, seed=seed)
        return [Column("map", places)]
