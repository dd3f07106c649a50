"""The default model: the linear probe, at a regularisation that is frozen before anything is compared."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from burnish.kernels.probe import fit_probe, predict_probabilities


@dataclass(frozen=True)
class LinearProbe:
    """L2-regularised multinomial logistic regression on the embeddings."""

    l2: float = 1e-3

    @property
    def recipe(self) -> str:
        """The name of the model with every setting that changes its answers."""
        return f"probe(l2={self.l2:g})"

    def fit_predict(
        self, train: NDArray[np.floating], labels: NDArray[np.integer], rows: NDArray[np.floating],
        *, n_classes: int, seed: int,  # noqa: ARG002 - the probe is deterministic
    ) -> NDArray[np.float32]:  # fmt: skip
        """Train on (n, n_dims) vectors and codes (n,); give (len(rows), n_classes) probabilities."""
        probe = fit_probe(train, labels, n_classes=n_classes, l2=self.l2)
        return predict_probabilities(probe, rows)
