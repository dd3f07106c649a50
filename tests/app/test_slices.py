"""Slices: found ones, those that people named, and clusters, judged alike."""

import numpy as np
import pyarrow as pa
import pytest

from burnish.app.opened import OpenedVersions
from burnish.dataset import Column, Dataset, Evidence, Roles, Summary
from burnish.kernels.intervals import gap_interval, share_interval
from burnish.pipeline.slice_lines import Rightness, slice_lines
from burnish.steps.slices import SCHEMA, SlicesStep
from burnish.workspace import Limits, Workspace
from burnish.workspace.reviewing import Reviewing

CLUSTERS = pa.schema([
    ("cluster", pa.int64()), ("parent", pa.int64()), ("level", pa.int64()), ("size", pa.int64()),
    ("share", pa.float64()), ("stability", pa.float64()), ("name", pa.string()), ("keywords", pa.list_(pa.string())),
    ("exemplars", pa.list_(pa.int64())),
])  # fmt: skip


def evidence_of(labels, predicted, *, cluster=None, groups=None, slices=None):
    """Give evidence of rows with labels (None: without) and predictions, all of two classes a and b."""
    n_rows = len(predicted)
    given = pa.table({"label": pa.array(labels, pa.string())})
    dataset = Dataset(
        given, pa.array([str(i) for i in range(n_rows)]), np.zeros((n_rows, 2), np.uint64), Roles(label="label")
    )
    columns = [Column("predicted", np.array([ord(p) - ord("a") for p in predicted], np.int32))]
    if groups is not None:
        columns.append(Column("exact_group", np.array(groups, np.int64)))
    if cluster is not None:
        columns.append(Column("cluster", np.array(cluster, np.int64)))
        lines = [
            {"cluster": c, "name": f"name {c}", "keywords": [f"word {c}"], "level": 0}
            for c in sorted(set(cluster) - {-1})
        ]
        columns.append(Summary("clusters", pa.Table.from_pylist(lines, schema=CLUSTERS)))
    if slices is not None:
        columns.append(Summary("slices", pa.Table.from_pylist(slices, schema=SCHEMA)))
    return Evidence(dataset).adding(columns)


def found(name, rows, *, q_value, gap, kind="cluster"):
    return {
        "slice": name, "description": f"about {name}", "kind": kind, "size": len(rows), "metric": 0.5,
        "metric_low": 0.3, "metric_high": 0.7, "gap": gap, "p_value": q_value / 2, "q_value": q_value, "rows": rows,
    }  # fmt: skip


def test_accuracy_is_over_rows_with_a_label_and_copies_count_once():
    evidence = evidence_of(["a", "a", "a", "b", None, "b"], "abbbab", groups=[-1, 0, 0, 1, -1, 1])
    rightness = Rightness(evidence)
    assert rightness.rows.tolist() == [0, 1, 3]
    assert rightness.overall == pytest.approx(2 / 3)
    judged = rightness.among(np.array([0, 2, 3, 4]))
    assert (judged.n, judged.accuracy) == (2, 1.0)
    assert (judged.low, judged.high) == share_interval(2, 2)
    assert judged.gap == pytest.approx(0 - 1)
    assert (judged.gap_low, judged.gap_high) == gap_interval((0, 1), (2, 2))


def test_rows_without_labels_have_no_metric_and_a_slice_of_all_rows_no_gap():
    evidence = evidence_of(["a", "b", None], "aaa")
    rightness = Rightness(evidence)
    assert rightness.among(np.array([2])) == rightness.among(np.empty(0, np.int64))
    assert rightness.among(np.array([2])).accuracy is None
    everything = rightness.among(np.arange(3))
    assert (everything.accuracy, everything.gap, everything.gap_low, everything.gap_high) == (0.5, None, None, None)


def test_of_one_class_a_model_cannot_be_wrong_so_there_is_no_metric():
    evidence = evidence_of(["a", "a", None], "aaa")
    assert Rightness(evidence).overall is None
    assert Rightness(evidence).among(np.arange(3)).accuracy is None


def test_a_data_set_without_labels_has_clusters_and_no_metric():
    dataset = Dataset(
        pa.table({"text": ["x", "y"]}), pa.array(["0", "1"]), np.zeros((2, 2), np.uint64), Roles(text="text")
    )
    line = {"cluster": 0, "name": "n", "keywords": None, "level": 0}
    table = pa.Table.from_pylist([line], schema=CLUSTERS)
    evidence = Evidence(dataset).adding([Column("cluster", np.array([0, -1])), Summary("clusters", table)])
    overall, (only,) = slice_lines(evidence, {})
    assert overall is None
    assert (only.size, only.judged.n, only.judged.accuracy, only.keywords) == (1, 0, None, ())


def test_found_slices_come_first_by_sureness_then_named_ones_then_clusters_by_accuracy():
    labels, predicted = ["a"] * 12 + ["b"], "abababbbaaabb"
    cluster = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, -1, -1]
    slices = [
        found("S1", [0, 1], q_value=0.04, gap=0.3), found("S2", [4, 5, 6], q_value=0.01, gap=0.1),
        found("S3", [1, 2], q_value=0.01, gap=0.2, kind="metadata"),
    ]  # fmt: skip
    named = {"good": np.array([0, 2]), "bad": np.array([1, 3])}
    _, lines = slice_lines(evidence_of(labels, predicted, cluster=cluster, slices=slices), named)
    assert [line.name for line in lines] == [
        "S3", "S2", "S1", "bad", "good", "cluster:1", "cluster:0", "cluster:2",
    ]  # fmt: skip
    assert [line.of for line in lines] == ["slice"] * 3 + ["set"] * 2 + ["cluster"] * 3
    assert [line.keywords for line in lines[:3]] == [(), ("word 1",), ("word 0",)]
    assert [line.cluster for line in lines] == [None] * 5 + [1, 0, 2]
    assert [(line.judged.n, line.judged.accuracy) for line in lines[5:]] == [(4, 0.25), (4, 0.5), (3, 1.0)]
    assert [line.judged.gap for line in lines[5:]] == pytest.approx([6 / 9 - 1 / 4, 5 / 9 - 2 / 4, 4 / 10 - 1])


def test_a_named_slice_of_the_rows_of_a_cluster_is_judged_as_the_cluster(kept):
    evidence = OpenedVersions(Workspace(kept, limits=Limits(threads=1))).opened("small@1").audited.evidence
    clusters = {int(c): np.flatnonzero(evidence["cluster"] == c) for c in np.unique(evidence["cluster"]) if c >= 0}
    _, lines = slice_lines(evidence, {f"cluster:{c}": rows for c, rows in clusters.items()})
    named = {line.name: line.judged for line in lines if line.of == "set"}
    judged = {line.name: line.judged for line in lines if line.of == "cluster"}
    assert named == judged
    assert len(judged) > 3


def test_figures_of_found_slices_are_those_of_the_same_judgement():
    rng = np.random.default_rng(0)
    labels, region = rng.integers(0, 2, 400), rng.integers(0, 4, 400)
    predicted = labels ^ (rng.random(400) < np.where(region == 2, 0.5, 0.05))
    fields = pa.table({"label": np.array(["a", "b"])[labels], "region": np.array(["n", "e", "s", "w"])[region]})
    ids, content = pa.array([str(i) for i in range(400)]), np.zeros((400, 2), np.uint64)
    dataset = Dataset(fields, ids, content, Roles(label="label", meta=("region",)))
    copies = np.where(np.arange(400) < 60, np.arange(400) // 3, -1)
    evidence = Evidence(dataset).adding([
        Column("predicted", predicted.astype(np.int32)), Column("exact_group", copies),
        Column("probabilities", np.eye(2, dtype=np.float32)[predicted]),
    ])  # fmt: skip
    evidence = evidence.adding(list(SlicesStep().run(evidence, seed=0)))
    lines = evidence.table("slices").to_pylist()
    assert [line["description"] for line in lines] == ["region = 's'"]
    judged = Rightness(evidence).among(np.array(lines[0]["rows"]))
    told = [lines[0][name] for name in ("metric", "metric_low", "metric_high", "gap")]
    assert [judged.accuracy, judged.low, judged.high, judged.gap] == pytest.approx(told)
    assert judged.n < lines[0]["size"]
    _, (line,) = slice_lines(evidence, {})
    assert line.judged == judged
    others = len(Rightness(evidence).rows) - judged.n
    right_elsewhere = round((judged.accuracy + judged.gap) * others)
    assert (judged.gap_low, judged.gap_high) == gap_interval(
        (right_elsewhere, others), (round(judged.accuracy * judged.n), judged.n)
    )


def test_the_server_tells_named_slices_with_interval_and_gap(client, root):
    workspace = Workspace(root, limits=Limits(threads=1))
    opened = OpenedVersions(workspace).opened("small@1")
    ids = [*opened.dataset.row_ids.slice(0, 90).to_pylist(), "a row of another version"]
    reviewing = Reviewing(workspace.history)
    reviewing.keep_set("small", "<b>first</b>", "slice", pa.array(ids))
    reviewing.keep_set("small", "only a tag", "tag", pa.array(ids))
    told = client.get("/api/slices", params={"v": "small@1"}).json()
    (line,) = [one for one in told["slices"] if one["kind"] == "named"]
    judged = Rightness(opened.audited.evidence).among(np.arange(90))
    assert (line["name"], line["mask"], line["size"], line["n_evaluated"]) == ("<b>first</b>", "set", 90, judged.n)
    names = ("metric", "metric_low", "metric_high", "gap", "gap_low", "gap_high")
    assert [line[name] for name in names] == pytest.approx(
        [judged.accuracy, judged.low, judged.high, judged.gap, judged.gap_low, judged.gap_high]
    )
    assert (line["p_value"], line["q_value"]) == (None, None)
    assert told["metric"] == "accuracy"
    assert 0 < told["overall"] <= 1


def test_every_metric_comes_with_its_interval(reading):
    for line in reading.get("/api/slices", params={"v": "small@1"}).json()["slices"]:
        bounds = [line["metric_low"], line["metric"], line["metric_high"]]
        assert bounds == [None] * 3 if line["n_evaluated"] == 0 else bounds == sorted(bounds)
        gaps = [line["gap_low"], line["gap"], line["gap_high"]]
        assert gaps == [None] * 3 if line["gap"] is None else gaps == sorted(gaps)


def test_slices_need_an_audit(reading):
    assert reading.get("/api/slices", params={"v": "plain@1"}).status_code == 409


def test_where_nothing_is_judged_the_largest_cluster_comes_first():
    _, lines = slice_lines(evidence_of([None] * 5, "aaaaa", cluster=[0, 1, 1, 2, 2]), {})
    assert [line.name for line in lines] == ["cluster:1", "cluster:2", "cluster:0"]
