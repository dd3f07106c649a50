import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.kernels.top import Best, Side, insert, keep_best, keep_best_of_both, largest_columns, smallest_values


@given(n_columns=st.integers(1, 2_000), k=st.integers(1, 20), seed=st.integers(0, 99), ties=st.booleans())
@settings(max_examples=60)
def test_the_largest_are_those_of_a_full_sort(n_columns, k, seed, ties):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((4, n_columns))
    if ties:
        values = np.round(values, 1)
    columns = largest_columns(values, k)
    assert columns.shape == (4, min(k, n_columns))
    assert all(len(set(line)) == len(line) for line in columns.tolist())
    found = np.sort(np.take_along_axis(values, columns, axis=1), axis=1)
    np.testing.assert_array_equal(found, np.sort(values, axis=1)[:, -k:])
    np.testing.assert_array_equal(np.sort(smallest_values(values, k), axis=1), np.sort(values, axis=1)[:, :k])


def test_minus_infinity_is_the_last_choice():
    values = np.full((1, 500), -np.inf)
    values[0, [3, 400]] = 1.0, 2.0
    assert {3, 400} <= set(largest_columns(values, 5)[0].tolist())


def names(*values):
    return np.array(values, np.int32)


def slow_best(similarities, k, own=None):
    """The obvious version: sort each line."""
    similarities = similarities.copy()
    if own is not None:
        similarities[np.arange(len(own)), own] = -np.inf
    return -np.sort(-similarities, axis=1)[:, :k]


@given(
    n=st.integers(1, 400), k=st.integers(1, 40), step=st.integers(1, 130),
    drawn=st.tuples(st.integers(0, 999), st.booleans()),
)  # fmt: skip
@settings(max_examples=60)
def test_lists_merged_block_by_block_are_those_of_a_full_sort(n, k, step, drawn):
    seed, ties = drawn
    similarities = np.random.default_rng(seed).standard_normal((3, n)).astype(np.float32)
    if ties:
        similarities = np.round(similarities, 1)
    own = np.array([0, n // 2, n - 1])
    best = Best.empty(3, k)
    for start in range(0, n, step):
        block = np.ascontiguousarray(similarities[:, start : start + step])
        columns = np.arange(start, start + block.shape[1], dtype=np.int32)
        keep_best(best, Side(names(0, 1, 2), own.astype(np.int32)), block, columns)
    width = min(k, n - 1)
    np.testing.assert_array_equal(best.similarities[:, :width], slow_best(similarities, width, own))
    assert np.all(best.positions[:, width:] == -1)
    for line, listed in enumerate(best.positions[:, :width].tolist()):
        assert own[line] not in listed
        assert len(set(listed)) == len(listed)
        np.testing.assert_array_equal(similarities[line, listed], best.similarities[line, :width])


@given(m=st.integers(1, 60), n=st.integers(1, 100), k=st.integers(1, 20), seed=st.integers(0, 999))
@settings(max_examples=40)
def test_a_block_fills_the_lists_of_both_its_sides(m, n, k, seed):
    similarities = np.random.default_rng(seed).standard_normal((m, n)).astype(np.float32)
    best = Best.empty(m + n, k)
    asking = Side(np.arange(m, dtype=np.int32), np.arange(1_000, 1_000 + m, dtype=np.int32))
    asked = Side(np.arange(m, m + n, dtype=np.int32), np.arange(n, dtype=np.int32))
    keep_best_of_both(best, asking, similarities, asked)
    np.testing.assert_array_equal(best.similarities[:m, : min(k, n)], slow_best(similarities, min(k, n)))
    np.testing.assert_array_equal(best.similarities[m:, : min(k, m)], slow_best(similarities.T, min(k, m)))
    assert np.all((best.positions[:m] < n) & (best.positions[:m] >= -1))
    assert np.all((best.positions[m:] >= 1_000) | (best.positions[m:] == -1))


def test_a_block_seen_twice_changes_nothing():
    similarities = np.random.default_rng(0).standard_normal((5, 70)).astype(np.float32)
    best = Best.empty(5, 6)
    asking, columns = Side(np.arange(5, dtype=np.int32), np.full(5, -1, np.int32)), np.arange(70, dtype=np.int32)
    keep_best(best, asking, similarities, columns)
    once = best.copy()
    keep_best(best, asking, similarities, columns)
    np.testing.assert_array_equal(best.positions, once.positions)


def test_an_entry_is_listed_once_and_only_when_good_enough():
    best = Best.empty(1, 2)
    for similarity, position in ((0.1, 7), (0.5, 8), (0.5, 8), (0.05, 9), (0.9, 8)):
        insert(best, 0, np.float32(similarity), position)
    assert best.positions.tolist() == [[8, 7]]
    assert best.similarities[0].tolist() == pytest.approx([0.5, 0.1])


def test_parts_of_lists_are_views_and_join_again():
    best = Best.empty(4, 2)
    insert(best.lines(1, 3), 0, np.float32(0.5), 9)
    assert best.positions[1].tolist() == [9, -1]
    joined = Best.joined([best.lines(0, 2), best.lines(2, 4)], 2)
    np.testing.assert_array_equal(joined.positions, best.positions)
    assert len(Best.joined([], 3).positions) == 0
