"""Documents of the map: rows, masks, slices."""

from typing import Literal

from pydantic import BaseModel, Field

from burnish.app.documents.shared import Asked, Row


class Rows(BaseModel):
    """Rows in the order that was asked for."""

    rows: list[Row]


class RowDetail(BaseModel):
    """A row with all its text, its neighbors and the findings about it."""

    row: Row
    neighbors: list[Row]
    findings: list[tuple[str, str, str]]


class Similar(BaseModel):
    """Rows like a row or a text, nearest first."""

    rows: list[Row]


class Near(BaseModel):
    """Positions of rows, nearest first, and their cosine distances."""

    positions: list[int]
    distances: list[float]


class MaskAsked(Asked):
    """A question that the page cannot answer itself; the answer is one bit a row, by position, lowest bit first.

    `text`: rows whose text, id or label holds `value`, whatever the case. `regex`: RE2, of the same. `sql`: a condition
    over fields and columns. `similar_row`: the `k` rows nearest to row id `value`; `similar_text` to a text. `ids`: row
    ids, one a line. `polygon`: rows inside `polygon`, corners in map units (0..1). `set`: a tag or slice by
    name; `slice`: one that was found, or `cluster:ID`; `finding`: the rows that a finding flags.
    """

    v: str
    kind: Literal["text", "regex", "sql", "similar_row", "similar_text", "ids", "polygon", "set", "slice", "finding"]
    value: str = Field(default="", max_length=1_000_000)
    k: int = Field(default=100, ge=1, le=10_000)
    polygon: list[tuple[float, float]] = Field(default=[], max_length=2_000)


class SliceLine(BaseModel):
    """A slice. `kind`: how it was found, or `named` by a person. `metric` with its interval; `gap`: rest minus slice.

    Intervals are of 95 %, each by itself: Wilson's of the metric, Newcombe's of the gap.

    `n_evaluated`: rows with a label and a prediction, exact copies counted once: the metric is over these. `mask`: what
    `name` names; /api/mask gives its rows for the kind `set`, else for `slice` (a cluster is `cluster:ID`).
    """

    name: str
    description: str
    kind: str
    size: int
    n_evaluated: int
    metric: float | None
    metric_low: float | None
    metric_high: float | None
    gap: float | None
    gap_low: float | None
    gap_high: float | None
    p_value: float | None
    q_value: float | None
    keywords: list[str]
    mask: Literal["slice", "set", "cluster"]


class Confused(BaseModel):
    """Rows of one label that are predicted to have another: `n` of `n_given`. `filters` shows them on the map."""

    given: str
    predicted: str
    n: int
    n_given: int
    filters: dict[str, str]


class Slices(BaseModel):
    """All slices; `overall`: the metric on all rows that were evaluated.

    `confused`: pairs of labels, the most rows first; the first of `n_confused`.
    """

    metric: str
    overall: float | None
    slices: list[SliceLine]
    confused: list[Confused]
    n_confused: int
