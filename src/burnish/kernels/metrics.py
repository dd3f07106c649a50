"""Metrics of predictions, each with its influence: how much every row moves it.

A metric M of n rows with weights w is linear around equal weights: M(w) ≈ M + mean((w - 1) · influence), where
influence_i = n ∂M/∂w_i. So its variance over rows is that of a mean (the infinitesimal jackknife; Jaeckel 1972;
Davison & Hinkley 1997, section 2.7.2), differences of metrics are differences of influences, and rows that
belong together are summed before they are squared. For the AUROC this is DeLong, DeLong & Clarke-Pearson 1988.

`truth`: class codes (n,), 0 or 1 per class (n, n_classes) for multi-label, numbers (n,) for regression.
`predictions`: probabilities (n, n_classes), or (n, 1) numbers.
"""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Truth = NDArray[Any]

CLASSES, SETS, NUMBERS = "classification", "multi-label", "regression"
SMALLEST = 1e-6
"""Probabilities are bounded below by this in a log loss."""
N_BLOCKS = 50
"""Blocks of rows that are left out in turn to learn the influence of rows on a user's metric."""


@dataclass(frozen=True, kw_only=True)
class Metric(ABC):
    """A figure of how good predictions are.

    `is_share`: it lies in 0..1 and its differences are told in points. `counts_rows`: a row is right or wrong,
    so that few rows may differ at all. `by_row`: the metric that single rows and slices are judged by.
    """

    name: str
    tasks: tuple[str, ...]
    greater_is_better: bool = True
    is_share: bool = True
    counts_rows: bool = False
    by_row: str = "accuracy"

    @abstractmethod
    def terms(self, truth: Truth, predictions: NDArray[np.floating]) -> Floats:
        """Give what the metric needs to know of the predictions (n, any)."""

    @abstractmethod
    def value(self, truth: Truth, terms: Floats) -> float:
        """Give the metric; NaN where these rows cannot show it."""

    @abstractmethod
    def influence(self, truth: Truth, terms: Floats) -> Floats:
        """Give n times the derivative by the weight of each row (n,); its mean is 0."""


@dataclass(frozen=True, kw_only=True)
class MeanMetric(Metric):
    """A mean over rows; `of_rows` gives the value (n,) of each."""

    of_rows: Callable[[Truth, NDArray[np.floating]], NDArray[np.floating]]

    def terms(self, truth: Truth, predictions: NDArray[np.floating]) -> Floats:
        """Give the value of each row (n, 1)."""
        return np.asarray(self.of_rows(truth, predictions), np.float64)[:, None]

    def value(self, truth: Truth, terms: Floats) -> float:  # noqa: ARG002 - the terms hold it
        """Give the mean."""
        return float(terms.mean())

    def influence(self, truth: Truth, terms: Floats) -> Floats:
        """Give how far each row is from the mean."""
        return np.asarray(terms[:, 0] - self.value(truth, terms))


@dataclass(frozen=True, kw_only=True)
class RootMetric(MeanMetric):
    """The square root of a mean."""

    def value(self, truth: Truth, terms: Floats) -> float:  # noqa: ARG002 - the terms hold it
        """Give the root of the mean."""
        return float(np.sqrt(terms.mean()))

    def influence(self, truth: Truth, terms: Floats) -> Floats:
        """Give the derivative of the root."""
        root = self.value(truth, terms)
        return np.asarray((terms[:, 0] - root**2) / (2 * max(root, 1e-300)))


@dataclass(frozen=True, kw_only=True)
class CountMetric(Metric):
    """A function of hits, sizes and predictions per class, averaged over the classes that the rows have.

    `of_class` gives the value of each class and its derivatives by the shares of hits, sizes and predictions.
    `weighted`: classes count by their size.
    """

    of_class: Callable[[Floats, Floats, Floats], tuple[Floats, Floats, Floats, Floats]]
    weighted: bool = False

    def terms(self, truth: Truth, predictions: NDArray[np.floating]) -> Floats:
        """Give the predicted code (n, 1), or for sets of classes which are predicted (n, n_classes)."""
        if truth.ndim == 1:
            return np.asarray(predictions.argmax(axis=1)[:, None], np.float64)
        return np.asarray(predictions > 0.5, np.float64)

    def value(self, truth: Truth, terms: Floats) -> float:
        """Give the average over classes."""
        hits, sizes, predicted = _counts(truth, terms)
        values = self.of_class(hits, sizes, predicted)[0]
        return float(values @ self._weights(sizes))

    def influence(self, truth: Truth, terms: Floats) -> Floats:
        """Give the derivatives by the counts, spread over the rows that are counted."""
        counts = _counts(truth, terms)
        values, by_hits, by_sizes, by_predicted = self.of_class(*counts)
        weights = self._weights(counts[1])
        by_hits, by_sizes, by_predicted = (weights * d for d in (by_hits, by_sizes, by_predicted))
        if self.weighted:
            by_sizes = by_sizes + (values - values @ weights) / counts[1].sum()
        n_classes = len(values)
        given, said = (_one_hot(side, n_classes) for side in (truth, terms))
        spread = (given * said) @ by_hits + given @ by_sizes + said @ by_predicted
        return np.asarray(spread - spread.mean())

    def _weights(self, sizes: Floats) -> Floats:
        counted = sizes if self.weighted else np.asarray(sizes > 0, np.float64)
        return np.asarray(counted / max(counted.sum(), 1e-300))


@dataclass(frozen=True, kw_only=True)
class RankMetric(Metric):
    """How well scores order the rows of a class before the others, averaged over the classes that can show it.

    Of two classes it is that of the second. `of_scores` gives the value and the influence (n,) of one class.
    """

    of_scores: Callable[[NDArray[np.bool_], Floats], tuple[float, Floats]]

    def terms(self, truth: Truth, predictions: NDArray[np.floating]) -> Floats:  # noqa: ARG002 - scores are enough
        """Give the scores."""
        return np.asarray(predictions, np.float64)

    def value(self, truth: Truth, terms: Floats) -> float:
        """Give the average over classes; NaN when no class can show it."""
        return float(np.mean([value for value, _ in self._each(truth, terms)] or [np.nan]))

    def influence(self, truth: Truth, terms: Floats) -> Floats:
        """Give the average of the influences."""
        return np.asarray(np.mean([one for _, one in self._each(truth, terms)] or [np.zeros(len(truth))], axis=0))

    def _each(self, truth: Truth, terms: Floats) -> Iterator[tuple[float, Floats]]:
        n_classes = terms.shape[1]
        for c in range(1 if truth.ndim == 1 and n_classes == 2 else 0, n_classes):
            positive = np.asarray(truth == c if truth.ndim == 1 else truth[:, c] > 0)
            if positive.any() and not positive.all():
                yield self.of_scores(positive, terms[:, c])


@dataclass(frozen=True, kw_only=True)
class FunctionMetric(Metric):
    """A user's `function(truth, predicted)`; `probabilities` are passed on if it takes them.

    Classes come as their names (n,), sets of classes as 0 or 1 (n, n_classes). The influence of rows is that
    of their block: N_BLOCKS are left out in turn (Efron & Stein 1981); see `row_blocks`.
    """

    function: Callable[..., float]
    classes: tuple[str, ...] = ()

    def terms(self, truth: Truth, predictions: NDArray[np.floating]) -> Floats:  # noqa: ARG002 - nothing is reduced
        """Give the predictions as they are."""
        return np.asarray(predictions, np.float64)

    def value(self, truth: Truth, terms: Floats) -> float:
        """Call the function."""
        given, predicted = truth, terms[:, 0] if terms.shape[1] == 1 else (terms > 0.5).astype(np.float64)
        if truth.ndim == 1 and self.classes:
            names = np.array(self.classes)
            given, predicted = names[truth], names[terms.argmax(axis=1)]
        takes = inspect.signature(self.function).parameters
        more = {"probabilities": terms} if "probabilities" in takes else {}
        return float(self.function(given, predicted, **more))

    def influence(self, truth: Truth, terms: Floats) -> Floats:
        """Give the influence of the rows of each block, spread evenly."""
        n_rows, whole = len(truth), self.value(truth, terms)
        spread, blocks = np.zeros(n_rows), row_blocks(n_rows)
        for block in np.unique(blocks):
            inside = blocks == block
            without = self.value(truth[~inside], terms[~inside])
            spread[inside] = (n_rows - inside.sum()) * (whole - without) / inside.sum()
        return np.asarray(spread - spread.mean())


def row_blocks(n_rows: int) -> NDArray[np.int64]:
    """Give each row (n_rows,) its block; neighbors in order share one, so that series stay together."""
    return np.arange(n_rows, dtype=np.int64) * min(N_BLOCKS, n_rows) // max(1, n_rows)


def is_right(truth: Truth, predictions: NDArray[np.floating]) -> Floats:
    """Tell which rows (n,) are predicted right: the likeliest class, or for sets of classes all of them."""
    if truth.ndim == 1:
        return np.asarray(predictions.argmax(axis=1) == truth, np.float64)
    return np.asarray(((predictions > 0.5) == (truth > 0)).all(axis=1), np.float64)


def log_losses(truth: Truth, predictions: NDArray[np.floating]) -> Floats:
    """Give the log loss (n,) of each row; for sets of classes the mean over classes."""
    if truth.ndim == 1:
        own = predictions[np.arange(len(truth)), truth].astype(np.float64)
        return np.asarray(-np.log(np.maximum(own, SMALLEST)))
    own = np.where(truth > 0, predictions, 1 - predictions).astype(np.float64)
    return np.asarray(-np.log(np.maximum(own, SMALLEST)).mean(axis=1))


def _recall(hits: Floats, sizes: Floats, predicted: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    size = np.maximum(sizes, 1e-300)
    return hits / size, 1 / size, -hits / size**2, np.zeros_like(predicted)


def _f1(hits: Floats, sizes: Floats, predicted: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    both = np.maximum(sizes + predicted, 1e-300)
    return 2 * hits / both, 2 / both, -2 * hits / both**2, -2 * hits / both**2


def _auroc(positive: NDArray[np.bool_], scores: Floats) -> tuple[float, Floats]:
    """Placement values (DeLong et al. 1988, equations 2 to 5); ties count half."""
    ours, others = np.sort(scores[positive]), np.sort(scores[~positive])
    below = np.searchsorted(others, scores[positive]) + np.searchsorted(others, scores[positive], side="right")
    above = (
        2 * len(ours)
        - np.searchsorted(ours, scores[~positive])
        - np.searchsorted(ours, scores[~positive], side="right")
    )
    placed = np.empty(len(scores))
    placed[positive] = below / (2 * len(others))
    placed[~positive] = above / (2 * len(ours))
    value = float(placed[positive].mean())
    share = np.where(positive, positive.mean(), 1 - positive.mean())
    return value, (placed - value) / share


def _average_precision(positive: NDArray[np.bool_], scores: Floats) -> tuple[float, Floats]:
    """The mean precision at the rows of the class; equal scores share one threshold.

    With T the positives and N all rows down to a threshold, a row moves its own term and every T / N below it.
    """
    order = np.argsort(-scores, kind="stable")
    hit, ranked = positive[order].astype(np.float64), scores[order]
    last = np.searchsorted(-ranked, -ranked, side="right") - 1
    first = np.searchsorted(-ranked, -ranked, side="left")
    n_above, hits_above = (last + 1).astype(np.float64), np.cumsum(hit)[last]
    precision = hits_above / n_above
    n_hits = hit.sum()
    value = float((precision * hit).sum() / n_hits)
    by_hit, by_row = (np.cumsum((hit * d)[::-1])[::-1][first] for d in (1 / n_above, -hits_above / n_above**2))
    influence = np.empty(len(scores))
    influence[order] = (hit * (precision - value + by_hit) + by_row) * len(scores) / n_hits
    return value, influence - influence.mean()


def _one_hot(codes: Truth, n_classes: int) -> Floats:
    flat = codes if codes.ndim == 1 else codes[:, 0] if codes.shape[1] == 1 and n_classes > 1 else None
    if flat is None:
        return np.asarray(codes, np.float64)
    table = np.zeros((len(flat), n_classes))
    table[np.arange(len(flat)), flat.astype(np.int64)] = 1.0
    return table


def _counts(truth: Truth, terms: Floats) -> tuple[Floats, Floats, Floats]:
    """Give the shares of rows per class: predicted right, given, predicted."""
    n_rows = len(truth)
    if truth.ndim > 1:
        counted = ((truth * terms).sum(axis=0), truth.sum(axis=0, dtype=np.float64), terms.sum(axis=0))
        return counted[0] / n_rows, counted[1] / n_rows, counted[2] / n_rows
    said = terms[:, 0].astype(np.int64)
    n_classes = int(max(truth.max(), said.max())) + 1
    hits, sizes, predicted = (np.bincount(r, minlength=n_classes) for r in (truth[truth == said], truth, said))
    return hits / n_rows, sizes / n_rows, predicted / n_rows


_KINDS: tuple[Metric, ...] = (
    MeanMetric(name="accuracy", tasks=(CLASSES, SETS), counts_rows=True, of_rows=is_right),
    CountMetric(name="balanced_accuracy", tasks=(CLASSES,), counts_rows=True, of_class=_recall),
    CountMetric(name="macro_f1", tasks=(CLASSES, SETS), counts_rows=True, of_class=_f1),
    CountMetric(name="weighted_f1", tasks=(CLASSES, SETS), counts_rows=True, of_class=_f1, weighted=True),
    MeanMetric(
        name="log_loss", tasks=(CLASSES, SETS), greater_is_better=False, is_share=False, by_row="log_loss",
        of_rows=log_losses,
    ),
    RankMetric(name="auroc", tasks=(CLASSES, SETS), of_scores=_auroc),
    RankMetric(name="average_precision", tasks=(CLASSES, SETS), of_scores=_average_precision),
    RootMetric(name="rmse", tasks=(NUMBERS,), greater_is_better=False, is_share=False, by_row="mae",
        of_rows=lambda truth, predictions: (predictions[:, 0] - truth) ** 2,
    ),
    MeanMetric(name="mae", tasks=(NUMBERS,), greater_is_better=False, is_share=False, by_row="mae",
        of_rows=lambda truth, predictions: np.abs(predictions[:, 0] - truth),
    ),
)  # fmt: skip

METRICS: Mapping[str, Metric] = {metric.name: metric for metric in _KINDS}
"""Every built-in metric by name."""

DEFAULT_METRICS: Mapping[str, str] = {CLASSES: "accuracy", SETS: "macro_f1", NUMBERS: "rmse"}
