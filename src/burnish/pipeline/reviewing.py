"""Reviewing: what the events of a review come to, as a fold over them.

A finding stands as its newest decision says that was not taken back; a decision about some of its rows leaves the
others as they were. A row gets the edit of the newest decision that edits it.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from itertools import chain
from typing import Any, Literal, NamedTuple, cast, get_args

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from burnish.dataset import Action, Changeset, Edit
from burnish.dataset.changesets import label_strings
from burnish.errors import DamagedFileError
from burnish.kernels.intervals import share_interval
from burnish.pipeline.queue import DROP, RELABEL, REVIEW, FindingQueue
from burnish.pipeline.review import Refused

Deciding = Literal["accept", "reject", "relabel", "drop", "skip"]
EventAction = Literal[Deciding, "note", "undo", "sample", "bulk"]

DECIDED = ("", "accept", "reject", "relabel", "drop", "skip")
"""Decisions by code; 0 is none. What was accepted in bulk is accepted."""
ACCEPT, REJECT, RELABEL_IT, DROP_IT, SKIP = range(1, 6)

REVIEW_STATUS = ("none", "open", "to be relabelled", "to be dropped", "accepted", "rejected")
"""What `ReviewState.row_status` tells of a row: its edit, else how far the findings about it are."""

OPEN, ACCEPTED, REJECTED, SKIPPED = range(4)
"""How a finding stands, in `ReviewState.status`: a relabel or a drop of its rows counts as accepted."""
STANDS = np.array([OPEN, ACCEPTED, REJECTED, ACCEPTED, ACCEPTED, SKIPPED], np.int8)

HAND = "HAND"
"""The code of edits of rows that were selected, and not found by a check."""
LOCKED = "is an evaluation row: correct it in the source"
SAMPLE_SIZE = 20
"""Findings of a code that are judged one by one before the others can be accepted together."""


@dataclass(frozen=True, slots=True)
class ReviewEvent:
    """One event of a review, as the journal holds it. `seq`: from 1, without gaps.

    `finding_id`: what it is about; a decision without one is about `row_ids`, which were selected. `of`: the event that
    an undo takes back; an undo without one is of what earlier versions say of `finding_id`. `findings`: those that a
    sample drew, or that were accepted in bulk; all of `code`. `label`: of a relabel, or of an acceptance by a person
    of rows that are to be looked at: the suggested label that was shown.
    """

    seq: int
    at: str
    who: str
    action: EventAction
    finding_id: str | None = None
    code: str | None = None
    row_ids: tuple[str, ...] = ()
    label: str | None = None
    note: str | None = None
    of: int | None = None
    findings: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Give the line of the journal; what is empty is left out."""
        told = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: value for name, value in told.items() if value not in (None, ())}

    @classmethod
    def from_json(cls, line: Mapping[str, Any]) -> "ReviewEvent":
        """Read such a line; raises DamagedFileError for one that is no event that this burnish knows."""
        try:
            known = {one.name: line[one.name] for one in fields(cls) if one.name in line}
            known |= {name: tuple(known[name]) for name in ("row_ids", "findings") if name in known}
            event = cls(**known)
        except (KeyError, TypeError) as error:
            raise _no_event(str(error)) from error
        if event.action not in get_args(EventAction):
            raise _no_event(f"no action {event.action!r}")
        return event


class Decision(NamedTuple):
    """How a finding or a row stands: by the event `seq`, of the review of an earlier `version` where one is named."""

    seq: int
    action: Deciding
    label: str | None
    who: str
    at: str
    version: str | None = None


class FormerDecision(NamedTuple):
    """What was decided of a finding at an earlier `version`; `edits`: whether it asked for an edit there."""

    version: str
    event: ReviewEvent
    edits: bool


class Former(NamedTuple):
    """What earlier reviews say of findings that are found again: id → decision, id → note. `pipeline.former` folds it.

    A decision without an edit holds on. One that asked for an edit does not: the edit is in a version, or was taken
    back with it, or was never made, and nobody has decided that it should be made here.
    """

    decisions: Mapping[str, FormerDecision] = {}
    notes: Mapping[str, str] = {}


NOTHING_FORMER = Former()


class Progress(NamedTuple):
    """How far the review of a code is: of the `reviewable` findings `decided` are accepted, rejected or skipped."""

    code: str
    kind: str
    reviewable: int
    decided: int
    accepted: int
    rejected: int
    skipped: int


class Sample(NamedTuple):
    """The random sample of a code: `findings` as drawn, none before that.

    `right` of the `judged` came to just what was suggested; `low`, `high`: 95 % interval of that share (Wilson).
    `size`: how many it has, or would have. `remaining`: findings that bulk acceptance accepts.
    """

    code: str
    findings: tuple[str, ...]
    size: int
    judged: int
    right: int
    low: float
    high: float
    remaining: int
    next: str | None

    @property
    def ready(self) -> bool:
        """Whether every finding of it was judged."""
        return bool(self.findings) and self.judged == len(self.findings)

    @property
    def precision(self) -> float | None:
        """The share that came to just what was suggested; None before one was judged."""
        return self.right / self.judged if self.judged else None


class _Entries(NamedTuple):
    """Edits that decisions ask for (m,): row, the decision (place in `standing`), action code, label, finding or -1."""

    row: NDArray[np.int64]
    by: NDArray[np.int64]
    action: NDArray[np.int8]
    label: NDArray[np.object_]
    flag: NDArray[np.int64]

    def take(self, some: NDArray[Any]) -> "_Entries":
        return _Entries(*(column[some] for column in self))


@dataclass(frozen=True, eq=False)
class ReviewState:
    """What the events of a review come to, for the findings of one audit.

    Decisions about findings that this audit does not make have no effect.
    """

    queue: FindingQueue
    events: Sequence[ReviewEvent] = ()
    former: Former = NOTHING_FORMER

    @property
    def seq(self) -> int:
        """The number of the last event, 0 before the first."""
        return self.events[-1].seq if self.events else 0

    def after(self, events: Sequence[ReviewEvent]) -> "ReviewState":
        """Give the state after more events."""
        return replace(self, events=(*self.events, *events)) if events else self

    @cached_property
    def undone(self) -> frozenset[int]:
        """The events that were taken back. An undo or a sample cannot be, and nothing twice."""
        able: set[int] = set()
        gone: set[int] = set()
        for event in self.events:
            if event.action == "undo" and event.of in able:
                able.remove(event.of)
                gone.add(event.of)
            elif event.action not in ("undo", "sample"):
                able.add(event.seq)
        return frozenset(gone)

    @cached_property
    def standing(self) -> tuple[ReviewEvent, ...]:
        """Events that were not taken back and can be, oldest first."""
        return tuple(e for e in self.events if e.action not in ("undo", "sample") and e.seq not in self.undone)

    @cached_property
    def reopened(self) -> frozenset[str]:
        """Findings whose former decision was taken back: by an undo that names the finding, and no event."""
        named = (e.finding_id for e in self.events if e.action == "undo" and e.of is None)
        return frozenset(finding for finding in named if finding is not None)

    @cached_property
    def _former(self) -> Mapping[str, FormerDecision]:
        known = self.former.decisions.items()
        return {i: one for i, one in known if i in self.queue.place and i not in self.reopened}

    @cached_property
    def _lasting(self) -> tuple[FormerDecision, ...]:
        """Former decisions that hold on, each as one about its whole finding."""
        lasting = ((i, one) for i, one in self._former.items() if not one.edits)
        return tuple(
            one._replace(event=replace(one.event, action=_done(one.event), finding_id=i, findings=(), row_ids=()))
            for i, one in lasting
        )

    @cached_property
    def former_edits(self) -> Mapping[str, Decision]:
        """Id of a finding → the former decision that asked for an edit of its rows, which is not made here."""
        return {i: _decision(one.event, one.version) for i, one in self._former.items() if one.edits}

    @cached_property
    def decisions(self) -> Mapping[str, Decision]:
        """Id of a finding → how it stands; findings that are open have none."""
        found = {str(one.event.finding_id): _decision(one.event, one.version) for one in self._lasting}
        for event in self.standing:
            if event.action == "bulk":
                found.update(dict.fromkeys(event.findings, _decision(event)))
            elif event.finding_id is not None and event.action != "note":
                found[event.finding_id] = _decision(event)
        return found

    @cached_property
    def notes(self) -> Mapping[str, str]:
        """Id of a finding → its newest note; an empty one takes the note away."""
        said = {e.finding_id: e.note for e in self.standing if e.action == "note" and e.finding_id is not None}
        return {finding: note for finding, note in {**self.former.notes, **said}.items() if note}

    @cached_property
    def status(self) -> NDArray[np.int8]:
        """How each finding stands (n,): OPEN, ACCEPTED, REJECTED or SKIPPED."""
        status = np.zeros(len(self.queue), np.int8)
        stands = dict(zip(DECIDED, STANDS.tolist(), strict=True))
        for finding, decision in self.decisions.items():
            place = self.queue.place.get(finding)
            if place is not None:
                status[place] = stands[decision.action]
        return status

    @cached_property
    def progress(self) -> tuple[Progress, ...]:
        """How far the review of each code is, in the order of the queue."""
        queue = self.queue
        asked = queue.reviewable
        kinds = dict(zip(queue.code[::-1].tolist(), (one.kind for one in reversed(queue.findings)), strict=True))
        counts = np.zeros((len(queue.codes), 4), np.int64)
        np.add.at(counts, (queue.code[asked], self.status[asked]), 1)
        return tuple(
            Progress(code, kinds[i], sum(of), sum(of[1:]), of[ACCEPTED], of[REJECTED], of[SKIPPED])
            for i, (code, of) in enumerate(zip(queue.codes, counts.tolist(), strict=True))
        )

    @cached_property
    def _deciding(self) -> tuple[ReviewEvent, ...]:
        own = (event for event in self.standing if event.action != "note")
        return (*(one.event for one in self._lasting), *own)

    @cached_property
    def _covering(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The newest decision about each flag (n_flags,) and each row selected by hand (n_rows,); from 1, 0 none."""
        queue, flags = self.queue, np.zeros(len(self.queue.rows), np.int64)
        by_hand = np.zeros(len(queue.dataset), np.int64)
        queue.positions_of(list(chain.from_iterable(event.row_ids for event in self._deciding)))
        for number, event in enumerate(self._deciding, 1):
            if event.finding_id is not None or event.action == "bulk":
                flags[self._flags(event)] = number
            else:
                rows = queue.positions_of(event.row_ids)
                by_hand[rows[rows >= 0]] = number
        return flags, by_hand

    def _flags(self, event: ReviewEvent) -> NDArray[np.int64] | slice:
        """Give the flags that an event decides about."""
        queue, named = self.queue, event.findings or (event.finding_id or "",)
        places = np.array([queue.place[finding] for finding in named if finding in queue.place], np.int64)
        if len(places) != 1:
            return _ranges(queue.starts[places], queue.starts[places + 1])
        some = slice(int(queue.starts[places[0]]), int(queue.starts[places[0] + 1]))
        if not event.row_ids:
            return some
        return some.start + np.flatnonzero(np.isin(queue.rows[some], queue.positions_of(event.row_ids)))

    @cached_property
    def _acts(self) -> NDArray[np.int8]:
        """What each deciding event does, by code in DECIDED, behind a 0 for none."""
        number = {**{action: code for code, action in enumerate(DECIDED)}, "bulk": ACCEPT}
        return np.array([0, *(number[event.action] for event in self._deciding)], np.int8)

    @cached_property
    def _said(self) -> tuple[NDArray[np.int8], NDArray[np.object_]]:
        """What each flag comes to (n_flags,): the code of an edit, 0 for none, and the new label."""
        queue, by = self.queue, self._covering[0]
        act = self._acts[by]
        suggested = np.where(np.isin(queue.edits, (DROP, RELABEL)), queue.edits, 0)
        edit = np.select([act == ACCEPT, act == DROP_IT, act == RELABEL_IT], [suggested, DROP, RELABEL], 0)
        # Of a whole finding an edit means its training rows; for rows that are named it is refused and told.
        whole = np.array([False, *(not event.row_ids for event in self._deciding)])[by]
        edit[whole & (act != ACCEPT) & ~queue.trains & queue.has_training_rows[queue.of_flag]] = 0
        named = np.array([None, *(event.label for event in self._deciding)], object)[by]
        edit[(act == ACCEPT) & (named != None) & (queue.edits == REVIEW) & queue.trains] = RELABEL  # noqa: E711
        edit[by <= len(self._lasting)] = 0  # a former decision asks for no edit, whatever the audit suggests now
        labels = np.where((act == ACCEPT) & (queue.edits != REVIEW), queue.labels, named)
        labels[edit != RELABEL] = None
        return edit.astype(np.int8), labels

    @cached_property
    def _asked(self) -> _Entries:
        """Every edit that decisions ask for, by row, the newest of a row last."""
        queue, (by, by_hand), (action, label) = self.queue, self._covering, self._said
        flags, rows = np.flatnonzero(action), np.flatnonzero(by_hand)
        labels = np.array([None, *(event.label for event in self._deciding)], object)
        entries = _Entries(
            np.concatenate([queue.rows[flags], rows]),
            np.concatenate([by[flags], by_hand[rows]]),
            np.concatenate([action[flags], np.where(self._acts[by_hand[rows]] == DROP_IT, DROP, RELABEL)]),
            np.concatenate([label[flags], labels[by_hand[rows]]]),
            np.concatenate([flags, np.full(len(rows), -1)]),
        )
        return entries.take(np.lexsort((entries.by, entries.row)))

    @cached_property
    def _held(self) -> NDArray[np.bool_]:
        """Mask of the entries that hold: the newest of each row that is no evaluation row."""
        row = self._asked.row
        newest = np.append(row[1:] != row[:-1], True)[: len(row)]
        return np.asarray(newest & ~self.queue.evaluation[row])

    @cached_property
    def _edits(self) -> tuple[_Entries, list[str | None]]:
        """The entries that hold and change something, and the labels that their rows have now."""
        held = self._asked.take(self._held)
        old = label_strings(self.queue.dataset, held.row).to_pylist()
        changes = [
            action == DROP or not _same(was, label)
            for action, was, label in zip(held.action.tolist(), old, held.label, strict=True)
        ]
        some = np.array(changes, np.bool_)
        return held.take(some), [was for was, change in zip(old, changes, strict=True) if change]

    @property
    def n_drops(self) -> int:
        """How many rows are to be dropped."""
        return int((self._edits[0].action == DROP).sum())

    @property
    def n_relabels(self) -> int:
        """How many rows are to get another label."""
        return int((self._edits[0].action == RELABEL).sum())

    def edited_by(self, seq: int) -> tuple[int, int]:
        """Give how many rows an event drops and relabels, as things stand."""
        own = len(self._lasting)
        number = next((i for i, event in enumerate(self._deciding[own:], own + 1) if event.seq == seq), 0)
        actions = self._edits[0].action[self._edits[0].by == number]
        return int((actions == DROP).sum()), int((actions == RELABEL).sum())

    @cached_property
    def refused(self) -> tuple[Refused, ...]:
        """Edits that are not made: of evaluation rows, and those that a newer decision of the row replaces."""
        entries, ends = self._asked, np.flatnonzero(np.append(np.diff(self._asked.row) != 0, True))
        if not len(entries.row):
            return ()
        last = ends[np.searchsorted(ends, np.arange(len(entries.row)))]
        locked = self.queue.evaluation[entries.row]
        differs = (entries.action != entries.action[last]) | (entries.label != entries.label[last])
        told = np.flatnonzero((locked & (np.arange(len(last)) == last)) | (~locked & differs))
        ids = self.queue.dataset.row_ids.take(pa.array(entries.row[told])).to_pylist()
        return tuple(
            Refused(
                row_id, LOCKED if locked[i] else f"is edited otherwise by a newer decision, {self._by(last[i]).seq}"
            )
            for row_id, i in zip(ids, told.tolist(), strict=True)
        )

    def _by(self, entry: int) -> ReviewEvent:
        return self._deciding[int(self._asked.by[entry]) - 1]

    @cached_property
    def edits(self) -> Mapping[str, Edit]:
        """Row id → its edit, in the order of the rows. The code is that of the finding, or HAND."""
        entries, old = self._edits
        ids = self.queue.dataset.row_ids.take(pa.array(entries.row)).to_pylist()
        columns = (entries.by, entries.action, entries.label, entries.flag)
        lines = zip(ids, old, *(column.tolist() for column in columns), strict=True)
        return {line[0]: self._edit(*line) for line in lines}

    def _edit(  # noqa: PLR0917 - a line of the table of edits
        self, row_id: str, old: str | None, by: int, action: int, label: str | None, flag: int
    ) -> Edit:
        event = self._deciding[by - 1]
        does: Action = "drop" if action == DROP else "relabel"
        told: dict[str, object] = {"seq": event.seq, "decided_by": event.who}
        if flag < 0:
            what = "dropped" if does == "drop" else f"labelled {label!r}"
            because = f": {event.note}" if event.note else ""
            return Edit(row_id, does, HAND, f"selected and {what} by {event.who}{because}", told, None, old, label)
        place = int(self.queue.of_flag[flag])
        finding, own = self.queue.findings[place], self.queue.findings[place].rows[flag - int(self.queue.starts[place])]
        told |= {"finding_id": self.queue.ids[place]}
        if note := self.notes.get(self.queue.ids[place]):
            told |= {"note": note}
        evidence = json.loads(json.dumps({**finding.evidence, **own.evidence, "score": round(own.score, 4)})) | told
        kept = evidence.get("kept")
        reason = f"{_verb(event, label)} by {event.who}: {finding.message}"
        return Edit(row_id, does, finding.code, reason, evidence, None if kept is None else str(kept), old, label)

    def changes(self) -> Changeset:
        """Give what a version made of the review would change."""
        return Changeset(self.queue.dataset.version, tuple(self.edits.values()))

    @cached_property
    def _newest(self) -> NDArray[np.int64]:
        """For each row (n_rows,) the decision that edits it, else the newest about it; 0 none."""
        flags, by_hand = self._covering
        newest = by_hand.copy()
        np.maximum.at(newest, self.queue.rows, flags)
        held = self._asked.take(self._held)
        newest[held.row] = held.by
        return newest

    def decision_of_row(self, row: int) -> Decision | None:
        """Give how the row at a position stands: the decision that edits it, else the newest about it."""
        number, lasting = int(self._newest[row]), self._lasting
        version = lasting[number - 1].version if 0 < number <= len(lasting) else None
        return _decision(self._deciding[number - 1], version) if number else None

    def row_status(self) -> NDArray[np.uint8]:
        """Give what is to become of each row (n_rows,), by place in REVIEW_STATUS."""
        queue, status = self.queue, np.zeros(len(self.queue.dataset), np.uint8)
        stands = STANDS[self._acts[self._covering[0]]]
        asked = np.isin(queue.edits, (DROP, RELABEL, REVIEW))
        status[queue.rows[stands == REJECTED]] = 5
        status[queue.rows[stands == ACCEPTED]] = 4
        status[queue.rows[asked & np.isin(stands, (OPEN, SKIPPED))]] = 1
        entries = self._edits[0]
        status[entries.row] = np.where(entries.action == DROP, 3, 2)
        return status

    def open_suggestions(self, code: str) -> list[str]:
        """Give the ids of the findings of a code that are open and suggest an edit, sorted."""
        places = self.queue.chosen(self.queue.suggests & (self.status == OPEN), code=code)
        return sorted(self.queue.ids[i] for i in places.tolist())

    def sample(self, code: str) -> Sample:
        """Give the sample of a code that is in force, with what it says of the findings that it was drawn from."""
        drawn, _ = self._drawn[code]
        places = [self.queue.place[finding] for finding in drawn]
        judged = [place for place in places if self.status[place] in (ACCEPTED, REJECTED)]
        right = sum(self._as_suggested(place) for place in judged)
        waiting = (i for place, i in zip(places, drawn, strict=True) if self.status[place] not in (ACCEPTED, REJECTED))
        remaining = len(self.rest(code))
        size = len(drawn) or min(SAMPLE_SIZE, remaining)
        interval = share_interval(right, len(judged))
        return Sample(code, drawn, size, len(judged), right, *interval, remaining, next(waiting, None))

    def rest(self, code: str) -> list[str]:
        """Give what bulk acceptance of a code accepts, sorted: what is open and suggests an edit.

        Once a sample is in force, only what it was drawn from: it tells nothing of a finding that was decided before,
        whose decision was taken back since.
        """
        drawn, among = self._drawn[code]
        waiting = self.open_suggestions(code)
        return [finding for finding in waiting if finding in among] if drawn else waiting

    @cached_property
    def _drawn(self) -> Mapping[str, tuple[tuple[str, ...], frozenset[str]]]:
        """Code → its sample that is in force, and the findings that it was drawn from; nothing where there is none.

        In force is the newest that is drawn again from the findings of this audit: to an audit that makes others it
        says nothing, even where it makes those of the sample too.
        """
        found: dict[str, tuple[tuple[str, ...], frozenset[str]]] = defaultdict(lambda: ((), frozenset()))
        for event in self.events:
            if event.action == "sample" and event.code is not None:
                before = replace(self, events=[one for one in self.events if one.seq < event.seq])
                among = before.open_suggestions(event.code)
                if event.findings and event.findings == draw(among, event.seq):
                    found[event.code] = event.findings, frozenset(among)
        return found

    def _as_suggested(self, place: int) -> bool:
        """Tell whether a finding comes to just what it suggests."""
        some = slice(int(self.queue.starts[place]), int(self.queue.starts[place + 1]))
        action, label = (column[some] for column in self._said)
        suggested = self.queue.suggested[some]
        same = (action == self.queue.edits[some]) & ((action == DROP) | (label == self.queue.labels[some]))
        return bool(np.where(suggested, same, (action == 0) | ~self.queue.trains[some]).all())


def draw(waiting: Sequence[str], seq: int) -> tuple[str, ...]:
    """Draw a sample from the ids, sorted, of the findings that wait; its seed is the number of the event."""
    some = np.random.default_rng(seq).choice(len(waiting), min(SAMPLE_SIZE, len(waiting)), replace=False)
    return tuple(waiting[i] for i in some.tolist())


def _decision(event: ReviewEvent, version: str | None = None) -> Decision:
    return Decision(event.seq, _done(event), event.label, event.who, event.at, version)


def _done(event: ReviewEvent) -> Deciding:
    return "accept" if event.action == "bulk" else cast("Deciding", event.action)


def _verb(event: ReviewEvent, label: str | None) -> str:
    """Give what somebody did with a finding, as the reason of an edit says it."""
    return {"drop": "dropped", "relabel": f"labelled {label!r}", "bulk": "accepted with the rest"}.get(
        event.action, "accepted"
    )


def _same(old: str | None, new: str | None) -> bool:
    """Tell whether two labels are the same, lists in any order."""
    if old == new or old is None or new is None or not (old.startswith("[") and new.startswith("[")):
        return old == new
    try:
        return sorted(map(str, json.loads(old))) == sorted(map(str, json.loads(new)))
    except ValueError:
        return False


def _ranges(starts: NDArray[np.int64], stops: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give all numbers from each start to its stop."""
    lengths = stops - starts
    before = np.cumsum(lengths) - lengths
    return np.asarray(np.arange(int(lengths.sum())) + np.repeat(starts - before, lengths))


def _no_event(reason: str) -> DamagedFileError:
    return DamagedFileError(
        f"a line of the review is no event: {reason}.", remedy="A newer burnish may have written it: upgrade burnish."
    )
