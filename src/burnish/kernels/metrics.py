"""Metrics of predicted classes under row weights, so that a bootstrap is one matrix product."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.integer]


def accuracy(labels: Codes, predicted: Codes, weights: Floats) -> Floats:
    """Weighted share of right rows: `weights` (n_draws, n_rows) → (n_draws,)."""
    right = (labels == predicted).astype(np.float64)
    return np.asarray(weights @ right / weights.sum(axis=1), np.float64)


def balanced_accuracy(labels: Codes, predicted: Codes, weights: Floats) -> Floats:
    """Mean recall over the classes that have weight in a draw: (n_draws,)."""
    of_class = _one_hot(labels)
    hits = weights @ (of_class * (labels == predicted)[:, None])
    sizes = weights @ of_class
    recalls = np.divide(hits, sizes, out=np.zeros_like(hits), where=sizes > 0)
    return np.asarray(recalls.sum(axis=1) / (sizes > 0).sum(axis=1), np.float64)


def macro_f1(labels: Codes, predicted: Codes, weights: Floats) -> Floats:
    """Mean F1 over the classes that occur among the labels of a draw: (n_draws,)."""
    n_classes = int(max(labels.max(), predicted.max())) + 1
    of_class = _one_hot(labels, n_classes)
    hits = weights @ (of_class * (labels == predicted)[:, None])
    sizes = weights @ of_class
    total = sizes + weights @ _one_hot(predicted, n_classes)
    f1 = np.divide(2 * hits, total, out=np.zeros_like(hits), where=total > 0)
    present = sizes > 0
    return np.asarray((f1 * present).sum(axis=1) / present.sum(axis=1), np.float64)


METRICS: Mapping[str, Callable[[Codes, Codes, Floats], Floats]] = {
    "accuracy": accuracy,
    "balanced_accuracy": balanced_accuracy,
    "macro_f1": macro_f1,
}


def _one_hot(codes: Codes, n_classes: int | None = None) -> Floats:
    width = int(codes.max()) + 1 if n_classes is None else n_classes
    table = np.zeros((len(codes), width))
    table[np.arange(len(codes)), codes] = 1.0
    return table
