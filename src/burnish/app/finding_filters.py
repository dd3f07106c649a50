"""Filters of the queue: which findings are looked at, and in which order, as an address says it."""

from collections import Counter
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from fastapi import Query
from numpy.typing import NDArray

from burnish.app.documents.review import LabelPair
from burnish.app.documents.rows import MaskAsked
from burnish.app.masks import answer
from burnish.app.opened import Opened
from burnish.app.served import Served
from burnish.errors import UsageError
from burnish.pipeline.queue import Sort
from burnish.pipeline.reviewing import OPEN, SKIPPED, ReviewState

MAX_ROWS = 1_000
"""Rows that an address names; of more a tag is made."""
PAIRS_TOLD = 500

State = Literal["all", "open", "decided", "skipped"]
Text = Annotated[str, Query(max_length=1_000)]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Filters:
    """Which findings: of a code, a state, a given or a suggested label, about rows of a tag, a slice, or named ones.

    `rows`: positions in this version, joined by points. What was skipped counts as decided, too.
    """

    code: Text = ""
    state: State = "all"
    given: Text = ""
    suggested: Text = ""
    set: Text = ""
    slice: Text = ""
    rows: Annotated[str, Query(max_length=10_000)] = ""
    sort: Sort = "queue"

    def chosen(self, door: Served, opened: Opened, review: ReviewState) -> NDArray[np.int64]:
        """Give the places of the findings in their order."""
        keep = self._kept(door, opened, review)
        given, suggested = review.queue.labels_told if self.given or self.suggested else ((), ())
        for asked, told in ((self.given, given), (self.suggested, suggested)):
            if asked:
                keep = keep & (told == asked)
        return review.queue.chosen(keep, code=self.code, sort=self.sort)

    def pairs(self, door: Served, opened: Opened, review: ReviewState) -> list[LabelPair]:
        """Give the pairs of given and suggested labels among them, most frequent first, whichever pair is chosen."""
        places = review.queue.chosen(self._kept(door, opened, review), code=self.code)
        given, suggested = (told[places].tolist() for told in review.queue.labels_told)
        counts = Counter(pair for pair in zip(given, suggested, strict=True) if None not in pair)
        return [LabelPair(given=g, suggested=s, n=n) for (g, s), n in counts.most_common(PAIRS_TOLD)]

    def _kept(self, door: Served, opened: Opened, review: ReviewState) -> Mask:
        keep = in_state(review, self.state)
        for mask in self._rows(door, opened):
            keep = keep & review.queue.about(mask)
        return keep

    def _rows(self, door: Served, opened: Opened) -> list[Mask]:
        masks = [_named(opened, self.rows)] if self.rows else []
        asked = [MaskAsked(v="", kind="set", value=self.set)] if self.set else []
        asked += [MaskAsked(v="", kind="slice", value=self.slice)] if self.slice else []
        return masks + [answer(door, opened, one).mask for one in asked]


def in_state(review: ReviewState, state: State) -> Mask:
    """Mask of the findings (n,) in a state."""
    if state == "skipped":
        return np.asarray(review.status == SKIPPED)
    is_open = np.asarray(review.status == OPEN)
    return {"all": np.ones_like(is_open), "open": is_open, "decided": ~is_open}[state]


def _named(opened: Opened, rows: str) -> Mask:
    parts, n_rows = rows.split("."), len(opened.dataset)
    if len(parts) > MAX_ROWS or not all(part.isdecimal() and int(part) < n_rows for part in parts):
        raise UsageError(
            f"{rows[:40]!r} does not name up to {MAX_ROWS:,} of the {n_rows:,} rows by position.",
            remedy="Join positions by points, as in 0.5.8; of more rows make a tag.",
        )
    mask = np.zeros(n_rows, np.bool_)
    mask[[int(part) for part in parts]] = True
    return mask
