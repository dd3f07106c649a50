"""Gathers the nearest neighbors of each row, and how many of the true ones the search found."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pyarrow as pa

from burnish.dataset import Column, Evidence, Summary
from burnish.kernels.graph_changes import change_rows
from burnish.kernels.items import Resources
from burnish.kernels.neighbors import EXACT_ROWS, RECALL, Neighbors, nearest_neighbors

MAX_NEW = 0.05
"""Share of new rows beyond which a search for all rows costs less than comparing the new ones with all."""


@dataclass(frozen=True)
class NearestNeighbors:
    """Writes `neighbors` and `neighbor_distances` (n, k), and the recall of the search.

    `recall` is 1 where every pair was compared (`exact`): up to `exact_rows` rows, and where 1 is asked for;
    else it is what `n_sampled` rows, compared with all, showed when the search stopped. Beyond `exact_rows` rows
    the lists of a former version are changed where rows came or went, up to `MAX_NEW` new rows.
    """

    k: int = 15
    recall: float = RECALL
    exact_rows: int = EXACT_ROWS
    resources: Resources = field(default_factory=Resources, compare=False, repr=False)

    name: ClassVar[str] = "neighbors"
    reads: ClassVar[tuple[str, ...]] = ("embeddings",)
    uses: ClassVar[tuple[str, ...]] = ("former",)
    writes: ClassVar[tuple[str, ...]] = ("neighbors", "neighbor_distances", "neighbor_recall")
    revision: ClassVar[int] = 3

    def run(self, evidence: Evidence, *, seed: int) -> Iterable[Column | Summary]:
        """Give the two columns and the one-line summary `neighbor_recall`."""
        found = self._changed(evidence, seed) or self._searched(evidence, seed)
        yield Column("neighbors", found.positions)
        yield Column("neighbor_distances", found.distances)
        exact, n_rows = found.n_sampled == 0, int(np.count_nonzero(found.positions[:, 0] >= 0))
        facts = {"recall": [found.recall], "n_sampled": [n_rows if exact else found.n_sampled], "exact": [exact]}
        yield Summary("neighbor_recall", pa.table(facts))

    def _searched(self, evidence: Evidence, seed: int) -> Neighbors:
        return nearest_neighbors(
            evidence["embeddings"],
            self.k,
            recall=self.recall,
            exact_rows=self.exact_rows,
            seed=seed,
            resources=self.resources,
        )

    def _changed(self, evidence: Evidence, seed: int) -> Neighbors | None:
        former = evidence.former
        if former is None or len(former.rows) <= self.exact_rows or self.recall == 1 or former.new.mean() > MAX_NEW:
            return None
        known = former.evidence
        recall, n_sampled = (known.table("neighbor_recall")[name][0].as_py() for name in ("recall", "n_sampled"))
        lists = np.asarray(known["neighbors"], np.int32), np.asarray(known["neighbor_distances"], np.float32)
        old = Neighbors(*lists, recall, n_sampled)
        embeddings, resources = evidence["embeddings"], self.resources
        return change_rows(embeddings, old, former.rows, recall=self.recall, seed=seed, resources=resources)
