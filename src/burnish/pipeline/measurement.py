"""Measurement: what a changeset does to a model, on locked rows, beside an equal-size random control."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from burnish.dataset import Arm, Changeset, Evaluation, Evidence, SliceEffect, Verdict
from burnish.errors import InputError, UsageError
from burnish.kernels.intervals import Interval, retrain_interval, row_variance, smallest_visible
from burnish.kernels.metrics import METRICS
from burnish.kernels.vectors import Vectors
from burnish.protocols import Model, Progress

Rows = NDArray[np.int64]
Codes = NDArray[np.int32]

BEFORE, AFTER, CONTROL = "before", "after", "control"
MIN_SLICE_ROWS = 20


@dataclass(frozen=True)
class Protocol:
    """The frozen recipe of a measurement: everything but the data is the same in every arm."""

    model: Model
    metric: str = "accuracy"
    retrains: int = 10
    fraction: float = 0.8
    margin: float = 0.005
    confidence: float = 0.95

    def __post_init__(self) -> None:
        if self.metric not in METRICS:
            raise UsageError(f"unknown metric {self.metric!r}.", remedy=f"Known metrics: {', '.join(sorted(METRICS))}.")


@dataclass(frozen=True)
class Training:
    """The rows that one arm trains on (positions, sorted) and the labels it sees (n_rows,)."""

    name: str
    rows: Rows
    labels: Codes


@dataclass(frozen=True)
class Field:
    """Where the measurement takes place: vectors, the locked rows, their labels, what belongs together."""

    vectors: Vectors
    labels: Codes
    classes: tuple[str, ...]
    train: Rows
    evaluation: Rows
    groups: NDArray[np.int64]
    notes: tuple[str, ...] = field(default=())


def measurement_field(evidence: Evidence) -> Field:
    """Give the rows a measurement may use: labelled, readable, and evaluation rows without a twin in train.

    An evaluation row that was also trained on rewards memory; it is left out of every arm alike, and
    said so. Raises InputError when too little is left.
    """
    labels = evidence.dataset.labels
    if labels is None:
        raise InputError("the data set has no labels, so no model can be measured.", remedy="Pass --label FIELD.")
    vectors = Vectors.of(evidence["embeddings"])
    usable = labels.known & vectors.usable
    locked = np.asarray(evidence["evaluation"], bool)
    train = np.flatnonzero(usable & ~locked)
    leaked = _leaked(evidence)
    evaluation = np.flatnonzero(usable & locked & ~leaked)
    _refuse_too_little(labels.codes, train, evaluation)
    notes = []
    if n_leaked := int((leaked & locked & usable).sum()):
        notes.append(f"{n_leaked} evaluation rows with a twin in train are left out of every arm.")
    return Field(vectors, labels.codes, labels.classes, train, evaluation, _groups(evidence), tuple(notes))


def measure(
    evidence: Evidence, changeset: Changeset, protocol: Protocol, *, seed: int, progress: Progress
) -> Evaluation:
    """Train before, after, control and one arm per code on the same subsamples; compare on the locked rows.

    Each retrain draws a fraction of the training rows; every arm sees the part of the draw that it
    keeps, so arms differ in nothing but the change. The control drops as many random rows per class
    as the change edits. Raises LockedRowsError when the changeset touches an evaluation row.
    """
    _refuse_weights(changeset)
    place = measurement_field(evidence)
    locked = np.flatnonzero(np.asarray(evidence["evaluation"], bool))
    changeset.refuse_locked(set(evidence.dataset.row_ids.take(locked).to_pylist()))
    arms = [Training(BEFORE, place.train, place.labels), _edited(AFTER, evidence, place, changeset)]
    if len(changeset.codes) > 1:
        arms += [_edited(f"only:{c}", evidence, place, changeset.only(c)) for c in changeset.codes]
    positions = evidence.dataset.row_positions
    edited = np.intersect1d([positions[e.row_id] for e in changeset.edits], place.train).astype(np.int64)
    trial = _Trial(place, tuple(arms), edited, protocol, seed)
    return _evaluate(trial, trial.run(progress), _slices(evidence, place.evaluation))


def _refuse_weights(changeset: Changeset) -> None:
    weighted = sum(edit.action == "weight" for edit in changeset.edits)
    if weighted:
        raise InputError(
            f"the changeset weights {weighted} row(s), and a measurement trains every row alike.",
            remedy="Leave these edits out: drops and relabels are measured.",
        )


def _leaked(evidence: Evidence) -> NDArray[np.bool_]:
    leak_of = evidence.get("leak_of")
    return np.zeros(len(evidence.dataset), bool) if leak_of is None else np.asarray(leak_of) >= 0


def _groups(evidence: Evidence) -> NDArray[np.int64]:
    """Rows that are not independent: the user's groups, else copies; each other row on its own."""
    given = evidence.dataset.group_codes
    if given is not None:
        return given
    near = evidence.get("near_group")
    n_rows = len(evidence.dataset)
    alone = np.arange(n_rows, dtype=np.int64)
    return alone if near is None else np.where(np.asarray(near) >= 0, np.asarray(near, np.int64), n_rows + alone)


def _refuse_too_little(codes: Codes, train: Rows, evaluation: Rows) -> None:
    if len(evaluation) < 2 or len(train) < 5:
        raise InputError(
            f"{len(train)} usable training rows and {len(evaluation)} usable evaluation rows are too few to measure.",
            remedy="Label more rows, or choose the evaluation rows with --eval-split.",
        )
    if len(np.unique(codes[train])) < 2:
        raise InputError(
            "the training rows have only one class.", remedy="A model needs at least two classes to learn."
        )


def _edited(name: str, evidence: Evidence, place: Field, changeset: Changeset) -> Training:
    positions = evidence.dataset.row_positions
    dropped = [positions[e.row_id] for e in changeset.edits if e.action == "drop"]
    labels = place.labels.copy()
    code_of = {label: code for code, label in enumerate(place.classes)}
    for edit in changeset.edits:
        if edit.action == "relabel":
            labels[positions[edit.row_id]] = _known_class(edit.label, code_of)
    return Training(name, np.setdiff1d(place.train, np.array(dropped, np.int64)), labels)


def _known_class(label: str | None, code_of: Mapping[str, int]) -> int:
    if label is None or label not in code_of:
        raise InputError(
            f"the changeset relabels a row to {label!r}, which no row is labelled.",
            remedy=f"Known labels: {', '.join(list(code_of)[:10])}.",
        )
    return code_of[label]


def _control(place: Field, edited: Rows, rng: np.random.Generator) -> Training:
    """Drop as many random rows per class as were edited; drawn anew for each retrain."""
    edited_codes, counts = np.unique(place.labels[edited], return_counts=True)
    train_codes = place.labels[place.train]
    out = [
        rng.choice(place.train[train_codes == code], size=count, replace=False)
        for code, count in zip(edited_codes, counts, strict=True)
    ]
    return Training(CONTROL, np.setdiff1d(place.train, np.concatenate([np.empty(0, np.int64), *out])), place.labels)


@dataclass(frozen=True)
class _Trial:
    """All arms of one measurement, ready to be trained."""

    place: Field
    arms: tuple[Training, ...]
    edited: Rows
    protocol: Protocol
    seed: int

    def run(self, progress: Progress) -> dict[str, Codes]:
        """Give per arm, the control among them, the predicted class codes (n_retrains, n_evaluation)."""
        train, retrains = self.place.train, self.protocol.retrains
        predicted: dict[str, list[Codes]] = {}
        progress.start("retrain", retrains * (len(self.arms) + 1))
        for retrain in range(retrains):
            rng = np.random.default_rng([self.seed, retrain])
            drawn = rng.permutation(train)[: max(2, round(self.protocol.fraction * len(train)))]
            for arm in (*self.arms, _control(self.place, self.edited, rng)):
                predicted.setdefault(arm.name, []).append(self._predict(arm, drawn, seed=retrain))
                progress.advance()
        progress.finish()
        return {name: np.stack(runs) for name, runs in predicted.items()}

    def _predict(self, arm: Training, drawn: Rows, *, seed: int) -> Codes:
        rows = np.intersect1d(arm.rows, drawn)
        vectors, labels = self.place.vectors, arm.labels[rows]
        probabilities = self.protocol.model.fit_predict(
            vectors.at(rows), labels, vectors.at(self.place.evaluation), n_classes=len(self.place.classes), seed=seed
        )
        codes: Codes = probabilities.argmax(axis=1).astype(np.int32)
        return codes


@dataclass(frozen=True)
class _Judge:
    """Turns predictions into intervals on a set of evaluation rows."""

    labels: Codes
    groups: NDArray[np.int64]
    protocol: Protocol
    seed: int

    def value(self, predicted: Codes) -> Interval:
        return self._interval([(predicted, 1.0)])

    def difference(self, after: Codes, before: Codes) -> Interval:
        return self._interval([(after, 1.0), (before, -1.0)])

    def _interval(self, terms: Iterable[tuple[Codes, float]]) -> Interval:
        metric = METRICS[self.protocol.metric]
        signed = [(run, sign) for runs, sign in terms for run in runs]
        n_runs = self.protocol.retrains

        def mean_metric(weights: NDArray[np.float64]) -> NDArray[np.float64]:
            total = np.zeros(len(weights))
            for run, sign in signed:
                total += sign * metric(self.labels, run, weights)
            return total / n_runs

        ones = np.ones((1, len(self.labels)))
        singles = np.array([sign * metric(self.labels, run, ones)[0] for run, sign in signed])
        estimates = singles.reshape(-1, n_runs).sum(axis=0)
        rows = row_variance(mean_metric, self.groups, seed=self.seed)
        return retrain_interval(estimates, rows, confidence=self.protocol.confidence)


def _evaluate(trial: _Trial, predicted: Mapping[str, Codes], slices: Mapping[str, NDArray[np.bool_]]) -> Evaluation:
    place, protocol = trial.place, trial.protocol
    judge = _Judge(place.labels[place.evaluation], place.groups[place.evaluation], protocol, trial.seed)
    lift = judge.difference(predicted[AFTER], predicted[BEFORE])
    against = judge.difference(predicted[AFTER], predicted[CONTROL])
    sizes = {arm.name: len(arm.rows) for arm in trial.arms}
    return Evaluation(
        metric=protocol.metric,
        n_eval=len(place.evaluation),
        arms=tuple(
            _arm(name, judge.value(runs), sizes.get(name, sizes[AFTER]), len(runs)) for name, runs in predicted.items()
        ),
        lift=lift.value, lift_low=lift.low, lift_high=lift.high,
        lift_vs_control=against.value, lift_vs_control_low=against.low, lift_vs_control_high=against.high,
        smallest_visible_lift=smallest_visible(lift, confidence=protocol.confidence),
        verdict=judge_lift(lift, margin=protocol.margin),
        confidence=protocol.confidence,
        margin=protocol.margin,
        slices=_slice_effects(judge, predicted, slices),
        notes=place.notes,
        parameters={
            "model": protocol.model.recipe, "retrains": protocol.retrains, "fraction": protocol.fraction,
            "seed": trial.seed, "majority_class": _majority(place, protocol.metric),
        },
    )  # fmt: skip


def judge_lift(lift: Interval, *, margin: float) -> Verdict:
    """Derive the verdict from the interval: `better` above the margin, `no worse` above minus the margin."""
    if lift.low > margin:
        return "better"
    if lift.low > -margin:
        return "no worse"
    return "worse" if lift.high < 0 else "inconclusive"


def _majority(place: Field, metric: str) -> float:
    """The simple baseline: always say the most common training class."""
    labels = place.labels[place.evaluation]
    guess = np.full(len(labels), np.bincount(place.labels[place.train]).argmax(), np.int32)
    return float(METRICS[metric](labels, guess, np.ones((1, len(labels))))[0])


def _arm(name: str, interval: Interval, n_train: int, seeds: int) -> Arm:
    return Arm(name, interval.value, interval.low, interval.high, n_train, seeds)


def _slices(evidence: Evidence, evaluation: Rows) -> dict[str, NDArray[np.bool_]]:
    """Named slices and clusters with enough evaluation rows: name → mask over the evaluation rows."""
    found: dict[str, NDArray[np.bool_]] = {}
    if "slices" in evidence.summaries:
        for line in evidence.table("slices").select(["slice", "description", "rows"]).to_pylist():
            found[line["description"] or line["slice"]] = np.isin(evaluation, line["rows"])
    if "cluster" in evidence:
        names = _cluster_names(evidence)
        clusters = np.asarray(evidence["cluster"])[evaluation]
        for cluster in np.unique(clusters[clusters >= 0]):
            found[names.get(int(cluster), f"cluster {cluster}")] = clusters == cluster
    return {name: mask for name, mask in found.items() if mask.sum() >= MIN_SLICE_ROWS}


def _cluster_names(evidence: Evidence) -> dict[int, str]:
    if "clusters" not in evidence.summaries:
        return {}
    lines = evidence.table("clusters").select(["cluster", "name"]).to_pylist()
    return {line["cluster"]: f"cluster {line['cluster']}: {line['name']}" for line in lines}


def _slice_effects(
    judge: _Judge, predicted: Mapping[str, Codes], slices: Mapping[str, NDArray[np.bool_]]
) -> tuple[SliceEffect, ...]:
    """Before against after per slice, with q-values (Benjamini & Hochberg 1995) over all slices."""
    lifts: dict[str, tuple[_Judge, Interval]] = {}
    for name, mask in slices.items():
        local = _Judge(judge.labels[mask], judge.groups[mask], judge.protocol, judge.seed)
        lifts[name] = local, local.difference(predicted[AFTER][:, mask], predicted[BEFORE][:, mask])
    if not lifts:
        return ()
    q_values = stats.false_discovery_control([_p_value(lift) for _, lift in lifts.values()])
    effects = []
    for (name, (local, lift)), q_value in zip(lifts.items(), q_values, strict=True):
        mask = slices[name]
        before, after = (local.value(predicted[arm][:, mask]).value for arm in (BEFORE, AFTER))
        regressed = bool(q_value <= 1 - judge.protocol.confidence and lift.value < 0)
        effects.append(
            SliceEffect(
                name, int(mask.sum()), before, after, lift.value, lift.low, lift.high, float(q_value), regressed
            )
        )
    return tuple(sorted(effects, key=lambda effect: effect.lift))


def _p_value(lift: Interval) -> float:
    if lift.error == 0:
        return 1.0
    return float(2 * stats.t.sf(abs(lift.value) / lift.error, lift.dof))
