"""What a model answered, made sure of: the right shape, finite, and probabilities that are some."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from burnish.errors import ModelError

Floats = NDArray[np.float32]

LEAST_SUM_ERROR = 0.01
"""How far the probabilities of a row may be from adding up to 1, as rounded ones are."""


def checked_probabilities(given: Any, shape: tuple[int, int], *, model: str, exclusive: bool) -> Floats:
    """Give probabilities of `shape` (n_rows, n_classes), those of a row scaled to add up to 1 where `exclusive`.

    Raises ModelError for another shape, a value outside 0..1, and a row that is further than 0.01 from adding up.
    """
    values = _of_shape(given, shape, model)
    outside = np.argwhere(~((values >= -1e-6) & (values <= 1 + 1e-6)))
    if len(outside):
        row, column = outside[0]
        raise ModelError(
            f"{model} gave the probability {values[row, column]} for row {row + 1}, class {column + 1}.",
            remedy="Probabilities lie between 0 and 1, and none is NaN.",
        )
    values = np.clip(values, 0, 1)
    if exclusive:
        sums = values.sum(axis=1)
        wrong = np.flatnonzero(np.abs(sums - 1) > LEAST_SUM_ERROR)
        if len(wrong):
            raise ModelError(
                f"{model} gave row {wrong[0] + 1} probabilities that add up to {sums[wrong[0]]:.4g}.",
                remedy="Those of a row must add up to 1, within 0.01.",
            )
        values /= sums[:, None]
    return values.astype(np.float32)


def checked_numbers(given: Any, n_rows: int, *, model: str) -> Floats:
    """Give numbers (n_rows, 1) from (n_rows,) or (n_rows, 1); raises ModelError for another shape, NaN and infinity."""
    values = np.asarray(given)
    values = _of_shape(values[:, None] if values.ndim == 1 else values, (n_rows, 1), model)
    wrong = np.flatnonzero(~np.isfinite(values[:, 0]))
    if len(wrong):
        raise ModelError(
            f"{model} predicted {values[wrong[0], 0]} for row {wrong[0] + 1}.", remedy="It must predict finite numbers."
        )
    return values.astype(np.float32)


def _of_shape(given: Any, shape: tuple[int, int], model: str) -> NDArray[np.float64]:
    try:
        values = np.array(given, np.float64)
    except (TypeError, ValueError) as error:
        raise ModelError(f"{model} gave no numbers: {error}.", remedy="Give one number for each row.") from error
    if values.shape != shape:
        raise ModelError(
            f"{model} gave an answer of shape {values.shape} where {shape} was expected.",
            remedy=f"Give {shape[0]} rows of {shape[1]} number(s), in the order of the rows.",
        )
    return values
