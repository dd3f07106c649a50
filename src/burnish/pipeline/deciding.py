"""Deciding: what somebody asks for becomes an event of the review, or is refused with the reason."""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from burnish.dataset.reviews import Vote
from burnish.errors import InputError, LockedRowsError, UsageError
from burnish.pipeline.ballot import Ballot, short
from burnish.pipeline.queue import FindingQueue
from burnish.pipeline.reviewing import LOCKED, Deciding, ReviewEvent, ReviewState, draw

MAX_SELECTED = 100_000
"""Rows of one decision about selected rows: the journal names each."""

Places = NDArray[np.int64]


class Asked(NamedTuple):
    """A decision that somebody asks for. `of`: which event to undo, None for the newest that stands.

    An undo that names a finding takes back what was decided of it last, here or at an earlier version.
    `row_ids`: some rows of the finding, or, without one, rows that were selected.
    """

    action: Literal[Deciding, "note", "undo"]
    finding_id: str | None = None
    row_ids: tuple[str, ...] = ()
    label: str | None = None
    note: str | None = None
    of: int | None = None


class Signed(NamedTuple):
    """What the journal gives an event: its number, when, who."""

    seq: int
    at: str
    who: str


def decided(state: ReviewState, asked: Asked, signed: Signed) -> ReviewEvent:
    """Give the event of a decision; raises UsageError, InputError or LockedRowsError where it cannot be made.

    A relabel may name a class that no row has yet, if the label field can hold it. Accepting a finding that asks to
    look at a row, and shows a label, relabels the row to it: the person has looked. Evaluation rows among selected
    ones are left out of the event.
    """
    if asked.action == "undo":
        return _undo(state, asked, signed)
    if asked.action == "note" and asked.note is None:
        raise UsageError("a note without text was asked for.", remedy='Give it a text; "" takes a note away.')
    if asked.finding_id is None:
        return _selected(state.queue, asked, signed)
    place = state.queue.place.get(asked.finding_id)
    if place is None:
        raise InputError(
            f"the audit has no finding {short(asked.finding_id)}.",
            remedy="Load the page again: the version may have been audited anew.",
        )
    code, label = state.queue.findings[place].code, _label(state.queue, place, asked)
    return ReviewEvent(*signed, asked.action, asked.finding_id, code, asked.row_ids, label, asked.note)


def _label(queue: FindingQueue, place: int, asked: Asked) -> str | None:
    """Give the label that a decision about a finding gives its rows; raises where it cannot be made."""
    rows = _rows_of(queue, place, asked)
    if asked.action in ("relabel", "drop"):
        _refuse_none_to_edit(queue, rows, asked)
    if asked.action == "relabel":
        return _spelled(queue, rows, asked.label)
    return queue.label_shown(place) if asked.action == "accept" else None


def drawn(state: ReviewState, code: str, signed: Signed) -> ReviewEvent:
    """Give the event that draws the sample of a code; raises UsageError where it is drawn, or nothing is left.

    The seed is the number of the event; it draws from the ids, sorted, of findings that are open and suggest an edit.
    """
    waiting = _waiting(state, code)
    if state.sample(code).findings:
        raise UsageError(f"the sample of {code} was drawn already.", remedy="Judge its findings one by one.")
    return ReviewEvent(*signed, "sample", code=code, findings=draw(waiting, signed.seq))


def accepted_rest(state: ReviewState, code: str, signed: Signed) -> ReviewEvent:
    """Give the event that accepts what is still open of a code; raises UsageError before its sample was judged."""
    waiting, sample = _waiting(state, code), state.sample(code)
    if not sample.ready:
        drawn_first = "Draw it" if not sample.findings else "Judge the rest of it"
        raise UsageError(
            f"{sample.judged} of the {sample.size} findings of the sample of {code} are judged.",
            remedy=f"{drawn_first}, and accept or reject each: skipping does not count.",
        )
    return ReviewEvent(*signed, "bulk", code=code, findings=tuple(waiting))


def _waiting(state: ReviewState, code: str) -> list[str]:
    if code not in state.queue.codes:
        known = ", ".join(state.queue.codes) or "none"
        raise UsageError(f"the audit has no findings of {short(code)}.", remedy=f"Codes that it has: {known}.")
    waiting = state.rest(code)
    if not waiting:
        among = ", of those that the sample was drawn from" if state.open_suggestions(code) else ""
        raise UsageError(
            f"no finding of {code} is open and suggests an edit{among}.", remedy="Decide about the others one by one."
        )
    return waiting


def _to_undo(state: ReviewState, of: int | None) -> int:
    able = [event.seq for event in state.standing]
    if of is None and not able:
        raise UsageError("there is no decision to take back.", remedy="Decide about a finding first.")
    if of is not None and of not in able:
        known = next((event for event in state.events if event.seq == of), None)
        why = "was taken back already" if of in state.undone else f"is {'no event' if known is None else known.action}"
        raise UsageError(f"event {of} {why}: it cannot be taken back.", remedy="Take back a decision that stands.")
    return able[-1] if of is None else of


def _undo(state: ReviewState, asked: Asked, signed: Signed) -> ReviewEvent:
    finding = asked.finding_id
    if asked.of is not None or finding is None:
        return ReviewEvent(*signed, "undo", of=_to_undo(state, asked.of), note=asked.note)
    decision = state.decisions.get(finding)
    if decision is None:
        raise UsageError(f"nothing stands of {short(finding)}.", remedy="Decide about it first.")
    if decision.version is not None:
        return ReviewEvent(*signed, "undo", finding, state.queue.findings[state.queue.place[finding]].code)
    together = next((len(e.findings) for e in state.standing if e.seq == decision.seq and e.action == "bulk"), 0)
    if together > 1:
        raise UsageError(
            f"{short(finding)} was accepted together with {together - 1} others.",
            remedy="Reject it, or take back all of them.",
        )
    return ReviewEvent(*signed, "undo", of=decision.seq)


def _rows_of(queue: FindingQueue, place: int, asked: Asked) -> Places:
    """Give the positions of the rows of a finding that a decision is about."""
    rows = queue.rows[queue.starts[place] : queue.starts[place + 1]]
    if not asked.row_ids:
        return rows
    some = queue.positions_of(asked.row_ids)
    if (strangers := np.flatnonzero(~np.isin(some, rows))).size:
        raise InputError(
            f"row {short(asked.row_ids[strangers[0]])} is none of the {len(rows)} that {asked.finding_id} flags.",
            remedy="Select rows on the map to edit any row.",
        )
    return some


def _refuse_none_to_edit(queue: FindingQueue, rows: Places, asked: Asked) -> None:
    if not len(rows):
        raise UsageError(
            f"{asked.finding_id} is about the set and flags no row.", remedy="Accept it as seen, reject it, or note it."
        )
    if queue.evaluation[rows].all():
        raise LockedRowsError(
            f"row {short(queue.dataset.row_ids[int(rows[0])].as_py())} {LOCKED}.", remedy="Reject, skip or note it."
        )


def _selected(queue: FindingQueue, asked: Asked, signed: Signed) -> ReviewEvent:
    """Give the event of a decision about rows that were selected by hand."""
    if asked.action not in ("relabel", "drop"):
        raise UsageError(f"{asked.action} needs a finding.", remedy="Name the finding that it is about.")
    if not asked.row_ids:
        raise UsageError("no rows are selected.", remedy="Select rows first.")
    if len(asked.row_ids) > MAX_SELECTED:
        raise UsageError(
            f"{len(asked.row_ids):,} rows are selected; one decision holds up to {MAX_SELECTED:,}.",
            remedy="Select fewer, and decide more than once.",
        )
    rows = queue.positions_of(asked.row_ids)
    if (lost := np.flatnonzero(rows < 0)).size:
        raise InputError(
            f"{lost.size:,} of the selected rows are not in this version, first {short(asked.row_ids[lost[0]])}.",
            remedy="Load the page again and select anew.",
        )
    _refuse_none_to_edit(queue, rows, asked)
    label = _spelled(queue, rows, asked.label) if asked.action == "relabel" else None
    free = tuple(row_id for row_id, locked in zip(asked.row_ids, queue.evaluation[rows], strict=True) if not locked)
    return ReviewEvent(*signed, asked.action, row_ids=free, label=label, note=asked.note)


def _spelled(queue: FindingQueue, rows: Places, label: str | None) -> str:
    """Give a new label as the data set spells it; raises InputError for one that it cannot hold."""
    if label is None:
        raise UsageError("a relabel was asked for, but to what is not said.", remedy="Name a label.")
    first = str(queue.dataset.row_ids[int(rows[0])].as_py())
    ballot = Ballot(queue.dataset, [first], new_labels=True)
    vote = ballot.spelled(Vote(first, label, version=queue.dataset.version))
    if ballot.drops(vote.label):
        raise UsageError(f"{label!r} is no label.", remedy="Drop the row instead.")
    if (reason := ballot.refusal(vote)) is not None:
        raise InputError(f"row {short(first)} {reason}.", remedy="Choose one of the classes.")
    return vote.label
