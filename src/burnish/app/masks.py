"""Masks: answers to questions about every row that the page cannot answer itself."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from burnish.adapters.conditions import Conditions
from burnish.app.documents.rows import MaskAsked
from burnish.app.kept import PerVersion
from burnish.app.opened import Opened
from burnish.app.points import points_of
from burnish.app.served import Served
from burnish.errors import InputError, UsageError
from burnish.kernels.bits import packed
from burnish.kernels.polygons import inside_polygon
from burnish.workspace.searching import (
    Mask,
    condition_table,
    holding_text,
    in_slice,
    known_names,
    matching_pattern,
    with_ids,
)
from burnish.workspace.similar import Likeness

MOST_CHARACTERS = 10_000
"""Of a text, a pattern or a condition; only a list of ids may be longer."""

FARTHEST_CORNER = 1_000.0


class Answer(NamedTuple):
    """The rows (n_rows,) that a question is about, and how many of the ids that it names no row has."""

    mask: Mask
    unknown: int = 0

    def packed(self) -> bytes:
        """Give a bit a row, lowest bit first."""
        return packed(self.mask)


_LIKENESS: PerVersion[Likeness] = PerVersion()
_CONDITIONS: PerVersion[Conditions] = PerVersion()


def answer(door: Served, opened: Opened, asked: MaskAsked) -> Answer:
    """Answer a question; raises UsageError for one that cannot be answered, InputError for what is not there."""
    if asked.kind != "ids" and len(asked.value) > MOST_CHARACTERS:
        raise UsageError(
            f"the question has {len(asked.value):,} characters.", remedy=f"Ask in at most {MOST_CHARACTERS:,}."
        )
    return _ids(opened, asked) if asked.kind == "ids" else Answer(_ANSWERS[asked.kind](door, opened, asked))


def likeness(door: Served, opened: Opened) -> Likeness:
    """Give what finds similar rows of a version; raises NotAuditedError."""
    audited, threads = opened.audited, door.workspace.limits.n_threads
    return _LIKENESS.of(opened, lambda: Likeness(audited, threads))


def conditions_of(opened: Opened) -> Conditions:
    """Give what answers conditions about a version."""
    rows = None if opened.found is None else opened.facts.rows
    return _CONDITIONS.of(opened, lambda: Conditions(condition_table(opened.dataset, rows)))


def _ids(opened: Opened, asked: MaskAsked) -> Answer:
    given = {line.strip("\r") for line in asked.value.split("\n")} - {""}
    mask = with_ids(opened.dataset, pa.array(list(given), pa.string()))
    return Answer(mask, len(given) - int(mask.sum()))


def _similar_row(door: Served, opened: Opened, asked: MaskAsked) -> Mask:
    (position,) = opened.dataset.positions_of([asked.value]).tolist()
    if position < 0:
        raise InputError(f"{opened.version.name} has no row {asked.value[:60]!r}.", remedy="Ask for a row that it has.")
    return _at(opened, likeness(door, opened).to_row(position, asked.k).positions)


def _set(door: Served, opened: Opened, asked: MaskAsked) -> Mask:
    sets = {one.name: one for one in door.reviewing.sets(opened.version.dataset)}
    if asked.value not in sets:
        raise InputError(f"there is no tag or slice {asked.value[:60]!r}.", remedy=known_names(sets))
    return with_ids(opened.dataset, sets[asked.value].row_ids)


def _polygon(door: Served, opened: Opened, asked: MaskAsked) -> Mask:
    corners = np.array(asked.polygon, np.float64).reshape(-1, 2)
    if len(corners) < 3 or not (np.abs(corners) <= FARTHEST_CORNER).all():
        raise UsageError(
            f"a polygon of {len(corners)} corners, or with one far outside, holds nothing.",
            remedy="Give at least three corners, in units of the map: 0 to 1.",
        )
    points = points_of(door, opened)
    return _at(opened, points.rows[inside_polygon(points.x, points.y, corners)])


_ANSWERS: Mapping[str, Callable[[Served, Opened, MaskAsked], Mask]] = {
    "text": lambda _, opened, asked: holding_text(opened.dataset, asked.value),
    "regex": lambda _, opened, asked: matching_pattern(opened.dataset, asked.value),
    "sql": lambda _, opened, asked: conditions_of(opened).matching(asked.value),
    "slice": lambda _, opened, asked: in_slice(opened.audited.evidence, asked.value),
    "similar_text": lambda door, opened, asked: _at(
        opened, likeness(door, opened).to_text(asked.value, asked.k).positions
    ),
    "similar_row": _similar_row, "set": _set, "polygon": _polygon,
}  # fmt: skip


def _at(opened: Opened, positions: NDArray[np.integer]) -> Mask:
    mask = np.zeros(len(opened.dataset), np.bool_)
    mask[positions] = True
    return mask
