"""What the labels of a data set are, in one sentence, and each row's label as the page shows it."""

import numpy as np
import pyarrow as pa
import pytest

from burnish.app.labels_told import label_sentence
from burnish.app.row_documents import _labels
from burnish.dataset import Dataset, Roles


def dataset_of(labels, role="y"):
    n_rows = len(labels)
    ids = pa.array([str(i) for i in range(n_rows)])
    return Dataset(pa.table({"y": labels}), ids, np.zeros((n_rows, 2), np.uint64), Roles(label=role))


@pytest.mark.parametrize(("labels", "said"), [
    (pa.array(["a", "b"]), ""),
    (pa.array([True, False]), ""),
    (pa.array(["a", None, ""]), "2 rows have no label."),
    (pa.array([0.5, 1.0, None]), "The labels, y, are numbers from 0.5 to 1, median 0.75; 1 row has no label."),
    (pa.array([["a"], [], None]), "The labels, y, are sets of classes; 1 row has no class; 1 row has no label."),
])  # fmt: skip
def test_what_labels_are_is_said_where_their_classes_do_not_say_it(labels, said):
    assert label_sentence(dataset_of(labels)) == said


def test_a_data_set_without_labels_says_so():
    assert label_sentence(dataset_of(pa.array(["a"]), role=None)) == (
        "It has no labels: to name their field, read it with `burnish audit SOURCE --label FIELD`."
    )


def test_a_row_of_no_class_has_a_label_and_one_that_is_not_known_has_none():
    assert _labels(dataset_of(pa.array([["b", "a"], [], None]))) == ["b, a", "no class", None]
    assert _labels(dataset_of(pa.array(["a", "", None]))) == ["a", None, None]
