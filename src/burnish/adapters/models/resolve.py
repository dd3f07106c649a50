"""Models as a user names them: the probe, an estimator, a training program, or a Model of one's own."""

from typing import cast

from burnish.adapters.importing import imported
from burnish.adapters.models.command import TIMEOUT_SECONDS, CommandModel, is_command
from burnish.adapters.models.estimator import FAILURES, EstimatorModel, On
from burnish.adapters.models.linear import LinearProbe
from burnish.errors import UsageError
from burnish.protocols import Model

KNOWN = (
    "Known: probe; module:callable that makes an estimator, as in sklearn.svm:LinearSVC, which gets the embeddings; "
    'fields:module:callable and both:module:callable; or a command, as in "python train.py --train {train} '
    '--eval {eval} --out {out} --seed {seed}".'
)


def resolve_model(model: object, *, l2: float, timeout_seconds: float = TIMEOUT_SECONDS) -> Model:
    """Give the model meant by None or `probe`, a name, a command, an estimator object, or a Model.

    `l2`: the regularisation of the probe. `timeout_seconds`: how long one training of a command may take. Raises
    UsageError for what is no model, ModelError for a program that is not there.
    """
    if model is None or model == "probe":
        return LinearProbe(l2)
    if not isinstance(model, str):
        return _offered(model, "embeddings", said=repr(model))
    if is_command(model):
        return CommandModel(model, timeout_seconds)
    prefix, _, rest = model.partition(":")
    if prefix in ("fields", "both"):
        return _offered(_imported(rest, said=model), cast("On", prefix), said=model)
    return _offered(_imported(model, said=model), "embeddings", said=model)


def _offered(model: object, on: On, *, said: str) -> Model:
    if isinstance(model, type):
        raise UsageError(f"{said} is a class.", remedy=f"Pass a model of it, as in {model.__name__}().")
    if isinstance(model, Model):
        return model
    if not hasattr(model, "fit") or not hasattr(model, "predict"):
        raise UsageError(f"{said} is not a model: it has no fit and predict.", remedy=KNOWN)
    return EstimatorModel(model, on)


def _imported(name: str, *, said: str) -> object:
    """Import `module:callable`; call it if it is callable."""
    module, _, attribute = name.partition(":")
    if not module or not attribute:
        raise UsageError(f"unknown model {said!r}.", remedy=KNOWN)
    made = imported(name, what=f"the model {said!r}")
    try:
        return made() if callable(made) else made
    except FAILURES as error:
        raise UsageError(
            f"the model {said!r} cannot be made: {type(error).__name__}: {error}.",
            remedy="Its callable must take no arguments: write one that fills them in.",
        ) from error
