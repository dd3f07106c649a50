"""Rows as documents: made for the rows that were asked for, and for no others."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from burnish.adapters.sources.tables import is_bytes, is_scalar, is_text
from burnish.adapters.stores.reviews import RowSet
from burnish.app.documents.shared import Decision, Row
from burnish.app.kept import PerVersion
from burnish.app.media import media_of
from burnish.app.opened import Opened
from burnish.app.served import Served
from burnish.dataset import Dataset
from burnish.dataset.moments import moment_words
from burnish.dataset.rows import is_list
from burnish.pipeline.reviewing import ReviewState
from burnish.reports.facets import NO_CLASS

CHARACTERS = 2_000
"""Of a text, where it is not asked for as a whole."""

FIELDS_SHOWN = 60
FIELD_CHARACTERS = 300
LIST_ITEMS = 20
"""Of a row's fields: how many are told, how much of each, and how many items of a list."""

COPIED_BYTES = 8 * 2**20
"""Rows that are smaller are copied: one array is faster than a piece for each row."""

TOLD_ELSEWHERE = ("text", "label", "split", "id", "embedding", "proba")
"""Roles whose field a row tells under a name of its own, or not at all."""

FOUND = (
    "split", "predicted_label", "predicted_proba", "label_quality", "suggested_label", "outlier_score", "cluster",
)  # fmt: skip
"""Columns of `rows.parquet` that a row tells."""

Positions = Sequence[int] | NDArray[np.integer]


class Flag(NamedTuple):
    """A finding about a row."""

    code: str
    finding_id: str
    message: str


def rows_now(door: Served, opened: Opened, positions: Positions, *, characters: int = CHARACTERS) -> list[Row]:
    """Give rows with what was decided of them and the sets that they are in, as things stand."""
    sets = door.reviewing.sets(opened.version.dataset)
    return row_documents(opened, positions, review=door.review_of(opened), sets=sets, characters=characters)


def row_documents(
    opened: Opened, positions: Positions, *, review: ReviewState | None = None, sets: Iterable[RowSet] = (),
    characters: int = CHARACTERS,
) -> list[Row]:  # fmt: skip
    """Give the rows at `positions`, in that order, each text cut after `characters`.

    `review`: tells what was decided; `sets`: the tags and slices that a row can be in. A version that was not audited
    tells what the data set holds.
    """
    rows = few_rows(opened.dataset, positions)
    ids = rows.row_ids.to_pylist()
    names, tags = _shown_fields(rows), _tags(rows, sets)
    texts = _texts(rows, characters + 1)
    fields = [told_values(rows.fields.column(name)) for name in names]
    left_off = len(_fields(rows)) - len(names)
    lines = zip(positions, ids, texts, _labels(rows), media_of(rows), _found(opened, rows, positions), strict=True)
    return [
        Row(
            row=int(position), row_id=row_id, text=None if text is None else text[:characters],
            cut=text is not None and len(text) > characters, label=label, media=media,
            fields=[(name, values[i]) for name, values in zip(names, fields, strict=True)], fields_left_off=left_off,
            tags=tags.get(row_id, []), decision=_decision(review, int(position)), **found,
        )
        for i, (position, row_id, text, label, media, found) in enumerate(lines)
    ]  # fmt: skip


def few_rows(dataset: Dataset, positions: Positions) -> Dataset:
    """Give the data set that has only a few rows, without vectors; cells are not copied where they are large."""
    at = np.asarray(positions, np.int64)
    fields = pa.concat_tables([dataset.fields.slice(0, 0), *(dataset.fields.slice(one, 1) for one in at.tolist())])
    return replace(
        dataset, fields=fields.combine_chunks() if fields.nbytes < COPIED_BYTES else fields,
        row_ids=dataset.row_ids.take(pa.array(at)), content=dataset.content[at], vectors=None,
    )  # fmt: skip


def flags_of(opened: Opened, position: int) -> list[Flag]:
    """Give the findings about a row; none for a version that was not audited."""
    return [] if opened.found is None else _flags(opened).of(position)


def told_values(column: pa.ChunkedArray) -> list[str]:
    """Give the values of a few rows as they are shown: cut, lists by their first items, bytes by their number."""
    kind = column.type
    if is_bytes(kind) or pa.types.is_fixed_size_binary(kind):
        return ["" if n is None else f"{n:,} bytes" for n in pc.binary_length(column).to_pylist()]
    if is_list(kind) and is_scalar(kind.value_type):
        return list(_told_lists(column))
    try:
        texts = column if is_text(kind) else column.cast(pa.large_string())
    except pa.ArrowException:
        return [f"({kind})"[:FIELD_CHARACTERS] if known else "" for known in pc.is_valid(column).to_pylist()]
    cut = pc.utf8_slice_codeunits(texts, 0, FIELD_CHARACTERS + 1).to_pylist()
    told = moment_words if pa.types.is_temporal(kind) else _shortened
    return ["" if text is None else told(text) for text in cut]


class _Flags:
    """The findings of a version by position of the row."""

    def __init__(self, opened: Opened) -> None:
        lines = opened.facts.findings.select(["row_id", "code", "finding_id", "message"])
        positions = opened.dataset.positions_of(lines["row_id"].combine_chunks())
        order = np.argsort(positions, kind="stable")
        self._order, self._positions = order, positions[order]
        self._lines = lines

    def of(self, position: int) -> list[Flag]:
        """Give the findings about the row at `position`."""
        first, stop = np.searchsorted(self._positions, [position, position + 1])
        lines = self._lines.take(pa.array(self._order[first:stop])).to_pylist()
        return [Flag(line["code"], line["finding_id"], line["message"]) for line in lines]


_FLAGS: PerVersion[_Flags] = PerVersion()


def _flags(opened: Opened) -> _Flags:
    """Give the index of a version's findings, made once while it is open."""
    return _FLAGS.of(opened, lambda: _Flags(opened))


def _found(opened: Opened, rows: Dataset, positions: Positions) -> Iterator[dict[str, Any]]:
    if opened.found is None:
        splits = pa.nulls(len(rows)) if rows.splits is None else rows.splits
        yield from ({"split": split} for split in splits.to_pylist())
        return
    names = opened.facts.cluster_names
    beside = [None] * len(rows) if rows.task == "classification" else _answers(rows, rows.roles.prediction)
    at = np.asarray(positions, np.int64)
    lines = opened.facts.rows.select(FOUND).take(pa.array(at)).to_pylist()
    for position, locked, said, line in zip(at.tolist(), opened.evaluation[at].tolist(), beside, lines, strict=True):
        cluster = line.pop("cluster")
        known = cluster is not None and cluster >= 0
        codes = sorted({flag.code for flag in _flags(opened).of(position)})
        named = {"cluster": cluster, "cluster_name": names.get(cluster)} if known else {}
        yield {**line, **named, "predicted": line.pop("predicted_label") or said, "evaluation": locked, "codes": codes}


def _texts(rows: Dataset, characters: int) -> list[str | None]:
    """Give the texts, cut before they become strings of Python; an empty one where a row has none."""
    if rows.roles.text is None:
        return [None] * len(rows)
    column = rows.fields.column(rows.roles.text)
    column = column if is_text(column.type) else column.cast(pa.large_string())
    return [text or "" for text in pc.utf8_slice_codeunits(column, 0, characters).to_pylist()]


def _decision(review: ReviewState | None, position: int) -> Decision | None:
    decision = None if review is None else review.decision_of_row(position)
    return None if decision is None else Decision(**decision._asdict())


def _labels(rows: Dataset) -> list[str | None]:
    """Give the labels as strings, several of a row one after the other; None where a row has none."""
    return _answers(rows, rows.roles.label)


def _answers(rows: Dataset, name: str | None) -> list[str | None]:
    if name is None:
        return [None] * len(rows)
    column = rows.fields.column(name)
    empty = NO_CLASS if is_list(column.type) else None
    known = pc.is_valid(column).to_pylist()
    return [(said or empty) if here else None for said, here in zip(told_values(column), known, strict=True)]


def _fields(rows: Dataset) -> list[str]:
    """Give the fields that a row is told by, but for those that it tells under names of their own."""
    roles = rows.roles.named()
    elsewhere = {roles.get(role) for role in TOLD_ELSEWHERE}
    return [name for name in rows.fields.column_names if name not in elsewhere]


def _shown_fields(rows: Dataset) -> list[str]:
    return _fields(rows)[:FIELDS_SHOWN]


def _tags(rows: Dataset, sets: Iterable[RowSet]) -> dict[str, list[str]]:
    """Row id → names of the sets that it is in."""
    tags: dict[str, list[str]] = {}
    for one in sets:
        here = one.row_ids.filter(pc.is_in(one.row_ids, value_set=rows.row_ids))  # a set may have many rows
        for row_id in here.to_pylist():
            tags.setdefault(row_id, []).append(one.name)
    return tags


def _told_lists(column: pa.ChunkedArray) -> Iterator[str]:
    lengths = pc.list_value_length(column).to_pylist()
    first = pc.list_slice(column, 0, LIST_ITEMS, return_fixed_size_list=False)
    items = iter(told_values(pc.list_flatten(first)))
    for length in lengths:
        shown = [next(items) for _ in range(min(length or 0, LIST_ITEMS))]
        more = [f"… {length:,} values"] if (length or 0) > LIST_ITEMS else []
        yield _shortened(", ".join([*shown, *more]))


def _shortened(text: str) -> str:
    return text if len(text) <= FIELD_CHARACTERS else text[: FIELD_CHARACTERS - 1] + "…"
