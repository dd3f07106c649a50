"""Slice lines: how right the model is on found slices, on clusters and on sets of rows that people named, side by side.

All are judged alike: on rows that have a label and a prediction, exact copies counted once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from burnish.dataset import Evidence
from burnish.kernels.intervals import gap_interval, share_interval
from burnish.steps.slices import first_copies

Rows = NDArray[np.int64]
Of = Literal["slice", "set", "cluster"]


@dataclass(frozen=True)
class Judged:
    """How right the model is on some rows: `n` were judged; `gap`: accuracy on all others minus that on these.

    `gap_low`, `gap_high`: its 95 % interval.
    """

    n: int
    accuracy: float | None = None
    low: float | None = None
    high: float | None = None
    gap: float | None = None
    gap_low: float | None = None
    gap_high: float | None = None


@dataclass(frozen=True)
class Line:
    """A slice. `of` tells what `name` names (a cluster is `cluster:ID`); `p_value` and `q_value` of found ones only."""

    name: str
    description: str
    kind: str
    of: Of
    size: int
    judged: Judged
    keywords: tuple[str, ...] = ()
    cluster: int | None = None
    p_value: float | None = None
    q_value: float | None = None


class Rightness:
    """Which rows the model is judged on (`rows`), and on which of them it is right; of one class it cannot be wrong."""

    def __init__(self, evidence: Evidence) -> None:
        labels, predicted = evidence.dataset.labels, evidence.get("predicted")
        self.rows, self.right = np.empty(0, np.int64), np.empty(0, np.bool_)
        if labels is not None and len(labels.classes) > 1 and predicted is not None:
            known = np.flatnonzero(labels.known & (np.asarray(predicted) >= 0) & _predictable(evidence))
            self.rows = known[first_copies(evidence, known)]
            self.right = np.asarray(predicted)[self.rows] == labels.codes[self.rows]
        self._place = np.full(len(evidence.dataset), -1, np.int64)
        self._place[self.rows] = np.arange(len(self.rows))

    @property
    def overall(self) -> float | None:
        """The accuracy on all rows; None where none is judged."""
        return float(self.right.mean()) if len(self.rows) else None

    def among(self, rows: Rows) -> Judged:
        """Judge some rows."""
        places = self._place[rows]
        hits = self.right[places[places >= 0]]
        return self.counted(len(hits), int(hits.sum()))

    def counted(self, n: int, n_right: int) -> Judged:
        """Judge by counts: `n` rows were judged, `n_right` of them right."""
        if not n:
            return Judged(0)
        accuracy, ends = n_right / n, share_interval(n_right, n)
        others = len(self.rows) - n
        if not others:
            return Judged(n, accuracy, *ends)
        right_elsewhere = int(self.right.sum()) - n_right
        gap = right_elsewhere / others - accuracy
        return Judged(n, accuracy, *ends, gap, *gap_interval((right_elsewhere, others), (n_right, n)))


def slice_lines(evidence: Evidence, named: Mapping[str, Rows]) -> tuple[float | None, list[Line]]:
    """Give the accuracy overall, and all slices: found ones (surest first), named ones, clusters (least right first).

    `named`: name → positions of its rows.
    """
    rightness = Rightness(evidence)
    clusters = _clusters(evidence, rightness)
    found = _found(evidence, rightness, {line.cluster: line for line in clusters})
    sets = [Line(name, "", "named", "set", len(rows), rightness.among(rows)) for name, rows in named.items()]
    return rightness.overall, [*found, *sorted(sets, key=_least_right), *sorted(clusters, key=_least_right)]


def _found(evidence: Evidence, rightness: Rightness, clusters: Mapping[int | None, Line]) -> list[Line]:
    lines = evidence.table("slices").to_pylist() if "slices" in evidence.summaries else []
    lines.sort(key=lambda line: (line["q_value"], -line["gap"]))
    given = evidence.get("cluster")
    return [_found_line(line, rightness, clusters, given) for line in lines]


def _found_line(
    line: Mapping[str, Any], rightness: Rightness, clusters: Mapping[int | None, Line], given: NDArray[Any] | None
) -> Line:
    """The figures are those that the finding tells; keywords are those of the cluster that most of its rows are in."""
    rows = np.asarray(line["rows"], np.int64)
    told = {"accuracy": "metric", "low": "metric_low", "high": "metric_high", "gap": "gap"}
    judged = replace(rightness.among(rows), **{name: line[column] for name, column in told.items()})
    cluster = None if given is None or line["kind"] == "metadata" else _commonest(np.asarray(given)[rows])
    keywords = clusters[cluster].keywords if cluster in clusters else ()
    return Line(
        line["slice"], line["description"], line["kind"], "slice", line["size"], judged, keywords, None,
        line["p_value"], line["q_value"],
    )  # fmt: skip


def _clusters(evidence: Evidence, rightness: Rightness) -> list[Line]:
    """Give the clusters of the working level."""
    given = evidence.get("cluster")
    if given is None or "clusters" not in evidence.summaries:
        return []
    of_row = np.asarray(given, np.int64)
    judged = of_row[rightness.rows]
    n_clusters = int(of_row.max(initial=-1)) + 1
    size, n, n_right = (
        np.bincount(rows[rows >= 0], minlength=n_clusters) for rows in (of_row, judged, judged[rightness.right])
    )
    told = {line["cluster"]: line for line in evidence.table("clusters").to_pylist()}
    return [
        Line(
            f"cluster:{one}", told[one]["name"] or f"cluster {one}", "cluster", "cluster", int(size[one]),
            rightness.counted(int(n[one]), int(n_right[one])), tuple(told[one]["keywords"] or ()), one,
        )
        for one in np.flatnonzero(size).tolist() if one in told
    ]  # fmt: skip


def _predictable(evidence: Evidence) -> NDArray[np.bool_]:
    """Mask the rows that have probabilities."""
    probabilities = evidence.get("probabilities")
    if probabilities is None:
        return np.ones(len(evidence.dataset), np.bool_)
    return np.asarray(np.isfinite(probabilities).all(axis=1), np.bool_)


def _commonest(codes: NDArray[Any]) -> int | None:
    values, counts = np.unique(codes[codes >= 0], return_counts=True)
    return int(values[counts.argmax()]) if len(values) else None


def _least_right(line: Line) -> tuple[bool, float, int, str]:
    """Least right first, and where that is not known the largest."""
    accuracy = line.judged.accuracy
    return accuracy is None, accuracy or 0.0, -line.size, line.name
