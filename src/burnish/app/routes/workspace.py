"""What the workspace holds: data sets, overview, versions, and what changes them."""

from fastapi import APIRouter

from burnish.app.documents.shared import Done, Version
from burnish.app.documents.workspace import (
    About,
    Diff,
    Ledger,
    Lineage,
    Measurement,
    Overview,
    Pulse,
    TagAsked,
    UndoAsked,
    VersionAsked,
)
from burnish.app.served import Called, Door

router = APIRouter()


@router.get("/about")
def about(door: Door) -> About:
    """Tell what is served."""
    raise NotImplementedError


@router.get("/pulse")
def pulse(door: Door, v: Called) -> Pulse:
    """Tell what may have changed meanwhile. Never waits for a version that is being read."""
    raise NotImplementedError


@router.get("/overview")
def overview(door: Door, v: Called) -> Overview:
    """Tell of a version: what was found, how far its review is, what was measured, what to do next."""
    raise NotImplementedError


@router.get("/versions")
def versions(door: Door, name: str) -> Lineage:
    """Tell of every version of a data set."""
    raise NotImplementedError


@router.post("/versions")
def make_version(door: Door, asked: VersionAsked) -> Version:
    """Make a version of what was accepted in the review of one."""
    raise NotImplementedError


@router.get("/ledger")
def ledger(door: Door, v: Called, offset: int = 0, limit: int = 100) -> Ledger:
    """Tell the edits that made a version."""
    raise NotImplementedError


@router.get("/diff")
def diff(door: Door, a: str, b: str) -> Diff:
    """Tell what lies between two versions."""
    raise NotImplementedError


@router.post("/tags")
def tag(door: Door, asked: TagAsked) -> Version:
    """Give a version a tag, or take it away."""
    raise NotImplementedError


@router.post("/undo")
def undo(door: Door, asked: UndoAsked) -> Done:
    """Take back what made a version, or some of it, as a new version."""
    raise NotImplementedError


@router.get("/export")
def export(door: Door, v: Called, form: str = "parquet") -> None:
    """Give a whole version as a file (parquet, csv, jsonl)."""
    raise NotImplementedError


@router.get("/measured")
def measured(door: Door, v: Called) -> list[Measurement]:
    """Tell every measurement of what made a version, or of its review, newest first."""
    raise NotImplementedError
