"""What the workspace holds: data sets, overview, versions, and what changes them."""

import importlib.metadata
import json
from threading import Lock
from typing import Annotated, Any, Literal

import pyarrow.compute as pc
from fastapi import APIRouter, Query
from fastapi.responses import FileResponse

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
from burnish.app.labels_told import label_sentence
from burnish.app.overview import Standing, advice, classes_of, clusters_of, found_kinds, kind_of, splits_of
from burnish.app.served import Called, Door, Looked, Served, Writes
from burnish.app.told import effect_document, measurement_told, plain, tried_told, version_told
from burnish.dataset import history as noun
from burnish.pipeline.summary import audit_sentence, counts_by_code
from burnish.reports.log import done_sentence
from burnish.reports.numbers import plural
from burnish.workspace import tasks
from burnish.workspace.additions import made_so_far
from burnish.workspace.history import Note, somebody

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
    store = door.store
    entries = []
    for name in store.names():
        told, newest = store.about(name), store.newest(name)
        entries.append(
            DatasetEntry(
                name=name, description=told.get("description", ""), owner=told.get("owner", ""),
                n_versions=len(store.numbers(name)), newest=newest.name, n_rows=newest.n_rows,
            )
        )  # fmt: skip
    return About(
        burnish=importlib.metadata.version("burnish"), workspace=str(door.workspace.root.absolute()), who=somebody(),
        datasets=entries, opens=door.opens, models=list(door.models),
        read_only=store.is_read_only,
    )  # fmt: skip


@router.get("/pulse")
def pulse(door: Door, v: Called) -> Pulse:
    """Tell what may have changed meanwhile. Never waits for a version that is being read."""
    store = door.store
    version = store.find(v)
    facts, newest = store.audit_facts(version) or {}, store.newest(version.dataset)
    return Pulse(
        v=version.name, newest=newest.name, newest_hash=newest.version, hash=version.version,
        seq=door.reviewing.seq(version), jobs=door.jobs.n_active, audited=door.versions.audit_known(version),
        opening=door.versions.is_opening(version.name), audit=str(facts.get("created", "")),
    )  # fmt: skip


@router.get("/overview")
def overview(door: Door, looked: Looked) -> Overview:
    """Tell of a version: what was found, how far its review is, what was measured, what to do next."""
    version, audited = _told(door, looked.version), looked.found
    newest = door.store.newest(looked.version.dataset)
    counts = {} if audited is None else counts_by_code(audited.findings)
    review = door.review_of(looked)
    found = () if audited is None or review is None else found_kinds(counts, review.progress, audited.detectors)
    told = measured(door, looked)
    made = None if review is None else made_so_far(door.history, looked.version, review)
    n_edits = 0 if review is None or made is not None else review.n_drops + review.n_relabels
    standing = Standing(
        version, version.name if newest.version == version.hash else newest.name, found, tuple(told), n_edits, made,
        compared=_compared(door, looked.version),
    )  # fmt: skip
    classes, n_classes = classes_of(looked.dataset)
    unknown = f"{version.name} has not been audited: what is wrong in it is not known."
    return Overview(
        version=version, parent=_parent(door, looked.version), newest=newest.name, audited=audited is not None,
        sentence=unknown if audited is None else audit_sentence(counts, len(looked.dataset)), kind=kind_of(looked),
        splits=splits_of(looked), classes=classes, n_classes=n_classes,
        labels=label_sentence(looked.dataset),
        n_evaluation=0 if audited is None else int(looked.evaluation.sum()), n_clusters=clusters_of(looked),
        found=list(found), next=advice(standing), measured=told,
    )  # fmt: skip


@router.get("/versions")
def versions(door: Door, name: Named) -> Lineage:
    """Tell of every version of a data set."""
    store = door.store
    known, tags, told = store.versions(name), store.tags(name), store.about(name)
    lines = [
        VersionLine(
            version=version_told(one, tags, audited=door.versions.audit_known(one)),
            tried=[tried_told(tried) for tried in store.tried(one)],
            measured=[measurement_told(measured) for measured in door.measured.measured(one)],
        )
        for one in known.values()
    ]
    return Lineage(dataset=name, description=told.get("description", ""), owner=told.get("owner", ""), lines=lines)


@router.post("/versions")
def make_version(door: Writes, asked: VersionAsked) -> Version:
    """Make a version of what was accepted in the review of one; with its effect where just that was measured."""
    looked = door.versions.opened(asked.v)
    note = Note(why=asked.why, tag=asked.tag or None)
    with _MAKING:
        made = tasks.make_version(
            door.workspace, looked.audited, looked.version, note, seen=asked.seq, experiment=door.experiment
        )
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
    store = door.store
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
    found = tasks.diff(door.workspace, a, b, door.experiment)
    effect = None if found.effect is None else effect_document(found.effect)
    return Diff(**{**plain(found.to_json()), "effect": effect})


@router.post("/tags")
def tag(door: Writes, asked: TagAsked) -> Version:
    """Give a version a tag, or take it away."""
    return _told(door, door.history.untag(asked.v, asked.tag) if asked.delete else door.history.tag(asked.v, asked.tag))


@router.post("/undo")
def undo(door: Writes, asked: UndoAsked) -> Done:
    """Take back what made a version, or some of it, as a new version; `new` names it, `changed_since` what was left."""
    undone = door.history.undo(asked.v, Note(why=asked.why), row_ids=asked.row_ids, codes=asked.codes)
    made, since = undone.version, undone.changed_since
    said = f"Nothing of {asked.v} is left to undo" if made is None else f"{made.name}, {done_sentence(made)}"
    left = f"; {plural(len(since), 'row')} changed since, and left as they are" if since else ""
    facts = {"new": None if made is None else made.name, "n_changed_since": len(since), "changed_since": since[:100]}
    return Done(said=f"{said}{left}.", facts=facts)


@router.get("/export", response_class=FileResponse, responses=FILE)
def export(door: Door, v: Called, form: Form = "parquet") -> FileResponse:
    """Give a whole version as a file."""
    version = door.store.find(v)
    return attached(door.history.open(version.name), form, version.name)


@router.get("/measured")
def measured(door: Door, looked: Looked) -> list[Measurement]:
    """Tell every measurement of what made a version, or of its review, newest first."""
    kept, review = door.measured.measured(looked.version), door.review_of(looked)
    if review is None or not kept:
        return [measurement_told(one) for one in kept]
    changes = review.changes()
    digest = tasks.changes_digest(changes)
    key = tasks.measured_key(door.workspace, looked.audited, changes, door.experiment)
    return [measurement_told(one, changes=digest, key=key) for one in kept]


def _told(door: Served, version: noun.Version) -> Version:
    tags = door.store.tags(version.dataset)
    return version_told(version, tags, audited=door.versions.audit_known(version))


def _compared(door: Served, version: noun.Version) -> bool:
    """Tell whether a version was compared with its parent."""
    parent = f"{version.dataset}@{version.parent}"
    return any((one["v"], one["other"]) == (version.name, parent) for one in door.measured.comparisons(version.dataset))


def _parent(door: Served, version: noun.Version) -> Version | None:
    """Give the version that another was made from; None without one, and where its record is lost."""
    known = door.store.versions(version.dataset)
    parent = None if version.parent is None else known.get(version.parent)
    return None if parent is None else _told(door, parent)
