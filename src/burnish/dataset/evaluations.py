"""Evaluation: what a change did to a model, on locked rows, beside a random control."""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Literal

from burnish.errors import InputError

Verdict = Literal["better", "no worse", "worse", "inconclusive"]


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to train: the metric on the evaluation rows, its interval, what it was trained on, its lift over before.

    Intervals of lifts are simultaneous: all of an evaluation hold together.
    """

    name: str
    value: float
    low: float
    high: float
    n_train: int
    seeds: int
    lift: float | None = None
    lift_low: float | None = None
    lift_high: float | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """What one check code adds to the lift, averaged over all orders in which codes can be applied."""

    code: str
    n_edits: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class SliceEffect:
    """Before against after on the evaluation rows of one slice.

    `regressed`: it fell beyond chance, counting all slices; `failed`: by more than is allowed, with confidence.
    """

    slice: str
    size: int
    before: float
    after: float
    lift: float
    low: float
    high: float
    q_value: float
    regressed: bool
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether any slice fell by more than `max_slice_drop`, and what slices were looked at."""

    max_slice_drop: float
    passed: bool
    failed: tuple[str, ...] = ()
    n_slices: int = 0


@dataclass(frozen=True, slots=True)
class Aside:
    """The same lift on other rows: without doubted ones, or with those that have a twin in train."""

    rows: str
    n_rows: int
    before: float
    after: float
    lift: float
    low: float
    high: float
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Model × versions × evaluation rows: arms, lift (after minus before, same rows) with its interval.

    A lift is positive where after is better, also of a loss. `smallest_visible_lift` is the true lift that this
    evaluation set would show as better four times in five; `rows_for_one_point` how many rows would show one point
    (None: no number would). `claim`: what the verdict is about. `shown_by`: what shows it in a notebook.
    """

    shown_by: ClassVar[Callable[["Evaluation"], str] | None] = None

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
    claim: str = "this data set is better"
    shares: tuple[Share, ...] = ()
    gate: Gate | None = None
    found: tuple[SliceEffect, ...] = ()
    trend: dict[str, Any] | None = None
    asides: tuple[Aside, ...] = ()
    rows_for_one_point: float | None = None

    @property
    def allowed(self) -> bool:
        """Whether the change may stand: better or no worse, and no slice fell too far."""
        return self.verdict in ("better", "no worse") and (self.gate is None or self.gate.passed)

    def _repr_html_(self) -> str | None:
        return None if Evaluation.shown_by is None else Evaluation.shown_by(self)

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
            parts["arms"] = tuple(Arm(name=name, **_arm(arm)) for name, arm in document["arms"].items())
            parts["slices"] = tuple(SliceEffect(**_numbers(effect)) for effect in document.get("slices", ()))
            parts["notes"] = tuple(document.get("notes", ()))
            parts["found"] = tuple(SliceEffect(**_numbers(effect)) for effect in document.get("found", ()))
            parts["shares"] = tuple(Share(**_numbers(share)) for share in document.get("shares", ()))
            parts["asides"] = tuple(Aside(**_numbers(aside)) for aside in document.get("asides", ()))
            gate, needed = document.get("gate"), document.get("rows_for_one_point")
            parts["gate"] = gate and Gate(**{**gate, "failed": tuple(gate["failed"])})
            parts |= {"trend": document.get("trend"), "rows_for_one_point": needed}
            return cls(**parts)
        except (AttributeError, KeyError, TypeError) as error:
            raise InputError(
                f"this is not an evaluation: {error}.", remedy="Pass the evaluation.json of a run."
            ) from error


def _arm(document: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value if key.startswith("lift") else _number(value) for key, value in document.items()}


def _numbers(document: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _number(value) for key, value in document.items()}


def _number(value: Any) -> Any:
    return math.nan if value is None else value
