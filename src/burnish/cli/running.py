"""The commands' work: call the workspace, publish, print. Imported only when a command runs."""

import json
import sys
from dataclasses import fields
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from burnish.cli.options import FIELD_ROLES
from burnish.cli.progress import Bars
from burnish.cli.terminal import show_clusters, show_edits, show_effect, show_findings, show_reading
from burnish.dataset import Changeset, Edit, Evaluation
from burnish.errors import BurnishError, InputError
from burnish.pipeline.tables import clusters_table
from burnish.publishing import publish, refuse_unwritable, run_summary
from burnish.workspace import Audited, Curation, Limits, Workspace

SEVERITIES = ("info", "warning", "error")
EXIT_OF_VERDICT = {"better": 0, "no worse": 0, "worse": 1, "inconclusive": 2}
REVIEWED = 150


def audit(*, source: str, out: str, as_json: bool, fail_on: str | None, **options: Any) -> int:
    """Audit a source, write the files, and leave with 1 when a finding is as severe as `fail_on`."""
    audited, _ = _audit(source, out, options)
    written = publish(out, audited)
    document = run_summary(audited, None, None)
    if as_json:
        _print_json(document, written)
    else:
        _show_audit(Console(), audited, document)
        _say_where(Console(), written)
    worst = max((SEVERITIES.index(e["severity"]) for e in document["findings"].values()), default=-1)
    return int(fail_on is not None and worst >= SEVERITIES.index(fail_on))


def curate(*, source: str, out: str, as_json: bool, model: str, metric: str, **options: Any) -> int:
    """Audit, decide, measure, publish; the exit code follows the verdict."""
    audited, workspace = _audit(source, out, options, model=model, metric=metric)
    try:
        with Bars() as bars:
            workspace.progress = bars
            done = workspace.curate(audited, model=model, metric=metric)
    except BurnishError:
        publish(out, audited)  # the audit stands, though its change cannot be measured
        raise
    written = publish(out, audited, changes=done.changes, effect=done.effect, version=done.version)
    document = run_summary(audited, done.changes, done.effect, done.version)
    if as_json:
        _print_json(document, written)
    else:
        _show_audit(Console(), audited, document)
        _show_curation(Console(), done, document)
        _say_where(Console(), written)
    return 0 if done.effect is None else EXIT_OF_VERDICT[done.effect.verdict]


def measure(*, source: str, out: str, as_json: bool, model: str, metric: str, changeset: str, **options: Any) -> int:
    """Measure a given changeset; the exit code follows the verdict."""
    changes = read_changeset(changeset)
    audited, workspace = _audit(source, out, options, model=model, metric=metric)
    changes.apply(audited.dataset)
    with Bars() as bars:
        workspace.progress = bars
        effect = workspace.measure(audited, changes, model=model, metric=metric)
    written = publish(out, audited, changes=changes, effect=effect)
    document = run_summary(audited, changes, effect)
    if as_json:
        _print_json(document, written)
    else:
        show_reading(Console(), audited)
        show_effect(Console(), effect, document["verdict_sentence"])
        _say_where(Console(), written)
    return EXIT_OF_VERDICT[effect.verdict]


def demo(*, out: str, as_json: bool, **shared: Any) -> int:
    """Do the main job on the data set that ships with the package, then let a person's labels in."""
    options = {**shared, "text": "text", "label": "label", "split": "split", "id": "id"}
    with as_file(files("burnish.cli") / "data" / "youtube_spam.parquet") as path:
        audited, space = _audit(str(path), out, {**options, "meta": ("video",)})
    with Bars() as bars:
        space.progress = bars
        done = space.curate(audited)
        review, hits = _review(audited)
        reviewed = space.measure(audited, review)
    written = publish(out, audited, changes=done.changes, effect=done.effect, version=done.version)
    document = run_summary(audited, done.changes, done.effect, done.version)
    if as_json:
        _print_json({**document, "reviewed": reviewed.to_json()}, written)
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
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(
            f"there is no file {path}.", remedy="Pass the changeset.json of an audit or curate."
        ) from error
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{path} cannot be read as JSON: {error}.", remedy="Pass a changeset.json.") from error
    return Changeset.from_json(document)


def _audit(
    source: str, out: str, options: dict[str, Any], *, model: str = "probe", metric: str = "accuracy"
) -> tuple[Audited, Workspace]:
    """Refuse what is unusable before any work, then read and audit."""
    refuse_unwritable(out)
    given = {role: options.get(role) for role in FIELD_ROLES} | {"meta": options.get("meta") or None}
    with Bars() as bars:
        workspace = Workspace(options["workspace"], seed=options["seed"], limits=_limits(options), progress=bars)
        workspace.refuse_unusable(model, metric)
        dataset, guesses = workspace.read(source, given)
        audited = workspace.audit(
            dataset,
            guesses,
            embedder=options.get("embedder"),
            evaluation_split=options.get("eval_split"),
            keep_by=options.get("keep_by"),
        )
    return audited, workspace


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
    show_findings(console, document["findings"])
    console.print()
    working = set(np.unique(np.asarray(audited.evidence["cluster"]))) if "cluster" in audited.evidence else set()
    lines = [line for line in clusters_table(audited.evidence).to_pylist() if line["cluster"] in working]
    show_clusters(console, sorted(lines, key=lambda line: -line["size"]))
    console.print()


def _show_curation(console: Console, done: Curation, document: dict[str, Any]) -> None:
    show_edits(console, done)
    if done.effect is not None:
        show_effect(console, done.effect, document["verdict_sentence"])
    if done.version is not None:
        console.print(f"new version [bold]{done.version.version}[/]: {len(done.version):,} rows", highlight=False)
    console.print()


def _show_review(console: Console, n_edits: int, hits: int, effect: Evaluation) -> None:
    console.print(
        f"If a person looks at the {REVIEWED} most suspect labels: {hits} of them are wrong "
        f"(this set's true labels say so) and get corrected. {n_edits} relabels: "
        f"{100 * effect.lift:+.1f} points [{100 * effect.lift_low:+.1f}, {100 * effect.lift_high:+.1f}], "
        f"[bold]{effect.verdict}[/].".replace(" [+", " \\[+").replace(" [-", " \\[-"),
        highlight=False,
    )
    console.print()


def _say_where(console: Console, written: dict[str, str]) -> None:
    console.print(f"report: {written['report.html']}", soft_wrap=True, highlight=False)


def _print_json(document: dict[str, Any], written: dict[str, str]) -> None:
    json.dump({**document, "files": written}, sys.stdout, indent=1, default=str)
    sys.stdout.write("\n")
