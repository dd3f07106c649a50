import numpy as np
import pyarrow as pa
import pytest

from burnish.dataset import Changeset, Dataset, Edit, Roles, Targets
from burnish.errors import InputError

SETS = pa.array([["b", "a"], [], None, ["c"], ["a"]], pa.list_(pa.string()))
FLOATS = pa.array([0.5, None, 2.0, float("nan"), 1.5])


def dataset_of(labels, **roles):
    values = labels if isinstance(labels, (pa.Array, pa.ChunkedArray)) else pa.array(labels)
    n_rows = len(values)
    content = np.arange(2 * n_rows, dtype=np.uint64).reshape(-1, 2)
    ids = pa.array([f"r{i}" for i in range(n_rows)], pa.string())
    return Dataset(pa.table({"label": values}), ids, content, Roles(label="label", **roles))


@pytest.mark.parametrize(
    ("labels", "task"),
    [
        (["a", "b"], "classification"),
        ([1, 2], "classification"),
        ([1.0, 2.0], "classification"),
        ([True, False], "classification"),
        ([0.5, 2.0], "regression"),
        ([None, 2.5], "regression"),
        ([["a"], []], "multi-label"),
        (pa.array([["a", "b"], ["c", "a"]], pa.list_(pa.string(), 2)), "multi-label"),
        (pa.array([["a"]], pa.large_list(pa.string())), "multi-label"),
    ],
)
def test_the_type_of_the_labels_tells_the_task(labels, task):
    dataset = dataset_of(labels)
    assert dataset.task == task
    assert Targets.of(dataset).task == task


def test_without_labels_there_are_no_targets():
    dataset = dataset_of(["a", "b"])
    nothing = Dataset(dataset.fields, dataset.row_ids, dataset.content, Roles())
    assert nothing.task == "classification"
    with pytest.raises(InputError, match="has no labels"):
        Targets.of(nothing)


def test_classes_are_codes_into_the_sorted_names_and_unknown_is_below_zero():
    targets = Targets.of(dataset_of(["dog", None, "cat", ""]))
    assert targets.classes == ("cat", "dog")
    assert targets.values.tolist() == [1, -1, 0, -1]
    assert targets.known.tolist() == [True, False, True, False]
    assert targets.n_outputs == 2


def test_sets_are_a_line_of_zeros_and_ones_and_only_null_is_unknown():
    targets = Targets.of(dataset_of(SETS))
    assert targets.classes == ("a", "b", "c")
    np.testing.assert_array_equal(targets.values[[0, 1, 3, 4]], [[1, 1, 0], [0, 0, 0], [0, 0, 1], [1, 0, 0]])
    assert np.isnan(targets.values[2]).all()
    assert targets.known.tolist() == [True, True, False, True, True]
    assert targets.n_outputs == 3


def test_sets_of_numbers_have_the_numbers_as_names():
    targets = Targets.of(dataset_of([[2, 10], [2], []]))
    assert targets.classes == ("10", "2")
    assert targets.values.tolist() == [[1, 1], [0, 1], [0, 0]]


def test_a_class_that_is_null_inside_a_set_is_passed_over():
    targets = Targets.of(dataset_of([["a", None], ["b"]]))
    assert targets.classes == ("a", "b")
    assert targets.values.tolist() == [[1, 0], [0, 1]]


def test_sets_are_read_alike_from_a_part_of_a_table():
    whole = Targets.of(dataset_of(SETS)).values
    np.testing.assert_array_equal(Targets.of(dataset_of(SETS.slice(1, 3))).values, whole[1:4, 2:])


def test_numbers_stay_numbers_and_missing_ones_are_unknown():
    targets = Targets.of(dataset_of(FLOATS))
    assert targets.known.tolist() == [True, False, True, False, True]
    assert targets.values[[0, 2, 4]].tolist() == [0.5, 2.0, 1.5]
    assert targets.classes == ()
    assert targets.n_outputs == 1


def test_whole_numbers_are_targets_of_regression_when_asked_for():
    targets = Targets.of(dataset_of([3, 1, 2]), "regression")
    assert targets.task == "regression"
    assert targets.values.tolist() == [3.0, 1.0, 2.0]


def test_numbers_with_a_fraction_are_classes_when_asked_for():
    assert Targets.of(dataset_of([0.5, 1.5, 0.5]), "classification").classes == ("0.5", "1.5")


def test_words_are_no_numbers_and_no_sets():
    with pytest.raises(InputError, match="not numbers"):
        Targets.of(dataset_of(["a", "b"]), "regression")
    with pytest.raises(InputError, match="not lists of classes"):
        Targets.of(dataset_of(["a", "b"]), "multi-label")


def test_rows_are_drawn_alike_from_classes():
    targets = Targets.of(dataset_of(["dog", None, "cat"]))
    assert targets.strata.tolist() == [1, -1, 0]


def test_rows_are_drawn_alike_from_quintiles_of_a_number():
    numbers = np.random.default_rng(0).permutation(100) + 0.5
    strata = Targets.of(dataset_of(numbers)).strata
    assert np.bincount(strata).tolist() == [20] * 5
    assert np.array_equal(strata, np.floor(numbers / 20).astype(int))


def test_rows_are_drawn_alike_by_the_commonest_class_of_their_set():
    targets = Targets.of(dataset_of([["a", "b"], ["b"], ["a", "b"], [], None, ["b", "c"], ["c"]]))
    b, c, no_class, unknown = 1, 2, 3, -1
    assert targets.strata.tolist() == [b, b, b, no_class, unknown, b, c]


def test_where_nothing_is_known_every_stratum_is_unknown():
    assert Targets.of(dataset_of(pa.array([None, None], pa.float64())), "regression").strata.tolist() == [-1, -1]


def test_a_relabel_changes_that_row_alone_and_leaves_the_old_targets_as_they_were():
    targets = Targets.of(dataset_of(["dog", "cat", "dog"]))
    changed = targets.relabelled({0: "cat"})
    assert changed.values.tolist() == [0, 0, 1]
    assert targets.values.tolist() == [1, 0, 1]
    assert targets.relabelled({}) is targets


def test_a_set_is_relabelled_to_a_json_list_and_a_number_to_a_number():
    sets = Targets.of(dataset_of(SETS)).relabelled({3: '["a", "b"]', 0: "[]"})
    assert sets.values[3].tolist() == [1, 1, 0]
    assert sets.values[0].tolist() == [0, 0, 0]
    assert Targets.of(dataset_of(FLOATS)).relabelled({1: "-2.5"}).values[1] == -2.5


@pytest.mark.parametrize(
    ("labels", "label", "said"),
    [
        (["dog", "cat"], "cow", "'cow', which no row is labelled"),
        (["dog", "cat"], None, "None, which no row is labelled"),
        ([0.5, 1.5], "large", "'large', which is no number"),
        ([0.5, 1.5], "nan", "'nan', which is no number"),
        ([0.5, 1.5], "inf", "'inf', which is no number"),
        ([0.5, 1.5], None, "None, which is no number"),
        ([["a"], ["b"]], "a", "'a', which is no list of classes"),
        ([["a"], ["b"]], '{"a": 1}', "which is no list of classes"),
        ([["a"], ["b"]], None, "None, which is no list of classes"),
        ([["a"], ["b"]], '["z"]', "'z', which no row is labelled"),
    ],
)
def test_a_relabel_that_is_no_label_of_the_task_is_refused_with_the_value(labels, label, said):
    with pytest.raises(InputError, match="relabels a row to") as raised:
        Targets.of(dataset_of(labels)).relabelled({0: label})
    assert said in str(raised.value)
    assert raised.value.remedy


@pytest.mark.parametrize(
    ("labels", "label"),
    [
        (["dog", "cat", "cat", "dog"], "dog"),
        ([0.5, 1.5, 0.5], "4.25"),
        ([["a"], ["b"], ["a", "b"]], '["a", "b"]'),
        ([[1], [2], [2, 1]], "[1, 2]"),
        ([3, 4, 4, 3], "3"),
    ],
)
def test_a_relabel_means_the_same_to_a_measurement_and_to_the_next_version(labels, label):
    dataset = dataset_of(labels)
    changed = Changeset(dataset.version, (Edit("r1", "relabel", "HAND", "a test", label=label),)).apply(dataset)
    measured = Targets.of(dataset).relabelled({1: label})
    np.testing.assert_array_equal(Targets.of(changed, measured.task).values[1], measured.values[1])


def test_a_version_tells_labels_of_every_kind_apart():
    kinds = [["a", "b"], ["a", "c"], [["a"], ["b"]], [["a", "b"], []], [["a"], None], [0.5, 1.5], [0.5, 1.25]]
    versions = [dataset_of(pa.array(labels)).version for labels in kinds]
    assert len(set(versions)) == len(kinds)
    assert versions == [dataset_of(pa.array(labels)).version for labels in kinds]


def test_a_version_does_not_hang_on_the_task_that_is_asked_for():
    dataset = dataset_of([1, 2, 3])
    assert dataset.for_task("regression").version == dataset.version


def test_for_its_own_task_a_data_set_is_itself_and_for_another_a_view():
    dataset = dataset_of([1, 2, 2])
    assert dataset.for_task("classification") is dataset
    numbers = dataset.for_task("regression")
    assert numbers.task == "regression"
    assert dataset.task == "classification"
    assert len(numbers.take([0, 2])) == 2
    assert numbers.take([0, 2]).task == "regression"


def test_only_classes_have_codes():
    assert dataset_of(["a", "b"]).labels.classes == ("a", "b")
    assert dataset_of([["a"], ["b"]]).labels is None
    assert dataset_of([0.5, 1.5]).labels is None
    assert dataset_of([0.5, 1.5]).for_task("classification").labels.classes == ("0.5", "1.5")
    assert dataset_of([1, 2]).for_task("regression").labels is None
