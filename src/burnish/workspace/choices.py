"""Choices: how an audit is made."""

from collections.abc import Sequence
from dataclasses import dataclass

from burnish.pipeline.catalog import CHECKS
from burnish.protocols import Check


@dataclass(frozen=True)
class Choices:
    """What an audit can be told.

    `embedder`: None for that of the kind of rows. `evaluation_split`: the split that is locked; None takes `test`,
    or draws. `keep_by`: of copies keep the one with the largest value of this field. `relock`: accept the
    evaluation rows as they are now. `checks`: what judges the evidence.
    """

    embedder: str | None = None
    evaluation_split: str | None = None
    keep_by: str | None = None
    relock: bool = False
    checks: Sequence[Check] = CHECKS
