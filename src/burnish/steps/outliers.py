"""Outliers: rows that resemble no others. The step keeps how strange each row is; OUT001 names the strangest."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from burnish.dataset import Column, Evidence, Finding, FlaggedRow, Former, Summary
from burnish.kernels.items import Resources
from burnish.kernels.outliers import Settings, changed_means, nearest_means, score_distances


@dataclass(frozen=True)
class Outliers:
    """Writes `outlier_score` (n,) float32 0..1, higher is stranger; NaN where the embedding is unusable.

    `outlier_distances` (n, 2): what it is made from. Those of rows that were in a former version, and have the same
    `k` nearest neighbors, are kept.
    """

    k: int = 5
    n_references: int = 2048
    resources: Resources = field(default_factory=Resources, compare=False, repr=False)

    name: ClassVar[str] = "outliers"
    reads: ClassVar[tuple[str, ...]] = ("embeddings", "neighbors", "neighbor_distances")
    uses: ClassVar[tuple[str, ...]] = ("former",)
    writes: ClassVar[tuple[str, ...]] = ("outlier_score", "outlier_distances")
    revision: ClassVar[int] = 3

    def run(self, evidence: Evidence, *, seed: int) -> Iterable[Column | Summary]:
        """Give the column; see `kernels.outliers.outlier_score` for what the number means."""
        given = evidence["embeddings"], evidence["neighbors"], evidence["neighbor_distances"]
        settings, engine = Settings(self.k, self.n_references), self.resources.engine
        if evidence.former is None:
            means = nearest_means(*given, settings=settings, seed=seed, engine=engine)
        else:
            before = self._kept(evidence, evidence.former)
            means = changed_means(given[0], given[1:], before, settings=settings, seed=seed, engine=engine)
        yield Column("outlier_score", score_distances(means))
        yield Column("outlier_distances", means)

    def _kept(self, evidence: Evidence, former: Former) -> NDArray[np.float32]:
        """Give the distances (n, 2) of a former version, NaN for rows that are new or have other neighbors."""
        kept = former.kept
        then = np.asarray(former.evidence["neighbors"])[former.rows[kept], : self.k]
        other = (former.places[then] != np.asarray(evidence["neighbors"])[kept, : self.k]).any(axis=1)
        before = np.array(former.carried("outlier_distances", np.nan), np.float32)
        before[kept[other]] = np.nan
        return before


@dataclass(frozen=True)
class OutlierRows:
    """OUT001: one finding a row at or beyond `min_score`; from `sure_score` on a warning, below it an info.

    0.9991 lies at 3.4 robust standard deviations, which clean data of few dimensions hardly reach:
    docs/topics/outliers.md gives the share measured there. Below `min_rows` rows nobody knows what is
    usual: no finding.
    """

    min_score: float = 0.9991
    sure_score: float = 0.9994
    min_rows: int = 50

    code: ClassVar[str] = "OUT001"
    reads: ClassVar[tuple[str, ...]] = ("outlier_score", "neighbors", "neighbor_distances")

    def judge(self, evidence: Evidence) -> list[Finding]:
        """Give the strangest rows, strangest first; unusable embeddings are left to QUA030."""
        score: NDArray[Any] = evidence["outlier_score"]
        if int(np.isfinite(score).sum()) < self.min_rows:
            return []
        rows = np.flatnonzero(np.nan_to_num(score, nan=0.0) >= self.min_score)
        rows = rows[np.argsort(-score[rows], kind="stable")]
        nearest: NDArray[Any] = evidence["neighbor_distances"][:, 0]
        usual = float(np.median(nearest[np.isfinite(nearest)])) if np.isfinite(nearest).any() else float("nan")
        return [self._finding(evidence, int(row), usual) for row in rows]

    def _finding(self, evidence: Evidence, row: int, usual: float) -> Finding:
        score = float(evidence["outlier_score"][row])
        facts = _facts(evidence, row, usual)
        words = "resembles nothing else in the set" if score >= self.sure_score else "resembles few other rows"
        away = facts.get("times_usual")
        told = "" if away is None else f"; its nearest row is {away:.1f} times as far as usual"
        return Finding(
            code=self.code,
            kind="outlier",
            severity="warning" if score >= self.sure_score else "info",
            message=f"The row {words} (outlier score {score:.4f}){told}.",
            rows=(FlaggedRow(row, score=score, edit="review", evidence=facts),),
            score=score,
        )


def _facts(evidence: Evidence, row: int, usual: float) -> dict[str, Any]:
    """Give the nearest row's id and distance, and what distance is usual; only the score if there is none."""
    neighbors = evidence["neighbors"]
    facts: dict[str, Any] = {"outlier_score": round(float(evidence["outlier_score"][row]), 6)}
    near = int(neighbors[row, 0])
    if near < 0:
        return facts
    distance = float(evidence["neighbor_distances"][row, 0])
    facts |= {
        "nearest": evidence.dataset.row_ids[near].as_py(),
        "distance": round(distance, 6),
        "usual_distance": round(usual, 6),
    }
    if usual > 1e-6:
        facts["times_usual"] = round(distance / usual, 2)
    return facts
