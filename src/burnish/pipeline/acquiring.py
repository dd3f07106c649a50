"""Acquiring: which rows of a pool to label next, what their labels should be worth, and when to stop."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from burnish.dataset import Dataset, Evidence
from burnish.errors import InputError, UsageError
from burnish.kernels.acquisition import Acquired, Labelled, Pool, acquire_rows
from burnish.kernels.learning_curves import (
    MIN_GAIN,
    MIN_LABELLED,
    Forecast,
    LearningCurve,
    forecast_gain,
    learning_curve,
)
from burnish.kernels.learning_curves import Rows as CurveRows
from burnish.kernels.vectors import Vectors
from burnish.pipeline.settings import MIN_EVALUATION, Setting, setting_of
from burnish.steps.candidates import coded_clusters
from burnish.steps.metadata import Coded

Floats = NDArray[np.float32]
SHOWN = 3


@dataclass(frozen=True, eq=False)
class Acquisition:
    """The rows to label in order, and the forecast: what they should be worth overall and per cluster.

    `curve`: training size → mean error so far. `verdict`: go on, stop, or not yet known; None without labels.
    """

    table: pa.Table
    forecast: Forecast | None = None
    verdict: str | None = None
    curve: Mapping[int, float] = field(default_factory=dict)
    clusters: tuple[dict[str, Any], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Give the document of `acquisition.json`."""
        return {
            "n_acquired": len(self.table),
            "verdict": self.verdict,
            "forecast": None if self.forecast is None else numbers_of(self.forecast),
            "learning_curve": [{"n_train": size, "error": error} for size, error in self.curve.items()],
            "clusters": list(self.clusters),
        }


def numbers_of(forecast: Forecast) -> dict[str, float]:
    """Give the numbers of a forecast by name."""
    return {name: float(value) for name, value in forecast._asdict().items()}


@dataclass(frozen=True)
class Wish:
    """How many rows to label next, and what so many labels have to be worth; None: MIN_GAIN."""

    budget: int
    min_gain: float | None = None

    def __post_init__(self) -> None:
        if self.budget < 1:
            raise UsageError(f"the budget is {self.budget}.", remedy="Ask for 1 row or more.")


def acquire(evidence: Evidence, pool: Dataset, vectors: Floats, wish: Wish, *, l2: float, seed: int) -> Acquisition:
    """Choose rows of the pool, whose `vectors` (n_pool, n_dims) come from the embedder of the data set.

    Raises InputError when rows of the pool are in the data set already, UsageError for a budget larger than the pool.
    """
    _refuse_overlap(evidence, pool)
    budget = wish.budget
    if budget > len(pool):
        raise UsageError(
            f"the budget is {budget:,}, and the pool has {len(pool):,} rows.",
            remedy=f"Ask for 1 to {len(pool):,} rows.",
        )
    codes, names = _clusters(evidence, vectors)
    known = _labelled(evidence)
    found = acquire_rows(known, Pool(vectors), budget=budget, l2=l2, seed=seed)
    table = _table(pool, found, codes, names)
    if not len(known.labels):
        return Acquisition(table)
    setting = _measurable(evidence)
    if setting is None:
        return Acquisition(table)
    curve = _curve(setting, l2, seed)
    forecast = forecast_gain(curve, budget, seed=seed)
    per_size = dict(zip(curve.sizes.tolist(), curve.errors.tolist(), strict=True))
    coded = coded_clusters(evidence)
    clusters: tuple[dict[str, Any], ...] = ()
    if coded is not None:
        clusters = _by_cluster(coded, setting.counted, lambda rows: forecast_gain(curve, budget, rows=rows, seed=seed))
    min_gain = MIN_GAIN if wish.min_gain is None else wish.min_gain
    return Acquisition(table, forecast, forecast.verdict(min_gain=min_gain), per_size, clusters)


def _refuse_overlap(evidence: Evidence, pool: Dataset) -> None:
    dataset = evidence.dataset
    named = pool.roles.id is not None and dataset.roles.id is not None
    both = np.concatenate([dataset.content, pool.content])
    codes = np.unique(both, axis=0, return_inverse=True)[1].ravel()
    here, there = codes[: len(dataset)], codes[len(dataset) :]
    locked = np.asarray(evidence["evaluation"], bool)
    for side, what in ((locked, "evaluation"), (~locked, "training")):
        overlap = np.isin(there, here[side])
        if named:
            ids = dataset.row_ids.filter(pa.array(side))
            overlap |= pc.is_in(pool.row_ids, value_set=ids).to_numpy(zero_copy_only=False)
        if overlap.any():
            first = pool.row_ids.filter(pa.array(overlap)).to_pylist()[:SHOWN]
            raise InputError(
                f"{int(overlap.sum()):,} row(s) of the pool are {what} rows already, first "
                f"{', '.join(map(repr, first))}.",
                remedy="Leave them out of the pool: they are labelled, or must not be learned from.",
            )


def _labelled(evidence: Evidence) -> Labelled:
    """Give the labelled training rows; none where there are no classes."""
    labels, n_dims = evidence.dataset.labels, np.shape(evidence["embeddings"])[1]
    vectors = Vectors.of(evidence["embeddings"])
    if labels is None:
        return Labelled(np.empty((0, n_dims), np.float32), np.empty(0, np.int64))
    rows = np.flatnonzero(labels.known & vectors.usable & ~np.asarray(evidence["evaluation"], bool))
    return Labelled(vectors.at(rows), labels.codes[rows].astype(np.int64))


def _measurable(evidence: Evidence) -> Setting | None:
    """Give the rows that a learning curve is drawn from; None where they are too few or of one class."""
    try:
        setting = setting_of(evidence)
    except InputError:
        return None
    return setting if len(setting.train) >= MIN_LABELLED else None


def _clusters(evidence: Evidence, vectors: Floats) -> tuple[NDArray[np.int64] | None, dict[int, str]]:
    """Give each row of the pool the cluster whose center is nearest, and the names of the clusters."""
    clusters, coded = evidence.get("cluster"), coded_clusters(evidence)
    if clusters is None or coded is None:
        return None, {}
    codes, rows = np.asarray(clusters, np.int64), Vectors.of(evidence["embeddings"])
    present = np.unique(codes[codes >= 0])
    if not len(present):
        return None, {}
    centers = np.stack([rows.at(np.flatnonzero(codes == code)).mean(axis=0) for code in present])
    centers /= np.maximum(np.linalg.norm(centers, axis=1, keepdims=True), 1e-12)
    places = Vectors.of(vectors)
    nearest = np.full(len(vectors), -1, np.int64)
    for start, stop in places.blocks():
        nearest[places.rows[start:stop]] = present[(places.block(start, stop) @ centers.T).argmax(axis=1)]
    numbers = np.unique(codes)
    return nearest, {int(code): coded.conditions[int(np.searchsorted(numbers, code))] for code in present}


def _table(pool: Dataset, found: Acquired, codes: NDArray[np.int64] | None, names: Mapping[int, str]) -> pa.Table:
    """Give the rows in their order, why each was chosen, and the given fields."""
    clusters = np.full(len(pool), -1) if codes is None else codes
    own = clusters[found.rows]
    why = {
        "row_id": pool.row_ids.take(pa.array(found.rows)),
        "rank": pa.array(np.arange(1, len(found.rows) + 1)),
        "gain": pa.array(found.gain), "uncertainty": pa.array(found.uncertainty),
        "representativeness": pa.array(found.representativeness), "cluster": pa.array(own),
        "cluster_name": pa.array([names.get(int(code)) for code in own], pa.string()),
    }  # fmt: skip
    given = pool.take(found.rows).export_table()
    return pa.table({**why, **{name: given.column(name) for name in given.column_names if name not in why}})


def _curve(setting: Setting, l2: float, seed: int) -> LearningCurve:
    targets = setting.targets.values
    train, rows = setting.train, setting.counted
    return learning_curve(
        CurveRows(setting.vectors.at(train), targets[train]),
        CurveRows(setting.vectors.at(rows), targets[rows]),
        l2=l2,
        seed=seed,
    )


def _by_cluster(
    coded: Coded, rows: NDArray[np.int64], forecast: Callable[[NDArray[np.bool_]], Forecast]
) -> tuple[dict[str, Any], ...]:
    """Give the forecast of each cluster with enough evaluation rows, the most to gain first."""
    codes, found = coded.codes[rows], []
    for code in np.unique(codes[codes >= 0]):
        inside = codes == code
        if inside.sum() >= MIN_EVALUATION:
            numbers = numbers_of(forecast(inside))
            found.append({"cluster": coded.conditions[code], "n_eval": int(inside.sum()), **numbers})
    return tuple(sorted(found, key=lambda line: -line["gain"] * line["n_eval"]))
