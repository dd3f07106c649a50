"""Summary: the facts of a run as one JSON document, and the verdict as one sentence."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np

from burnish.dataset import Changeset, Evaluation, Evidence, Finding
from burnish.kernels.metrics import METRICS

HARMFUL_SHOWN = 20
AROUND_ROWS = ("weak_slice", "coverage_gap")
"""Kinds whose findings are groups of rows, which are counted by these."""


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
    document["harmful_clusters"] = harmful_clusters(evidence)
    return document


def harmful_clusters(evidence: Evidence) -> list[dict[str, Any]]:
    """Give the clusters of the working level that take from the metric, the worst first, each with the likely reason.

    Those count whose whole interval lies below 0.
    """
    if "cluster_values" not in evidence.summaries or "clusters" not in evidence.summaries:
        return []
    working = set(np.unique(np.asarray(evidence["cluster"], np.int64)).tolist())
    names = evidence.table("clusters").select(["cluster", "name"]).to_pydict()
    named = dict(zip(names["cluster"], names["name"], strict=True))
    lines = [
        {**line, "name": named.get(line["cluster"])}
        for line in evidence.table("cluster_values").to_pylist()
        if line["cluster"] in working and line["high"] is not None and line["high"] < 0
    ]
    return sorted(lines, key=lambda line: float(line["value"]))[:HARMFUL_SHOWN]


def audit_sentence(counts: Mapping[str, Mapping[str, Any]], n_rows: int) -> str:
    """Say in one sentence what an audit found."""
    kinds: Counter[tuple[str, bool]] = Counter()
    for entry in counts.values():
        kinds[str(entry["kind"]), bool(entry["rows"])] += int(entry["rows"]) or int(entry["findings"])
    if not kinds:
        return f"Nothing was found in {n_rows:,} rows."
    parts = [_many(kind, count, of_rows=of_rows) for (kind, of_rows), count in kinds.most_common(4)]
    left = len(kinds) - len(parts)
    more = f" and {left} more kind{'s' if left > 1 else ''}" if left else ""
    return f"In {n_rows:,} rows: {', '.join(parts)}{more}."


def _many(kind: str, count: int, *, of_rows: bool) -> str:
    """Give `642 suspect labels`; of what is no row itself, as a slice: `249 rows in weak slices`."""
    if of_rows and kind in AROUND_ROWS:
        return f"{count:,} row{'s' if count != 1 else ''} in {kind.replace('_', ' ')}s"
    named = "quality problem" if kind == "quality" else kind.replace("_", " ")
    return f"{count:,} {named}{'s' if count != 1 else ''}"


def verdict_sentence(evaluation: Evaluation, changeset: Changeset | None = None, left_out: Collection[str] = ()) -> str:
    """Say in one sentence what the change did to the model, or how two models compare; and where a slice paid for it.

    `left_out`: check codes that the inner folds advised against. Of a loss it is said how far it falls.
    """
    e = evaluation
    named = [code for code in left_out if code]
    rest = f"; left to you: {', '.join(named)}" if named else ""
    rows = f"on {e.n_eval:,} {'locked rows' if changeset is not None else 'rows'}"
    return f"{e.verdict.capitalize()}{_fallen(e)}: {_made(e, changeset)} {_effect(e)} {rows}{_unseen(e)}{rest}."


def _made(evaluation: Evaluation, changeset: Changeset | None) -> str:
    if changeset is not None:
        return f"after {len(changeset):,} edit{'s' if len(changeset) != 1 else ''}"
    first, second = evaluation.parameters.get("labels") or ("A", "B")
    return f"with {_short(second)} in place of {_short(first)}"


def _effect(evaluation: Evaluation) -> str:
    e, name = evaluation, _short(evaluation.metric.replace("_", " "))
    unit = f"{'points of ' if _is_share(e.metric) else ''}{name}"
    if e.metric in METRICS and not METRICS[e.metric].greater_is_better:
        return _fall(e, name)
    lift = f"{_signed(e.lift, e.metric)} {unit} {_interval(e.lift_low, e.lift_high, e.metric)}"
    margin = _size(e.margin, e.metric)
    return {
        "better": f"the model gains {lift}",
        "worse": f"the model loses; {lift}",
        "no worse": f"the model stays within {margin} or gains; {lift}",
        "inconclusive": f"the lift is {lift}",
    }[e.verdict]


def _fall(evaluation: Evaluation, name: str) -> str:
    """Say how far a loss falls or rises, with the interval of that."""
    e = evaluation
    falls = e.lift >= 0
    ends = (e.lift_low, e.lift_high) if falls else (-e.lift_high, -e.lift_low)
    moved = f"{'falls' if falls else 'rises'} by {_number(abs(e.lift))} {_interval(*ends, e.metric)}"
    if e.verdict == "no worse":
        return f"the {name} rises by less than {_size(e.margin, e.metric)} or falls; it {moved}"
    return f"the {name} {moved}"


def _fallen(evaluation: Evaluation) -> str:
    """Name the slice that fell furthest below what is allowed."""
    gate, metric = evaluation.gate, str(evaluation.parameters.get("slices_by") or evaluation.metric)
    if gate is None or gate.passed:
        return ""
    fell = min((s for s in evaluation.slices if s.failed), key=lambda s: s.lift, default=None)
    said = "" if fell is None else f" {_short(fell.slice)} ({_signed(fell.lift, metric)}{_unit(metric)})"
    more = f" and {len(gate.failed) - 1:,} more" if len(gate.failed) > 1 else ""
    return f", {'above all' if evaluation.verdict == 'worse' else 'but worse'} in{said or ' a slice'}{more}"


def _unseen(evaluation: Evaluation) -> str:
    e = evaluation
    if e.verdict != "inconclusive" or not np.isfinite(e.smallest_visible_lift):
        return ""
    return f"; a lift under {_size(e.smallest_visible_lift, e.metric)} cannot be seen here"


def _is_share(metric: str) -> bool:
    return metric in METRICS and METRICS[metric].is_share


def _unit(metric: str) -> str:
    return " points" if _is_share(metric) else ""


def _interval(low: float, high: float, metric: str) -> str:
    return f"[{_signed(low, metric)}, {_signed(high, metric)}]"


def _signed(value: float, metric: str) -> str:
    shown = f"{100 * value:+.1f}" if _is_share(metric) else ("+" if value > 0 else "") + _number(value)
    return shown.replace("-", "\N{MINUS SIGN}")


def _size(value: float, metric: str) -> str:
    return f"{100 * value:.2g} points" if _is_share(metric) else _number(value)


def _number(value: float) -> str:
    shown = f"{value:,.3f}" if value == 0 or abs(value) >= 0.0005 else f"{value:.2g}"
    return shown.replace("-", "\N{MINUS SIGN}")


def _short(name: object, limit: int = 80) -> str:
    """Give a name of the data as one line without control characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in str(name)[: limit + 1]).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
