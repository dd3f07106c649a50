"""Choices: how an audit is made."""

from collections.abc import Sequence
from dataclasses import dataclass

from burnish.errors import UsageError
from burnish.pipeline.catalog import CHECKS
from burnish.protocols import Check


@dataclass(frozen=True)
class Choices:
    """What an audit can be told.

    `embedder`: None for that of the kind of rows. `evaluation_split`: the split that is locked; None takes `test`,
    or draws. `keep_by`: of copies keep the one with the largest value of this field. `relock`: accept the
    evaluation rows as they are now. `min_precision`: thresholds are set such that planted defects tell so much;
    None leaves them. `checks`: what judges the evidence.
    """

    embedder: str | None = None
    evaluation_split: str | None = None
    keep_by: str | None = None
    relock: bool = False
    min_precision: float | None = None
    checks: Sequence[Check] = CHECKS

    def __post_init__(self) -> None:
        if self.min_precision is not None and not 0 < self.min_precision < 1:
            raise UsageError(
                f"min_precision is {self.min_precision}.", remedy="Ask for a share between 0 and 1, such as 0.9."
            )
