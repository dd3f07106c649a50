"""How many of the true nearest neighbors a search found, on a sample of rows that is compared with all others."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from burnish.kernels.items import Engine
from burnish.kernels.top import Best, Side, keep_best
from burnish.kernels.vectors import Vectors

Floats = NDArray[np.float32]

N_SAMPLED = 300
TIE = 1e-5
"""A neighbor that is this much further than the true k-th one still counts: ties do no harm."""


@dataclass(frozen=True, eq=False)
class Sampled:
    """Sampled rows (s,), positions among the usable, and the similarities (s, k) of their true neighbors."""

    rows: NDArray[np.int64]
    similarities: Floats

    @classmethod
    def of(cls, vectors: Vectors, k: int, *, seed: int, engine: Engine, n_sampled: int = N_SAMPLED) -> "Sampled":
        """Compare a sample with all rows: 2 · n_sampled · n · d operations, in blocks."""
        rng = np.random.default_rng(seed)
        rows = np.sort(rng.choice(len(vectors), min(n_sampled, len(vectors)), replace=False))
        parts = engine.map(_Compare(vectors, rows, vectors.take(rows), k), vectors.blocks())
        together = np.concatenate([part.similarities for part in parts], axis=1)
        return cls(rows, -np.sort(-together, axis=1)[:, :k])

    def recall(self, found: Floats) -> float:
        """Give the share of true neighbors among the similarities (s, k) that a search found; 1 with none to find."""
        true = np.isfinite(self.similarities)
        n_true = int(true.sum())
        if not n_true:
            return 1.0
        least = np.where(true, self.similarities, np.inf).min(axis=1)
        hits = (found >= least[:, None] - TIE).sum(axis=1)
        return float(np.minimum(hits, true.sum(axis=1)).sum() / n_true)


@dataclass(frozen=True, eq=False)
class _Compare:
    vectors: Vectors
    rows: NDArray[np.int64]
    sample: Floats
    k: int

    def __call__(self, block: tuple[int, int]) -> Best:
        best = Best.empty(len(self.rows), self.k)
        asking = Side(np.arange(len(self.rows), dtype=np.int32), self.rows.astype(np.int32))
        similarities = self.sample @ self.vectors.block(*block).T
        keep_best(best, asking, similarities, np.arange(*block, dtype=np.int32))
        return best
