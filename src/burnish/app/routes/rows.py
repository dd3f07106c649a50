"""The map and its rows: points, masks, rows, pictures, slices."""

from fastapi import APIRouter

from burnish.app.documents.rows import MaskAsked, RowDetail, Rows, Similar, Slices
from burnish.app.served import Door, Looked

router = APIRouter()


@router.get("/map")
def points(looked: Looked) -> None:
    """Give the points of the map as an Arrow IPC stream, shuffled once; the schema's metadata tells the facets."""
    raise NotImplementedError


@router.post("/mask")
def mask(door: Door, asked: MaskAsked) -> None:
    """Answer a question about every row: packed bits by position, lowest bit first; X-Burnish-Count tells how many."""
    raise NotImplementedError


@router.get("/rows")
def rows(looked: Looked, at: str) -> Rows:
    """Give rows by position, as in at=5,8,13; at most 200."""
    raise NotImplementedError


@router.get("/row")
def row(looked: Looked, row_id: str) -> RowDetail:
    """Give a row with its text, its neighbors and the findings about it."""
    raise NotImplementedError


@router.get("/similar")
def similar(door: Door, looked: Looked, row_id: str = "", text: str = "", k: int = 20) -> Similar:
    """Give the rows nearest to a row or a text."""
    raise NotImplementedError


@router.get("/image")
def image(looked: Looked, row_id: str, field: str = "", size: int = 96) -> None:
    """Give a picture as WebP, made anew from its pixels, at most `size` pixels long."""
    raise NotImplementedError


@router.get("/audio")
def audio(looked: Looked, row_id: str, field: str = "") -> None:
    """Give the sound of a row."""
    raise NotImplementedError


@router.get("/slices")
def slices(door: Door, looked: Looked) -> Slices:
    """Give every slice: found ones, clusters, and those that people named."""
    raise NotImplementedError
