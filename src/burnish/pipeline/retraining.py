"""Retraining: every arm learns from the same draws by one frozen recipe."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from burnish.dataset import Sample
from burnish.errors import UsageError
from burnish.pipeline.arms import CONTROL, Change, Plan
from burnish.pipeline.standards import Standard
from burnish.protocols import Model, Progress, SharingModel

Predictions = NDArray[np.float32]


@dataclass(frozen=True)
class Protocol(Standard):
    """The frozen recipe of a measurement: everything but the data is the same in every arm.

    `retrains` draw `fraction` of the training rows each.
    """

    model: Model
    retrains: int = 10
    fraction: float = 0.8

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.retrains < 2:
            raise UsageError(f"retrains is {self.retrains}.", remedy="A spread needs at least 2; 10 are usual.")


@dataclass(frozen=True)
class Round:
    """One retrain: the arms by name, each with what it learns from, and how shares are read off them."""

    number: int
    plan: Plan
    trains: Mapping[str, Sample]


def rounds_of(change: Change, protocol: Protocol, *, seed: int) -> list[Round]:
    """Draw the training rows of each retrain, the same for every arm; the control is drawn anew each time."""
    train, found = change.setting.train, []
    for number in range(protocol.retrains):
        rng = np.random.default_rng([seed, number])
        drawn = np.sort(rng.permutation(train)[: max(2, round(protocol.fraction * len(train)))])
        plan = Plan.of(change.codes, rng)
        trains = {name: change.training(drawn, coalition) for name, coalition in plan.arms.items()}
        found.append(Round(number, plan, {**trains, CONTROL: change.control(drawn, rng)}))
    return found


def predict_rounds(
    model: Model, rounds: Sequence[Round], rows: Sample, *, progress: Progress
) -> Iterator[tuple[Round, dict[str, Predictions]]]:
    """Train every arm of every round; give each round with the predictions (len(rows), any) of its arms.

    The arms of a round are trained together where the model can.
    """
    progress.start("retrain", sum(len(one.trains) for one in rounds))
    for one in rounds:
        predicted = {}
        given = predict_each(model, list(one.trains.values()), rows, seed=one.number)
        for name, predictions in zip(one.trains, given, strict=True):
            predicted[name] = predictions
            progress.advance()
        yield one, predicted
    progress.finish()


def predict_each(model: Model, trains: Sequence[Sample], rows: Sample, *, seed: int = 0) -> Iterator[Predictions]:
    """Give the predictions of `rows` after learning from each of `trains`, together where the model can."""
    if isinstance(model, SharingModel):
        yield from model.fit_predict_each(trains, rows)
    else:
        for train in trains:
            yield model.fit_predict(train, rows, seed=seed)
