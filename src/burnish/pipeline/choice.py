"""Choice: which codes survive, and how suspect labels are treated, on inner folds of the training rows.

The locked rows are not looked at: what is chosen because it looked best here is judged there once, so that the
winner's curse stays in the choice and out of the verdict (Varma & Simon 2006).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from burnish.dataset import Changeset, Evidence, Finding, Sample
from burnish.kernels.folds import group_folds
from burnish.kernels.metrics import METRICS
from burnish.pipeline.arms import AFTER, BEFORE, SHARE, Change, Plan, contrast
from burnish.pipeline.decision import Policy, Treatment, decide
from burnish.pipeline.judging import setting_for
from burnish.pipeline.retraining import Protocol, predict_each
from burnish.pipeline.settings import Rows, Setting
from burnish.protocols import Progress

Floats = NDArray[np.float64]

N_FOLDS, N_REPEATS = 5, 2
ALWAYS = ("LEK001", "LEK002")
"""Leaks are dropped whatever they do to the metric: an evaluation that was trained on tells nothing."""

STAND_INS = {"log_loss": METRICS["accuracy"]}
"""What the folds are judged by instead: a loss punishes being surely right on rows that are labelled wrongly."""

LABELS = "LAB001"
TREATMENTS: tuple[tuple[Treatment, float | None], ...] = (("drop", 0.5), ("relabel", None), ("relabel", 0.5))
"""What is tried for suspect labels beside the policy's own treatment: the edit, and the lowest score edited."""

AHEAD = 2.0
"""Standard errors by which a treatment has to be ahead of the one before it: several are tried."""


@dataclass(frozen=True)
class CodeChoice:
    """What the inner folds said of one code: its share of the lift, one-sided bounds of 90 %, whether it stays."""

    code: str
    treatment: str
    n_edits: int
    value: float
    low: float
    high: float
    kept: bool
    reason: str


@dataclass(frozen=True)
class Choice:
    """The policy that survived, and what was seen of each code."""

    policy: Policy
    codes: tuple[CodeChoice, ...] = ()

    @property
    def left_out(self) -> tuple[str, ...]:
        """The codes that are left to a person."""
        return tuple(code.code for code in self.codes if not code.kept)


@dataclass(frozen=True, eq=False)
class _Inner:
    """Folds of the training rows, each once held out and measured on, `N_REPEATS` times over."""

    setting: Setting
    protocol: Protocol
    folds: tuple[Rows, ...]
    progress: Progress

    def values(self, arms: Callable[[Setting], Mapping[str, Sample]]) -> dict[str, Floats]:
        """Give the metric, more is better, per arm and fold (n_folds,); a fold that cannot show it is left out."""
        metric = STAND_INS.get(self.protocol.metric.name, self.protocol.metric)
        sign = 1.0 if metric.greater_is_better else -1.0
        held = [self.setting.held_out(rows) for rows in self.folds]
        trains = [arms(one) for one in held]
        self.progress.start("choose", sum(map(len, trains)))
        found: dict[str, list[float]] = {name: [] for name in trains[0]}
        for setting, named in zip(held, trains, strict=True):
            truth = setting.targets.values[setting.evaluation]
            given = predict_each(self.protocol.model, list(named.values()), setting.sample(setting.evaluation))
            for name, predictions in zip(named, given, strict=True):
                found[name].append(sign * metric.value(truth, metric.terms(truth, predictions)))
                self.progress.advance()
        self.progress.finish()
        table = {name: np.array(values) for name, values in found.items()}
        shown = np.isfinite(list(table.values())).all(axis=0)
        return {name: values[shown] for name, values in table.items()}


def choose(
    evidence: Evidence,
    findings: Iterable[Finding],
    policy: Policy,
    protocol: Protocol,
    *,
    seed: int,
    progress: Progress,
) -> Choice:
    """Give the policy that is left of `policy`: codes that help, or at least do no harm, on the inner folds.

    A code stays when its share of the lift is above zero, or when a loss beyond the margin can be ruled out.
    Before, another treatment of suspect labels takes the place of the policy's own if it is ahead there by AHEAD
    standard errors; dropping is tried before relabelling.
    """
    found = tuple(findings)
    setting = setting_for(evidence, protocol.metric)
    changes = decide(evidence, found, policy)
    if not set(changes.codes) - set(ALWAYS):
        return Choice(policy)
    inner = _Inner(setting, protocol, _folds(setting, seed), progress)
    tried = _treated(evidence, found, policy, inner) if LABELS in changes.codes else policy
    changes = decide(evidence, found, tried).without(codes=ALWAYS)
    values = _of_codes(changes, inner, seed)
    judged = replace(protocol, metric=STAND_INS.get(protocol.metric.name, protocol.metric))
    margin = judged.margin_at(abs(float(values[BEFORE].mean())))
    lines = tuple(_judged(code, values[SHARE + code], changes, margin) for code in changes.codes)
    return Choice(tried.without([line.code for line in lines if not line.kept]), lines)


def _folds(setting: Setting, seed: int) -> tuple[Rows, ...]:
    train, found = setting.train, []
    for repeat in range(N_REPEATS):
        fold = group_folds(setting.targets.strata[train], setting.groups[train], n_folds=N_FOLDS, seed=seed + repeat)
        found += [train[fold == number] for number in range(N_FOLDS) if (fold == number).any()]
    return tuple(found)


def _of_codes(changes: Changeset, inner: _Inner, seed: int) -> dict[str, Floats]:
    """Give the values before, and the share of each code, per fold."""
    plan = Plan.of(changes.codes, np.random.default_rng(seed))
    values = inner.values(
        lambda held: {name: Change(held, changes).training(held.train, codes) for name, codes in plan.arms.items()}
    )
    shares = plan.shares or {SHARE + code: {AFTER: 1.0, BEFORE: -1.0} for code in changes.codes}
    return {BEFORE: values[BEFORE], **{name: contrast(values, terms) for name, terms in shares.items()}}


def _treated(evidence: Evidence, findings: tuple[Finding, ...], policy: Policy, inner: _Inner) -> Policy:
    """Give the policy with the treatment of suspect labels that does best on the inner folds."""
    options = [policy, *(policy.treating(LABELS, *treatment) for treatment in TREATMENTS)]
    changes = [decide(evidence, findings, option) for option in options]
    values = inner.values(
        lambda held: {
            str(number): Change(held, change).training(held.train, change.codes)
            for number, change in enumerate(changes)
        }
    )
    best = 0
    for number in range(1, len(options)):  # what a person has not seen is written only where it pays
        gain = values[str(number)] - values[str(best)]
        best = number if gain.mean() > AHEAD * _error(gain) else best
    return options[best]


def _error(values: Floats) -> float:
    """Give the standard error of a mean over folds whose training rows overlap (Nadeau & Bengio 2003, section 3)."""
    factor = 1 / len(values) + 1 / (N_FOLDS - 1)
    return float(np.sqrt(factor * values.var(ddof=1)))


def _judged(code: str, share: Floats, changes: Changeset, margin: float) -> CodeChoice:
    value, half = float(share.mean()), float(stats.t.ppf(0.9, len(share) - 1)) * _error(share)
    edits = changes.only(code).edits
    kept = value > 0 or value - half > -margin
    unseen = "no loss beyond the margin" if kept else "a loss beyond the margin is likely enough"
    reason = "a share above zero" if value > 0 else unseen
    return CodeChoice(code, edits[0].action, len(edits), value, value - half, value + half, kept, reason)
