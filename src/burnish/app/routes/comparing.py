"""Comparison of two versions or models: what was found, which rows flipped."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import Response as Bytes

from burnish.app.documents.comparing import Compared, Comparisons, Flip, Flips, Outcome
from burnish.app.row_documents import rows_now
from burnish.app.served import Door
from burnish.app.told import comparison_line, comparison_told, plain
from burnish.pipeline.comparison import of_outcome, outcome_codes

router = APIRouter()

Key = Annotated[str, Query(min_length=1, max_length=100, description="the key of a comparison")]


@router.get("/comparisons")
def comparisons(door: Door, name: Annotated[str, Query(min_length=1, max_length=500)]) -> Comparisons:
    """Tell what was compared before among the versions of a data set, newest first."""
    door.store.numbers(name)  # raises where there is none
    return Comparisons(comparisons=[comparison_line(one) for one in door.measured.comparisons(name)])


@router.get("/compared")
def compared(door: Door, key: Key) -> Compared:
    """Tell what a comparison found."""
    return comparison_told(door.measured.compared(key))


@router.get(
    "/outcomes", response_class=Bytes, responses={200: {"content": {"application/octet-stream": {}}, "description": ""}}
)
def outcomes(door: Door, key: Key) -> Response:
    """Give a byte a row of the version: 0 not compared, else the place of its outcome among those of /api/compared.

    Of classes: 1 fixed, 2 broken, 3 both right, 4 both wrong. Of numbers: 1 nearer, 2 farther, 3 as near.
    """
    told, rows = door.measured.compared(key), door.measured.outcomes(key)
    codes = outcome_codes(rows, list(told["outcomes"]), door.versions.opened(told["v"]).dataset)
    return Bytes(codes.tobytes(), media_type="application/octet-stream")


@router.get("/flips")
def flips(
    door: Door,
    key: Key,
    outcome: Outcome = "broken",
    offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
    limit: Annotated[int, Query(ge=0, le=200)] = 50,
) -> Flips:
    """Give the rows of one outcome, those first on which the two differ most."""
    opened = door.versions.opened(door.measured.compared(key)["v"])
    rows = of_outcome(door.measured.outcomes(key), outcome)
    shown = rows.slice(offset, limit)
    documents = rows_now(door, opened, opened.dataset.positions_of(shown["row_id"].combine_chunks()))
    lines = [
        Flip(row=row, label=line["label"], a=line["a"], b=line["b"], outcome=outcome,
             difference=plain(line["difference"]))
        for row, line in zip(documents, shown.to_pylist(), strict=True)
    ]  # fmt: skip
    return Flips(total=len(rows), flips=lines)
