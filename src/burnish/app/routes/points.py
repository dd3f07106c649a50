"""The map: its points, and questions about every row."""

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from burnish.app.documents.rows import MaskAsked, Near
from burnish.app.masks import answer, nearest, order_by
from burnish.app.points import map_stream, points_of, review_codes
from burnish.app.served import Door, Looked

router = APIRouter()

ARROW = "application/vnd.apache.arrow.stream"
BITS = "application/octet-stream"
PART_BYTES = 1 << 20


def _given(media_type: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {media_type: {"schema": {"type": "string", "format": "binary"}}}}}


@router.get("/map", response_class=StreamingResponse, responses=_given(ARROW))
def points(door: Door, looked: Looked) -> StreamingResponse:
    """Give the points of the map as an Arrow IPC stream, shuffled once; the schema's metadata tells the facets."""
    stream = map_stream(door, looked)
    return StreamingResponse(_parts(stream), media_type=ARROW, headers={"Content-Length": str(stream.size)})


@router.post("/mask", response_class=Response, responses=_given(BITS))
def mask(door: Door, asked: MaskAsked) -> Response:
    """Answer a question about every row: packed bits by position, lowest bit first; X-Burnish-Count tells how many.

    X-Burnish-Unknown: how many of the ids that were given no row has.
    """
    found = answer(door, door.versions.opened(asked.v), asked)
    told = {"X-Burnish-Count": str(int(found.mask.sum())), "X-Burnish-Unknown": str(found.unknown)}
    return Response(found.packed(), media_type=BITS, headers=told)


@router.post("/nearest")
def near(door: Door, asked: MaskAsked) -> Near:
    """Give the rows most like a row or a text (similar_row, similar_text), nearest first, with their distances."""
    found = nearest(door, door.versions.opened(asked.v), asked)
    distances = np.asarray(found.distances, np.float64).tolist()
    return Near(positions=found.positions.tolist(), distances=distances)


@router.get("/order", response_class=Response, responses=_given(BITS))
def order(looked: Looked, by: Literal["label_quality", "outlier_score"], highest: bool = False) -> Response:
    """Give the positions of all rows, four bytes each, by a number that the audit found, lowest first; none last."""
    return Response(order_by(looked, by, highest=highest).tobytes(), media_type=BITS)


@router.get("/map/review", response_class=Response, responses=_given(BITS))
def review_column(door: Door, looked: Looked) -> Response:
    """Give the codes of the facet `review` as they are now, a byte a point in the order of the map.

    X-Burnish-Points: the `points` of the map that they belong to.
    """
    points = points_of(door, looked)
    codes = review_codes(door, looked)
    return Response(codes.tobytes(), media_type=BITS, headers={"X-Burnish-Points": points.key})


def _parts(stream: pa.Buffer) -> Iterator[bytes]:
    for start in range(0, stream.size, PART_BYTES):
        yield stream.slice(start, min(PART_BYTES, stream.size - start)).to_pybytes()
