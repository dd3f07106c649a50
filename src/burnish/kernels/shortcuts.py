"""Shortcuts: how well one field alone tells the labels, measured out of sample."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Codes = NDArray[np.integer]


class Skill(NamedTuple):
    """How well one class is told from the rest: true minus false positive rate, with a 95 % interval.

    0 is chance, 1 is certainty; `p_value` is one-sided and corrected for the choice of the class.
    """

    score: float
    low: float
    high: float
    p_value: float
    best_class: int


def field_skill(codes: Codes, labels: Codes, *, n_classes: int, n_folds: int = 5, seed: int = 0) -> Skill:
    """Give the skill of a field (codes (n,), -1 for none) at the class that it tells best from the others.

    Class by class, a value of the field says "this class" when it is more frequent in the class than
    outside of it, as counted on the other folds. A field of as many values as rows has no skill here.
    """
    rng = np.random.default_rng(seed)
    fold = rng.permutation(len(codes)) % n_folds
    values = np.where(codes < 0, codes.max(initial=0) + 1, codes).astype(np.int64)
    n_values = int(values.max(initial=0)) + 1
    flat = (fold * n_values + values) * n_classes + labels
    tables = np.bincount(flat, minlength=n_folds * n_values * n_classes).reshape(n_folds, n_values, n_classes)
    said = tables * 0.0
    for held_out in range(n_folds):
        said[held_out] = _says(tables.sum(axis=0) - tables[held_out])
    return _best(said, tables)


def prediction_skill(predicted: Codes, labels: Codes, *, class_code: int) -> float:
    """Give the same measure of a model: true minus false positive rate of `class_code`; 0 without such rows."""
    is_class, says = labels == class_code, predicted == class_code
    if is_class.all() or not is_class.any():
        return 0.0
    return float(says[is_class].mean() - says[~is_class].mean())


def quantile_codes(values: NDArray[np.floating], *, n_bins: int = 10) -> NDArray[np.int64]:
    """Give the quantile bin (n,) of each value; -1 where it is not finite."""
    codes = np.full(len(values), -1, np.int64)
    known = np.isfinite(values)
    if known.any():
        edges = np.unique(np.quantile(values[known], np.linspace(0, 1, n_bins + 1)[1:-1], method="lower"))
        codes[known] = np.searchsorted(edges, values[known], side="right")
    return codes


def _says(table: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Tell which value speaks for which class (n_values, n_classes), from counts of training rows."""
    in_class = table.sum(axis=0)
    of_value = table.sum(axis=1, keepdims=True)
    outside = np.maximum(of_value.sum() - in_class, 1)
    speaks: NDArray[np.bool_] = table / np.maximum(in_class, 1) > (of_value - table) / outside
    return speaks


def _best(said: NDArray[np.floating], tables: NDArray[np.integer]) -> Skill:
    in_class = tables.sum(axis=(0, 1)).astype(np.float64)
    outside = in_class.sum() - in_class
    positive = said * tables
    hits = positive.sum(axis=(0, 1))
    alarms = (said * tables.sum(axis=2, keepdims=True)).sum(axis=(0, 1)) - hits
    with np.errstate(invalid="ignore", divide="ignore"):
        hit_rate, alarm_rate = hits / in_class, alarms / outside
        error = np.sqrt(hit_rate * (1 - hit_rate) / in_class + alarm_rate * (1 - alarm_rate) / outside)
    usable = np.isfinite(hit_rate) & np.isfinite(alarm_rate)
    if not usable.any():
        return Skill(0.0, 0.0, 0.0, 1.0, -1)
    scores = np.where(usable, hit_rate - alarm_rate, -1.0)
    # Of classes told equally well by chance the rarest varies most: choose by certainty, not by score.
    lower = np.where(usable, scores - stats.norm.ppf(0.975) * error, -np.inf)
    best = int(lower.argmax())
    p_value = min(1.0, _association(tables.sum(axis=0), best) * int(usable.sum()))
    half = float(stats.norm.ppf(0.975) * error[best])
    score = max(0.0, float(scores[best]))
    return Skill(score, max(0.0, score - half), min(1.0, score + half), p_value, best)


def _association(table: NDArray[np.integer], best: int) -> float:
    """Give the p-value of Pearson's chi² test of value by "this class or another".

    Scores of folds that share their training rows vary more than a normal test of them allows.
    """
    seen = table[table.sum(axis=1) > 0]
    sides = np.column_stack([seen[:, best], seen.sum(axis=1) - seen[:, best]])
    return float(stats.chi2_contingency(sides, correction=False).pvalue) if len(sides) > 1 else 1.0
