"""The review: queue, evidence, decisions, samples, selections."""

from fastapi import APIRouter

from burnish.app.documents.review import (
    Decided,
    DecisionAsked,
    FindingDetail,
    Queue,
    Review,
    RowSets,
    Sample,
    SampleAsked,
    SelectionAsked,
)
from burnish.app.documents.shared import Done
from burnish.app.served import Called, Door, Looked

router = APIRouter()


@router.get("/findings")
def findings(
    door: Door,
    looked: Looked,
    code: str = "",
    state: str = "all",
    sort: str = "queue",
    offset: int = 0,
    limit: int = 100,
) -> Queue:
    """Give the queue of findings; `state` is all, open or decided; `sort` queue (worst first) or score."""
    raise NotImplementedError


@router.get("/finding")
def finding(door: Door, looked: Looked, id: str, code: str = "", state: str = "all") -> FindingDetail:  # noqa: A002
    """Give all there is to see of a finding."""
    raise NotImplementedError


@router.get("/review")
def review(door: Door, v: Called) -> Review:
    """Tell how far the review of a version is, and what it comes to."""
    raise NotImplementedError


@router.post("/decisions")
def decide(door: Door, asked: DecisionAsked) -> Decided:
    """Write down a decision."""
    raise NotImplementedError


@router.get("/sample")
def sample(door: Door, v: Called, code: str) -> Sample:
    """Tell of the sample of a code; without one, what drawing it would mean."""
    raise NotImplementedError


@router.post("/sample")
def draw(door: Door, asked: SampleAsked) -> Sample:
    """Draw the random sample of a code."""
    raise NotImplementedError


@router.post("/bulk")
def accept_rest(door: Door, asked: SampleAsked) -> Decided:
    """Accept the rest of a code's findings; refused before the sample is judged."""
    raise NotImplementedError


@router.get("/sets")
def sets(door: Door, v: Called) -> RowSets:
    """Tell the tags and named slices of a data set."""
    raise NotImplementedError


@router.post("/selection")
def select(door: Door, asked: SelectionAsked) -> Done:
    """Do something with selected rows: tag, slice, relabel, drop, forget a set."""
    raise NotImplementedError


@router.post("/export")
def export(door: Door, asked: SelectionAsked) -> None:
    """Give selected rows as a file."""
    raise NotImplementedError
