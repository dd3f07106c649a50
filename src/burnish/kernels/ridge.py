"""Ridge: least squares on frozen embeddings with an L2 penalty, in closed form.

The objective is mean_i w_i (y_i - ŷ_i)² / 2 + l2 / 2 ‖coef‖² over columns that are centered and divided by one
common scale (the root mean variance), with a free intercept, as the probe's is. scikit-learn's `Ridge(alpha)`
minimises the same on such columns with alpha = l2 · n. Solved in the eigenvectors of the covariance, one
decomposition serves every l2 (Hastie, Tibshirani & Friedman 2009, section 3.4.1).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from burnish.errors import InputError
from burnish.kernels.folds import group_folds
from burnish.kernels.vectors import Vectors

Numbers = NDArray[np.float64]

L2_GRID = tuple(float(10.0 ** (step / 2)) for step in range(-10, 3))
"""Mean-loss scale: 1e-5 to 10 in half steps."""

SEARCH_ROWS, SEARCH_FOLDS = 5_000, 5
BLOCK_VALUES = 4_000_000


@dataclass(frozen=True, eq=False)
class Ridge:
    """A linear predictor of a number: rows @ coef (n_dims,) + intercept, with the standardisation folded in."""

    coef: Numbers
    intercept: float


def fit_ridge(
    embeddings: NDArray[np.floating],
    targets: NDArray[np.floating],
    *,
    l2: float = 1e-2,
    sample_weight: NDArray[np.floating] | None = None,
) -> Ridge:
    """Fit to rows (n, n_dims) and numbers (n,), which are the caller's to be finite; weights (n,) may be 0.

    Takes n·n_dims² + 10·n_dims³ operations in float64. Rows that are all alike give the mean. Raises InputError
    where no row has weight.
    """
    weight = np.ones(len(targets)) if sample_weight is None else np.asarray(sample_weight, np.float64)
    return _Moments.of(embeddings, np.asarray(targets, np.float64), weight).solve(l2)


def predict_numbers(ridge: Ridge, rows: NDArray[np.floating]) -> Numbers:
    """Give the numbers (n,) of rows (n, n_dims)."""
    return np.asarray(rows @ ridge.coef + ridge.intercept, np.float64)


def choose_ridge_l2(
    embeddings: ArrayLike | Vectors,
    targets: NDArray[np.floating],
    groups: NDArray[np.integer] | None = None,
    *,
    seed: int,
) -> float:
    """Give the regularisation of L2_GRID with the least squared error on held-out rows.

    Held out is each of five folds in turn, alike in the quintiles of `targets` (n,); rows of one group (n,) >= 0
    stay on one side. Beyond `SEARCH_ROWS` a seeded sample is used. Of equal errors the strongest regularisation
    is given, which is also the answer where there are too few rows to hold any out.
    """
    positions = np.random.default_rng(seed).permutation(len(targets))[:SEARCH_ROWS]
    grouped = np.full(len(targets), -1) if groups is None else np.asarray(groups)
    rows, numbers = Vectors.of(embeddings).at(positions), np.asarray(targets, np.float64)[positions]
    fold = group_folds(_quintiles(numbers), grouped[positions], n_folds=SEARCH_FOLDS, seed=seed)
    errors = np.zeros(len(L2_GRID))
    for held in (fold == k for k in range(SEARCH_FOLDS)):
        if held.any() and not held.all():
            moments = _Moments.of(rows[~held], numbers[~held], np.ones(int((~held).sum())))
            found = (predict_numbers(moments.solve(l2), rows[held]) for l2 in L2_GRID)
            errors += [float(((numbers[held] - one) ** 2).sum()) for one in found]
    return L2_GRID[len(errors) - 1 - int(errors[::-1].argmin())]


@dataclass(frozen=True, eq=False)
class _Moments:
    """What a fit follows from: means, the spectrum of the covariance of the rows, what they share with the targets."""

    center: Numbers
    scale: float
    mean: float
    variances: Numbers
    axes: Numbers
    shared: Numbers

    @classmethod
    def of(cls, rows: NDArray[np.floating], targets: Numbers, weight: Numbers) -> "_Moments":
        """Go over rows (n, n_dims) twice, in blocks."""
        if not weight.sum() > 0:
            raise InputError(f"none of {len(targets)} rows has weight.", remedy="Pass a row to learn from.")
        share = weight / weight.sum()
        mean = float(share @ targets)
        center = np.sum([share[some] @ rows[some].astype(np.float64) for some in _blocks(rows)], axis=0)
        spread, shared = np.zeros((rows.shape[1], rows.shape[1])), np.zeros(rows.shape[1])
        for some in _blocks(rows):
            away = rows[some].astype(np.float64) - center
            spread += (away * share[some, None]).T @ away
            shared += (share[some] * (targets[some] - mean)) @ away
        scale = float(np.sqrt(np.trace(spread) / max(1, len(spread))))
        if scale <= 1e-6 * float(np.abs(center).max(initial=1e-30)):
            scale = 1.0
        variances, axes = np.linalg.eigh(spread / scale**2)
        return cls(center, scale, mean, np.maximum(variances, 0), axes, axes.T @ (shared / scale))

    def solve(self, l2: float) -> Ridge:
        coef = self.axes @ (self.shared / (self.variances + l2)) / self.scale
        return Ridge(coef, self.mean - float(self.center @ coef))


def _blocks(rows: NDArray[np.floating]) -> list[slice]:
    step = max(1, BLOCK_VALUES // max(1, rows.shape[1]))
    return [slice(start, start + step) for start in range(0, len(rows), step)]


def _quintiles(numbers: Numbers) -> NDArray[np.int64]:
    edges = np.quantile(numbers, [0.2, 0.4, 0.6, 0.8]) if len(numbers) else np.zeros(4)
    return np.searchsorted(edges, numbers)
