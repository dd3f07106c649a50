"""What the workspace holds: data sets, overview, versions, and what changes them."""

import importlib.metadata
import json
from threading import Lock
from typing import Annotated, Any, Literal

import pyarrow.compute as pc
from fastapi import APIRouter, Query
from fastapi.responses import FileResponse

from burnish.adapters.stores.measured import MeasuredStore
from burnish.app.attachments import attached
from burnish.app.documents.shared import Done, Version
from burnish.app.documents.workspace import (
    About,
    DatasetEntry,
    Diff,
    Ledger,
    Lineage,
    Measurement,
    Overview,
    Pulse,
    TagAsked,
    UndoAsked,
    VersionAsked,
    VersionLine,
)
from burnish.app.opened import Opened
from burnish.app.overview import Standing, advice, classes_of, clusters_of, found_kinds, kind_of, splits_of
from burnish.app.served import Called, Door, Looked, Served
from burnish.app.told import effect_document, measurement_told, plain, tried_told, version_told
from burnish.dataset import Evaluation
from burnish.dataset import history as noun
from burnish.errors import UnknownVersionError
from burnish.pipeline.reviewing import ReviewState
from burnish.pipeline.summary import audit_sentence, counts_by_code
from burnish.reports.log import done_sentence, tags_of
from burnish.reports.numbers import plural
from burnish.workspace import tasks
from burnish.workspace.history import Note, effect_told, somebody
from burnish.workspace.reviewing import Reviewing

router = APIRouter()
_MAKING = Lock()
"""Of two requests for a version of one review, the second has to see what the first made."""

Named = Annotated[str, Query(min_length=1, max_length=500, description="NAME of a data set")]
MOST = 2**31
"""Where a page of rows or edits may begin."""
Form = Literal["parquet", "csv", "jsonl"]
FILE: dict[int | str, dict[str, Any]] = {200: {"content": {"application/octet-stream": {}}, "description": "the file"}}


@router.get("/about")
def about(door: Door) -> About:
    """Tell what is served."""
    store = door.workspace.history.store
    entries = []
    for name in store.names():
        told, versions = store.about(name), store.versions(name)
        newest = versions[max(versions)]
        entries.append(
            DatasetEntry(
                name=name, description=told.get("description", ""), owner=told.get("owner", ""),
                n_versions=len(versions), newest=newest.name, n_rows=newest.n_rows,
            )
        )  # fmt: skip
    return About(
        burnish=importlib.metadata.version("burnish"), workspace=str(door.workspace.root.absolute()), who=somebody(),
        datasets=entries, opens=door.opens, models=list(door.models),
    )  # fmt: skip


@router.get("/pulse")
def pulse(door: Door, v: Called) -> Pulse:
    """Tell what may have changed meanwhile. Never waits for a version that is being read."""
    store = door.workspace.history.store
    version = store.find(v)
    return Pulse(
        newest=store.find(version.dataset).name, seq=Reviewing(door.workspace.history).seq(version),
        jobs=door.jobs.n_active, audited=door.versions.audit_known(version),
        opening=door.versions.is_opening(version.name),
    )  # fmt: skip


@router.get("/overview")
def overview(door: Door, looked: Looked) -> Overview:
    """Tell of a version: what was found, how far its review is, what was measured, what to do next."""
    version, audited = _told(door, looked.version), looked.found
    newest = door.workspace.history.store.find(looked.version.dataset).name
    counts = {} if audited is None else counts_by_code(audited.findings)
    review = _review(door, looked)
    found = () if audited is None or review is None else found_kinds(counts, review.progress, audited.detectors)
    told = measured(door, looked)
    made = tasks.made_of_review(door.workspace.history, looked.version)
    n_edits = 0 if review is None or made is not None else review.n_drops + review.n_relabels
    standing = Standing(version, newest, found, tuple(told), n_edits)
    classes, n_classes = classes_of(looked.dataset)
    unknown = f"{version.name} has not been audited: what is wrong in it is not known."
    return Overview(
        version=version, parent=_parent(door, looked.version), newest=newest, audited=audited is not None,
        sentence=unknown if audited is None else audit_sentence(counts, len(looked.dataset)), kind=kind_of(looked),
        splits=splits_of(looked), classes=classes, n_classes=n_classes,
        n_evaluation=0 if audited is None else int(looked.evaluation.sum()), n_clusters=clusters_of(looked),
        found=list(found), next=advice(standing), measured=told,
    )  # fmt: skip


@router.get("/versions")
def versions(door: Door, name: Named) -> Lineage:
    """Tell of every version of a data set."""
    store = door.workspace.history.store
    known, tags, told = store.versions(name), store.tags(name), store.about(name)
    kept = MeasuredStore(store)
    lines = [
        VersionLine(
            version=version_told(one, tags, audited=door.versions.audit_known(one)),
            tried=[tried_told(tried) for tried in store.tried(one)],
            measured=[measurement_told(measured) for measured in kept.measured(one)],
        )
        for one in known.values()
    ]
    return Lineage(dataset=name, description=told.get("description", ""), owner=told.get("owner", ""), lines=lines)


@router.post("/versions")
def make_version(door: Door, asked: VersionAsked) -> Version:
    """Make a version of what was accepted in the review of one; with its effect where just that was measured."""
    looked = door.versions.opened(asked.v)
    note = Note(why=asked.why, tag=asked.tag or None)
    with _MAKING:
        made = tasks.make_version(door.workspace, looked.audited, looked.version, note, seen=asked.seq)
    return _told(door, made)


@router.get("/ledger")
def ledger(
    door: Door,
    v: Called,
    code: Annotated[str, Query(max_length=100)] = "",
    offset: Annotated[int, Query(ge=0, le=MOST)] = 0,
    limit: Annotated[int, Query(ge=0, le=1_000)] = 100,
) -> Ledger:
    """Tell the edits that made a version, of one `code` where it is named, in the order in which they were made."""
    store = door.workspace.history.store
    lines = store.ledger(store.find(v))
    if lines is None:
        return Ledger(total=0, lines=[])
    if code:
        lines = lines.filter(pc.equal(lines["code"], code))
    shown = lines.slice(offset, limit).drop_columns(["segment", "place"]).to_pylist()
    return Ledger(
        total=len(lines), lines=[{**line, "evidence": json.loads(line["evidence"] or "{}")} for line in shown]
    )


@router.get("/diff")
def diff(door: Door, a: Named, b: Named) -> Diff:
    """Tell what lies between two versions, and what that did to the model where it was measured."""
    found = door.workspace.history.diff(a, b)
    told = plain(found.to_json())
    effect = found.effect
    if effect is None and found.second.parent == found.first.number and found.first.dataset == found.second.dataset:
        kept = next((one for one in _kept(door, found.second) if one["of"] == "made"), None)
        if kept is not None:
            evaluation = Evaluation.from_json(kept["evaluation"])
            effect, told["slices"] = effect_told(evaluation), kept["evaluation"]["slices"]
    return Diff(**{**told, "effect": None if effect is None else effect_document(effect)})


@router.post("/tags")
def tag(door: Door, asked: TagAsked) -> Version:
    """Give a version a tag, or take it away."""
    history = door.workspace.history
    version = history.store.find(asked.v)
    if asked.delete:
        own = tags_of(version, history.store.tags(version.dataset))
        if asked.tag not in own:
            raise UnknownVersionError(
                f"{version.name} has no tag {asked.tag!r}.", remedy=f"Its tags: {', '.join(own) or 'none'}."
            )
        history.store.tag(version.dataset, asked.tag, None)
    else:
        Note(tag=asked.tag)  # refuses what NAME@TAG could not find
        history.refuse_taken(version.dataset, asked.tag, free=version.version)
        history.store.tag(version.dataset, asked.tag, version.number)
    return _told(door, version)


@router.post("/undo")
def undo(door: Door, asked: UndoAsked) -> Done:
    """Take back what made a version, or some of it, as a new version; `new` names it, `changed_since` what was left."""
    undone = door.workspace.history.undo(asked.v, Note(why=asked.why), row_ids=asked.row_ids, codes=asked.codes)
    made, since = undone.version, undone.changed_since
    said = f"Nothing of {asked.v} is left to undo" if made is None else f"{made.name}, {done_sentence(made)}"
    left = f"; {plural(len(since), 'row')} changed since, and left as they are" if since else ""
    facts = {"new": None if made is None else made.name, "n_changed_since": len(since), "changed_since": since[:100]}
    return Done(said=f"{said}{left}.", facts=facts)


@router.get("/export", response_class=FileResponse, responses=FILE)
def export(door: Door, v: Called, form: Form = "parquet") -> FileResponse:
    """Give a whole version as a file."""
    version = door.workspace.history.store.find(v)
    return attached(door.workspace.history.open(version.name), form, version.name)


@router.get("/measured")
def measured(door: Door, looked: Looked) -> list[Measurement]:
    """Tell every measurement of what made a version, or of its review, newest first."""
    kept, review = _kept(door, looked.version), _review(door, looked)
    changes = None if review is None or not kept else tasks.changes_digest(review.changes())
    return [measurement_told(one, changes=changes) for one in kept]


def _review(door: Served, looked: Opened) -> ReviewState | None:
    """Give what the review of a version comes to; None without an audit, whose findings it is about."""
    return None if looked.found is None else Reviewing(door.workspace.history).state(looked.found, looked.version)


def _kept(door: Served, version: noun.Version) -> list[dict[str, Any]]:
    return MeasuredStore(door.workspace.history.store).measured(version)


def _told(door: Served, version: noun.Version) -> Version:
    tags = door.workspace.history.store.tags(version.dataset)
    return version_told(version, tags, audited=door.versions.audit_known(version))


def _parent(door: Served, version: noun.Version) -> Version | None:
    """Give the version that another was made from; None without one, and where its record is lost."""
    known = door.workspace.history.store.versions(version.dataset)
    parent = None if version.parent is None else known.get(version.parent)
    return None if parent is None else _told(door, parent)
