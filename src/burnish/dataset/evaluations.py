"""Evaluation: what a change did to a model, on locked rows, beside a random control."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from burnish.errors import InputError

Verdict = Literal["better", "no worse", "worse", "inconclusive"]


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to train: the metric on the evaluation rows, its interval, and what it was trained on."""

    name: str
    value: float
    low: float
    high: float
    n_train: int
    seeds: int


@dataclass(frozen=True, slots=True)
class SliceEffect:
    """Before against after on the evaluation rows of one slice."""

    slice: str
    size: int
    before: float
    after: float
    lift: float
    low: float
    high: float
    q_value: float
    regressed: bool


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Model × versions × evaluation rows: arms, lift (after minus before, same rows) with its interval.

    `smallest_visible_lift` is the true lift that this evaluation set would show four times in five.
    """

    metric: str
    n_eval: int
    arms: tuple[Arm, ...]
    lift: float
    lift_low: float
    lift_high: float
    lift_vs_control: float
    lift_vs_control_low: float
    lift_vs_control_high: float
    smallest_visible_lift: float
    verdict: Verdict
    confidence: float = 0.95
    margin: float = 0.0
    slices: tuple[SliceEffect, ...] = ()
    notes: tuple[str, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)

    def arm(self, name: str) -> Arm:
        """Give the arm of that name."""
        return next(arm for arm in self.arms if arm.name == name)

    def to_json(self) -> dict[str, Any]:
        """Give the document of `evaluation.json`."""
        document = asdict(self)
        document["arms"] = {arm.pop("name"): arm for arm in document["arms"]}
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Evaluation":
        """Read the document of `evaluation.json`; raises InputError when it is not one.

        A number that JSON could not say (null) is NaN again.
        """
        try:
            parts = {key: _number(value) for key, value in document.items()}
            parts["arms"] = tuple(Arm(name=name, **_numbers(arm)) for name, arm in document["arms"].items())
            parts["slices"] = tuple(SliceEffect(**_numbers(effect)) for effect in document.get("slices", ()))
            parts["notes"] = tuple(document.get("notes", ()))
            return cls(**parts)
        except (AttributeError, KeyError, TypeError) as error:
            raise InputError(
                f"this is not an evaluation: {error}.", remedy="Pass the evaluation.json of a run."
            ) from error


def _numbers(document: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _number(value) for key, value in document.items()}


def _number(value: Any) -> Any:
    return math.nan if value is None else value
