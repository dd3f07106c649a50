import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.errors import InputError
from burnish.kernels.vectors import Vectors


def slow_units(rows):
    rows = np.asarray(rows, np.float64)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def with_unusable():
    rows = np.random.default_rng(0).normal(size=(30, 5)).astype(np.float32)
    rows[3], rows[7, 2], rows[11, 0] = 0, np.nan, np.inf
    return rows, np.delete(np.arange(30), [3, 7, 11])


@given(
    shape=st.tuples(st.integers(1, 30), st.integers(1, 9)),
    scale=st.sampled_from([1e-38, 1e-30, 1.0, 1e30]),
    dtype=st.sampled_from([np.float32, np.float64, ">f4"]),
    seed=st.integers(0, 999),
)
@settings(max_examples=60)
def test_rows_of_any_scale_have_unit_length(shape, scale, dtype, seed):
    rows = ((np.random.default_rng(seed).normal(size=shape) + 0.1) * scale).astype(dtype)
    vectors = Vectors.of(rows)
    expected = slow_units(rows.astype(np.float64)[vectors.rows] / scale)
    np.testing.assert_allclose(vectors.all(), expected, atol=2e-6 if scale > 1e-37 else 0.05)


def test_unusable_rows_are_left_out_and_keep_their_positions():
    rows, usable = with_unusable()
    vectors = Vectors.of(rows)
    np.testing.assert_array_equal(vectors.rows, usable)
    np.testing.assert_array_equal(np.flatnonzero(vectors.usable), usable)
    np.testing.assert_allclose(vectors.block(2, 9), slow_units(rows[usable[2:9]]), atol=1e-6)
    np.testing.assert_allclose(vectors.take(np.array([5, 0])), slow_units(rows[usable[[5, 0]]]), atol=1e-6)


def test_rows_by_position_are_zero_where_they_are_unusable():
    rows, _ = with_unusable()
    found = Vectors.of(rows).at(np.array([3, 0, 11, 29]))
    assert not found[[0, 2]].any()
    np.testing.assert_allclose(found[[1, 3]], slow_units(rows[[0, 29]]), atol=1e-6)


def test_a_subset_counts_its_own_rows():
    rows, _ = with_unusable()
    part = Vectors.of(rows).subset(np.array([7, 4, 29, 3, 0]))
    assert part.n_rows == 5
    assert part.rows.tolist() == [1, 2, 4]
    np.testing.assert_allclose(part.all(), slow_units(rows[[4, 29, 0]]), atol=1e-6)
    np.testing.assert_allclose(part.subset(np.array([4, 0])).all(), slow_units(rows[[0]]), atol=1e-6)


def test_centered_rows_have_unit_length_around_the_mean():
    rows, usable = with_unusable()
    vectors = Vectors.of(rows).centered()
    unit = slow_units(rows[usable])
    np.testing.assert_allclose(vectors.all(), slow_units(unit - unit.mean(axis=0)), atol=1e-5)
    np.testing.assert_allclose(Vectors.of(np.ones((4, 3))).centered().all(), 0)


def test_products_are_those_of_the_rows():
    rows, usable = with_unusable()
    left, right = np.array([0, 3, 29]), np.array([1, 2, 29])
    expected = [slow_units(rows[[0]])[0] @ slow_units(rows[[1]])[0], 0, 1]
    assert 3 not in usable
    np.testing.assert_allclose(Vectors.of(rows).products(left, right), expected, atol=1e-6)


def test_unit_float32_rows_are_not_copied():
    unit = slow_units(np.random.default_rng(0).normal(size=(50, 4))).astype(np.float32)
    assert np.shares_memory(Vectors.of(unit).all(), unit)
    assert np.shares_memory(Vectors.of(unit).block(3, 9), unit)


def test_blocks_cover_every_usable_row_once():
    vectors = Vectors.of(with_unusable()[0])
    assert [stop - start for start, stop in vectors.blocks(10)] == [10, 10, 7]
    assert Vectors.of(np.empty((0, 3))).blocks() == []


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_a_memory_mapped_file_is_named_not_taken_along(tmp_path, dtype):
    rows = np.random.default_rng(0).normal(size=(1_000, 64)).astype(dtype)
    np.save(tmp_path / "rows.npy", rows)
    vectors = Vectors.of(np.load(tmp_path / "rows.npy", mmap_mode="r"))
    kept = pickle.dumps(vectors)
    assert len(kept) < rows.nbytes / 4
    np.testing.assert_array_equal(pickle.loads(kept).all(), vectors.all())  # noqa: S301 - made here


def test_a_part_of_a_mapped_file_is_taken_along_whole(tmp_path):
    np.save(tmp_path / "rows.npy", np.arange(40.0).reshape(10, 4))
    part = Vectors.of(np.load(tmp_path / "rows.npy", mmap_mode="r")[5:])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(part)).all(), part.all())  # noqa: S301 - made here


def test_one_dimension_is_refused():
    with pytest.raises(InputError, match=r"shape \(3,\)"):
        Vectors.of(np.ones(3))
