"""Documents that several topics share."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

LONGEST_TEXT = 100_000


class Asked(BaseModel):
    """What a page asks for. Every text of it has an end, and is text: JSON can say half a character."""

    model_config = ConfigDict(str_max_length=LONGEST_TEXT)


class Problem(BaseModel):
    """What is wrong with the value seen, and what to do."""

    error: str
    remedy: str


class Effect(BaseModel):
    """The measured effect of a version against its parent."""

    verdict: Literal["better", "no worse", "worse", "inconclusive"]
    metric: str
    claim: str
    lift: float | None
    lift_low: float | None
    lift_high: float | None
    n_eval: int
    confidence: float
    slices_failed: list[str]
    sentence: str


class Version(BaseModel):
    """One version of a data set; `name` is NAME@NUMBER. `counts`: rows added, dropped, restored, relabelled."""

    name: str
    dataset: str
    number: int
    hash: str
    n_rows: int
    how: str
    created: str
    who: str
    why: str
    parent: str | None
    tags: list[str]
    counts: dict[str, int]
    codes: dict[str, int]
    source: str | None
    effect: Effect | None
    audited: bool
    sentence: str


class Tried(BaseModel):
    """A change that was measured and not kept."""

    created: str
    who: str
    why: str
    counts: dict[str, int]
    codes: dict[str, int]
    effect: Effect


class Decision(BaseModel):
    """What was decided of a row or a finding, as it stands now. `version`: the earlier one at which it was decided."""

    seq: int
    action: Literal["accept", "reject", "relabel", "drop", "skip"]
    label: str | None = None
    who: str
    at: str
    version: str | None = None


class Row(BaseModel):
    """One row as the page shows it. `row`: its position in the version. `cut`: whether text was cut.

    `fields_left_off`: how many more fields it has than are told.

    `media`: field → "image" or "audio": content that has an address of its own (/api/image, /api/audio).
    """

    row: int
    row_id: str
    text: str | None = None
    cut: bool = False
    fields: list[tuple[str, str]] = []
    fields_left_off: int = 0
    media: dict[str, Literal["image", "audio"]] = {}
    split: str | None = None
    evaluation: bool = False
    label: str | None = None
    predicted: str | None = None
    predicted_proba: float | None = None
    label_quality: float | None = None
    suggested_label: str | None = None
    outlier_score: float | None = None
    cluster: int | None = None
    cluster_name: str | None = None
    codes: list[str] = []
    tags: list[str] = []
    decision: Decision | None = None
    distance: float | None = None


class Done(BaseModel):
    """What a request did, in a sentence fit for people."""

    said: str
    facts: dict[str, Any] = {}
