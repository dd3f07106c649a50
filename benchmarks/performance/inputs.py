"""What contenders are given: rows with their classes, the neighbor graph, true neighbors; made once and kept."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import sets
from benchmarks.performance import synthetic
from benchmarks.performance.measuring import WARM_ROWS
from burnish.kernels.neighbors import Neighbors, nearest_neighbors
from burnish.kernels.vectors import Vectors

Floats = NDArray[np.float32]
K = 15
N_SAMPLED = 2_000
LABELLED = (
    "banking77", "banking77-minilm", "clinc150", "clinc150-minilm", "youtube_spam", "youtube_spam-minilm", "cifar10",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Rows:
    """Unit rows (n, d) in memory and their true classes (n,)."""

    vectors: Floats
    classes: NDArray[np.integer]

    def first(self, n: int = WARM_ROWS) -> "Rows":
        """Give the first rows, to warm up on."""
        return Rows(self.vectors[:n].copy(), self.classes[:n])


@dataclass(frozen=True, eq=False)
class Graph:
    """Rows with their neighbor graph, as burnish finds it by default."""

    rows: Rows
    neighbors: Neighbors

    def first(self, n: int = WARM_ROWS) -> "Graph":
        """Give the first rows with a graph of their own."""
        rows = self.rows.first(n)
        return Graph(rows, nearest_neighbors(rows.vectors, K))


@dataclass(frozen=True, eq=False)
class Truth:
    """Sampled rows (s,) and the similarity (s,) of each to its true k-th neighbor."""

    sampled: NDArray[np.int64]
    least: Floats

    def recall(self, vectors: Floats, positions: NDArray[np.integer]) -> float:
        """Give the share of true neighbors among lists (n, any); what is as near as the k-th counts, ties too."""
        lists, hits = positions[self.sampled], 0
        for row, least, listed in zip(self.sampled, self.least, lists, strict=True):
            others = np.unique(listed[(listed >= 0) & (listed != row)])
            hits += min(K, int((vectors[others] @ vectors[row] >= least - 1e-5).sum()))
        return hits / (K * len(self.sampled))


def rows(case: str) -> Rows:
    """Give the rows of a case: of so many rows of the mixture, or of a labelled set."""
    if case.isdigit():
        return Rows(np.array(synthetic.vectors(int(case))), synthetic.classes(int(case)))
    name, _, embedder = case.partition("-")
    table = getattr(sets, name)()
    vectors = Vectors.of(sets.embeddings(name, embedder or None))
    unit, among = vectors.all(), vectors.rows
    codes = np.unique([str(label) for label in table["label"].to_pylist()], return_inverse=True)[1][among]
    kept = ~table["is_oos"].to_numpy()[among] if name == "clinc150" else np.ones(len(among), bool)
    return Rows(np.ascontiguousarray(unit[kept]), np.unique(codes[kept], return_inverse=True)[1])


def graph(case: str) -> Graph:
    """Give the rows of a case with their graph."""
    given = rows(case)
    found = cached("graph", given.vectors, lambda: nearest_neighbors(given.vectors, K)._asdict())
    return Graph(given, Neighbors(found["positions"], found["distances"], float(found["recall"])))


def warm_search() -> None:
    """Load the compiled search by cells, which so few rows as one warms up on would not need."""
    nearest_neighbors(np.random.default_rng(0).standard_normal((WARM_ROWS, 32), np.float32), K, exact_rows=0)


def truth(vectors: Floats) -> Truth:
    """Give the true neighbors of a sample."""
    return Truth(**cached("truth", vectors, lambda: _compared(vectors)))


def cached(what: str, vectors: Floats, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Give arrays that belong to vectors, from the cache where they were made before."""
    path = sets.CACHE / f"{what}-{hashlib.blake2b(vectors.data, digest_size=6).hexdigest()}.npz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}.tmp")
        with partial.open("wb") as file:
            np.savez(file, **make())
        partial.replace(path)
    with np.load(path) as arrays:
        return dict(arrays)


def _compared(vectors: Floats) -> dict[str, Any]:
    """Compare a sample with all rows."""
    sampled = np.sort(np.random.default_rng(0).permutation(len(vectors))[:N_SAMPLED])
    nearest = np.empty((len(sampled), 0), np.float32)
    for start in range(0, len(vectors), 50_000):
        similarities = vectors[sampled] @ vectors[start : start + 50_000].T
        here = np.flatnonzero((sampled >= start) & (sampled < start + 50_000))
        similarities[here, sampled[here] - start] = -np.inf
        nearest = -np.sort(-np.hstack([nearest, similarities]), axis=1)[:, :K]
    return {"sampled": sampled, "least": nearest[:, -1]}
