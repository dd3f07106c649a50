"""The review: queue, evidence, decisions, samples, selections."""

import base64
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
from fastapi import APIRouter, Depends, Query
from fastapi.responses import FileResponse
from numpy.typing import NDArray

from burnish.app.attachments import attached
from burnish.app.documents.review import (
    Decided,
    DecisionAsked,
    FindingDetail,
    Queue,
    Review,
    RowSet,
    RowSets,
    Sample,
    SampleAsked,
    SelectionAsked,
)
from burnish.app.documents.shared import Done
from burnish.app.finding_documents import finding_detail, queue_items
from burnish.app.finding_filters import Filters
from burnish.app.opened import Opened
from burnish.app.review_documents import decision_of, event_document, review_document, said, sample_document
from burnish.app.served import Door, Looked, Served, Writes
from burnish.dataset import Dataset
from burnish.errors import NotThereError, UsageError
from burnish.kernels.bits import unpacked
from burnish.pipeline.deciding import Asked
from burnish.pipeline.reviewing import ReviewEvent, ReviewState
from burnish.reports.numbers import plural
from burnish.workspace.additions import made_so_far
from burnish.workspace.reviewing import rows_here

router = APIRouter()

FILE: dict[int | str, dict[str, Any]] = {200: {"content": {"application/octet-stream": {}}}}


@router.get("/findings")
def findings(
    door: Door,
    looked: Looked,
    asked: Annotated[Filters, Depends()],
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Queue:
    """Give the queue of findings: those with something to decide first, by kind; or all by score or label quality."""
    review = _state(door, looked)
    places = asked.chosen(door, looked, review)
    items = queue_items(looked, review, places[offset : offset + limit].tolist())
    pairs = [] if offset else asked.pairs(door, looked, review)
    return Queue(total=len(places), offset=offset, items=items, pairs=pairs)


@router.get("/finding")
def finding(door: Door, looked: Looked, id: str, asked: Annotated[Filters, Depends()]) -> FindingDetail:  # noqa: A002
    """Give all there is to see of a finding; its `place` is that in the queue that is asked for, or would be."""
    review = _state(door, looked)
    place = review.queue.place.get(id)
    if place is None:
        raise NotThereError(
            f"the audit of {looked.version.name} has no finding {id!r}.",
            remedy="Choose one of the queue: after another audit, findings have other ids.",
        )
    among = review.queue.place_among(asked.chosen(door, looked, review), place, asked.sort)
    return finding_detail(looked, review, place, among=among, sets=door.reviewing.sets(looked.version.dataset))


@router.get("/review")
def review(door: Door, looked: Looked) -> Review:
    """Tell how far the review of a version is, and what it comes to."""
    return _document(door, looked)


@router.post("/decisions")
def decide(door: Writes, asked: DecisionAsked) -> Decided:
    """Write down a decision."""
    told = asked.model_dump(exclude={"v"}) | {"row_ids": tuple(asked.row_ids)}
    return _decide(door, door.versions.opened(asked.v), Asked(**told))


@router.get("/sample")
def sample(door: Door, looked: Looked, code: str) -> Sample:
    """Tell of the sample of a code; without one, what drawing it would mean."""
    return sample_document(_state(door, looked), code)


@router.post("/sample")
def draw(door: Writes, asked: SampleAsked) -> Sample:
    """Draw the random sample of a code; one that is in force stays."""
    looked = door.versions.opened(asked.v)
    if not _state(door, looked).sample(asked.code).findings:
        door.reviewing.draw(looked.audited, looked.version, asked.code)
    return sample_document(_state(door, looked), asked.code)


@router.post("/bulk")
def accept_rest(door: Writes, asked: SampleAsked) -> Decided:
    """Accept the rest of a code's findings; refused before the sample is judged."""
    looked = door.versions.opened(asked.v)
    event = door.reviewing.accept_rest(looked.audited, looked.version, asked.code)
    return _told(door, looked, Asked("accept"), event)


@router.get("/sets")
def sets(door: Door, looked: Looked) -> RowSets:
    """Tell the tags and named slices of a data set, and how many of their rows this version has."""
    known = door.reviewing.sets(looked.version.dataset)
    here = rows_here(known, looked.dataset)
    return RowSets(
        sets=[
            RowSet.model_validate({**one._asdict(), "n_rows": len(one.row_ids), "n_here": len(rows)})
            for one, rows in zip(known, here, strict=True)
        ]
    )


@router.post("/selection")
def select(door: Writes, asked: SelectionAsked) -> Done:
    """Do something with selected rows: tag, slice, relabel, drop, forget a set."""
    looked = door.versions.opened(asked.v)
    if asked.action == "forget":
        door.reviewing.forget_set(looked.version.dataset, _name(asked))
        return Done(said=f"{_name(asked)} is forgotten; its rows stay.")
    if asked.action == "export":
        raise UsageError("an export is a file.", remedy="Ask /api/export for it.")
    ids = looked.dataset.row_ids.take(pa.array(_selected(asked, looked.dataset)))
    if asked.action == "tag" or asked.action == "slice":  # noqa: PLR1714 - the type checker follows this one
        return _kept_set(door, looked, asked, ids)
    decided = _decide(door, looked, Asked(asked.action, row_ids=tuple(ids.to_pylist()), label=asked.label))
    return Done(said=decided.said, facts={"seq": decided.event.seq, "n_rows": decided.event.n_rows})


@router.post("/export", response_class=FileResponse, responses=FILE)
def export(door: Door, asked: SelectionAsked) -> FileResponse:
    """Give selected rows as a file."""
    looked = door.versions.opened(asked.v)
    rows = looked.dataset.take(_selected(asked, looked.dataset))
    return attached(rows, asked.form, f"{looked.version.name}-{len(rows)}-rows")


def _state(door: Served, looked: Opened) -> ReviewState:
    return door.reviewing.state(looked.audited, looked.version)


def _document(door: Served, looked: Opened) -> Review:
    state, torn = _state(door, looked), door.reviewing.is_torn(looked.audited, looked.version)
    made = made_so_far(door.history, looked.version, state)
    return review_document(state, looked.version.name, torn=torn, made=made)


def _decide(door: Served, looked: Opened, asked: Asked) -> Decided:
    return _told(door, looked, asked, door.reviewing.record(looked.audited, looked.version, asked))


def _told(door: Served, looked: Opened, asked: Asked, event: ReviewEvent) -> Decided:
    """Tell what a decision did; an undo is about what it took back."""
    state = _state(door, looked)
    about = next((one for one in state.events if one.seq == event.of), event)
    return Decided(
        said=said(state, asked, event), event=event_document(state, event), finding_id=about.finding_id,
        decision=decision_of(state, about.finding_id), review=_document(door, looked),
    )  # fmt: skip


def _kept_set(door: Served, looked: Opened, asked: SelectionAsked, ids: pa.StringArray) -> Done:
    kept, before = door.reviewing.keep_set(looked.version.dataset, _name(asked), asked.action, ids)
    n_rows = len(kept.row_ids)
    grown = f", {n_rows - before:,} of them new" if before else ""
    return Done(
        said=f"{asked.action.capitalize()} {kept.name}: {plural(n_rows, 'row')}{grown}.", facts={"n_rows": n_rows}
    )


def _name(asked: SelectionAsked) -> str:
    if not (asked.name or "").strip():
        raise UsageError("a tag or slice without a name was asked for.", remedy="Give it a name.")
    return str(asked.name)


def _selected(asked: SelectionAsked, dataset: Dataset) -> NDArray[np.int64]:
    """Give the positions that a mask names; raises UsageError for one of another version, or of no rows."""
    try:
        bits = base64.b64decode(asked.mask, validate=True)
    except ValueError as error:
        raise UsageError(f"the mask is no base64: {error}.", remedy="Load the page again.") from error
    try:
        rows = np.flatnonzero(unpacked(bits, len(dataset)))
    except ValueError as error:
        raise UsageError(f"{error}.", remedy="Load the page again: the selection is of another version.") from error
    if not len(rows):
        raise UsageError("no rows are selected.", remedy="Select rows first.")
    return rows
