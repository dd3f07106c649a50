"""Predictions: class probabilities for every row from a model that did not learn from it or its copies."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from burnish.dataset import Column, Dataset, Evidence, Former, Summary
from burnish.errors import InputError
from burnish.kernels.folds import group_folds, join_groups
from burnish.kernels.items import Resources
from burnish.kernels.probe import choose_l2, fit_probes, predict_probabilities
from burnish.kernels.vectors import Vectors

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

FIT_TOLERANCE = 3e-5
"""Share of the objective that the probes may leave to gain: beyond it the held-out loss no longer falls."""

NEW_TRAIN_ROWS = 20_000
"""Rows of a former version that a probe for new rows learns from."""

MAX_RELABELLED = 0.02
"""Share of labels that may be others for the probabilities of a former version to stand."""

SUM_TOLERANCE = 0.01
"""How far the probabilities of a row may be from adding up to 1: published ones are rounded."""


@dataclass(frozen=True)
class Predictions:
    """Write out-of-sample probabilities: the user's own, else those of the cross-validated probe.

    Training rows are predicted out of fold, copies and groups on one side; evaluation rows, and rows
    without a label, by the probe of all labelled training rows; rows that cannot be read get equal
    probabilities. Probes learn from `max_train_rows` rows at most, drawn at random; the summary `probe` tells
    how many it were. `fold` is -1 wherever the row was not predicted out of fold. Where the user gives
    predictions (`@prediction`), `predicted` is theirs.
    """

    n_folds: int = 5
    max_train_rows: int = 50_000
    resources: Resources = field(default_factory=Resources, compare=False, repr=False)

    name: ClassVar[str] = "predictions"
    reads: ClassVar[tuple[str, ...]] = ("embeddings", "@label", "evaluation")
    uses: ClassVar[tuple[str, ...]] = ("exact_group", "near_group", "@group", "@proba", "@prediction", "former")
    writes: ClassVar[tuple[str, ...]] = ("probabilities", "predicted", "fold", "probe")
    revision: ClassVar[int] = 3

    def run(self, evidence: Evidence, *, seed: int) -> Iterable[Column | Summary]:
        """Give the three columns and the one-line summary `probe`; raises InputError for unusable @proba."""
        labels = evidence.dataset.labels
        codes, classes = (labels.codes, labels.classes) if labels else (np.empty(0, np.int32), ())
        fold = np.full(len(evidence.dataset), -1, np.int16)
        if "@proba" in evidence:
            probabilities = given_probabilities(evidence.dataset, len(classes))
            facts: dict[str, object] = {"source": "given", "l2": None, "n_train": None}
        else:
            made = self._grown(evidence, codes, seed)
            probabilities, fold, l2, n_train = made or self._cross_validate(evidence, codes, len(classes), seed)
            facts = {"source": "probe", "l2": l2, "n_train": n_train}
        predicted = probabilities.argmax(axis=1) if classes else fold
        if "@prediction" in evidence:
            predicted = given_predictions(evidence.dataset, classes)
        yield Column("probabilities", probabilities)
        yield Column("predicted", predicted.astype(np.int32))
        yield Column("fold", fold)
        yield Summary("probe", pa.table({name: [value] for name, value in facts.items()}))

    def _grown(
        self, evidence: Evidence, codes: NDArray[np.int32], seed: int
    ) -> tuple[Floats, NDArray[np.int16], float, int] | None:
        """Keep the probabilities of a former version; new rows get those of a probe of old ones, none a copy of them.

        None where the classes are others, where rows changed sides, or where many labels are others.
        """
        former = evidence.former
        if former is None or not _as_before(evidence, former):
            return None
        vectors, groups = Vectors.of(evidence["embeddings"]), _groups(evidence)
        probabilities = np.array(
            former.carried("probabilities", 1 / former.evidence["probabilities"].shape[1]), np.float32
        )
        fold = np.array(former.carried("fold", -1), np.int16)
        line = former.evidence.table("probe").to_pylist()[0]
        new = np.flatnonzero(former.new & vectors.usable)
        free = ~former.new & vectors.usable & (codes >= 0) & ~np.asarray(evidence["evaluation"], bool)
        taught = np.flatnonzero(free & ~np.isin(groups, groups[new]))
        taught = _sample(taught, NEW_TRAIN_ROWS, np.random.default_rng(seed))
        if len(new) and len(np.unique(codes[taught])) > 1:
            (probe,) = fit_probes(
                vectors.at(taught),
                codes[taught],
                np.ones((len(taught), 1), bool),
                n_classes=probabilities.shape[1],
                l2=line["l2"],
                tolerance=FIT_TOLERANCE,
                engine=self.resources.engine,
            )
            probabilities[new] = predict_probabilities(probe, vectors.at(new))
        return probabilities, fold, line["l2"], line["n_train"]

    def _cross_validate(
        self, evidence: Evidence, codes: NDArray[np.int32], n_classes: int, seed: int
    ) -> tuple[Floats, NDArray[np.int16], float, int]:
        """Give probabilities, folds, the chosen regularisation, and the number of rows the last probe learned from."""
        vectors = Vectors.of(evidence["embeddings"])
        train = np.flatnonzero(vectors.usable & (codes >= 0) & ~np.asarray(evidence["evaluation"], bool))
        groups = _groups(evidence)[train]
        engine = self.resources.engine
        l2 = choose_l2(vectors.subset(train), codes[train], groups, n_classes=n_classes, seed=seed, engine=engine)
        fold = np.full(len(codes), -1, np.int16)
        fold[train] = group_folds(codes[train], groups, n_folds=self.n_folds, seed=seed)
        taught = _sample(train, self.max_train_rows, np.random.default_rng(seed))
        held_out = np.array([*range(self.n_folds), -1])
        weights = fold[taught][:, None] != held_out
        probes = fit_probes(
            vectors.at(taught),
            codes[taught],
            weights,
            n_classes=n_classes,
            l2=l2,
            tolerance=FIT_TOLERANCE,
            engine=engine,
        )
        probabilities = np.full((len(codes), n_classes), 1 / max(1, n_classes), np.float32)
        for start, stop in vectors.blocks():
            rows = vectors.rows[start:stop]
            for k, probe in zip(held_out, probes, strict=True):
                some = np.flatnonzero(fold[rows] == k)
                probabilities[rows[some]] = predict_probabilities(probe, vectors.take(start + some))
        return probabilities, fold, l2, len(taught)


def _as_before(evidence: Evidence, former: Former) -> bool:
    """Tell whether a former version has the same classes, the same sides, and nearly the same labels."""
    now, then, kept = evidence.dataset.labels, former.evidence.dataset.labels, former.kept
    if now is None or then is None or now.classes != then.classes or "probe" not in former.evidence:
        return False
    if former.evidence.table("probe")["source"][0].as_py() != "probe":
        return False
    before = former.rows[kept]
    sides = (np.asarray(part["evaluation"], bool) for part in (evidence, former.evidence))
    mine, theirs = sides
    same = now.codes[kept] == then.codes[before]
    return bool((mine[kept] == theirs[before]).all() and same.mean() >= 1 - MAX_RELABELLED)


def given_probabilities(dataset: Dataset, n_classes: int) -> Floats:
    """Give the field of role `proba` as (n_rows, n_classes); the order of classes is that of the sorted labels.

    Raises InputError, naming the first row at fault, unless every row holds `n_classes` numbers of
    0..1 that add up to 1.
    """
    name = str(dataset.roles.proba)
    values = dataset.field(name)
    kinds = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    if not any(is_kind(values.type) for is_kind in kinds):
        raise InputError(f"field {name!r} is {values.type}, not a list of numbers.", remedy=_remedy(n_classes))
    lengths = pc.fill_null(pc.list_value_length(values), 0).to_numpy(zero_copy_only=False)
    _refuse(dataset, lengths != n_classes, f"does not hold {n_classes} probabilities", n_classes)
    flat = pc.list_flatten(values).cast(pa.float64()).to_numpy(zero_copy_only=False)
    probabilities = flat.reshape(len(dataset), n_classes)
    outside = ~((probabilities >= 0) & (probabilities <= 1)).all(axis=1)
    _refuse(dataset, outside, "holds a number that is no probability", n_classes)
    wrong_sum = np.abs(probabilities.sum(axis=1) - 1) > SUM_TOLERANCE
    _refuse(dataset, wrong_sum, "does not add up to 1", n_classes)
    return np.asarray(probabilities / probabilities.sum(axis=1, keepdims=True), np.float32)


def given_predictions(dataset: Dataset, classes: tuple[str, ...]) -> NDArray[np.int32]:
    """Give the field of role `prediction` as class codes (n_rows,); -1 where it is missing or no known label."""
    given = dataset.field(str(dataset.roles.prediction)).cast(pa.string())
    codes = pc.fill_null(pc.index_in(given, pa.array(classes, pa.string())), -1)
    return np.asarray(codes.to_numpy(zero_copy_only=False), np.int32)


def _refuse(dataset: Dataset, wrong: Mask, what: str, n_classes: int) -> None:
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        value = dataset.field(str(dataset.roles.proba))[first].as_py()
        raise InputError(
            f"field {dataset.roles.proba!r} of row {dataset.row_ids[first].as_py()!r} {what}: {str(value)[:80]} "
            f"({int(wrong.sum()):,} such rows).",
            remedy=_remedy(n_classes),
        )


def _remedy(n_classes: int) -> str:
    return f"Give {n_classes} probabilities a row, in the order of the sorted labels, or leave out --proba."


def _groups(evidence: Evidence) -> NDArray[np.int64]:
    """Number the rows that must share a fold: copies, near copies and the user's groups, joined."""
    alone = np.full(len(evidence.dataset), -1, np.int64)
    copies = (evidence.get("exact_group"), evidence.get("near_group"))
    return join_groups(alone, *(_codes(c) for c in copies), evidence.dataset.group_codes)


def _codes(column: NDArray[np.generic] | None) -> NDArray[np.int64] | None:
    return None if column is None else np.asarray(column, np.int64)


def _sample(rows: NDArray[np.intp], limit: int, rng: np.random.Generator) -> NDArray[np.intp]:
    return rows if len(rows) <= limit else np.sort(rng.choice(rows, limit, replace=False))
