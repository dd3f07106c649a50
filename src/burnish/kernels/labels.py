"""Label quality: how likely each given label is wrong, from out-of-sample predictions and from neighbors.

The evidence q(class | row) is the geometric mean of the calibrated prediction and the votes of the row's
neighbors. It predicts the given labels, noise included; what is wanted is the true one. So q, each class
divided by how well its own rows are predicted, is deconvolved (Richardson 1972; Lucy 1974) by a confusion
matrix T[true, given], and Bayes' rule with T gives the odds that the given label is wrong.

T starts from counts on confident rows (confident learning, Northcutt et al. 2021, section 3.1) and is counted
again with the posteriors (expectation maximization, Dawid and Skene 1979): that takes back rows which are
merely hard. Many classes leave most cells empty, so it is pulled towards a mixture of the two ways labels go
wrong, to any class and to classes that are alike; the share of each is fitted on the counts.
The number of wrong labels is never asked for: it is the sum of the posteriors, and the scores are shifted
so that the probabilities add up to it. (The sharpening of the posteriors is ours, measured not derived.)
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize_scalar
from scipy.special import expit, log_softmax, logsumexp

from burnish.errors import InputError
from burnish.kernels.votes import Votes

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

DECONVOLUTION_STEPS = 3
SHARPNESS, COUNT_SHARPNESS = 2.0, 3.5
"""Powers of p(true class | row) in the ranking and in the count: a probe trained on noisy labels is too unsure."""

CONFUSION_ROUNDS, SHARE_ROUNDS = 2, 30
LIKENESS_POWER = 4.0
"""Of the evidence, when it says how alike classes are: leaves out the thin spread of noise over all classes."""

SHRINK_ROWS = 500
CALIBRATION_ROWS = 20_000
BLOCK_ROWS = 16_384
HELD_VALUES = 25_000_000
"""Shares of votes that are held rather than counted again: 100 MB of float32."""

TINY = 1e-9


@dataclass(frozen=True, eq=False)
class LabelJudgement:
    """What is known about each given label; all (n,).

    Rows without a label, and rows of a class that no row teaches, hold NaN and -1.
    `suspect` (0..1): probability that the label is wrong. `quality` = 1 - suspect. `suggested`: the class
    that the evidence prefers to the given one, -1 where it prefers the given one.
    """

    suspect: NDArray[np.float32]
    quality: NDArray[np.float32]
    suggested: NDArray[np.int32]


def judge_labels(
    labels: NDArray[np.integer],
    probabilities: NDArray[np.floating],
    *,
    neighbors: NDArray[np.integer] | None = None,
    reference: NDArray[np.bool_] | None = None,
) -> LabelJudgement:
    """Judge codes (n,) (-1: no label) against out-of-sample probabilities (n, n_classes).

    `neighbors` (n, k): positions, nearest first, -1 for none, without the row itself; their labels vote.
    `reference` (n,): the rows whose labels may teach and vote (all labelled ones when None): with the
    training rows here, no label of an evaluation row has any influence on another row.
    """
    codes = np.asarray(labels, np.int64)
    _require_fit(codes, probabilities)
    teaches = codes >= 0 if reference is None else np.asarray(reference, bool) & (codes >= 0)
    taught = np.bincount(codes[teaches], minlength=probabilities.shape[1]) > 0
    judged = (codes >= 0) & np.append(taught, [False])[codes]
    if taught.sum() < 2:
        return _undecided(codes)
    evidence = _Evidence.of(codes, probabilities, neighbors, teaches=teaches, taught=taught)
    scale = _class_scale(evidence)
    confusion = _confusion(evidence, scale, _confident(evidence))
    expected, score = np.zeros(len(codes)), np.full(len(codes), np.nan)
    suggested = np.full(len(codes), -1, np.int32)
    for rows in _blocks(np.flatnonzero(judged)):
        truth = _deconvolve(evidence.block(rows) / scale, confusion)
        own, each = codes[rows], np.arange(len(rows))
        score[rows], best = _log_odds_wrong(SHARPNESS * np.log(truth + TINY), own, confusion)
        suggested[rows] = np.where(truth[each, best] > truth[each, own], best, -1)
        expected[rows] = expit(_log_odds_wrong(COUNT_SHARPNESS * np.log(truth + TINY), own, confusion)[0])
    n_wrong = float(expected[teaches].sum())
    suspect = expit(score + _shift_to_sum(score[teaches], n_wrong)).astype(np.float32)
    return LabelJudgement(suspect, 1 - suspect, suggested)


def label_quality(labels: NDArray[np.integer], probabilities: NDArray[np.floating]) -> NDArray[np.float32]:
    """Give each label (n,) its quality 0..1, higher is better, from out-of-sample probabilities (n, n_classes).

    NaN where the code is -1. Below 0.5 a label is more likely wrong than right.
    """
    return judge_labels(labels, probabilities).quality


def suggest_labels(labels: NDArray[np.integer], probabilities: NDArray[np.floating]) -> NDArray[np.int32]:
    """Give the class (n,) that the evidence prefers to the given label, -1 where it prefers the given one."""
    return judge_labels(labels, probabilities).suggested


def label_skill(labels: NDArray[np.integer], probabilities: NDArray[np.floating]) -> float:
    """Give the z-score of "the probabilities know more of the labels than how often each occurs".

    For each row: the probability of its label, less what its probabilities give a label drawn at the classes'
    rates; the mean over its standard error. Near 0 where labels have nothing to do with the rows. Labels -1 are
    left out; 0 with fewer than two rows.
    """
    known = np.flatnonzero((labels >= 0) & np.isfinite(probabilities).all(axis=1))
    if len(known) < 2:
        return 0.0
    codes, given = labels[known], np.asarray(probabilities[known], np.float64)
    rates = np.bincount(codes, minlength=given.shape[1]) / len(codes)
    gain = given[np.arange(len(codes)), codes] - given @ rates
    error = float(gain.std(ddof=1)) / np.sqrt(len(codes))
    return float(gain.mean() / error) if error > 0 else 0.0


@dataclass(frozen=True, eq=False)
class _Evidence:
    """q(class | row) of any rows, made when it is asked for.

    `taught` are the rows whose labels teach; `untaught` the classes that none of them has. `shares` of the votes of all
    rows (n, n_classes) are held up to `HELD_VALUES`; beyond, they are counted each time, and no such array is made.
    """

    codes: Codes
    probabilities: NDArray[np.floating]
    power: np.float32
    votes: Votes | None
    shares: NDArray[np.float32] | None
    taught: NDArray[np.intp]
    untaught: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        codes: Codes,
        probabilities: NDArray[np.floating],
        neighbors: NDArray[np.integer] | None,
        *,
        teaches: NDArray[np.bool_],
        taught: NDArray[np.bool_],
    ) -> "_Evidence":
        rows, votes, shares = np.flatnonzero(teaches), None, None
        if neighbors is not None:
            votes = Votes.of(codes, neighbors, n_classes=probabilities.shape[1], voters=teaches)
            shares = votes.shares(np.arange(len(codes))) if probabilities.size <= HELD_VALUES else None
        return cls(codes, probabilities, _calibration(codes, probabilities, rows), votes, shares, rows, ~taught)

    def block(self, rows: NDArray[np.integer]) -> Floats:
        """Give q (len(rows), n_classes), rows adding up to 1 but for a trace in classes that nothing teaches."""
        logs = self.power * np.log(np.maximum(self.probabilities[rows], 1e-6), dtype=np.float32)
        pooled = np.exp(logs - logs.max(axis=1, keepdims=True))
        pooled /= pooled.sum(axis=1, keepdims=True)
        if self.votes is not None:
            pooled = np.sqrt(pooled * (self.votes.shares(rows) if self.shares is None else self.shares[rows]))
            pooled /= pooled.sum(axis=1, keepdims=True)
        pooled[:, self.untaught] = TINY
        return np.asarray(pooled, np.float64)


def _blocks(rows: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    return np.array_split(rows, len(rows) // BLOCK_ROWS + 1)


def _calibration(codes: Codes, probabilities: NDArray[np.floating], taught: NDArray[np.intp]) -> np.float32:
    """Give the one power of the probabilities that predicts the given labels best.

    Temperature scaling (Guo et al. 2017), fitted on a sample of the rows `taught`.
    """
    sample = taught[:: len(taught) // CALIBRATION_ROWS + 1]
    logs = np.log(np.maximum(probabilities[sample], 1e-6), dtype=np.float32)

    def loss(log_power: float) -> float:
        scaled = log_softmax(np.exp(log_power) * logs, axis=1)
        return float(-scaled[np.arange(len(sample)), codes[sample]].mean())

    return np.float32(np.exp(minimize_scalar(loss, bounds=(-1.4, 1.4), method="bounded", options={"xatol": 0.01}).x))


def _own(evidence: _Evidence) -> tuple[Floats, NDArray[np.intp], Floats]:
    """Give the evidence for the label of each row that teaches (m,), its likeliest class, and the evidence for that."""
    own, likely, most = np.empty(len(evidence.taught)), np.empty(len(evidence.taught), np.intp), []
    for places in _blocks(np.arange(len(evidence.taught))):
        rows = evidence.taught[places]
        q = evidence.block(rows)
        own[places] = q[np.arange(len(rows)), evidence.codes[rows]]
        likely[places] = q.argmax(axis=1)
        most.append(q.max(axis=1))
    return own, likely, np.concatenate(most)


def _class_scale(evidence: _Evidence) -> Floats:
    """Give the mean evidence (n_classes,) for the given label by class, shrunk to that of all rows."""
    own, codes, n_classes = _own(evidence)[0], evidence.codes[evidence.taught], len(evidence.untaught)
    summed = np.bincount(codes, own, n_classes) + SHRINK_ROWS * own.mean()
    return np.asarray(summed / (np.bincount(codes, minlength=n_classes) + SHRINK_ROWS))


def _confident(evidence: _Evidence) -> Floats:
    """Count rows (true, given) where the evidence for a class reaches the mean of it over rows given that class."""
    (own, likely, most), codes, n_classes = _own(evidence), evidence.codes[evidence.taught], len(evidence.untaught)
    threshold = np.bincount(codes, own, n_classes) / np.maximum(1, np.bincount(codes, minlength=n_classes))
    confident = most >= threshold[likely]
    counts = np.zeros((n_classes, n_classes))
    np.add.at(counts, (likely[confident], codes[confident]), 1.0)
    return counts


def _confusion(evidence: _Evidence, scale: Floats, counts: Floats) -> Floats:
    """Give T[true, given] from the scaled evidence of the rows that teach, their labels and first counts."""
    n_classes = len(scale)
    codes = evidence.codes[evidence.taught]
    blocks = _blocks(evidence.taught)
    alike = sum((_likeness(evidence.block(rows) / scale) for rows in blocks), np.zeros((n_classes, n_classes)))
    anywhere = np.tile(np.bincount(codes, minlength=n_classes) / len(codes), (n_classes, 1))
    confusion = _smoothed(counts, anywhere, alike)
    for _ in range(CONFUSION_ROUNDS):
        counts = np.zeros((n_classes, n_classes))
        for rows in blocks:
            given = evidence.codes[rows]
            joint = _deconvolve(evidence.block(rows) / scale, confusion) * confusion[:, given].T
            np.add.at(counts.T, given, joint / joint.sum(axis=1, keepdims=True))
        confusion = _smoothed(counts, anywhere, alike)
    return confusion


def _likeness(evidence: Floats) -> Floats:
    """Give how often two classes (n_classes, n_classes) are likely for the same row."""
    powered = evidence**LIKENESS_POWER
    powered /= powered.sum(axis=1, keepdims=True)
    return np.asarray(powered.T @ powered)


def _smoothed(counts: Floats, anywhere: Floats, alike: Floats) -> Floats:
    """Give the counts as shares of each true class, one vote for each class added.

    The votes are spread as all counts taken together are: so many right, so many gone wrong, and of these
    a share to any class and the rest to classes alike (maximum likelihood, by expectation maximization).
    One right and one wrong vote more keep the rate off 0 and 1.
    """
    n_classes = len(counts)
    off = ~np.eye(n_classes, dtype=bool)
    to_any = anywhere * off / (anywhere * off).sum(axis=1, keepdims=True)
    to_alike = alike * off + TINY * to_any
    to_alike /= to_alike.sum(axis=1, keepdims=True)
    wrong = counts * off
    share = 0.5
    for _ in range(SHARE_ROUNDS):
        explained = share * to_any / np.maximum(share * to_any + (1 - share) * to_alike, TINY**2)
        share = float((wrong * explained).sum() / max(wrong.sum(), TINY))
    rate = (wrong.sum() + 1) / (counts.sum() + 2)
    prior = (1 - rate) * ~off + rate * (share * to_any + (1 - share) * to_alike)
    votes = counts + n_classes * prior
    return np.asarray(votes / votes.sum(axis=1, keepdims=True))


def _deconvolve(evidence: Floats, confusion: Floats) -> Floats:
    """Give p(true class | row) such that p @ confusion comes near the evidence (given class | row)."""
    observed = evidence / evidence.sum(axis=1, keepdims=True)
    truth = observed
    for _ in range(DECONVOLUTION_STEPS):
        truth = truth * ((observed / np.maximum(truth @ confusion, TINY)) @ confusion.T)
        truth /= truth.sum(axis=1, keepdims=True)
    return np.asarray(truth)


def _log_odds_wrong(log_truth: Floats, codes: Codes, confusion: Floats) -> tuple[Floats, NDArray[np.intp]]:
    """Give the log odds (n,) that the given label is wrong, and the likeliest other class (n,)."""
    rows = np.arange(len(codes))
    joint = log_truth + np.log(confusion[:, codes].T)
    own = joint[rows, codes].copy()
    joint[rows, codes] = -np.inf
    return logsumexp(joint, axis=1) - own, joint.argmax(axis=1)


def _shift_to_sum(score: Floats, total: float) -> float:
    """Give the shift of the scores that makes the probabilities expit(score + shift) add up to `total`."""
    total = float(np.clip(total, 1e-6, len(score) - 1e-6))
    return float(brentq(lambda shift: expit(score + shift).sum() - total, -200.0, 200.0, xtol=1e-6))


def _undecided(codes: Codes) -> LabelJudgement:
    """With fewer than two classes nothing speaks against any label."""
    suspect = np.where(codes >= 0, 0.0, np.nan).astype(np.float32)
    return LabelJudgement(suspect, 1 - suspect, np.full(len(codes), -1, np.int32))


def _require_fit(codes: Codes, probabilities: NDArray[np.floating]) -> None:
    if probabilities.ndim != 2 or len(probabilities) != len(codes):
        raise InputError(
            f"{len(codes)} labels stand beside probabilities of shape {probabilities.shape}.",
            remedy="Pass one row of class probabilities per label.",
        )
    if codes.max(initial=-1) >= probabilities.shape[1]:
        raise InputError(
            f"label code {int(codes.max())} has no column among {probabilities.shape[1]} classes.",
            remedy="Codes run from 0; pass one column of probabilities per class, in that order.",
        )
