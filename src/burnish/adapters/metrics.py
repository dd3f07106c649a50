"""Metrics by name: a built-in one, or a user's `module:callable`."""

import difflib
import importlib
from collections.abc import Callable
from typing import Any

from burnish.errors import UsageError
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
        near = difflib.get_close_matches(name, METRICS, n=1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise UsageError(
            f"unknown metric {name!r}.",
            remedy=f"{hint}Known metrics: {', '.join(METRICS)}, or module:callable.",
        )
    return METRICS[name]


def _function(function: Callable[..., Any], name: str, task: str, classes: tuple[str, ...]) -> FunctionMetric:
    greater = bool(getattr(function, "greater_is_better", True))
    by_row = "mae" if task == "regression" else "accuracy"
    return FunctionMetric(
        name=name, tasks=(task,), greater_is_better=greater, is_share=False, by_row=by_row, function=function,
        classes=classes,
    )  # fmt: skip


def _imported(name: str) -> Callable[..., Any]:
    module, _, attribute = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:  # ValueError: an empty module name
        raise UsageError(
            f"the metric {name!r} cannot be imported: {error}.",
            remedy="It is module:callable, importable from where you stand.",
        ) from error
    if not callable(found):
        raise UsageError(f"the metric {name!r} is no function.", remedy="Name one that takes (truth, predicted).")
    return found  # type: ignore[no-any-return]
