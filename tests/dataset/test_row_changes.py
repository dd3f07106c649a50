import numpy as np
import pyarrow as pa
import pytest

from burnish.dataset import Dataset, Roles
from burnish.dataset.row_changes import differ, row_changes


def dataset_of(rows, *, vectors=None, roles=None):
    """Rows of (id, text, label, size)."""
    ids, texts, labels, sizes = zip(*rows, strict=True)
    fields = pa.table({"text": texts, "label": pa.array(labels, pa.string()), "size": pa.array(sizes, pa.float64())})
    content = np.array([[sum(map(ord, text)), len(text)] for text in texts], np.uint64)
    return Dataset(fields, pa.array(ids), content, roles or Roles(text="text", label="label", meta=("size",)), vectors)


ROWS = [("a", "one", "x", 1.0), ("b", "two", "y", float("nan")), ("c", "three", None, None), ("d", "four", "x", 4.0)]


def test_the_same_rows_in_the_same_order_are_no_change():
    found = row_changes(dataset_of(ROWS), dataset_of(ROWS))
    assert found.nothing
    assert found.here.tolist() == found.there.tolist() == [0, 1, 2, 3]


def test_another_order_is_a_change_in_which_every_row_is_the_same():
    found = row_changes(dataset_of(ROWS), dataset_of([ROWS[2], ROWS[0], ROWS[3], ROWS[1]]))
    assert not found.nothing
    assert found.here.tolist() == [2, 0, 3, 1]
    assert (len(found.gone), len(found.new), found.relabelled.any()) == (0, 0, False)


def test_new_gone_relabelled_and_rewritten_rows_are_told_apart():
    after = [("e", "five", "x", 5.0), ("a", "one", "z", 1.0), ("c", "three!", None, None), ("d", "four", "x", 4.5)]
    found = row_changes(dataset_of(ROWS), dataset_of(after))
    assert (found.here.tolist(), found.there.tolist(), found.relabelled.tolist()) == ([0], [1], [True])
    assert found.gone.tolist() == [1, 2, 3]
    assert found.new.tolist() == [0, 2, 3]


def test_a_label_that_comes_or_goes_is_relabelled():
    after = [*ROWS[:2], ("c", "three", "x", None), ("d", "four", None, 4.0)]
    assert row_changes(dataset_of(ROWS), dataset_of(after)).relabelled.tolist() == [False, False, True, True]


def test_other_fields_make_every_row_another_one():
    other = dataset_of(ROWS)
    wider = Dataset(other.fields.append_column("more", other.fields["size"]), other.row_ids, other.content, other.roles)
    found = row_changes(dataset_of(ROWS), wider)
    assert (len(found.here), len(found.gone), len(found.new)) == (0, 4, 4)


def test_vectors_beside_texts_count_and_vectors_that_came_or_went_too():
    vectors = np.arange(8, dtype=np.float32).reshape(4, 2)
    moved = vectors.copy()
    moved[2, 1] = np.nan
    before, after = dataset_of(ROWS, vectors=vectors), dataset_of(ROWS, vectors=moved)
    assert row_changes(before, after).new.tolist() == [2]
    assert row_changes(after, after).nothing
    assert len(row_changes(before, dataset_of(ROWS)).new) == 4
    assert before.version != after.version


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([1, None, 3], [1, None, 4], [False, False, True]),
        ([None, 1], [1, None], [True, True]),
        ([0.5, float("nan")], [0.5, float("nan")], [False, False]),
        ([float("nan"), 1.0], [1.0, 1.0], [True, False]),
        ([["a"], None, []], [["a"], [], []], [False, True, False]),
        (["", None], [None, None], [True, False]),
    ],
)
def test_values_differ_where_they_are_not_the_same(first, second, expected):
    assert differ(pa.array(first), pa.array(second)).tolist() == expected
