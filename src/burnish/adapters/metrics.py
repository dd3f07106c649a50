"""Metrics by name: a built-in one, or a user's `module:callable`."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from burnish.adapters.importing import imported
from burnish.adapters.models.estimator import FAILURES
from burnish.errors import UsageError, nearest
from burnish.kernels.metrics import DEFAULT_METRICS, METRICS, FunctionMetric, Metric


def resolve_metric(metric: object, *, task: str, classes: tuple[str, ...] = ()) -> Metric:
    """Give the metric meant by None (the task's own), a name, a function, or `module:callable`.

    A function is called with the true and the predicted labels (and `probabilities` if it takes them); its
    attribute `greater_is_better` tells a loss. Raises UsageError for an unknown name.
    """
    if isinstance(metric, Metric):
        return metric
    if callable(metric):
        return _function(metric, getattr(metric, "__name__", "metric"), task, classes)
    name = DEFAULT_METRICS[task] if metric is None else str(metric)
    if ":" in name:
        return _function(_imported(name), name, task, classes)
    if name not in METRICS:
        raise UsageError(
            f"unknown metric {name!r}.",
            remedy=f"{nearest(name, METRICS)}Known metrics: {', '.join(METRICS)}, or module:callable.",
        )
    return METRICS[name]


def _function(function: Callable[..., Any], name: str, task: str, classes: tuple[str, ...]) -> FunctionMetric:
    greater = bool(getattr(function, "greater_is_better", True))
    by_row = "mae" if task == "regression" else "accuracy"
    return FunctionMetric(
        name=name, tasks=(task,), greater_is_better=greater, is_share=False, by_row=by_row,
        function=_told(function, name),
        classes=classes,
    )  # fmt: skip


def _told(function: Callable[..., Any], name: str) -> Callable[..., float]:
    """Give the function as one whose failures are told as its own."""

    @wraps(function)
    def call(*given: Any, **more: Any) -> float:
        try:
            return float(function(*given, **more))
        except FAILURES as error:
            raise UsageError(
                f"the metric {name!r} failed: {type(error).__name__}: {error}.",
                remedy="It takes (truth, predicted), and probabilities where it names them, and gives one number.",
            ) from error

    return call


def _imported(name: str) -> Callable[..., Any]:
    found = imported(name, what=f"the metric {name!r}")
    if not callable(found):
        raise UsageError(f"the metric {name!r} is no function.", remedy="Name one that takes (truth, predicted).")
    function: Callable[..., Any] = found
    return function
