"""The best rows under a budget, and what they are worth beside as many drawn at random."""

import numpy as np
import pytest

from burnish.adapters.models.linear import LinearProbe
from burnish.dataset import Column, Evidence
from burnish.errors import UsageError
from burnish.kernels.metrics import METRICS
from burnish.pipeline.retraining import Protocol
from burnish.pipeline.selecting import Budget, choose_rows, selected_table, selection_effect
from burnish.protocols import Silent
from burnish.testing.planted import planted_vectors


def evidence_of(planted, **columns):
    locked = np.array([split == "test" for split in planted.table.column("split").to_pylist()])
    known = {"embeddings": planted.vectors, "evaluation": locked, **columns}
    return Evidence(planted.dataset).adding([Column(name, values) for name, values in known.items()])


@pytest.fixture(scope="module")
def planted():
    return planted_vectors(800, n_dims=16, n_classes=4, spread=1.2, seed=1)


@pytest.fixture(scope="module")
def evidence(planted):
    return evidence_of(planted)


@pytest.mark.parametrize(("size", "n_rows"), [(1, 1), (7, 7), (0.1, 64), (0.5, 320), (0.999, 639), (640, 640)])
def test_a_budget_is_a_number_or_below_1_a_share(size, n_rows):
    assert Budget(size).of(640) == n_rows


@pytest.mark.parametrize("size", [0, -3, 641, 0.0001, 1e9, float("nan"), float("inf")])
def test_a_budget_that_is_not_there_is_refused_with_the_largest(size):
    with pytest.raises(UsageError, match="budget is") as refused:
        Budget(size).of(640)
    assert refused.value.remedy


def test_an_unknown_method_is_refused_with_the_known_ones():
    with pytest.raises(UsageError, match="'facility'") as refused:
        Budget(5, "facility")
    assert "facility-location" in refused.value.remedy


@pytest.mark.parametrize("method", ["facility-location", "k-center", "medoids", "typicality", "density", "random"])
def test_evaluation_rows_are_never_chosen(evidence, method):
    chosen = choose_rows(evidence, Budget(0.3, method), seed=0)
    assert len(set(chosen)) == len(chosen) == round(0.3 * (~evidence["evaluation"]).sum())
    assert not evidence["evaluation"][chosen].any()


def test_all_training_rows_can_be_chosen_and_no_more(evidence):
    train = np.flatnonzero(~evidence["evaluation"])
    assert set(choose_rows(evidence, Budget(len(train)), seed=0)) == set(train)
    with pytest.raises(UsageError, match=f"{len(train)} rows can be chosen"):
        choose_rows(evidence, Budget(len(train) + 1), seed=0)


def test_a_smaller_budget_is_the_start_of_a_larger_one(evidence):
    few, many = (choose_rows(evidence, Budget(size), seed=0) for size in (40, 120))
    assert few.tolist() == many[:40].tolist()


def test_the_label_shares_the_budget_evenly_unless_told_otherwise(planted, evidence):
    codes = planted.dataset.labels.codes
    counts = np.bincount(codes[choose_rows(evidence, Budget(80), seed=0)])
    assert counts.tolist() == [20, 20, 20, 20]
    free = np.bincount(codes[choose_rows(evidence, Budget(80, balance=""), seed=0)])
    assert free.sum() == 80


def test_a_field_shares_the_budget_evenly(planted, evidence):
    chosen = choose_rows(evidence, Budget(60, balance="device"), seed=0)
    devices = planted.dataset.field("device").to_numpy(zero_copy_only=False)[chosen]
    assert sorted(np.unique(devices, return_counts=True)[1].tolist()) == [20, 20, 20]


def test_an_unknown_field_to_balance_by_is_refused_with_the_known_ones(evidence):
    with pytest.raises(UsageError, match="no field 'colour'") as refused:
        choose_rows(evidence, Budget(60, balance="colour"), seed=0)
    assert "device" in refused.value.remedy


def test_rows_whose_label_is_doubted_are_chosen_last(planted):
    train = np.flatnonzero(np.array(planted.table.column("split").to_pylist()) == "train")
    doubted = np.random.default_rng(0).choice(train, 200, replace=False)
    quality = np.where(np.isin(np.arange(800), doubted), 0.01, 1.0)
    chosen = choose_rows(evidence_of(planted, label_quality=quality), Budget(100), seed=0)
    assert np.isin(chosen, doubted).mean() < 0.05


def test_known_neighbors_are_used_and_none_of_them_is_an_evaluation_row(planted):
    positions = np.random.default_rng(0).integers(800, size=(800, 5)).astype(np.int32)
    known = {"neighbors": positions, "neighbor_distances": np.full((800, 5), 0.1, np.float32)}
    chosen = choose_rows(evidence_of(planted, **known), Budget(0.2, "typicality"), seed=0)
    assert not evidence_of(planted)["evaluation"][chosen].any()


def test_the_table_holds_the_rows_in_their_order_with_every_field(planted, evidence):
    chosen = choose_rows(evidence, Budget(10), seed=0)
    table = selected_table(evidence, chosen)
    assert table["rank"].to_pylist() == list(range(1, 11))
    assert table["row_id"].to_pylist() == planted.dataset.row_ids.take(chosen).to_pylist()
    assert table["label"].to_pylist() == planted.table.column("label").take(chosen).to_pylist()
    assert {"region", "device", "embedding"} <= set(table.column_names)


def effect_of(evidence, chosen, metric="accuracy"):
    protocol = Protocol(METRICS[metric], LinearProbe(1e-2), retrains=5)
    return selection_effect(evidence, chosen, protocol, seed=0, progress=Silent())


def test_a_selection_stands_beside_all_rows_and_as_many_at_random(evidence):
    effect = effect_of(evidence, choose_rows(evidence, Budget(40), seed=0))
    sizes = {arm.name: arm.n_train for arm in effect.arms}
    assert sizes == {"before": int((~evidence["evaluation"]).sum()), "after": 40, "control": 40}
    assert effect.claim == "this selection is better than a random one of its size"
    assert effect.lift_vs_control == pytest.approx(effect.arm("after").value - effect.arm("control").value)
    assert effect.verdict in ("better", "no worse", "inconclusive")


def test_a_bad_selection_is_worse_than_a_random_one(planted, evidence):
    train = np.flatnonzero(~evidence["evaluation"])
    of_two = train[planted.dataset.labels.codes[train] < 2][:60]
    assert effect_of(evidence, of_two).verdict == "worse"


@pytest.mark.slow
def test_random_selections_are_hardly_ever_better_than_random(evidence):
    verdicts = [
        effect_of(evidence, choose_rows(evidence, Budget(40, "random", ""), seed=seed)).verdict for seed in range(20)
    ]
    assert verdicts.count("better") <= 3
