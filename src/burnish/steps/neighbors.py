"""Gathers the nearest neighbors of each row, and how many of the true ones the search found."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from burnish.dataset import Column, Evidence, Summary
from burnish.kernels.neighbors import EXACT_ROWS, estimate_recall, nearest_neighbors


@dataclass(frozen=True)
class NearestNeighbors:
    """Writes `neighbors` and `neighbor_distances` (n, k), and the recall of the search on sampled rows.

    `recall` is 1 by construction where every pair was compared (`exact`); beyond `exact_rows` rows it
    is estimated on `n_sampled` rows.
    """

    k: int = 15
    exact_rows: int = EXACT_ROWS
    n_probes: int = 32
    n_sampled: int = 500

    name: ClassVar[str] = "neighbors"
    reads: ClassVar[tuple[str, ...]] = ("embeddings",)
    uses: ClassVar[tuple[str, ...]] = ()
    writes: ClassVar[tuple[str, ...]] = ("neighbors", "neighbor_distances", "neighbor_recall")
    revision: ClassVar[int] = 1

    def run(self, evidence: Evidence, *, seed: int) -> Iterable[Column | Summary]:
        """Give the two columns and the one-line summary `neighbor_recall`."""
        embeddings = evidence["embeddings"]
        found = nearest_neighbors(embeddings, self.k, exact_rows=self.exact_rows, n_probes=self.n_probes, seed=seed)
        n_usable = int(np.count_nonzero(found.positions[:, 0] >= 0))
        exact = n_usable <= self.exact_rows
        recall = 1.0 if exact else estimate_recall(embeddings, found, n_sampled=self.n_sampled, seed=seed)
        yield Column("neighbors", found.positions)
        yield Column("neighbor_distances", found.distances)
        sampled = n_usable if exact else min(self.n_sampled, n_usable)
        yield Summary("neighbor_recall", pa.table({"recall": [recall], "n_sampled": [sampled], "exact": [exact]}))
