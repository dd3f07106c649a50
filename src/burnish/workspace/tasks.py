"""Tasks: long work over versions of the history, each kept where it belongs and told of in one sentence."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import pyarrow as pa

from burnish.adapters.contents import contents_of
from burnish.adapters.sinks import json_text
from burnish.adapters.stores.measured import MeasuredStore
from burnish.dataset import Changeset, Edit, Evaluation
from burnish.dataset.history import Version, ancestry
from burnish.errors import StaleChangesetError, UsageError
from burnish.pipeline.comparison import NEARER_OR_FARTHER, RIGHT_OR_WRONG
from burnish.pipeline.ledger import codes_of, counted, decided_lines
from burnish.pipeline.recipe import checks_of
from burnish.pipeline.summary import audit_sentence, counts_by_code, verdict_sentence
from burnish.pipeline.version_diff import VersionDiff
from burnish.workspace.additions import Made, made_so_far
from burnish.workspace.audited import Audited
from burnish.workspace.choices import Choices
from burnish.workspace.door import Workspace
from burnish.workspace.experiments import Experiment
from burnish.workspace.history import History, Note, effect_told, note_of, now, somebody
from burnish.workspace.reviewing import Reviewing

What = Literal["pending", "made"]
BY_EDITS = ("apply", "curate", "relabel")
"""How versions come about of which a change can be measured: their ledger is a changeset of their parent."""


@dataclass(frozen=True)
class Told:
    """What a task came to, in a sentence for people; the version that it is about, and the key of a comparison."""

    said: str
    version: str
    key: str | None = None


def audit_version(workspace: Workspace, called: str) -> Told:
    """Audit a version as it was audited before, or else as the nearest version that it comes from was.

    Findings are kept with that version. A version without such an ancestor is audited as `burnish audit` does it.
    """
    version = workspace.history.store.find(called)
    audited = _audit(workspace, version)
    said = audit_sentence(counts_by_code(audited.findings), len(audited.dataset))
    return Told(said, version.name)


def measure_version(workspace: Workspace, called: str, what: What, experiment: Experiment) -> Told:
    """Measure what the review of a version comes to (`pending`), or the edits that made a version (`made`).

    The evaluation is kept under the version that was named. Raises UsageError where nothing can be measured.
    """
    version = workspace.history.store.find(called)
    if what == "pending":
        audited = audited_before(workspace, version)
        state = Reviewing(workspace.history).state(audited, version)
        changes, seq = state.changes(), state.seq
    else:
        parent, changes = made_changes(workspace.history, version)
        audited, seq = audited_before(workspace, parent), None
    if not changes.edits:
        raise UsageError(
            f"the review of {version.name} comes to no edit.", remedy="Accept a finding, relabel or drop a row first."
        )
    question = asked(workspace, experiment)
    effect = workspace.measure(audited, changes, experiment)
    question = _still(question, asked(workspace, experiment))
    said, lines = verdict_sentence(effect, changes), decided_lines(changes, "")
    told = {
        "key": _measured_key(audited, changes, question, what),
        "version": version.name, "of": what, "changes": changes_digest(changes), "seq": seq, "n_edits": len(changes),
        "counts": counted(lines), "codes": codes_of(lines), **_signed(question, effect, said),
    }  # fmt: skip
    MeasuredStore(workspace.history.store).keep_measured(version, told)
    return Told(said, version.name)


def compare_sides(  # noqa: PLR0917 - as a job asks it
    workspace: Workspace, called: str, other: str | None, models: tuple[str, str] | None, experiment: Experiment
) -> Told:
    """Compare a version (A) with another one (B), or two models on one version; keep what became of every row.

    Kept with the data set of the version whose evaluation rows are told of: B, or the one of both models. Raises
    UsageError unless either `other` or `models` is given.
    """
    if (other is None) == (models is None):
        raise UsageError("a comparison takes another version, or two models.", remedy="Give one of the two.")
    sides = [workspace.history.store.find(one) for one in (called, other) if one is not None]
    if models is None and sides[0].name == sides[1].name:
        raise UsageError(f"{sides[0].name} is on both sides.", remedy="Choose another version.")
    for model in models or ():
        replace(experiment, model=model).refuse_unusable()
    audited = [audited_before(workspace, one) for one in sides]
    question = asked(workspace, experiment, models or ())
    workspace.progress.start("compare", None)
    effect, rows = (
        workspace.outcomes_of_versions(audited[0], audited[1], experiment)
        if models is None
        else workspace.outcomes_of_models(audited[0], models, experiment)
    )
    workspace.progress.finish()
    question = _still(question, asked(workspace, experiment, models or ()))
    told = _compared(sides, models, rows) | _signed(question, effect, verdict_sentence(effect))
    told |= {
        "key": key_of("compare", [[one.name, one.version] for one in sides], models, question),
        "labels": effect.parameters["labels"],
    }  # fmt: skip
    MeasuredStore(workspace.history.store).keep_compared(sides[-1].dataset, told, rows)
    return Told(told["said"], sides[-1].name, told["key"])


def _compared(sides: Sequence[Version], models: tuple[str, str] | None, rows: pa.Table) -> dict[str, Any]:
    """Give of a comparison what was compared, and how many rows have which outcome, in the order of their codes."""
    counts = {line["values"]: line["counts"] for line in rows["outcome"].value_counts().to_pylist()}
    exact = not set(counts) & set(NEARER_OR_FARTHER)
    return {
        "v": sides[-1].name, "other": None if models is not None else sides[0].name,
        "models": None if models is None else list(models), "exact": exact,
        "outcomes": {word: counts.get(word, 0) for word in (RIGHT_OR_WRONG if exact else NEARER_OR_FARTHER)},
    }  # fmt: skip


def made_changes(history: History, version: Version) -> tuple[Version, Changeset]:
    """Give the parent of a version and the edits that made it, from its ledger.

    Raises UsageError for a version that no edits made: an import, an undo.
    """
    ledger = history.store.ledger(version) if version.how in BY_EDITS and version.parent is not None else None
    if ledger is None or version.parent is None:
        how = {"import": "was read from a source", "undo": "took edits back"}.get(version.how, "changed no row")
        raise UsageError(
            f"{version.name} {how}: there is no change of training rows to measure.",
            remedy="Measure a version that edits made, or compare it with another version.",
        )
    parent = history.store.versions(version.dataset)[version.parent]
    edits = tuple(
        Edit(
            line["row_id"], line["action"], line["code"], line["reason"] or "", json.loads(line["evidence"] or "{}"),
            line["kept_row_id"], line["old_label"], line["label"],
        )
        for line in ledger.to_pylist()
    )  # fmt: skip
    return parent, Changeset(parent.version, edits)


def make_version(
    workspace: Workspace, audited: Audited, version: Version, note: Note, *, seen: int, experiment: Experiment
) -> Version:
    """Make a version of what the review of another comes to, with the effect where just that was measured.

    Where a version was made of it that nobody took back, what was decided since is made upon that one: a second version
    of the same rows would stand beside it, and neither would have all that was decided. Only a measurement by
    `experiment` upon this audit counts: of several, whoever asks would take the kindest. `seen`: the last event of the
    review that whoever asks has seen. Raises StaleChangesetError when the review went on since, when it comes to no
    edit, and when what it comes to cannot be made upon the version that there is.
    """
    history = workspace.history
    state = Reviewing(history).state(audited, version)
    changes = state.changes()
    if state.seq != seen:
        raise StaleChangesetError(
            f"the review of {version.name} has {state.seq:,} events, and {seen:,} were seen.",
            remedy="Look at what was decided meanwhile, and make the version then.",
        )
    made = made_so_far(history, version, state)
    if made is None and not changes.edits:
        raise StaleChangesetError(
            f"the review of {version.name} comes to no edit.", remedy="Accept a finding, relabel or drop a row first."
        )
    review: dict[str, Any] = {"of": version.name, "seq": state.seq, "changes": changes_digest(changes)}
    recipe = note_of(audited).recipe
    if made is not None:
        _refuse_addition(made, version)
        upon = replace(note, recipe={**recipe, "review": review})
        return history.keep_changes(history.open(made.version.name), made.changes(), upon)
    effect = measured_change(workspace, audited, version, changes, experiment=experiment)
    if effect is not None:
        review["experiment"] = asked(workspace, experiment)
    signed = replace(note, recipe={**recipe, "review": review})
    return history.keep_changes(audited.dataset, changes, signed, effect=effect)


def _refuse_addition(made: Made, version: Version) -> None:
    name = made.version.name
    if made.hindrance:
        raise StaleChangesetError(f"{name} was made of the review of {version.name} already.", remedy=made.hindrance)
    if not made.edits:
        raise StaleChangesetError(
            f"{name} has all edits of the review of {version.name}.", remedy=f"Go on with {name}."
        )


def measured_change(
    workspace: Workspace, audited: Audited, version: Version, changes: Changeset, *, experiment: Experiment
) -> Evaluation | None:
    """Give what an experiment found of just these edits of a version; None where it did not measure them."""
    key = measured_key(workspace, audited, changes, experiment)
    kept = MeasuredStore(workspace.history.store).measured(version)
    found = next((one for one in kept if one["key"] == key), None)
    return None if found is None else Evaluation.from_json(found["evaluation"])


def measured_key(workspace: Workspace, audited: Audited, changes: Changeset, experiment: Experiment) -> str:
    """Name the measurement of a review by an experiment, upon what an audit found: it chose the evaluation rows."""
    return _measured_key(audited, changes, asked(workspace, experiment), "pending")


def diff(workspace: Workspace, first: str, second: str, experiment: Experiment) -> VersionDiff:
    """Tell what lies between two versions, with the effect of what made the second where it is known.

    Where none was written down with it, that is what `experiment` found later; what others found is told elsewhere.
    """
    history = workspace.history
    found = history.diff(first, second)
    one, other = found.first, found.second
    if found.effect is not None or (other.dataset, other.parent) != (one.dataset, one.number):
        return found
    made = [told for told in MeasuredStore(history.store).measured(other) if told["of"] == "made"]
    kept = next((told for told in made if told["experiment"] == asked(workspace, experiment)), None)
    if kept is None:
        return found
    evaluation = kept["evaluation"]
    return replace(found, effect=effect_told(Evaluation.from_json(evaluation)), slices=tuple(evaluation["slices"]))


def audited_before(workspace: Workspace, version: Version) -> Audited:
    """Give a version as its newest audit left it; where there was none, or its evidence was removed, audit it."""
    return workspace.reopen(version.name) or _audit(workspace, version)


def changes_digest(changes: Changeset) -> str:
    """Name edits by which row becomes what by which code, in whatever order."""
    said = sorted((edit.row_id, edit.action, edit.code, edit.label or "") for edit in changes.edits)
    return key_of(changes.version, said)


def asked(workspace: Workspace, experiment: Experiment, models: Sequence[str] = ()) -> dict[str, Any]:
    """Give what is measured, as it is written down: model, metric, limits, seed, and `files` where some are named."""
    files: dict[str, str] = {}
    for one in (experiment.model, experiment.metric, *models):
        files |= contents_of(one)
    named = {name: getattr(experiment, name) for name in ("model", "metric")}
    return {
        **{name: value if value is None or isinstance(value, str) else repr(value) for name, value in named.items()},
        "retrains": experiment.retrains, "margin": experiment.margin, "max_slice_drop": experiment.max_slice_drop,
        "seed": workspace.seed, **({"files": files} if files else {}),
    }  # fmt: skip


def key_of(*question: Any) -> str:
    """Give the key of a question: 16 hexadecimal digits."""
    return hashlib.blake2b(json_text(question, indent=None).encode(), digest_size=8).hexdigest()


def _measured_key(audited: Audited, changes: Changeset, question: Mapping[str, Any], what: What) -> str:
    return key_of("measure", what, changes_digest(changes), audited.key, question)


def _still(question: dict[str, Any], later: Mapping[str, Any]) -> dict[str, Any]:
    """Give a question with its files that changed under the work marked as such, which no later question has."""
    files, left = question.get("files", {}), later.get("files", {})
    told = {name: found if left.get(name) == found else "changed meanwhile" for name, found in files.items()}
    return question | ({"files": told} if told else {})


def _signed(question: Mapping[str, Any], effect: Evaluation, said: str) -> dict[str, Any]:
    """Give what is written down with every answer: when, who, by what, and the answer itself."""
    return {
        "created": now(), "who": somebody(), "experiment": question, "said": said,
        "evaluation": json.loads(json_text(effect.to_json())),
    }  # fmt: skip


def _audit(workspace: Workspace, version: Version) -> Audited:
    """Audit a version with the choices of its own or the nearest ancestor's audit, and keep what was found."""
    history = workspace.history
    facts = _choices_of(history, version)
    parameters = facts.get("parameters") or {}
    limits = replace(workspace.limits, recall=parameters.get("recall", workspace.limits.recall))
    seed = parameters.get("seed", workspace.seed)
    space = Workspace(workspace.root, seed=seed, limits=limits, progress=workspace.progress)
    dataset = history.open(version.name)
    if facts.get("task"):
        dataset = dataset.for_task(facts["task"])
    choices = Choices(
        facts.get("embedder"), parameters.get("evaluation_split"), parameters.get("keep_by"),
        checks=checks_of(parameters.get("checks", {})),
    )  # fmt: skip
    audited = space.audit(dataset, choices=choices)
    history.keep_audit(audited, version)
    return audited


def _choices_of(history: History, version: Version) -> Mapping[str, Any]:
    path = ancestry(history.store.versions(version.dataset), version.number)[::-1]
    audits = (history.store.audit_facts(one) for one in path)
    recipes = (one.recipe for one in path if one.recipe.get("parameters"))
    return next((facts for facts in audits if facts is not None), next(recipes, {}))
