"""L-BFGS on many problems of one shape at once, so that they share the passes over the data.

Liu & Nocedal (1989), with a backtracking line search (Nocedal & Wright 2006, algorithms 3.1 and 7.4).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]
Values = NDArray[np.float64]
Which = NDArray[np.int64]
Evaluate = Callable[[Points, Which], tuple[Values, Points]]
"""Gives the values (a,) and gradients (a, n) of problems `which` (a,) at the points (a, n)."""

MEMORY = 8
SUFFICIENT, SHRINK, MAX_HALVINGS = 1e-4, 0.4, 12


def minimize_together(
    evaluate: Evaluate, start: Points, curvature: Points, *, tolerance: float, max_steps: int = 200
) -> Points:
    """Give the minimizers (n_problems, n) of smooth convex problems, from `start`.

    `curvature` (n,): a guess at the second derivatives, which the first steps trust.
    A problem is done when a step is expected to gain less than `tolerance` of its value, as the curvature seen
    so far tells (half the Newton decrement), or gains nothing; the others go on without it.
    """
    points = np.array(start, np.float32)
    going = np.arange(len(points))
    values, gradients = evaluate(points, going)
    memory = _Memory.empty(points.shape, curvature)
    for _ in range(max_steps):
        directions = memory.directions(gradients, going)
        slopes = _dots(gradients[going], directions)
        wanted = -slopes / 2 > tolerance * np.abs(values[going])
        going, directions, slopes = going[wanted], directions[wanted], slopes[wanted]
        if not len(going):
            break
        step = _search(evaluate, points[going], values[going], which=going, along=(directions, slopes))
        memory.add(step.points - points[going], step.gradients - gradients[going], going)
        gained = step.values < values[going]
        points[going], values[going], gradients[going] = step.points, step.values, step.gradients
        going = going[gained]
    return points


@dataclass(eq=False)
class _Memory:
    """The last steps and changes of the gradient of each problem, and one over their product; a ring."""

    steps: Points
    changes: Points
    inverse: Values
    curvature: Points
    n_added: int = 0

    @classmethod
    def empty(cls, shape: tuple[int, ...], curvature: Points) -> "_Memory":
        steps, changes = (np.zeros((MEMORY, *shape), np.float32) for _ in range(2))
        return cls(steps, changes, np.zeros((MEMORY, shape[0])), curvature)

    def add(self, steps: Points, changes: Points, which: Which) -> None:
        """Remember; a pair without positive curvature counts for nothing."""
        product = _dots(steps, changes)
        place = self.n_added % MEMORY
        usable = product > 1e-12
        self.inverse[place] = 0
        self.inverse[place, which[usable]] = 1 / product[usable]
        self.steps[place, which], self.changes[place, which] = steps, changes
        self.n_added += 1

    def directions(self, gradients: Points, which: Which) -> Points:
        """Give the quasi-Newton directions (a, n)."""
        left = gradients[which]
        if not self.n_added:
            return np.asarray(-left / self.curvature)
        places = [place % MEMORY for place in range(max(0, self.n_added - MEMORY), self.n_added)]
        shares = []
        for place in reversed(places):
            share = self.inverse[place, which] * _dots(self.steps[place, which], left)
            left = left - share[:, None].astype(np.float32) * self.changes[place, which]
            shares.append(share)
        newest = self.changes[places[-1], which]
        scale = self.inverse[places[-1], which] * _dots(newest, newest / self.curvature)
        left = left / self.curvature
        left *= np.where(scale > 0, 1 / np.maximum(scale, 1e-30), 1.0)[:, None].astype(np.float32)
        for place, share in zip(places, reversed(shares), strict=True):
            back = self.inverse[place, which] * _dots(self.changes[place, which], left)
            left = left + (share - back)[:, None].astype(np.float32) * self.steps[place, which]
        return -left


@dataclass(eq=False)
class _Step:
    points: Points
    values: Values
    gradients: Points


def _search(evaluate: Evaluate, points: Points, values: Values, *, which: Which, along: tuple[Points, Values]) -> _Step:
    """Go along the directions, shorter until the value falls enough; a problem where it never does stays."""
    directions, slopes = along
    lengths = np.ones(len(points))
    step = _Step(points.copy(), values.copy(), np.zeros_like(points))
    going = np.arange(len(points))
    for _ in range(MAX_HALVINGS):
        tried = points[going] + lengths[going, None].astype(np.float32) * directions[going]
        found, gradients = evaluate(tried, which[going])
        step.points[going], step.values[going], step.gradients[going] = tried, found, gradients
        going = going[~(found <= values[going] + SUFFICIENT * lengths[going] * slopes[going])]
        if not len(going):
            break
        lengths[going] *= SHRINK
    return step


def _dots(left: Points, right: Points) -> Values:
    return np.asarray(np.einsum("ij,ij->i", left, right, dtype=np.float64))
