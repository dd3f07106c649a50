from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from burnish.dataset import Column, Dataset, Evidence, Roles
from burnish.pipeline.confusions import Confusion, confusions


def evidence_of(labels, predicted):
    """Give evidence of rows with labels (None: without) and predictions (classes by name, None: none)."""
    n_rows = len(labels)
    given = pa.table({"label": pa.array(labels, pa.string())})
    ids = pa.array([str(i) for i in range(n_rows)])
    dataset = Dataset(given, ids, np.zeros((n_rows, 2), np.uint64), Roles(label="label"))
    codes = {name: i for i, name in enumerate(dataset.labels.classes)}
    answers = np.array([codes.get(name, -1) for name in predicted], np.int32)
    return Evidence(dataset).adding([Column("predicted", answers)])


def test_pairs_come_with_the_most_rows_first_and_rows_that_are_right_are_in_none():
    found = confusions(evidence_of(["a", "a", "a", "b", "b", "c"], ["b", "b", "a", "a", "b", "c"]))
    assert found == [Confusion("a", "b", 2, 3), Confusion("b", "a", 1, 2)]


def test_rows_without_a_label_or_a_prediction_are_not_counted():
    assert confusions(evidence_of(["a", "a", None, "b"], ["b", None, "b", "b"])) == [Confusion("a", "b", 1, 1)]


@pytest.mark.parametrize("seed", range(5))
def test_the_counts_are_those_of_a_count_row_by_row(seed):
    rng = np.random.default_rng(seed)
    names = np.array(["c", "a", "bb", "ü", "a b", "@"], object)
    labels, said = names[rng.integers(0, 6, 400)].tolist(), names[rng.integers(0, 6, 400)].tolist()
    pairs = Counter((given, other) for given, other in zip(labels, said, strict=True) if given != other)
    found = confusions(evidence_of(labels, said))
    assert {(one.given, one.predicted): one.n for one in found} == pairs
    assert [one.n for one in found] == sorted(pairs.values(), reverse=True)
    assert all(one.n_given == labels.count(one.given) for one in found)


def test_without_labels_or_predictions_nothing_is_confused():
    evidence = evidence_of(["a", "b"], ["b", "b"])
    assert confusions(Evidence(evidence.dataset)) == []
