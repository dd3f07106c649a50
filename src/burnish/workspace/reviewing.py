"""Reviewing: the review of a version as its journal and its audit have it, and named sets of rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from burnish.adapters.stores.reviews import ReviewStore, RowSet, read_journal
from burnish.dataset import Dataset, Evidence, Finding
from burnish.dataset.history import Version
from burnish.errors import UsageError
from burnish.pipeline.deciding import Asked, Signed, accepted_rest, decided, drawn
from burnish.pipeline.queue import FindingQueue
from burnish.pipeline.reviewing import ReviewEvent, ReviewState
from burnish.reports.words import KINDS
from burnish.workspace.audited import Audited
from burnish.workspace.former import Forebears, Stamp
from burnish.workspace.history import History, now, somebody

Make = Callable[[ReviewState, Signed], ReviewEvent]


@dataclass
class _Followed:
    """A review as far as it was read: of which findings, from which file, up to where, after which earlier reviews."""

    findings: Sequence[Finding]
    path: Path
    file: int
    end: int
    state: ReviewState
    forebears: Forebears
    seen: Stamp = ()
    torn: bool = False


_FOLLOWED: WeakKeyDictionary[Evidence, _Followed] = WeakKeyDictionary()
"""What was read of the reviews of audits that are in memory, so that only what is new is read again."""
_FOLLOWING = Lock()


class Reviewing:
    """The reviews of the versions of a history. `who` decides: by default whoever works here."""

    def __init__(self, history: History, *, who: str | None = None) -> None:
        self._store = ReviewStore(history.store)
        self._who = who or somebody()

    def state(self, audited: Audited, version: Version) -> ReviewState:
        """Give what the review of a version comes to; raises DamagedFileError where its journal is not as written."""
        return self._follow(audited, version).state

    def is_torn(self, audited: Audited, version: Version) -> bool:
        """Tell whether a writer died in the middle of the last event, which is left out."""
        return self._follow(audited, version).torn

    def seq(self, version: Version) -> int:
        """Give the number of the last event, 0 before the first; needs no audit and reads no other event."""
        return self._store.last(version)

    def record(self, audited: Audited, version: Version, asked: Asked) -> ReviewEvent:
        """Write down a decision; raises what `pipeline.deciding.decided` does, and OutputError."""
        return self._written(audited, version, lambda state, signed: decided(state, asked, signed))

    def draw(self, audited: Audited, version: Version, code: str) -> ReviewEvent:
        """Draw the sample of a code; raises UsageError where one is in force, or nothing is left to draw from."""
        return self._written(audited, version, lambda state, signed: drawn(state, code, signed))

    def accept_rest(self, audited: Audited, version: Version, code: str) -> ReviewEvent:
        """Accept what is open of a code; raises UsageError before its sample was judged."""
        return self._written(audited, version, lambda state, signed: accepted_rest(state, code, signed))

    def sets(self, name: str) -> list[RowSet]:
        """Give the tags and named slices of a data set, by name."""
        return self._store.sets(name)

    def keep_set(self, name: str, called: str, kind: str, row_ids: pa.StringArray) -> tuple[RowSet, int]:
        """Keep a named set of rows; give it and how many rows it had before. A tag grows; a slice is made once.

        Raises UsageError for a name that another set has.
        """
        before = 0

        def make(known: RowSet | None) -> RowSet:
            nonlocal before
            ids = row_ids
            if known is not None:
                _refuse_other(known, kind)
                before, ids = len(known.row_ids), pa.concat_arrays([known.row_ids, row_ids]).unique()
            return RowSet(called, kind, self._who, now(), ids)

        return self._store.keep_set(name, called, make), before

    def forget_set(self, name: str, called: str) -> None:
        """Remove a named set; raises UsageError where there is none."""
        if not self._store.forget_set(name, called):
            raise UsageError(f"{name!r} has no tag or slice {called!r}.", remedy="Load the page again.")

    def _follow(self, audited: Audited, version: Version) -> _Followed:
        path = self._store.journal(version)
        with _FOLLOWING:
            known = _FOLLOWED.get(audited.evidence)
            if known is None or known.findings is not audited.findings or known.path != path:
                queue = FindingQueue.of(audited.evidence, audited.findings, kinds=tuple(KINDS))
                known = _Followed(audited.findings, path, 0, 0, ReviewState(queue), Forebears.of(self._store, version))
            known = _FOLLOWED[audited.evidence] = _after_others(_caught_up(known))
            return known

    def _written(self, audited: Audited, version: Version, make: Make) -> ReviewEvent:
        """Write down the event that `make` gives, for the state as it is when nobody else can write."""
        self.state(audited, version)  # what takes long is done before the lock is taken
        made: list[ReviewEvent] = []

        def line(seq: int) -> dict[str, object]:
            made.append(make(self.state(audited, version), Signed(seq, now(), self._who)))
            return made[0].to_json()

        self._store.append(version, line)
        return made[0]


def rows_here(sets: Sequence[RowSet], dataset: Dataset) -> list[NDArray[np.int64]]:
    """Give for each set the positions of its rows that are in a version; all are looked up at once."""
    if not sets:
        return []
    found = dataset.positions_of(pa.concat_arrays([one.row_ids for one in sets]).cast(dataset.row_ids.type))
    parts = np.split(found, np.cumsum([len(one.row_ids) for one in sets])[:-1])
    return [part[part >= 0] for part in parts]


def _refuse_other(known: RowSet, kind: str) -> None:
    if known.kind != kind or kind == "slice":
        raise UsageError(
            f"there is a {known.kind} {known.name!r} with {len(known.row_ids):,} rows.",
            remedy="Take another name, or forget that one first.",
        )


def _after_others(known: _Followed) -> _Followed:
    """Give the review with what was decided at the versions that its version comes from."""
    stamp = known.forebears.stamp()
    if stamp == known.seen:
        return known
    former = known.forebears.decided(known.state.queue)
    return replace(known, seen=stamp, state=replace(known.state, former=former))


def _caught_up(known: _Followed) -> _Followed:
    """Give the review with what was written since; from the start where the file is another one."""
    try:
        stat = known.path.stat()
    except FileNotFoundError:
        return replace(known, file=0, end=0, state=replace(known.state, events=()), torn=False)
    if stat.st_ino != known.file or stat.st_size < known.end:
        known = replace(known, file=stat.st_ino, end=0, state=replace(known.state, events=()))
    elif stat.st_size == known.end:
        return replace(known, torn=False)
    read = read_journal(known.path, known.end)
    events = [ReviewEvent.from_json(line) for line in read.lines]
    return replace(known, end=read.end, state=known.state.after(events), torn=read.torn)
