import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.kernels.nearest import nearest_to
from burnish.kernels.vectors import Vectors


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@given(st.integers(1, 300), st.integers(1, 40), st.integers(0, 10_000), st.sampled_from(["f2", "f4", "f8"]))
@settings(max_examples=60)
def test_the_nearest_rows_are_those_that_comparing_all_gives(n, k, seed, kind):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, 6)).astype(kind) * rng.integers(1, 5, (n, 1))
    rows[rng.random(n) < 0.1] = 0  # not usable
    query = unit(rng.normal(size=(1, 6)))[0]
    found = nearest_to(Vectors.of(rows), query, k)
    usable = np.flatnonzero(np.abs(rows).sum(axis=1) > 0)
    distances = np.sort(1 - unit(rows[usable].astype(float)) @ query)[:k]
    assert found.distances == pytest.approx(distances, abs=2e-3 if kind == "f2" else 1e-5)
    assert set(found.positions.tolist()) <= set(usable.tolist())
    assert len(set(found.positions.tolist())) == min(k, len(usable))


def test_a_row_that_is_left_out_is_not_among_them_and_equal_rows_come_in_order():
    rows = np.array([[1.0, 0], [1, 0], [1, 0], [0, 1]], np.float32)
    found = nearest_to(Vectors.of(rows), np.array([1.0, 0]), 3, leave_out=1)
    assert found.positions.tolist() == [0, 2, 3]
    assert found.distances == pytest.approx([0, 0, 1])


def test_blocks_do_not_matter(monkeypatch):
    rows = np.random.default_rng(0).normal(size=(500, 8)).astype(np.float32)
    query = unit(rows[:1])[0]
    whole = nearest_to(Vectors.of(rows), query, 20)
    monkeypatch.setattr("burnish.kernels.vectors.BLOCK_VALUES", 64)
    assert nearest_to(Vectors.of(rows), query, 20).positions.tolist() == whole.positions.tolist()


def test_without_usable_rows_nothing_is_near():
    assert len(nearest_to(Vectors.of(np.zeros((3, 2))), np.array([1.0, 0]), 5).positions) == 0
