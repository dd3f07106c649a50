"""Group influence: what each group of training rows adds to the evaluation metric of the probe, without a retrain.

Leaving out a group moves the solution by about one Newton step (Koh & Liang 2017, section 2; Koh, Ang, Teo & Liang
2019 for groups), with the Hessian of the rows that are left, as groups are too large for the shared one (Basu, You &
Feizi 2020). A few steps of conjugate gradients go most of the way, for many groups in one pass over the rows. What
they leave is not solved for: its effect on the metric is its product with the metric's slope over the Hessian, the
adjoint, which is solved for once (Becker & Rannacher 2001, section 2).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from burnish.kernels.probe import Space, fit_in_space

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Codes = NDArray[np.int64]
Metric = Literal["accuracy", "log_loss"]

GROUP_STEPS, GROUP_TOLERANCE = 8, 4e-4
"""Most steps towards the solution without a group, and the square of the Newton decrement that may be left: twice what
the mean loss could still fall by. Small groups take 2 or 3 steps, each of them a pass over the rows."""

ADJOINT_STEPS, ADJOINT_TOLERANCE = 100, 1e-6
"""The same for the adjoint, as a share of what there was."""

SMALLEST_CURVATURE = 1e-4
"""Least curvature of a direction among the classes that is believed, as a share of the largest."""

SMALLEST_PROBABILITY = np.float32(1e-6)
"""A lower probability of the right label counts as this in log loss."""

SMALLEST_OWN, LARGEST_SHIFT = np.float32(1e-20), np.float32(30)
"""Bounds of the right label's probability and of a shift of scores: beyond them float32 would overflow."""

POINT_VALUES, SCORES = 250_000, 500_000
"""Values of the points and of the scores that are held at a time: 1 and 2 MB of float32."""

QUANTILE = 1.96


class LabeledRows(NamedTuple):
    """Rows (n, n_dims) and codes (n,) of their labels, with groups.

    Of training rows `groups`, (n,) or (n, n_levels), are left out together; an id names one group, -1 none. Of
    evaluation rows they, (n,), are not independent of one another; None: each row stands alone.
    """

    embeddings: NDArray[np.floating]
    labels: NDArray[np.integer]
    groups: NDArray[np.integer] | None = None


class GroupValues(NamedTuple):
    """Groups (n_groups,), ascending, their numbers of rows, and their values with the bounds of a 95 % interval."""

    groups: Codes
    size: Codes
    value: Doubles
    low: Doubles
    high: Doubles


def group_values(
    train: LabeledRows, evaluation: LabeledRows, *, n_classes: int, l2: float, metric: Metric = "accuracy"
) -> GroupValues:
    """Give the metric with all training rows minus the metric without each group: above 0 where the group helps.

    `metric` is smooth: "accuracy" is the mean probability of the right label, "log_loss" the mean of its logarithm,
    so more is better of both. A group of all rows has the value NaN. The interval covers which rows happen to be
    evaluated, by the effect on each of them; not which rows happen to train, nor the error of the approximation, which
    grows with the group. Cost: a fit and some 20 passes over the training rows, then for each group 2 to `GROUP_STEPS`
    passes over them and one over the evaluation rows. Raises InputError where training rows have one class only.
    """
    model = _Model.of(train, n_classes=n_classes, l2=l2)
    judged = _Judged.of(model, evaluation, metric)
    adjoint = model.adjoint(judged.slope)
    levels = np.asarray(train.groups, np.int64).reshape(len(train.labels), -1)
    parts = [part for level in levels.T for part in _level_values(model, judged, adjoint, level)]
    groups, size, value, error = (np.concatenate(column) for column in zip(*parts, strict=True)) if parts else _NOTHING
    order = np.argsort(groups, kind="stable")
    groups, size, value, half = groups[order], size[order], value[order], QUANTILE * error[order]
    return GroupValues(groups, size, value, value - half, value + half)


_NOTHING = (np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), np.empty(0))


def _level_values(
    model: "_Model", judged: "_Judged", adjoint: Floats, level: Codes
) -> Iterator[tuple[Codes, Codes, Doubles, Doubles]]:
    """Yield groups of one level, their sizes, values and standard errors, some groups of like size at a time."""
    names, codes, counts = np.unique(level, return_inverse=True, return_counts=True)
    chosen = np.argsort(counts, kind="stable")
    chosen = chosen[names[chosen] >= 0]
    place = np.full(len(names), -1)
    place[chosen] = np.arange(len(chosen))
    codes, groups, sizes = place[codes], names[chosen], counts[chosen]
    members = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes + 1))[:-1])[1:]
    at_a_time = max(1, POINT_VALUES // adjoint.size)
    for start in range(0, len(groups), at_a_time):
        some = slice(start, start + at_a_time)
        size = sizes[some]
        inside = np.where(codes < start + len(size), np.maximum(codes - start, -1), -1)
        without = _Without(inside, (1 - size / len(codes)).astype(np.float32))
        gradients = model.gradients(members[some], without)
        step = model.divided(gradients, without, steps=GROUP_STEPS, tolerance=GROUP_TOLERANCE)
        lost, error = judged.lost(step.found)
        value = lost - np.einsum("dc,dgc->g", adjoint, step.left, dtype=np.float64)
        yield groups[some], size, np.where(size < len(codes), value, np.nan), error


class _Without(NamedTuple):
    """The group (n,) that each row is left out with, below 0 none, and the share of rows left (n_groups,).

    The penalty is relative to the mean loss: where the other rows keep their weight, it is less by that share.
    """

    codes: Codes
    left: Floats


class _Divided(NamedTuple):
    """Gradients over a Hessian, and what is left of the gradients: (d + 1, n_groups, n_classes)."""

    found: Floats
    left: Floats


@dataclass(frozen=True, eq=False)
class _Model:
    """The fitted probe in its space, and the probabilities (n, n_classes) that it gives its rows.

    The Hessian is about the product of the covariance of the rows and the mean curvature of the classes: `basis`
    (n_classes, n_classes) holds the directions among the classes, `inverse` (d + 1, 1, n_classes) one over the
    curvature of each coordinate in each direction. `penalty` (d + 1, 1, 1) is l2, 0 for the intercept.
    """

    space: Space
    point: Floats
    labels: NDArray[np.integer]
    probabilities: Floats
    penalty: Floats
    basis: Floats
    inverse: Floats

    @classmethod
    def of(cls, train: LabeledRows, *, n_classes: int, l2: float) -> "_Model":
        space, point = fit_in_space(train.embeddings, train.labels, n_classes=n_classes, l2=l2)
        probabilities = _probabilities(space.rows, point)
        among = np.diag(probabilities.mean(axis=0)) - probabilities.T @ probabilities / len(probabilities)
        curvature, basis = np.linalg.eigh(among.astype(np.float64))
        curvature = np.maximum(curvature, SMALLEST_CURVATURE * curvature[-1])
        penalty = np.append(np.full(len(point) - 1, l2), 0)[:, None, None]
        inverse = 1 / (np.append(space.variances, 1)[:, None, None] * curvature + penalty)
        known = (penalty.astype(np.float32), basis.astype(np.float32), inverse.astype(np.float32))
        return cls(space, point, np.asarray(train.labels), probabilities, *known)

    def gradients(self, members: list[Codes], without: _Without) -> Floats:
        """Give what losing groups takes off the gradient, which was 0: (d + 1, n_groups, n_classes)."""
        found = (1 - without.left)[:, None] * self.penalty * self.point[:, None]
        for group, rows in enumerate(members):
            residuals = self.probabilities[rows]
            residuals[np.arange(len(rows)), self.labels[rows]] -= 1
            found[:, group] += _summed(self.space.rows[rows], residuals) / np.float32(len(self.labels))
        return found

    def adjoint(self, slope: Floats) -> Floats:
        """Give the slope of the metric (d + 1, n_classes) over the Hessian."""
        given = slope[:, None]
        tolerance = ADJOINT_TOLERANCE * float(_dots(given, self._nearly_divided(given))[0, 0])
        return self.divided(given, steps=ADJOINT_STEPS, tolerance=tolerance).found[:, 0]

    def divided(self, gradients: Floats, without: _Without | None = None, *, steps: int, tolerance: float) -> _Divided:
        """Divide by the Hessian, without groups, until little enough of the gradients is left of every group.

        Conjugate gradients for each group, preconditioned by the product (Nocedal & Wright 2006, algorithm 5.3).
        """
        found, left = np.zeros_like(gradients), gradients.copy()
        direction = self._nearly_divided(left)
        product = _dots(left, direction)
        for _ in range(steps):
            curved = self._curved(direction, without)
            length = _ratio(product, _dots(direction, curved))
            found += length * direction
            left -= length * curved
            rescaled = self._nearly_divided(left)
            before, product = product, _dots(left, rescaled)
            product[product <= tolerance] = 0  # it stays where it is, whichever groups go on beside it
            if not product.any():
                break
            direction = rescaled + _ratio(product, before) * direction
        return _Divided(found, left)

    def _nearly_divided(self, gradients: Floats) -> Floats:
        return np.asarray(((gradients @ self.basis) * self.inverse) @ self.basis.T)

    def _curved(self, directions: Floats, without: _Without | None) -> Floats:
        """Give the Hessian, without groups, times directions (d + 1, n_groups, n_classes)."""
        flat = directions.reshape(len(directions), -1)
        total = np.zeros_like(flat)
        step = max(1, SCORES // flat.shape[1])
        for start in range(0, len(self.labels), step):
            some = slice(start, start + step)
            rows, probabilities = self.space.rows[some], self.probabilities[some]
            shifts = _scores(rows, flat).reshape(len(rows), *directions.shape[1:])
            shifts -= np.einsum("ngc,nc->ng", shifts, probabilities)[:, :, None]
            shifts *= probabilities[:, None]
            if without is not None:
                out = np.flatnonzero(without.codes[some] >= 0)
                shifts[out, without.codes[some][out]] = 0
            total += _summed(rows, shifts.reshape(len(rows), -1))
        penalty = self.penalty if without is None else self.penalty * without.left[:, None]
        return np.asarray(total.reshape(directions.shape) / np.float32(len(self.labels)) + penalty * directions)


@dataclass(frozen=True, eq=False)
class _Judged:
    """Evaluation rows in the space, and what their metric is made of.

    `relative` (n, n_classes): probabilities over that of the right label, `own` (n,); `slope` (d + 1, n_classes): the
    gradient of the metric; `together` (n,): codes of rows that belong together.
    """

    rows: Floats
    labels: NDArray[np.integer]
    own: Floats
    relative: Floats
    slope: Floats
    metric: Metric
    together: Codes

    @classmethod
    def of(cls, model: _Model, evaluation: LabeledRows, metric: Metric) -> "_Judged":
        rows, labels = model.space.turned(evaluation.embeddings), np.asarray(evaluation.labels)
        probabilities = _probabilities(rows, model.point)
        own = probabilities[np.arange(len(rows)), labels]
        slopes = -probabilities
        slopes[np.arange(len(rows)), labels] += 1
        slopes *= (own if metric == "accuracy" else own > SMALLEST_PROBABILITY)[:, None]
        slope = np.asarray(_summed(rows, slopes) / len(rows), np.float32)
        relative = np.asarray(probabilities / np.maximum(own, SMALLEST_OWN)[:, None], np.float32)
        groups = np.arange(len(rows)) if evaluation.groups is None else evaluation.groups
        return cls(rows, labels, own, relative, slope, metric, np.unique(groups, return_inverse=True)[1])

    def lost(self, steps: Floats) -> tuple[Doubles, Doubles]:
        """Give the mean (n_groups,) of what rows lose by steps (d + 1, n_groups, n_classes), and its standard error."""
        flat = steps.reshape(len(steps), -1)
        effects = np.empty((len(self.rows), steps.shape[1]))
        step = max(1, SCORES // flat.shape[1])
        for start in range(0, len(self.rows), step):
            some = slice(start, start + step)
            shifts = _scores(self.rows[some], flat).reshape(-1, *steps.shape[1:])
            shifts -= np.take_along_axis(shifts, self.labels[some, None, None].astype(np.int64), axis=2)
            np.exp(np.minimum(shifts, LARGEST_SHIFT, out=shifts), out=shifts)
            own = 1 / np.einsum("ngc,nc->ng", shifts, self.relative[some])
            effects[some] = self._scored(self.own[some])[:, None] - self._scored(own)
        mean = effects.mean(axis=0)
        sums = np.zeros((int(self.together.max()) + 1, len(mean)))
        np.add.at(sums, self.together, effects - mean)
        return mean, np.sqrt(np.square(sums).sum(axis=0)) / len(effects)

    def _scored(self, own: Floats) -> Floats:
        return own if self.metric == "accuracy" else np.log(np.maximum(own, SMALLEST_PROBABILITY))


def _scores(rows: Floats, point: Floats) -> Floats:
    return np.asarray(rows @ point[:-1] + point[-1])


def _summed(rows: Floats, of_scores: Floats) -> Floats:
    """Give the derivative by the point (d + 1, …) of a sum whose derivatives by the scores are (m, …)."""
    return np.concatenate([rows.T @ of_scores, of_scores.sum(axis=0, keepdims=True)])


def _probabilities(rows: Floats, point: Floats) -> Floats:
    scores = _scores(rows, point)
    np.exp(scores - scores.max(axis=1, keepdims=True), out=scores)
    scores /= scores.sum(axis=1, keepdims=True)
    return scores


def _dots(left: Floats, right: Floats) -> Floats:
    """Give the product of each group (n_groups, 1)."""
    return np.asarray(np.einsum("dgc,dgc->g", left, right)[:, None])


def _ratio(above: Floats, below: Floats) -> Floats:
    """Give the quotient, 0 where there is nothing left to divide."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
