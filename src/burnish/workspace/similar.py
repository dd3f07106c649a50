"""Similar: the rows of an audited version that are most like a row, or like a text."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from burnish.adapters.registry import embedder as make_embedder
from burnish.dataset import Evidence
from burnish.errors import UsageError
from burnish.kernels.nearest import Nearest, nearest_to
from burnish.kernels.vectors import Vectors
from burnish.pipeline.embedding import unit_rows
from burnish.protocols import Embedder
from burnish.workspace.audited import Audited
from burnish.workspace.vectorising import ASKED_AGAIN

UNNAMED = {
    "vectors": "its embeddings were given, and what made them is not known",
    "image": "its rows are embedded as images",
    "table": "its rows are embedded as records",
}
"""What rows are embedded as → why a text has no place among them."""


def neighbors_found(evidence: Evidence, position: int) -> Nearest:
    """Give the neighbors that an audit found of a row, nearest first; none where there is no search in its evidence."""
    neighbors, distances = (evidence.get(name) for name in ("neighbors", "neighbor_distances"))
    if neighbors is None or distances is None:
        return Nearest(np.empty(0, np.int64), np.empty(0, np.float32))
    positions = np.asarray(neighbors[position], np.int64)
    there = positions >= 0
    return Nearest(positions[there], np.asarray(distances[position], np.float32)[there])


def takes_texts(audited: Audited) -> bool:
    """Tell whether a text can be compared with the rows: they are texts, and no service embeds them."""
    return audited.kind not in UNNAMED and (audited.embedder or "").split(":")[0] not in ASKED_AGAIN


@dataclass(frozen=True, eq=False)
class Likeness:
    """Answers what is like what in one version. Looks at all rows once; then keeps 16 bytes a row."""

    audited: Audited
    threads: int = 1

    @cached_property
    def vectors(self) -> Vectors:
        """The embeddings of the rows."""
        return Vectors.of(self.audited.evidence["embeddings"])

    def to_row(self, position: int, k: int) -> Nearest:
        """Give the `k` rows most like that at `position`, itself left out. Raises UsageError where it has no vector."""
        (query,) = self.vectors.at(np.array([position]))
        if not query.any():
            row_id = self.audited.dataset.row_ids[position].as_py()
            raise UsageError(f"row {row_id!r} has no usable embedding.", remedy="Ask for another row.")
        return nearest_to(self.vectors, query, k, leave_out=position)

    def to_text(self, text: str, k: int) -> Nearest:
        """Give the `k` rows most like a text, which is embedded as the rows were.

        Raises UsageError where texts have no place among the rows, or where a service would have to be asked: looking
        at a version sends nothing away.
        """
        self._refuse_texts()
        (query,) = unit_rows(self._embedder.embed(pa.array([text], pa.string())))
        if not np.isfinite(query).all():
            raise UsageError(f"the text {text[:60]!r} cannot be embedded.", remedy="Write some words.")
        return nearest_to(self.vectors, query, k)

    @cached_property
    def _embedder(self) -> Embedder:
        return make_embedder(self.audited.embedder, kind="text", threads=self.threads)

    def _refuse_texts(self) -> None:
        audited = self.audited
        if takes_texts(audited):
            return
        if audited.kind in UNNAMED:
            raise UsageError(
                f"{audited.dataset.name}: a text cannot be compared with its rows, as {UNNAMED[audited.kind]}.",
                remedy="Search for words, or ask for rows like a row.",
            )
        raise UsageError(
            f"{audited.dataset.name} is embedded by {audited.embedder}, a service, which would get the text.",
            remedy="Search for words, or ask for rows like a row.",
        )
