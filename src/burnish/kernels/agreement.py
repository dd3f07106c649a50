"""How far people agree on labels: Krippendorff's alpha with its interval, and each against the others."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Codes = NDArray[np.integer]
Label = TypeVar("Label")

BLOCK_CELLS = 1 << 22


class Alpha(NamedTuple):
    """Krippendorff's alpha (1: all agree, 0: as by chance), its bounds, and how many rows have two labels or more.

    NaN where nothing can be told: no such row, or one label only.
    """

    value: float
    low: float
    high: float
    n_rows: int


def krippendorff_alpha(
    rows: Codes, labels: Codes, *, confidence: float = 0.95, n_draws: int = 1_000, seed: int
) -> Alpha:
    """Give the agreement of several people on nominal labels; a person may skip any row.

    `rows` (n,), `labels` (n,): codes from 0, an entry for each label that somebody gave a row. Source: Krippendorff
    2011, "Computing Krippendorff's Alpha-Reliability", section D. The interval is the percentile bootstrap over rows
    (Zapf et al. 2016, BMC Medical Research Methodology 16:93); draws in which one label is left are not counted.
    """
    given = _counts(rows, labels)
    given = given[np.asarray(given.sum(axis=1)).ravel() >= 2]
    n_rows = given.shape[0]
    if n_rows == 0:
        return Alpha(np.nan, np.nan, np.nan, 0)
    value = float(_alphas(given, np.ones((1, n_rows)))[0])
    rng, draws = np.random.default_rng(seed), []
    block = max(1, BLOCK_CELLS // max(given.shape))
    for start in range(0, n_draws, block):
        times = rng.multinomial(n_rows, np.full(n_rows, 1 / n_rows), size=min(block, n_draws - start))
        draws.append(_alphas(given, times))
    drawn = np.concatenate(draws)
    drawn = drawn[np.isfinite(drawn)]
    if not np.isfinite(value) or not len(drawn):
        return Alpha(value, np.nan, np.nan, n_rows)
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Alpha(value, float(low), float(high), n_rows)


def agreeing_with_others(rows: Codes, people: Codes, labels: Codes) -> tuple[Codes, Codes]:
    """Give per person how many rows were labelled as most of the others did, and how many can be compared.

    `rows`, `people`, `labels` (n,): codes from 0, a line for each label. A person's own label is left out of the
    majority, which it would bend; a row on which the others are tied or silent is not compared.
    """
    n_people = int(people.max(initial=-1)) + 1
    agreed, compared = np.zeros(n_people, np.int64), np.zeros(n_people, np.int64)
    order = np.argsort(rows, kind="stable")
    edges = np.flatnonzero(np.diff(rows[order])) + 1
    for lines in np.split(order, edges):
        counts = Counter(labels[lines].tolist())
        for person, label in zip(people[lines].tolist(), labels[lines].tolist(), strict=True):
            said = leader({**counts, label: counts[label] - 1}.items())
            if said is not None:
                compared[person] += 1
                agreed[person] += said == label
    return agreed, compared


def leader(counts: Iterable[tuple[Label, int]]) -> Label | None:
    """Give the label with the most votes; None where there is no vote, or a tie."""
    ranked = sorted((item for item in counts if item[1] > 0), key=lambda item: -item[1])[:2]
    tied = len(ranked) == 2 and ranked[0][1] == ranked[1][1]
    return ranked[0][0] if ranked and not tied else None


def _counts(rows: Codes, labels: Codes) -> sparse.csr_array:
    """Give (n_rows, n_labels): how many people gave a row a label."""
    shape = (int(rows.max(initial=-1)) + 1, int(labels.max(initial=-1)) + 1)
    return sparse.csr_array((np.ones(len(rows)), (rows, labels)), shape=shape)


def _alphas(given: sparse.csr_array, times: NDArray[np.number]) -> NDArray[np.float64]:
    """Give alpha (n_draws,) where each row counts `times` (n_draws, n_rows) times."""
    sizes = np.asarray(given.sum(axis=1)).ravel()
    pairs = np.asarray((given * given).sum(axis=1)).ravel() - sizes
    total, agreeing = times @ sizes, times @ (pairs / (sizes - 1))
    by_label = np.asarray(times @ given)
    chance = total**2 - (by_label**2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(chance > 0, 1 - (total - 1) * (total - agreeing) / chance, np.nan))
