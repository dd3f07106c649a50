"""The Python face: audit a source, make changes, measure what they do, keep the result."""

import importlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from dataclasses import fields as dataclass_fields
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from burnish.dataset import Changeset, Dataset, Edit, Evaluation, Roles
from burnish.dataset.history import LEDGER, Version
from burnish.errors import InputError, MissingExtraError, UsageError
from burnish.kernels.neighbors import RECALL
from burnish.pipeline.acquiring import Acquisition
from burnish.pipeline.decision import Policy
from burnish.pipeline.pairing import both_predicted
from burnish.pipeline.tables import clusters_table, evaluation_ids, rows_table, slices_table
from burnish.pipeline.version_diff import VersionDiff
from burnish.publishing import page
from burnish.reports.comparison import comparison_markdown
from burnish.reports.log import version_facts
from burnish.reports.notebook import audit_html, effect_html
from burnish.workspace import Audited, Budget, Choices, Curation, Experiment, Limits, Wish, Workspace
from burnish.workspace.history import Note, Undone, note_of

Evaluation.shown_by = staticmethod(effect_html)


class Table:
    """A pyarrow table that also knows `to_polars()`; every attribute of `pyarrow.Table` works on it."""

    def __init__(self, arrow: pa.Table) -> None:
        self.arrow = arrow

    def __getattr__(self, name: str) -> Any:
        return getattr(self.arrow, name)

    def __getitem__(self, name: str | int) -> pa.ChunkedArray:
        return self.arrow[name]

    def __len__(self) -> int:
        return len(self.arrow)

    def __repr__(self) -> str:
        return repr(self.arrow)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Offer the rows to any library that reads Arrow streams (polars, duckdb, pandas)."""
        return self.arrow.__arrow_c_stream__(requested_schema)

    def to_polars(self) -> Any:
        """Give a polars DataFrame; raises MissingExtraError without polars."""
        try:
            polars = importlib.import_module("polars")
        except ImportError as error:
            raise MissingExtraError("polars is not installed.", remedy="pip install 'burnish[polars]'") from error
        return polars.from_arrow(self.arrow)


@dataclass(frozen=True)
class Audit:
    """What was found in a data set: tables of rows, findings, clusters and slices, and what to do next.

    >>> audit = bn.audit("reviews.parquet", text="text", label="label")  # doctest: +SKIP
    """

    audited: Audited
    workspace: Workspace
    source: str | None = None

    def __repr__(self) -> str:
        findings = self.audited.findings
        return f"<audit of {self.dataset.name!r}: {len(self.dataset):,} rows, {len(findings):,} findings>"

    def _repr_html_(self) -> str:
        return audit_html(self.audited.summary())

    @cached_property
    def rows(self) -> Table:
        """One line a row, in the order of the source."""
        return Table(rows_table(self.audited.evidence, self.audited.findings))

    @cached_property
    def findings(self) -> Table:
        """One line a finding and row."""
        return Table(self.audited.findings_table())

    @cached_property
    def clusters(self) -> Table:
        """One line a cluster, coarse levels first."""
        return Table(clusters_table(self.audited.evidence))

    @cached_property
    def slices(self) -> Table:
        """One line a weak slice, worst first."""
        return Table(slices_table(self.audited.evidence))

    @property
    def dataset(self) -> Dataset:
        """The audited version."""
        return self.audited.dataset

    def changeset(
        self, *, drop: Collection[str] = (), relabel: Collection[str] = (), drop_rows: Collection[str] = (),
        relabel_rows: Mapping[str, str] | None = None,
    ) -> Changeset:  # fmt: skip
        """Make a changeset by check code, by row id, or both; with nothing named, by the default policy.

        A row named by id wins over a code. Raises UsageError for an unknown code, InputError for an
        unknown row, LockedRowsError for a row of the evaluation split.
        """
        by_row = dict.fromkeys(drop_rows, "") | dict(relabel_rows or {})
        named = bool(drop or relabel or by_row)
        self._refuse_unknown({*drop, *relabel}, by_row)
        policy = Policy.of(drop=drop, relabel=relabel) if named else None
        made = self.workspace.decide(self.audited, policy)
        hand = [self._by_hand(row_id, label) for row_id, label in by_row.items()]
        rest = made.without(row_ids=by_row).edits
        changes = replace(made, edits=(*hand, *rest))
        changes.refuse_locked(evaluation_ids(self.audited.evidence))
        return changes

    def keep(self, tag: str | None = None, why: str = "") -> Version:
        """Write the audited rows into the history of the workspace, where they are not there yet."""
        return self.workspace.keep(self.audited, note_of(self.audited, source=self.source, why=why, tag=tag))

    def apply(self, changes: Changeset, tag: str | None = None, why: str = "") -> Dataset:
        """Give the next version, and keep it in the history; the audited one is kept before it and stays as it is.

        Its name is `NAME@TAG`, without a tag `NAME@NUMBER`. A changeset without edits makes no version.
        """
        changes.refuse_locked(evaluation_ids(self.audited.evidence))
        changes.refuse_other(self.dataset)
        kept = self.keep(None if changes.edits else tag)
        if changes.edits:
            kept = self.workspace.history.keep_changes(self.dataset, changes, note_of(self.audited, why=why, tag=tag))
        return replace(changes.apply(self.dataset), name=f"{kept.dataset}@{tag or kept.number}")

    def report(self, path: str | Path, effect: Evaluation | None = None, changes: Changeset | None = None) -> Path:
        """Write the report, one self-contained page, and give its path."""
        target = Path(path)
        target.write_text(page(self.audited, changes, effect), encoding="utf-8")
        return target

    def _by_hand(self, row_id: str, label: str) -> Edit:
        code = self.dataset.labels.codes[self.dataset.row_positions[row_id]] if self.dataset.labels else -1
        old = self.dataset.labels.classes[code] if self.dataset.labels and code >= 0 else None
        if label == "":
            return Edit(row_id, "drop", "HAND", "dropped by hand", old_label=old)
        return Edit(row_id, "relabel", "HAND", "relabelled by hand", old_label=old, label=label)

    def _refuse_unknown(self, codes: Collection[str], by_row: Mapping[str, str]) -> None:
        from_here = {finding.code for finding in self.audited.findings}
        unknown = sorted(set(codes) - from_here - set(Policy().treatments))
        if unknown:
            raise UsageError(
                f"no finding has code {unknown[0]!r}.", remedy=f"Found here: {', '.join(sorted(from_here))}."
            )
        lost = [row_id for row_id in by_row if row_id not in self.dataset.row_positions]
        if lost:
            raise InputError(f"no row has id {lost[0]!r}.", remedy="Ids are those of audit.rows['row_id'].")


@dataclass(frozen=True)
class History:
    """The versions of one data set of a workspace.

    >>> bn.history("reviews").diff(1, 2).counts  # doctest: +SKIP
    """

    name: str
    workspace: Workspace

    @property
    def versions(self) -> Table:
        """One line a version, oldest first: number, tags, parent, who, how, why, rows that changed, measured effect."""
        return Table(pa.Table.from_pylist([self._line(v) for v in self._versions()], schema=VERSIONS_SCHEMA))

    @property
    def log(self) -> Table:
        """One line an edit, newest version first: what was done to which row, by which code, why, and who decided."""
        ledgers = [(v, self.workspace.history.store.ledger(v)) for v in reversed(self._versions())]
        told = [
            lines.drop_columns(["segment", "place"]).add_column(0, "version", pa.array([v.number] * len(lines)))
            for v, lines in ledgers
            if lines is not None
        ]
        empty = pa.schema([("version", pa.int64()), *(LEDGER.field(n) for n in LEDGER.names[:-2])]).empty_table()
        return Table(pa.concat_tables([empty, *told]))

    def open(self, version: int | str) -> Dataset:
        """Give a version by its number, tag or hash."""
        return self.workspace.history.open(self._called(version))

    def diff(self, first: int | str, second: int | str) -> VersionDiff:
        """Tell what lies between two versions."""
        return self.workspace.history.diff(self._called(first), self._called(second))

    def undo(
        self, version: int | str, *, rows: Collection[str] = (), codes: Collection[str] = (), why: str = "",
        tag: str | None = None,
    ) -> Undone:  # fmt: skip
        """Take back what a version changed, or the edits of some rows or codes, as a new version."""
        note = Note(why=why, tag=tag)
        return self.workspace.history.undo(self._called(version), note, row_ids=rows, codes=codes)

    def why(self, row_id: str) -> list[dict[str, Any]]:
        """Tell the whole story of a row, oldest first."""
        return self.workspace.history.why(self.name, row_id)

    def _called(self, version: int | str) -> str:
        return f"{self.name}@{version}"

    def _versions(self) -> list[Version]:
        return list(self.workspace.history.store.versions(self.name).values())

    def _line(self, version: Version) -> dict[str, Any]:
        facts = version_facts(version, self.workspace.history.store.tags(self.name))
        effect = facts["effect"] or {}
        told = {name: effect.get(name) for name in ("verdict", "metric", "lift", "lift_low", "lift_high")}
        return {**facts, **facts["counts"], **told, "version": version.number}


VERSIONS_SCHEMA = pa.schema(
    [
        ("version", pa.int64()), ("tags", pa.list_(pa.string())), ("parent", pa.int64()), ("created", pa.string()),
        ("who", pa.string()), ("how", pa.string()), ("why", pa.string()), ("n_rows", pa.int64()),
        ("added", pa.int64()), ("dropped", pa.int64()), ("restored", pa.int64()), ("relabelled", pa.int64()),
        ("verdict", pa.string()), ("metric", pa.string()), ("lift", pa.float64()), ("lift_low", pa.float64()),
        ("lift_high", pa.float64()), ("source", pa.string()), ("hash", pa.string()),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class Selection:
    """The chosen rows in order, and what they are worth beside random ones (None without labels)."""

    rows: Table
    effect: Evaluation | None


@dataclass(frozen=True)
class Comparison:
    """What the comparison of two fitted models found, and the rows on which they differ."""

    effect: Evaluation
    disagreements: Table

    def _repr_html_(self) -> str:
        return effect_html(self.effect)

    def markdown(self) -> str:
        """Give a summary fit for a comment on a pull request."""
        return comparison_markdown(self.effect, self.disagreements.arrow)


def audit(  # noqa: PLR0913 - the fields of a source are named by keyword
    source: object, *, text: str | None = None, image: str | None = None, embedding: str | None = None,
    label: str | None = None, split: str | None = None, id: str | None = None, group: str | None = None,  # noqa: A002
    time: str | None = None, meta: Collection[str] | None = None, prediction: str | None = None,
    proba: str | None = None, embedder: str | None = None, eval_split: str | None = None,
    keep_by: str | None = None, seed: int = 0, workspace: str | Path = ".burnish", threads: int | None = None,
    recall: float = RECALL, max_memory: int | str | None = None, relock: bool = False,
    min_precision: float | None = None, name: str | None = None,
) -> Audit:  # fmt: skip
    """Audit a path, a `NAME@VERSION`, a table (pandas, polars, pyarrow), a Hugging Face data set, lists or arrays.

    Fields that are not named are guessed; `Audit.audited.guesses` tells the guesses and why. `keep_by`: of
    copies, keep the one with the largest value of this field instead of the most central one. `threads`: how
    many run at a time, by default one a core. `recall`: the share of true neighbors to find beyond 10,000 rows.
    `max_memory`: bytes, or as in "6GiB", by default what is free; what would take more is refused beforehand.
    The evaluation rows are locked by the first audit in `workspace`; `relock` accepts them as they are now.
    `min_precision`: set the thresholds of detectors so that planted defects tell this precision. `name`: what the
    history calls the data set, by default as the file, or `dataset`.
    """
    given: dict[str, str | tuple[str, ...] | None] = {
        "text": text, "image": image, "embedding": embedding, "label": label, "split": split, "id": id,
        "group": group, "time": time, "prediction": prediction, "proba": proba,
        "meta": None if meta is None else tuple(meta),
    }  # fmt: skip
    space = Workspace(workspace, seed=seed, limits=Limits(threads, recall, max_memory))
    dataset, guesses = space.read(source, given, name=name)
    choices = Choices(embedder, eval_split, keep_by, relock, min_precision)
    named = str(source) if isinstance(source, (str, Path)) else None
    return Audit(space.audit(dataset, guesses, choices), space, named)


def measure(  # noqa: PLR0913 - what is asked is named by keyword
    audit: Audit, changes: Changeset, *, model: object = None, metric: object = None, retrains: int = 10,
    margin: float | None = None, max_slice_drop: float = 0.05,
) -> Evaluation:  # fmt: skip
    """Measure what a changeset does to a model, on the locked rows, beside an equal-size random control.

    `model`: the probe by default; an estimator with fit and predict, `module:callable`, or a command (see
    docs/topics/models.md). `metric`: a name, or a function of (truth, predicted). `margin`: what a lift has to
    clear, half a point by default. `max_slice_drop`: by how much no slice may fall.
    """
    asked = Experiment(model, metric, retrains, margin, max_slice_drop)
    return audit.workspace.measure(audit.audited, changes, asked)


def curate(  # noqa: PLR0913 - what is asked is named by keyword
    audit: Audit, *, policy: Policy | None = None, model: object = None, metric: object = None, retrains: int = 10,
    margin: float | None = None, max_slice_drop: float = 0.05,
) -> Curation:  # fmt: skip
    """Decide, keep what survives on inner folds, measure once, and give the next version if it may stand.

    The audited version, and the next with its measured effect, are kept in the history of the workspace.
    """
    asked = Experiment(model, metric, retrains, margin, max_slice_drop)
    audit.keep()
    done = audit.workspace.curate(audit.audited, asked, policy=policy)
    audit.workspace.keep_curated(done, note_of(audit.audited))
    return done


def history(name: str, workspace: str | Path = ".burnish") -> History:
    """Give the versions of a data set; raises UnknownVersionError where the workspace has none of that name."""
    space = Workspace(workspace)
    space.history.store.versions(name)
    return History(name, space)


def select(  # noqa: PLR0913 - what is asked is named by keyword
    audit: Audit, budget: float, *, method: str = "facility-location", balance: str | None = None,
    weigh: str = "quality", model: object = None, metric: object = None,
) -> Selection:  # fmt: skip
    """Choose the best training rows under a budget: a number, or below 1 a share; measured beside random ones."""
    asked = Budget(budget, method, balance, weigh)
    table, effect = audit.workspace.select(audit.audited, asked, Experiment(model, metric))
    return Selection(Table(table), effect)


def acquire(audit: Audit, pool: object, budget: int, *, min_gain: float | None = None) -> Acquisition:
    """Choose the rows of a pool to label next; the pool has the fields of the audited source, but the label.

    `Acquisition.table` holds them in order, `forecast` what their labels should be worth, `verdict` whether to go on.
    """
    roles = audit.dataset.roles
    shared = {role: getattr(roles, role) for role in ("text", "image", "embedding", "id", "group", "time")}
    rows, _ = audit.workspace.read(pool, {**shared, "meta": roles.meta or None}, name="pool")
    return audit.workspace.acquire(audit.audited, rows, Wish(budget, min_gain))


def compare(  # noqa: PLR0913 - what is asked is named by keyword
    a: object, b: object, *, source: object = None, metric: object = None, model: object = None,
    margin: float | None = None, max_slice_drop: float = 0.05, seed: int = 0, workspace: str | Path = ".burnish",
    **fields: str | Collection[str] | None,
) -> Comparison:  # fmt: skip
    """Compare two prediction files, two versions of a data set (audits or sources), or two models on `source`.

    `fields` name the fields as in `audit`. The claim is "this fitted model is better"; `Comparison.effect` holds
    the interval, the slices and the gate, `disagreements` the rows on which the two differ.
    """
    asked = Experiment(model, metric, margin=margin, max_slice_drop=max_slice_drop)
    space = Workspace(workspace, seed=seed)
    if source is not None:
        audited = source.audited if isinstance(source, Audit) else _audited(space, source, fields)
        return Comparison(*_named(space.compare_models(audited, (a, b), asked)))
    if isinstance(a, Audit) and isinstance(b, Audit):
        return Comparison(*_named(space.compare_versions(a.audited, b.audited, asked)))
    first, second = (space.read(one, _given(fields))[0] for one in (a, b))
    if both_predicted(first, second):
        return Comparison(*_named(space.compare_predictions(first, second, asked)))
    before, after = (space.audit(one) for one in (first, second))
    return Comparison(*_named(space.compare_versions(before, after, asked)))


def _named(found: tuple[Evaluation, pa.Table]) -> tuple[Evaluation, Table]:
    return found[0], Table(found[1])


def _audited(space: Workspace, source: object, fields: Mapping[str, str | Collection[str] | None]) -> Audited:
    return space.audit(*space.read(source, _given(fields)))


def _given(fields: Mapping[str, str | Collection[str] | None]) -> dict[str, str | tuple[str, ...] | None]:
    unknown = sorted(set(fields) - {*(field.name for field in dataclass_fields(Roles))})
    if unknown:
        raise UsageError(
            f"compare has no argument {unknown[0]!r}.",
            remedy=f"Fields: {', '.join(field.name for field in dataclass_fields(Roles))}.",
        )
    return {role: value if value is None or isinstance(value, str) else tuple(value) for role, value in fields.items()}
