"""Finding: what a check says of rows, with the number behind it and the edit it suggests."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

import numpy as np
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


def finding_id(finding: Finding, row_ids: Sequence[str] | Mapping[int, str]) -> str:
    """Give an id that stays the same as long as the code and the rows (or, without rows, the subject) do.

    `row_ids`: position → id, of the flagged rows at least.
    """
    return _identified(finding, [row_ids[flag.row] for flag in finding.rows])


def _identified(finding: Finding, row_ids: list[str]) -> str:
    parts = sorted(row_ids) or subject(finding)
    digest = hashlib.blake2b("\0".join(parts).encode(), digest_size=5)
    return f"{finding.code}-{digest.hexdigest()}"


def subject(finding: Finding) -> list[str]:
    """Give what a finding without rows is about: the names in its evidence, or else its message.

    A message holds measured numbers, which move with every row that comes or goes; the names do not.
    """
    named = [str(finding.evidence[key]) for key in SUBJECT if finding.evidence.get(key) is not None]
    return named or [finding.message]


def findings_table(findings: Iterable[Finding], row_ids: Sequence[str] | pa.StringArray) -> pa.Table:
    """Give the findings as the table of `findings.parquet`: one line a finding and row.

    Of the row ids only those of flagged rows become Python strings.
    """
    found = list(findings)
    lines = [(finding, flag) for finding in found for flag in finding.rows or (None,)]
    ids = row_ids if isinstance(row_ids, pa.Array) else pa.array(row_ids, pa.string())
    flagged = ids.take(pa.array([None if flag is None else flag.row for _, flag in lines], pa.int64()))
    ends = np.cumsum([len(finding.rows) or 1 for finding in found]).tolist()
    names = flagged.to_pylist()
    shared = _of_findings(found, [names[start:end] for start, end in pairwise([0, *ends])])
    of_line = pa.array(np.repeat(np.arange(len(found)), np.diff([0, *ends])))
    own = {
        "row_id": flagged,
        "score": [finding.score if flag is None else flag.score for finding, flag in lines],
        "evidence": _evidence(lines),
        "suggested_edit": [None if flag is None else flag.edit for _, flag in lines],
        "suggested_label": [None if flag is None else flag.label for _, flag in lines],
    }
    columns = [
        pa.array(own[field.name], field.type) if field.name in own else shared[field.name].take(of_line)
        for field in SCHEMA
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def _of_findings(found: list[Finding], row_ids: list[list[str]]) -> dict[str, pa.Array]:
    """Give the columns that all lines of a finding share, a value a finding."""
    named = [_identified(finding, ids if finding.rows else []) for finding, ids in zip(found, row_ids, strict=True)]
    given = {name: [getattr(one, name) for one in found] for name in ("code", "kind", "severity", "group", "message")}
    return {name: pa.array(values, SCHEMA.field(name).type) for name, values in {"finding_id": named, **given}.items()}


def _evidence(lines: list[tuple[Finding, FlaggedRow | None]]) -> list[str]:
    """Give the evidence of each line as JSON; what a finding says of all its rows is written once."""
    whole: dict[int, str] = {}
    told = []
    for finding, flag in lines:
        if flag is not None and flag.evidence:
            told.append(json.dumps({**finding.evidence, **flag.evidence}))
            continue
        if id(finding) not in whole:
            whole[id(finding)] = json.dumps(dict(finding.evidence))
        told.append(whole[id(finding)])
    return told
