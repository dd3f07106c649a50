"""Comparison of two versions or models: what was found, which rows flipped."""

from typing import Annotated

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from fastapi import APIRouter, Query, Response
from fastapi.responses import Response as Bytes

from burnish.adapters.stores.measured import MeasuredStore
from burnish.app.documents.comparing import Compared, Comparisons, Flip, Flips, Outcome
from burnish.app.row_documents import row_documents
from burnish.app.served import Door
from burnish.app.told import comparison_line, comparison_told, plain
from burnish.workspace.reviewing import Reviewing

router = APIRouter()

Key = Annotated[str, Query(min_length=1, max_length=100, description="the key of a comparison")]


@router.get("/comparisons")
def comparisons(door: Door, name: Annotated[str, Query(min_length=1, max_length=500)]) -> Comparisons:
    """Tell what was compared before among the versions of a data set, newest first."""
    door.workspace.history.store.versions(name)  # raises where there is none
    return Comparisons(comparisons=[comparison_line(one) for one in _store(door).comparisons(name)])


@router.get("/compared")
def compared(door: Door, key: Key) -> Compared:
    """Tell what a comparison found."""
    return comparison_told(_store(door).compared(key))


@router.get(
    "/outcomes", response_class=Bytes, responses={200: {"content": {"application/octet-stream": {}}, "description": ""}}
)
def outcomes(door: Door, key: Key) -> Response:
    """Give a byte a row of the version: 0 not compared, else the place of its outcome among those of /api/compared.

    Of classes: 1 fixed, 2 broken, 3 both right, 4 both wrong. Of numbers: 1 nearer, 2 farther, 3 as near.
    """
    store = _store(door)
    told, rows = store.compared(key), store.outcomes(key)
    dataset = door.versions.opened(told["v"]).dataset
    codes = np.zeros(len(dataset), np.uint8)
    code = pc.index_in(rows["outcome"].combine_chunks(), value_set=pa.array(list(told["outcomes"])))
    codes[dataset.positions_of(rows["row_id"].combine_chunks())] = code.to_numpy() + 1
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
    store = _store(door)
    opened = door.versions.opened(store.compared(key)["v"])
    rows = store.outcomes(key)
    rows = rows.filter(pc.equal(rows["outcome"], outcome))
    order = np.argsort(-np.abs(rows["difference"].to_numpy()), kind="stable")
    shown = rows.take(pa.array(order[offset : offset + limit]))
    reviewing = Reviewing(door.workspace.history)
    review = None if opened.found is None else reviewing.state(opened.found, opened.version)
    sets = {one.name: one.row_ids for one in reviewing.sets(opened.version.dataset)}
    places = opened.dataset.positions_of(shown["row_id"].combine_chunks())
    documents = row_documents(opened, places, review=review, sets=sets)
    lines = [
        Flip(row=row, label=line["label"], a=line["a"], b=line["b"], outcome=outcome,
             difference=plain(line["difference"]))
        for row, line in zip(documents, shown.to_pylist(), strict=True)
    ]  # fmt: skip
    return Flips(total=len(rows), flips=lines)


def _store(door: Door) -> MeasuredStore:
    return MeasuredStore(door.workspace.history.store)
