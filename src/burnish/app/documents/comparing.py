"""Documents of a comparison of two versions or two models."""

from typing import Any, Literal

from pydantic import BaseModel

from burnish.app.documents.shared import Effect, Row

Outcome = Literal["fixed", "broken", "both right", "both wrong", "nearer", "farther", "as near"]


class ComparedSlice(BaseModel):
    """Before and after on one slice; a positive lift is for B."""

    slice: str
    size: int
    before: float
    after: float
    lift: float
    low: float | None
    high: float | None
    q_value: float | None
    regressed: bool
    failed: bool


class Compared(BaseModel):
    """A comparison of A and B. `evaluation` is the document of evaluation.json; `outcomes`: outcome → number of rows.

    `v`: the version whose rows and map outcomes are told of: B, or the one that two `models` were trained on. `other`:
    A, where two versions were compared. `outcomes` come in the order of their codes (/api/outcomes), from 1. `exact`:
    whether an answer is right or wrong (classes), or only nearer to the truth or farther from it (numbers).
    `slices_by`: the metric that slices are judged by: one that each row has a value of. `said`: the verdict in one
    sentence.
    """

    key: str
    v: str
    other: str | None
    models: tuple[str, str] | None
    labels: tuple[str, str]
    created: str
    who: str
    said: str
    effect: Effect
    before: float
    after: float
    slices_by: str
    slices: list[ComparedSlice]
    found: list[ComparedSlice]
    outcomes: dict[Outcome, int]
    exact: bool
    evaluation: dict[str, Any]


class Comparisons(BaseModel):
    """What was compared before, newest first."""

    comparisons: list["ComparisonLine"]


class ComparisonLine(BaseModel):
    """One comparison that is kept. `passed`: whether no slice fell too far."""

    key: str
    v: str
    labels: tuple[str, str]
    created: str
    verdict: str
    lift: float | None
    metric: str
    passed: bool
    said: str


class Flip(BaseModel):
    """A row and what both said of it. `difference`: by how much the value of the row is better for B."""

    row: Row
    label: str
    a: str
    b: str
    outcome: Outcome
    difference: float | None


class Flips(BaseModel):
    """Rows of one outcome."""

    total: int
    flips: list[Flip]
