"""Leaks: evaluation rows that have an exact or near twin among the train rows."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from burnish.dataset import Column, Evidence, Finding, FlaggedRow, Former, Severity, Summary
from burnish.kernels.duplicates import (
    MAX_FALSE_SHARE,
    NEAR,
    CrossPairs,
    Pairs,
    cross_distances,
    group_exact,
    score_cross,
    score_leaks,
)
from burnish.kernels.items import Resources
from burnish.kernels.joins import nearest_across
from burnish.kernels.neighbors import RECALL
from burnish.steps.duplicate_growth import comparable_rows, measured_new_pairs
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
    uses: ClassVar[tuple[str, ...]] = ("@text", "image_pixels", "exact_group", "new_pairs", "former")
    writes: ClassVar[tuple[str, ...]] = ("leak_of", "leak_score", "leak_distances", "leak_pairs")
    revision: ClassVar[int] = 3

    def run(self, evidence: Evidence, *, seed: int) -> Iterable[Column | Summary]:
        """Give each evaluation row how sure a twin in train is (`leak_score`) and, from 0.5 on, which (`leak_of`)."""
        locked = evaluation_rows(evidence)
        exact = evidence.get("exact_group")
        groups = group_exact(evidence.dataset.content) if exact is None else np.asarray(exact, np.int64)
        train_copy = _first_train_copy(groups, locked)
        near = self._grown(evidence, groups, train_copy) or self._searched(evidence, groups, train_copy, seed)
        copied = np.flatnonzero(locked & (train_copy >= 0))
        found = CrossPairs(
            np.concatenate([copied, near.query]),
            np.concatenate([train_copy[copied], near.key]),
            np.concatenate([np.zeros(len(copied), np.float32), near.distance]),
            np.concatenate([np.ones(len(copied), np.float32), near.score]),
            near.lists,
        )
        slight = np.zeros(len(locked), np.float32) if evidence.former is None else _slight(evidence.former, locked)
        return [*_columns(found, slight), Summary("leak_pairs", _table(found, len(copied)))]

    def _searched(self, evidence: Evidence, groups: Rows, train_copy: Rows, seed: int) -> CrossPairs:
        views, usable = evidence_views(evidence)
        queries, keys = _sides(evidence, groups, train_copy, usable)
        near = score_leaks(
            views,
            (queries, keys),
            max_false_share=self.max_false_share,
            lattice=is_table(evidence),
            join=partial(nearest_across, recall=self.recall, seed=seed, resources=self.resources),
        )
        return near._replace(lists=_of_all(near.lists, queries, len(groups)))

    def _grown(self, evidence: Evidence, groups: Rows, train_copy: Rows) -> CrossPairs | None:
        """Score the pairs that a former version left, and those of new rows that were measured for duplicates."""
        former = evidence.former
        if former is None or not measured_new_pairs(evidence, former) or _moved(evidence, former):
            return None
        queries, keys = _sides(evidence, groups, train_copy, comparable_rows(evidence))
        pairs = _known_pairs(evidence, former, (queries, keys), (groups, train_copy))
        lists = np.array(former.carried("leak_distances", np.inf), np.float32)[queries]
        lists = cross_distances(pairs.all.take(pairs.is_new), queries, lists)
        near = score_cross(pairs.all, queries, lists, max_false_share=self.max_false_share)
        return near._replace(lists=_of_all(lists, queries, len(groups)))


def _sides(evidence: Evidence, groups: Rows, train_copy: Rows, usable: NDArray[np.bool_]) -> tuple[Rows, Rows]:
    """Give the evaluation rows that can have a near twin, and the training rows that can be one."""
    locked = evaluation_rows(evidence)
    first = first_copies(np.where(locked, -1, groups))
    queries = np.flatnonzero(locked & usable & (train_copy < 0))
    return queries, np.flatnonzero(~locked & usable & (first == np.arange(len(first))))


def _of_all(lists: NDArray[np.float32], queries: Rows, n_rows: int) -> NDArray[np.float32]:
    found = np.full((n_rows, lists.shape[1]), np.inf, np.float32)
    found[queries] = lists
    return found


def _moved(evidence: Evidence, former: Former) -> bool:
    """Tell whether a row that was there changed sides."""
    before = np.asarray(former.evidence["evaluation"], bool)[former.rows[former.kept]]
    return bool((before != evaluation_rows(evidence)[former.kept]).any())


class _Known(NamedTuple):
    all: Pairs
    is_new: NDArray[np.bool_]


def _known_pairs(evidence: Evidence, former: Former, sides: tuple[Rows, Rows], copies: tuple[Rows, Rows]) -> _Known:
    """Give the pairs of a query and a key that a former version left and that new rows brought, each once."""
    queries, keys = sides
    groups, train_copy = copies
    old = former.evidence.table("leak_pairs")
    near = ~np.asarray(old["exact"].to_numpy(zero_copy_only=False), bool)
    query, key = (former.places[old[name].to_numpy()[near]] for name in ("row", "train_row"))
    new = evidence.table("new_pairs")
    a, b, distance = (new[name].to_numpy() for name in ("a", "b", "joint_distance"))
    ends = np.concatenate([a, b]), np.concatenate([b, a])
    asking, line = _copies_among(queries, first_copies(groups), ends[0])
    left = np.concatenate([query, asking])
    right = np.concatenate([key, ends[1][line]])
    far = np.concatenate([old["joint_distance"].to_numpy()[near], np.tile(distance, 2)[line]])
    right = np.where((right >= 0) & (train_copy[right] >= 0), train_copy[right], right)  # its copy that is in train
    is_new = np.arange(len(left)) >= len(query)
    good = np.isin(left, queries) & np.isin(right, keys)
    left, right, far, is_new = left[good], right[good], far[good], is_new[good]
    order = np.lexsort((is_new, right, left))
    again = (np.diff(left[order], prepend=-1) == 0) & (np.diff(right[order], prepend=-1) == 0)
    once = order[~again]
    return _Known(Pairs(left[once], right[once], far[once].astype(np.float32)), is_new[once])


def _copies_among(rows: Rows, first: Rows, ends: Rows) -> tuple[Rows, Rows]:
    """Give the rows whose first copy is in `ends`, and at which place of it."""
    order = rows[np.argsort(first[rows], kind="stable")]
    low, high = (np.searchsorted(first[order], ends, side=side) for side in ("left", "right"))
    line = np.repeat(np.arange(len(ends)), high - low)
    within = np.arange(len(line)) - np.repeat(np.cumsum(high - low) - (high - low), high - low)
    return order[low[line] + within], line


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


def _slight(former: Former, locked: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Give the scores of evaluation rows (n,) that were too low for their pairs to be kept, 0 for others."""
    before = np.array(former.carried("leak_score", 0), np.float32)
    return np.where(locked & (before < MIN_KEPT_SCORE), before, np.float32(0))


def _columns(found: CrossPairs, score: NDArray[np.float32]) -> list[Column]:
    leak_of, score = np.full(len(score), -1, np.int64), score.copy()
    order = np.lexsort((-found.key, -found.distance, found.score))  # the surest is written last
    leak_of[found.query[order]] = np.where(found.score[order] >= NEAR, found.key[order], -1)
    score[found.query[order]] = found.score[order]
    return [Column("leak_of", leak_of), Column("leak_score", score), Column("leak_distances", found.lists)]


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
