from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from burnish.dataset import Column, Dataset, Evidence, Roles
from burnish.errors import InputError
from burnish.pipeline.settings import groups_of, setting_of
from burnish.testing.planted import planted_vectors

N_ROWS = 200


def evidence_of(labels=None, *, columns=(), n_rows=N_ROWS, n_evaluation=40, **roles):
    """Rows with random vectors, of which the last `n_evaluation` are locked."""
    rng = np.random.default_rng(0)
    given = labels if labels is not None else [("a", "b")[i % 2] for i in range(n_rows)]
    vectors = rng.normal(size=(n_rows, 4)).astype(np.float32)
    fields = pa.table({"label": given if isinstance(given, pa.Array) else pa.array(given),
                       "user": [f"u{i // 4}" for i in range(n_rows)]})  # fmt: skip
    content = rng.integers(0, 2**60, (n_rows, 2)).astype(np.uint64)
    ids = pa.array([f"r{i}" for i in range(n_rows)], pa.string())
    dataset = Dataset(fields, ids, content, Roles(**{"label": "label", **roles}), vectors=vectors)
    locked = np.arange(n_rows) >= n_rows - n_evaluation
    return Evidence(dataset).adding([Column("embeddings", vectors, "row"), Column("evaluation", locked), *columns])


def test_rows_train_or_are_measured_on_and_never_both():
    setting = setting_of(evidence_of())
    assert setting.train.tolist() == list(range(160))
    assert setting.evaluation.tolist() == list(range(160, 200))
    assert not setting.leaked.any()
    assert not setting.doubted.any()


def test_rows_without_a_label_or_a_usable_vector_are_on_neither_side():
    labels = [None if i in (3, 170) else ("a", "b")[i % 2] for i in range(N_ROWS)]
    evidence = evidence_of(labels)
    vectors = np.array(evidence["embeddings"])
    vectors[5], vectors[171] = np.nan, 0
    setting = setting_of(Evidence(evidence.dataset).adding(
        [Column("embeddings", vectors, "row"), Column("evaluation", evidence["evaluation"])]
    ))  # fmt: skip
    assert np.setdiff1d(np.arange(160), setting.train).tolist() == [3, 5]
    assert np.setdiff1d(np.arange(160, 200), setting.evaluation).tolist() == [170, 171]


def test_rows_with_a_twin_in_train_are_known_and_not_counted():
    leak_of = np.full(N_ROWS, -1)
    leak_of[[161, 199]] = 7
    setting = setting_of(evidence_of(columns=[Column("leak_of", leak_of)]))
    assert setting.evaluation[setting.leaked].tolist() == [161, 199]
    assert setting.counted.tolist() == np.setdiff1d(np.arange(160, 200), [161, 199]).tolist()


def test_a_label_that_is_more_likely_wrong_than_right_is_in_doubt():
    suspect = np.full(N_ROWS, np.nan, np.float32)
    suspect[[160, 161, 162, 3]] = 0.49, 0.5, 0.9, 0.9
    setting = setting_of(evidence_of(columns=[Column("label_suspect", suspect)]))
    assert setting.evaluation[setting.doubted].tolist() == [161, 162]


def test_copies_belong_together_and_other_rows_stand_alone():
    near = np.full(N_ROWS, -1)
    near[[3, 4, 170, 171]] = 0, 0, 1, 1
    groups = groups_of(evidence_of(columns=[Column("near_group", near)]))
    assert groups[3] == groups[4] != groups[170] == groups[171]
    assert len(np.unique(groups)) == N_ROWS - 2


def test_copies_join_the_groups_of_the_user():
    near = np.full(N_ROWS, -1)
    near[[3, 8]] = 0
    groups = groups_of(evidence_of(columns=[Column("near_group", near)], group="user"))
    assert len(np.unique(groups[[0, 1, 2, 3, 8, 9, 10, 11]])) == 1
    assert len(np.unique(groups)) == N_ROWS // 4 - 1


def test_held_out_rows_are_measured_on_and_the_other_training_rows_train():
    leak_of = np.full(N_ROWS, -1)
    leak_of[160:170] = 7
    setting = setting_of(evidence_of(columns=[Column("leak_of", leak_of)]))
    rows = np.array([0, 5, 9])
    inner = setting.held_out(rows)
    assert inner.evaluation.tolist() == inner.counted.tolist() == rows.tolist()
    assert inner.train.tolist() == np.setdiff1d(setting.train, rows).tolist()
    assert len(inner.leaked) == len(inner.doubted) == 3
    assert setting.train.tolist() == list(range(160))


def test_a_sample_may_be_taught_other_targets():
    setting = setting_of(evidence_of())
    other = setting.targets.relabelled({0: "b"})
    assert setting.sample(np.array([0])).values.tolist() == [0]
    assert setting.sample(np.array([0]), other).values.tolist() == [1]


def test_whole_numbers_are_measured_as_numbers_when_the_metric_asks():
    setting = setting_of(evidence_of([i % 7 for i in range(N_ROWS)]), "regression")
    assert setting.targets.task == "regression"


@pytest.mark.parametrize(("n_rows", "n_evaluation"), [(60, 19), (24, 20)])
def test_too_few_rows_on_a_side_are_refused_with_both_numbers(n_rows, n_evaluation):
    with pytest.raises(InputError, match=f"{n_rows - n_evaluation} usable training rows and {n_evaluation}"):
        setting_of(evidence_of(n_rows=n_rows, n_evaluation=n_evaluation))


def test_evaluation_rows_with_a_twin_do_not_count_as_enough():
    leak_of = np.where(np.arange(N_ROWS) >= 175, 0, -1)
    with pytest.raises(InputError, match="15 usable evaluation rows"):
        setting_of(evidence_of(columns=[Column("leak_of", leak_of)]))


@pytest.mark.parametrize(
    ("labels", "side"),
    [
        (["a"] * 160 + ["a", "b"] * 20, "training"),
        (["a", "b"] * 80 + ["a"] * 40, "evaluation"),
        ([0.5] * 160 + [0.5, 1.5] * 20, "training"),
        ([["a"]] * 160 + [["a"], []] * 20, "training"),
        ([[]] * 200, "training"),
    ],
)
def test_a_side_with_one_class_or_value_is_refused(labels, side):
    with pytest.raises(InputError, match=f"the {side} rows have only one class or value"):
        setting_of(evidence_of(pa.array(labels)))


def test_a_data_set_without_labels_cannot_be_measured():
    planted = planted_vectors(100, seed=0)
    dataset = replace(planted.dataset, roles=Roles())
    columns = [Column("embeddings", planted.vectors, "row"), Column("evaluation", np.arange(100) >= 50)]
    with pytest.raises(InputError, match="has no labels"):
        setting_of(Evidence(dataset).adding(columns))
