"""Publishing: what a run leaves behind, as files that appear whole or not at all."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from burnish.adapters.embedders.thumbnails import thumbnails
from burnish.adapters.sinks import FolderSink, json_text
from burnish.dataset import Changeset, Dataset, Evaluation
from burnish.dataset.history import Version
from burnish.errors import OutputError
from burnish.pipeline.acquiring import Acquisition
from burnish.pipeline.summary import audit_sentence, verdict_sentence
from burnish.pipeline.tables import clusters_table, rows_table, slices_table
from burnish.reports import REVISION, ReportFacts, report_html, shown_row_ids
from burnish.reports.comparison import comparison_markdown
from burnish.reports.junit import junit_xml
from burnish.reports.sarif import sarif_json
from burnish.workspace import Audited, Curation

CONTRACT_FILES = frozenset(
    {
        "report.html", "summary.json", "rows.parquet", "findings.parquet", "clusters.parquet", "slices.parquet",
        "changeset.json", "evaluation.json", "curated.parquet",
    }
)  # fmt: skip
"""What an audit, a curation or a measurement leaves; another command writes beside it and takes none of it away."""
MAX_RECORD_FIELDS = 12
"""Fields of a table's row that the report shows as evidence."""


KeepText = Callable[[str, Callable[[], str]], str]


class Kept(NamedTuple):
    """The versions that a run wrote down: what was audited, and what was made of it.

    `text` gives a text that follows from the audit alone, as its page does, and makes it where there is none yet.
    """

    audited: Version
    new: Version | None = None
    text: KeepText | None = None

    def to_json(self) -> dict[str, str | None]:
        """Give `history` of `summary.json`."""
        return {"audited": self.audited.name, "new": None if self.new is None else self.new.name}


def publish(
    out: str | Path, audited: Audited, *, changes: Changeset | None = None, effect: Evaluation | None = None,
    done: Curation | None = None, kept: Kept | None = None,
) -> dict[str, str]:  # fmt: skip
    """Write the files of the contract into `out`; give name → path. Raises OutputError when it cannot.

    A curation brings its changes, effect and version along.
    """
    version = None if done is None else done.version
    if done is not None:
        changes, effect = done.changes, done.effect
    facts = report_facts(audited, changes, effect, done=done, kept=kept)
    files: dict[str, bytes | str | pa.Table] = {
        "report.html": _page(facts, audited, None if kept is None or effect is not None else kept.text),
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
    return FolderSink(Path(out), owned=CONTRACT_FILES).write(files)


def _page(facts: ReportFacts, audited: Audited, text: KeepText | None) -> str:
    """Give the page; that of an audit is named by what it says beyond the evidence, but for its time and timings."""
    if text is None:
        return report_html(with_shown(facts, audited))
    said = {name: value for name, value in facts.summary.items() if name not in ("created", "timings")}
    digest = hashlib.blake2b(json_text([REVISION, facts.title, said]).encode(), digest_size=8).hexdigest()
    return text(f"pages/{digest}", lambda: report_html(with_shown(facts, audited)))


def publish_comparison(out: str | Path, effect: Evaluation, disagreements: pa.Table, *, source: str) -> dict[str, str]:
    """Write what a comparison found, for people and for CI; `source` is the file that results are shown at."""
    files: dict[str, bytes | str | pa.Table] = {
        "evaluation.json": json_text(effect.to_json()),
        "comparison.md": comparison_markdown(effect, disagreements),
        "junit.xml": junit_xml(effect),
        "comparison.sarif": json_text(sarif_json(effect, path=source)),
        "disagreements.parquet": disagreements,
    }
    return FolderSink(Path(out), owned=frozenset(files)).write(files)


def publish_selection(out: str | Path, table: pa.Table, effect: Evaluation | None) -> dict[str, str]:
    """Write the selected rows, and what they are worth where it was measured."""
    files: dict[str, bytes | str | pa.Table] = {"selected.parquet": table}
    if effect is not None:
        files["evaluation.json"] = json_text(effect.to_json())
    return FolderSink(Path(out), owned=frozenset({"selected.parquet", "evaluation.json"})).write(files)


def publish_acquisition(out: str | Path, found: Acquisition) -> dict[str, str]:
    """Write the rows to label next, and the forecast."""
    files = {"acquired.parquet": found.table, "acquisition.json": json_text(found.to_json())}
    return FolderSink(Path(out), owned=frozenset(files)).write(files)


def refuse_unwritable(out: str | Path, *sources: str) -> None:
    """Raise OutputError for an output folder that is no folder, before hours of work are lost on it.

    Also for one that holds a source among the files of a run, as the files of the next take their place.
    """
    folder = Path(out)
    for source in sources:
        if Path(source).name in CONTRACT_FILES and Path(source).resolve().parent == folder.resolve():
            raise OutputError(
                f"{source!r} would be overwritten or removed: it lies in the output folder.",
                remedy="Choose another folder with --out.",
            )
    nearest = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise OutputError(
            f"{str(nearest)!r} is not a folder that can be written.", remedy="Choose another folder with --out."
        )


def page(audited: Audited, changes: Changeset | None, effect: Evaluation | None) -> str:
    """Give the report as one self-contained HTML page."""
    return report_html(with_shown(report_facts(audited, changes, effect), audited))


def report_facts(
    audited: Audited, changes: Changeset | None, effect: Evaluation | None, *, done: Curation | None = None,
    kept: Kept | None = None,
) -> ReportFacts:  # fmt: skip
    """Give all that a report may say, but for the rows that a page shows (`with_shown`)."""
    evidence, dataset = audited.evidence, audited.dataset
    return ReportFacts(
        rows=rows_table(evidence, audited.findings),
        findings=audited.findings_table(),
        clusters=clusters_table(evidence),
        slices=slices_table(evidence),
        summary=run_summary(audited, changes, effect, done=done, kept=kept),
        evaluation=None if effect is None else effect.to_json(),
        changeset=None if changes is None else changes.to_json(),
        texts=dataset.texts,
        title=dataset.name,
        targets=_beside_classes(dataset, dataset.roles.label),
        predictions=_beside_classes(dataset, dataset.roles.prediction),
    )


def _beside_classes(dataset: Dataset, name: str | None) -> pa.Array | None:
    """Give labels or predictions as they are, unless they are classes."""
    return None if name is None or dataset.task == "classification" else dataset.field(name)


def with_shown(facts: ReportFacts, audited: Audited) -> ReportFacts:
    """Add pictures and records of the rows that a page shows."""
    dataset = audited.dataset
    shown = dataset.take(dataset.positions_of(list(shown_row_ids(facts))))
    pictures = thumbnails(shown.images, shown.row_ids) if audited.kind == "image" else {}
    return replace(facts, thumbnails=pictures, records=_records(shown))


def run_summary(
    audited: Audited, changes: Changeset | None, effect: Evaluation | None, *, done: Curation | None = None,
    kept: Kept | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Give the document of `summary.json`: the audit's, with the verdict where something was measured."""
    document = audited.summary()
    sentence = audit_sentence(document["findings"], document["n_rows"])
    choice = None if done is None else done.choice
    if effect is not None and changes is not None:
        sentence = _verdict(effect, changes, done)
    return {
        **document,
        "new_version": None if done is None or done.version is None else done.version.version,
        "n_edits": None if changes is None else len(changes),
        "choice": [] if choice is None else [asdict(code) for code in choice.codes],
        "outlook": None if done is None or done.outlook is None else asdict(done.outlook),
        "verdict": None if effect is None else effect.verdict,
        "verdict_sentence": sentence,
        "history": None if kept is None else kept.to_json(),
    }


def _verdict(effect: Evaluation, changes: Changeset, done: Curation | None) -> str:
    left_out = () if done is None or done.choice is None else done.choice.left_out
    return verdict_sentence(effect, changes, left_out)


def _records(shown: Dataset) -> pa.Table | None:
    names = [*shown.roles.meta[:MAX_RECORD_FIELDS], *([shown.roles.label] if shown.roles.label else [])]
    return shown.fields.select(names).add_column(0, "row_id", shown.row_ids) if names else None
