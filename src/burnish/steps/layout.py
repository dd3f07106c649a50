"""Gathers a 2-D map of the rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from burnish.dataset import Column, Evidence, Former, Summary
from burnish.kernels.layout import N_EPOCHS, layout_map, place_rows

N_ROUNDS = 4
"""Rounds in which a new row waits for a neighbor with a place."""


@dataclass(frozen=True)
class Layout:
    """Writes `map` (n, 2) float32, within a circle of radius 10 around 0; rows without neighbors on its rim.

    Rows of a former version stay where they were, new ones are put amid their neighbors.
    """

    n_epochs: int = N_EPOCHS

    name: ClassVar[str] = "layout"
    reads: ClassVar[tuple[str, ...]] = ("embeddings", "neighbors")
    uses: ClassVar[tuple[str, ...]] = ("neighbor_distances", "former")
    writes: ClassVar[tuple[str, ...]] = ("map",)
    revision: ClassVar[int] = 2

    def run(self, evidence: Evidence, *, seed: int) -> Iterable[Column | Summary]:
        """Give the one column."""
        neighbors = np.asarray(evidence["neighbors"], np.int32)
        if evidence.former is not None and "neighbor_distances" in evidence:
            return [Column("map", _grown(evidence, evidence.former, neighbors))]
        return [Column("map", layout_map(evidence["embeddings"], neighbors, n_epochs=self.n_epochs, seed=seed))]


def _grown(evidence: Evidence, former: Former, neighbors: NDArray[np.int32]) -> NDArray[np.float32]:
    """Place new rows amid those that have a place; a row among new ones only waits for theirs, for a few rounds."""
    places = np.array(former.carried("map"), np.float32)
    placed, distances = ~former.new, np.asarray(evidence["neighbor_distances"], np.float32)
    for last in (*[False] * N_ROUNDS, True):
        rows = np.flatnonzero(~placed)
        there = (neighbors[rows] >= 0) & placed[neighbors[rows]]
        ready = there.any(axis=1) | last
        some = rows[ready]
        places[some] = place_rows(places, np.where(there[ready], neighbors[some], -1), distances[some])
        placed[some] = True
    return places
