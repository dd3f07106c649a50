"""The probe: L2-regularised multinomial logistic regression on frozen embeddings, fast and fully converged.

The objective is mean_i w_i CE_i + l2 / 2 ‖W‖² over columns that are centered and divided by one common
scale (the root mean variance), with a free intercept; scikit-learn's `LogisticRegression(C)` minimises the
same on such columns with C = 1 / (l2 · n). It is minimised in the principal coordinates of the rows, where its
curvature is nearly diagonal: about variance · mean of p(1 - p) + l2.
Several fits of the same rows, each with its own weights and labels, share every pass over the data.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from burnish.errors import InputError
from burnish.kernels.compiled import compiled
from burnish.kernels.folds import group_folds
from burnish.kernels.items import Engine, InTurn
from burnish.kernels.lbfgs import minimize_together
from burnish.kernels.vectors import Vectors

Floats = NDArray[np.float32]
Codes = NDArray[np.int32]

L2_GRID = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""Mean-loss scale. The search starts at 0.1, where fits are cheap, and stops when held-out loss rises."""

TOLERANCE = 3e-6
"""Share of the objective that is left to gain."""

SEARCH_ROWS, SEARCH_TOLERANCE = 5_000, 1e-4
"""Rows among which the regularisation is searched, and how far those fits go: its held-out losses differ by more."""

BLOCK_VALUES = 16_000_000
SCORES = 250_000
"""Scores held at a time in a fit: 1 MB of float32."""

ITEM_ROWS = 4_096
"""Rows of a pass that one worker takes at a time: sums are the same for any number of workers."""

DOUBT_ROWS, SMALLEST_DOUBT = 2_000, 1e-4
"""Rows that tell the mean of p(1 - p), and the least that is believed of it."""

NEVER = np.float32(-1e30)
"""The intercept of a class that no row of a fit has, while it is fitted."""


@dataclass(frozen=True, eq=False)
class Probe:
    """A linear classifier: scores are rows @ coef + intercept, with the standardisation folded in.

    `coef` (n_dims, n_classes) and `intercept` (n_classes,), float32. A class that no training row had
    has the intercept -inf, so that its probability is exactly 0.
    """

    coef: Floats
    intercept: Floats


@dataclass(frozen=True, eq=False)
class Space:
    """Rows in their principal coordinates: `rows` = (embeddings - center) @ turn; `variances` (d,) of these.

    Here the penalty of the objective is l2 / 2 times the summed squares of a solution, its last line left out.
    """

    rows: Floats
    center: Floats
    turn: Floats
    variances: Floats

    @classmethod
    def of(cls, embeddings: NDArray[np.floating], weight: Floats) -> "Space":
        """Give the space of rows (n, n_dims) with weights (n,) that add up to 1."""
        rows = np.array(embeddings, np.float32)
        center = weight @ rows
        rows -= center
        spread = (rows * weight[:, None]).T @ rows
        scale = float(np.sqrt(np.trace(spread) / len(spread)))
        if scale <= 1e-6 * float(np.abs(center).max(initial=1e-30)):
            scale = 1.0
        variances, axes = np.linalg.eigh(spread.astype(np.float64) / scale**2)
        turn = (axes / scale).astype(np.float32)
        return cls(rows @ turn, center, turn, np.maximum(variances, 0).astype(np.float32))

    def turned(self, embeddings: NDArray[np.floating]) -> Floats:
        """Give other rows (n, n_dims) in these coordinates."""
        return np.asarray((np.asarray(embeddings, np.float32) - self.center) @ self.turn)

    def probe(self, point: Floats, has: NDArray[np.bool_]) -> Probe:
        """Give the probe of a solution (d + 1, n_classes), the intercept in its last line."""
        coef = np.where(has, self.turn @ point[:-1], np.float32(0))
        intercept = np.where(has, point[-1] - self.center @ coef, np.float32(-np.inf))
        return Probe(coef.astype(np.float32), intercept.astype(np.float32))


def fit_probe(
    embeddings: NDArray[np.floating],
    labels: NDArray[np.integer],
    *,
    n_classes: int,
    l2: float = 1e-2,
    sample_weight: NDArray[np.floating] | None = None,
) -> Probe:
    """Fit the probe to rows (n, n_dims) and codes (n,) in 0..n_classes-1; see `fit_probes`."""
    weights = np.ones(len(labels)) if sample_weight is None else np.asarray(sample_weight)
    return fit_probes(embeddings, labels, weights[:, None], n_classes=n_classes, l2=l2)[0]


def fit_probes(  # noqa: PLR0913 - what is fitted, and how
    embeddings: NDArray[np.floating],
    labels: NDArray[np.integer],
    weights: NDArray[np.floating],
    *,
    n_classes: int,
    l2: float = 1e-2,
    tolerance: float = TOLERANCE,
    engine: Engine | None = None,
) -> list[Probe]:
    """Fit a probe for each column of `weights` (n, n_fits), which may be 0, to rows (n, n_dims).

    `labels`: codes in 0..n_classes-1, (n,) or one column a fit (n, n_fits). Rows with NaN are the caller's to
    leave out. A fit ends when it can gain no more than `tolerance` of its objective. One class gives a constant
    answer, no row at all a uniform one. One fit to the mean weights goes first; the others start from it. Each
    takes 10 to 80 passes of 4·n·n_dims·n_classes operations.
    """
    weights = np.asarray(weights, np.float32)
    codes = np.ascontiguousarray(np.broadcast_to(np.atleast_2d(np.asarray(labels, np.int32).T).T, weights.shape))
    has = _classes_had(codes, weights, n_classes)
    probes = [_constant(embeddings.shape[1], had) for had in has]
    fits = np.flatnonzero(has.sum(axis=1) > 1)
    if len(fits):
        of_fits = np.ascontiguousarray(codes[:, fits]), weights[:, fits], has[fits]
        problem = _Problem.of(embeddings, *of_fits, engine=engine)
        for fit, point in zip(fits, problem.solve(l2, tolerance=tolerance), strict=True):
            probes[fit] = problem.space.probe(point, has[fit])
    return probes


def fit_in_space(
    embeddings: NDArray[np.floating], labels: NDArray[np.integer], *, n_classes: int, l2: float
) -> tuple[Space, Floats]:
    """Give rows (n, n_dims) in their space, and the solution (n_dims + 1, n_classes) there, the intercept last.

    It is what `fit_probe` finds before it turns back to the embeddings. A class without a row has an intercept so
    low that its probability is 0. Raises InputError where fewer than two classes have rows.
    """
    codes = np.asarray(labels, np.int32)[:, None]
    weights = np.ones(codes.shape, np.float32)
    has = _classes_had(codes, weights, n_classes)
    if has.sum() < 2:
        raise InputError(f"rows of {has.sum()} class(es).", remedy="Pass rows of two classes or more.")
    problem = _Problem.of(embeddings, codes, weights, has, engine=None)
    return problem.space, problem.solve(l2)[0]


def predict_probabilities(probe: Probe, rows: NDArray[np.floating]) -> Floats:
    """Give (n, n_classes) float32 class probabilities for rows (n, n_dims), a block at a time."""
    probabilities = np.empty((len(rows), len(probe.intercept)), np.float32)
    step = max(1, BLOCK_VALUES // max(rows.shape[1], len(probe.intercept)))
    for start in range(0, len(rows), step):
        scores = np.asarray(rows[start : start + step], np.float32) @ probe.coef + probe.intercept
        np.exp(scores - scores.max(axis=1, keepdims=True, initial=-np.inf), out=scores)
        probabilities[start : start + step] = scores / scores.sum(axis=1, keepdims=True)
    return probabilities


def choose_l2(
    embeddings: ArrayLike | Vectors,
    labels: NDArray[np.integer],
    groups: NDArray[np.integer] | None = None,
    *,
    n_classes: int,
    seed: int,
    engine: Engine | None = None,
) -> float:
    """Give the regularisation of L2_GRID, or a half step beside it, that predicts held-out labels best.

    Held out are two of five folds, one at a time; rows of one group (n,) >= 0 stay on one side. The
    criterion is log loss: with noisy labels it asks for more regularisation than accuracy would.
    Beyond `SEARCH_ROWS` a seeded sample is used. With too few rows to hold any out, the strongest is given.
    """
    positions = np.random.default_rng(seed).permutation(len(labels))[:SEARCH_ROWS]
    grouped = np.full(len(labels), -1) if groups is None else np.asarray(groups)
    rows, codes = Vectors.of(embeddings).at(positions), np.asarray(labels, np.int32)[positions]
    fold = group_folds(codes, grouped[positions], n_folds=5, seed=seed)
    if not all(((fold == k).any() and (fold != k).any()) for k in (0, 1)):
        return L2_GRID[-1]
    given, weights = np.stack([codes, codes], axis=1), np.stack([fold != 0, fold != 1], axis=1).astype(np.float32)
    problem = _Problem.of(rows, given, weights, _classes_had(given, weights, n_classes), engine=engine)
    held_out = _HeldOut(rows, codes, fold, problem)
    best = len(L2_GRID) - 2
    direction = 1 if held_out.loss(L2_GRID[best + 1]) < held_out.loss(L2_GRID[best]) else -1
    while 0 <= best + direction < len(L2_GRID) and held_out.loss(L2_GRID[best + direction]) < held_out.loss(
        L2_GRID[best]
    ):
        best += direction
    coarse = L2_GRID[best]
    half = 10**0.5
    return min((coarse, coarse * half, coarse / half), key=held_out.loss)


class _HeldOut:
    """The loss on two of the folds (n,) of fits to the other rows; each fit starts from the last one."""

    def __init__(self, rows: Floats, codes: Codes, fold: NDArray[np.integer], problem: "_Problem") -> None:
        self.rows, self.codes, self.fold, self.problem = rows, codes, fold, problem
        self.solution: Floats | None = None
        self.known: dict[float, float] = {}

    def loss(self, l2: float) -> float:
        """Give the summed log loss on the held-out rows, each probability bounded below by 1e-6."""
        if l2 not in self.known:
            self.solution = self.problem.solve(l2, self.solution, tolerance=SEARCH_TOLERANCE)
            self.known[l2] = sum(self._of_fold(k, point) for k, point in enumerate(self.solution))
        return self.known[l2]

    def _of_fold(self, k: int, point: Floats) -> float:
        held = self.fold == k
        probe = self.problem.space.probe(point, self.problem.has[k])
        own = predict_probabilities(probe, self.rows[held])[np.arange(int(held.sum())), self.codes[held]]
        return float(-np.log(np.maximum(own, 1e-6), dtype=np.float64).sum())


def _classes_had(codes: Codes, weights: Floats, n_classes: int) -> NDArray[np.bool_]:
    """Tell which classes (n_fits, n_classes) have weight in each fit."""
    each = zip(codes.T, weights.T, strict=True)
    return np.stack([np.bincount(of_fit, weight, n_classes) > 0 for of_fit, weight in each])


def _constant(n_dims: int, had: NDArray[np.bool_]) -> Probe:
    intercept = np.where(had | ~had.any(), np.float32(0), np.float32(-np.inf))
    return Probe(np.zeros((n_dims, len(had)), np.float32), intercept)


@dataclass(frozen=True, eq=False)
class _Problem:
    """The losses of every fit: codes and weights (n, n_fits), and the classes (n_fits, n_classes) that each has."""

    space: Space
    codes: Codes
    weights: Floats
    has: NDArray[np.bool_]
    engine: Engine

    @classmethod
    def of(
        cls, embeddings: NDArray[np.floating], codes: Codes, weights: Floats, has: NDArray[np.bool_], *,
        engine: Engine | None,
    ) -> "_Problem":  # fmt: skip
        shares = np.ascontiguousarray(weights / weights.sum(axis=0))
        return cls(Space.of(embeddings, shares.mean(axis=1)), codes, shares, has, engine or InTurn())

    @property
    def shape(self) -> tuple[int, int]:
        """Lines of a solution, and classes."""
        return self.space.rows.shape[1] + 1, self.has.shape[1]

    def solve(self, l2: float, start: Floats | None = None, *, tolerance: float = TOLERANCE) -> Floats:
        """Give the solutions (n_fits, d + 1, n_classes), from given ones or from a smaller problem's."""
        if start is None:
            start = self._start(l2, tolerance)
        start[:, -1][~self.has] = NEVER
        doubt = self._doubt(start[0]) if start.any() else self.has[0] / self.has[0].sum()
        curvature = np.outer(np.append(self.space.variances, 1), np.maximum(doubt, SMALLEST_DOUBT))
        curvature[:-1] += l2
        found = minimize_together(
            lambda points, which: self._evaluate(points, which, l2),
            start.reshape(len(start), -1),
            curvature.ravel().astype(np.float32),
            tolerance=tolerance,
        )
        return found.reshape(start.shape)

    def _start(self, l2: float, tolerance: float) -> Floats:
        """Several fits start from one to the mean weights, a single one from nothing."""
        start = np.zeros((len(self.has), *self.shape), np.float32)
        had = np.any(self.has, axis=0, keepdims=True)
        if len(self.has) > 1:
            common = replace(
                self, codes=self.codes[:, :1].copy(), weights=self.weights.mean(axis=1, keepdims=True), has=had
            )
            start[:] = common.solve(l2, tolerance=tolerance)
        return start

    def _doubt(self, point: Floats) -> NDArray[np.float64]:
        """Give the mean of p(1 - p) of each class (n_classes,) over a sample of the rows."""
        rows = self.space.rows[:: 1 + len(self.space.rows) // DOUBT_ROWS]
        scores = rows @ point[:-1] + point[-1]
        exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
        probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
        return np.asarray((probabilities * (1 - probabilities)).mean(axis=0), np.float64)

    def _evaluate(self, points: Floats, which: NDArray[np.int64], l2: float) -> tuple[NDArray[np.float64], Floats]:
        """Give objectives and gradients of some fits; products in float32, sums over rows in float64."""
        (n_lines, n_classes), n_fits = self.shape, len(which)
        solution = points.reshape(n_fits, n_lines, n_classes)
        together = np.ascontiguousarray(solution.transpose(1, 0, 2)).reshape(n_lines, -1)
        n_spans = 1 + (len(self.codes) - 1) // ITEM_ROWS
        bounds = np.linspace(0, len(self.codes), n_spans + 1).round().astype(int).tolist()
        spans = list(pairwise(bounds))
        parts = self.engine.map(lambda span: self._summed(span, together, which), spans)
        values, gradient = parts[0]
        for more_values, more_gradient in parts[1:]:
            values += more_values
            gradient += more_gradient
        penalised = np.float32(l2) * solution[:, :-1]
        values += 0.5 * np.einsum("fdc,fdc->f", penalised, solution[:, :-1], dtype=np.float64)
        gradients = gradient.reshape(n_lines, n_fits, n_classes).transpose(1, 0, 2).astype(np.float32)
        gradients[:, :-1] += penalised
        return values, gradients.reshape(n_fits, -1)

    def _summed(
        self, span: tuple[int, int], together: Floats, which: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give the losses (n_fits,) and gradients (d + 1, n_fits · n_classes) of some rows, at solutions in a row."""
        coef, intercept = together[:-1], together[-1]
        gradient = np.zeros(together.shape)
        values = np.zeros(len(which))
        step = max(64, SCORES // together.shape[1])
        for start in range(*span, step):
            some = slice(start, min(start + step, span[1]))
            rows = self.space.rows[some]
            codes = np.ascontiguousarray(self.codes[some][:, which])
            weights = np.ascontiguousarray(self.weights[some][:, which])
            scores = (rows @ coef + intercept).reshape(len(rows), len(which), -1)
            own = np.empty((len(rows), len(which)), np.float32)
            _lower(scores, codes, own)
            np.exp(scores, out=scores)
            _to_residuals(scores, codes, (weights, own), values)
            flat = scores.reshape(len(rows), -1)
            gradient[:-1] += rows.T @ flat
            gradient[-1] += flat.sum(axis=0, dtype=np.float64)
        return values, gradient


@compiled("nnan", "reassoc", "nsz")
def _lower(scores: Floats, codes: Codes, own: Floats) -> None:
    """Take the largest score off the scores (n, n_fits, n_classes) of each row; note that of its label."""
    for row in range(scores.shape[0]):
        for fit in range(scores.shape[1]):
            largest = scores[row, fit, 0]
            for code in range(1, scores.shape[2]):
                largest = max(largest, scores[row, fit, code])
            for code in range(scores.shape[2]):
                scores[row, fit, code] -= largest
            own[row, fit] = scores[row, fit, codes[row, fit]]


@compiled("nnan", "reassoc", "nsz")
def _to_residuals(
    exponentials: Floats, codes: Codes, known: tuple[Floats, Floats], values: NDArray[np.float64]
) -> None:
    """Turn exponentials into weighted probabilities less the label; add the weighted losses to `values`."""
    weights, own = known
    for row in range(exponentials.shape[0]):
        for fit in range(exponentials.shape[1]):
            total = np.float32(0)
            for code in range(exponentials.shape[2]):
                total += exponentials[row, fit, code]
            weight = weights[row, fit]
            values[fit] += np.float64(weight) * (np.log(np.float64(total)) - np.float64(own[row, fit]))
            share = weight / total
            for code in range(exponentials.shape[2]):
                exponentials[row, fit, code] *= share
            exponentials[row, fit, codes[row, fit]] -= weight
