"""The best k of each row: merged block by block, in one pass over the similarities."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from burnish.kernels.compiled import compiled

Floats = NDArray[np.float32]
Positions = NDArray[np.int32]

STRIDE = 32
"""Similarities that are compared by their maximum before any is looked at."""


class Best(NamedTuple):
    """The best so far of each row, both (n, k), best first; -inf and -1 where there is none."""

    similarities: Floats
    positions: Positions

    @classmethod
    def empty(cls, n_rows: int, k: int) -> "Best":
        """Give lists that hold nothing yet."""
        return cls(np.full((n_rows, k), -np.inf, np.float32), np.full((n_rows, k), -1, np.int32))

    @classmethod
    def joined(cls, parts: "Sequence[Best]", k: int) -> "Best":
        """Put the lists of several parts, of length k, under one another."""
        whole = [cls.empty(0, k), *parts]
        return cls(np.concatenate([part.similarities for part in whole]), np.concatenate([p.positions for p in whole]))

    def lines(self, first: int, end: int) -> "Best":
        """Give the lists from `first` up to `end`; what is merged into them is merged into these."""
        return Best(self.similarities[first:end], self.positions[first:end])

    def copy(self) -> "Best":
        """Give lists that can be written to without changing these."""
        return Best(self.similarities.copy(), self.positions.copy())


class Side(NamedTuple):
    """Rows of one side of a comparison, both (n,): their lines in `Best`, and what the other side calls them."""

    lines: Positions
    names: Positions


@compiled("nnan", "nsz", "reassoc")
def _largest(values: Floats, start: int) -> np.float32:
    largest = values[start]
    for column in range(start + 1, start + STRIDE):
        largest = max(largest, values[column])
    return np.float32(largest)


@compiled("nnan", "nsz", "reassoc")
def _largest_excess(values: Floats, least: Floats, start: int) -> np.float32:
    largest = values[start] - least[start]
    for column in range(start + 1, start + STRIDE):
        largest = max(largest, values[column] - least[column])
    return np.float32(largest)


@compiled()
def insert(best: Best, row: int, similarity: np.float32, position: int) -> None:
    """Put one entry in its place; nothing happens when it is listed already or not good enough."""
    similarities, positions = best.similarities[row], best.positions[row]
    place = len(similarities) - 1
    if not similarity > similarities[place]:
        return
    listed = False
    for column in range(len(positions)):
        listed |= positions[column] == position
    if listed:
        return
    while place > 0 and similarities[place - 1] < similarity:
        similarities[place] = similarities[place - 1]
        positions[place] = positions[place - 1]
        place -= 1
    similarities[place] = similarity
    positions[place] = position


def keep_best(best: Best, asking: Side, similarities: Floats, names: Positions) -> None:
    """Merge a block of similarities (m, n) to rows called `names` (n,) into the lists of the m rows that ask.

    A row does not list its own name. One pass: most stretches of `STRIDE` similarities are dismissed by
    their maximum.
    """
    _keep_best(best, asking, similarities, (names, np.empty(STRIDE, np.float32)))


def keep_best_of_both(best: Best, asking: Side, similarities: Floats, asked: Side) -> None:
    """Merge a block of similarities (m, n) into the lists of both sides, which have no row in common."""
    _keep_best_of_both(best, asking, similarities, (asked, best.similarities[asked.lines, -1]))


@compiled()
def _lower_bound(values: Floats, k: int, maxima: Floats) -> np.float32:
    """Give a number that at least k of the values reach: the k-th largest of `STRIDE` maxima of parts."""
    n_parts = len(values) // STRIDE
    if n_parts < 2 or k > STRIDE:
        return np.float32(-np.inf)
    for column in range(STRIDE):
        maxima[column] = values[column]
    for part in range(1, n_parts):
        for column in range(STRIDE):
            maxima[column] = max(maxima[column], values[part * STRIDE + column])
    for rank in range(k):  # selection of the k largest
        largest = rank
        for column in range(rank + 1, STRIDE):
            if maxima[column] > maxima[largest]:
                largest = column
        swapped = maxima[rank]
        maxima[rank] = maxima[largest]
        maxima[largest] = swapped
    return np.float32(maxima[k - 1])


@compiled()
def _keep_best(best: Best, asking: Side, similarities: Floats, named: tuple[Positions, Floats]) -> None:
    names, maxima = named
    last = best.similarities.shape[1] - 1
    for row in range(len(asking.lines)):
        line, values = asking.lines[row], similarities[row]
        least = best.similarities[line, last]
        if least == -np.inf:  # k + 1, as one of those that reach the bound may be the row itself
            least = np.nextafter(_lower_bound(values, last + 2, maxima), np.float32(-np.inf))
        for start in range(0, len(names), STRIDE):
            stop = min(start + STRIDE, len(names))
            if stop - start < STRIDE or _largest(values, start) > least:
                for column in range(start, stop):
                    if values[column] > least and names[column] != asking.names[row]:
                        insert(best, line, values[column], names[column])
                        least = max(least, best.similarities[line, last])


@compiled()
def _keep_best_of_both(best: Best, asking: Side, similarities: Floats, others: tuple[Side, Floats]) -> None:
    asked, least_asked = others
    last = best.similarities.shape[1] - 1
    for row in range(len(asking.lines)):
        values = similarities[row]
        least = best.similarities[asking.lines[row], last]
        for start in range(0, len(asked.lines), STRIDE):
            stop = min(start + STRIDE, len(asked.lines))
            narrow = stop - start < STRIDE
            if narrow or _largest(values, start) > least:
                for column in range(start, stop):
                    insert(best, asking.lines[row], values[column], asked.names[column])
                least = best.similarities[asking.lines[row], last]
            if narrow or _largest_excess(values, least_asked, start) > 0:
                for column in range(start, stop):
                    if values[column] > least_asked[column]:
                        insert(best, asked.lines[column], values[column], asking.names[row])
                        least_asked[column] = best.similarities[asked.lines[column], last]


def largest_columns(values: NDArray[np.floating], k: int) -> NDArray[np.int64]:
    """Give the columns (n, k) of the largest values of each line, in no order.

    Wide lines are first reduced to the maxima of `STRIDE` interleaved parts, one vectorised pass: the k
    largest values lie in the k parts with the largest maxima, so only these are partitioned.
    """
    n_columns = values.shape[1]
    if k >= n_columns:
        return np.broadcast_to(np.arange(n_columns), values.shape)
    n_parts = n_columns // STRIDE
    if n_parts <= 2 * k:
        return np.argpartition(values, -k, axis=1)[:, -k:]
    even = n_parts * STRIDE
    maxima = values[:, :even].reshape(len(values), STRIDE, n_parts).max(axis=1)
    parts = np.argpartition(maxima, -k, axis=1)[:, -k:]
    within = (parts[:, :, None] + n_parts * np.arange(STRIDE)).reshape(len(values), -1)
    rest = np.broadcast_to(np.arange(even, n_columns), (len(values), n_columns - even))
    pool = np.hstack([within, rest])
    top = np.argpartition(np.take_along_axis(values, pool, axis=1), -k, axis=1)[:, -k:]
    return np.take_along_axis(pool, top, axis=1)


def smallest_values(values: NDArray[np.floating], k: int) -> NDArray[np.floating]:
    """Give the k smallest values (n, k) of each line, in no order; all of them where there are fewer."""
    return np.take_along_axis(values, largest_columns(-values, k), axis=1)
