"""The default model: a linear one on the embeddings, at a regularisation that is frozen before anything is compared."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from burnish.dataset import Sample
from burnish.kernels.probe import L2_GRID, choose_l2, fit_probes, predict_probabilities
from burnish.kernels.ridge import choose_ridge_l2, fit_ridge, predict_numbers

Floats = NDArray[np.float32]
Groups = NDArray[np.integer]

SOLVER_FLOATS = 100_000_000
"""What fits made together may take: 400 MB."""

FLOATS_PER_COEFFICIENT, FLOATS_PER_ROW = 20, 4
"""What a fit takes: the memory of L-BFGS for each coefficient; codes, weights and copies of them for each row."""

SEARCHED_CLASSES = 5


@dataclass(frozen=True)
class LinearProbe:
    """L2-regularised multinomial logistic regression on the embeddings; two classes at a time for multi-label.

    For regression it is ridge. Each fit is fully converged, so the seed changes nothing.
    """

    l2: float = 1e-3

    @property
    def recipe(self) -> str:
        """The name of the model with every setting that changes its answers."""
        return f"probe(l2={self.l2:g})"

    def fit_predict(self, train: Sample, rows: Sample, *, seed: int) -> Floats:
        """Give the probabilities or numbers of `rows` (len(rows), n_outputs)."""
        del seed
        return next(self.fit_predict_each([train], rows))

    def fit_predict_each(self, trains: Sequence[Sample], rows: Sample) -> Iterator[Floats]:
        """Give what `fit_predict` gives, for each of `trains`: the same vectors, other rows or targets.

        Fits share the passes over the union of their rows, as many at a time as fit into 400 MB. They then share
        the scale that the regularisation counts in, that of their mean weights, which moves a probability a
        little (by less than 0.01). Ridge is solved for each alone.
        """
        if not trains:
            return
        task = trains[0].targets.task
        if task == "regression":
            yield from (self._numbers(train, rows) for train in trains)
        elif task == "classification":
            yield from self._shared((_Fit(train) for train in trains), rows)
        else:
            n_classes = trains[0].targets.n_outputs
            each = self._shared((_Fit(train, code) for train in trains for code in range(n_classes)), rows)
            yield from (np.stack([one[:, 1] for one in islice(each, n_classes)], axis=1) for _ in trains)

    def _numbers(self, train: Sample, rows: Sample) -> Floats:
        ridge = fit_ridge(train.embeddings, train.values, l2=self.l2)
        return predict_numbers(ridge, rows.embeddings).astype(np.float32)[:, None]

    def _shared(self, fits: Iterable["_Fit"], rows: Sample) -> Iterator[Floats]:
        """Give the probabilities (len(rows), n_classes) of each fit, in order."""
        fits = iter(fits)
        for first in fits:
            size = max(1, SOLVER_FLOATS // first.n_floats)
            yield from self._together([first, *islice(fits, size - 1)], rows)

    def _together(self, fits: Sequence["_Fit"], rows: Sample) -> Iterator[Floats]:
        union = np.unique(np.concatenate([fit.train.rows for fit in fits]))
        codes = np.stack([fit.codes(union) for fit in fits], axis=1)
        weights = np.stack([np.isin(union, fit.train.rows) for fit in fits], axis=1).astype(np.float32)
        vectors = fits[0].train.vectors.at(union)
        probes = fit_probes(vectors, codes, weights, n_classes=fits[0].n_classes, l2=self.l2)
        yield from (predict_probabilities(probe, rows.embeddings) for probe in probes)


@dataclass(frozen=True, eq=False)
class _Fit:
    """One training of classes, or of one class against the rest."""

    train: Sample
    code: int | None = None

    @property
    def n_classes(self) -> int:
        return self.train.targets.n_outputs if self.code is None else 2

    @property
    def n_floats(self) -> int:
        """What it takes when its rows are most of those that are shared."""
        coefficients = (self.train.vectors.n_dims + 1) * self.n_classes
        return FLOATS_PER_COEFFICIENT * coefficients + FLOATS_PER_ROW * len(self.train)

    def codes(self, rows: NDArray[np.int64]) -> NDArray[np.int32]:
        """Give the codes of rows; 0 where they are unknown, which are rows of other trainings."""
        values = self.train.targets.values[rows]
        known = values if self.code is None else np.nan_to_num(values[:, self.code])
        return np.asarray(np.maximum(known, 0), np.int32)


def choose_probe_l2(train: Sample, groups: Groups | None = None, *, seed: int) -> float:
    """Give the regularisation at which the probe predicts held-out rows of `train` best, for its task.

    `groups` (len(train),): rows of one group >= 0 are held out together. For multi-label it is the geometric mean
    of what the classes ask for that are nearest to half of the rows, five at most.
    """
    if train.targets.task == "regression":
        return choose_ridge_l2(train.embeddings, train.values, groups, seed=seed)
    if train.targets.task == "classification":
        return choose_l2(train.embeddings, train.values, groups, n_classes=train.targets.n_outputs, seed=seed)
    shares = train.values.mean(axis=0)
    told = [code for code in np.argsort(np.abs(shares - 0.5), kind="stable") if 0 < shares[code] < 1]
    columns = (train.values[:, code].astype(np.int32) for code in told[:SEARCHED_CLASSES])
    chosen = [choose_l2(train.embeddings, column, groups, n_classes=2, seed=seed) for column in columns]
    return float(np.exp(np.mean(np.log(chosen or [L2_GRID[-1]]))))
