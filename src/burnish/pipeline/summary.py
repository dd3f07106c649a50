"""Summary: the facts of a run as one JSON document, and the verdict as one sentence."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from burnish.dataset import Changeset, Evaluation, Evidence, Finding


def counts_by_code(findings: Iterable[Finding]) -> dict[str, dict[str, Any]]:
    """Give code → kind, worst severity, number of findings, number of rows, and one message as an example."""
    order = ("info", "warning", "error")
    found: dict[str, dict[str, Any]] = {}
    rows: dict[str, set[int]] = {}
    for finding in findings:
        entry = found.setdefault(
            finding.code,
            {"kind": finding.kind, "severity": finding.severity, "findings": 0, "rows": 0, "message": finding.message},
        )
        entry["findings"] += 1
        entry["severity"] = max(entry["severity"], finding.severity, key=order.index)
        rows.setdefault(finding.code, set()).update(flag.row for flag in finding.rows)
    for code, flagged in rows.items():
        found[code]["rows"] = len(flagged)
    return dict(sorted(found.items()))


def summarize(evidence: Evidence, findings: Iterable[Finding]) -> dict[str, Any]:
    """Give the counts of an audit: rows, splits, classes, what was found, how exact the neighbors are."""
    dataset = evidence.dataset
    locked = np.asarray(evidence["evaluation"], bool) if "evaluation" in evidence else np.zeros(len(dataset), bool)
    document: dict[str, Any] = {
        "source": dataset.name,
        "version": dataset.version,
        "n_rows": len(dataset),
        "n_train": int((~locked).sum()),
        "n_evaluation": int(locked.sum()),
        "classes": [] if dataset.labels is None else list(dataset.labels.classes),
        "findings": counts_by_code(findings),
    }
    for name in ("neighbor_recall", "duplicate_threshold", "split_origin", "label_skill"):
        if name in evidence.summaries:
            document[name] = next(iter(evidence.table(name).to_pylist()), None)
    return document


def audit_sentence(counts: Mapping[str, Mapping[str, Any]], n_rows: int) -> str:
    """Say in one sentence what an audit found."""
    kinds: Counter[str] = Counter()
    for entry in counts.values():
        kinds[str(entry["kind"])] += int(entry["rows"]) or int(entry["findings"])
    if not kinds:
        return f"Nothing was found in {n_rows:,} rows."
    parts = [f"{count:,} {kind.replace('_', ' ')}" for kind, count in kinds.most_common(4)]
    more = f" and {len(kinds) - 4} more kinds" if len(kinds) > 4 else ""
    return f"In {n_rows:,} rows: {', '.join(parts)}{more} (rows flagged)."


def verdict_sentence(evaluation: Evaluation, changeset: Changeset) -> str:
    """Say in one sentence what the change did to the model."""
    e = evaluation
    interval = f"[{100 * e.lift_low:+.1f}, {100 * e.lift_high:+.1f}]"
    lift = f"{100 * e.lift:+.1f} points of {e.metric.replace('_', ' ')} {interval}"
    edits = f"{len(changeset):,} edit{'s' if len(changeset) != 1 else ''}"
    rows = f"on {e.n_eval:,} locked rows"
    if e.verdict == "better":
        return f"Better: after {edits} the model gains {lift} {rows}."
    if e.verdict == "worse":
        return f"Worse: after {edits} the model loses; {lift} {rows}."
    if e.verdict == "no worse":
        return f"No worse: after {edits} the model stays within {100 * e.margin:g} points or gains; {lift} {rows}."
    return (
        f"Inconclusive: after {edits} the lift is {lift} {rows}; "
        f"a lift under {100 * e.smallest_visible_lift:.1f} points cannot be seen here."
    )
