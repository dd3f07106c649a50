"""Trials: what precision and recall each detector has on this data, by defects planted among the user's own rows.

Recall is read from what was planted. Precision is that of the rows which the detector flags in the data as they
are, N(t) of n at threshold t; a planted mixture has another one.

- Labels: planted wrong labels ride along as rows that teach nothing, judged by the very predictions and noise model
  of the audit; R(t) is the share of them found. How many labels are wrong, and in which way, is read where none can
  be in doubt, on the easy rows (as on the anchor points of Liu & Tao 2016, section 4.2). Precision is
  rate · R(t) · n / N(t): right when wrong labels fall on hard rows as often as on easy ones, too low when they fall
  on hard ones more, as people's do. Nothing tells a hard row from a wrong label, so the upper end of the interval
  counts all that could be wrong, a rate of min over t of N(t) / (n · R(t)) (the mixture proportion of Blanchard,
  Lee & Scott 2010, section 4).
- Near copies, leaks, outliers: a sample without what was flagged already, and with planted defects, goes through the
  same steps; what is flagged there and was not planted is false. Precision = 1 - false / N(t), scaled to all rows.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import gamma

from burnish.dataset import Column, Evidence, Finding
from burnish.kernels.intervals import share_interval
from burnish.kernels.labels import judge_labels
from burnish.kernels.planting import (
    confused_labels,
    easiest_first,
    easy_rows,
    random_labels,
    share_at_random,
)
from burnish.kernels.votes import without_copies
from burnish.protocols import Check
from burnish.steps.duplicates import Duplicates, NearDuplicates
from burnish.steps.labels import MIN_SKILL, SuspectEvaluationLabels, SuspectLabels
from burnish.steps.leaks import Leaks, NearLeaks
from burnish.steps.neighbors import NearestNeighbors
from burnish.steps.outliers import OutlierRows, Outliers
from burnish.steps.planting import Material, Planted, with_copies, with_strangers

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

THRESHOLDS = {
    "DUP002": "min_score", "LEK002": "min_score", "LAB001": "min_suspect", "LAB002": "min_suspect",
    "OUT001": "min_score",
}  # fmt: skip
"""The field of each check that is its threshold."""

PLANTED_LABELS = 3_000
SAMPLE_ROWS, LEAST_ROWS = 4_000, 200
LEAST_PLANTED, STRANGE_SHARE, LOCKED_SHARE = 50, 0.02, 0.2
REGION_ROWS = 400
LEAST_FLAGGED = 20
LEAST_AGREEMENT = 0.95
"""Share of neighbors of the same class that easy rows have; with less no row is easy, and nothing is known."""

LABEL_GRID = np.concatenate([np.arange(0.3, 0.95, 0.025), np.arange(0.95, 0.9975, 0.005)])
PAIR_GRID = 1 / (1 + 10 ** -np.arange(0, 4.01, 0.125))
OUTLIER_GRID = np.concatenate([ndtr(np.arange(2.0, 3.05, 0.1)), 1 - 3.0902323e-3 / np.geomspace(3.1, 60, 40)])
FIGURES = {"trial_precision": "precision", "trial_recall": "recall"}
"""What the evidence of a finding tells of the trial of its detector."""


class Rates(NamedTuple):
    """A rate at each threshold, with its 95 % interval; NaN where nothing is flagged."""

    value: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, eq=False)
class Trial:
    """What a detector showed: precision and recall at each of `thresholds`, ascending.

    `floor`: the precision less one standard error, on which thresholds are set. `at_threshold`: the threshold in use.
    """

    code: str
    n_planted: int
    at_threshold: float
    thresholds: Floats
    precision: Rates
    recall: Rates
    floor: Floats
    notes: tuple[str, ...] = ()

    def at(self, threshold: float) -> dict[str, Any]:
        """Give the figures at the largest threshold tried that is no larger, as JSON values; None: not known."""
        place = max(0, int(np.searchsorted(self.thresholds, threshold + 1e-9)) - 1)
        rates = {"precision": self.precision, "recall": self.recall}
        return {
            f"{name}{end}": _json(rate[place])
            for name, of in rates.items()
            for end, rate in zip(("", "_low", "_high"), of, strict=True)
        }

    def told(self, checks: Iterable[Check]) -> dict[str, Any]:
        """Give the entry of this detector in `summary.json`, at the threshold that it has among `checks`."""
        mine = (_threshold(check) for check in checks if check.code == self.code)
        return replace(self, at_threshold=next(mine, self.at_threshold)).to_json()

    def to_json(self) -> dict[str, Any]:
        """Give the entry of this detector in `summary.json`, at the threshold of the trial."""
        figures = self.at(self.at_threshold)
        return {
            "threshold": _json(self.at_threshold),
            "n_planted": self.n_planted,
            **figures,
            "notes": list(self.notes),
        }


def run_trials(
    evidence: Evidence, checks: Iterable[Check], material: Material | None, *, seed: int
) -> tuple[Trial, ...]:
    """Try every detector that has a threshold, in the order of `checks`, on gathered evidence.

    `material` is None where vectors were given: copies and strangers are then planted as vectors.
    """
    found: list[Trial] = []
    wanted = tried_thresholds(checks)
    if "label_suspect" in evidence and evidence.table("label_skill")["z"][0].as_py() >= MIN_SKILL:
        found += label_trials(evidence, wanted, seed=seed)
    if "near_group" in evidence and "outlier_score" in evidence:
        found += copy_trials(evidence, wanted, material, seed=seed)
        found += outlier_trials(evidence, wanted, material, seed=seed)
    order = list(wanted)
    return tuple(sorted(found, key=lambda trial: order.index(trial.code)))


def tried_thresholds(checks: Iterable[Check]) -> dict[str, float]:
    """Give the threshold of each detector that can be tried, by code."""
    return {check.code: _threshold(check) for check in checks if check.code in THRESHOLDS}


def threshold_for(trial: Trial, min_precision: float) -> float | None:
    """Give the lowest threshold whose precision, less one standard error, reaches `min_precision`, or None.

    One standard error (as Breiman et al. 1984, section 3.4.3, choose trees): the estimate alone would be missed every
    second time, and the 95 % bound asks for more rows than most sets have.
    """
    reached = np.flatnonzero(trial.floor >= min_precision)
    return float(trial.thresholds[reached[0]]) if len(reached) else None


def tuned_checks(
    checks: Iterable[Check], trials: Iterable[Trial], min_precision: float
) -> tuple[tuple[Check, ...], tuple[str, ...]]:
    """Give the checks with thresholds that reach `min_precision`, and what there is to say of it.

    A detector that reaches it at no threshold gets one that nothing passes.
    """
    by_code = {trial.code: trial for trial in trials}
    tuned, notes = [], []
    for check in checks:
        trial, name = by_code.get(check.code), THRESHOLDS.get(check.code)
        if name is None or trial is None:
            notes += [f"{check.code}: no trial could be made, its threshold stays."] if name else []
            tuned.append(check)
            continue
        found = threshold_for(trial, min_precision)
        tuned.append(replace(cast("Any", check), **{name: np.inf if found is None else found}))
        notes.append(_told(trial, found, min_precision))
    return tuple(tuned), tuple(notes)


def with_figures(findings: Iterable[Finding], trials: Iterable[Trial], checks: Iterable[Check]) -> list[Finding]:
    """Give findings with `trial_precision` and `trial_recall` at the threshold that found them in their evidence."""
    thresholds = {check.code: _threshold(check) for check in checks if check.code in THRESHOLDS}
    figures = {trial.code: trial.at(thresholds[trial.code]) for trial in trials if trial.code in thresholds}
    told = {code: {name: of[figure] for name, figure in FIGURES.items()} for code, of in figures.items()}
    return [replace(f, evidence={**f.evidence, **told.get(f.code, {})}) for f in findings]


def label_trials(evidence: Evidence, wanted: Mapping[str, float], *, seed: int) -> list[Trial]:
    """Give the trials of suspect labels, among the training rows and among the evaluation rows."""
    suspect = np.nan_to_num(np.asarray(evidence["label_suspect"], np.float64))
    codes = np.asarray(cast("Any", evidence.dataset.labels).codes, np.int64)
    locked = np.asarray(evidence["evaluation"], bool)
    train = np.flatnonzero(~locked & (codes >= 0) & np.isfinite(np.asarray(evidence["label_suspect"], np.float64)))
    if len(train) < LEAST_ROWS:
        return []
    suggested = np.asarray(evidence["suggested_label"], np.int64)
    believed = np.where((suspect >= 0.5) & (suggested >= 0), suggested, codes)
    noise = _Noise.of(evidence, codes, believed, train)
    found = _planted_suspects(evidence, codes, believed, train, seed=seed)
    trials = []
    for code, rows in (
        (SuspectLabels.code, train),
        (SuspectEvaluationLabels.code, np.flatnonzero(locked & (codes >= 0))),
    ):
        if code in wanted and len(rows):
            trials.append(_label_trial(code, wanted[code], suspect[rows], noise=noise, planted=found))
    return trials


class _Noise(NamedTuple):
    """The rate of wrong labels on the easy rows, on how many, the share at random, and whether they are easy at all."""

    rate: float
    n_easy: int
    at_random: float
    known: bool

    @classmethod
    def of(cls, evidence: Evidence, codes: Rows, believed: Rows, train: Rows) -> "_Noise":
        rows, agreement = easiest_first(believed, np.asarray(evidence["neighbors"], np.int64), train)
        n_easy = easy_rows(believed[rows] != codes[rows])
        easy = rows[:n_easy]
        wrong = easy[believed[easy] != codes[easy]]
        at_random = share_at_random(codes[wrong], believed[wrong], evidence["probabilities"][wrong])
        known = bool(agreement[:n_easy].mean() >= LEAST_AGREEMENT)
        return cls(len(wrong) / n_easy, n_easy, at_random, known)

    @property
    def notes(self) -> tuple[str, ...]:
        """Say what the rate was read from, and what the figures mean."""
        if not self.known:
            return (
                "Classes overlap on every row: a wrong label cannot be told from a hard row, and precision may be 0.",
            )
        return (
            f"{self.rate:.1%} of the labels of {self.n_easy:,} easy rows are wrong, {self.at_random:.0%} at random.",
            "Precision counts as many wrong labels on hard rows as on easy ones; its upper end, all there could be.",
        )


def _planted_suspects(
    evidence: Evidence, codes: Rows, believed: Rows, train: Rows, *, seed: int
) -> tuple[Floats, Floats]:
    """Give how suspect planted labels are: confused ones (m,) and ones at random (m,), of the same training rows."""
    rng, locked = np.random.default_rng(seed), np.asarray(evidence["evaluation"], bool)
    rows = np.sort(rng.permutation(train)[:PLANTED_LABELS])
    probabilities = np.asarray(evidence["probabilities"], np.float32)
    confused = confused_labels(believed[rows], probabilities[rows], rng)
    anything = random_labels(believed[rows], probabilities.shape[1], rng)
    riders = np.concatenate([rows, rows])
    neighbors = without_copies(np.asarray(evidence["neighbors"], np.int32), *_copies(evidence))
    judged = judge_labels(
        np.concatenate([codes, confused, anything]),
        np.concatenate([probabilities, probabilities[riders]]),
        neighbors=np.concatenate([neighbors, neighbors[riders]]),
        reference=np.concatenate([~locked, np.zeros(len(riders), bool)]),
    )
    suspect = np.nan_to_num(judged.suspect[len(codes) :].astype(np.float64))
    return suspect[: len(rows)], suspect[len(rows) :]


def _copies(evidence: Evidence) -> list[NDArray[np.int64] | None]:
    found = (evidence.get(name) for name in ("exact_group", "near_group"))
    return [None if codes is None else np.asarray(codes, np.int64) for codes in found]


def _label_trial(
    code: str, threshold: float, suspect: Floats, *, noise: _Noise, planted: tuple[Floats, Floats]
) -> Trial:
    grid = _with(LABEL_GRID, threshold)
    confused, anything = (_share_from(scores, grid) for scores in planted)
    recall = (1 - noise.at_random) * confused + noise.at_random * anything
    n_planted, n_rows = sum(len(scores) for scores in planted), len(suspect)
    flagged = n_rows * _share_from(suspect, grid)
    error = np.sqrt(
        (1 - noise.rate) / (noise.rate * noise.n_easy + 1)
        + (1 - recall) / (recall * n_planted + 1)
        + (1 - flagged / n_rows) / np.maximum(flagged, 1)
    )  # of a ratio of counts, on the log scale (Katz et al. 1978)
    expected = n_rows * recall / np.where(flagged > 0, flagged, np.nan)
    value = np.minimum(1, noise.rate * expected)
    most = np.min(flagged / np.maximum(n_rows * recall, 1e-9), where=flagged >= LEAST_FLAGGED, initial=1)
    high = np.minimum(1, np.maximum(value * np.exp(1.96 * error), most * expected))
    sure = value * noise.known
    precision = Rates(value, sure * np.exp(-1.96 * error), high)
    rates = precision, _shares(recall, n_planted)
    return Trial(code, n_planted, threshold, grid, *rates, sure * np.exp(-error), noise.notes)


def copy_trials(
    evidence: Evidence, wanted: Mapping[str, float], material: Material | None, *, seed: int
) -> list[Trial]:
    """Give the trials of near copies and near leaks, planted in regions that are as dense as the data."""
    rng = np.random.default_rng(seed)
    rows = _regions(evidence, rng)
    if len(rows) < LEAST_ROWS:
        return []
    locked = rng.permutation(len(rows)) < LOCKED_SHARE * len(rows)
    n_copies = int(np.clip(_near_share(evidence) * len(rows), LEAST_PLANTED, 0.1 * len(rows)))
    sides = [rng.permutation(np.flatnonzero(side))[:n_copies] for side in (~locked, locked)]
    planted = with_copies(evidence, rows, np.concatenate(sides), material, rng=rng)
    evaluation = np.concatenate([locked, np.zeros(sum(len(side) for side in sides), bool)])
    known = planted.start.adding([Column("evaluation", evaluation)])
    for step in (NearestNeighbors(), Duplicates(), Leaks()):
        known = known.adding(step.run(known, seed=seed))
    trials = []
    if NearDuplicates.code in wanted:
        seen, scores = _seen_copies(planted, known, evidence), _flag_scores(NearDuplicates(0), evidence)
        trials.append(_content_trial(NearDuplicates.code, wanted, seen, (scores, len(evidence.dataset))))
    if NearLeaks.code in wanted and "leak_pairs" in evidence:
        n_locked = int(np.count_nonzero(evidence["evaluation"]))
        seen, scores = _seen_leaks(planted, known), _flag_scores(NearLeaks(0), evidence)
        trials.append(_content_trial(NearLeaks.code, wanted, seen, (scores, n_locked)))
    return trials


def outlier_trials(
    evidence: Evidence, wanted: Mapping[str, float], material: Material | None, *, seed: int
) -> list[Trial]:
    """Give the trial of outliers: strangers among a random sample of rows that are none."""
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.permutation(np.flatnonzero(_unsuspected(evidence)))[:SAMPLE_ROWS])
    if len(rows) < LEAST_ROWS or OutlierRows.code not in wanted:
        return []
    n_strange = max(LEAST_PLANTED, int(STRANGE_SHARE * len(rows)))
    planted = with_strangers(evidence, rows, n_strange, material, rng=rng)
    known = planted.start
    for step in (NearestNeighbors(), Outliers()):
        known = known.adding(step.run(known, seed=seed))
    score = np.asarray(known["outlier_score"], np.float64)
    seen = _Seen(score[planted.n_rows :], score[: planted.n_rows], planted.n_rows)
    own = np.asarray(evidence["outlier_score"], np.float64)
    return [_content_trial(OutlierRows.code, wanted, seen, (own, len(own)))]


class _Seen(NamedTuple):
    """Scores of what was planted (m,; 0 where it was not found), of what is false, and among how many rows that is."""

    planted: Floats
    false: Floats
    n_rows: int


def _unsuspected(evidence: Evidence) -> NDArray[np.bool_]:
    """Tell which rows (n,) can be compared, are no copy of another, and are not flagged as outliers."""
    group, kept = np.asarray(evidence["near_group"]), np.asarray(evidence["near_representative"])
    strange = np.asarray(evidence["outlier_score"])
    single = (group < 0) | (kept == np.arange(len(kept)))
    return np.asarray(single & (strange < OutlierRows.min_score))


def _regions(evidence: Evidence, rng: np.random.Generator) -> Rows:
    """Draw rows region by region, each grown along neighbors from a row drawn at random.

    A sample of single rows would be thinner than the data, and rows that are near would stand out there.
    """
    clean, neighbors = _unsuspected(evidence), np.asarray(evidence["neighbors"])
    if clean.sum() <= SAMPLE_ROWS:
        return np.flatnonzero(clean)
    left, taken = clean.copy(), [np.empty(0, np.int64)]
    while sum(map(len, taken)) < SAMPLE_ROWS:
        region = front = rng.choice(np.flatnonzero(left), 1)
        while len(front) and len(region) < REGION_ROWS:
            near = np.unique(neighbors[front])
            front = np.setdiff1d(near[near >= 0], region)
            region = np.concatenate([region, rng.permutation(front)])[:REGION_ROWS]
        taken.append(region[left[region]])
        left[region] = False
    return np.sort(np.concatenate(taken)[:SAMPLE_ROWS])


def _near_share(evidence: Evidence) -> float:
    """Give the share of rows that are near copies of another."""
    kept = np.asarray(evidence["near_representative"])
    near = (kept >= 0) & (kept != np.arange(len(kept))) & (np.nan_to_num(np.asarray(evidence["near_distance"])) > 0)
    return float(near.mean()) if len(kept) else 0.0


def _seen_copies(planted: Planted, known: Evidence, evidence: Evidence) -> _Seen:
    """Score copies as the data's own threshold would: that of the trial has another share of copies behind it."""
    own, tried = (float(e.table("duplicate_threshold")["p_value"][0].as_py()) for e in (evidence, known))
    found, false = np.zeros(len(planted.origin)), []
    for finding in NearDuplicates(0).judge(known):
        for flag in finding.rows:
            score = own * flag.score / (own * flag.score + tried * (1 - flag.score))
            row, kept = flag.row, int(str(flag.evidence["kept"]))
            copy = next((a for a, b in ((row, kept), (kept, row)) if planted.origin[a] == b), None)
            if copy is not None:
                found[copy] = score
            elif max(row, kept) < planted.n_rows:
                false.append(score)
    copies = np.flatnonzero((planted.origin >= 0) & ~np.asarray(known["evaluation"], bool)[planted.origin])
    return _Seen(found[copies], np.array(false), planted.n_rows)


def _seen_leaks(planted: Planted, known: Evidence) -> _Seen:
    locked = np.asarray(known["evaluation"], bool)
    found, false = np.zeros(len(planted.origin)), []
    for finding in NearLeaks(0).judge(known):
        twin = int(str(finding.rows[0].evidence["twin"]))
        if planted.origin[twin] == finding.rows[0].row:
            found[twin] = finding.score
        elif twin < planted.n_rows:
            false.append(finding.score)
    leaks = np.flatnonzero((planted.origin >= 0) & locked[planted.origin])
    return _Seen(found[leaks], np.array(false), int(locked.sum()))


def _flag_scores(check: NearDuplicates | NearLeaks, evidence: Evidence) -> Floats:
    """Give the scores of the rows that a check flags in the data: each row, or of leaks each evaluation row."""
    findings = check.judge(evidence)
    leaks = check.code == NearLeaks.code
    return np.array([flag.score for finding in findings for flag in finding.rows[: 1 if leaks else None]], np.float64)


def _content_trial(code: str, wanted: Mapping[str, float], seen: _Seen, own: tuple[Floats, int]) -> Trial:
    """Scale what is false in the sample to all rows; its interval is that of a count (Garwood 1936).

    `own`: the scores in the data, and of how many rows.
    """
    threshold, (scores, n_rows) = wanted[code], own
    grid = _with(OUTLIER_GRID if code == OutlierRows.code else PAIR_GRID, threshold)
    false = _count_from(seen.false, grid)
    flagged = _count_from(scores, grid)
    scale = n_rows / max(1, seen.n_rows) / np.where(flagged > 0, flagged, np.nan)

    def less(count: Floats) -> Floats:
        return np.asarray(np.clip(1 - count * scale, 0, 1))

    low, floor = less(gamma.ppf(0.975, false + 1)), less(gamma.ppf(0.841, false + 1))
    high = less(np.where(false > 0, gamma.ppf(0.025, np.maximum(false, 1)), 0))
    recall = _share_from(seen.planted, grid)
    notes = ("The sample was cleared of what the detector finds by itself, so precision is an upper estimate.",)
    precision = Rates(less(false), low, high)
    return Trial(code, len(seen.planted), threshold, grid, precision, _shares(recall, len(seen.planted)), floor, notes)


def _with(grid: Floats, threshold: float) -> Floats:
    return np.union1d(grid, [threshold]) if np.isfinite(threshold) else grid


def _count_from(scores: Floats, thresholds: Floats) -> Floats:
    ordered = np.sort(np.nan_to_num(scores))
    return np.asarray(len(ordered) - np.searchsorted(ordered, thresholds), np.float64)


def _share_from(scores: Floats, thresholds: Floats) -> Floats:
    return _count_from(scores, thresholds) / max(1, len(scores))


def _shares(share: Floats, n: int) -> Rates:
    bounds = np.array([share_interval(value * n, n) for value in share])
    return Rates(share, bounds[:, 0], bounds[:, 1])


def _threshold(check: Check) -> float:
    return float(getattr(check, THRESHOLDS[check.code]))


def _told(trial: Trial, threshold: float | None, min_precision: float) -> str:
    if threshold is None:
        best = f"{np.nanmax(trial.floor):.2f}" if np.isfinite(trial.floor).any() else "none is known"
        return f"{trial.code} reports nothing: no threshold has a precision of {min_precision:g} (at most {best})."
    recall = trial.at(threshold)["recall"]
    return f"{trial.code}: threshold {threshold:.4g} for a precision of {min_precision:g}, at a recall of {recall:.2f}."


def _json(value: float) -> float | None:
    return round(float(value), 4) if np.isfinite(value) else None
