"""Documents of the review: the queue, the evidence of a finding, decisions, samples, sets of rows."""

from typing import Literal

from pydantic import BaseModel, Field

from burnish.app.documents.shared import Asked, Decision, Row


class QueueItem(BaseModel):
    """A finding in the queue. `row_id`, `given_label`, `suggested_*` are those of its surest row.

    `former`: what an earlier version's review asked to be edited; found again, it is to be decided anew. `edits`:
    whether accepting it makes the edits that it suggests; else its rows get `label_shown`, or nothing is edited.
    `image`: the field of its picture.
    """

    finding_id: str
    code: str
    kind: str
    title: str
    severity: Literal["info", "warning", "error"]
    score: float
    message: str
    n_rows: int
    row_id: str | None
    preview: str
    suggested_edit: str | None
    suggested_label: str | None
    given_label: str | None
    evaluation: bool
    decision: Decision | None
    former: Decision | None = None
    edits: bool = False
    label_shown: str | None = None
    image: str | None = None


class LabelPair(BaseModel):
    """How many findings have this given and this suggested label."""

    given: str
    suggested: str
    n: int


class Queue(BaseModel):
    """Findings in their order, from `offset`. `pairs`: of labels, most frequent first, whichever pair is asked for."""

    total: int
    offset: int
    items: list[QueueItem]
    pairs: list[LabelPair] = []


class EvidenceRow(BaseModel):
    """A row of a finding and its part: flagged, kept (the copy that stays), twin, or neighbor."""

    row: Row
    role: Literal["flagged", "kept", "twin", "neighbor"]
    suggested_edit: str | None = None
    suggested_label: str | None = None
    score: float | None = None
    numbers: list[tuple[str, str]] = []


class Likely(BaseModel):
    """A label and the probability that the probe gives it, out of sample."""

    label: str
    probability: float


class FindingDetail(BaseModel):
    """All there is to see of a finding. `differing`: fields in which its rows differ. `place`: in the queue, from 0.

    `numbers`: those behind the whole finding; those of its rows are with them. `trial`: how its check did on planted
    defects.
    `labels`: what a row can be relabelled to, likeliest first; `labels_left_off`: classes that can be named, too.
    """

    item: QueueItem
    why: str
    numbers: list[tuple[str, str]] = []
    trial: str | None = None
    rows: list[EvidenceRow]
    rows_left_off: int
    neighbors: list[Row]
    likely: list[Likely]
    labels: list[str]
    labels_left_off: int = 0
    differing: list[str]
    place: int
    note: str | None


class DecisionAsked(Asked):
    """One decision. `undo` takes back the newest decision that is not yet taken back, or that of number `of`.

    With `finding_id` it takes back how that finding stands, be it by an earlier version's review.

    `row_ids`: only these rows of the finding, or, without a finding, rows that were selected.
    """

    v: str
    action: Literal["accept", "reject", "relabel", "drop", "skip", "note", "undo"]
    finding_id: str | None = None
    row_ids: list[str] = Field(default=[], max_length=10_000)
    label: str | None = Field(default=None, max_length=1_000)
    note: str | None = Field(default=None, max_length=10_000)
    of: int | None = None


class Event(BaseModel):
    """An event of the review, as it is written down. `n_rows`: rows that were selected.

    `n_findings`: findings that were drawn, or accepted together; `of`: the event that an undo takes back.
    """

    seq: int
    at: str
    who: str
    action: str
    finding_id: str | None = None
    code: str | None = None
    n_rows: int = 0
    n_findings: int = 0
    of: int | None = None
    label: str | None = None
    note: str | None = None
    undone: bool = False


class CodeProgress(BaseModel):
    """How far the review of a code is: of the `reviewable` findings `decided` are accepted, rejected or skipped.

    `found`: all of the code; those that are not reviewable suggest no edit and ask to look at no row.
    """

    code: str
    title: str
    found: int
    reviewable: int
    decided: int
    accepted: int
    rejected: int
    skipped: int


class Refusal(BaseModel):
    """A decision that makes no edit, and why."""

    row_id: str
    reason: str


class Review(BaseModel):
    """The review of a version: progress, what a version made of it would change, the last events, newest first.

    `refused`: accepted edits that are not made: of evaluation rows, and those that a newer decision replaces; the first
    of `n_refused`. `torn`: the server ended while it wrote an event, which is left out: nobody was told that it counts.
    `made`: the version that was made of this review and not taken back; `made_all`: it has just these edits.
    `n_to_add`: edits that a version upon `made` would have; `hindrance`: why none can be made, in a sentence.
    """

    v: str
    seq: int
    codes: list[CodeProgress]
    drops: int
    relabels: int
    refused: list[Refusal]
    n_refused: int
    torn: bool = False
    made: str | None = None
    made_all: bool = False
    n_to_add: int = 0
    hindrance: str = ""
    events: list[Event]


class Decided(BaseModel):
    """What a decision did. `finding_id`: the finding that it was about, so that an undo can show it."""

    said: str
    event: Event
    finding_id: str | None
    decision: Decision | None
    review: Review


class SampleAsked(Asked):
    """A code whose findings are to be judged by a sample, or accepted in bulk."""

    v: str
    code: str


class Sample(BaseModel):
    """The random sample of a code's findings that has to be judged before bulk acceptance.

    `judged` of `findings`, `right` of these accepted as suggested; the precision with its 95 % interval (Wilson).
    `remaining`: findings that bulk acceptance would accept. `ready`: whether it may.
    """

    code: str
    findings: list[str]
    size: int
    judged: int
    right: int
    precision: float | None
    low: float | None
    high: float | None
    remaining: int
    ready: bool
    next: str | None


class RowSet(BaseModel):
    """A named set of rows: a tag, or a slice that is judged beside the others."""

    name: str
    kind: Literal["tag", "slice"]
    n_rows: int
    n_here: int
    who: str
    at: str


class RowSets(BaseModel):
    """All named sets of rows of a data set."""

    sets: list[RowSet]


class SelectionAsked(Asked):
    """What to do with selected rows: `mask` is base64 of packed bits by position, lowest bit first.

    `name` of a tag or slice, `label` of a relabel, `form` of an export.
    """

    v: str
    action: Literal["tag", "slice", "relabel", "drop", "export", "forget"]
    mask: str = Field(default="", max_length=4_000_000)
    name: str | None = Field(default=None, max_length=200)
    label: str | None = Field(default=None, max_length=1_000)
    form: Literal["parquet", "csv", "jsonl"] = "parquet"
