"""Masks: answers to questions about every row that the page cannot answer itself."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from burnish.adapters.conditions import Conditions
from burnish.app.documents.rows import MaskAsked
from burnish.app.kept import PerVersion
from burnish.app.opened import Opened
from burnish.app.points import points_of
from burnish.app.served import Served
from burnish.errors import InputError, UsageError
from burnish.kernels.bits import packed
from burnish.kernels.nearest import Nearest
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


def nearest(door: Served, opened: Opened, asked: MaskAsked) -> Nearest:
    """Give the rows most like a row or a text, nearest first; raises UsageError for another question."""
    if asked.kind == "similar_text":
        return likeness(door, opened).to_text(asked.value, asked.k)
    if asked.kind != "similar_row":
        raise UsageError(f"{asked.kind!r} has no order.", remedy="Ask for similar_row or similar_text.")
    (position,) = opened.dataset.positions_of([asked.value]).tolist()
    if position < 0:
        raise InputError(f"{opened.version.name} has no row {asked.value[:60]!r}.", remedy="Ask for a row that it has.")
    return likeness(door, opened).to_row(position, asked.k)


def order_by(opened: Opened, name: str, *, highest: bool) -> NDArray[np.uint32]:
    """Give the positions of all rows by a number that the audit found of them; equal ones by position, none last."""
    numbers = opened.facts.column(name).cast(pa.float64()).to_numpy(zero_copy_only=False)
    return np.argsort(-numbers if highest else numbers, kind="stable").astype(np.uint32)


def _finding(opened: Opened, finding_id: str) -> Mask:
    findings = opened.facts.findings.select(["finding_id", "row_id"])
    flagged = findings.filter(pc.equal(findings["finding_id"], finding_id))["row_id"]
    if not len(flagged):
        raise InputError(
            f"the audit of {opened.version.name} has no finding {finding_id[:60]!r}.",
            remedy="Choose one of the queue: after another audit, findings have other ids.",
        )
    return _at(opened, opened.dataset.positions_of(flagged.combine_chunks()))


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
    "finding": lambda _, opened, asked: _finding(opened, asked.value),
    "similar_text": lambda *asked: _at(asked[1], nearest(*asked).positions),
    "similar_row": lambda *asked: _at(asked[1], nearest(*asked).positions), "set": _set, "polygon": _polygon,
}  # fmt: skip


def _at(opened: Opened, positions: NDArray[np.integer]) -> Mask:
    mask = np.zeros(len(opened.dataset), np.bool_)
    mask[positions] = True
    return mask
