"""Former: what was decided at the versions that a version comes from, of findings that are found again."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from burnish.dataset.changesets import label_strings
from burnish.pipeline.queue import DROP, RELABEL, FindingQueue
from burnish.pipeline.reviewing import Former, FormerDecision, ReviewEvent, ReviewState

SCORE = re.compile(r" \(\d\.\d\d\)$")
"""How the message about a label ends: with a number that moves from audit to audit."""

Said = Mapping[tuple[str, str | None], Set[str]]


class Earlier(NamedTuple):
    """The review of an earlier version, and what it was about.

    `said`: code and row id (None of findings without rows) → messages of its audit. `labels`: row id → the label that
    it had, of rows that were relabelled since. `brought`: ids of rows that came since: where such an id was there
    before, its content was another.
    """

    version: str
    events: Sequence[ReviewEvent]
    said: Said
    labels: Mapping[str, str | None]
    brought: Set[str]


def former_decisions(queue: FindingQueue, earlier: Sequence[Earlier]) -> Former:
    """Give the newest decision and note about each finding that is found again; `earlier`: oldest first.

    Found again: with the same code, rows, content and given labels, and the same suggestion.
    """
    kept: dict[str, FormerDecision] = {}
    notes: dict[str, str] = {}
    for one in earlier:
        review = ReviewState(queue, one.events)
        for finding in review.reopened:
            kept.pop(finding, None)
        decided = {i: events for i, events in _decided(review).items() if _is_found_again(queue, i, one)}
        for finding, events in decided.items():
            edits = any(_edits(queue, finding, event) for event in events)
            kept[finding] = FormerDecision(one.version, events[-1], edits)
        written = ((e.finding_id, e.note or "") for e in review.standing if e.action == "note")
        notes |= {finding: note for finding, note in written if finding and _is_found_again(queue, finding, one)}
    return Former(kept, notes)


def rows_decided(queue: FindingQueue, events: Sequence[ReviewEvent]) -> set[str]:
    """Give the ids of the rows of findings that events are about and this audit makes; "" where one has no rows."""
    named = {i for event in events for i in (*event.findings, event.finding_id or "")}
    places = [queue.place[finding] for finding in named if finding in queue.place]
    return {row for place in places for row in _rows(queue, place) or [""]}


def _decided(review: ReviewState) -> Mapping[str, list[ReviewEvent]]:
    """Give the decisions that say how each finding stands: the newest about all of it, and those about rows since."""
    found: dict[str, list[ReviewEvent]] = defaultdict(list)
    for event in review.standing:
        if event.action != "note":
            for finding in event.findings or ((event.finding_id,) if event.finding_id else ()):
                found[finding] = [*(found[finding] if event.row_ids else ()), event]
    return found


def _is_found_again(queue: FindingQueue, finding: str, one: Earlier) -> bool:
    place = queue.place.get(finding)
    if place is None:
        return False
    code, message, rows = queue.findings[place].code, queue.findings[place].message, _rows(queue, place)
    if not rows:  # the id names what it is about
        return (code, None) in one.said
    told = [{SCORE.sub("", text) for text in one.said.get((code, row), ())} for row in rows]
    names_labels = queue.findings[place].kind == "suspect_label" or _suggests_label(queue, place)
    same = all(SCORE.sub("", message) in texts if names_labels else texts for texts in told)
    return same and one.brought.isdisjoint(rows) and _labels_stayed(queue, rows, one)


def _labels_stayed(queue: FindingQueue, rows: Sequence[str], one: Earlier) -> bool:
    some = [row for row in rows if row in one.labels]
    now = label_strings(queue.dataset, queue.positions_of(some)).to_pylist() if some else []
    return now == [one.labels[row] for row in some]


def _edits(queue: FindingQueue, finding: str, event: ReviewEvent) -> bool:
    if event.action in ("relabel", "drop") or event.label is not None:
        return True
    some = slice(*queue.starts[queue.place[finding] :][:2].tolist())
    suggested = np.isin(queue.edits[some], (DROP, RELABEL)) & queue.trains[some]
    return event.action in ("accept", "bulk") and bool(suggested.any())


def _suggests_label(queue: FindingQueue, place: int) -> bool:
    return any(flag.label is not None for flag in queue.findings[place].rows)


def _rows(queue: FindingQueue, place: int) -> list[str]:
    rows = queue.rows[queue.starts[place] : queue.starts[place + 1]]
    return [str(row) for row in queue.dataset.row_ids.take(pa.array(rows)).to_pylist()]
