"""Planning: before any work, the smallest lift that the evaluation rows can show."""

from dataclasses import dataclass, replace

import numpy as np

from burnish.dataset import Changeset, Edit, Evidence
from burnish.kernels.intervals import Spread, main_confidence
from burnish.pipeline.arms import AFTER, BEFORE, Change
from burnish.pipeline.judging import Judge, intervals_of, setting_for
from burnish.pipeline.retraining import Protocol, predict_each, rounds_of
from burnish.pipeline.settings import Setting
from burnish.protocols import Model

PILOT_RETRAINS = 4
EDITED = 0.1
"""Share of the training rows that a change is thought to edit where it is not known yet."""


@dataclass(frozen=True)
class Outlook:
    """What a measurement will be able to say: the smallest lift it would show four times in five as better.

    `rows_for_one_point`: evaluation rows that would show a lift of one point (None: no number would).
    """

    metric: str
    n_eval: int
    n_train: int
    smallest_visible_lift: float
    rows_for_one_point: float | None


def outlook(evidence: Evidence, changeset: Changeset | None, protocol: Protocol, probe: Model, *, seed: int) -> Outlook:
    """Estimate from a pilot: the probe, few retrains, and as many rows dropped at random as the change edits.

    A change that does something moves more predictions than a random one, so that the true figure is often
    somewhat larger; the evaluation gives it afterwards. Without a changeset a tenth of the rows is dropped.
    """
    setting = setting_for(evidence, protocol.metric)
    pilot = replace(protocol, model=probe, retrains=PILOT_RETRAINS)
    n_edits = round(EDITED * len(setting.train)) if changeset is None else len(changeset)
    spread, before = _pilot(_random_drop(setting, n_edits, seed), pilot, seed)
    margin, n_eval = protocol.margin_at(before), len(setting.counted)
    seen = {"margin": margin, "confidence": main_confidence(protocol.confidence)}
    needed = spread.units_needed(protocol.point_at(before), **seen)
    return Outlook(
        protocol.metric.name,
        n_eval,
        len(setting.train),
        spread.visible(**seen),
        needed * n_eval / spread.n_units if np.isfinite(needed) else None,
    )


def _random_drop(setting: Setting, n_edits: int, seed: int) -> Change:
    n_rows = min(max(1, n_edits), len(setting.train) - 2)
    rows = np.random.default_rng(seed).choice(setting.train, n_rows, replace=False)
    ids = setting.dataset.row_ids.take(rows).to_pylist()
    edits = tuple(Edit(row_id, "drop", "PILOT", "drawn at random") for row_id in ids)
    return Change(setting, Changeset(setting.dataset.version, edits))


def _pilot(change: Change, protocol: Protocol, seed: int) -> tuple[Spread, float]:
    """Give where the variance of the lift of a random drop comes from, and the metric before."""
    setting, names, judge = change.setting, (BEFORE, AFTER), Judge(change.setting, protocol)
    rounds = rounds_of(change, protocol, seed=seed)
    trains = [one.trains[name] for one in rounds for name in names]
    given = predict_each(protocol.model, trains, setting.sample(setting.evaluation))
    terms = [judge.terms(predictions, judge.counted) for predictions in given]
    truth = judge.truth(judge.counted)
    values = np.array([judge.metric.value(truth, one) for one in terms]).reshape(-1, 2)
    moves = np.array([judge.metric.influence(truth, one) for one in terms]).reshape(len(values), 2, -1)
    lift, move = values[:, 1] - values[:, 0], moves[:, 1] - moves[:, 0]
    found = intervals_of({"lift": lift.tolist()}, {"lift": move.sum(axis=0)}, judge, judge.counted)[1]["lift"]
    flips = float(move.var(axis=0, ddof=1).sum() / move.shape[1] ** 2)
    return replace(found, flips=flips), float(values[:, 0].mean())
