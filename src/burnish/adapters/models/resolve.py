"""Models by name: the probe, an estimator object, or `module:callable`."""

import importlib
from typing import Any

from burnish.adapters.models.estimator import EstimatorModel
from burnish.adapters.models.linear import LinearProbe
from burnish.errors import UsageError
from burnish.protocols import Model


def resolve_model(model: object, *, l2: float) -> Model:
    """Give the model meant by None or `probe`, an estimator object, or `module:callable` that makes one."""
    if model is None or model == "probe":
        return LinearProbe(l2)
    if isinstance(model, Model):
        return model
    made: Any = _imported(model) if isinstance(model, str) else model
    if not hasattr(made, "fit") or not hasattr(made, "predict"):
        raise UsageError(
            f"{model!r} is not a model: it has no fit and predict.",
            remedy="Pass probe, an estimator like scikit-learn's, or module:callable that returns one.",
        )
    return EstimatorModel(made)


def _imported(name: str) -> object:
    module, _, attribute = name.partition(":")
    if not attribute:
        raise UsageError(f"unknown model {name!r}.", remedy="Known: probe, or module:callable.")
    try:
        made = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise UsageError(
            f"the model {name!r} cannot be imported: {error}.",
            remedy="It is module:callable, importable from where you stand, as in sklearn.svm:SVC.",
        ) from error
    return made() if callable(made) else made
