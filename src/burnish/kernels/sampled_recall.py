"""How many of the true nearest neighbors a search found, on a sample of rows that is compared with all others."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from burnish.kernels.items import Engine
from burnish.kernels.top import Best, Side, keep_best
from burnish.kernels.vectors import Floats, Vectors

N_SAMPLED = 300
TIE = 1e-5
"""A neighbor that is this much further than the true k-th one still counts: ties do no harm."""


class Known(NamedTuple):
    """The share of true neighbors that a search found, on how many sampled rows; by default it compared every pair."""

    recall: float = 1.0
    n_sampled: int = 0


@dataclass(frozen=True, eq=False)
class Sampled:
    """Sampled rows (s,), positions among the usable that ask, and the similarities (s, k) of their true neighbors."""

    rows: NDArray[np.int64]
    similarities: Floats

    @classmethod
    def of(
        cls,
        vectors: Vectors,
        k: int,
        *,
        seed: int,
        engine: Engine,
        n_sampled: int = N_SAMPLED,
        keys: Vectors | None = None,
    ) -> "Sampled":
        """Compare a sample with all other rows, or with all `keys`: 2 · n_sampled · n · d operations, in blocks."""
        rng = np.random.default_rng(seed)
        rows = np.sort(rng.choice(len(vectors), min(n_sampled, len(vectors)), replace=False))
        itself = rows.astype(np.int32) if keys is None else np.full(len(rows), -1, np.int32)
        among = vectors if keys is None else keys
        parts = engine.map(_Compare(among, vectors.take(rows), itself, k), among.blocks())
        together = np.concatenate([Best.empty(len(rows), k).similarities, *(p.similarities for p in parts)], axis=1)
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
    keys: Vectors
    sample: Floats
    itself: NDArray[np.int32]
    k: int

    def __call__(self, block: tuple[int, int]) -> Best:
        best = Best.empty(len(self.sample), self.k)
        asking = Side(np.arange(len(self.sample), dtype=np.int32), self.itself)
        similarities = self.sample @ self.keys.block(*block).T
        keep_best(best, asking, similarities, np.arange(*block, dtype=np.int32))
        return best
