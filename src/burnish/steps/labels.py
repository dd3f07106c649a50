"""Labels: how likely each given label is wrong, what it should be, and which ones are flagged."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from burnish.dataset import Column, Evidence, Finding, FlaggedRow, Labels, SuggestedEdit, Summary
from burnish.kernels.labels import judge_labels, label_skill
from burnish.kernels.votes import without_copies

N_SHOWN_NEIGHBORS = 3
MIN_SKILL = 3.0
"""Predictions that know less of the labels than this (standard errors above chance) cannot call one wrong."""


@dataclass(frozen=True)
class LabelQuality:
    """Write how suspect each label is, from out-of-sample probabilities and, where there, the neighbors' labels.

    Only labels of training rows teach and vote: those of evaluation rows influence no other row. Copies
    of a row do not vote on it.
    """

    name: ClassVar[str] = "labels"
    reads: ClassVar[tuple[str, ...]] = ("@label", "probabilities", "evaluation")
    uses: ClassVar[tuple[str, ...]] = ("neighbors", "exact_group", "near_group")
    writes: ClassVar[tuple[str, ...]] = ("label_quality", "suggested_label", "label_suspect", "label_skill")
    revision: ClassVar[int] = 3

    def run(self, evidence: Evidence, *, seed: int) -> Iterable[Column | Summary]:  # noqa: ARG002 - no chance in it
        """Give the three columns, and whether the predictions know anything of the labels at all."""
        codes = _labels(evidence).codes
        probabilities = np.asarray(evidence["probabilities"], np.float32)
        judged = judge_labels(
            codes,
            probabilities,
            neighbors=_voting_neighbors(evidence),
            reference=~np.asarray(evidence["evaluation"], bool),
        )
        return [
            Column("label_quality", judged.quality),
            Column("suggested_label", judged.suggested),
            Column("label_suspect", judged.suspect),
            Summary("label_skill", pa.table({"z": [label_skill(codes, probabilities)]})),
        ]


@dataclass(frozen=True)
class SuspectLabels:
    """LAB001: training rows whose label is more likely wrong than right.

    From `min_relabel` on the other label is suggested as an edit, below it a person should look.
    """

    min_suspect: float = 0.5
    min_relabel: float = 0.95

    code: ClassVar[str] = "LAB001"
    reads: ClassVar[tuple[str, ...]] = (
        "@label", "probabilities", "evaluation", "label_quality", "suggested_label", "label_suspect",
        "label_skill",
    )  # fmt: skip

    def judge(self, evidence: Evidence) -> list[Finding]:
        """Give one finding a row, surest first."""
        rows = ~np.asarray(evidence["evaluation"], bool)
        return _findings(evidence, rows, self.code, (self.min_suspect, self.min_relabel))


@dataclass(frozen=True)
class SuspectEvaluationLabels:
    """LAB002: evaluation rows whose label is more likely wrong than right; never more than a review."""

    min_suspect: float = 0.5

    code: ClassVar[str] = "LAB002"
    reads: ClassVar[tuple[str, ...]] = SuspectLabels.reads

    def judge(self, evidence: Evidence) -> list[Finding]:
        """Give one finding a row, surest first."""
        rows = np.asarray(evidence["evaluation"], bool)
        return _findings(evidence, rows, self.code, (self.min_suspect, np.inf))


def _findings(
    evidence: Evidence, among: NDArray[np.bool_], code: str, thresholds: tuple[float, float]
) -> list[Finding]:
    if evidence.table("label_skill")["z"][0].as_py() < MIN_SKILL:
        return []
    min_suspect, min_relabel = thresholds
    suspect = np.asarray(evidence["label_suspect"], np.float64)
    flagged = np.flatnonzero(among & (np.nan_to_num(suspect) >= min_suspect))
    surest_first = flagged[np.argsort(-suspect[flagged], kind="stable")]
    suggested = np.asarray(evidence["suggested_label"], np.int64)
    findings = []
    for row in surest_first.tolist():
        sure = bool(suspect[row] >= min_relabel and suggested[row] >= 0)
        flag = _flag(evidence, row, "relabel" if sure else "review")
        message = _message(flag)
        findings.append(Finding(code, "suspect_label", "warning", message, (flag,), score=flag.score))
    return findings


def _flag(evidence: Evidence, row: int, edit: SuggestedEdit) -> FlaggedRow:
    labels = _labels(evidence)
    given, other = int(labels.codes[row]), int(evidence["suggested_label"][row])
    probabilities = evidence["probabilities"][row]
    numbers: dict[str, object] = {
        "given_label": labels.classes[given],
        "suggested_label": labels.classes[other] if other >= 0 else None,
        "probability_given": round(float(probabilities[given]), 4),
        "probability_suggested": round(float(probabilities[other]), 4) if other >= 0 else None,
        "label_quality": round(float(evidence["label_quality"][row]), 4),
        "neighbors": _agreeing_neighbors(evidence, row, other),
    }
    score = float(evidence["label_suspect"][row])
    return FlaggedRow(row, score, edit, labels.classes[other] if other >= 0 else None, numbers)


def _agreeing_neighbors(evidence: Evidence, row: int, code: int) -> list[str]:
    """Give the ids of the nearest training rows that carry the suggested label."""
    neighbors = evidence.get("neighbors")
    if neighbors is None or code < 0:
        return []
    near = np.asarray(neighbors[row], np.int64)
    near = near[near >= 0]
    agree = (_labels(evidence).codes[near] == code) & ~np.asarray(evidence["evaluation"][near], bool)
    return [evidence.dataset.row_ids[int(i)].as_py() for i in near[agree][:N_SHOWN_NEIGHBORS]]


def _voting_neighbors(evidence: Evidence) -> NDArray[np.int32] | None:
    groups = (evidence.get(name) for name in ("exact_group", "near_group"))
    codes = (None if group is None else np.asarray(group, np.int64) for group in groups)
    neighbors = evidence.get("neighbors")
    return None if neighbors is None else without_copies(np.asarray(neighbors, np.int32), *codes)


def _message(flag: FlaggedRow) -> str:
    given, other = flag.evidence["given_label"], flag.label
    if other is None:
        return f"labelled {given!r}, which little speaks for ({flag.score:.2f})"
    return f"labelled {given!r}, looks like {other!r} ({flag.score:.2f})"


def _labels(evidence: Evidence) -> Labels:
    labels = evidence.dataset.labels
    if labels is None:
        raise ValueError("a step that reads @label was run on a data set without labels")
    return labels
