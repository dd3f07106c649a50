"""Rows by position, id or likeness; their pictures and sound; slices."""

import hashlib
import re
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import StreamingResponse

from burnish.app.documents.rows import Confused, RowDetail, Rows, Similar, SliceLine, Slices
from burnish.app.documents.shared import Row
from burnish.app.masks import likeness
from burnish.app.media import Pictures, byte_range, media_of, sound_of
from burnish.app.opened import Opened
from burnish.app.points import points_of
from burnish.app.row_documents import few_rows, flags_of, rows_now
from burnish.app.served import Door, Looked, Served
from burnish.dataset import Dataset
from burnish.errors import NotThereError, UsageError
from burnish.kernels.nearest import Nearest
from burnish.pipeline.confusions import Confusion, confusions
from burnish.pipeline.slice_lines import Line, slice_lines
from burnish.reports.markup import clean
from burnish.workspace.reviewing import rows_here
from burnish.workspace.similar import neighbors_found

ROWS_AT_ONCE = 200
WHOLE_TEXT = 1_000_000
NEIGHBORS_SHOWN = 12
PAIRS_SHOWN = 500
METRIC = "accuracy"
UNCHANGED = "private, max-age=31536000, immutable"
"""For an address that names the content by its hash: what it gives never changes."""

router = APIRouter()

RowId = Annotated[str, Query(max_length=100_000)]
FieldName = Annotated[str, Query(max_length=10_000, description="empty: the first field that holds one")]
Hash = Annotated[str, Query(max_length=100, description="hash of the version: with it, the answer may be kept")]

_NUMBER = re.compile(r"[0-9]{1,15}")
_PICTURES = Pictures()


@router.get("/rows")
def rows(door: Door, looked: Looked, at: Annotated[str, Query(max_length=10_000)]) -> Rows:
    """Give rows by position, as in at=5,8,13; at most 200."""
    return Rows(rows=rows_now(door, looked, _positions(at, len(looked.dataset))))


@router.get("/row")
def row(door: Door, looked: Looked, row_id: RowId) -> RowDetail:
    """Give a row with its text, its neighbors and the findings about it."""
    position = _position(looked.dataset, row_id)
    (told,) = rows_now(door, looked, [position], characters=WHOLE_TEXT)
    found = [(flag.code, flag.finding_id, flag.message) for flag in flags_of(looked, position)]
    return RowDetail(row=told, neighbors=_near(door, looked, _neighbors(looked, position)), findings=found)


@router.get("/similar")
def similar(
    door: Door,
    looked: Looked,
    row_id: RowId | None = None,
    text: Annotated[str | None, Query(max_length=100_000)] = None,
    k: Annotated[int, Query(ge=1, le=ROWS_AT_ONCE)] = 20,
) -> Similar:
    """Give the rows nearest to a row or a text."""
    if (row_id is None) == (text is None):
        raise UsageError("rows are like a row or like a text.", remedy="Give row_id or text, and not both.")
    known = likeness(door, looked)
    nearest = known.to_text(text or "", k) if row_id is None else known.to_row(_position(looked.dataset, row_id), k)
    return Similar(rows=_near(door, looked, nearest))


@router.get("/image", response_class=Response, responses={200: {"content": {"image/webp": {}}}, 304: {}})
def image(
    looked: Looked,
    row_id: RowId,
    field: FieldName = "",
    size: Annotated[int, Query(ge=32, le=2048)] = 96,
    hash: Hash = "",  # noqa: A002 - its name in the address
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Give a picture as WebP, made anew from its pixels: the least of a few sizes that is at least `size` pixels."""
    one = few_rows(looked.dataset, [_position(looked.dataset, row_id)])
    name, version = field or _first(one, "image"), looked.version.version
    etag = _etag(version, row_id, name, size)
    headers = {"ETag": etag, "Cache-Control": UNCHANGED if hash == version else "private, no-cache"}
    if if_none_match == etag:
        return Response(status_code=304, headers=headers)
    return Response(_PICTURES.webp(one, name, size, version=version), media_type="image/webp", headers=headers)


@router.get("/audio", response_class=Response, responses={200: {"content": {"audio/*": {}}}, 206: {}, 416: {}})
def audio(
    looked: Looked,
    row_id: RowId,
    field: FieldName = "",
    range_: Annotated[str | None, Header(alias="Range")] = None,
) -> Response:
    """Give the sound of a row, as it is stored; a part of it for a Range."""
    one = few_rows(looked.dataset, [_position(looked.dataset, row_id)])
    sound = sound_of(one, field or _first(one, "audio"))
    asked = byte_range(range_, sound.size)
    if asked is not None and not asked:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{sound.size}"})
    part = range(sound.size) if asked is None else asked
    headers = {"Accept-Ranges": "bytes", "Content-Length": str(len(part))}
    if asked is not None:
        headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{sound.size}"
    status = 200 if asked is None else 206
    return StreamingResponse(sound.pieces(part), status, headers, sound.media_type)


@router.get("/slices")
def slices(door: Door, looked: Looked) -> Slices:
    """Give every slice: found ones, those that people named, clusters."""
    evidence = looked.audited.evidence
    named = [one for one in door.reviewing.sets(looked.version.dataset) if one.kind == "slice"]
    here = rows_here(named, looked.dataset)
    overall, lines = slice_lines(evidence, {one.name: rows for one, rows in zip(named, here, strict=True)})
    pairs = confusions(evidence)
    return Slices(
        metric=METRIC, overall=overall, slices=[_slice(line) for line in lines],
        confused=_confused(door, looked, pairs[:PAIRS_SHOWN]), n_confused=len(pairs),
    )  # fmt: skip


def _confused(door: Served, looked: Opened, pairs: list[Confusion]) -> list[Confused]:
    """Give pairs with the filters of the map that show them; a label that is there one of the others has none."""
    facets = {one.name: list(one.values) for one in points_of(door, looked).facets} if pairs else {}
    lines = []
    for pair in pairs:
        named = {"label": clean(pair.given, 60), "predicted_label": clean(pair.predicted, 60)}
        known = {name: facets[name].index(said) for name, said in named.items() if said in facets.get(name, ())}
        filters = {f"f.{name}": str(value) for name, value in known.items()} if len(known) == len(named) else {}
        lines.append(Confused(**pair._asdict(), filters=filters))
    return lines


def _slice(line: Line) -> SliceLine:
    judged = line.judged
    return SliceLine(
        name=line.name, description=line.description, kind=line.kind, size=line.size, n_evaluated=judged.n,
        metric=judged.accuracy, metric_low=judged.low, metric_high=judged.high, gap=judged.gap,
        gap_low=judged.gap_low, gap_high=judged.gap_high, p_value=line.p_value, q_value=line.q_value,
        keywords=list(line.keywords), mask=line.of,
    )  # fmt: skip


def _near(door: Served, looked: Opened, nearest: Nearest) -> list[Row]:
    found = rows_now(door, looked, nearest.positions)
    distances = np.asarray(nearest.distances, np.float64).tolist()
    return [one.model_copy(update={"distance": distance}) for one, distance in zip(found, distances, strict=True)]


def _neighbors(looked: Opened, position: int) -> Nearest:
    """Give the nearest rows that the audit found; none without one."""
    if looked.found is None:
        return Nearest(np.empty(0, np.int64), np.empty(0, np.float32))
    positions, distances = neighbors_found(looked.found.evidence, position)
    return Nearest(positions[:NEIGHBORS_SHOWN], distances[:NEIGHBORS_SHOWN])


def _positions(at: str, n_rows: int) -> list[int]:
    """Read positions; raises UsageError for one that no row has."""
    parts = [part.strip() for part in at.split(",") if part.strip()]
    wrong = next((part for part in parts if not (_NUMBER.fullmatch(part) and int(part) < n_rows)), None)
    if wrong is not None:
        raise UsageError(f"no row at {wrong[:60]!r}.", remedy=f"Rows are numbered from 0 to {n_rows - 1:,}.")
    if len(parts) > ROWS_AT_ONCE:
        raise UsageError(f"{len(parts)} rows at once.", remedy=f"Ask for at most {ROWS_AT_ONCE}.")
    return [int(part) for part in parts]


def _position(dataset: Dataset, row_id: str) -> int:
    position = int(pc.index(dataset.row_ids, pa.scalar(row_id, dataset.row_ids.type)).as_py())
    if position < 0:
        raise NotThereError(f"{dataset.name} has no row {row_id[:200]!r}.", remedy="Ids are those of rows.parquet.")
    return position


def _first(one: Dataset, kind: str) -> str:
    """Give the first field of a row that holds a picture or sound."""
    found = next((name for name, held in media_of(one)[0].items() if held == kind), None)
    if found is None:
        raise NotThereError(
            f"row {one.row_ids[0].as_py()[:200]!r} holds no {kind}.", remedy="`media` of a row names its fields."
        )
    return found


def _etag(*parts: Any) -> str:
    return f'"{hashlib.blake2b(repr(parts).encode(), digest_size=12).hexdigest()}"'
