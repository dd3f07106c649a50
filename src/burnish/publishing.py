"""Publishing: what a run leaves behind, as files that appear whole or not at all."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from burnish.adapters.embedders.thumbnails import thumbnails
from burnish.adapters.sinks import FolderSink, json_text
from burnish.dataset import Changeset, Dataset, Evaluation
from burnish.pipeline.summary import audit_sentence, verdict_sentence
from burnish.pipeline.tables import clusters_table, rows_table, slices_table
from burnish.reports import ReportFacts, report_html
from burnish.workspace import Audited, Workspace

MAX_SHOWN_ROWS = 400
"""Rows whose picture or record is put into the report: flagged rows first, then exemplars of clusters."""


@dataclass(frozen=True)
class Curation:
    """A curation: what was audited, what was changed, what that did, and the next version if it was allowed.

    `effect` is None when there was nothing to change; `version` is None unless the verdict is
    `better` or `no worse`.
    """

    audited: Audited
    changes: Changeset
    effect: Evaluation | None
    version: Dataset | None


def curate_audited(
    workspace: Workspace, audited: Audited, *, model: object = None, metric: str = "accuracy"
) -> Curation:
    """Decide by the default policy, measure, and make the next version if the verdict allows."""
    changes = workspace.decide(audited)
    if not changes.edits:
        return Curation(audited, changes, None, None)
    effect = workspace.measure(audited, changes, model=model, metric=metric)
    allowed = effect.verdict in ("better", "no worse")
    return Curation(audited, changes, effect, changes.apply(audited.dataset) if allowed else None)


def publish(
    out: str | Path, audited: Audited, *, changes: Changeset | None = None, effect: Evaluation | None = None,
    version: Dataset | None = None,
) -> dict[str, str]:  # fmt: skip
    """Write the files of the contract into `out`; give name → path. Raises OutputError when it cannot."""
    facts = report_facts(audited, changes, effect, version)
    files: dict[str, bytes | str | pa.Table] = {
        "report.html": report_html(facts),
        "summary.json": json_text(facts.summary),
        "rows.parquet": facts.rows,
        "findings.parquet": facts.findings,
        "clusters.parquet": facts.clusters,
        "slices.parquet": facts.slices,
    }
    if changes is not None:
        files["changeset.json"] = json_text(changes.to_json())
    if effect is not None:
        files["evaluation.json"] = json_text(effect.to_json())
    if version is not None:
        files["curated.parquet"] = version.export_table()
    return FolderSink(Path(out)).write(files)


def page(audited: Audited, changes: Changeset | None, effect: Evaluation | None) -> str:
    """Give the report as one self-contained HTML page."""
    return report_html(report_facts(audited, changes, effect))


def report_facts(
    audited: Audited, changes: Changeset | None, effect: Evaluation | None, version: Dataset | None = None
) -> ReportFacts:
    """Give all that a report may say."""
    evidence, dataset = audited.evidence, audited.dataset
    clusters = clusters_table(evidence)
    shown = _shown_rows(audited, clusters)
    return ReportFacts(
        rows=rows_table(evidence, audited.findings),
        findings=audited.findings_table(),
        clusters=clusters,
        slices=slices_table(evidence),
        summary=run_summary(audited, changes, effect, version),
        evaluation=None if effect is None else effect.to_json(),
        changeset=None if changes is None else changes.to_json(),
        texts=dataset.texts,
        thumbnails=_thumbnails(audited, shown),
        records=_records(audited, shown),
        title=dataset.name,
    )


def run_summary(
    audited: Audited, changes: Changeset | None, effect: Evaluation | None, version: Dataset | None = None
) -> dict[str, Any]:
    """Give the document of `summary.json`: the audit's, with the verdict where something was measured."""
    document = audited.summary()
    sentence = audit_sentence(document["findings"], document["n_rows"])
    if effect is not None and changes is not None:
        sentence = verdict_sentence(effect, changes)
    return {
        **document,
        "new_version": None if version is None else version.version,
        "n_edits": None if changes is None else len(changes),
        "verdict": None if effect is None else effect.verdict,
        "verdict_sentence": sentence,
    }


def _shown_rows(audited: Audited, clusters: pa.Table) -> list[int]:
    positions = audited.dataset.row_positions
    exemplars = (positions[i] for ids in clusters["exemplars"].to_pylist() for i in ids or [])
    twins = (
        positions[twin]
        for finding in audited.findings
        for flag in finding.rows[:6]
        for twin in (flag.evidence.get("kept"), flag.evidence.get("twin"))
        if isinstance(twin, str) and twin in positions
    )
    flagged = (flag.row for finding in audited.findings for flag in finding.rows[:6])
    interleaved = [row for pair in zip(flagged, twins, strict=False) for row in pair]
    return _first_distinct([*_by_code(audited), *interleaved, *exemplars], MAX_SHOWN_ROWS)


def _by_code(audited: Audited) -> Iterable[int]:
    """The first few rows of every code, so that none is crowded out."""
    seen: dict[str, int] = {}
    for finding in audited.findings:
        seen[finding.code] = seen.get(finding.code, 0) + 1
        if seen[finding.code] <= 12:
            yield from (flag.row for flag in finding.rows[:4])


def _first_distinct(rows: Iterable[int], limit: int) -> list[int]:
    return list(dict.fromkeys(rows))[:limit]


def _thumbnails(audited: Audited, shown: list[int]) -> Mapping[str, str]:
    if audited.kind != "image":
        return {}
    dataset = audited.dataset.take(shown)
    return thumbnails(dataset.images, dataset.row_ids)


def _records(audited: Audited, shown: list[int]) -> pa.Table | None:
    roles = audited.dataset.roles
    names = [*roles.meta[:12], *([roles.label] if roles.label else [])]
    if not names:
        return None
    fields = audited.dataset.take(shown)
    return fields.fields.select(names).add_column(0, "row_id", fields.row_ids)
