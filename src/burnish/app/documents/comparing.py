"""Documents of a comparison of two versions or two models."""

from typing import Any, Literal

from pydantic import BaseModel

from burnish.app.documents.shared import Effect, Row

Outcome = Literal["fixed", "broken", "both right", "both wrong"]


class ComparedSlice(BaseModel):
    """Before and after on one slice; a positive lift is for B."""

    slice: str
    size: int
    before: float
    after: float
    lift: float
    low: float
    high: float
    q_value: float | None
    regressed: bool
    failed: bool


class Compared(BaseModel):
    """A comparison. `evaluation` is the document of evaluation.json; `outcomes`: outcome → number of rows.

    `v`: the version whose rows and map outcomes are told of. `exact_outcomes`: whether an answer is right or wrong
    (classes), or only better or worse.
    """

    key: str
    v: str
    labels: tuple[str, str]
    created: str
    effect: Effect
    before: float
    after: float
    slices: list[ComparedSlice]
    found: list[ComparedSlice]
    outcomes: dict[str, int]
    evaluation: dict[str, Any]


class Comparisons(BaseModel):
    """What was compared before, newest first."""

    comparisons: list["ComparisonLine"]


class ComparisonLine(BaseModel):
    """One comparison that is kept."""

    key: str
    v: str
    labels: tuple[str, str]
    created: str
    verdict: str
    lift: float | None


class Flip(BaseModel):
    """A row and what both said of it."""

    row: Row
    label: str
    a: str
    b: str
    outcome: Outcome


class Flips(BaseModel):
    """Rows of one outcome."""

    total: int
    flips: list[Flip]
