"""The door: the one place where pure code meets sources, stores and files."""

import hashlib
import importlib.metadata
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from burnish.adapters.engines import Threads, bounded, limited
from burnish.adapters.models.linear import LinearProbe, choose_probe_l2
from burnish.adapters.registry import embedder as make_embedder
from burnish.adapters.sources import Guess, read_source
from burnish.adapters.stores import FolderScratch, LocalStore, LockStore
from burnish.dataset import Changeset, Column, Dataset, Evaluation, Evidence
from burnish.dataset.locks import Lock, lock_rows
from burnish.dataset.locks import compare as compare_lock
from burnish.errors import InputError
from burnish.kernels.compiled import told_of_compiling
from burnish.kernels.items import Held, Resources, Scratch
from burnish.kernels.vectors import Vectors
from burnish.pipeline.catalog import steps
from burnish.pipeline.choice import choose
from burnish.pipeline.comparison import Pair, compare, disagreements
from burnish.pipeline.decision import Policy, decide
from burnish.pipeline.detail import Detailed
from burnish.pipeline.embedding import embed_rows, unit_rows
from burnish.pipeline.gathering import gather, judge
from burnish.pipeline.kept import table_bytes
from burnish.pipeline.measurement import measure
from burnish.pipeline.memory import FILED_ROWS, Need
from burnish.pipeline.pairing import models_paired, predictions_paired, versions_paired
from burnish.pipeline.planning import Outlook, outlook
from burnish.pipeline.recipe import changed_checks
from burnish.pipeline.retraining import Protocol
from burnish.pipeline.settings import Setting, setting_of
from burnish.pipeline.standards import Standard
from burnish.protocols import Progress, Silent, Step
from burnish.steps.splits import Splits, given_evaluation
from burnish.workspace.audited import Audited, Curation, RowKind
from burnish.workspace.choices import Choices
from burnish.workspace.experiments import Experiment
from burnish.workspace.limits import Limits

HASHED_ROWS = 16_384


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

    def read(
        self, source: object, given: Mapping[str, str | tuple[str, ...] | None], *, name: str | None = None
    ) -> tuple[Dataset, list[Guess]]:
        """Read a source; give the data set and which field was guessed to play which part."""
        with bounded(self.limits.n_threads):
            return read_source(source, given, name=name, max_bytes=self.limits.memory)

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
        lock = self._lock_of(dataset, choices)
        started = perf_counter()
        columns, recipe = self._embed(dataset, kind, choices.embedder)
        timings = {"embed": perf_counter() - started}
        detail = Detailed(self.progress)
        parameters: dict[str, Any] = {
            "embedder": recipe, "seed": self.seed, "recall": self.limits.recall, "keep_by": choices.keep_by,
            "evaluation_split": choices.evaluation_split, "lock": None if lock is None else lock.fingerprint,
        }  # fmt: skip
        told = told_of_compiling(detail.compiling, detail.compiled)
        with self._scratch(dataset, parameters) as scratch, told, limited(1):
            resources = Resources(Threads(self.limits.n_threads, told=detail.items), scratch)
            chosen, given = self._steps(dataset, choices, lock, resources), Evidence(dataset).adding(columns)
            gathered = gather(given, chosen, seed=self.seed, progress=detail, scratch=scratch)
        started = perf_counter()
        findings = tuple(judge(gathered.evidence, choices.checks))
        if changed := changed_checks(choices.checks):  # only now: a threshold names no scratch and re-runs no step
            parameters["checks"] = changed
        timings |= gathered.timings | {"judge": perf_counter() - started}
        lock = lock or self._locked(gathered.evidence)
        return Audited(gathered.evidence, findings, kind, tuple(guesses), gathered.skipped, timings, parameters, lock)

    def _steps(self, dataset: Dataset, choices: Choices, lock: Lock | None, resources: Resources) -> list[Step]:
        locked = None if lock is None else compare_lock(lock, dataset).present
        split, keep_by = choices.evaluation_split, choices.keep_by
        return steps(Splits(split, locked_ids=locked), keep_by=keep_by, recall=self.limits.recall, resources=resources)

    def _lock_of(self, dataset: Dataset, choices: Choices) -> Lock | None:
        """Give the lock of a former audit; refuse when its rows are not as they were."""
        lock = None if choices.relock else LockStore(self.root / "locks").find(dataset)
        if lock is not None:
            compare_lock(lock, dataset, given_evaluation(dataset, choices.evaluation_split)).refuse(lock)
        return lock

    def _locked(self, evidence: Evidence) -> Lock | None:
        """Lock the evaluation rows, from now on."""
        mask = np.asarray(evidence["evaluation"], bool)
        if not mask.any():
            return None
        drawn = evidence.table("split_origin")["origin"][0].as_py() == "drawn"
        now = datetime.now(UTC).isoformat(timespec="seconds")
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
            groups = setting.groups[setting.train]
            l2 = choose_probe_l2(setting.sample(setting.train), groups, seed=self.seed)
            return outlook(audited.evidence, changeset, protocol, LinearProbe(l2), seed=self.seed)

    def measure(self, audited: Audited, changeset: Changeset, experiment: Experiment | None = None) -> Evaluation:
        """Train before, after and control by one frozen recipe, and compare on the locked rows."""
        with bounded(self.limits.n_threads):
            refuse_drift(audited)
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
            refuse_drift(audited)
            _, protocol = self._prepared(audited, experiment)
            seen = self.outlook(audited, changes, experiment)
            if told is not None:
                told(seen)
            choice = choose(audited.evidence, audited.findings, given, protocol, seed=self.seed, progress=self.progress)
            changes = self.decide(audited, choice.policy)
            if not changes.edits:
                return Curation(audited, changes, None, None, choice, seen)
            effect = measure(audited.evidence, changes, protocol, seed=self.seed, progress=self.progress)
        version = changes.apply(audited.dataset) if effect.allowed else None
        return Curation(audited, changes, effect, version, choice, seen)

    def compare_predictions(
        self, first: Dataset, second: Dataset, experiment: Experiment | None = None
    ) -> tuple[Evaluation, pa.Table]:
        """Compare two prediction files on their common rows; give the evaluation and the disagreements."""
        asked = experiment or Experiment()
        pair = predictions_paired(first, second, labels=_called(first.name, second.name))
        return self._compared(pair, asked.standard(second, pair.targets))

    def compare_versions(
        self, first: Audited, second: Audited, experiment: Experiment | None = None
    ) -> tuple[Evaluation, pa.Table]:
        """Train one recipe on two versions, frozen on the first, and compare the two models on common locked rows."""
        with bounded(self.limits.n_threads):
            before, protocol = self._prepared(first, experiment)
            after = setting_of(second.evidence, before.targets.task)
            labels = _called(first.dataset.name, second.dataset.name)
            pair = versions_paired((before, after), second.evidence, protocol.model, seed=self.seed, labels=labels)
            return self._compared(pair, protocol)

    def compare_models(
        self, audited: Audited, models: tuple[object, object], experiment: Experiment | None = None
    ) -> tuple[Evaluation, pa.Table]:
        """Train two models on the same rows and compare them on the locked ones."""
        asked = experiment or Experiment()
        with bounded(self.limits.n_threads):
            setting, protocol = self._prepared(audited, replace(asked, model=models[0]))
            _, other = self._prepared(audited, replace(asked, model=models[1]))
            names = _called(protocol.model.recipe, other.model.recipe)
            both = (protocol.model, other.model)
            pair = models_paired(setting, audited.evidence, both, seed=self.seed, labels=names)
            return self._compared(pair, protocol)

    def _compared(self, pair: Pair, standard: Standard) -> tuple[Evaluation, pa.Table]:
        return compare(pair, standard, seed=self.seed), disagreements(pair, standard)

    def _prepared(self, audited: Audited, experiment: Experiment | None) -> tuple[Setting, Protocol]:
        asked = experiment or Experiment()
        setting = setting_of(audited.evidence, asked.task(audited.dataset))
        return setting, asked.protocol(audited, setting, seed=self.seed)

    def _embed(self, dataset: Dataset, kind: RowKind, name: str | None) -> tuple[list[Column], str]:
        if kind == "vectors":
            return [Column("embeddings", _given_vectors(dataset), "row", "given")], "given"
        items = _content(dataset, kind)
        chosen = make_embedder(name, kind=kind, fit_on=items, threads=self.limits.n_threads)
        vectors = self._through_store(dataset, chosen, items)
        if not np.isfinite(vectors).all(axis=1).any():
            raise InputError(
                f"none of the {len(dataset):,} rows could be embedded by {chosen.recipe}.",
                remedy="Check that the field holds readable text or images, or pass --embedding FIELD.",
            )
        columns = [Column("embeddings", unit_rows(vectors), "row", chosen.recipe)]
        if kind == "image":
            signature = make_embedder("image-signature", kind="image", fit_on=items)
            known = self._through_store(dataset, signature, items)
            columns += [
                Column("image_pixels", known[:, :256], "row", signature.recipe),
                Column("image_stats", known[:, 256:], "row", signature.recipe),
            ]
        return columns, chosen.recipe

    def _refuse_too_large(self, dataset: Dataset, kind: RowKind) -> None:
        """Raise InputError before any work that would take more memory than there is."""
        budget = self.limits.memory
        if budget is not None:
            Need.of(dataset, kind).refuse_beyond(budget, n_threads=self.limits.n_threads)

    @contextmanager
    def _scratch(self, dataset: Dataset, parameters: Mapping[str, Any]) -> Iterator[Scratch]:
        """Give room for intermediate arrays: memory, or for many rows a folder that outlives an interruption."""
        if len(dataset) <= FILED_ROWS:
            yield Held()
            return
        scratch = FolderScratch(self.root / "work" / _key(dataset, parameters))
        with scratch.owned() as mine:
            yield mine
            mine.clear()

    def _through_store(self, dataset: Dataset, embedder: Any, items: pa.Array | pa.Table) -> NDArray[np.float32]:
        store = LocalStore(self.root / "vectors")
        return embed_rows(embedder, store, dataset.content, items, progress=self.progress)


def _called(first: str, second: str) -> tuple[str, str]:
    """Give the names of two sides, told apart where they are the same."""
    return (first, second) if first != second else (f"{first} (A)", f"{second} (B)")


def refuse_drift(audited: Audited) -> None:
    """Raise LockedRowsError when the evaluation rows are not those that were locked."""
    if audited.lock is not None:
        mask = np.asarray(audited.evidence["evaluation"], bool)
        compare_lock(audited.lock, audited.dataset, mask).refuse(audited.lock)


def row_kind(dataset: Dataset) -> RowKind:
    """Give what rows are embedded as: vectors that were given, else images, else text, else their scalar fields."""
    if dataset.vectors is not None or dataset.roles.embedding is not None:
        return "vectors"
    if dataset.roles.image is not None:
        return "image"
    if dataset.roles.text is not None:
        return "text"
    if not dataset.roles.meta:
        raise InputError(
            f"{dataset.name} has nothing to embed: no text, image or embedding field, and no scalar field.",
            remedy="Pass --text FIELD, --image FIELD or --embedding FIELD.",
        )
    return "table"


def _key(dataset: Dataset, parameters: Mapping[str, Any]) -> str:
    """Give a digest of all that an audit follows from: every field and vector, their roles, parameters, this code."""
    code = [importlib.metadata.version("burnish"), *((step.name, step.revision) for step in steps())]
    document = [dataset.version, asdict(dataset.roles), dict(parameters), code]
    key = hashlib.blake2b(json.dumps(document).encode(), digest_size=8)
    fields = dataset.fields.drop_columns([dataset.roles.embedding] if dataset.roles.embedding else [])
    for start in range(0, len(dataset), HASHED_ROWS):
        key.update(table_bytes(fields.slice(start, HASHED_ROWS)).data)
        if dataset.vectors is not None:
            key.update(np.ascontiguousarray(dataset.vectors[start : start + HASHED_ROWS]).data)
    return key.hexdigest()


def _content(dataset: Dataset, kind: RowKind) -> pa.Array | pa.Table:
    if kind == "text":
        return dataset.texts
    if kind == "image":
        return dataset.images
    return dataset.fields.select(list(dataset.roles.meta))


def _given_vectors(dataset: Dataset) -> NDArray[np.floating]:
    vectors = dataset.vectors
    if vectors is None:
        raise InputError("the embedding field was not read as vectors.", remedy="Pass --embedding FIELD.")
    if not len(Vectors.of(vectors)):
        raise InputError(
            f"none of the {len(vectors):,} embeddings is usable: all are zero, NaN or infinite.",
            remedy="Embed the rows again, or leave --embedding out to let burnish embed them.",
        )
    return vectors
