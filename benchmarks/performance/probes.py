"""48 fits of the same rows, as measurements make them: six seeds, each leaving out one of eight folds."""

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.performance.measuring import OURS, Contender, Figures, Kernel
from burnish.kernels.probe import fit_probes

N_CLASSES, N_DIMS = 10, 256
N_SEEDS, N_FOLDS = 6, 8
WRONG = 0.05
PENALTIES = (0.001, 0.01, 0.1)

Floats = NDArray[np.float32]


class Fitted(NamedTuple):
    """Of each fit the coefficients (d, n_classes) and the intercepts (n_classes,), and the penalty."""

    l2: float
    fits: list[tuple[NDArray[np.floating], NDArray[np.floating]]]


@dataclass(frozen=True, eq=False)
class Problem:
    """Unit rows (n, d), their labels (n,), and who takes part in each fit (n, n_fits), 0 or 1."""

    vectors: Floats
    labels: NDArray[np.int32]
    weights: Floats

    def first(self, n: int = 500) -> "Problem":
        """Give the first rows, to warm up on."""
        return Problem(self.vectors[:n], self.labels[:n], self.weights[:n])

    def standardized(self) -> tuple[Floats, Floats, float]:
        """Give rows centered and divided by one scale, as both sides see them; with the center and the scale."""
        center = self.vectors.mean(axis=0)
        scale = float(np.sqrt(np.mean(np.square(self.vectors - center))))
        return (self.vectors - center) / np.float32(scale), center, scale


def burnish(problem: Problem, *, l2: float) -> Fitted:
    probes = fit_probes(problem.vectors, problem.labels, problem.weights, n_classes=N_CLASSES, l2=l2)
    return Fitted(l2, [(probe.coef, probe.intercept) for probe in probes])


def sklearn(library: Any, problem: Problem, *, l2: float) -> Fitted:
    """The rows are centered and scaled once, and that counts; the solver is lbfgs with its default tolerance."""
    rows, center, scale = problem.standardized()
    fits = []
    for weights in problem.weights.T:
        inside = weights > 0
        model = library.LogisticRegression(C=1 / (l2 * int(inside.sum())), max_iter=1000)
        model.fit(rows[inside], problem.labels[inside])
        coef = model.coef_.T / scale
        fits.append((coef, model.intercept_ - center @ coef))
    return Fitted(l2, fits)


def judge(problem: Problem, fitted: Fitted) -> Figures:
    """Give the mean over fits of what both minimize: cross entropy and half of l2 times the squared length."""
    scale, losses = problem.standardized()[2], []
    for (coef, intercept), weights in zip(fitted.fits, problem.weights.T, strict=True):
        inside = weights > 0
        scores = problem.vectors[inside].astype(np.float64) @ coef + intercept
        scores -= scores.max(axis=1, keepdims=True)
        own = scores[np.arange(len(scores)), problem.labels[inside]]
        entropy = (np.log(np.exp(scores).sum(axis=1)) - own).mean()
        losses.append(entropy + fitted.l2 / 2 * np.square(coef * scale).sum())
    return {"loss": float(np.mean(losses))}


def load(case: str) -> Problem:
    """Ten Gaussian classes, of which 5 % carry a wrong label."""
    n_rows, rng = int(case), np.random.default_rng(0)
    labels = rng.integers(0, N_CLASSES, n_rows)
    rows = 0.5 * rng.normal(size=(N_CLASSES, N_DIMS))[labels] + rng.normal(size=(n_rows, N_DIMS))
    wrong = rng.random(n_rows) < WRONG
    labels[wrong] = rng.integers(0, N_CLASSES, int(wrong.sum()))
    folds = rng.integers(0, N_FOLDS, (n_rows, N_SEEDS, 1)) != np.arange(N_FOLDS)
    units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    weights = folds.reshape(n_rows, -1).astype(np.float32)
    return Problem(units.astype(np.float32), labels.astype(np.int32), weights)


def _contenders(l2: float) -> tuple[Contender, ...]:
    return (
        Contender(OURS, partial(burnish, l2=l2), f"l2 = {l2:g}"),
        Contender("scikit-learn, lbfgs", partial(sklearn, l2=l2), f"l2 = {l2:g}", ("sklearn.linear_model",)),
    )


KERNEL = Kernel(
    name="probes",
    contenders=tuple(contender for l2 in PENALTIES for contender in _contenders(l2)),
    load=load,
    small=Problem.first,
    judge=judge,
    rows=(10_000,),
)
