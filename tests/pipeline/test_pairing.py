"""Two prediction files, versions or models, brought to the same rows."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from burnish.adapters.models.linear import LinearProbe
from burnish.dataset import Column, Dataset, Evidence, Roles
from burnish.errors import InputError
from burnish.pipeline.pairing import models_paired, predictions_paired, versions_paired
from burnish.pipeline.settings import setting_of
from burnish.testing.planted import planted_vectors

IDS = [f"r{i}" for i in range(6)]
LABELS = ["a", "b", "a", "b", "a", "b"]


def file_of(ids=IDS, labels=LABELS, *, prediction=None, proba=None, name="file"):
    """Give a prediction file as it is read."""
    columns = {"id": ids, "label": labels}
    columns |= {} if prediction is None else {"prediction": prediction}
    columns |= {} if proba is None else {"proba": proba}
    roles = Roles(
        id="id", label="label", prediction=None if prediction is None else "prediction",
        proba=None if proba is None else "proba",
    )  # fmt: skip
    content = np.zeros((len(ids), 2), np.uint64)
    return Dataset(pa.table(columns), pa.array(ids), content, roles, name=name)


def said(pair, side):
    return [pair.targets.classes[code] for code in getattr(pair, side).argmax(axis=1)]


def test_rows_are_found_by_id_whatever_their_order():
    first = file_of(prediction=["a", "a", "a", "b", "b", "b"])
    turned = file_of(IDS[::-1], LABELS[::-1], prediction=["b", "a", "a", "b", "b", "a"])
    pair = predictions_paired(first, turned)
    assert pair.evidence.dataset.row_ids.take(pa.array(pair.rows)).to_pylist() == IDS[::-1]
    assert said(pair, "before") == ["b", "b", "b", "a", "a", "a"]
    assert said(pair, "after") == ["b", "a", "a", "b", "b", "a"]
    assert pair.notes == ()
    truth = pair.targets.values[pair.rows]
    assert [pair.targets.classes[code] for code in truth] == LABELS[::-1]


def test_only_rows_of_both_files_with_a_label_and_both_predictions_count():
    first = file_of(IDS[:5], LABELS[:5], prediction=["a", None, "a", "b", "b"])
    second = file_of(IDS[1:], [*LABELS[1:5], "b"], prediction=["b", "a", "b", None, "b"])
    pair = predictions_paired(first, second)
    assert second.row_ids.take(pa.array(pair.rows)).to_pylist() == ["r2", "r3"]
    assert "3 of 5 rows of A and 3 of 5 rows of B" in pair.notes[0]
    unlabelled = file_of(labels=[None, *LABELS[1:]], prediction=LABELS)
    assert len(predictions_paired(unlabelled, unlabelled).rows) == 5


def test_no_common_id_is_refused_with_the_flag_that_helps():
    first, second = (
        file_of(prediction=LABELS, name="old"),
        file_of([f"x{i}" for i in range(6)], prediction=LABELS, name="new"),
    )
    with pytest.raises(InputError, match="old and new have no row id in common") as refused:
        predictions_paired(first, second)
    assert "--id" in refused.value.remedy


def test_other_labels_are_refused_with_the_first_row():
    other = file_of(labels=["a", "b", "b", "b", "a", "a"], prediction=LABELS)
    with pytest.raises(InputError, match=r"2 row\(s\) are labelled otherwise in the two files, first 'r2'"):
        predictions_paired(file_of(prediction=LABELS), other)


def test_a_predicted_class_that_no_row_is_labelled_is_a_class_that_is_wrong():
    pair = predictions_paired(file_of(prediction=["z", *LABELS[1:]]), file_of(prediction=LABELS))
    assert pair.targets.classes == ("a", "b", "z")
    assert pair.before.shape == pair.after.shape == (6, 3)
    assert said(pair, "before")[0] == "z"


def test_probabilities_are_taken_before_the_prediction():
    shares = [[0.9, 0.1], [0.4, 0.6]] * 3
    pair = predictions_paired(file_of(proba=shares, prediction=["b"] * 6), file_of(proba=shares[::-1]))
    np.testing.assert_allclose(pair.before, shares, rtol=1e-6)
    np.testing.assert_allclose(pair.after, shares[::-1], rtol=1e-6)


def test_a_file_of_probabilities_goes_with_a_file_of_predictions():
    pair = predictions_paired(file_of(proba=[[0.9, 0.1], [0.4, 0.6]] * 3), file_of(prediction=LABELS[::-1]))
    assert said(pair, "before") == LABELS
    assert said(pair, "after") == LABELS[::-1]


def test_numbers_are_paired_as_numbers():
    truth = [0.5, 1.5, 2.5, 3.5, 4.5, 5.25]
    pair = predictions_paired(
        file_of(labels=truth, prediction=[1.0] * 6), file_of(labels=truth, prediction=[2, 2, None, 2, 2, 2])
    )
    assert pair.targets.task == "regression"
    assert pair.before.shape == (5, 1)
    assert (pair.after == 2).all()


def test_sets_of_classes_are_paired_as_indicators():
    truth = [["a"], ["a", "b"], [], ["b"], ["a"], ["b"]]
    pair = predictions_paired(file_of(labels=truth, prediction=truth), file_of(labels=truth, prediction=truth[::-1]))
    assert pair.targets.task == "multi-label"
    assert pair.before[:3].tolist() == [[1, 0], [1, 1], [0, 0]]
    assert pair.after[0].tolist() == [0, 1]


def test_a_file_without_labels_is_named():
    bare = file_of(prediction=LABELS, name="bare")
    bare = replace(bare, roles=replace(bare.roles, label=None))
    with pytest.raises(InputError, match="bare has no labels"):
        predictions_paired(file_of(prediction=LABELS), bare)


def test_a_file_without_predictions_is_refused():
    with pytest.raises(InputError, match="no field with predictions"):
        predictions_paired(file_of(), file_of(prediction=LABELS))


def evidence_of(dataset):
    locked = np.array([split == "test" for split in dataset.field("split").to_pylist()])
    return Evidence(dataset).adding([Column("embeddings", dataset.vectors, "row"), Column("evaluation", locked)])


@pytest.fixture(scope="module")
def planted():
    return planted_vectors(300, n_dims=16, n_classes=3, seed=0).dataset


def test_two_versions_are_judged_on_their_common_locked_rows(planted):
    order = np.random.default_rng(0).permutation(300)[20:]
    evidence, other = evidence_of(planted), evidence_of(planted.take(order))
    pair = versions_paired((setting_of(evidence), setting_of(other)), other, LinearProbe(), seed=0)
    assert pair.evidence.dataset is other.dataset
    assert set(pair.rows) == set(np.flatnonzero(other["evaluation"]))
    accuracy = [
        (getattr(pair, side).argmax(axis=1) == pair.targets.values[pair.rows]).mean() for side in ("before", "after")
    ]
    assert min(accuracy) > 0.8


def test_no_version_learns_from_a_row_on_which_both_are_judged(planted):
    evidence = evidence_of(planted)
    seen = []

    class Spy:
        recipe = "spy"

        def fit_predict(self, train, rows, *, seed):
            seen.append((set(train.rows), set(rows.rows)))
            return np.zeros((len(rows), 3), np.float32)

    setting = setting_of(evidence)
    versions_paired((setting, setting), evidence, Spy(), seed=0)
    models_paired(setting, evidence, (Spy(), Spy()), seed=0, labels=("one", "two"))
    assert len(seen) == 4
    assert not any(train & rows for train, rows in seen)


def test_an_evaluation_row_that_was_relabelled_is_refused_by_its_id(planted):
    row = int(np.flatnonzero(evidence_of(planted)["evaluation"])[0])
    labels = planted.field("label").to_pylist()
    labels[row] = next(name for name in planted.labels.classes if name != labels[row])
    place = planted.fields.column_names.index("label")
    changed = Dataset(
        planted.fields.set_column(place, "label", pa.array(labels)), planted.row_ids, planted.content, planted.roles,
        planted.vectors,
    )  # fmt: skip
    settings = tuple(setting_of(evidence_of(one)) for one in (planted, changed))
    with pytest.raises(InputError, match=f"{planted.row_ids[row].as_py()!r} is labelled"):
        versions_paired(settings, evidence_of(changed), LinearProbe(), seed=0)


def test_versions_without_a_common_evaluation_row_are_refused(planted):
    evidence = evidence_of(planted)
    locked = np.flatnonzero(evidence["evaluation"])
    train = np.flatnonzero(~evidence["evaluation"])
    halves = (np.concatenate([train, half]) for half in (locked[:30], locked[30:]))
    settings = tuple(setting_of(evidence_of(planted.take(rows))) for rows in halves)
    with pytest.raises(InputError, match="no evaluation row in common"):
        versions_paired(settings, evidence, LinearProbe(), seed=0)


def test_two_models_learn_from_the_same_rows(planted):
    evidence = evidence_of(planted)
    pair = models_paired(
        setting_of(evidence), evidence, (LinearProbe(1e3), LinearProbe(1e-3)), seed=0, labels=("flat", "sharp")
    )
    truth = pair.targets.values[pair.rows]
    own = [getattr(pair, side)[np.arange(len(truth)), truth].mean() for side in ("before", "after")]
    assert own[0] < own[1]
    assert pair.labels == ("flat", "sharp")
