"""Selecting: the best rows under a budget, and what they are worth beside as many drawn at random."""

import math
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from burnish.dataset import Evaluation, Evidence
from burnish.errors import UsageError, nearest
from burnish.kernels.graph_changes import drop_rows
from burnish.kernels.neighbors import Neighbors
from burnish.kernels.row_values import row_values
from burnish.kernels.selection_methods import METHODS, Pool, select_rows
from burnish.kernels.vectors import Vectors
from burnish.pipeline.arms import AFTER, BEFORE, CONTROL, Plan
from burnish.pipeline.judging import Judge, setting_for
from burnish.pipeline.measurement import VS_CONTROL, Tally, evaluation_of
from burnish.pipeline.retraining import Protocol, Round, predict_rounds
from burnish.pipeline.settings import Rows, Setting
from burnish.pipeline.slice_effects import SliceReport
from burnish.protocols import Progress

WEIGHTS = ("quality", "value", "none")
VALUED_ROWS = 2_000
"""Rows of the other half by which the value of a row is judged."""

CLAIM = "this selection is better than a random one of its size"


@dataclass(frozen=True)
class Budget:
    """How many rows to choose, and how. `size`: a number, or below 1 a share of the rows that can be chosen.

    `balance`: the field whose values share the budget evenly; None is the label where there is one, "" nothing.
    `weigh`: by what rows are trusted: `quality` of the label, `value` (what a row adds to predictions of other training
    rows, never of evaluation rows), or `none`. Raises UsageError for a budget that none could be, and an unknown
    method or weight.
    """

    size: float
    method: str = "facility-location"
    balance: str | None = None
    weigh: str = "quality"

    def __post_init__(self) -> None:
        if self.weigh not in WEIGHTS:
            raise UsageError(f"rows cannot be weighed by {self.weigh!r}.", remedy=f"Known: {', '.join(WEIGHTS)}.")
        if not 0 < self.size < math.inf:
            raise UsageError(
                f"the budget is {self.size:g}.", remedy="Ask for 1 row or more, or for a share such as 0.1."
            )
        if self.method not in METHODS:
            raise UsageError(
                f"no selection method {self.method!r}.",
                remedy=f"{nearest(self.method, METHODS)}Known methods: {', '.join(METHODS)}.",
            )

    def of(self, n_rows: int) -> int:
        """Give the number of rows; raises UsageError for more than there are, and for a share of less than one."""
        wanted = round(self.size * n_rows) if 0 < self.size < 1 else round(self.size)
        if not 1 <= wanted <= n_rows:
            raise UsageError(
                f"the budget is {self.size:g}, and {n_rows:,} rows can be chosen.",
                remedy=f"Ask for 1 to {n_rows:,} rows, or for a share such as 0.1.",
            )
        return wanted


def choose_rows(evidence: Evidence, budget: Budget, *, seed: int) -> Rows:
    """Give the positions of the chosen rows, the most useful first; evaluation rows are never chosen."""
    rows = np.flatnonzero(~np.asarray(evidence["evaluation"], bool))
    size = budget.of(len(rows))
    paths, vectors = evidence.get("cluster_path"), Vectors.of(evidence["embeddings"]).subset(rows)
    pool = Pool(
        vectors,
        strata=_strata(evidence, budget, rows),
        weights=_weights(evidence, budget, rows, seed),
        neighbors=_among(evidence, vectors, rows),
        cluster_path=None if paths is None else np.asarray(paths, np.int64)[rows],
    )
    return rows[select_rows(pool, budget=size, method=budget.method, seed=seed)]


def selection_effect(
    evidence: Evidence, chosen: Rows, protocol: Protocol, *, seed: int, progress: Progress
) -> Evaluation:
    """Train on all rows, on the chosen ones and on as many drawn at random, anew for each retrain.

    The verdict is on chosen against random, for this pool: the draws are independent, so that the variance between
    retrains counts by one over their number, and the rows to choose from are not themselves chance.
    """
    setting = setting_for(evidence, protocol.metric)
    rounds = _rounds(setting, np.intersect1d(chosen, setting.train), protocol, seed)
    judge = Judge(setting, protocol, train_factor=1 / protocol.retrains)
    given = predict_rounds(protocol.model, rounds, setting.sample(setting.evaluation), progress=progress)
    sizes = {name: len(sample) for name, sample in rounds[0].trains.items()}
    found = evaluation_of(Tally.of(given, judge), judge, n_train=sizes, slices=SliceReport(), main=VS_CONTROL)
    recipe = {"model": protocol.model.recipe, "retrains": protocol.retrains}
    parameters = {**recipe, "seed": seed, "labels": ["all rows", "selected rows"], **found.parameters}
    # Asides judge the lift over all rows, which is not the claim.
    return replace(found, claim=CLAIM, shares=(), asides=(), parameters=parameters)


def selected_table(evidence: Evidence, chosen: Rows) -> pa.Table:
    """Give the chosen rows in their order: `row_id`, `rank` from 1, and the given fields."""
    table = evidence.dataset.take(chosen).export_table()
    rest = [name for name in table.column_names if name not in ("row_id", "rank")]
    ranks = pa.array(np.arange(1, len(chosen) + 1))
    ids = evidence.dataset.row_ids.take(pa.array(chosen))
    return pa.table({"row_id": ids, "rank": ranks, **{name: table.column(name) for name in rest}})


def _rounds(setting: Setting, chosen: Rows, protocol: Protocol, seed: int) -> list[Round]:
    train, found = setting.train, []
    plan = Plan({BEFORE: frozenset(), AFTER: frozenset()}, {})
    for number in range(protocol.retrains):
        random = np.random.default_rng([seed, number]).choice(train, len(chosen), replace=False)
        arms = {BEFORE: train, AFTER: chosen, CONTROL: np.sort(random)}
        found.append(Round(number, plan, {name: setting.sample(rows) for name, rows in arms.items()}))
    return found


def _weights(evidence: Evidence, budget: Budget, rows: Rows, seed: int) -> NDArray[np.float64] | None:
    """Give how much each row is to be trusted (0..1); None where nothing tells."""
    quality = evidence.get("label_quality")
    if budget.weigh == "none" or quality is None:
        return None
    trusted = np.nan_to_num(np.asarray(quality, np.float64)[rows], nan=1.0)
    return trusted if budget.weigh == "quality" else _values(evidence, rows, seed)


def _values(evidence: Evidence, rows: Rows, seed: int) -> NDArray[np.float64]:
    """Give the rank (0..1) of each row by its k-NN Shapley value for the rows of the other half."""
    labels = evidence.dataset.labels
    codes = np.full(len(rows), -1) if labels is None else labels.codes[rows].astype(np.int64)
    vectors, values = Vectors.of(evidence["embeddings"]), np.zeros(len(rows))
    usable = np.flatnonzero((codes >= 0) & vectors.usable[rows])
    half = np.random.default_rng(seed).permutation(len(usable)) % 2 == 0
    for ours, theirs in ((usable[half], usable[~half]), (usable[~half], usable[half])):
        judged = theirs[:VALUED_ROWS]
        values[ours] = row_values(vectors.at(rows[ours]), codes[ours], vectors.at(rows[judged]), codes[judged])
    return np.asarray(np.argsort(np.argsort(values, kind="stable"), kind="stable") / max(1, len(rows) - 1), np.float64)


def _strata(evidence: Evidence, budget: Budget, rows: Rows) -> NDArray[np.int64] | None:
    dataset = evidence.dataset
    if budget.balance is None:
        return None if dataset.labels is None else dataset.labels.codes[rows].astype(np.int64)
    if not budget.balance:
        return None
    if budget.balance not in dataset.fields.column_names:
        raise UsageError(
            f"no field {budget.balance!r} to balance by.",
            remedy=f"Known fields: {', '.join(dataset.fields.column_names)}.",
        )
    values = dataset.field(budget.balance).cast(pa.string()).dictionary_encode()
    return np.asarray(values.indices.fill_null(-1).to_numpy(zero_copy_only=False), np.int64)[rows]


def _among(evidence: Evidence, vectors: Vectors, rows: Rows) -> Neighbors | None:
    """Give the known neighbors of some rows among them; None where they are not known."""
    positions, distances = evidence.get("neighbors"), evidence.get("neighbor_distances")
    if positions is None or distances is None:
        return None
    known = Neighbors(np.asarray(positions, np.int32), np.asarray(distances, np.float32))
    return drop_rows(vectors, known, rows)
