"""Gathers a 2-D map of the rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from burnish.dataset import Column, Evidence, Summary
from burnish.kernels.layout import N_EPOCHS, layout_map


@dataclass(frozen=True)
class Layout:
    """Writes `map` (n, 2) float32, within a circle of radius 10 around 0; rows without neighbors on its rim."""

    n_epochs: int = N_EPOCHS

    name: ClassVar[str] = "layout"
    reads: ClassVar[tuple[str, ...]] = ("embeddings", "neighbors")
    uses: ClassVar[tuple[str, ...]] = ()
    writes: ClassVar[tuple[str, ...]] = ("map",)
    revision: ClassVar[int] = 2

    def run(self, evidence: Evidence, *, seed: int) -> Iterable[Column | Summary]:
        """Give the one column."""
        neighbors = np.asarray(evidence["neighbors"], np.int32)
        return [Column("map", layout_map(evidence["embeddings"], neighbors, n_epochs=self.n_epochs, seed=seed))]
