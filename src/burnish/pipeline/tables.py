"""Tables: evidence as the tables that users read, in the schemas of the contract."""

from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from burnish.dataset import Evidence, Finding
from burnish.kernels.intervals import share_interval

ROWS_SCHEMA = pa.schema(
    [
        ("row_id", pa.string()), ("split", pa.string()), ("label", pa.string()), ("predicted_label", pa.string()),
        ("predicted_proba", pa.float32()), ("label_quality", pa.float32()), ("suggested_label", pa.string()),
        ("outlier_score", pa.float32()), ("exact_group", pa.int64()), ("near_group", pa.int64()),
        ("nearest_row_id", pa.string()), ("nearest_distance", pa.float32()), ("leak", pa.bool_()),
        ("cluster", pa.int64()), ("cluster_path", pa.list_(pa.int64())), ("map_x", pa.float32()),
        ("map_y", pa.float32()), ("weight", pa.float32()),
    ]
)  # fmt: skip

CLUSTERS_SCHEMA = pa.schema(
    [
        ("cluster", pa.int64()), ("parent", pa.int64()), ("name", pa.string()), ("keywords", pa.list_(pa.string())),
        ("size", pa.int64()), ("share", pa.float64()), ("stability", pa.float64()), ("accuracy", pa.float64()),
        ("accuracy_low", pa.float64()), ("accuracy_high", pa.float64()), ("value", pa.float64()),
        ("value_low", pa.float64()), ("value_high", pa.float64()), ("exemplars", pa.list_(pa.string())),
    ]
)  # fmt: skip

SLICES_SCHEMA = pa.schema(
    [
        ("slice", pa.string()), ("description", pa.string()), ("kind", pa.string()), ("size", pa.int64()),
        ("metric", pa.float64()), ("metric_low", pa.float64()), ("metric_high", pa.float64()), ("gap", pa.float64()),
        ("p_value", pa.float64()), ("q_value", pa.float64()), ("row_ids", pa.list_(pa.string())),
    ]
)  # fmt: skip


def rows_table(evidence: Evidence, findings: Iterable[Finding]) -> pa.Table:
    """Give `rows.parquet`: one line a row in the order of the source; null where nothing is known."""
    dataset = evidence.dataset
    n_rows = len(dataset)
    neighbors, distances = evidence.get("neighbors"), evidence.get("neighbor_distances")
    leak_rows = {flag.row for finding in findings if finding.kind == "leak" for flag in finding.rows}
    layout = evidence.get("map")
    paths = evidence.get("cluster_path")
    columns: dict[str, pa.Array] = {
        "row_id": dataset.row_ids,
        "split": _split(evidence),
        "label": _label_names(evidence, None if dataset.labels is None else dataset.labels.codes),
        "predicted_label": _label_names(evidence, evidence.get("predicted")),
        "predicted_proba": _float(_predicted_proba(evidence)),
        "label_quality": _float(evidence.get("label_quality")),
        "suggested_label": _label_names(evidence, evidence.get("suggested_label")),
        "outlier_score": _float(evidence.get("outlier_score")),
        "exact_group": _code(evidence.get("exact_group")),
        "near_group": _code(evidence.get("near_group")),
        "nearest_row_id": None if neighbors is None else _ids(evidence, neighbors[:, 0]),
        "nearest_distance": None if distances is None else _float(distances[:, 0]),
        "leak": pa.array(np.isin(np.arange(n_rows), list(leak_rows))),
        "cluster": None if "cluster" not in evidence else pa.array(evidence["cluster"].astype(np.int64)),
        "cluster_path": None if paths is None else _lists(paths),
        "map_x": None if layout is None else _float(layout[:, 0]),
        "map_y": None if layout is None else _float(layout[:, 1]),
        "weight": pa.array(np.ones(n_rows, np.float32)),
    }
    filled = [
        pa.nulls(n_rows, f.type) if columns[f.name] is None else columns[f.name].cast(f.type) for f in ROWS_SCHEMA
    ]
    return pa.Table.from_arrays(filled, schema=ROWS_SCHEMA)


def clusters_table(evidence: Evidence) -> pa.Table:
    """Give `clusters.parquet`: one line a cluster of every level, with its accuracy by the probe and its value."""
    if "clusters" not in evidence.summaries:
        return CLUSTERS_SCHEMA.empty_table()
    lines = evidence.table("clusters").to_pylist()
    hits = _right(evidence)
    members = _members(evidence)
    values = _cluster_values(evidence)
    ids = evidence.dataset.row_ids
    for line in lines:
        rows = members.get(line["cluster"], np.empty(0, np.int64))
        if hits is not None:
            line.update(_accuracy(hits, rows))
        line.update(values.get(line["cluster"], {}))
        line["exemplars"] = [ids[i].as_py() for i in line["exemplars"] or []]
    return pa.Table.from_pylist(lines, schema=CLUSTERS_SCHEMA)


def slices_table(evidence: Evidence) -> pa.Table:
    """Give `slices.parquet`: one line a slice that was confirmed, worst first."""
    if "slices" not in evidence.summaries:
        return SLICES_SCHEMA.empty_table()
    table = evidence.table("slices")
    rows = table["rows"].combine_chunks()
    ends = pc.cumulative_sum(pc.list_value_length(rows).cast(pa.int32()))
    ids = evidence.dataset.row_ids.take(rows.flatten())
    members = pa.ListArray.from_arrays(pa.concat_arrays([pa.array([0], pa.int32()), ends]), ids)
    given = {name: table[name] for name in table.column_names if name != "rows"} | {"row_ids": members}
    columns = [given[f.name].cast(f.type) if f.name in given else pa.nulls(len(table), f.type) for f in SLICES_SCHEMA]
    return pa.Table.from_arrays(columns, schema=SLICES_SCHEMA)


def evaluation_ids(evidence: Evidence) -> set[str]:
    """Give the ids of the locked evaluation rows."""
    if "evaluation" not in evidence:
        return set()
    return set(evidence.dataset.row_ids.filter(pa.array(np.asarray(evidence["evaluation"], bool))).to_pylist())


def _split(evidence: Evidence) -> pa.Array:
    """The given split where there is one; else train and test as drawn."""
    if evidence.dataset.splits is not None:
        return evidence.dataset.splits
    if "evaluation" not in evidence:
        return pa.nulls(len(evidence.dataset), pa.string())
    return pa.array(np.where(np.asarray(evidence["evaluation"], bool), "test", "train"))


def _label_names(evidence: Evidence, codes: NDArray[np.generic] | None) -> pa.Array | None:
    labels = evidence.dataset.labels
    if codes is None or labels is None:
        return None
    values = np.asarray(codes, np.int64)
    dictionary = pa.array(labels.classes, pa.string())
    return dictionary.take(pa.array(values, mask=values < 0))


def _predicted_proba(evidence: Evidence) -> NDArray[np.generic] | None:
    if "probabilities" not in evidence or "predicted" not in evidence:
        return None
    probabilities, predicted = evidence["probabilities"], np.asarray(evidence["predicted"], np.int64)
    chosen = np.take_along_axis(probabilities, np.maximum(predicted, 0)[:, None], axis=1)[:, 0]
    return np.where(predicted >= 0, chosen, np.nan)


def _float(values: NDArray[np.generic] | None) -> pa.Array | None:
    if values is None:
        return None
    numbers = np.ascontiguousarray(values, np.float32)
    return pa.array(numbers, mask=~np.isfinite(numbers))


def _code(values: NDArray[np.generic] | None) -> pa.Array | None:
    if values is None:
        return None
    codes = np.asarray(values, np.int64)
    return pa.array(codes, mask=codes < 0)


def _ids(evidence: Evidence, positions: NDArray[np.generic]) -> pa.Array:
    where = np.asarray(positions, np.int64)
    return evidence.dataset.row_ids.take(pa.array(where, mask=where < 0))


def _lists(paths: NDArray[np.generic]) -> pa.Array:
    n_rows, n_levels = paths.shape
    offsets = pa.array(np.arange(n_rows + 1, dtype=np.int32) * n_levels)
    return pa.ListArray.from_arrays(offsets, pa.array(np.asarray(paths, np.int64).ravel()))


def _right(evidence: Evidence) -> NDArray[np.float64] | None:
    """1 where the probe is right, 0 where not, NaN where a row has no label; None without predictions."""
    labels = evidence.dataset.labels
    if labels is None or "predicted" not in evidence:
        return None
    return np.where(labels.known, np.asarray(evidence["predicted"]) == labels.codes, np.nan)


def _members(evidence: Evidence) -> Mapping[int, NDArray[np.int64]]:
    """Cluster id (of any level) → positions of its rows."""
    paths = evidence.get("cluster_path")
    if paths is None:
        return {}
    members: dict[int, NDArray[np.int64]] = {}
    narrow = (
        np.int16 if int(np.max(paths, initial=0)) < np.iinfo(np.int16).max else np.int64
    )  # sorted several times faster
    for level in np.asarray(paths, narrow).T:
        order = np.argsort(level, kind="stable")
        values, starts = np.unique(level[order], return_index=True)
        for value, rows in zip(values, np.split(order, starts[1:]), strict=True):
            members[int(value)] = rows
    return members


def _cluster_values(evidence: Evidence) -> Mapping[int, Mapping[str, float | None]]:
    """Cluster id → value with its interval."""
    if "cluster_values" not in evidence.summaries:
        return {}
    lines = evidence.table("cluster_values").to_pylist()
    return {
        line["cluster"]: {"value": line["value"], "value_low": line["low"], "value_high": line["high"]}
        for line in lines
    }


def _accuracy(hits: NDArray[np.float64], rows: NDArray[np.int64]) -> dict[str, float | None]:
    known = hits[rows][~np.isnan(hits[rows])]
    if not len(known):
        return {"accuracy": None, "accuracy_low": None, "accuracy_high": None}
    low, high = share_interval(float(known.sum()), len(known))
    return {"accuracy": float(known.mean()), "accuracy_low": low, "accuracy_high": high}
