"""Duplicates: exact copies, near copies grouped around the one to keep, and copies whose labels conflict."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from burnish.dataset import Column, Evidence, Finding, FlaggedRow, SuggestedEdit, Summary
from burnish.errors import MissingFieldError
from burnish.kernels.duplicates import (
    MAX_FALSE_SHARE,
    NEAR,
    Background,
    NearTest,
    Pairs,
    Threshold,
    Views,
    candidate_pairs,
    choose_representatives,
    group_exact,
    group_members,
    group_near,
    nearest_distances,
    numbered_by_first,
    row_views,
    score_pairs,
)  # fmt: skip
from burnish.kernels.overlap import characters_read, nearest_by_overlap
from burnish.kernels.vectors import Vectors
from burnish.steps.duplicate_growth import Measured, grown_pairs, new_pairs_table

Rows = NDArray[np.int64]

MIN_KEPT_SCORE = 0.1
"""Pairs below this are not worth a line of the summary."""


@dataclass(frozen=True)
class Duplicates:
    """Group exact copies by content and near copies by what embeddings, characters, words and pixels see.

    `max_false_share`: expected share of chance pairs among the near ones; the threshold that keeps it is
    read from the data. `n_overlap`: rows proposed to each row for the rare tokens they share. `keep_by`: a
    field whose largest value (the latest date, the longest text) tells which copy is kept; None keeps the
    most central one.
    """

    max_false_share: float = MAX_FALSE_SHARE
    n_overlap: int = 10
    keep_by: str | None = None

    name: ClassVar[str] = "duplicates"
    reads: ClassVar[tuple[str, ...]] = ("embeddings", "neighbors", "neighbor_distances")
    uses: ClassVar[tuple[str, ...]] = ("@text", "image_pixels", "former")
    writes: ClassVar[tuple[str, ...]] = (
        "exact_group", "near_group", "near_representative", "near_distance", "near_distances",
        "duplicate_pairs", "new_pairs", "duplicate_threshold",
    )  # fmt: skip
    revision: ClassVar[int] = 3

    def run(self, evidence: Evidence, *, seed: int) -> Iterable[Column | Summary]:  # noqa: ARG002
        """Give groups, representatives and distances, the pairs behind them, and the threshold."""
        exact = group_exact(evidence.dataset.content)
        first = first_copies(exact)
        former = None if is_table(evidence) else evidence.former
        measured = grown_pairs(evidence, former, first, self.n_overlap) if former else self._measured(evidence, first)
        pairs, views = measured.pairs, measured.views
        background = Background.of_lists(measured.lists, lattice=is_table(evidence))
        scores, threshold = score_pairs(pairs, background, max_false_share=self.max_false_share, tested=measured.tested)
        test = NearTest(views, background, threshold)
        groups = group_near(pairs, scores, test)
        copies = np.bincount(first, minlength=len(first)).astype(float)
        rank = _ranks(evidence, self.keep_by)
        best = _best_copies(exact, rank)
        chosen = choose_representatives(groups, views, weights=copies, priority=rank[best[first]])
        pairs, scores = _with_representatives(pairs, scores, chosen, test)
        near, representative = _with_copies(groups, chosen, exact, first)
        representative = np.where(representative >= 0, best[representative], -1)
        return [
            Column("exact_group", exact),
            Column("near_group", near),
            Column("near_representative", representative),
            Column("near_distance", _distances(views, first, representative)),
            Summary("duplicate_pairs", _pair_table(pairs, scores, views, evidence)),
            Column("near_distances", measured.lists),
            Summary("new_pairs", measured.new),
            Summary("duplicate_threshold", _threshold_table(threshold, background, measured, self.max_false_share)),
        ]

    def _measured(self, evidence: Evidence, first: Rows) -> Measured:
        """Measure every pair of rows that are in one another's lists of neighbors, or share rare tokens."""
        views, usable = evidence_views(evidence)
        keep = usable & (first == np.arange(len(first)))
        overlap = nearest_by_overlap(views.sparse[0], self.n_overlap) if views.sparse else None
        lists = [np.asarray(evidence["neighbors"]), *([] if overlap is None else [overlap.positions])]
        pairs = _candidates(views, lists, first, keep)
        n_common = 0 if overlap is None else overlap.n_common
        return Measured(pairs, views, nearest_distances(pairs, len(first)), None, new_pairs_table(), n_common)


@dataclass(frozen=True)
class ExactDuplicates:
    """DUP001: rows with the same content; the representative is kept."""

    code: ClassVar[str] = "DUP001"
    reads: ClassVar[tuple[str, ...]] = ("exact_group", "near_representative")

    def judge(self, evidence: Evidence) -> list[Finding]:
        """Give a finding for each group, largest first."""
        representative = _integers(evidence, "near_representative")
        found = []
        for number, members in enumerate(group_members(_integers(evidence, "exact_group"))):
            kept, extra = _kept_and_extra(evidence, members, int(representative[members[0]]))
            ids = evidence.dataset.row_ids
            shared = {"kept": ids[kept].as_py(), "twin": ids[kept].as_py(), "distance": 0.0, "group_size": len(members)}
            flags = tuple(FlaggedRow(row, 1.0, edit, evidence=shared) for row, edit in extra)
            if flags:
                message = f"{len(members)} rows have the same content; {shared['kept']} is kept."
                found.append(Finding("DUP001", "exact_duplicate", "warning", message, flags, number))
        return sorted(found, key=lambda finding: -len(finding.rows))


@dataclass(frozen=True)
class NearDuplicates:
    """DUP002: rows that are near copies of their representative; `min_score` 0.5 is the data's own threshold."""

    min_score: float = NEAR

    code: ClassVar[str] = "DUP002"
    reads: ClassVar[tuple[str, ...]] = ("exact_group", "near_group", "near_representative", "duplicate_pairs")

    def judge(self, evidence: Evidence) -> list[Finding]:
        """Give a finding for each group, surest first."""
        lines = pair_lines(evidence.table("duplicate_pairs"), "a", "b")
        first = first_copies(_integers(evidence, "exact_group"))
        representative = _integers(evidence, "near_representative")
        found = []
        for number, members in enumerate(group_members(_integers(evidence, "near_group"))):
            kept, extra = _kept_and_extra(evidence, members, int(representative[members[0]]))
            flags = []
            for row, edit in extra:
                line = lines.get((min(first[row], first[kept]), max(first[row], first[kept])))
                if line is not None and line["score"] >= self.min_score:
                    twin = evidence.dataset.row_ids[kept].as_py()
                    facts = {"kept": twin, "twin": twin, "group_size": len(members), **_numbers(line)}
                    flags.append(FlaggedRow(row, line["score"], edit, evidence=facts))
            if flags:
                copies = "1 near copy" if len(flags) == 1 else f"{len(flags)} near copies"
                message = f"{copies} of {flags[0].evidence['kept']}."
                score = max(flag.score for flag in flags)
                found.append(Finding("DUP002", "near_duplicate", "warning", message, tuple(flags), number, score))
        return sorted(found, key=lambda finding: -finding.score)


@dataclass(frozen=True)
class ConflictingDuplicates:
    """DUP003: copies, exact or near, with different labels.

    Rows are relabelled to the label that at least `min_majority_rows` train rows of the group and at least
    `min_majority_share` of its labelled train rows have; without such a majority a person decides.
    """

    min_majority_rows: int = 3
    min_majority_share: float = 2 / 3

    code: ClassVar[str] = "DUP003"
    reads: ClassVar[tuple[str, ...]] = ("near_group", "@label")

    def judge(self, evidence: Evidence) -> list[Finding]:
        """Give a finding for each group, largest first."""
        labels = evidence.dataset.labels
        if labels is None:
            return []
        found = []
        for number, members in enumerate(group_members(_integers(evidence, "near_group"))):
            if len(np.unique(labels.codes[members][labels.codes[members] >= 0])) > 1:
                found.append(self._finding(evidence, number, members))
        return sorted((f for f in found if f.rows), key=lambda finding: -len(finding.rows))

    def _finding(self, evidence: Evidence, number: int, members: Rows) -> Finding:
        labels, ids = evidence.dataset.labels, evidence.dataset.row_ids
        names = {int(i): labels.classes[labels.codes[i]] for i in members if labels.codes[i] >= 0} if labels else {}
        train = [i for i in members.tolist() if not evaluation_rows(evidence)[i]]
        majority = self._majority([names[i] for i in train if i in names])
        flags = []
        for row in train:
            twin = next((int(i) for i in members if names.get(int(i)) != names.get(row)), row)
            facts = {"twin": ids[twin].as_py(), "labels": dict(Counter(names.values())), "group_size": len(members)}
            if majority is None:
                flags.append(FlaggedRow(row, 1.0, "review", evidence=facts))
            elif names.get(row) != majority:
                flags.append(FlaggedRow(row, 1.0, "relabel", majority, facts))
        message = f"{len(members)} copies carry {len(set(names.values()))} different labels."
        return Finding("DUP003", "conflicting_label", "error", message, tuple(flags), number)

    def _majority(self, given: list[str]) -> str | None:
        if not given:
            return None
        name, count = Counter(given).most_common(1)[0]
        clear = count >= self.min_majority_rows and count >= self.min_majority_share * len(given)
        return name if clear else None


def first_copies(exact_group: Rows) -> Rows:
    """Give each row the position of the first row with its content."""
    first = np.arange(len(exact_group))
    for members in group_members(exact_group):
        first[members] = members[0]
    return first


def _best_copies(exact_group: Rows, rank: NDArray[np.float64]) -> Rows:
    """Give each row the position of the copy of its content with the highest rank, the first of equals."""
    best = np.arange(len(exact_group))
    for members in group_members(exact_group):
        best[members] = members[np.argmax(rank[members])]
    return best


def _ranks(evidence: Evidence, field: str | None) -> NDArray[np.float64]:
    """Give the dense rank (n,) of each row's value in a field, missing values last; zeros without a field."""
    if field is None:
        return np.zeros(len(evidence.dataset))
    if field not in evidence.dataset.fields.column_names:
        known = ", ".join(evidence.dataset.fields.column_names)
        raise MissingFieldError(f"no field {field!r} to keep copies by.", remedy=f"Known fields: {known}.")
    values = evidence.dataset.field(field)
    ranks = np.asarray(pc.rank(values, tiebreaker="dense").to_numpy(), np.float64)
    ranks[np.asarray(values.is_null().to_numpy(zero_copy_only=False))] = 0
    return ranks


def evaluation_rows(evidence: Evidence) -> NDArray[np.bool_]:
    """Give the mask of evaluation rows; none where no step has told them."""
    mask = evidence.get("evaluation")
    return np.zeros(len(evidence.dataset), bool) if mask is None else np.asarray(mask, bool)


def is_table(evidence: Evidence) -> bool:
    """Tell whether rows are known by their fields only: no text, no image, no vectors of the user's."""
    roles = evidence.dataset.roles
    brought = evidence.dataset.vectors is not None or roles.embedding is not None
    seen = roles.text is not None or roles.image is not None or "image_pixels" in evidence
    return not brought and not seen


def evidence_views(evidence: Evidence) -> tuple[Views, NDArray[np.bool_]]:
    """Give the views of the rows and the mask of comparable rows: see `row_views`."""
    texts, pixels = evidence.dataset.texts, evidence.get("image_pixels")
    return row_views(
        evidence["embeddings"],
        pixels=None if pixels is None else np.asarray(pixels, np.float32),
        texts=None if texts is None else texts.to_pylist(),
    )


def pair_lines(table: pa.Table, left: str, right: str) -> dict[tuple[int, int], dict[str, float]]:
    """Give the lines of a table of pairs by their two positions."""
    return {(line[left], line[right]): line for line in table.to_pylist()}


def _candidates(
    views: Views, lists: Sequence[NDArray[np.integer]], first: Rows, keep: NDArray[np.bool_]
) -> Pairs:  # fmt: skip
    """Give the pairs in neighbor lists; each copy stands for the first, which the others may crowd out of a list."""
    stand_in = np.append(first, -1).astype(np.int32)
    left, right = candidate_pairs([stand_in[positions] for positions in lists], keep)
    return Pairs(left, right, views.distances(left, right))


def _with_representatives(
    pairs: Pairs, scores: NDArray[np.float32], chosen: Rows, test: NearTest
) -> tuple[Pairs, NDArray[np.float32]]:
    """Give the pairs worth a line, and each grouped row with its representative, candidate or not."""
    rows = np.flatnonzero((chosen >= 0) & (chosen != np.arange(len(chosen))))
    left, right = np.minimum(rows, chosen[rows]), np.maximum(rows, chosen[rows])
    distance, sure = test.views.distances(left, right), test.scores(left, right)
    kept = scores >= MIN_KEPT_SCORE
    joined = [
        np.concatenate([pairs.left[kept], left]),
        np.concatenate([pairs.right[kept], right]),
        np.concatenate([pairs.distance[kept], distance]),
        np.concatenate([scores[kept], sure]),
    ]
    order = np.lexsort((-joined[3], joined[1], joined[0]))
    same = (np.diff(joined[0][order], prepend=-1) == 0) & (np.diff(joined[1][order], prepend=-1) == 0)
    once = order[~same]
    return Pairs(joined[0][once], joined[1][once], joined[2][once]), joined[3][once]


def _with_copies(groups: Rows, chosen: Rows, exact: Rows, first: Rows) -> tuple[Rows, Rows]:
    """Let exact copies share the group and representative of their first; copies alone are groups too."""
    copies = exact >= 0
    alone = copies & (groups[first] < 0)
    near = np.where(alone, groups.max(initial=-1) + 1 + exact, groups[first])
    return numbered_by_first(near), np.where(alone, first, chosen[first])


def _distances(views: Views, first: Rows, representative: Rows) -> NDArray[np.float32]:
    distances = np.full(len(first), np.nan, np.float32)
    member = np.flatnonzero(representative >= 0)
    left, right = first[member], first[representative[member]]
    distances[member] = np.where(left == right, 0, views.distances(left, right))
    return distances


def _pair_table(pairs: Pairs, scores: NDArray[np.float32], views: Views, evidence: Evidence) -> pa.Table:
    cosines = views.cosines(pairs.left, pairs.right)
    n_dense = len(views.dense)
    absent = np.full(len(pairs.left), np.nan, np.float32)
    plain = Vectors.of(evidence["embeddings"]).products(pairs.left, pairs.right)
    return pa.table(
        {
            "a": pairs.left,
            "b": pairs.right,
            "distance": np.asarray(1 - plain, np.float32),
            "overlap": cosines[:, n_dense:].mean(axis=1) if views.sparse else absent,
            "pixel_similarity": cosines[:, 1] if n_dense > 1 else absent,
            "joint_distance": pairs.distance,
            "score": scores,
        }
    )


def _threshold_table(
    threshold: Threshold, background: Background, measured: Measured, max_false_share: float
) -> pa.Table:
    n_rows = len(measured.lists)
    return pa.table(
        {
            "score": [NEAR],
            "p_value": [threshold.p_value],
            "expected_precision": [threshold.precision],
            "expected_recall": [threshold.recall],
            "n_tested": [threshold.n_tested],
            "max_false_share": [max_false_share],
            "usual_distance": [float(np.median(background.usual)) if n_rows else float("nan")],
            "dimension": [background.dimension],
            "n_common_tokens": [measured.n_common],
            "characters_read": [characters_read(n_rows) if measured.views.sparse else 0],
        }
    )


def _kept_and_extra(
    evidence: Evidence, members: Rows, representative: int
) -> tuple[int, list[tuple[int, SuggestedEdit | None]]]:
    """Give the row to keep and the others with their edit.

    Train rows other than the kept one are dropped. Evaluation rows stay as they are; one beside train
    rows is a leak (LEK), so only copies inside the evaluation rows are told here.
    """
    locked = evaluation_rows(evidence)[members]
    train, evaluation = members[~locked], members[locked]
    pool = train if len(train) else evaluation
    kept = representative if representative in pool else int(pool[0])
    extra: list[tuple[int, SuggestedEdit | None]] = [(int(row), "drop") for row in train if row != kept]
    if len(evaluation) > 1:
        extra += [(int(row), None) for row in evaluation if row != kept]
    return kept, extra


def _numbers(line: dict[str, float]) -> dict[str, float]:
    names = ("distance", "overlap", "pixel_similarity", "joint_distance")
    return {name: round(line[name], 4) for name in names if np.isfinite(line[name])}


def _integers(evidence: Evidence, name: str) -> Rows:
    return np.asarray(evidence[name], np.int64)
