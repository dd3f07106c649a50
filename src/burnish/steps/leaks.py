"""Leaks: evaluation rows that have an exact or near twin among the train rows."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from burnish.dataset import Column, Evidence, Finding, FlaggedRow, Severity, Summary
from burnish.kernels.duplicates import MAX_FALSE_SHARE, NEAR, CrossPairs, group_exact, score_leaks
from burnish.kernels.items import Resources
from burnish.kernels.joins import nearest_across
from burnish.kernels.neighbors import RECALL
from burnish.steps.duplicates import MIN_KEPT_SCORE, evaluation_rows, evidence_views, first_copies, is_table

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Leaks:
    """Look for the twin of each evaluation row among the train rows, by a join of its own.

    `max_false_share`: expected share of chance among the near leaks. `recall`: the share of true neighbors that
    the join has to find.
    """

    max_false_share: float = MAX_FALSE_SHARE
    recall: float = RECALL
    resources: Resources = field(default_factory=Resources, compare=False, repr=False)

    name: ClassVar[str] = "leaks"
    reads: ClassVar[tuple[str, ...]] = ("embeddings", "evaluation")
    uses: ClassVar[tuple[str, ...]] = ("@text", "image_pixels", "exact_group")
    writes: ClassVar[tuple[str, ...]] = ("leak_of", "leak_score", "leak_pairs")
    revision: ClassVar[int] = 2

    def run(self, evidence: Evidence, *, seed: int) -> Iterable[Column | Summary]:
        """Give each evaluation row how sure a twin in train is (`leak_score`) and, from 0.5 on, which (`leak_of`)."""
        locked = evaluation_rows(evidence)
        exact = evidence.get("exact_group")
        groups = group_exact(evidence.dataset.content) if exact is None else np.asarray(exact, np.int64)
        train_copy = _first_train_copy(groups, locked)
        first = first_copies(np.where(locked, -1, groups))
        views, usable = evidence_views(evidence)
        queries = np.flatnonzero(locked & usable & (train_copy < 0))
        keys = np.flatnonzero(~locked & usable & (first == np.arange(len(first))))
        lattice = is_table(evidence)
        near = score_leaks(
            views,
            (queries, keys),
            max_false_share=self.max_false_share,
            lattice=lattice,
            join=partial(nearest_across, recall=self.recall, seed=seed, resources=self.resources),
        )
        copied = np.flatnonzero(locked & (train_copy >= 0))
        found = CrossPairs(
            np.concatenate([copied, near.query]),
            np.concatenate([train_copy[copied], near.key]),
            np.concatenate([np.zeros(len(copied), np.float32), near.distance]),
            np.concatenate([np.ones(len(copied), np.float32), near.score]),
        )
        return [*_columns(found, len(locked)), Summary("leak_pairs", _table(found, len(copied)))]


class _Twin(NamedTuple):
    train: int
    distance: float
    score: float


@dataclass(frozen=True)
class ExactLeaks:
    """LEK001: an evaluation row whose content is in train too; the train twins go."""

    code: ClassVar[str] = "LEK001"
    reads: ClassVar[tuple[str, ...]] = ("evaluation", "leak_pairs")

    def judge(self, evidence: Evidence) -> list[Finding]:
        """Give a finding for each evaluation row."""
        return _findings(evidence, self.code, _twins(evidence, exact=True, min_score=0))


@dataclass(frozen=True)
class NearLeaks:
    """LEK002: an evaluation row with a near twin in train; `min_score` 0.5 is the data's own threshold."""

    min_score: float = NEAR

    code: ClassVar[str] = "LEK002"
    reads: ClassVar[tuple[str, ...]] = ("evaluation", "leak_pairs")

    def judge(self, evidence: Evidence) -> list[Finding]:
        """Give a finding for each evaluation row, surest first."""
        return _findings(evidence, self.code, _twins(evidence, exact=False, min_score=self.min_score))


def _first_train_copy(groups: Rows, locked: NDArray[np.bool_]) -> Rows:
    """Give each row the first train row of its exact group, -1 where there is none."""
    first = np.full(int(groups.max(initial=-1)) + 1, -1, np.int64)
    train = np.flatnonzero((groups >= 0) & ~locked)[::-1]
    first[groups[train]] = train
    return np.where(groups >= 0, first[groups] if len(first) else -1, -1)


def _columns(found: CrossPairs, n_rows: int) -> list[Column]:
    leak_of = np.full(n_rows, -1, np.int64)
    score = np.zeros(n_rows, np.float32)
    order = np.lexsort((-found.key, -found.distance, found.score))  # the surest is written last
    leak_of[found.query[order]] = np.where(found.score[order] >= NEAR, found.key[order], -1)
    score[found.query[order]] = found.score[order]
    return [Column("leak_of", leak_of), Column("leak_score", score)]


def _table(found: CrossPairs, n_exact: int) -> pa.Table:
    kept = found.score >= MIN_KEPT_SCORE
    return pa.table(
        {
            "row": found.query[kept],
            "train_row": found.key[kept],
            "joint_distance": found.distance[kept],
            "score": found.score[kept],
            "exact": (np.arange(len(kept)) < n_exact)[kept],
        }
    )


def _twins(evidence: Evidence, *, exact: bool, min_score: float) -> dict[int, list[_Twin]]:
    """Give evaluation row → twins in train, surest first, each with all its exact copies."""
    groups = evidence.get("exact_group")
    groups = group_exact(evidence.dataset.content) if groups is None else np.asarray(groups, np.int64)
    locked = evaluation_rows(evidence)
    copies: dict[int, list[int]] = {}
    for row in np.flatnonzero(~locked & (groups >= 0)).tolist():
        copies.setdefault(int(groups[row]), []).append(row)
    twins: dict[int, list[_Twin]] = {}
    lines = evidence.table("leak_pairs").to_pylist()
    for line in sorted(lines, key=lambda line: (-line["score"], line["joint_distance"])):
        if line["exact"] == exact and line["score"] >= min_score:
            rows = copies.get(int(groups[line["train_row"]]), [line["train_row"]])
            found = [_Twin(row, line["joint_distance"], line["score"]) for row in rows]
            twins.setdefault(line["row"], []).extend(found)
    return twins


def _findings(evidence: Evidence, code: str, twins: dict[int, list[_Twin]]) -> list[Finding]:
    ids = evidence.dataset.row_ids
    exact = code == "LEK001"
    severity: Severity = "error" if exact else "warning"
    found = []
    for row, of_row in twins.items():
        best, row_id = of_row[0], ids[row].as_py()
        facts = {"kept": row_id, "twin": ids[best.train].as_py(), "distance": round(best.distance, 4)}
        flags = [FlaggedRow(row, best.score, None, evidence=facts)]
        for twin in of_row:
            shared = {"kept": row_id, "twin": row_id, "distance": round(twin.distance, 4)}
            flags.append(FlaggedRow(twin.train, twin.score, "drop", evidence=shared))
        message = f"evaluation row {row_id} has {'an exact' if exact else 'a near'} twin in train: {facts['twin']}."
        found.append(Finding(code, "leak", severity, message, tuple(flags), None, best.score))
    return found
