"""The commands' work: call the workspace, publish, print. Imported only when a command runs."""

import sys
from collections.abc import Callable
from dataclasses import fields
from functools import partial
from importlib.resources import as_file, files
from typing import Any, Literal

import numpy as np
from rich.console import Console
from rich.markup import escape

from burnish.adapters.sinks import json_text
from burnish.cli.files import read_json, refuse_no_place, write_text
from burnish.cli.keeping import keep_audited, name_of, refuse_unkeepable
from burnish.cli.linting import Lint, compared_json, show_compared
from burnish.cli.options import FIELD_ROLES
from burnish.cli.progress import Bars
from burnish.cli.terminal import (
    show_choice,
    show_clusters,
    show_edits,
    show_effect,
    show_findings,
    show_outlook,
    show_reading,
)
from burnish.cli.terminal_history import show_kept
from burnish.dataset import Changeset, Edit, Evaluation
from burnish.errors import BurnishError
from burnish.pipeline.planning import Outlook
from burnish.pipeline.recipe import Recipe
from burnish.pipeline.tables import clusters_table
from burnish.protocols import Progress
from burnish.publishing import (
    Kept,
    publish,
    refuse_unwritable,
    report_facts,
    run_summary,
)
from burnish.reports import report_markdown
from burnish.reports.numbers import lift_words
from burnish.workspace import Audited, Choices, Curation, Experiment, Limits, Workspace
from burnish.workspace.history import note_of

EXIT_OF_VERDICT = {"better": 0, "no worse": 0, "worse": 1, "inconclusive": 2}
REVIEWED = 150


def audit(*, source: str, out: str, as_json: bool, **options: Any) -> int:
    """Audit a source, write the files, and leave with 1 when a finding that counts is too severe."""
    lint = Lint.of(options)
    audited, workspace = audited_source(source, out, options, keeps="audited")
    kept = Kept(keep_audited(workspace, audited, source, options), text=partial(workspace.kept_text, audited))
    compared = lint.compare(audited)
    written = publish(out, audited, kept=kept)
    lint.write(audited)
    _write_markdown(options, audited, told="" if compared is None else f"Against the baseline: {compared.sentence}.")
    document = run_summary(audited, None, None, kept=kept)
    if as_json:
        beside = {} if compared is None else {"baseline": compared_json(audited, compared)}
        print_json({**document, **beside}, written)
    else:
        _show_audit(Console(), audited, document)
        if compared is not None:
            show_compared(Console(), compared)
        show_kept(Console(), kept)
        _say_where(Console(), written)
    return lint.exit_code(audited.findings, compared)


def curate(*, source: str, out: str, as_json: bool, **options: Any) -> int:
    """Audit, decide, measure, publish; the exit code follows the verdict and the gate of the slices."""
    experiment = experiment_of(options)
    audited, workspace = audited_source(source, out, options, experiment, keeps="new")
    kept = Kept(keep_audited(workspace, audited, source, options, new=True))
    try:
        with Bars() as bars:
            workspace.progress = bars
            done = workspace.curate(audited, experiment, policy=_recipe(options).policy, told=_teller(as_json=as_json))
    except BurnishError:
        publish(out, audited, kept=kept)  # the audit stands, though its change cannot be measured
        raise
    note = note_of(audited, why=options["why"] or "", tag=options["tag"])
    kept = kept._replace(new=workspace.keep_curated(done, note))
    written = publish(out, audited, done=done, kept=kept)
    _write_markdown(options, audited, done.changes, done.effect)
    document = run_summary(audited, done.changes, done.effect, done=done, kept=kept)
    if as_json:
        print_json(document, written)
    else:
        _show_audit(Console(), audited, document)
        _show_curation(Console(), done, document)
        show_kept(Console(), kept)
        _say_where(Console(), written)
    return 0 if done.effect is None else exit_code(done.effect)


def measure(*, source: str, out: str, as_json: bool, changeset: str, **options: Any) -> int:
    """Measure a given changeset; the exit code follows the verdict and the gate of the slices."""
    changes, experiment = read_changeset(changeset), experiment_of(options)
    audited, workspace = audited_source(source, out, options, experiment)
    changes.apply(audited.dataset)
    with Bars() as bars:
        workspace.progress = bars
        effect = workspace.measure(audited, changes, experiment)
    written = publish(out, audited, changes=changes, effect=effect)
    _write_markdown(options, audited, changes, effect)
    document = run_summary(audited, changes, effect)
    if as_json:
        print_json(document, written)
    else:
        show_reading(Console(), audited)
        show_effect(Console(), effect, document["verdict_sentence"])
        _say_where(Console(), written)
    return exit_code(effect)


def demo(*, out: str, as_json: bool, **shared: Any) -> int:
    """Do the main job on the data set that ships with the package, then let a person's labels in."""
    options = {**shared, "text": "text", "label": "label", "split": "split", "id": "id"}
    with as_file(files("burnish.cli") / "data" / "youtube_spam.parquet") as path:
        audited, space = audited_source(str(path), out, {**options, "meta": ("video",)})
    with Bars() as bars:
        space.progress = bars
        done = space.curate(audited)
        review, hits = _review(audited)
        reviewed = space.measure(audited, review)
    written = publish(out, audited, done=done)
    document = run_summary(audited, done.changes, done.effect, done=done)
    if as_json:
        print_json({**document, "reviewed": reviewed.to_json()}, written)
        return 0
    console = Console()
    console.print(
        "YouTube comments, spam or not. Training labels are the majority vote of ten rules: wrong for 1 in 15, "
        "really. Test labels are people's. (UCI YouTube Spam Collection, CC BY 4.0; rules from WRENCH.)\n",
        highlight=False,
    )
    _show_audit(console, audited, document)
    _show_curation(console, done, document)
    _show_review(console, len(review), hits, reviewed)
    _say_where(console, written)
    return 0


def read_changeset(path: str) -> Changeset:
    """Read a changeset.json; raises InputError when it is none."""
    remedy = "Pass the changeset.json of an audit or curate."
    return Changeset.from_json(read_json(path, what="changeset", remedy=remedy))


def exit_code(effect: Evaluation) -> int:
    """Give 1 when a slice fell too far, whatever the verdict; else the code of the verdict."""
    return 1 if effect.gate is not None and not effect.gate.passed else EXIT_OF_VERDICT[effect.verdict]


def audited_source(
    source: str, out: str, options: dict[str, Any], experiment: Experiment | None = None, *,
    keeps: Literal["audited", "new"] | None = None,
) -> tuple[Audited, Workspace]:  # fmt: skip
    """Refuse what is unusable before any work, then read and audit; `keeps`: which version the history will get."""
    refuse_unwritable(out, source)
    refuse_no_place(options.get("markdown"))
    given = {role: options.get(role) for role in FIELD_ROLES} | {"meta": options.get("meta") or None}
    with Bars() as bars:
        workspace = workspace_of(options, bars)
        if experiment is not None:
            experiment.refuse_unusable()
        dataset, guesses = workspace.read(source, given, name=name_of(workspace, source, options))
        if keeps is not None:
            refuse_unkeepable(workspace, dataset, options, new=keeps == "new")
        if experiment is not None and dataset.roles.label is not None:
            dataset = dataset.for_task(experiment.task(dataset))
        audited = workspace.audit(dataset, guesses, choices_of(options))
    return audited, workspace


def workspace_of(options: dict[str, Any], progress: Progress) -> Workspace:
    """Give the door that the flags ask for."""
    return Workspace(options["workspace"], seed=options["seed"], limits=_limits(options), progress=progress)


def choices_of(options: dict[str, Any]) -> Choices:
    """Give how the audit is to be made, from the flags."""
    return Choices(
        options.get("embedder"), options.get("eval_split"), options.get("keep_by"),
        relock=bool(options.get("relock")), min_precision=options.get("min_precision"),
        checks=_recipe(options).checks,
    )  # fmt: skip


def _write_markdown(
    options: dict[str, Any], audited: Audited, changes: Changeset | None = None, effect: Evaluation | None = None, *,
    told: str = "",
) -> None:  # fmt: skip
    if options["markdown"] is not None:
        said = report_markdown(report_facts(audited, changes, effect))
        write_text(options["markdown"], f"{said}\n{told}\n" if told else said)


def _teller(*, as_json: bool) -> Callable[[Outlook], None]:
    """Tell on stderr, before any work, what the evaluation rows can show."""
    console = Console(stderr=True, quiet=as_json)
    return lambda seen: show_outlook(console, seen)


def _recipe(options: dict[str, Any]) -> Recipe:
    return options.get("recipe") or Recipe()


def experiment_of(options: dict[str, Any]) -> Experiment:
    """Give what is to be measured, from the flags."""
    return Experiment(**{f.name: options[f.name] for f in fields(Experiment) if options.get(f.name) is not None})


def _limits(options: dict[str, Any]) -> Limits:
    return Limits(**{f.name: options[f.name] for f in fields(Limits) if options.get(f.name) is not None})


def _review(audited: Audited) -> tuple[Changeset, int]:
    """A person looks at the most suspect training labels; the set's true labels stand in for the person."""
    dataset = audited.dataset
    truth = dataset.field("reviewed_label").to_pylist()
    given = dataset.field("label").to_pylist()
    suspect = np.where(audited.evidence["evaluation"], -np.inf, np.asarray(audited.evidence["label_suspect"], float))
    worst = np.argsort(-suspect, kind="stable")[:REVIEWED]
    ids = dataset.row_ids.to_pylist()
    edits = [
        Edit(ids[i], "relabel", "LAB001", "corrected in review", old_label=given[i], label=truth[i])
        for i in worst
        if given[i] != truth[i]
    ]
    return Changeset(dataset.version, tuple(edits)), len(edits)


def _show_audit(console: Console, audited: Audited, document: dict[str, Any]) -> None:
    show_reading(console, audited)
    console.print()
    show_findings(console, document["findings"], document["detectors"])
    console.print()
    working = set(np.unique(np.asarray(audited.evidence["cluster"]))) if "cluster" in audited.evidence else set()
    lines = [line for line in clusters_table(audited.evidence).to_pylist() if line["cluster"] in working]
    show_clusters(console, sorted(lines, key=lambda line: -line["size"]))
    console.print()


def _show_curation(console: Console, done: Curation, document: dict[str, Any]) -> None:
    show_edits(console, done)
    show_choice(console, done.choice)
    if done.effect is not None:
        show_effect(console, done.effect, document["verdict_sentence"])
    console.print()


def _show_review(console: Console, n_edits: int, hits: int, effect: Evaluation) -> None:
    console.print(
        f"If a person looks at the {REVIEWED} most suspect labels: {hits} of them are wrong "
        f"(this set's true labels say so) and get corrected. {n_edits} relabels: "
        f"{escape(lift_words(effect.lift, (effect.lift_low, effect.lift_high), effect.metric))}, "
        f"[bold]{effect.verdict}[/].",
        highlight=False,
    )
    console.print()


def _say_where(console: Console, written: dict[str, str]) -> None:
    console.print(f"report: {written['report.html']}", soft_wrap=True, highlight=False)


def print_json(document: dict[str, Any], written: dict[str, str]) -> None:
    """Print the one document of a run on stdout."""
    sys.stdout.write(json_text({**document, "files": written}) + "\n")
