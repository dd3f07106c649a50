"""Imbalance: classes too rare to learn, clusters that dominate, splits whose class shares differ."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import stats

from burnish.dataset import Column, Evidence, Finding, FlaggedRow, Labels, Summary

CLASS, CLUSTER, SPLIT = "class", "cluster", "split"
SCHEMA = pa.schema(
    [
        ("kind", pa.string()), ("name", pa.string()), ("count", pa.int64()), ("share", pa.float64()),
        ("expected", pa.float64()), ("ratio", pa.float64()), ("p_value", pa.float64()), ("effect", pa.float64()),
    ]
)  # fmt: skip

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class ImbalanceStep:
    """Writes the summary `imbalance`: how many rows each class and cluster has, against an even share.

    `class`: training rows (all rows without evaluation rows). `cluster`: all rows that are not
    noise. `split`: evaluation rows of a class against its share in training, with the p-value and
    the effect (Cramer's V) of the whole table of class by split on every line.
    """

    name: ClassVar[str] = "imbalance"
    reads: ClassVar[tuple[str, ...]] = ("@label",)
    uses: ClassVar[tuple[str, ...]] = ("cluster", "evaluation")
    writes: ClassVar[tuple[str, ...]] = ("imbalance",)
    revision: ClassVar[int] = 1

    def run(self, evidence: Evidence, *, seed: int) -> Iterable[Column | Summary]:
        """Give the lines: classes, then clusters, then splits."""
        del seed  # nothing here is left to chance
        lines = [*_class_lines(evidence), *_cluster_lines(evidence)]
        yield Summary("imbalance", pa.Table.from_pylist(lines, schema=SCHEMA))


@dataclass(frozen=True)
class ClassImbalance:
    """IMB001: a class has fewer than `min_rows` training rows (warning), or `min_ratio` of an even share (info)."""

    min_rows: int = 10
    min_ratio: float = 0.2

    code: ClassVar[str] = "IMB001"
    reads: ClassVar[tuple[str, ...]] = ("@label", "imbalance")

    def judge(self, evidence: Evidence) -> list[Finding]:
        """Give one finding a rare class, rarest first, with its training rows."""
        lines = [line for line in evidence.table("imbalance").to_pylist() if line["kind"] == CLASS]
        rare = [line for line in lines if line["count"] < self.min_rows or line["ratio"] < self.min_ratio]
        return [self._finding(line, evidence) for line in sorted(rare, key=lambda line: line["count"])]

    def _finding(self, line: dict[str, Any], evidence: Evidence) -> Finding:
        labels = evidence.dataset.labels
        rows = np.empty(0, np.int64)
        if labels is not None:
            code = labels.classes.index(line["name"])
            rows = np.flatnonzero((labels.codes == code) & _training(evidence))
        few = line["count"] < self.min_rows
        message = (
            f"class {line['name']!r} has {line['count']} training rows, {line['share']:.2%} of them; "
            f"an even share would be {line['expected']:.2%}"
        )
        flags = tuple(FlaggedRow(int(row), 1.0, edit="collect") for row in rows)
        score = 1.0 if few else 1.0 - line["ratio"]
        return Finding(self.code, "imbalance", "warning" if few else "info", message, flags, score=score, evidence=line)


@dataclass(frozen=True)
class ClusterImbalance:
    """IMB002: a cluster holds over `max_share` of the rows, or class shares differ between the splits beyond chance."""

    max_share: float = 0.5
    max_p_value: float = 0.01
    min_effect: float = 0.1

    code: ClassVar[str] = "IMB002"
    reads: ClassVar[tuple[str, ...]] = ("imbalance",)

    def judge(self, evidence: Evidence) -> list[Finding]:
        """Give a finding a dominating cluster, and one for the splits; none has rows."""
        lines = evidence.table("imbalance").to_pylist()
        clusters = [line for line in lines if line["kind"] == CLUSTER]
        found = [self._dominating(line) for line in clusters if line["share"] > self.max_share and len(clusters) > 1]
        splits = [line for line in lines if line["kind"] == SPLIT]
        if splits and splits[0]["p_value"] <= self.max_p_value and splits[0]["effect"] >= self.min_effect:
            found.append(self._differing(max(splits, key=lambda line: abs(line["share"] - line["expected"]))))
        return found

    def _dominating(self, line: dict[str, Any]) -> Finding:
        message = f"cluster {line['name']} holds {line['share']:.0%} of the rows ({line['count']})"
        return Finding(self.code, "imbalance", "info", message, score=line["share"], evidence=line)

    def _differing(self, line: dict[str, Any]) -> Finding:
        message = (
            f"class shares differ between training and evaluation rows (Cramer's V {line['effect']:.2f}), most for "
            f"{line['name']!r}: {line['expected']:.1%} of the training rows, {line['share']:.1%} of the evaluation rows"
        )
        score = 1.0 - line["p_value"]
        return Finding(self.code, "imbalance", "warning", message, score=score, evidence=line)


def _training(evidence: Evidence) -> Mask:
    if "evaluation" not in evidence:
        return np.ones(len(evidence.dataset), np.bool_)
    return ~np.asarray(evidence["evaluation"], np.bool_)


def _class_lines(evidence: Evidence) -> list[dict[str, Any]]:
    labels = evidence.dataset.labels
    if labels is None or not labels.classes:
        return []
    training = _training(evidence)
    train, locked = _counts(labels, training), _counts(labels, ~training)
    even = 1.0 / len(labels.classes)
    lines = [_line(CLASS, *part, expected=even) for part in zip(labels.classes, train, _shares(train), strict=True)]
    if not train.sum() or not locked.sum() or len(labels.classes) < 2:
        return lines
    p_value, effect = _association(np.vstack([train, locked]))
    for name, count, share, usual in zip(labels.classes, locked, _shares(locked), _shares(train), strict=True):
        lines.append(_line(SPLIT, name, count, share, expected=usual) | {"p_value": p_value, "effect": effect})
    return lines


def _cluster_lines(evidence: Evidence) -> list[dict[str, Any]]:
    if "cluster" not in evidence:
        return []
    clusters = np.asarray(evidence["cluster"], np.int64)
    present, counts = np.unique(clusters[clusters >= 0], return_counts=True)
    shares = counts / max(1, len(clusters))
    even = 1.0 / max(1, len(present))
    return [_line(CLUSTER, str(c), n, s, expected=even) for c, n, s in zip(present, counts, shares, strict=True)]


def _line(kind: str, name: str, count: int, share: float, *, expected: float) -> dict[str, Any]:
    ratio = float(share / expected) if expected > 0 else None
    return {
        "kind": kind, "name": name, "count": int(count), "share": float(share), "expected": float(expected),
        "ratio": ratio,
    }  # fmt: skip


def _counts(labels: Labels, rows: Mask) -> NDArray[np.int64]:
    return np.bincount(labels.codes[rows & labels.known], minlength=len(labels.classes))


def _shares(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    return counts / max(1, int(counts.sum()))


def _association(table: NDArray[np.int64]) -> tuple[float, float]:
    """Give the p-value of the chi² test of class by split, and Cramer's V."""
    seen = table[:, table.sum(axis=0) > 0]
    if seen.shape[1] < 2:
        return 1.0, 0.0
    tested = stats.chi2_contingency(seen, correction=False)
    return float(tested.pvalue), float(np.sqrt(tested.statistic / seen.sum()))
