"""A review as documents: how far it is, its events, the sample of a code, what a decision did in a sentence."""

import numpy as np

from burnish.app.documents.review import CodeProgress, Event, Refusal, Review, Sample
from burnish.app.documents.shared import Decision
from burnish.app.finding_documents import shown_as
from burnish.pipeline.deciding import Asked
from burnish.pipeline.reviewing import ReviewEvent, ReviewState
from burnish.reports.numbers import plural
from burnish.reports.words import code_title
from burnish.workspace.additions import Made

EVENTS_SHOWN, REFUSED_SHOWN = 50, 100


def review_document(state: ReviewState, called: str, *, torn: bool = False, made: Made | None = None) -> Review:
    """Give how far a review is, and what it comes to; `made`: the version made of it."""
    found = np.bincount(state.queue.code, minlength=len(state.queue.codes)).tolist()
    lines = [
        CodeProgress(
            title=code_title(one.code, one.kind),
            found=n_found,
            **{n: v for n, v in one._asdict().items() if n != "kind"},
        )
        for one, n_found in zip(state.progress, found, strict=True)
    ]
    refused = [Refusal(row_id=one.row_id, reason=one.reason) for one in state.refused[:REFUSED_SHOWN]]
    return Review(
        v=called, seq=state.seq, codes=lines, drops=state.n_drops, relabels=state.n_relabels, refused=refused,
        n_refused=len(state.refused), torn=torn, made=None if made is None else made.version.name,
        made_all=made is not None and made.has_all, n_to_add=0 if made is None or made.hindrance else len(made.edits),
        hindrance="" if made is None else made.hindrance,
        events=[event_document(state, event) for event in reversed(state.events[-EVENTS_SHOWN:])],
    )  # fmt: skip


def event_document(state: ReviewState, event: ReviewEvent) -> Event:
    """Give an event as it is told."""
    return Event(
        seq=event.seq, at=event.at, who=event.who, action=event.action, finding_id=event.finding_id, code=event.code,
        n_rows=len(event.row_ids), n_findings=len(event.findings), label=event.label, note=event.note, of=event.of,
        undone=event.seq in state.undone,
    )  # fmt: skip


def sample_document(state: ReviewState, code: str) -> Sample:
    """Give the sample of a code; the interval once one of it was judged."""
    one = state.sample(code)
    ends = (one.low, one.high) if one.judged else (None, None)
    return Sample(
        code=one.code, findings=list(one.findings), size=one.size, judged=one.judged, right=one.right,
        precision=one.precision, low=ends[0], high=ends[1], remaining=one.remaining, ready=one.ready, next=one.next,
    )  # fmt: skip


def decision_of(state: ReviewState, finding_id: str | None) -> Decision | None:
    """Give how a finding stands."""
    found = None if finding_id is None else state.decisions.get(finding_id)
    return None if found is None else Decision(**found._asdict())


def said(state: ReviewState, asked: Asked, event: ReviewEvent) -> str:
    """Give what a decision did as a sentence."""
    if event.action == "undo":
        taken = next((one for one in state.events if one.seq == event.of), None)
        return f"Took back: {_what(state, taken or _before(state, event))}."
    if event.action in ("reject", "skip"):
        return "Rejected." if event.action == "reject" else "Skipped."
    if event.action == "note":
        return "Noted." if event.note else "The note is taken away."
    if event.action == "bulk":
        return f"{plural(len(event.findings), 'finding')} accepted: {_edits(state, event)}."
    if event.action == "accept":
        edits = _edits(state, event)
        return f"Accepted: {edits}." if edits else "Marked as seen: no row changes."
    return f"{_edits(state, event) or 'No row changes'}.{_beside(state, asked, event)}"


def _edits(state: ReviewState, event: ReviewEvent) -> str:
    drops, relabels = state.edited_by(event.seq)
    to = "" if event.label is None else f" to {event.label}"
    told = [f"{plural(drops, 'row')} to be dropped"] if drops else []
    return " and ".join([*told, *([f"{plural(relabels, 'row')} to be relabelled{to}"] if relabels else [])])


def _beside(state: ReviewState, asked: Asked, event: ReviewEvent) -> str:
    """Give what else there is to know: rows that stay, a label that is new."""
    rows = state.queue.positions_of(asked.row_ids)
    locked = int(state.queue.evaluation[rows[rows >= 0]].sum())
    stay = f" {plural(locked, 'evaluation row')} {'stays' if locked == 1 else 'stay'} as before." if locked else ""
    return f"{stay}{_is_new(state, event)}"


def _is_new(state: ReviewState, event: ReviewEvent) -> str:
    labels = state.queue.dataset.labels
    if event.label is None or labels is None or event.label in labels.classes:
        return ""
    return f" No row had the label {event.label} before."


def _before(state: ReviewState, event: ReviewEvent) -> ReviewEvent:
    """Give the event of an earlier version that an undo of how a finding stands takes back."""
    return state.former.decisions[event.finding_id or ""].event


def _what(state: ReviewState, event: ReviewEvent) -> str:
    if event.action == "bulk":
        return f"{plural(len(event.findings), 'finding')} of {event.code} accepted together"
    place = state.queue.place.get(event.finding_id or "")
    shown = "" if place is None else shown_as(state.queue, place)
    about = f"“{shown}”" if shown else event.finding_id or plural(len(event.row_ids), "selected row")
    return f"{event.action} of {about}"
