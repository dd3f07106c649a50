"""Shortcuts: metadata and image statistics that alone tell the label better than they should."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import stats

from burnish.dataset import Column, Dataset, Evidence, Finding, Summary
from burnish.kernels.shortcuts import field_skill, prediction_skill, quantile_codes
from burnish.steps.metadata import Coding
from burnish.steps.slices import first_copies

IMAGE_STATS = ("width", "height", "brightness", "contrast", "sharpness", "entropy", "saturation")
METADATA, IMAGE = "metadata", "image"
SCHEMA = pa.schema(
    [
        ("field", pa.string()), ("kind", pa.string()), ("score", pa.float64()), ("low", pa.float64()),
        ("high", pa.float64()), ("p_value", pa.float64()), ("q_value", pa.float64()), ("best_label", pa.string()),
        ("model_score", pa.float64()),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class ShortcutsStep:
    """Writes the summary `shortcuts`: a line per field with its skill at the label that it tells best.

    `score` is the true minus the false positive rate out of sample, `model_score` the same of the
    model's predictions (null without them). Copies of a row are counted once.
    """

    n_folds: int = 5
    n_bins: int = 10
    coding: Coding = field(default_factory=Coding)

    name: ClassVar[str] = "shortcuts"
    reads: ClassVar[tuple[str, ...]] = ("@label",)
    uses: ClassVar[tuple[str, ...]] = ("@meta", "image_stats", "probabilities", "exact_group")
    writes: ClassVar[tuple[str, ...]] = ("shortcuts",)
    revision: ClassVar[int] = 1

    def run(self, evidence: Evidence, *, seed: int) -> Iterable[Column | Summary]:
        """Give one line a field, the surest first."""
        labels = evidence.dataset.labels
        rows = np.empty(0, np.int64) if labels is None else np.flatnonzero(labels.known)
        rows = rows[first_copies(evidence, rows)]
        lines: list[dict[str, Any]] = []
        if labels is not None and len(rows) >= 2 * self.n_folds:
            for kind, name, codes in self._fields(evidence):
                skill = field_skill(
                    codes[rows], labels.codes[rows], n_classes=len(labels.classes), n_folds=self.n_folds, seed=seed
                )
                line = {"field": name, "kind": kind, **skill._asdict()}
                line["best_label"] = labels.classes[skill.best_class] if skill.best_class >= 0 else None
                line["model_score"] = _model_score(evidence, rows, labels.codes, skill.best_class)
                lines.append(line)
        if lines:
            q_values = stats.false_discovery_control([line["p_value"] for line in lines])
            lines = [line | {"q_value": q} for line, q in zip(lines, q_values.tolist(), strict=True)]
        lines.sort(key=lambda line: -line["low"])
        yield Summary("shortcuts", pa.Table.from_pylist(lines, schema=SCHEMA))

    def _fields(self, evidence: Evidence) -> Iterable[tuple[str, str, NDArray[np.int64]]]:
        for coded in self.coding.coded(evidence.dataset):
            yield METADATA, coded.field, coded.codes
        if "image_stats" in evidence:
            measured = np.asarray(evidence["image_stats"], np.float64)
            for column, name in enumerate(IMAGE_STATS):
                yield IMAGE, name, quantile_codes(measured[:, column], n_bins=self.n_bins)


@dataclass(frozen=True)
class MetadataShortcut:
    """SHO001: a metadata field tells a label nearly as well as the model does.

    Where the fields are what the model learns from (no text, image or embedding), only a field that
    all but is the label counts: `min_score_of_input`.
    """

    max_q_value: float = 0.05
    min_score: float = 0.5
    min_share_of_model: float = 0.6
    min_score_of_input: float = 0.95

    code: ClassVar[str] = "SHO001"
    reads: ClassVar[tuple[str, ...]] = ("shortcuts",)

    def judge(self, evidence: Evidence) -> list[Finding]:
        """Give one finding a field, without rows."""
        wanted = self.min_score_of_input if _fields_are_inputs(evidence.dataset) else self.min_score
        lines = _suspicious(evidence, METADATA, self.max_q_value, self.min_share_of_model)
        return [_finding(self.code, line) for line in lines if line["score"] >= wanted]


@dataclass(frozen=True)
class ImageShortcut:
    """SHO002: an image statistic (size, brightness, …) tells a label nearly as well as the model does."""

    max_q_value: float = 0.05
    min_score: float = 0.6
    min_share_of_model: float = 0.75

    code: ClassVar[str] = "SHO002"
    reads: ClassVar[tuple[str, ...]] = ("shortcuts",)

    def judge(self, evidence: Evidence) -> list[Finding]:
        """Give one finding a statistic, without rows."""
        lines = _suspicious(evidence, IMAGE, self.max_q_value, self.min_share_of_model)
        return [_finding(self.code, line) for line in lines if line["score"] >= self.min_score]


def _suspicious(evidence: Evidence, kind: str, max_q_value: float, min_share: float) -> list[dict[str, Any]]:
    lines = evidence.table("shortcuts").to_pylist()
    return [
        line
        for line in lines
        if line["kind"] == kind
        and line["q_value"] <= max_q_value
        and line["score"] >= min_share * (line["model_score"] or 0.0)
    ]


def _finding(code: str, line: dict[str, Any]) -> Finding:
    beside = "" if line["model_score"] is None else f", the model {line['model_score']:.2f}"
    message = (
        f"{line['field']} alone tells label {line['best_label']!r} from the others with skill {line['score']:.2f} "
        f"[{line['low']:.2f}, {line['high']:.2f}] (0 chance, 1 certain){beside}"
    )
    return Finding(code, "shortcut", "warning", message, score=1.0 - line["q_value"], evidence=line)


def _fields_are_inputs(dataset: Dataset) -> bool:
    roles = dataset.roles
    return roles.text is None and roles.image is None and roles.embedding is None and dataset.vectors is None


def _model_score(evidence: Evidence, rows: NDArray[np.int64], labels: NDArray[np.int32], code: int) -> float | None:
    if "probabilities" not in evidence or code < 0:
        return None
    probabilities = np.asarray(evidence["probabilities"], np.float32)[rows]
    known = np.isfinite(probabilities).all(axis=1)
    return prediction_skill(probabilities[known].argmax(axis=1), labels[rows][known], class_code=code)
