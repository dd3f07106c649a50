"""Finding: what a check says of rows, with the number behind it and the edit it suggests."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import pyarrow as pa

Kind = Literal[
    "exact_duplicate", "near_duplicate", "conflicting_label", "leak", "suspect_label", "outlier",
    "weak_slice", "coverage_gap", "imbalance", "shortcut", "quality",
]  # fmt: skip
Severity = Literal["info", "warning", "error"]
SuggestedEdit = Literal["drop", "relabel", "review", "collect"]

SUBJECT = ("kind", "field", "name")
"""Evidence that names what a finding is about: a class, a cluster, a field."""
SCHEMA = pa.schema(
    [
        ("finding_id", pa.string()), ("code", pa.string()), ("kind", pa.string()), ("severity", pa.string()),
        ("row_id", pa.string()), ("group", pa.int64()), ("score", pa.float32()), ("evidence", pa.string()),
        ("suggested_edit", pa.string()), ("suggested_label", pa.string()), ("message", pa.string()),
    ]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FlaggedRow:
    """One row of a finding. `row` is its position; `evidence` holds JSON values only, twins as row ids."""

    row: int
    score: float
    edit: SuggestedEdit | None = None
    label: str | None = None
    evidence: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check says: `score` is 0..1, higher is surer; `evidence` holds the numbers behind it.

    A finding about the set (imbalance, shortcut) may flag no row.
    """

    code: str
    kind: Kind
    severity: Severity
    message: str
    rows: tuple[FlaggedRow, ...] = ()
    group: int | None = None
    score: float = 1.0
    evidence: Mapping[str, object] = field(default_factory=dict)


def finding_id(finding: Finding, row_ids: list[str]) -> str:
    """Give an id that stays the same as long as the code and the rows (or, without rows, the subject) do."""
    parts = sorted(row_ids[flag.row] for flag in finding.rows) or subject(finding)
    digest = hashlib.blake2b("\0".join(parts).encode(), digest_size=5)
    return f"{finding.code}-{digest.hexdigest()}"


def subject(finding: Finding) -> list[str]:
    """Give what a finding without rows is about: the names in its evidence, or else its message.

    A message holds measured numbers, which move with every row that comes or goes; the names do not.
    """
    named = [str(finding.evidence[key]) for key in SUBJECT if finding.evidence.get(key) is not None]
    return named or [finding.message]


def findings_table(findings: Iterable[Finding], row_ids: list[str]) -> pa.Table:
    """Give the findings as the table of `findings.parquet`: one line a finding and row."""
    lines = [line for finding in findings for line in _lines(finding, row_ids)]
    return pa.Table.from_pylist(lines, schema=SCHEMA)


def _lines(finding: Finding, row_ids: list[str]) -> Iterable[dict[str, object]]:
    shared = {
        "finding_id": finding_id(finding, row_ids), "code": finding.code, "kind": finding.kind,
        "severity": finding.severity, "group": finding.group, "message": finding.message,
    }  # fmt: skip
    if not finding.rows:
        yield {**shared, "score": finding.score, "evidence": json.dumps(dict(finding.evidence))}
    for flag in finding.rows:
        yield {
            **shared,
            "row_id": row_ids[flag.row],
            "score": flag.score,
            "evidence": json.dumps({**finding.evidence, **flag.evidence}),
            "suggested_edit": flag.edit,
            "suggested_label": flag.label,
        }
