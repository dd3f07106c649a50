"""Comparison of two versions or models: what was found, which rows flipped."""

from fastapi import APIRouter

from burnish.app.documents.comparing import Compared, Comparisons, Flips, Outcome
from burnish.app.served import Door

router = APIRouter()


@router.get("/comparisons")
def comparisons(door: Door, name: str) -> Comparisons:
    """Tell what was compared before among the versions of a data set."""
    raise NotImplementedError


@router.get("/compared")
def compared(door: Door, key: str) -> Compared:
    """Tell what a comparison found."""
    raise NotImplementedError


@router.get("/outcomes")
def outcomes(door: Door, key: str) -> None:
    """Give a byte a row of the version: 0 not compared, 1 fixed, 2 broken, 3 both right, 4 both wrong."""
    raise NotImplementedError


@router.get("/flips")
def flips(door: Door, key: str, outcome: Outcome = "broken", offset: int = 0, limit: int = 50) -> Flips:
    """Give the rows of one outcome, those first on which the two differ most."""
    raise NotImplementedError
