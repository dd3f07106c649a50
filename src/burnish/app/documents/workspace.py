"""Documents of the workspace: its data sets, versions and jobs."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from burnish.app.documents.shared import Asked, Effect, Tried, Version


class DatasetEntry(BaseModel):
    """A data set of the workspace."""

    name: str
    description: str
    owner: str
    n_versions: int
    newest: str
    n_rows: int


class About(BaseModel):
    """What is served: version of burnish, the workspace, its data sets, who works here, models that may be compared.

    `read_only`: nothing can be written down: what would be is refused.
    """

    burnish: str
    workspace: str
    who: str
    datasets: list[DatasetEntry]
    opens: str | None = None
    models: list[str] = []
    read_only: bool = False


class Pulse(BaseModel):
    """What may have changed meanwhile: newest version of the data set, number of review events, running jobs.

    `v`: the version that was asked for, as NAME@NUMBER; `hash`: of its rows: with it, the browser may keep pictures.
    `opening`: whether the version is being read; until then other requests wait. `audit`: when its newest audit was
    made, empty without one: another one has other findings. `newest_hash`: that of the rows of the newest version.
    """

    v: str
    newest: str
    newest_hash: str
    hash: str
    seq: int
    jobs: int
    audited: bool
    opening: bool
    audit: str = ""


class FoundKind(BaseModel):
    """Findings of one check code. `reviewable`: findings that suggest an edit of rows; `decided` of these.

    `precision`, `_low`, `_high`: what the detector showed on planted defects, null where it was not tried.
    """

    code: str
    kind: str
    title: str
    about: str
    severity: Literal["info", "warning", "error"]
    findings: int
    rows: int
    reviewable: int
    decided: int
    accepted: int
    rejected: int
    message: str
    precision: float | None = None
    precision_low: float | None = None
    precision_high: float | None = None


class Advice(BaseModel):
    """What to do next, and where. `job`: long work that does it, for a button instead of the link."""

    text: str
    href: str
    job: "JobAsked | None" = None


class Share(BaseModel):
    """How many rows a split or class has."""

    name: str
    n: int


class Overview(BaseModel):
    """The overview of a version. `labels`: what its labels are, in a sentence; empty where `classes` tells it all."""

    version: Version
    parent: Version | None
    newest: str
    audited: bool
    sentence: str
    kind: str
    splits: list[Share]
    classes: list[Share]
    n_classes: int
    labels: str
    n_evaluation: int
    n_clusters: int
    found: list[FoundKind]
    next: list[Advice]
    measured: list["Measurement"]


class Measurement(BaseModel):
    """The effect of a change that was measured; `evaluation` is the document of evaluation.json.

    `of`: the edits that `made` the version, or those of its review (`pending`). `current`: whether these are what the
    review comes to now, null where that was not looked at. `counts_now`: whether a version made of the review now would
    have this effect: it is of the same edits, by this server's experiment, upon the newest audit. `said`: the verdict
    in one sentence.
    """

    key: str
    created: str
    who: str
    of: Literal["made", "pending"]
    current: bool | None
    counts_now: bool = False
    said: str
    n_edits: int
    counts: dict[str, int]
    codes: dict[str, int]
    effect: Effect
    evaluation: dict[str, Any]


class VersionLine(BaseModel):
    """A version with what was tried on it and what was measured of it."""

    version: Version
    tried: list[Tried]
    measured: list[Measurement]


class Lineage(BaseModel):
    """All versions of a data set, oldest first."""

    dataset: str
    description: str
    owner: str
    lines: list[VersionLine]


class Ledger(BaseModel):
    """Edits that made a version."""

    total: int
    lines: list[dict[str, Any]]


class Diff(BaseModel):
    """What lies between two versions (`VersionDiff.to_json`)."""

    first: str
    second: str
    n_rows: list[int]
    counts: dict[str, int]
    rows: list[dict[str, Any]]
    rows_left_off: int
    shifts: list[dict[str, Any]]
    clusters: list[dict[str, Any]] | None
    findings: list[dict[str, Any]] | None
    effect: Effect | None
    slices: list[dict[str, Any]]


class TagAsked(Asked):
    """A tag to give, or with `delete` to take away."""

    v: str
    tag: str = Field(min_length=1, max_length=200)
    delete: bool = False


class UndoAsked(Asked):
    """What to take back: all that made version `v`, or the edits of some rows or codes."""

    v: str
    row_ids: list[str] = Field(default=[], max_length=10_000)
    codes: list[str] = Field(default=[], max_length=1_000)
    why: str = Field(default="", max_length=10_000)


class VersionAsked(Asked):
    """A version to make of all that was accepted in the review of `v`.

    `seq`: the last review event that was seen, so that nothing is kept that nobody saw.
    """

    v: str
    seq: int
    why: str = Field(default="", max_length=10_000)
    tag: str | None = Field(default=None, max_length=200)


class JobAsked(Asked):
    """Long work: audit version `v`; measure the review of `v` (pending) or what made `v` (made); compare.

    `compare` takes `v` (A) and `other` (B), or two `models` that learn from `v`.
    """

    kind: Literal["audit", "measure", "compare"]
    v: str
    what: Literal["pending", "made"] = "pending"
    other: str | None = None
    models: tuple[str, str] | None = None


class Job(BaseModel):
    """Long work about version `v`, and how far it is: `done` of `total` of its `stage`, the `step`-th one.

    `href`: where to look, when it is done; `said`: what came of it.
    """

    id: str
    kind: str
    v: str
    title: str
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    stage: str = ""
    step: int = 0
    done: int = 0
    total: int | None = None
    seconds: float = 0.0
    error: str | None = None
    remedy: str | None = None
    href: str | None = None
    said: str | None = None


class Jobs(BaseModel):
    """All jobs since the server started, newest first."""

    jobs: list[Job]
