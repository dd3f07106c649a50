"""Planting: wrong labels and vectors of a known kind, and what the easy rows tell of the wrong labels there are."""

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

EASY_SHARE, EASY_STEP, MOST_EASY = 0.2, 0.1, 0.5
"""Share of the rows that counts as easy, by what it grows, and up to where."""

KIND_ROUNDS = 50
COPY_RATIO = (0.01, 0.5)
"""How far a planted copy of a vector lies from it, as parts of the distance of its nearest row."""


def easiest_first(believed: Codes, neighbors: NDArray[np.integer], among: Rows) -> tuple[Rows, Floats]:
    """Order the rows `among` by the share of their neighbors that are of their class, and give that share.

    Ties: by the mean of this share over their neighbors. `believed` (n,): the class that each row is taken to be of,
    -1 unknown; `neighbors` (n, k), -1 none.
    """
    there = neighbors >= 0
    agreement = _mean_where(believed[neighbors] == believed[:, None], there)
    wider = _mean_where(agreement[neighbors], there)
    rows = among[np.argsort(-(agreement + 1e-3 * wider)[among], kind="stable")]
    return rows, agreement[rows]


def easy_rows(wrong: NDArray[np.bool_]) -> int:
    """Give how many of the rows (n,), easiest first, are easy: there nobody could take one class for another.

    A fifth, and more by tenths up to half, as long as the next tenth has no higher share of `wrong` labels than those
    before it by more than a standard error: where rows get hard, that share rises.
    """
    n_easy, step = int(EASY_SHARE * len(wrong)), int(EASY_STEP * len(wrong))
    while step and n_easy + step <= MOST_EASY * len(wrong):
        known, more = wrong[:n_easy].mean(), wrong[n_easy : n_easy + step].mean()
        if more > known + np.sqrt((known + 1 / n_easy) * (1 / n_easy + 1 / step)):
            break
        n_easy += step
    return n_easy


def share_at_random(given: Codes, believed: Codes, probabilities: NDArray[np.floating]) -> float:
    """Give the share, 0..1, of wrong labels (m,) that any other class might have got; the rest look like their class.

    Maximum likelihood of a mixture, by expectation maximization: a label at random has each other class with equal
    chance, one that was confused has it with its probability (m, n_classes), that of the `believed` class left out.
    One row of each kind is added, so that few rows decide little.
    """
    odds = _other_shares(probabilities, believed)[np.arange(len(given)), given]
    share, even = 0.5, 1 / max(1, probabilities.shape[1] - 1)
    for _ in range(KIND_ROUNDS):
        weight = share * even / np.maximum(share * even + (1 - share) * odds, 1e-12)
        share = float((weight.sum() + 1) / (len(weight) + 2))
    return share


def confused_labels(believed: Codes, probabilities: NDArray[np.floating], rng: np.random.Generator) -> Codes:
    """Draw each row (m,) another class, by its probabilities (m, n_classes) of them."""
    shares = _other_shares(probabilities, believed).cumsum(axis=1)
    drawn = (shares < rng.random((len(believed), 1)) * shares[:, -1:]).sum(axis=1)
    return np.asarray(np.minimum(drawn, probabilities.shape[1] - 1), np.int64)


def random_labels(believed: Codes, n_classes: int, rng: np.random.Generator) -> Codes:
    """Draw each row (m,) any other class."""
    return np.asarray((believed + rng.integers(1, n_classes, len(believed))) % n_classes, np.int64)


def jittered(
    rows: NDArray[np.floating], nearest: NDArray[np.floating], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Give a copy of each row (m, d) at a part (`COPY_RATIO`, log-uniform) of the distance of its `nearest` (m,)."""
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    noise = rng.standard_normal(rows.shape)
    noise -= (noise * unit).sum(axis=1, keepdims=True) * unit
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    low, high = np.log(COPY_RATIO)
    distance = np.clip(np.exp(rng.uniform(low, high, len(rows))) * nearest, 1e-6, 0.5)[:, None]
    cosine = 1 - distance
    return np.asarray(cosine * unit + np.sqrt(1 - cosine**2) * noise, np.float32)


def strangers(rows: NDArray[np.floating], n: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Give `n` vectors that belong to no cluster of `rows` (m, d), about as long as those are.

    Half point anywhere from the center of the rows, as far as rows do; half are put together from the coordinates of
    different rows, which keeps how each coordinate is distributed and nothing else.
    """
    center = rows.mean(axis=0)
    reach = np.linalg.norm(rows - center, axis=1)
    n_far = n // 2
    far = rng.standard_normal((n_far, rows.shape[1]))
    far *= rng.choice(reach, (n_far, 1)) / np.linalg.norm(far, axis=1, keepdims=True)
    mixed = rows[rng.integers(len(rows), size=(n - n_far, rows.shape[1])), np.arange(rows.shape[1])]
    return np.concatenate([center + far, mixed]).astype(np.float32)


def _mean_where(values: NDArray[np.generic], there: NDArray[np.bool_]) -> Floats:
    return np.asarray(np.where(there, values, 0).sum(axis=1) / np.maximum(there.sum(axis=1), 1), np.float64)


def _other_shares(probabilities: NDArray[np.floating], believed: Codes) -> Floats:
    shares = np.array(probabilities, np.float64) + 1e-9
    shares[np.arange(len(believed)), believed] = 0
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))
