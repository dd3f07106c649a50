"""Weak slices: named sets of rows where the model is right less often than elsewhere."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from burnish.dataset import Column, Evidence, Finding, FlaggedRow, Summary
from burnish.kernels import slices as kernel
from burnish.kernels.intervals import share_interval
from burnish.steps.candidates import CLUSTER, space_of

Rows = NDArray[np.int64]

SCHEMA = pa.schema(
    [
        ("slice", pa.string()), ("description", pa.string()), ("kind", pa.string()), ("size", pa.int64()),
        ("metric", pa.float64()), ("metric_low", pa.float64()), ("metric_high", pa.float64()), ("gap", pa.float64()),
        ("p_value", pa.float64()), ("q_value", pa.float64()), ("rows", pa.list_(pa.int64())),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class SlicesStep:
    """Writes the summary `slices`: metadata values, their crosses, clusters and regions where accuracy is low.

    Candidates hold at least `min_share` of the rows and `min_rows` rows. `max_q_value` is the level
    at which the search goes on, not a verdict: a slice that was found leaves before the next search.
    Copies of a row (`exact_group`) are counted once in every figure but `size`; crosses beyond
    MAX_PAIRS are left out, smallest first, and counted in the metadata of the table.
    """

    min_share: float = 0.02
    min_rows: int = 30
    max_q_value: float = 0.05
    n_permutations: int = 199

    name: ClassVar[str] = "slices"
    reads: ClassVar[tuple[str, ...]] = ("@label", "probabilities")
    uses: ClassVar[tuple[str, ...]] = (
        "predicted",
        "@meta",
        "cluster",
        "cluster_path",
        "clusters",
        "embeddings",
        "exact_group",
    )
    writes: ClassVar[tuple[str, ...]] = ("slices",)
    revision: ClassVar[int] = 3

    def run(self, evidence: Evidence, *, seed: int) -> Iterable[Column | Summary]:
        """Give one line a slice, surest first."""
        rows, wrong = _judged(evidence)
        single = first_copies(evidence, rows)
        space = space_of(evidence, rows, min_rows=self._min_rows(int(single.sum())), seed=seed)
        found = kernel.scan(
            wrong[single],
            [family._replace(matrix=family.matrix[np.flatnonzero(single)]) for family in space.families],
            min_rows=self._min_rows(int(single.sum())),
            max_q_value=self.max_q_value,
            n_permutations=self.n_permutations,
            seed=seed,
        )
        lines = []
        for number, scanned in enumerate(found, start=1):
            inside = space.members(scanned.candidate)
            if not space.conditions(scanned.candidate):
                inside = _with_copies(evidence, rows, np.flatnonzero(single)[scanned.rows])
            kind, description = space.named(scanned.candidate, inside)
            line = {"slice": f"S{number}", "description": description, "kind": kind, "rows": rows[inside]}
            tested = {"p_value": scanned.p_value, "q_value": scanned.q_value, "size": len(inside)}
            lines.append({**line, **tested, **_figures(wrong, single, inside)})
        table = pa.Table.from_pylist(lines, schema=SCHEMA)
        yield Summary("slices", table.replace_schema_metadata({"pairs_left_out": str(space.pairs.n_left_out)}))

    def _min_rows(self, n_rows: int) -> int:
        return max(self.min_rows, round(self.min_share * n_rows))


@dataclass(frozen=True)
class WeakSlice:
    """SLI001: a slice with a gap of at least `min_gap` to the other rows, at most `max_q_value` likely by chance."""

    max_q_value: float = 0.05
    min_gap: float = 0.08

    code: ClassVar[str] = "SLI001"
    reads: ClassVar[tuple[str, ...]] = ("slices",)

    def judge(self, evidence: Evidence) -> list[Finding]:
        """Give one finding a slice; training rows get the edit `collect`, evaluation rows none."""
        locked = evidence.get("evaluation")
        lines = evidence.table("slices").to_pylist()
        wanted = [line for line in lines if line["q_value"] <= self.max_q_value and line["gap"] >= self.min_gap]
        return [_finding(line, set() if locked is None else set(np.flatnonzero(locked).tolist())) for line in wanted]


def first_copies(evidence: Evidence, rows: Rows) -> NDArray[np.bool_]:
    """Give the mask of the `rows` to count: one of each group of exact copies, or one error would look like many."""
    groups = evidence.get("exact_group")
    first = np.ones(len(rows), np.bool_)
    if groups is not None:
        codes = np.asarray(groups, np.int64)[rows]
        grouped = np.flatnonzero(codes >= 0)
        first[grouped] = False
        first[grouped[np.unique(codes[grouped], return_index=True)[1]]] = True
    return first


def _with_copies(evidence: Evidence, rows: Rows, inside: Rows) -> Rows:
    """Give the positions among `rows` of those inside and of their exact copies."""
    groups = evidence.get("exact_group")
    if groups is None:
        return inside
    codes = np.asarray(groups, np.int64)[rows]
    copied = np.isin(codes, codes[inside]) & (codes >= 0)
    return np.union1d(inside, np.flatnonzero(copied))


def _finding(line: dict[str, Any], locked: set[int]) -> Finding:
    score = 1.0 - line["q_value"]
    place = "of" if line["kind"] == CLUSTER else "where"
    message = (
        f"accuracy {line['metric']:.2f} [{line['metric_low']:.2f}, {line['metric_high']:.2f}] in {line['size']} rows "
        f"{place} {line['description']}, {line['metric'] + line['gap']:.2f} elsewhere"
    )
    flags = (FlaggedRow(row, score, edit=None if row in locked else "collect") for row in line["rows"])
    numbers = {key: value for key, value in line.items() if key != "rows"}
    return Finding("SLI001", "weak_slice", "warning", message, tuple(flags), score=score, evidence=numbers)


def _judged(evidence: Evidence) -> tuple[Rows, NDArray[np.bool_]]:
    """Positions of rows with a label and a prediction, and whether the prediction is wrong."""
    labels = evidence.dataset.labels
    codes = np.full(len(evidence.dataset), -1, np.int32) if labels is None else labels.codes
    probabilities = np.asarray(evidence["probabilities"], np.float32)
    given = evidence.get("predicted")
    predicted = probabilities.argmax(axis=1) if given is None else np.asarray(given)
    rows = np.flatnonzero((codes >= 0) & (predicted >= 0) & np.isfinite(probabilities).all(axis=1))
    return rows, predicted[rows] != codes[rows]


def _figures(wrong: NDArray[np.bool_], single: NDArray[np.bool_], inside: Rows) -> dict[str, float]:
    """Accuracy in the slice with its Wilson interval, and how much higher it is elsewhere."""
    within = np.zeros(len(wrong), np.bool_)
    within[inside] = True
    right = ~wrong[within & single]
    low, high = share_interval(float(right.sum()), float(len(right)))
    elsewhere = float(np.mean(~wrong[~within & single]))
    metric = float(right.mean())
    return {"metric": metric, "metric_low": low, "metric_high": high, "gap": elsewhere - metric}
