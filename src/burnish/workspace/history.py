"""Histories: every version of the data sets of a workspace, how each came about, and the way back."""

import getpass
import importlib.metadata
import json
import os
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from burnish.adapters.sinks import json_text
from burnish.adapters.stores.history import Addition, HistoryStore, refuse_unnameable
from burnish.adapters.stores.history import Audited as KeptAudit
from burnish.dataset import Changeset, Dataset, Evaluation
from burnish.dataset.changesets import label_strings
from burnish.dataset.history import (
    LEDGER,
    Entry,
    How,
    RowState,
    Version,
    ancestry,
    descendants,
    is_held,
    row_edits,
)
from burnish.dataset.profiles import profile_of
from burnish.dataset.row_changes import RowChanges, row_changes
from burnish.errors import InputError, MissingFieldError, StaleChangesetError, UnknownVersionError, UsageError
from burnish.pipeline.ledger import (
    DONE,
    Chosen,
    added_lines,
    codes_of,
    counted,
    decided_lines,
    reversed_lines,
    row_keys,
    source_lines,
    with_places,
)
from burnish.pipeline.tables import clusters_table
from burnish.pipeline.version_diff import VersionDiff
from burnish.reports.log import tags_of
from burnish.workspace.audited import Audited
from burnish.workspace.differences import Differences

FOLLOWS_SHARE = 0.5
"""A source that shares fewer rows with the newest version is no successor of it, but a beginning."""

Recipe = Mapping[str, Any]
_NO_KEYS = np.empty(0, np.int64)


def somebody() -> str:
    """Give who works here: `BURNISH_WHO`, else the name that the system knows."""
    try:
        return os.environ.get("BURNISH_WHO") or getpass.getuser()
    except (OSError, KeyError):  # a container without a name for its user
        return "unknown"


@dataclass(frozen=True)
class Note:
    """What is written down with a version: who, why, from which source, by which recipe, and a tag.

    Raises UsageError for a tag that NAME@TAG could not find.
    """

    why: str = ""
    who: str = field(default_factory=somebody)
    source: str | None = None
    recipe: Recipe = field(default_factory=dict)
    tag: str | None = None

    def __post_init__(self) -> None:
        if self.tag is not None:
            refuse_unnameable(self.tag, what="tag")


def note_of(audited: Audited, *, source: str | None = None, why: str = "", tag: str | None = None) -> Note:
    """Give what is written down with a version: the recipe is that of the audit."""
    recipe = {"parameters": dict(audited.parameters), "burnish": importlib.metadata.version("burnish")}
    return Note(why=why, source=source, recipe=json.loads(json_text(recipe)), tag=tag)


class Undone(NamedTuple):
    """The version that an undo made (None when nothing was left to undo), and rows that were changed since."""

    version: Version | None
    changed_since: tuple[str, ...]


class History:
    """The versions of one workspace's data sets. `reader`: reads the rows of an entry that was kept by reference."""

    def __init__(self, store: HistoryStore, reader: Callable[[Version], Dataset]) -> None:
        self.store = store
        self.reader = reader

    def open(self, called: str) -> Dataset:
        """Give `NAME`, `NAME@NUMBER`, `NAME@TAG` or `NAME@HASH` as a data set."""
        version = self.store.find(called)
        entries = self.store.entries(version.dataset, version.number)
        return self.store.assemble(entries, self._referenced).known_as(version.version)

    def means(self, source: str) -> bool:
        """Tell whether a text means a version rather than a path: it is no path, and its name is known, or has an @."""
        name = source.partition("@")[0]
        if os.path.exists(source) or not name:  # noqa: PTH110 - it may be a glob or an address
            return False
        return "://" not in source and ("@" in source or self.store.has(name))

    def _referenced(self, version: Version) -> Dataset:
        dataset = self.reader(version)
        if dataset.version != version.version:
            raise InputError(
                f"{version.name} was kept by reference, and {version.source!r} is not as it was.",
                remedy="Bring the file back as it was, or audit it as a new version.",
            )
        return dataset

    def version_of(self, dataset: Dataset) -> Version | None:
        """Give the entry that it was opened as, else the newest one that holds just these rows; None without one."""
        name = history_name(dataset)
        if not self.store.has(name):
            return None
        same = [v for v in self.store.versions(name).values() if v.version == dataset.version]
        return next((v for v in same if v.name == dataset.name), same[-1] if same else None)

    def tag(self, called: str, tag: str) -> Version:
        """Give a version a tag; raises UsageError for one that NAME@TAG could not find, or that another version has."""
        version = self.store.find(called)
        self.refuse_tag(version.dataset, tag, free=version.version)
        return self._named(version, tag)

    def untag(self, called: str, tag: str) -> Version:
        """Take a tag away from a version; raises UnknownVersionError where it has none of that name."""
        version = self.store.find(called)
        own = tags_of(version, self.store.tags(version.dataset))
        if tag not in own:
            raise UnknownVersionError(
                f"{version.name} has no tag {tag!r}.", remedy=f"Its tags: {', '.join(own) or 'none'}."
            )
        self.store.tag(version.dataset, tag, None)
        return version

    def refuse_tag(self, name: str, tag: str | None, *, free: str | None = None) -> None:
        """Raise UsageError for a tag that cannot be one, or that another version has.

        `free`: the hash of one that may have it.
        """
        if tag is not None:
            refuse_unnameable(tag, what="tag")
        number = self.store.tags(name).get(tag or "")
        if number is not None and self.store.versions(name)[number].version != free:
            raise UsageError(
                f"{tag!r} is {name}@{number} already.",
                remedy=f"Choose another tag, or take it away first: burnish tag {name}@{number} {tag} --delete",
            )

    def _named(self, version: Version, tag: str | None) -> Version:
        """Give a version that is there its tag, too."""
        if tag is not None:
            self.store.tag(version.dataset, tag, version.number)
        return version

    def keep_source(self, dataset: Dataset, note: Note, *, by_reference: bool = False) -> Version:
        """Write down a data set as it was read; nothing when an entry holds just these rows.

        What differs from the newest one that a source gave is all that is written, when most rows are the same and
        that one was not kept by reference: what its file held may be gone.
        """
        name = history_name(dataset)
        self.refuse_tag(name, note.tag, free=dataset.version)
        known = self.version_of(dataset)
        if known is not None:
            return self._named(known, note.tag)
        refuse_unnameable(name, what="data set")
        draft = replace(_draft(dataset, "import", note), dataset=name)
        if not by_reference and self.store.has(name):
            versions = self.store.versions(name)
            parent = [v for v in versions.values() if v.how == "import"][-1]
            if is_held(versions, parent.number):
                before = self.open(parent.name)
                changes = row_changes(before, dataset)
                if len(changes.here) >= FOLLOWS_SHARE * max(len(before), len(dataset)):
                    draft = replace(draft, parent=parent.number)
                    return self._keep_changed_source(draft, (before, dataset), changes, note.tag)
        whole = replace(draft, n_segment=len(dataset), by_reference=by_reference, counts={"added": len(dataset)})
        return self.store.keep(whole, Addition(rows=dataset), note.tag)

    def _keep_changed_source(
        self, draft: Version, pair: tuple[Dataset, Dataset], changes: RowChanges, tag: str | None
    ) -> Version:
        """Write down what has become of the rows of the parent of the draft."""
        before, after = pair
        placed = RowState.after(self.store.entries(draft.dataset, draft.parent or 0)).placed
        relabelled = changes.here[changes.relabelled], changes.there[changes.relabelled]
        lines = pa.concat_tables(
            [
                source_lines(before, changes.gone, "drop", "not in the source any more"),
                source_lines(before, relabelled[0], "relabel", "another label in the source").set_column(
                    LEDGER.get_field_index("label"), "label", label_strings(after, relabelled[1])
                ),
            ]
        )
        lines = with_places(lines, before, np.concatenate([changes.gone, relabelled[0]]), placed)
        in_order = bool(np.all(np.diff(np.concatenate([changes.there, changes.new])[_as_kept(changes)]) > 0))
        came = np.lexsort((placed.place[changes.here], placed.segment[changes.here]))
        ranks = np.concatenate([changes.there[came], changes.new])
        draft = replace(
            draft, n_segment=len(changes.new), reordered=not in_order,
            counts=counted(lines) | {"added": len(changes.new)}, codes=codes_of(lines),
        )  # fmt: skip
        rows = after.take(changes.new) if len(changes.new) else None
        return self.store.keep(draft, Addition(rows, lines, None if in_order else ranks), tag)

    def keep_changes(
        self, before: Dataset, changes: Changeset, note: Note, *, how: How = "apply", effect: Evaluation | None = None
    ) -> Version:
        """Write down the version that a changeset makes of a data set that is in the history.

        When just that is the newest version, nothing is written but a tag. Raises StaleChangesetError when no entry
        holds the rows that it was made for, UsageError for a tag that another version has.
        """
        parent = self.version_of(before)
        if parent is None:
            raise StaleChangesetError(
                f"no version of {history_name(before)!r} has the rows of {before.version}.",
                remedy="Keep the source first: burnish audit SOURCE.",
            )
        if any(edit.action == "weight" for edit in changes.edits):
            raise UsageError("the changeset weights rows, which no version keeps.", remedy="Leave these edits out.")
        after, told = changes.apply(before), None if effect is None else effect_told(effect)
        self.refuse_tag(parent.dataset, note.tag, free=after.version)
        newest = self.store.newest(parent.dataset)
        made = newest.how, newest.parent, newest.version, newest.effect
        if made == (how, parent.number, after.version, told):
            return self._named(newest, note.tag)
        placed = RowState.after(self.store.entries(parent.dataset, parent.number)).placed
        lines = with_places(
            decided_lines(changes, note.who), before, before.positions_of([e.row_id for e in changes.edits]), placed
        )
        draft = replace(
            _draft(after, how, note), dataset=parent.dataset, parent=parent.number, counts=counted(lines),
            codes=codes_of(lines), effect=told,
        )  # fmt: skip
        evaluation = None if effect is None else json.loads(json_text(effect.to_json()))
        return self.store.keep(draft, Addition(edits=lines, evaluation=evaluation), note.tag)

    def keep_tried(self, before: Dataset, changes: Changeset, note: Note, effect: Evaluation) -> None:
        """Write down a changeset that was measured and makes no version; once, however often it is tried."""
        version = self.version_of(before)
        if version is None:
            return
        told = {
            "counts": dict(Counter(DONE[edit.action] for edit in changes.edits if edit.action in DONE)),
            "codes": dict(sorted(Counter(edit.code for edit in changes.edits).items())), "who": note.who,
            "why": note.why, "effect": effect_told(effect), "recipe": dict(note.recipe),
        }  # fmt: skip
        told = json.loads(json_text(told))
        if told not in [{k: v for k, v in one.items() if k != "created"} for one in self.store.tried(version)]:
            self.store.keep_tried(version, {"created": now(), **told})

    def undo(self, called: str, note: Note, *, row_ids: Collection[str] = (), codes: Collection[str] = ()) -> Undone:
        """Take back the edits that made a version, or some of them, as a new version after its newest descendant.

        A row that another edit changed since stays as it is, and is told.
        """
        version = self.store.find(called)
        self.refuse_tag(version.dataset, note.tag)
        versions = self.store.versions(version.dataset)
        newest = versions[descendants(versions, version.number)[-1]]
        path = ancestry(versions, newest.number)
        lines = reversed_lines(self._done_by(version), version, Chosen(row_ids, codes), who=note.who)
        later = [self.store.ledger(one, ["segment", "place"]) for one in path if one.number > version.number]
        touched = np.isin(
            row_keys(lines), np.concatenate([_NO_KEYS, *(row_keys(one) for one in later if one is not None)])
        )
        since, lines = lines.filter(pa.array(touched))["row_id"], lines.filter(pa.array(~touched))
        back = _back_already(lines, self.open(newest.name))
        since = (*since.to_pylist(), *lines.filter(pa.array(back))["row_id"].to_pylist())
        lines = lines.filter(pa.array(~back))
        if not len(lines) and not (version.reordered and version.number == newest.number):
            return Undone(None, since)
        draft = replace(
            newest, number=newest.number + 1, parent=newest.number, n_segment=0, by_reference=False, how="undo",
            created=now(), who=note.who, why=note.why or f"undo of {version.name}", counts=counted(lines),
            codes=codes_of(lines), effect=None, recipe={"undoes": version.name, **note.recipe}, source=None,
            reordered=False, files={},
        )  # fmt: skip
        entries = self.store.entries(version.dataset, newest.number)
        last = Entry(draft, row_edits(lines))
        last = last._replace(ranks=_former_ranks(entries, version, last))
        made = self.store.assemble([*entries, last], self._referenced)
        draft = replace(
            draft, version=made.version, n_rows=len(made), profile=profile_of(made), reordered=last.ranks is not None
        )
        return Undone(self.store.keep(draft, Addition(edits=lines, ranks=last.ranks), note.tag), since)

    def keep_audit(self, audited: Audited, version: Version) -> None:
        """Write down what an audit of a version found."""
        rows = audited.evidence.get("cluster")
        cluster = np.full(len(audited.dataset), -1) if rows is None else np.asarray(rows, np.int64)
        facts = {
            "key": audited.key, "parameters": dict(audited.parameters), "n_findings": len(audited.findings),
            "embedder": audited.embedder, "task": audited.dataset.given_task, "detectors": dict(audited.detectors),
        }  # fmt: skip
        facts = json.loads(json_text(facts))
        if {**(self.store.audit_facts(version) or {}), "created": None} == {**facts, "created": None}:
            return
        found = KeptAudit(
            audited.findings_table().select(["code", "row_id", "severity", "score", "message"]),
            clusters_table(audited.evidence).select(["cluster", "name", "size"]), cluster,
            {**facts, "created": now()},
        )  # fmt: skip
        self.store.keep_audit(version, found)

    def diff(self, first: str, second: str) -> VersionDiff:
        """Tell what lies between two versions, from what was written down: no row is opened that did not change.

        Versions without a common ancestor are compared row by row.
        """
        return Differences(self.store, self.open).between(self.store.find(first), self.store.find(second))

    def why(self, name: str, row_id: str) -> list[dict[str, Any]]:
        """Tell the whole story of a row: when it came, each edit with its reason, evidence and measured effect."""
        story = []
        for version in self.store.versions(name).values():
            told = {
                "version": version.name, "when": version.created, "who": version.who, "how": version.how,
                "effect": version.effect,
            }  # fmt: skip
            ids = self.store.row_ids(version) if version.n_segment else None
            if ids is not None and pc.index(ids, row_id).as_py() >= 0:
                story.append({**told, "action": "add", "reason": f"read from {version.source or 'a source'}"})
            lines = self.store.ledger(version)
            if lines is not None:
                own = lines.filter(pc.equal(lines["row_id"], row_id)).to_pylist()
                story += [{**told, **line, "evidence": json.loads(line["evidence"])} for line in own]
        if not story:
            raise InputError(f"no version of {name!r} has a row {row_id!r}.", remedy="Ids are those of rows.parquet.")
        return story

    def _done_by(self, version: Version) -> pa.Table:
        """Give what a version did to its parent, a line each row; raises UsageError where there is nothing to undo."""
        lines = [] if (ledger := self.store.ledger(version)) is None else [ledger]
        if version.parent is not None and version.n_segment:
            lines.append(added_lines(version, self.store.row_ids(version)))
        if not lines:
            raise UsageError(
                f"{version.name} changed no rows that could be brought back.",
                remedy="`burnish log` shows what each version did.",
            )
        return pa.concat_tables(lines)


def with_roles(dataset: Dataset, given: Mapping[str, str | tuple[str, ...] | None]) -> Dataset:
    """Give the data set with other fields in some roles; an empty name takes a role away. Raises MissingFieldError."""
    asked = {role: field for role, field in given.items() if field is not None}
    for name in (one for f in asked.values() for one in ((f,) if isinstance(f, str) else f) if one):
        if name not in dataset.fields.column_names:
            raise MissingFieldError(
                f"no field {name!r} in {dataset.name}.", remedy=f"Fields: {', '.join(dataset.fields.column_names)}."
            )
    return replace(dataset, roles=replace(dataset.roles, **_filled(asked)))


def history_name(dataset: Dataset) -> str:
    """Give the name under which the versions of a data set are kept: that before the @."""
    return dataset.name.partition("@")[0]


def _former_ranks(entries: list[Entry], undone: Version, last: Entry) -> NDArray[np.int64] | None:
    """Give the ranks that bring back the order which a version had changed; None where it was not the last to do so."""
    reordered = [entry.version.number for entry in entries if entry.ranks is not None]
    if not reordered or reordered[-1] != undone.number:
        return None
    before = [entry for entry in entries if entry.version.number < undone.number]
    return RowState.after([*entries, last]).ranks_as(RowState.after(before))


def _back_already(lines: pa.Table, dataset: Dataset) -> NDArray[np.bool_]:
    """Mask the lines that would bring back a row whose id another row has by now."""
    action, row_ids = lines["action"].to_numpy(zero_copy_only=False), lines["row_id"].combine_chunks()
    present = dataset.positions_of(row_ids) >= 0
    leaving = pc.is_in(row_ids, row_ids.filter(pa.array(action == "drop"))).to_numpy(zero_copy_only=False)
    return np.asarray((action == "restore") & present & ~leaving, np.bool_)


def effect_told(effect: Evaluation) -> dict[str, Any]:
    """Give of an evaluation what is told with a version."""
    failed = [] if effect.gate is None else list(effect.gate.failed)
    told = {
        "verdict": effect.verdict, "metric": effect.metric, "claim": effect.claim, "lift": effect.lift,
        "lift_low": effect.lift_low, "lift_high": effect.lift_high, "n_eval": effect.n_eval, "margin": effect.margin,
        "confidence": effect.confidence, "slices_failed": failed,
    }  # fmt: skip
    return dict(json.loads(json_text(told)))


def _draft(dataset: Dataset, how: How, note: Note) -> Version:
    return Version(
        number=0, dataset=history_name(dataset), version=dataset.version, n_rows=len(dataset), how=how,
        created=now(), who=note.who, why=note.why, source=note.source, profile=profile_of(dataset),
        roles=dataset.roles, given_task=dataset.given_task, image_root=dataset.image_root, recipe=dict(note.recipe),
    )  # fmt: skip


def now() -> str:
    """Give the time as it is written down; nothing is ordered by it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _as_kept(changes: RowChanges) -> NDArray[np.int64]:
    """Order rows as they would stand without ranks: kept ones as in the parent, then new ones."""
    n_kept = len(changes.here)
    return np.concatenate([np.argsort(changes.here), n_kept + np.arange(len(changes.new))])


def _filled(asked: Mapping[str, str | tuple[str, ...]]) -> dict[str, Any]:
    return {role: field if role == "meta" else field or None for role, field in asked.items()}
