"""Audited, Curation: what the door hands out."""

import importlib.metadata
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import pyarrow as pa

from burnish.adapters.sources import Guess
from burnish.dataset import Changeset, Dataset, Evaluation, Evidence, Finding, findings_table
from burnish.dataset.locks import Lock
from burnish.pipeline.choice import Choice
from burnish.pipeline.gathering import Skipped
from burnish.pipeline.planning import Outlook
from burnish.pipeline.summary import summarize

RowKind = Literal["text", "image", "table", "vectors"]

LIBRARIES = ("numpy", "scipy", "numba", "scikit-learn", "pyarrow", "onnxruntime", "pillow")


@dataclass(frozen=True)
class Audited:
    """What an audit knows: the evidence, what the checks found, and how it came about.

    `detectors`: code → precision and recall on planted defects. `notes`: what was kept of a former audit, and what
    became of thresholds. `embedder`: the one that was asked for. `key`: names the evidence that the steps left in the
    workspace.
    """

    evidence: Evidence
    findings: tuple[Finding, ...]
    kind: RowKind
    guesses: tuple[Guess, ...]
    skipped: tuple[Skipped, ...]
    timings: Mapping[str, float]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    lock: Lock | None = None
    detectors: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    embedder: str | None = None
    key: str = ""

    @property
    def dataset(self) -> Dataset:
        """The audited version."""
        return self.evidence.dataset

    def findings_table(self) -> pa.Table:
        """Give `findings.parquet`: one line a finding and row."""
        return findings_table(self.findings, self.dataset.row_ids)

    def summary(self) -> dict[str, Any]:
        """Give the document of `summary.json`, without a measurement."""
        return {
            "title": f"{self.dataset.name}",
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            **summarize(self.evidence, self.findings),
            "kind": self.kind,
            "detectors": dict(self.detectors),
            "notes": list(self.notes),
            "evaluation_lock": None
            if self.lock is None
            else {
                "fingerprint": self.lock.fingerprint,
                "n_rows": len(self.lock),
                "locked_at": self.lock.locked_at,
                "origin": self.lock.origin,
            },
            "parameters": dict(self.parameters),
            "guesses": [{"role": g.role, "field": g.field, "reason": g.reason} for g in self.guesses],
            "skipped": [{"step": s.step, "reason": s.reason} for s in self.skipped],
            "timings": {stage: round(seconds, 3) for stage, seconds in self.timings.items()},
            "libraries": {name: importlib.metadata.version(name) for name in LIBRARIES},
            "python": platform.python_version(),
            "burnish": importlib.metadata.version("burnish"),
        }


@dataclass(frozen=True)
class Curation:
    """A curation: what was audited, what was changed, what that did, and the next version if it was allowed.

    `choice` tells which codes survived the inner folds, `outlook` what could be shown before anything was tried.
    `effect` is None when there was nothing to change; `version` is None unless the verdict is `better` or
    `no worse` and no slice fell too far.
    """

    audited: Audited
    changes: Changeset
    effect: Evaluation | None
    version: Dataset | None
    choice: Choice | None = None
    outlook: Outlook | None = None
