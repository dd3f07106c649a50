"""`export` and `import-labels`: a version for other tools and for people, and the answers of people back."""

from pathlib import Path
from typing import Any

from rich.console import Console

from burnish.adapters.sinks import FolderSink
from burnish.adapters.sinks.croissant import About
from burnish.adapters.sinks.exports import FORMS
from burnish.adapters.sinks.exports import export as export_rows
from burnish.adapters.sinks.folder import Content
from burnish.adapters.sources.answers import read_answers
from burnish.cli.progress import Bars
from burnish.cli.running import choices_of, print_json, workspace_of
from burnish.cli.terminal_history import show_answers
from burnish.dataset import Dataset
from burnish.dataset.history import Version
from burnish.pipeline.ballot import choices as answers_of
from burnish.pipeline.review import answered, review_tasks
from burnish.protocols import Silent
from burnish.publishing import refuse_unwritable
from burnish.reports.label_studio import label_studio_config, label_studio_tasks
from burnish.reports.log import version_facts
from burnish.reports.numbers import plural
from burnish.reports.review_csv import review_csv
from burnish.workspace import Workspace
from burnish.workspace.history import Note


def export(*, version: str, form: str, out: str, as_json: bool, **options: Any) -> int:
    """Write a version in a form that other tools read, or its rows in doubt for people."""
    refuse_unwritable(out)
    with Bars() as bars:
        workspace = workspace_of(options, bars)
        found = workspace.history.store.find(version)
        dataset = workspace.history.open(found.name)
        if form in FORMS:
            written, said = export_rows(dataset, form, out, about=_about(workspace, found)), f"{len(dataset):,} rows"
        else:
            written, said = _export_tasks(workspace, dataset, options, form=form, out=out)
    if as_json:
        print_json({"version": found.name, "form": form, "n_rows": len(dataset)}, written)
    else:
        console = Console()
        console.print(f"{found.name}: {said} as {form}", markup=False, highlight=False)
        for path in written.values():
            console.print(f"  {path}", soft_wrap=True, markup=False, highlight=False)
    return 0


def import_labels(  # noqa: PLR0913 - the flags of the command
    *, file: str, source: str, skip_refused: bool, new_labels: bool, why: str | None, tag: str | None, as_json: bool,
    **options: Any,
) -> int:  # fmt: skip
    """Take the answers of people as a new version."""
    history = (workspace := workspace_of(options, Silent())).history
    found = history.store.find(source)
    history.refuse_tag(found.dataset, tag)
    dataset = history.open(found.name)
    answers = answered(
        read_answers(file), dataset, locked=workspace.locked_ids(dataset), new_labels=new_labels,
        skip_refused=skip_refused, seed=options["seed"],
    )  # fmt: skip
    made = None
    if answers.changes.edits:
        n_people = len(answers.annotators)
        note = Note(why or f"answers of {n_people} {'person' if n_people == 1 else 'people'}", source=file, tag=tag)
        made = history.keep_changes(dataset, answers.changes, note, how="relabel")
    if as_json:
        tags = history.store.tags(found.dataset)
        print_json({**answers.to_json(), "new": None if made is None else version_facts(made, tags)}, {})
    else:
        show_answers(Console(), answers, made)
    return 0


def _export_tasks(
    workspace: Workspace, dataset: Dataset, options: dict[str, Any], *, form: str, out: str
) -> tuple[dict[str, str], str]:
    classes = answers_of(dataset)  # first: without classes there is nothing to review, and no audit is lost on it
    audited = workspace.audit(dataset, choices=choices_of(options))
    tasks = review_tasks(audited.evidence, audited.findings)
    files: dict[str, Content] = {"review.csv": review_csv(tasks)}
    if form == "label-studio":
        several = dataset.task == "multi-label"
        files = {
            "tasks.json": label_studio_tasks(tasks),
            "labeling.xml": label_studio_config(tasks, classes, several=several),
        }
    return FolderSink(Path(out)).write(files), f"{plural(len(tasks), 'row')} to review"


def _about(workspace: Workspace, version: Version) -> About:
    told = workspace.history.store.about(version.dataset)
    return About(
        version.dataset, told.get("description"), creator=told.get("owner"), published=version.created[:10],
        version=f"{version.number}.0.0",
    )  # fmt: skip
