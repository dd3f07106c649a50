"""Learning curves: how the error falls with more labels, what the next ones are worth, and when to stop."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from burnish.errors import UsageError
from burnish.kernels.probe import fit_probes, predict_probabilities

Floats = NDArray[np.float64]
Codes = NDArray[np.integer]
Verdict = Literal["stop", "go on", "not yet known"]

LARGEST_SHARE, N_SIZES = 0.8, 6
"""The largest subset, of the labelled rows; each size below is smaller by the square root of 2."""

N_REPEATS, N_DRAWS = 10, 400
MIN_LABELLED = 40

EXPONENTS = np.array([0.01, 0.25, 0.5, 0.75, 1.0])
"""From nearly a straight line over the logarithm of n to a hyperbola."""

FITTED_SIZES = 4
"""The largest sizes, a factor of 2.8 apart: small ones lie where no power law holds yet."""

MIN_GAIN = 0.002
"""What the next labels have to be worth, as a share of the evaluation rows: 0.2 points."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows that a model can read, `embeddings` (n, d) without NaN, and their `labels` (n,), codes from 0 on."""

    embeddings: NDArray[np.floating]
    labels: Codes


@dataclass(frozen=True, eq=False)
class LearningCurve:
    """Whether each evaluation row was wrong (n_sizes, n_repeats, n_rows) after training on subsets of `sizes` rows."""

    sizes: NDArray[np.int64]
    wrong: NDArray[np.bool_]
    n_labelled: int

    @property
    def errors(self) -> Floats:
        """Give the mean error (n_sizes,)."""
        return np.asarray(self.wrong.mean(axis=(1, 2)), np.float64)


class PowerLaw(NamedTuple):
    """error(n) = floor + scale · n^-exponent: numbers, or one of each a fit."""

    floor: Floats
    scale: Floats
    exponent: Floats

    def at(self, n_labelled: float) -> Floats:
        """Give the error after so many labels."""
        return np.maximum(self.floor + self.scale * float(n_labelled) ** -self.exponent, 0)


class Forecast(NamedTuple):
    """What `n_more` labels take off the error, and the error now; all as shares, not points.

    `low`, `high`: where the gain of one batch turns out to lie, with the luck of the draw. It is that of labels drawn
    at random: a batch that is chosen brings more after random labels, and less after chosen ones.
    """

    n_more: int
    gain: float
    low: float
    high: float
    error: float

    def verdict(self, *, min_gain: float = MIN_GAIN) -> Verdict:
        """Say "stop" when even the upper bound is below `min_gain`, "go on" when the lower is not."""
        if self.high < min_gain:
            return "stop"
        return "go on" if self.low >= min_gain else "not yet known"


def learning_curve(
    labelled: Rows, evaluation: Rows, *, l2: float = 1e-2, n_repeats: int = N_REPEATS, seed: int = 0
) -> LearningCurve:
    """Give the errors on the evaluation rows of probes fitted to random subsets of the labelled rows.

    `N_SIZES` sizes up to `LARGEST_SHARE` of the rows; the subsets of one repeat are nested. Costs N_SIZES · n_repeats
    fits, those of a size together. Raises UsageError below `MIN_LABELLED` labelled rows, without an evaluation row,
    or with labels of one class.
    """
    n_labelled = len(labelled.labels)
    if n_labelled < MIN_LABELLED or not len(evaluation.labels) or len(np.unique(labelled.labels)) < 2:
        raise UsageError(
            f"a learning curve cannot be drawn from {n_labelled} labelled rows of "
            f"{len(np.unique(labelled.labels))} class(es) and {len(evaluation.labels)} evaluation rows.",
            remedy=f"Label at least {MIN_LABELLED} rows of two classes, and some evaluation rows.",
        )
    rng = np.random.default_rng(seed)
    ranks = np.stack([rng.permutation(n_labelled) for _ in range(n_repeats)], axis=1)
    sizes = np.unique(np.round(LARGEST_SHARE * n_labelled * 2 ** (-np.arange(N_SIZES) / 2)).astype(np.int64))
    wrong = np.stack([_wrong(labelled, evaluation, ranks < size, l2=l2) for size in sizes])
    return LearningCurve(sizes, wrong, n_labelled)


def forecast_gain(
    curve: LearningCurve, n_more: int, *, rows: NDArray[np.bool_] | None = None, confidence: float = 0.95, seed: int = 0
) -> Forecast:
    """Give what `n_more` labels more are expected to be worth, on all evaluation rows or on some (a cluster's mask).

    Power laws are fitted to bootstrap draws of repeats and evaluation rows together (Davison & Hinkley 1997,
    section 3.8), and the luck of the draw is added to what they say. The variance between label sets of s rows is that
    between subsets of s of m rows over 1 - s / m. A set of n rows and the same with k more share their luck but for
    k / (n + k) of that variance (errors as means over the training rows, to first order). Intervals hold the middle
    `confidence`. Raises UsageError when `n_more` is below 1 or no evaluation row is asked.
    """
    wrong = curve.wrong[-FITTED_SIZES:] if rows is None else curve.wrong[-FITTED_SIZES:, :, rows]
    if n_more < 1 or not wrong.shape[2]:
        raise UsageError(
            f"{n_more} labels more, {wrong.shape[2]} evaluation rows.", remedy="Ask for 1 label and 1 row or more."
        )
    rng, sizes = np.random.default_rng(seed), curve.sizes[-FITTED_SIZES:]
    law = fit_power_law(sizes, _drawn_errors(wrong, rng))
    now = law.at(curve.n_labelled)
    gains = now - law.at(curve.n_labelled + n_more)
    apart = wrong.mean(axis=2).var(axis=1, ddof=1) / (1 - sizes / curve.n_labelled)
    luck, ends = rng.normal(size=N_DRAWS) * np.sqrt(apart.mean()), [0.5 - confidence / 2, 0.5 + confidence / 2]
    luck *= np.sqrt(n_more / (curve.n_labelled + n_more))
    low, high = np.quantile(gains + luck, ends).tolist()
    return Forecast(n_more, float(gains.mean()), low, high, float(now.mean()))


def fit_power_law(sizes: NDArray[np.integer], errors: Floats) -> PowerLaw:
    """Fit floor + scale · n^-exponent to errors (n_fits, n_sizes), each size weighing as its square root.

    Least squares with scale >= 0 and an exponent of `EXPONENTS`, each tried (Cortes et al. 1994). The floor may be
    negative: over so short a range it is no asymptote, and a floor >= 0 forecasts too little where errors still
    fall in a straight line over the logarithm of n.
    """
    fits = [_fit_exponent(sizes, errors, exponent) for exponent in EXPONENTS]
    best, each = np.argmin([loss for loss, _, _ in fits], axis=0), np.arange(len(errors))
    floors, scales = np.stack([floor for _, floor, _ in fits]), np.stack([scale for _, _, scale in fits])
    return PowerLaw(floors[best, each], scales[best, each], EXPONENTS[best])


def _fit_exponent(sizes: NDArray[np.integer], errors: Floats, exponent: float) -> tuple[Floats, Floats, Floats]:
    """Give losses, floors and scales (n_fits,) of weighted least squares."""
    weights = np.sqrt(sizes) / np.sqrt(sizes).sum()
    falling = (sizes / sizes.max()) ** -exponent
    falling, mean = falling - weights @ falling, float(weights @ falling)
    scales = np.maximum(errors @ (weights * falling) / max(float(weights @ falling**2), 1e-12), 0)
    middles = errors @ weights
    losses = (errors - middles[:, None] - scales[:, None] * falling) ** 2 @ weights
    return losses, middles - scales * mean, scales * float(sizes.max()) ** exponent


def _wrong(labelled: Rows, evaluation: Rows, chosen: NDArray[np.bool_], *, l2: float) -> NDArray[np.bool_]:
    """Give for each subset, a column of `chosen`, which evaluation rows its probe gets wrong (n_repeats, n_rows)."""
    n_classes = 1 + int(max(labelled.labels.max(), evaluation.labels.max()))
    some = chosen.any(axis=1)
    weights = chosen[some].astype(np.float32)
    probes = fit_probes(labelled.embeddings[some], labelled.labels[some], weights, n_classes=n_classes, l2=l2)
    answers = [predict_probabilities(probe, evaluation.embeddings).argmax(axis=1) for probe in probes]
    return np.asarray(np.stack(answers) != evaluation.labels)


def _drawn_errors(wrong: NDArray[np.bool_], rng: np.random.Generator) -> Floats:
    """Give the mean errors (N_DRAWS, n_sizes) of bootstrap draws of the repeats and the evaluation rows."""
    _, n_repeats, n_rows = wrong.shape
    repeats = rng.multinomial(n_repeats, np.full(n_repeats, 1 / n_repeats), N_DRAWS) / n_repeats
    rows = (rng.multinomial(n_rows, np.full(n_rows, 1 / n_rows), N_DRAWS) / n_rows).astype(np.float32)
    of_size = [(repeats * (rows @ of_repeats.T.astype(np.float32))).sum(axis=1) for of_repeats in wrong]
    return np.stack(of_size, axis=1).astype(np.float64)
