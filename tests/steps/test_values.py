from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from burnish.dataset import Column, Dataset, Evidence, Former, Roles, Summary
from burnish.kernels.probe import fit_probe, predict_probabilities
from burnish.protocols import Step
from burnish.steps.values import SCHEMA, Reason, Values, likely_reason

N_TRAIN, N_ROWS = 600, 1_000


def planted(*, wrong=(), seed=0):
    """Twelve blobs of three classes, a cluster each, and three make a coarser one; the wrong ones are mislabeled."""
    rng = np.random.default_rng(seed)
    blob = rng.integers(12, size=N_ROWS)
    rows = np.random.default_rng(99).normal(size=(12, 10))[blob] + 0.7 * rng.normal(size=(N_ROWS, 10))
    evaluation = np.arange(N_ROWS) >= N_TRAIN
    mislabeled = np.isin(blob, wrong) & ~evaluation & (rng.random(N_ROWS) < 0.8)
    codes = np.where(mislabeled, blob + 1, blob) % 3
    columns = {
        "embeddings": rows.astype(np.float32), "evaluation": evaluation, "cluster": blob,
        "cluster_path": np.column_stack([12 + blob // 3, blob]),
    }  # fmt: skip
    return evidence_of(["abc"[code] for code in codes], **columns), mislabeled


def evidence_of(labels, **columns):
    ids = pa.array([f"r{i}" for i in range(len(labels))])
    content = np.arange(2 * len(labels), dtype=np.uint64).reshape(-1, 2)
    dataset = Dataset(pa.table({"label": pa.array(labels, pa.string())}), ids, content, Roles(label="label"))
    return Evidence(dataset).adding(Column(name, values) for name, values in columns.items())


def lines_of(evidence, **parameters):
    (summary,) = Values(**parameters).run(evidence, seed=0)
    assert summary.name == "cluster_values"
    assert summary.table.schema.equals(SCHEMA)
    return {line["cluster"]: line for line in summary.table.to_pylist()}


def test_the_step_keeps_its_protocol_and_gives_every_cluster_of_every_level_a_line():
    evidence, _ = planted()
    assert isinstance(Values(), Step)
    lines = lines_of(evidence)
    assert list(lines) == list(range(16))
    train = np.asarray(evidence["cluster"])[:N_TRAIN]
    assert [lines[c]["n_train"] for c in range(12)] == np.bincount(train).tolist()
    assert all(line["low"] < line["value"] < line["high"] for line in lines.values())


def test_a_mislabeled_cluster_takes_from_the_metric_and_its_labels_are_the_reason():
    evidence, mislabeled = planted(wrong=(4,))
    lines = lines_of(evidence.adding([Column("label_suspect", mislabeled.astype(np.float32))]))
    worst = min(range(12), key=lambda cluster: lines[cluster]["value"])
    assert worst == 4
    assert lines[4]["high"] < 0
    assert lines[4]["reason"] == "label noise"
    assert lines[4]["reason_share"] == pytest.approx(0.8, abs=0.1)


def test_only_a_cluster_below_zero_has_a_reason():
    evidence, _ = planted(wrong=(4,))
    lines = lines_of(evidence)
    assert all((line["reason"] is not None) == (line["value"] < 0) for line in lines.values())
    assert lines[4]["reason"] in ("unexplained", "off-topic")


def test_the_ends_of_the_working_level_are_checked_by_retrains():
    evidence, _ = planted(wrong=(4,))
    lines = lines_of(evidence.adding([Summary("probe", pa.table({"l2": [0.02]}))]))
    checked = {cluster for cluster, line in lines.items() if line["exact_value"] is not None}
    order = sorted(range(12), key=lambda cluster: lines[cluster]["value"])
    assert checked == {*order[:3], *order[-3:]}
    codes, evaluation = evidence.dataset.labels.codes, np.asarray(evidence["evaluation"])
    unit = evidence["embeddings"] / np.linalg.norm(evidence["embeddings"], axis=1, keepdims=True)

    def metric(kept):
        probe = fit_probe(unit[kept], codes[kept], n_classes=3, l2=0.02)
        found = predict_probabilities(probe, unit[evaluation])
        return found[np.arange(len(found)), codes[evaluation]].mean(dtype=np.float64)

    exact = metric(~evaluation) - metric(~evaluation & (np.asarray(evidence["cluster"]) != 4))
    assert lines[4]["exact_value"] == pytest.approx(exact, rel=0.05)
    assert lines[4]["value"] == pytest.approx(exact, rel=0.3)


def test_fewer_clusters_than_are_checked_are_all_checked_once():
    evidence, _ = planted()
    path = np.column_stack([np.full(N_ROWS, 4), np.asarray(evidence["cluster"]) // 3])
    lines = lines_of(evidence.adding([Column("cluster", path[:, 1]), Column("cluster_path", path)]))
    assert [line["exact_value"] is not None for line in lines.values()] == [True] * 4 + [False]
    assert lines[4]["value"] is lines[4]["low"] is None


def test_evaluation_rows_with_a_twin_in_train_do_not_count():
    evidence, _ = planted()
    twin = np.where(np.arange(N_ROWS) >= 980, 3, -1)
    labels = evidence.dataset.labels.codes.copy()
    labels[980:] = (labels[980:] + 1) % 3
    other = evidence_of(["abc"[c] for c in labels], **{n: evidence[n] for n in evidence.columns}, leak_of=twin)
    found, expected = lines_of(other), lines_of(evidence.adding([Column("leak_of", twin)]))
    assert found == expected
    assert found != lines_of(other.adding([Column("leak_of", np.full(N_ROWS, -1))]))


def test_caps_are_kept_and_told():
    evidence, _ = planted()
    (summary,) = Values(max_train_rows=200, max_evaluation_rows=100).run(evidence, seed=0)
    told = {key.decode(): value.decode() for key, value in summary.table.schema.metadata.items()}
    assert (told["n_train"], told["n_evaluation"]) == ("200", "100")
    assert sum(summary.table["n_train"].to_pylist()) == 400


@pytest.mark.parametrize("case", ["one class", "few train rows", "few evaluation rows"])
def test_where_nothing_can_be_measured_there_is_no_line(case):
    evidence, _ = planted()
    labels = ["abc"[code] for code in evidence.dataset.labels.codes]
    if case == "one class":
        labels[:N_TRAIN] = ["a"] * N_TRAIN
    elif case == "few train rows":
        labels[19:N_TRAIN] = [None] * (N_TRAIN - 19)
    else:
        labels[N_TRAIN + 19 :] = [None] * (N_ROWS - N_TRAIN - 19)
    assert lines_of(evidence_of(labels, **{name: evidence[name] for name in evidence.columns})) == {}


def test_rows_that_cannot_be_read_are_left_out():
    evidence, _ = planted()
    rows = np.array(evidence["embeddings"])
    rows[5] = np.nan
    lines = lines_of(evidence.adding([Column("embeddings", rows)]))
    assert sum(lines[cluster]["n_train"] for cluster in range(12)) == N_TRAIN - 1


def test_extra_copies_in_train_are_redundancy_but_the_first_is_not():
    evidence, _ = planted(wrong=(4,))
    cluster = np.asarray(evidence["cluster"])
    copies = np.where((cluster == 4) & (np.arange(N_ROWS) % 2 == 0), 0, -1)
    lines = lines_of(evidence.adding([Column("near_group", copies)]))
    among = (copies == 0)[:N_TRAIN].sum()
    assert lines[4]["reason"] == "redundancy"
    assert lines[4]["reason_share"] == pytest.approx((among - 1) / lines[4]["n_train"])


def test_a_reason_is_what_sets_the_cluster_apart_most():
    inside = np.arange(400) < 100
    mostly, some = np.where(inside, 0.9, 0.4), np.where(inside, 0.5, 0.0)
    assert likely_reason({"label noise": mostly, "redundancy": some}, inside) == Reason(
        "label noise", pytest.approx(0.9)
    )
    assert likely_reason({"label noise": mostly - 0.3, "redundancy": some}, inside).reason == "redundancy"


def test_what_all_rows_have_in_common_what_chance_may_give_and_what_is_little_explain_nothing():
    inside = np.arange(400) < 12
    assert likely_reason({"label noise": np.full(400, 0.4)}, inside) == Reason("unexplained", None)
    assert likely_reason({"off-topic": np.where(np.arange(400) % 8 == 0, 1.0, 0.0)}, inside).reason == "unexplained"
    few = np.isin(np.arange(4_000), [0, 1, 2, 3])
    assert likely_reason({"redundancy": few.astype(float)}, np.arange(4_000) < 100).reason == "unexplained"
    assert likely_reason({}, inside).reason == "unexplained"


def grown_from(evidence, **columns):
    """Give the evidence with a former version that is the same but for some columns, and has values of its own."""
    former = evidence.adding(Column(name, values) for name, values in columns.items())
    told = pa.Table.from_pylist([{"cluster": 0, "value": 7.0}], schema=SCHEMA)
    return replace(evidence, former=Former(former.adding([Summary("cluster_values", told)]), np.arange(N_ROWS)))


def test_values_of_a_former_version_stand_while_clusters_persist():
    evidence, _ = planted()
    cluster = np.array(evidence["cluster"])
    assert lines_of(grown_from(evidence))[0]["value"] == 7.0
    few, many = np.array(evidence["cluster_path"]), np.array(evidence["cluster_path"])
    few[np.flatnonzero(cluster == 3)[:4], 1] = 4
    many[np.flatnonzero(cluster == 3)[:30], 1] = 4
    assert lines_of(grown_from(evidence, cluster_path=few))[0]["value"] == 7.0
    assert len(lines_of(grown_from(evidence, cluster_path=many))) == 16


def test_values_are_found_anew_where_rows_changed_sides():
    evidence, _ = planted()
    other = np.array(evidence["evaluation"])
    other[0] = True
    assert len(lines_of(grown_from(evidence, evaluation=other))) == 16
