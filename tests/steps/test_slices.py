from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from burnish.dataset import Column, Evidence, Summary
from burnish.steps.slices import SlicesStep, WeakSlice
from burnish.testing.planted import Defects, planted_vectors

pytestmark = pytest.mark.slow


def predicted(dataset, wrong):
    """Probabilities that name the given label but on wrong rows."""
    codes, n_classes = dataset.labels.codes, len(dataset.labels.classes)
    return np.eye(n_classes, dtype=np.float32)[(codes + wrong) % n_classes]


def gathered(n_rows=4_000, weak=0.05, rates=(0.1, 0.4), seed=0):
    planted = planted_vectors(n_rows, defects=Defects(weak_slice=weak), seed=seed)
    inside = np.isin(np.arange(n_rows), planted.weak_slice)
    wrong = np.random.default_rng(seed).random(n_rows) < np.where(inside, rates[1], rates[0])
    return planted, Evidence(planted.dataset).adding([Column("probabilities", predicted(planted.dataset, wrong))])


def slices(evidence, **parameters):
    return evidence.adding(SlicesStep(**parameters).run(evidence, seed=0))


def test_a_planted_cross_is_reported_once_with_its_rows_and_in_words():
    planted, evidence = gathered()
    [line] = slices(evidence).table("slices").to_pylist()
    assert set(line["description"].split(" and ")) == {"region = 'south'", "device = 'mobile'"}
    assert line["kind"] == "metadata"
    assert line["rows"] == planted.weak_slice.tolist()
    assert line["size"] == 200
    assert line["metric_low"] < line["metric"] < line["metric_high"]
    assert line["gap"] == pytest.approx(0.3, abs=0.1)


def test_the_finding_says_where_and_how_much_and_asks_for_more_training_rows():
    planted, evidence = gathered()
    locked = np.array(planted.table.column("split").to_pylist()) == "test"
    [finding] = WeakSlice().judge(slices(evidence).adding([Column("evaluation", locked)]))
    assert finding.code == "SLI001"
    assert "in 200 rows where" in finding.message
    assert finding.message.endswith("elsewhere")
    assert {flag.edit for flag in finding.rows if locked[flag.row]} == {None}
    assert {flag.edit for flag in finding.rows if not locked[flag.row]} == {"collect"}


def test_errors_at_random_are_reported_in_few_runs():
    runs = [gathered(1_000, weak=0.0, seed=seed)[1] for seed in range(20)]
    assert sum(bool(WeakSlice().judge(slices(evidence))) for evidence in runs) <= 3


def test_a_gap_below_the_minimum_is_evidence_and_no_finding():
    _, evidence = gathered()
    judged = slices(evidence)
    assert judged.table("slices").num_rows == 1
    assert WeakSlice(min_gap=0.9).judge(judged) == []
    assert WeakSlice(max_q_value=0.0).judge(judged) == []


def test_a_weak_cluster_goes_by_its_name():
    planted, evidence = gathered(weak=0.0)
    blob = np.argmax(planted.vectors @ planted.vectors[:12].T, axis=1)
    wrong = np.random.default_rng(1).random(4_000) < np.where(blob == 5, 0.5, 0.1)
    clusters = pa.table({"cluster": np.arange(12), "name": [f"name {i}" for i in range(12)]})
    evidence = evidence.adding(
        [
            Column("cluster", blob),
            Column("probabilities", predicted(planted.dataset, wrong)),
            Summary("clusters", clusters),
        ]
    )
    line = slices(evidence).table("slices").to_pylist()[0]
    assert (line["kind"], line["description"]) == ("cluster", "cluster 5 (name 5)")
    finding = WeakSlice().judge(slices(evidence))[0]
    assert f"in {line['size']} rows of cluster 5 (name 5)" in finding.message


def test_a_cross_of_a_cluster_and_a_field_is_of_both_kinds():
    planted, evidence = gathered(6_000, weak=0.0)
    cluster = np.random.default_rng(3).integers(-1, 5, size=6_000)
    north = np.array(planted.table.column("region").to_pylist()) == "north"
    wrong = np.random.default_rng(0).random(6_000) < np.where((cluster == 2) & north, 0.5, 0.1)
    evidence = evidence.adding([Column("cluster", cluster), Column("probabilities", predicted(planted.dataset, wrong))])
    [line] = slices(evidence).table("slices").to_pylist()
    assert line["kind"] == "both"
    assert set(line["description"].split(" and ")) == {"region = 'north'", "cluster 2"}


def test_a_weak_region_without_clusters_is_found_in_the_embeddings():
    planted, evidence = gathered(3_000, weak=0.0)
    center = planted.vectors[0]
    weak = planted.vectors @ center > 0.25
    wrong = np.random.default_rng(0).random(3_000) < np.where(weak, 0.5, 0.1)
    evidence = evidence.adding(
        [Column("embeddings", planted.vectors), Column("probabilities", predicted(planted.dataset, wrong))]
    )
    [line, *_] = slices(evidence).table("slices").to_pylist()
    assert line["description"] == "a region of the embeddings"
    assert np.isin(line["rows"], np.flatnonzero(weak)).mean() > 0.8


def test_copies_of_a_row_of_a_weak_region_belong_to_it():
    planted, evidence = gathered(3_000, weak=0.0)
    weak = planted.vectors @ planted.vectors[0] > 0.25
    wrong = np.random.default_rng(0).random(3_000) < np.where(weak, 0.5, 0.1)
    group = np.full(3_000, -1)
    group[np.flatnonzero(weak)[:40]] = np.repeat(np.arange(20), 2)
    evidence = evidence.adding(
        [
            Column("embeddings", planted.vectors),
            Column("exact_group", group),
            Column("probabilities", predicted(planted.dataset, wrong)),
        ]
    )
    [line, *_] = slices(evidence).table("slices").to_pylist()
    first, second = np.flatnonzero(weak)[:40:2], np.flatnonzero(weak)[1:40:2]
    assert np.isin(first, line["rows"]).tolist() == np.isin(second, line["rows"]).tolist()
    assert np.isin(first, line["rows"]).any()
    assert line["size"] == len(line["rows"])


def test_a_weak_cluster_of_another_level_is_found():
    planted, evidence = gathered(3_000, weak=0.0)
    fine = np.random.default_rng(3).integers(20, size=3_000)
    wrong = np.random.default_rng(0).random(3_000) < np.where(fine == 4, 0.4, 0.1)
    evidence = evidence.adding(
        [
            Column("cluster", fine // 10),
            Column("cluster_path", np.column_stack([fine // 10, 2 + fine])),
            Column("probabilities", predicted(planted.dataset, wrong)),
        ]
    )
    [line] = slices(evidence).table("slices").to_pylist()
    assert line["kind"] == "cluster"
    assert line["rows"] == np.flatnonzero(fine == 4).tolist()


def test_copies_of_one_error_are_no_weak_slice():
    planted, evidence = gathered(1_000, weak=0.06, rates=(0.2, 0.2), seed=4)
    weak = planted.weak_slice
    wrong = np.random.default_rng(1).random(1_000) < 0.2
    wrong[weak] = True
    group = np.full(1_000, -1)
    group[weak] = 0
    copied = evidence.adding([Column("probabilities", predicted(evidence.dataset, wrong))])
    assert slices(copied).table("slices").num_rows == 1
    assert slices(copied.adding([Column("exact_group", group)])).table("slices").num_rows == 0


def test_rows_without_a_label_or_a_prediction_are_left_out():
    planted, evidence = gathered()
    probabilities = evidence["probabilities"].copy()
    probabilities[::7] = np.nan
    [line] = slices(evidence.adding([Column("probabilities", probabilities)])).table("slices").to_pylist()
    assert line["rows"] == [row for row in planted.weak_slice.tolist() if row % 7]


def test_without_metadata_and_embeddings_there_is_no_slice():
    _, evidence = gathered()
    dataset = replace(evidence.dataset, roles=replace(evidence.dataset.roles, meta=()))
    table = slices(replace(evidence, dataset=dataset)).table("slices")
    assert table.num_rows == 0
    assert "rows" in table.column_names
