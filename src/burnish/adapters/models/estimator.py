"""Any scikit-learn-compatible estimator as the model, trained on the embeddings."""

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from burnish.errors import ModelError


@dataclass(frozen=True)
class EstimatorModel:
    """A copy of `estimator` is fitted for each training set; `random_state` is set to the seed where it has one."""

    estimator: Any

    @property
    def recipe(self) -> str:
        """The estimator as it prints itself: its class and its parameters."""
        return " ".join(repr(self.estimator).split())

    def fit_predict(
        self, train: NDArray[np.floating], labels: NDArray[np.integer], rows: NDArray[np.floating],
        *, n_classes: int, seed: int,
    ) -> NDArray[np.float32]:  # fmt: skip
        """Fit a fresh copy; give (len(rows), n_classes) probabilities, 0 for classes it never saw.

        An estimator without `predict_proba` answers with certainty. Raises ModelError when it fails.
        """
        model = copy.deepcopy(self.estimator)
        if hasattr(model, "get_params") and "random_state" in model.get_params():
            model.set_params(random_state=seed)
        try:
            model.fit(train, labels)
            return _probabilities(model, rows, n_classes)
        except (ValueError, TypeError, AttributeError, RuntimeError) as error:
            raise ModelError(
                f"{type(self.estimator).__name__} failed: {error}.",
                remedy="It must take fit(X, y) and predict(X), X being (rows, dimensions) float32.",
            ) from error


def _probabilities(model: Any, rows: NDArray[np.floating], n_classes: int) -> NDArray[np.float32]:
    full = np.zeros((len(rows), n_classes), np.float32)
    if hasattr(model, "predict_proba"):
        full[:, np.asarray(model.classes_, np.int64)] = model.predict_proba(rows)
    else:
        full[np.arange(len(rows)), np.asarray(model.predict(rows), np.int64)] = 1.0
    return full
