"""Values of clusters: what each adds to, or takes from, the accuracy of the probe, and why it would take."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from burnish.dataset import Column, Evidence, Former, Summary
from burnish.kernels.folds import join_groups
from burnish.kernels.influence import GroupValues, LabeledRows, group_values
from burnish.kernels.intervals import share_interval
from burnish.kernels.items import Resources
from burnish.kernels.joins import nearest_across
from burnish.kernels.probe import choose_l2, fit_probes, predict_probabilities
from burnish.kernels.vectors import Vectors

Rows = NDArray[np.int64]
Marks = NDArray[np.float64]

SCHEMA = pa.schema(
    [
        ("cluster", pa.int64()), ("value", pa.float64()), ("low", pa.float64()), ("high", pa.float64()),
        ("exact_value", pa.float64()), ("reason", pa.string()), ("reason_share", pa.float64()), ("n_train", pa.int64()),
    ]
)  # fmt: skip

MIN_ROWS = 20
"""Training rows, and evaluation rows, below which nothing is said."""

STRANGE = 0.95
"""Training rows beyond this quantile of distance from the evaluation rows, or of outlier score, count as off-topic."""

MIN_EXCESS = 0.05
"""How far the share of a reason has to exceed what is usual to explain anything."""

KEPT_SHARE = 0.9
"""Share of the rows of each cluster, and of the labels, that have to be as they were for a value to stand."""

FEW_ROWS = 5
"""So many rows may come to a cluster, or go, however small it is."""

LABEL_NOISE, REDUNDANCY, OFF_TOPIC, UNEXPLAINED = "label noise", "redundancy", "off-topic", "unexplained"


@dataclass(frozen=True)
class Values:
    """Writes `cluster_values`: the value of each cluster of every level, with interval, and the reason below 0.

    `value`, `low`, `high`: mean probability of the right label of the evaluation rows, with all training rows minus
    without the cluster (`kernels.influence`); `exact_value`: by a retrain, for the `n_checked` lowest and highest
    clusters of the working level. Where many rows are given, `max_train_rows` and `max_evaluation_rows` are drawn:
    `n_train` counts rows of the cluster among these, and the value is that of so many rows. Evaluation rows with a twin
    in train are left out. No line where fewer than 20 rows train or are evaluated, or all have one class. The values
    of a former version stand while each cluster persists with `KEPT_SHARE` of its rows, and so many labels stay.
    """

    max_train_rows: int = 20_000
    max_evaluation_rows: int = 10_000
    n_checked: int = 3
    resources: Resources = field(default_factory=Resources, compare=False, repr=False)

    name: ClassVar[str] = "values"
    reads: ClassVar[tuple[str, ...]] = ("@label", "embeddings", "evaluation", "cluster", "cluster_path")
    uses: ClassVar[tuple[str, ...]] = (
        "@group", "exact_group", "near_group", "leak_of", "label_suspect", "outlier_score", "probe", "former",
    )  # fmt: skip
    writes: ClassVar[tuple[str, ...]] = ("cluster_values",)
    revision: ClassVar[int] = 1

    def run(self, evidence: Evidence, *, seed: int) -> Iterable[Column | Summary]:
        """Give the summary, in the order of the clusters."""
        if evidence.former is not None and _stand(evidence, evidence.former):
            yield Summary("cluster_values", evidence.former.evidence.table("cluster_values"))
            return
        drawn = self._draw(evidence, seed)
        yield Summary("cluster_values", SCHEMA.empty_table() if drawn is None else self._table(evidence, drawn, seed))

    def _draw(self, evidence: Evidence, seed: int) -> "_Drawn | None":
        codes = _codes(evidence)
        known = Vectors.of(evidence["embeddings"]).usable & (codes >= 0)
        locked = np.asarray(evidence["evaluation"], bool)
        leaks = evidence.get("leak_of")
        alone = np.ones(len(codes), bool) if leaks is None else np.asarray(leaks) < 0
        train, judged = np.flatnonzero(known & ~locked), np.flatnonzero(known & locked & alone)
        if min(len(train), len(judged)) < MIN_ROWS or len(np.unique(codes[train])) < 2:
            return None
        rng = np.random.default_rng(seed)
        return _Drawn(_sample(train, self.max_train_rows, rng), _sample(judged, self.max_evaluation_rows, rng))

    def _table(self, evidence: Evidence, drawn: "_Drawn", seed: int) -> pa.Table:
        vectors, codes, paths = Vectors.of(evidence["embeddings"]), _codes(evidence), evidence["cluster_path"]
        together = _together(evidence, evidence.dataset.group_codes)
        train = LabeledRows(vectors.at(drawn.train), codes[drawn.train], np.asarray(paths[drawn.train], np.int64))
        judged = LabeledRows(vectors.at(drawn.judged), codes[drawn.judged], together[drawn.judged])
        l2 = _chosen_l2(evidence)
        if l2 is None:
            groups = together[drawn.train]
            l2 = choose_l2(train.embeddings, train.labels, groups, n_classes=int(codes.max()) + 1, seed=seed)
        task = _Task(train, judged, int(codes.max()) + 1, l2)
        found = group_values(train, judged, n_classes=task.n_classes, l2=l2)
        exact = task.retrained(_ends(found, np.unique(evidence["cluster"]), self.n_checked), self.resources)
        reasons: dict[int, Reason] = {}
        if np.any(found.value < 0):
            marks = self._marks(evidence, drawn, seed)
            reasons = {int(g): likely_reason(marks, task.inside(g)) for g in found.groups[found.value < 0]}
        facts = {"metric": "probability of the right label", "l2": l2}
        facts |= {"n_train": len(drawn.train), "n_evaluation": len(drawn.judged)}
        return _lines(found, exact, reasons).replace_schema_metadata({k: str(v) for k, v in facts.items()})

    def _marks(self, evidence: Evidence, drawn: "_Drawn", seed: int) -> dict[str, Marks]:
        """Give each training row 0..1 of each reason."""
        vectors, resources = Vectors.of(evidence["embeddings"]), self.resources.within("values")
        ours, theirs = vectors.subset(drawn.train), vectors.subset(drawn.judged)
        strange = _beyond(nearest_across(ours, theirs, 1, seed=seed, resources=resources).distances[:, 0])
        score, suspect = evidence.get("outlier_score"), evidence.get("label_suspect")
        if score is not None:
            strange |= _beyond(np.asarray(score[drawn.train], np.float32))
        marks = {OFF_TOPIC: strange.astype(np.float64), REDUNDANCY: _copies(evidence)[drawn.train]}
        if suspect is not None:
            marks[LABEL_NOISE] = np.nan_to_num(np.asarray(suspect[drawn.train], np.float64))
        return marks


class Reason(NamedTuple):
    """Why a cluster takes from the metric, and the share of its training rows behind that; None where unexplained."""

    reason: str
    share: float | None


def likely_reason(marks: Mapping[str, Marks], inside: NDArray[np.bool_]) -> Reason:
    """Give the reason whose share among the rows `inside` exceeds its share elsewhere most.

    `marks`: by reason, 0..1 of each training row (n,). A share that may be as elsewhere (lower bound of its 95 % Wilson
    interval), or that exceeds it by `MIN_EXCESS` at most, explains nothing: what all rows share sets no cluster apart.
    """
    found, most = Reason(UNEXPLAINED, None), MIN_EXCESS
    for reason, values in marks.items():
        share, usual = float(values[inside].mean()), float(values[~inside].mean())
        low, _ = share_interval(float(values[inside].sum()), int(inside.sum()))
        if low > usual and share - usual > most:
            found, most = Reason(reason, share), share - usual
    return found


class _Drawn(NamedTuple):
    """Positions of the rows that train and of those that are evaluated."""

    train: Rows
    judged: Rows


class _Task(NamedTuple):
    train: LabeledRows
    judged: LabeledRows
    n_classes: int
    l2: float

    def inside(self, cluster: int) -> NDArray[np.bool_]:
        """Mask the training rows of a cluster."""
        return np.asarray(np.any(self.train.groups == cluster, axis=1))

    def retrained(self, clusters: list[int], resources: Resources) -> dict[int, float]:
        """Give the exact values of clusters: fits with and without each, which share their passes."""
        if not clusters:
            return {}
        kept = [np.ones(len(self.train.labels), bool), *(~self.inside(cluster) for cluster in clusters)]
        probes = fit_probes(
            self.train.embeddings,
            self.train.labels,
            np.column_stack(kept).astype(np.float32),
            n_classes=self.n_classes,
            l2=self.l2,
            engine=resources.engine,
        )
        places = np.arange(len(self.judged.labels)), self.judged.labels
        right = [float(predict_probabilities(p, self.judged.embeddings)[places].mean(dtype=np.float64)) for p in probes]
        return {cluster: right[0] - without for cluster, without in zip(clusters, right[1:], strict=True)}


def _ends(found: GroupValues, working: NDArray[np.generic], n_checked: int) -> list[int]:
    """Give the clusters of the working level with the lowest and the highest values."""
    places = np.flatnonzero(np.isin(found.groups, working) & np.isfinite(found.value))
    order = places[np.argsort(found.value[places], kind="stable")]
    chosen = np.unique(np.concatenate([order[:n_checked], order[max(0, len(order) - n_checked) :]]))
    return [int(group) for group in found.groups[chosen]]


def _lines(found: GroupValues, exact: Mapping[int, float], reasons: Mapping[int, Reason]) -> pa.Table:
    lines = []
    for group, size, value, low, high in zip(*found, strict=True):
        known = np.isfinite(value)
        reason, share = reasons.get(int(group), (None, None))
        numbers = {"value": value, "low": low, "high": high} if known else {}
        explained = {"exact_value": exact.get(int(group)), "reason": reason, "reason_share": share}
        lines.append({"cluster": int(group), "n_train": int(size), **numbers, **explained})
    return pa.Table.from_pylist(lines, schema=SCHEMA)


def _codes(evidence: Evidence) -> NDArray[np.int32]:
    labels = evidence.dataset.labels
    return np.full(len(evidence.dataset), -1, np.int32) if labels is None else labels.codes


def _together(evidence: Evidence, *more: Rows | None) -> Rows:
    """Number the rows (n,) so that copies, and rows of a group, share a number."""
    copies = (evidence.get(name) for name in ("exact_group", "near_group"))
    columns = [None if column is None else np.asarray(column, np.int64) for column in copies]
    return join_groups(np.full(len(evidence.dataset), -1, np.int64), *columns, *more)


def _stand(evidence: Evidence, former: Former) -> bool:
    """Tell whether the clusters, their rows, the sides and the labels are nearly those of a former version."""
    known, kept, before = former.evidence, former.kept, former.rows[former.kept]
    if _classes(evidence) != _classes(known) or np.mean(_codes(evidence)[kept] == _codes(known)[before]) < KEPT_SHARE:
        return False
    if (np.asarray(evidence["evaluation"])[kept] != np.asarray(known["evaluation"])[before]).any():
        return False
    then, now = (np.asarray(part["cluster_path"], np.int64) for part in (known, evidence))
    stayed = (then[before] == now[kept]).all(axis=1)
    sizes = [_counted(paths) for paths in (then, now, now[kept[stayed]])]
    most = max(len(size) for size in sizes)
    n_then, n_now, n_common = (np.pad(size, (0, most - len(size))) for size in sizes)
    larger = np.maximum(n_then, n_now)
    nearly_same = larger - n_common <= np.maximum(FEW_ROWS, (1 - KEPT_SHARE) * larger)
    return bool(nearly_same.all() and ((n_then > 0) == (n_now > 0)).all())


def _counted(paths: Rows) -> Rows:
    return np.bincount(paths[paths >= 0])


def _classes(evidence: Evidence) -> tuple[str, ...]:
    labels = evidence.dataset.labels
    return () if labels is None else labels.classes


def _copies(evidence: Evidence) -> Marks:
    """Mark the training rows (n,) that are not the first of their copies."""
    train = np.flatnonzero(~np.asarray(evidence["evaluation"], bool))
    copies = np.zeros(len(evidence.dataset))
    copies[train] = 1
    copies[train[np.unique(_together(evidence)[train], return_index=True)[1]]] = 0
    return copies


def _chosen_l2(evidence: Evidence) -> float | None:
    """Give the regularisation of the out-of-sample predictions, None where these were given."""
    if "probe" not in evidence:
        return None
    known = evidence.table("probe")["l2"][0].as_py()
    return None if known is None else float(known)


def _beyond(values: NDArray[np.float32]) -> NDArray[np.bool_]:
    return np.asarray(values > np.nanquantile(values, STRANGE))


def _sample(rows: Rows, limit: int, rng: np.random.Generator) -> Rows:
    return rows if len(rows) <= limit else np.sort(rng.choice(rows, limit, replace=False))
