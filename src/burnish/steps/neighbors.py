"""Gathers the nearest neighbors of each row, and how many of the true ones the search found."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pyarrow as pa

from burnish.dataset import Column, Evidence, Summary
from burnish.kernels.items import Resources
from burnish.kernels.neighbors import EXACT_ROWS, RECALL, nearest_neighbors


@dataclass(frozen=True)
class NearestNeighbors:
    """Writes `neighbors` and `neighbor_distances` (n, k), and the recall of the search.

    `recall` is 1 where every pair was compared (`exact`): up to `exact_rows` rows, and where 1 is asked for;
    else it is what `n_sampled` rows, compared with all, showed when the search stopped.
    """

    k: int = 15
    recall: float = RECALL
    exact_rows: int = EXACT_ROWS
    resources: Resources = field(default_factory=Resources, compare=False, repr=False)

    name: ClassVar[str] = "neighbors"
    reads: ClassVar[tuple[str, ...]] = ("embeddings",)
    uses: ClassVar[tuple[str, ...]] = ()
    writes: ClassVar[tuple[str, ...]] = ("neighbors", "neighbor_distances", "neighbor_recall")
    revision: ClassVar[int] = 3

    def run(self, evidence: Evidence, *, seed: int) -> Iterable[Column | Summary]:
        """Give the two columns and the one-line summary `neighbor_recall`."""
        found = nearest_neighbors(
            evidence["embeddings"],
            self.k,
            recall=self.recall,
            exact_rows=self.exact_rows,
            seed=seed,
            resources=self.resources,
        )
        yield Column("neighbors", found.positions)
        yield Column("neighbor_distances", found.distances)
        exact, n_rows = found.n_sampled == 0, int(np.count_nonzero(found.positions[:, 0] >= 0))
        facts = {"recall": [found.recall], "n_sampled": [n_rows if exact else found.n_sampled], "exact": [exact]}
        yield Summary("neighbor_recall", pa.table(facts))
