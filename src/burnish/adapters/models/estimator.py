"""Any scikit-learn-compatible estimator as the model: on the embeddings, on the raw fields, or on both."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from burnish.adapters.models.answers import checked_numbers, checked_probabilities
from burnish.dataset import Sample
from burnish.errors import MissingExtraError, ModelError, UsageError

Floats = NDArray[np.float32]
On = Literal["embeddings", "fields", "both"]

# What estimators raise in practice; anything rarer is a fault that should be seen as it is.
FAILURES = (
    ArithmeticError, AssertionError, AttributeError, ImportError, LookupError, OSError, RuntimeError, TypeError,
    ValueError,
)  # fmt: skip

TAKES = {
    "embeddings": "X being (rows, dimensions) float32",
    "fields": "X being a pandas DataFrame of the raw fields: put encoders for text and categories in front of it",
    "both": "X being a pandas DataFrame of the raw fields and embedding_0, embedding_1, …: put encoders in front of it",
}


@dataclass(frozen=True)
class EstimatorModel:
    """A fresh clone of `estimator` is fitted for each training; every `random_state` in it is set to the seed.

    X: `embeddings` are an (n, n_dims) float32 array of unit rows; `fields` a pandas DataFrame of the given fields as
    Parquet would give them (strings stay strings), without label, split, id and predictions; `both` a DataFrame of
    these and `embedding_0`, `embedding_1`, …

    y: for classes the codes 0, 1, … of those that the training rows have, in the order of their sorted names; for
    multi-label 0 or 1 per class (n, n_classes) of the classes that some rows have and some have not, (n,) where
    that is one; for regression float64.
    """

    estimator: Any
    on: On = "embeddings"

    def __post_init__(self) -> None:
        if self.on not in get_args(On):
            raise UsageError(f"a model on {self.on!r}.", remedy=f"Known: {', '.join(get_args(On))}.")
        if self.on != "embeddings" and importlib.util.find_spec("pandas") is None:
            raise MissingExtraError(
                "a model on fields gets them as a pandas DataFrame, and pandas is not installed.",
                remedy="Run: pip install 'burnish[pandas]'",
            )

    @property
    def recipe(self) -> str:
        """The estimator as it prints itself, its class and its parameters, and what it learns from."""
        said = " ".join(repr(self.estimator).split())
        return {"embeddings": said, "fields": f"{said} on fields", "both": f"{said} on fields and embeddings"}[self.on]

    def fit_predict(self, train: Sample, rows: Sample, *, seed: int) -> Floats:
        """Fit a fresh clone; give probabilities, 0 for classes it never saw, or numbers (len(rows), n_outputs).

        An estimator without `predict_proba` answers with certainty. Raises ModelError when it fails, and for
        answers that are not finite, of another length, or of an unknown class.
        """
        try:
            return _ANSWERS[train.targets.task](self._seeded(seed), train, self._given(train), self._given(rows))
        except FAILURES as error:
            raise ModelError(
                f"{_name(self.estimator)} failed: {type(error).__name__}: {error}.",
                remedy=f"It must take fit(X, y) and predict(X), {TAKES[self.on]}.",
            ) from error

    def _seeded(self, seed: int) -> Any:
        # Late: it loads pandas along, which takes longer than a kept audit and is of no use to the probe.
        clone = importlib.import_module("sklearn.base").clone
        model = clone(self.estimator, safe=False)
        names = model.get_params() if hasattr(model, "get_params") else {}
        seeds = {name: seed for name in names if name.split("__")[-1] == "random_state"}
        return model.set_params(**seeds) if seeds else model

    def _given(self, sample: Sample) -> Any:
        if self.on == "embeddings":
            return sample.embeddings
        fields = sample.fields
        if self.on == "both":
            columns = dict(zip(fields.column_names, fields.columns, strict=True))
            vectors = np.ascontiguousarray(sample.embeddings.T)
            columns |= {f"embedding_{number}": pa.array(column) for number, column in enumerate(vectors)}
            fields = pa.table(columns)
        if not fields.num_columns:
            raise ModelError(
                f"{_name(self.estimator)} is to learn from fields, and the rows have none but label, split and id.",
                remedy="Let it learn from the embeddings: leave fields: away.",
            )
        return fields.to_pandas()


def _classes(model: Any, train: Sample, given: Any, rows: Any) -> Floats:
    """Give the probabilities of classes (n_rows, n_classes)."""
    present, codes = np.unique(train.values, return_inverse=True)
    model.fit(given, codes)
    answer = np.zeros((len(rows), train.targets.n_outputs), np.float32)
    answer[:, present] = _shares(model, rows, len(present))
    return answer


def _sets(model: Any, train: Sample, given: Any, rows: Any) -> Floats:
    """Give the probability of each class (n_rows, n_classes); one that all training rows agree on is not learned."""
    values = train.values.astype(np.int64)
    varied = np.flatnonzero(values.min(axis=0) != values.max(axis=0))
    answer = np.repeat(values[:1].astype(np.float32), len(rows), axis=0)
    if len(varied) == 1:
        model.fit(given, values[:, varied[0]])
        answer[:, varied] = _shares(model, rows, 2)[:, 1:]
    elif len(varied):
        model.fit(given, values[:, varied])
        said = model.predict_proba(rows) if hasattr(model, "predict_proba") else model.predict(rows)
        if isinstance(said, list):  # one array (n_rows, 2) a class
            said = np.stack([np.asarray(one)[:, 1] for one in said], axis=1)
        answer[:, varied] = checked_probabilities(said, (len(rows), len(varied)), model=_name(model), exclusive=False)
    return answer


def _numbers(model: Any, train: Sample, given: Any, rows: Any) -> Floats:
    model.fit(given, train.values)
    return checked_numbers(model.predict(rows), len(rows), model=_name(model))


_ANSWERS: dict[str, Callable[[Any, Sample, Any, Any], Floats]] = {
    "classification": _classes, "multi-label": _sets, "regression": _numbers,
}  # fmt: skip


def _shares(model: Any, rows: Any, n_classes: int) -> Floats:
    """Give the probabilities (n_rows, n_classes) of a model that learned the codes 0..n_classes-1."""
    if hasattr(model, "predict_proba"):
        said = checked_probabilities(
            model.predict_proba(rows), (len(rows), n_classes), model=_name(model), exclusive=True
        )
        return said[:, np.argsort(_codes(getattr(model, "classes_", range(n_classes)), n_classes, _name(model)))]
    codes = _codes(model.predict(rows), n_classes, _name(model))
    if codes.shape != (len(rows),):
        raise ModelError(
            f"{_name(model)} predicted {codes.shape} values for {len(rows)} rows.", remedy="Predict one class a row."
        )
    return np.eye(n_classes, dtype=np.float32)[codes]


def _codes(given: Any, n_classes: int, name: str) -> NDArray[np.int64]:
    """Read codes; raises ModelError for a value that is none of 0..n_classes-1."""
    values = np.asarray(given)
    unknown = values[~np.isin(values, np.arange(n_classes))]
    if len(unknown):
        raise ModelError(
            f"{name} predicted the class {unknown[0]!r}, which no row has.",
            remedy=f"It was fitted to the codes 0 to {n_classes - 1} and must answer with these.",
        )
    return values.astype(np.int64)


def _name(model: Any) -> str:
    return type(model).__name__
