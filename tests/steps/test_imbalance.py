import numpy as np
import pyarrow as pa
import pytest

from burnish.dataset import Column, Dataset, Evidence, Roles
from burnish.steps.imbalance import ClassImbalance, ClusterImbalance, ImbalanceStep


def gathered(labels, **columns):
    n_rows = len(labels)
    ids = pa.array([str(i) for i in range(n_rows)])
    dataset = Dataset(pa.table({"label": labels}), ids, np.zeros((n_rows, 2), np.uint64), Roles(label="label"))
    evidence = Evidence(dataset).adding(Column(name, np.asarray(values)) for name, values in columns.items())
    return evidence.adding(ImbalanceStep().run(evidence, seed=0))


def lines(evidence, kind):
    return [line for line in evidence.table("imbalance").to_pylist() if line["kind"] == kind]


def test_shares_and_ratios_are_against_an_even_share():
    found = lines(gathered(["a"] * 60 + ["b"] * 20 + ["c"] * 20), "class")
    assert [(line["name"], line["count"]) for line in found] == [("a", 60), ("b", 20), ("c", 20)]
    assert [line["ratio"] for line in found] == pytest.approx([1.8, 0.6, 0.6])


def test_a_class_of_few_rows_is_a_warning_with_its_rows():
    [finding] = ClassImbalance().judge(gathered(["a"] * 50 + ["b"] * 9))
    assert (finding.code, finding.severity) == ("IMB001", "warning")
    assert [flag.row for flag in finding.rows] == list(range(50, 59))
    assert {flag.edit for flag in finding.rows} == {"collect"}
    assert ClassImbalance().judge(gathered(["a"] * 50 + ["b"] * 10)) == []


def test_a_class_far_below_an_even_share_is_an_info():
    [finding] = ClassImbalance().judge(gathered(["a"] * 950 + ["b"] * 50))
    assert (finding.severity, len(finding.rows)) == ("info", 50)


def test_only_training_rows_make_a_class_and_evaluation_rows_are_never_flagged():
    labels = ["a"] * 50 + ["b"] * 30
    evaluation = np.arange(80) >= 55
    [finding] = ClassImbalance().judge(gathered(labels, evaluation=evaluation))
    assert [flag.row for flag in finding.rows] == list(range(50, 55))


def test_a_class_that_training_lacks_is_found():
    labels = ["a"] * 50 + ["b"] * 50 + ["c"] * 20
    [finding] = ClassImbalance().judge(gathered(labels, evaluation=np.arange(120) >= 100))
    assert "'c' has 0 training rows" in finding.message


def test_rows_without_a_label_belong_to_no_class():
    found = lines(gathered(["a"] * 20 + [None] * 30 + ["b"] * 20), "class")
    assert [line["share"] for line in found] == [0.5, 0.5]


def test_a_dominating_cluster_is_found_and_noise_is_none():
    evidence = gathered(["a", "b"] * 50, cluster=[-1] * 20 + [0] * 60 + [1] * 20)
    assert [line["share"] for line in lines(evidence, "cluster")] == [0.6, 0.2]
    [finding] = ClusterImbalance().judge(evidence)
    assert finding.message.startswith("cluster 0 holds 60%")
    assert ClusterImbalance().judge(gathered(["a", "b"] * 50, cluster=[0] * 100)) == []


def test_splits_of_other_class_shares_are_found():
    labels = ["a"] * 400 + ["b"] * 400 + ["a"] * 150 + ["b"] * 50
    [finding] = ClusterImbalance().judge(gathered(labels, evaluation=np.arange(1_000) >= 800))
    assert "50.0% of the training rows, 75.0% of the evaluation rows" in finding.message


def test_splits_drawn_at_random_are_not_found():
    rng = np.random.default_rng(0)
    runs = [gathered(rng.choice(["a", "b", "c"], 300), evaluation=rng.permutation(300) < 60) for _ in range(60)]
    assert sum(bool(ClusterImbalance().judge(evidence)) for evidence in runs) <= 3


def test_a_large_sample_with_a_small_difference_is_not_found():
    labels = ["a", "b"] * 40_000 + ["a"] * 10_400 + ["b"] * 9_600
    evidence = gathered(labels, evaluation=np.arange(100_000) >= 80_000)
    assert lines(evidence, "split")[0]["p_value"] < 1e-6
    assert ClusterImbalance().judge(evidence) == []


def test_one_class_alone_is_balanced():
    evidence = gathered(["a"] * 30, evaluation=np.arange(30) >= 20)
    assert ClassImbalance().judge(evidence) == ClusterImbalance().judge(evidence) == []
