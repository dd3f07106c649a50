"""Confusions: which labels the model takes for which others."""

from typing import NamedTuple

import numpy as np

from burnish.dataset import Evidence


class Confusion(NamedTuple):
    """Rows of label `given` that are predicted to be `predicted`: `n` of the `n_given` that have a prediction."""

    given: str
    predicted: str
    n: int
    n_given: int


def confusions(evidence: Evidence) -> list[Confusion]:
    """Give every pair of two different labels with its rows, by out-of-sample predictions; the most rows first.

    Copies count, too: these are the rows that the map shows. Empty without labels or predictions.
    """
    labels, predicted = evidence.dataset.labels, evidence.get("predicted")
    if labels is None or predicted is None or not len(labels.classes):
        return []
    names, answers = labels.classes, np.asarray(predicted, np.int64)
    judged = labels.known & (answers >= 0)
    given, said = labels.codes[judged].astype(np.int64), answers[judged]
    of_given = np.bincount(given, minlength=len(names))
    pairs, counts = np.unique((given * len(names) + said)[given != said], return_counts=True)
    order = np.lexsort((pairs, -counts))
    return [
        Confusion(names[pair // len(names)], names[pair % len(names)], n, int(of_given[pair // len(names)]))
        for pair, n in zip(pairs[order].tolist(), counts[order].tolist(), strict=True)
    ]
