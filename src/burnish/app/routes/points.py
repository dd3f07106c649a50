"""The map: its points, and questions about every row."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from burnish.app.documents.rows import MaskAsked
from burnish.app.masks import answer
from burnish.app.points import map_stream
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


def _parts(stream: pa.Buffer) -> Iterator[bytes]:
    for start in range(0, stream.size, PART_BYTES):
        yield stream.slice(start, min(PART_BYTES, stream.size - start)).to_pybytes()
