"""ReviewTask and Vote: what people are asked about a row, and what one of them said."""

from collections.abc import Mapping
from dataclasses import dataclass, field

DROP = "(drop)"
"""The answer "this row should not be here"; where a class has this name, it means the class."""
CONTROL = "label"
"""What the answer is called: the choice in a labelling config, the column to fill in in a CSV file."""


@dataclass(frozen=True, slots=True)
class ReviewTask:
    """One row for people to look at, and why: the surest finding about it (`code`, `message`, `score`).

    `row_digest`: what tells whether the row's content or label has changed since. `codes`: every check that flagged
    it, surest first. Labels are classes, or JSON lists of classes. `probabilities`: the likeliest classes. `image`: its
    bytes, or its path as given. `evaluation`: an evaluation row, which an answer may confirm and never edit.
    """

    row_id: str
    version: str
    row_digest: str
    code: str
    message: str
    score: float
    codes: tuple[str, ...] = ()
    given_label: str | None = None
    suggested_label: str | None = None
    probabilities: Mapping[str, float] = field(default_factory=dict)
    text: str | None = None
    image: str | bytes | None = None
    evaluation: bool = False


@dataclass(frozen=True, slots=True)
class Vote:
    """What one person said of a row: a class, a JSON list of classes, or DROP.

    `version` and `row_digest` are those of the task, "" where the file has lost them; `annotator` is "" where
    nobody signed.
    """

    row_id: str
    label: str
    annotator: str = ""
    version: str = ""
    row_digest: str = ""
