import numpy as np
import pyarrow as pa
import pytest

from burnish.dataset import Dataset, Roles
from burnish.dataset.profiles import MAX_VALUES, profile_of, shifts


def dataset_of(**fields):
    table = pa.table(fields)
    ids = pa.array([str(i) for i in range(len(table))])
    roles = Roles(label="label" if "label" in fields else None, meta=tuple(f for f in fields if f != "label"))
    return Dataset(table, ids, np.zeros((len(table), 2), np.uint64), roles)


def test_values_are_counted_and_numbers_have_mean_and_spread():
    told = profile_of(
        dataset_of(label=["a", "b", "a", None], size=[1.5, 2.5, None, float("nan")], old=[True, False] * 2)
    )
    assert told["label"] == {"kind": "values", "counts": {"a": 2, "b": 1}, "others": 0, "missing": 1}
    assert told["size"] == {"kind": "number", "n": 2, "mean": 2.0, "std": 0.5, "missing": 2}
    assert told["old"]["counts"] == {"true": 2, "false": 2}


def test_ids_and_free_texts_have_no_profile_and_rare_values_count_as_one():
    names = [f"name {i}" for i in range(200)]
    assert "name" not in profile_of(dataset_of(name=names))
    told = profile_of(dataset_of(name=names[:60] * 3 + ["name 0"] * 20))["name"]
    assert len(told["counts"]) == MAX_VALUES
    assert told["others"] == 3 * (60 - MAX_VALUES)
    assert told["counts"]["name 0"] == 23


def test_a_shift_is_the_share_of_rows_that_would_have_to_change_or_deviations_of_the_mean():
    before = profile_of(dataset_of(label=["a"] * 8 + ["b"] * 2, size=[0.0, 2.0] * 5))
    after = profile_of(dataset_of(label=["a"] * 5 + ["b"] * 4 + [None], size=[1.0, 3.0] * 5))
    moved = {shift.field: shift for shift in shifts(before, after)}
    assert moved["label"].shift == pytest.approx(0.3)
    assert (moved["label"].before, moved["label"].after) == ({"a": 8, "b": 2}, {"a": 5, "b": 4})
    assert moved["size"].shift == pytest.approx(1.0)
    assert shifts(before, before) == []


def test_a_mean_that_hardly_moved_has_not():
    before = profile_of(dataset_of(size=[float(i) for i in range(1_000)]))
    after = profile_of(dataset_of(size=[float(i) for i in range(1_001)]))
    assert shifts(before, after) == []
