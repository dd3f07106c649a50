from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from burnish.dataset import Column, Dataset, Evidence, Roles
from burnish.errors import InputError
from burnish.kernels.probe import fit_probe, predict_probabilities
from burnish.steps.predictions import Predictions
from burnish.testing.planted import planted_vectors


def evidence_of(labels, embeddings, *, evaluation=None, proba=None, group=None, **columns):
    n_rows = len(labels)
    ids = pa.array([f"r{i}" for i in range(n_rows)])
    fields = {"id": ids, "label": pa.array(labels, pa.string())}
    fields |= {} if proba is None else {"proba": proba}
    fields |= {} if group is None else {"group": pa.array(group)}
    roles = Roles(
        id="id", label="label", proba="proba" if proba is not None else None, group="group" if group else None
    )
    content = np.arange(2 * n_rows, dtype=np.uint64).reshape(n_rows, 2)
    evaluation = np.zeros(n_rows, bool) if evaluation is None else evaluation
    parts = [Column("embeddings", embeddings, "row"), Column("evaluation", evaluation)]
    parts += [Column(name, values) for name, values in columns.items()]
    return Evidence(Dataset(pa.table(fields), ids, content, roles)).adding(parts)


def blobs(n_rows=300, seed=0):
    rng = np.random.default_rng(seed)
    codes = rng.integers(3, size=n_rows)
    rows = rng.normal(size=(3, 8))[codes] + 0.5 * rng.normal(size=(n_rows, 8))
    return ["abc"[code] for code in codes], rows.astype(np.float32)


def run(evidence, **parameters):
    return evidence.adding(Predictions(**parameters).run(evidence, seed=0))


def test_the_step_writes_what_it_names_and_every_row_is_predicted():
    labels, rows = blobs()
    evaluation = np.arange(300) >= 240
    evidence = evidence_of(labels, rows, evaluation=evaluation)
    parts = list(Predictions().run(evidence, seed=0))
    assert tuple(part.name for part in parts) == Predictions.writes
    after = evidence.adding(parts)
    assert after["probabilities"].shape == (300, 3)
    assert after["probabilities"].dtype == np.float32
    assert np.allclose(after["probabilities"].sum(axis=1), 1, atol=1e-5)
    assert np.array_equal(after["predicted"], after["probabilities"].argmax(axis=1))
    assert np.mean(after["predicted"] == evidence.dataset.labels.codes) > 0.95
    assert np.array_equal(after["fold"] == -1, evaluation)
    (line,) = after.table("probe").to_pylist()
    assert line["source"] == "probe"
    assert line["n_train"] == 240


def test_copies_near_copies_and_groups_share_a_fold_even_through_a_chain():
    labels, rows = blobs()
    exact, near = np.full(300, -1), np.full(300, -1)
    exact[[0, 10]] = 0
    near[[10, 20]] = 0
    group = [f"g{i}" for i in range(300)]
    group[30] = group[20]
    after = run(evidence_of(labels, rows, exact_group=exact, near_group=near, group=group))
    assert len(set(after["fold"][[0, 10, 20, 30]])) == 1
    assert set(after["fold"]) == {0, 1, 2, 3, 4}


def test_a_wrong_label_shared_by_copies_is_not_learnt_from_one_and_confirmed_on_the_other():
    labels, rows = blobs()
    labels = [*labels, *["a"] * 8]
    stray = np.random.default_rng(1).normal(size=8).astype(np.float32)
    stray *= np.linalg.norm(rows[0]) / np.linalg.norm(stray)
    rows = np.vstack([rows, np.tile(stray, (8, 1))])
    exact = np.concatenate([np.full(300, -1), np.zeros(8, int)])
    torn = run(evidence_of(labels, rows))["probabilities"][300:, 0].mean()
    kept = run(evidence_of(labels, rows, exact_group=exact))["probabilities"][300:, 0].mean()
    assert torn > kept


def test_evaluation_rows_are_predicted_by_the_probe_of_all_training_rows():
    labels, rows = blobs()
    evaluation = np.arange(300) >= 240
    after = run(evidence_of(labels, rows, evaluation=evaluation))
    codes = after.dataset.labels.codes
    l2 = after.table("probe")["l2"][0].as_py()
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    probe = fit_probe(unit[:240], codes[:240], n_classes=3, l2=l2)
    assert np.allclose(after["probabilities"][240:], predict_probabilities(probe, unit[240:]), atol=5e-3)


def test_labels_of_evaluation_rows_change_no_prediction():
    labels, rows = blobs()
    evaluation = np.arange(300) >= 240
    other = labels[:240] + labels[240:][::-1]
    first, second = (run(evidence_of(given, rows, evaluation=evaluation)) for given in (labels, other))
    assert np.array_equal(first["probabilities"], second["probabilities"])


def test_unlabelled_rows_are_predicted_and_unreadable_ones_get_equal_probabilities():
    labels, rows = blobs()
    labels[:5] = [None] * 5
    rows[5:8] = np.nan
    after = run(evidence_of(labels, rows))
    assert np.all(after["fold"][:8] == -1)
    assert after["probabilities"][:5].max(axis=1).min() > 0.5
    assert np.allclose(after["probabilities"][5:8], 1 / 3)


@pytest.mark.parametrize("labels", [["a"], ["a", "a"], ["a", "b"], [None, None], [None, "a"]])
def test_tiny_sets_are_predicted_without_complaint(labels):
    after = run(evidence_of(labels, np.eye(2, 3, dtype=np.float32)[: len(labels)]))
    n_classes = len({label for label in labels if label})
    assert after["probabilities"].shape == (len(labels), n_classes)
    assert np.all(after["predicted"] >= (0 if n_classes else -1))


def test_a_cap_on_training_rows_is_kept_and_reported():
    labels, rows = blobs()
    after = run(evidence_of(labels, rows), max_train_rows=100)
    assert after.table("probe")["n_train"].to_pylist() == [100]
    assert np.mean(after["predicted"] == after.dataset.labels.codes) > 0.9


@pytest.mark.parametrize("kind", [pa.list_(pa.float64()), pa.large_list(pa.float32()), pa.list_(pa.float32(), 3)])
def test_given_probabilities_are_taken_over_in_the_order_of_the_sorted_labels(kind):
    labels, rows = blobs(4)
    labels = ["c", "a", "b", "a"]
    given = [[0.1, 0.2, 0.7], [1, 0, 0], [0.0, 0.998, 0.0], [0.3, 0.3, 0.4]]
    after = run(evidence_of(labels, rows, proba=pa.array(given, kind)))
    assert after["predicted"].tolist() == [2, 0, 1, 2]
    assert np.allclose(after["probabilities"].sum(axis=1), 1)
    assert np.all(after["fold"] == -1)
    assert after.table("probe")["source"].to_pylist() == ["given"]


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        ([0.5, 0.5], "'r1' does not hold 3 probabilities"),
        (None, "'r1' does not hold 3 probabilities"),
        ([0.5, 0.5, 0.5], "'r1' does not add up to 1"),
        ([1.5, -0.5, 0.0], "'r1' holds a number that is no probability"),
        ([1.0, None, 0.0], "'r1' holds a number that is no probability"),
    ],
)
def test_unusable_given_probabilities_name_the_row_and_the_remedy(bad, what):
    _, rows = blobs(3)
    evidence = evidence_of(["a", "b", "c"], rows, proba=pa.array([[1.0, 0.0, 0.0], bad, [0.0, 0.0, 1.0]]))
    with pytest.raises(InputError, match=what) as caught:
        run(evidence)
    assert "sorted labels" in caught.value.remedy


def test_a_field_that_is_no_list_is_refused():
    _, rows = blobs(2)
    with pytest.raises(InputError, match="is string, not a list"):
        run(evidence_of(["a", "b"], rows, proba=pa.array(["0.5", "0.5"])))


def test_predictions_of_the_user_are_taken_as_they_are():
    planted = planted_vectors(200, seed=1)
    given = ["class_0", "nonsense", None] + ["class_1"] * 197
    dataset = replace(
        planted.dataset,
        fields=planted.dataset.fields.append_column("guess", pa.array(given)),
        roles=replace(planted.roles, prediction="guess"),
    )
    locked = np.array(planted.table["split"].to_pylist()) == "test"
    evidence = Evidence(dataset).adding([Column("embeddings", planted.vectors, "row"), Column("evaluation", locked)])
    evidence = evidence.adding(Predictions().run(evidence, seed=0))
    assert evidence["predicted"][:4].tolist() == [0, -1, -1, 1]
    assert evidence["probabilities"].shape == (200, 4)
