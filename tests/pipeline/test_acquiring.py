"""Which rows of a pool to label next, what their labels should be worth, and when to stop."""

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from burnish.dataset import Column, Evidence, Roles
from burnish.errors import InputError, UsageError
from burnish.pipeline.acquiring import Wish, acquire
from burnish.testing.planted import planted_vectors

pytestmark = pytest.mark.slow


N_POOL = 200


@pytest.fixture(scope="module")
def everything():
    return planted_vectors(1_000, n_dims=16, n_classes=4, spread=1.3, seed=2).dataset


@pytest.fixture(scope="module")
def dataset(everything):
    return everything.take(np.arange(N_POOL, 1_000))


@pytest.fixture(scope="module")
def pool(everything):
    rows = everything.take(np.arange(N_POOL))
    return replace(rows, fields=rows.fields.drop_columns(["label"]), roles=replace(rows.roles, label=None), name="pool")


def evidence_of(dataset, **columns):
    locked = np.array([split == "test" for split in dataset.field("split").to_pylist()])
    known = {"embeddings": dataset.vectors, "evaluation": locked, **columns}
    return Evidence(dataset).adding([Column(name, values) for name, values in known.items()])


@pytest.fixture(scope="module")
def evidence(dataset):
    return evidence_of(dataset, cluster=dataset.labels.codes.astype(np.int64))


def acquired(evidence, pool, budget=20, min_gain=None):
    return acquire(evidence, pool, pool.vectors, Wish(budget, min_gain), l2=1e-2, seed=0)


@pytest.fixture(scope="module")
def found(evidence, pool):
    return acquired(evidence, pool)


def test_the_rows_come_in_order_with_why_and_the_given_fields(found, pool):
    assert found.table["rank"].to_pylist() == list(range(1, 21))
    ids = found.table["row_id"].to_pylist()
    assert len(set(ids)) == 20
    assert set(ids) <= set(pool.row_ids.to_pylist())
    assert {"gain", "uncertainty", "representativeness", "region", "embedding"} <= set(found.table.column_names)
    assert "label" not in found.table.column_names


def test_each_row_is_told_the_name_of_its_cluster(found):
    names = {line["cluster"]: line["cluster_name"] for line in found.table.to_pylist()}
    assert set(names) <= {0, 1, 2, 3}
    assert all(names.values())


def test_the_cluster_of_a_row_is_the_one_whose_center_is_nearest(found, evidence, everything):
    rows, codes = evidence.dataset.vectors, np.asarray(evidence["cluster"])
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    centers = np.stack([rows[codes == code].mean(axis=0) for code in range(4)])
    centers /= np.linalg.norm(centers, axis=1, keepdims=True)
    for line in found.table.select(["row_id", "cluster"]).to_pylist():
        vector = everything.vectors[everything.row_positions[line["row_id"]]]
        assert line["cluster"] == (centers @ vector).argmax()


def test_the_forecast_has_an_interval_and_each_cluster_its_own(found):
    one = found.forecast
    assert one.n_more == 20
    assert one.low <= one.gain <= one.high
    assert set(found.table["cluster_name"].to_pylist()) <= {line["cluster"] for line in found.clusters}
    assert len(found.clusters) == 4
    weights = [line["gain"] * line["n_eval"] for line in found.clusters]
    assert weights == sorted(weights, reverse=True)
    assert list(found.curve) == sorted(found.curve)


def test_the_verdict_follows_from_what_labels_have_to_be_worth(evidence, pool, found):
    assert found.verdict in ("stop", "go on", "not yet known")
    assert acquired(evidence, pool, min_gain=0.5).verdict == "stop"
    assert acquired(evidence, pool, min_gain=-1.0).verdict == "go on"


def test_the_document_is_json(found):
    document = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert document["n_acquired"] == 20
    assert document["verdict"] == found.verdict
    assert document["forecast"]["gain"] == pytest.approx(found.forecast.gain)
    assert [line["n_train"] for line in document["learning_curve"]] == list(found.curve)


def test_a_cold_start_takes_typical_rows_and_forecasts_nothing(dataset, pool):
    bare = replace(dataset, roles=replace(dataset.roles, label=None))
    found = acquired(evidence_of(bare, cluster=dataset.labels.codes.astype(np.int64)), pool)
    assert len(found.table) == 20
    assert (found.forecast, found.verdict, found.clusters) == (None, None, ())
    assert json.dumps(found.to_json(), allow_nan=False)


def test_few_labels_are_a_cold_start_too(dataset, pool):
    few = dataset.take(np.arange(30))
    found = acquired(evidence_of(few), pool)
    assert len(found.table) == 20
    assert found.forecast is None


def test_labels_of_one_class_are_a_cold_start_too(dataset, pool):
    one = dataset.take(np.flatnonzero(dataset.labels.codes == 0))
    found = acquired(evidence_of(one), pool)
    assert len(found.table) == 20
    assert found.forecast is None


def test_without_clusters_rows_have_none(dataset, pool):
    found = acquired(evidence_of(dataset), pool, budget=5)
    assert found.table["cluster"].to_pylist() == [-1] * 5
    assert found.table["cluster_name"].to_pylist() == [None] * 5


@pytest.mark.parametrize("budget", [201, 10_000])
def test_a_budget_beyond_the_pool_is_refused_with_its_size(evidence, pool, budget):
    with pytest.raises(UsageError, match=f"budget is {budget:,}, and the pool has 200 rows") as refused:
        acquired(evidence, pool, budget)
    assert "1 to 200" in refused.value.remedy


@pytest.mark.parametrize("budget", [0, -5])
def test_a_budget_of_nothing_is_refused_before_any_work(budget):
    with pytest.raises(UsageError, match=f"budget is {budget}"):
        Wish(budget)


@pytest.mark.parametrize(("split", "what"), [("train", "training"), ("test", "evaluation")])
def test_a_pool_that_holds_rows_of_the_data_set_is_refused_with_their_ids(evidence, everything, split, what):
    place = np.flatnonzero(np.array(evidence.dataset.field("split").to_pylist()) == split)[0]
    row_id = evidence.dataset.row_ids[int(place)].as_py()
    mixed = everything.take([*range(10), everything.row_positions[row_id]])
    with pytest.raises(InputError, match=rf"1 row\(s\) of the pool are {what} rows already, first '{row_id}'"):
        acquired(evidence, mixed, 2)


def test_a_pool_with_ids_of_the_data_set_is_refused_though_its_rows_are_others(evidence, pool):
    taken = evidence.dataset.row_ids.slice(0, N_POOL)
    with pytest.raises(InputError, match="of the pool are"):
        acquired(evidence, replace(pool, row_ids=taken), 2)


def test_ids_that_nobody_gave_do_not_overlap(evidence, pool):
    taken = pa.array(evidence.dataset.row_ids.slice(0, N_POOL).to_pylist())
    nameless = replace(pool, row_ids=taken, roles=replace(pool.roles, id=None))
    assert nameless.roles == Roles(**{**vars(pool.roles), "id": None})
    assert len(acquired(evidence, nameless, 2).table) == 2
