"""The door: the one place where pure code meets sources, stores and files."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa

from burnish.adapters.engines import Threads, bounded, limited
from burnish.adapters.models.linear import LinearProbe
from burnish.adapters.sources import Guess, read_source
from burnish.adapters.stores import HistoryStore, LockStore
from burnish.dataset import Changeset, Dataset, Evaluation, Evidence
from burnish.dataset.history import Version, is_held
from burnish.dataset.locks import Lock, lock_rows
from burnish.dataset.locks import compare as compare_lock
from burnish.errors import InputError
from burnish.kernels.compiled import told_of_compiling
from burnish.kernels.items import Resources, Scratch
from burnish.pipeline.acquiring import Acquisition, Wish, acquire
from burnish.pipeline.catalog import steps
from burnish.pipeline.choice import choose
from burnish.pipeline.comparison import Pair, compare, most_different, outcomes
from burnish.pipeline.decision import Policy, decide
from burnish.pipeline.detail import Detailed
from burnish.pipeline.gathering import gather, judge
from burnish.pipeline.growth import grown, growth_note
from burnish.pipeline.kept_trials import KeptTrials
from burnish.pipeline.measurement import measure
from burnish.pipeline.memory import Need
from burnish.pipeline.pairing import models_paired, predictions_paired, refuse_certain, versions_paired
from burnish.pipeline.planning import Outlook, outlook
from burnish.pipeline.recall import recalled, remember
from burnish.pipeline.recipe import changed_checks
from burnish.pipeline.retraining import Protocol
from burnish.pipeline.selecting import Budget, choose_rows, selected_table, selection_effect
from burnish.pipeline.settings import Setting, setting_of
from burnish.pipeline.standards import Standard
from burnish.pipeline.summary import verdict_sentence
from burnish.pipeline.trials import Trial, tuned_checks, with_figures
from burnish.protocols import Check, Model, Progress, Silent, Step
from burnish.steps.splits import Splits, given_evaluation
from burnish.workspace.audited import Audited, Curation, RowKind
from burnish.workspace.choices import Choices
from burnish.workspace.experiments import Experiment, probe_l2
from burnish.workspace.history import History, Note, history_name, with_roles
from burnish.workspace.keeping import LOCK, Keeping
from burnish.workspace.limits import Limits
from burnish.workspace.opening import Opening
from burnish.workspace.vectorising import Vectorised, Vectoriser, row_kind

SAME = ("embedder", "seed", "recall", "keep_by", "evaluation_split")
"""Parameters in which an audit has to agree with a former one to build on it."""


class Workspace:
    """Reads, embeds, gathers, judges, measures; keeps embeddings under `root` so that no row is embedded twice."""

    def __init__(
        self, root: str | Path = ".burnish", *, seed: int = 0, limits: Limits | None = None,
        progress: Progress | None = None,
    ) -> None:  # fmt: skip
        self.root = Path(root)
        self.seed = seed
        self.limits = limits or Limits()
        self.progress: Progress = progress or Silent()

    @property
    def history(self) -> History:
        """The versions of the data sets of this workspace."""
        return History(HistoryStore(self.root / "datasets"), self._reread)

    def _reread(self, version: Version) -> Dataset:
        given = {**asdict(version.roles), "embedding": version.roles.embedding or ""}
        return read_source(version.source, given, name=version.dataset, max_bytes=self.limits.memory)[0]

    @property
    def _opening(self) -> Opening:
        return Opening(self.root, self.history, self.progress, self.limits.n_threads)

    def reopen(self, called: str) -> Audited | None:
        """Give a version as its newest audit left it; None where it was not audited, or its evidence was removed."""
        with bounded(self.limits.n_threads):
            return self._opening.audited(self.history.store.find(called))

    def read(
        self, source: object, given: Mapping[str, str | tuple[str, ...] | None], *, name: str | None = None
    ) -> tuple[Dataset, list[Guess]]:
        """Read a source; give the data set and which field was guessed to play which part.

        A text that is no path may be `NAME`, `NAME@NUMBER`, `NAME@TAG` or `NAME@HASH` of a version of this workspace.
        """
        with bounded(self.limits.n_threads):
            if isinstance(source, str) and self.history.means(source):
                return with_roles(self.history.open(source), given), []
            return read_source(source, given, name=name, max_bytes=self.limits.memory)

    def keep(self, audited: Audited, note: Note, *, by_reference: bool = False) -> Version:
        """Write down the audited rows as a version, where they are none yet, and what the audit found."""
        if by_reference and note.source is not None and Path(note.source).exists():
            note = replace(note, source=str(Path(note.source).absolute()))  # it is read again from anywhere
        version = self.history.keep_source(audited.dataset, note, by_reference=by_reference)
        self.history.keep_audit(audited, version)
        return version

    def keep_curated(self, done: Curation, note: Note) -> Version | None:
        """Write down the version that a curation made, with its effect; None where it made none.

        What was measured and may not stand is written down as tried. The reason is the verdict where the note has none.
        """
        if done.effect is None:
            return None
        left_out = () if done.choice is None else done.choice.left_out
        noted = replace(note, why=note.why or verdict_sentence(done.effect, done.changes, left_out))
        dataset = done.audited.dataset
        if done.version is None:
            self.history.keep_tried(dataset, done.changes, noted, done.effect)
            return None
        return self.history.keep_changes(dataset, done.changes, noted, how="curate", effect=done.effect)

    def locked_ids(self, dataset: Dataset) -> set[str]:
        """Give the ids of the evaluation rows: those that an audit locked, else those of the given split."""
        lock = LockStore(self.root / "locks").find(dataset)
        if lock is not None:
            return set(compare_lock(lock, dataset).there)
        given = given_evaluation(dataset, None)
        return set() if given is None else set(dataset.row_ids.filter(pa.array(given)).to_pylist())

    def kept_text(self, audited: Audited, name: str, make: Callable[[], str]) -> str:
        """Give a text that follows from an audit alone; it is made once, and kept with the evidence."""
        return Keeping(self.root, audited.key).text(name, make)

    def audit(self, dataset: Dataset, guesses: Collection[Guess] = (), choices: Choices | None = None) -> Audited:
        """Embed the rows, gather all evidence and let the checks judge it; lock the evaluation rows the first time.

        Raises InputError when nothing can be embedded, and when it would take more memory than may be used;
        LockedRowsError when rows that were locked before are not as they were.
        """
        with bounded(self.limits.n_threads):
            return self._audit(dataset, guesses, choices or Choices())

    def _audit(self, dataset: Dataset, guesses: Collection[Guess], choices: Choices) -> Audited:
        kind = row_kind(dataset)
        self._refuse_too_large(dataset, kind)
        known = self._lock_of(dataset, choices)
        started = perf_counter()
        vectoriser = Vectoriser(self.root, self.progress, self.limits.n_threads, choices.embedder)
        vectorised = vectoriser.vectorise(dataset, kind)
        timings = {"embed": perf_counter() - started}
        detail = Detailed(self.progress)
        parameters: dict[str, Any] = {
            "embedder": vectorised.recipe, "seed": self.seed, "recall": self.limits.recall, "keep_by": choices.keep_by,
            "evaluation_split": choices.evaluation_split, "lock": None,
        }  # fmt: skip
        keeping = Keeping.of(self.root, dataset, parameters)
        drawn = given_evaluation(dataset, choices.evaluation_split) is None
        foreign = known if known is not None and drawn and not keeping.gave(known) else None
        if foreign is not None:
            parameters["lock"] = foreign.fingerprint
            keeping = Keeping.of(self.root, dataset, parameters)
        told = told_of_compiling(detail.compiling, detail.compiled)
        with keeping.evidence() as kept, keeping.intermediates(len(dataset)) as scratch, told, limited(1):
            resources = Resources(Threads(self.limits.n_threads, told=detail.items), scratch)
            chosen = self._steps(dataset, choices, foreign, resources)
            given = Evidence(dataset).adding(vectorised.columns)
            gathered, tried = recalled(given, kept), KeptTrials(kept)
            if gathered is None:
                former, place = self._former(dataset, parameters)
                given = given if former is None else grown(given, former)
                near = given.former is not None and given.former.near
                tried = KeptTrials(kept, place if near else None)
                gathered = gather(given, chosen, seed=self.seed, progress=detail, scratch=kept)
                remember(kept, gathered)
            started = perf_counter()
            trials, checks, notes = self._tried(gathered.evidence, vectorised, choices, tried)
            lock = self._locked(gathered.evidence) if known is None or choices.relock else known
            if foreign is None and lock is not None and not keeping.gave(lock):
                kept.put(LOCK, np.frombuffer(lock.fingerprint.encode(), np.uint8))
        findings = tuple(with_figures(judge(gathered.evidence, checks), trials, checks))
        if changed := changed_checks(checks):  # only now: a threshold names no scratch and re-runs no step
            parameters["checks"] = changed
        timings |= gathered.timings | {"judge": perf_counter() - started}
        return Audited(
            gathered.evidence, findings, kind, tuple(guesses), gathered.skipped, timings, parameters, lock,
            {trial.code: trial.told(checks) for trial in trials}, (*growth_note(gathered.evidence), *notes),
            choices.embedder, keeping.key,
        )  # fmt: skip

    def _former(self, dataset: Dataset, parameters: Mapping[str, Any]) -> tuple[Evidence | None, Scratch | None]:
        """Give the kept evidence of the newest version that was audited in the same way, and where it lies."""
        history, name = self.history, history_name(dataset)
        versions = history.store.versions(name) if history.store.has(name) else {}
        for number in (one for one in reversed(versions) if is_held(versions, one)):
            facts = history.store.audit_facts(versions[number])
            if facts is None or any(facts["parameters"].get(one) != parameters[one] for one in SAME):
                continue
            found, kept = self._opening.gathered(versions[number], facts)
            return (None, None) if found is None else (found.evidence, kept)
        return None, None

    def _tried(
        self, evidence: Evidence, vectorised: Vectorised, choices: Choices, kept: KeptTrials
    ) -> tuple[tuple[Trial, ...], tuple[Check, ...], tuple[str, ...]]:
        """Try the detectors on planted defects; give the checks, with thresholds from that where precision is asked."""
        checks = tuple(choices.checks)
        trials = kept.of(evidence, checks, vectorised.material, seed=self.seed)
        if choices.min_precision is None:
            return trials, checks, ()
        tuned, notes = tuned_checks(checks, trials, choices.min_precision)
        return trials, tuned, notes

    def _steps(self, dataset: Dataset, choices: Choices, lock: Lock | None, resources: Resources) -> list[Step]:
        locked = None if lock is None else compare_lock(lock, dataset).there
        split, keep_by = choices.evaluation_split, choices.keep_by
        return steps(Splits(split, locked_ids=locked), keep_by=keep_by, recall=self.limits.recall, resources=resources)

    def _lock_of(self, dataset: Dataset, choices: Choices) -> Lock | None:
        """Give the lock of a former audit; refuse when its rows are not as they were, unless that is accepted."""
        lock = LockStore(self.root / "locks").find(dataset)
        if lock is not None and not choices.relock:
            compare_lock(lock, dataset, given_evaluation(dataset, choices.evaluation_split)).refuse(lock)
        return lock

    def _locked(self, evidence: Evidence) -> Lock | None:
        """Lock the evaluation rows, from now on."""
        mask = np.asarray(evidence["evaluation"], bool)
        if not mask.any():
            return None
        drawn = evidence.table("split_origin")["origin"][0].as_py() == "drawn"
        now = datetime.now(UTC).isoformat(timespec="microseconds")  # of two within a second the newer one holds
        lock = lock_rows(evidence.dataset, mask, origin="drawn" if drawn else "given", locked_at=now)
        LockStore(self.root / "locks").keep(lock)
        return lock

    def decide(self, audited: Audited, policy: Policy | None = None) -> Changeset:
        """Turn findings into a changeset by the policy."""
        return decide(audited.evidence, audited.findings, policy or Policy())

    def outlook(
        self, audited: Audited, changeset: Changeset | None = None, experiment: Experiment | None = None
    ) -> Outlook:
        """Tell the smallest lift that the evaluation rows can show, before any change is tried."""
        with bounded(self.limits.n_threads):
            setting, protocol = self._prepared(audited, experiment)
            return self._outlook(audited, changeset, setting, protocol)

    def _outlook(self, audited: Audited, changeset: Changeset | None, setting: Setting, protocol: Protocol) -> Outlook:
        own = protocol.model
        probe = own if isinstance(own, LinearProbe) else LinearProbe(probe_l2(setting, seed=self.seed))
        return outlook(audited.evidence, changeset, protocol, probe, seed=self.seed)

    def measure(self, audited: Audited, changeset: Changeset, experiment: Experiment | None = None) -> Evaluation:
        """Train before, after and control by one frozen recipe, and compare on the locked rows."""
        with bounded(self.limits.n_threads):
            _, protocol = self._prepared(audited, experiment)
            return measure(audited.evidence, changeset, protocol, seed=self.seed, progress=self.progress)

    def curate(
        self, audited: Audited, experiment: Experiment | None = None, *, policy: Policy | None = None,
        told: Callable[[Outlook], None] | None = None,
    ) -> Curation:  # fmt: skip
        """Decide, choose what survives on inner folds, measure once, and make the next version if it may stand.

        `told` hears what the evaluation rows can show before any change is tried.
        """
        given = policy or Policy()
        changes = self.decide(audited, given)
        if not changes.edits:
            return Curation(audited, changes, None, None)
        with bounded(self.limits.n_threads):
            setting, protocol = self._prepared(audited, experiment)
            seen = self._outlook(audited, changes, setting, protocol)
            if told is not None:
                told(seen)
            choice = choose(audited.evidence, audited.findings, given, protocol, seed=self.seed, progress=self.progress)
            changes = self.decide(audited, choice.policy)
            if not changes.edits:
                return Curation(audited, changes, None, None, choice, seen)
            effect = measure(audited.evidence, changes, protocol, seed=self.seed, progress=self.progress)
        version = changes.apply(audited.dataset) if effect.allowed else None
        return Curation(audited, changes, effect, version, choice, seen)

    def select(
        self, audited: Audited, budget: Budget, experiment: Experiment | None = None
    ) -> tuple[pa.Table, Evaluation | None]:
        """Choose training rows under a budget; give them in order, and what they are worth beside random ones.

        Without labels, or with too few, nothing is measured: None.
        """
        with bounded(self.limits.n_threads):
            chosen = choose_rows(audited.evidence, budget, seed=self.seed)
            table = selected_table(audited.evidence, chosen)
            if audited.dataset.roles.label is None:
                return table, None
            _, protocol = self._prepared(audited, experiment)
            effect = selection_effect(audited.evidence, chosen, protocol, seed=self.seed, progress=self.progress)
            return table, effect

    def acquire(self, audited: Audited, pool: Dataset, wish: Wish) -> Acquisition:
        """Choose the rows of a pool to label next, and tell what their labels should be worth."""
        with bounded(self.limits.n_threads):
            if row_kind(pool) != audited.kind:
                raise InputError(
                    f"the pool holds {row_kind(pool)}, the data set {audited.kind}.",
                    remedy="Name the same fields in both, as in --text FIELD.",
                )
            vectoriser = Vectoriser(self.root, self.progress, self.limits.n_threads, audited.embedder)
            vectors = vectoriser.vectors_like(pool, audited.dataset, audited.kind)
            return acquire(audited.evidence, pool, vectors, wish, l2=self._probe_l2(audited), seed=self.seed)

    def _probe_l2(self, audited: Audited) -> float:
        """Choose the probe's regularisation on the training rows; the usual one where nothing can be learned yet."""
        try:
            return probe_l2(setting_of(audited.evidence), seed=self.seed)
        except InputError:
            return LinearProbe().l2

    def compare_predictions(
        self, first: Dataset, second: Dataset, experiment: Experiment | None = None
    ) -> tuple[Evaluation, pa.Table]:
        """Compare two prediction files on their common rows; give the evaluation and the disagreements."""
        asked = experiment or Experiment()
        pair = predictions_paired(first, second, labels=_called(first.name, second.name))
        standard = asked.standard(second, pair.targets)
        refuse_certain((first, second), standard.metric)
        return _listed(self._compared(pair, standard))

    def compare_versions(
        self, first: Audited, second: Audited, experiment: Experiment | None = None
    ) -> tuple[Evaluation, pa.Table]:
        """Train one recipe on two versions, frozen on the first, and compare the two models on common locked rows."""
        return _listed(self.outcomes_of_versions(first, second, experiment))

    def outcomes_of_versions(
        self, first: Audited, second: Audited, experiment: Experiment | None = None
    ) -> tuple[Evaluation, pa.Table]:
        """Compare so, and give what became of every compared row (`pipeline.comparison.outcomes`)."""
        with bounded(self.limits.n_threads):
            before, protocol = self._prepared(first, experiment)
            refuse_drift(second)
            after = setting_of(second.evidence, before.targets.task)
            labels = _called(first.dataset.name, second.dataset.name)
            pair = versions_paired((before, after), second.evidence, protocol.model, seed=self.seed, labels=labels)
            return self._compared(pair, protocol, (protocol.model,))

    def compare_models(
        self, audited: Audited, models: tuple[object, object], experiment: Experiment | None = None
    ) -> tuple[Evaluation, pa.Table]:
        """Train two models on the same rows and compare them on the locked ones."""
        return _listed(self.outcomes_of_models(audited, models, experiment))

    def outcomes_of_models(
        self, audited: Audited, models: tuple[object, object], experiment: Experiment | None = None
    ) -> tuple[Evaluation, pa.Table]:
        """Compare so, and give what became of every compared row."""
        asked = experiment or Experiment()
        with bounded(self.limits.n_threads):
            setting, protocol = self._prepared(audited, replace(asked, model=models[0]))
            _, other = self._prepared(audited, replace(asked, model=models[1]))
            both = (protocol.model, other.model)
            names = (said if isinstance(said, str) else made.recipe for said, made in zip(models, both, strict=True))
            pair = models_paired(setting, audited.evidence, both, seed=self.seed, labels=_called(*names))
            return self._compared(pair, protocol, both)

    def _compared(self, pair: Pair, standard: Standard, models: tuple[Model, ...] = ()) -> tuple[Evaluation, pa.Table]:
        """Compare, and keep the full recipes of the models that were trained."""
        effect = compare(pair, standard, seed=self.seed)
        trained = {"models": [model.recipe for model in models]} if models else {}
        return replace(effect, parameters={**effect.parameters, **trained}), outcomes(pair, standard)

    def _prepared(self, audited: Audited, experiment: Experiment | None) -> tuple[Setting, Protocol]:
        """Give what every measurement begins with; refuse locked rows that are not as they were."""
        refuse_drift(audited)
        asked = experiment or Experiment()
        setting = setting_of(audited.evidence, asked.task(audited.dataset))
        return setting, asked.protocol(audited, setting, seed=self.seed)

    def _refuse_too_large(self, dataset: Dataset, kind: RowKind) -> None:
        """Raise InputError before any work that would take more memory than there is."""
        budget = self.limits.memory
        if budget is not None:
            Need.of(dataset, kind).refuse_beyond(budget, n_threads=self.limits.n_threads)


def _listed(compared: tuple[Evaluation, pa.Table]) -> tuple[Evaluation, pa.Table]:
    """Give a comparison with the rows that are listed of it: those on which the two differ."""
    return compared[0], most_different(compared[1])


def _called(first: str, second: str) -> tuple[str, str]:
    """Give the names of two sides, told apart where they are the same."""
    return (first, second) if first != second else (f"{first} (A)", f"{second} (B)")


def refuse_drift(audited: Audited) -> None:
    """Raise LockedRowsError when the evaluation rows are not those that were locked."""
    if audited.lock is not None:
        mask = np.asarray(audited.evidence["evaluation"], bool)
        compare_lock(audited.lock, audited.dataset, mask).refuse(audited.lock)
