"""Row values: what each training row adds to k-nearest-neighbor accuracy, by its exact Shapley value.

Jia et al. 2019, "Efficient task-specific data valuation for nearest neighbor algorithms", theorem 1: a set of rows is
worth the share of right labels among the k of it that are nearest to an evaluation row, out of k. Rows at the same
distance are ranked at random there; here each gets the mean over all their orders, so that copies are worth the same.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from burnish.errors import InputError
from burnish.kernels.compiled import compiled
from burnish.kernels.vectors import Vectors

Doubles = NDArray[np.float64]
Codes = NDArray[np.integer]

BLOCK_PAIRS = 4_000_000
"""Pairs of rows that are compared at a time: 16 MB of similarities and 32 MB of their order."""

TIE = np.float32(1e-6)
"""Similarities that differ by less are the same: what a copy's may differ by, as products are rounded."""


def row_values(
    embeddings: ArrayLike | Vectors,
    labels: Codes,
    evaluation_embeddings: ArrayLike | Vectors,
    evaluation_labels: Codes,
    *,
    k: int = 10,
) -> Doubles:
    """Give each training row (n,) its Shapley value, the mean over the evaluation rows; NaN where it has none.

    Labels are codes; rows that are unusable or have a code below 0 have no value, nor a say. Values add up to
    the worth of all rows: the mean share of right labels among the k nearest by cosine distance. A row with a value
    below 0 does harm: most often its label is wrong. Cost: a sort of n numbers for each evaluation row. Raises
    InputError where no training row or no evaluation row is left.
    """
    train, known = _known(embeddings, labels, "training")
    asked, asking = _known(evaluation_embeddings, evaluation_labels, "evaluation")
    own, wanted = np.asarray(labels)[known], np.asarray(evaluation_labels)[asking]
    ranks = np.arange(1, len(own) + 1)
    weights = np.minimum(k, ranks) / (ranks * k)
    total = np.zeros(len(own))
    for start, stop in asked.blocks(max(1, BLOCK_PAIRS // len(own))):
        similarities = _similarities(asked.block(start, stop), train)
        order = np.argsort(-similarities, axis=1)
        matches = own == wanted[start:stop, None]
        _add_values(total, np.take_along_axis(similarities, order, 1), order, (matches, weights, np.cumsum(weights)))
    values = np.full(len(np.asarray(labels)), np.nan)
    values[known] = total / len(wanted)
    return values


def _known(embeddings: ArrayLike | Vectors, labels: Codes, which: str) -> tuple[Vectors, NDArray[np.int64]]:
    """Give the usable rows that have a label, and their positions."""
    vectors = Vectors.of(embeddings)
    rows = np.flatnonzero(vectors.usable & (np.asarray(labels) >= 0))
    if not len(rows):
        raise InputError(
            f"no {which} row of {vectors.n_rows} is usable.", remedy="Pass labeled rows that are not zero."
        )
    return vectors.subset(rows), rows


def _similarities(asking: NDArray[np.float32], train: Vectors) -> NDArray[np.float32]:
    found = np.empty((len(asking), len(train)), np.float32)
    for start, stop in train.blocks():
        found[:, start:stop] = asking @ train.block(start, stop).T
    return found


@compiled()
def _add_values(
    total: Doubles,
    similarities: NDArray[np.float32],
    order: NDArray[np.int64],
    known: tuple[NDArray[np.bool_], Doubles, Doubles],
) -> None:
    """Add the values by each line, its similarities from the largest down and the rows that these are of.

    From the farthest run of equal similarities to the nearest: the mean value of the run is that of the next one, more
    by its lead in matches times the weight of its last rank. Within a run a match differs from the mean in
    proportion to the weights of its ranks but the last.
    """
    matches, weights, summed = known
    for line in range(len(order)):
        end = order.shape[1]
        mean, matching = 0.0, 0.0
        while end > 0:
            first = end - 1
            while first > 0 and similarities[line, first - 1] - similarities[line, end - 1] < TIE:
                first -= 1
            n_right = 0
            for place in range(first, end):
                n_right += matches[line, order[line, place]]
            share = n_right / (end - first)
            mean += (share - matching) * weights[end - 1]
            spread = 0.0
            if end - first > 1:
                spread = (summed[end - 1] - weights[end - 1] - summed[first] + weights[first]) / (end - first - 1)
            for place in range(first, end):
                row = order[line, place]
                total[row] += mean + (np.float64(matches[line, row]) - share) * spread
            matching = share
            end = first
