import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.errors import InputError
from burnish.kernels import joins
from burnish.kernels.items import Held, Resources
from burnish.kernels.joins import nearest_across


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def blobs(n_rows, *, n_dims=16, n_blobs=40, seed=0):
    rng = np.random.default_rng(seed)
    centers = np.random.default_rng(99).normal(size=(n_blobs, n_dims))
    return unit(centers[rng.integers(n_blobs, size=n_rows)] + 0.4 * rng.normal(size=(n_rows, n_dims)))


@settings(max_examples=25)
@given(st.integers(1, 30), st.integers(0, 30), st.integers(1, 5), st.integers(0, 10**6))
def test_a_join_agrees_with_all_pairs(n, m, k, seed):
    rng = np.random.default_rng(seed)
    queries, keys = unit(rng.normal(size=(n, 5))), unit(rng.normal(size=(max(m, 1), 5)))[:m]
    positions, distances, recall, _ = nearest_across(queries, keys, k)
    full = np.sort(1 - queries @ keys.T, axis=1)[:, :k]
    np.testing.assert_allclose(distances[:, : full.shape[1]], full, atol=1e-5)
    assert (positions[:, full.shape[1] :] == -1).all()
    assert np.isinf(distances[:, full.shape[1] :]).all()
    assert recall == 1


def test_blocks_of_the_join_do_not_matter(monkeypatch):
    queries, keys = blobs(50), blobs(70, seed=1)
    whole = nearest_across(queries, keys, 4)
    for name, size in (("QUERY_BLOCK", 7), ("KEY_BLOCK", 3), ("ITEM_ROWS", 11)):
        monkeypatch.setattr(joins, name, size)
    parts = nearest_across(queries, keys, 4)
    assert (whole.positions == parts.positions).all()
    np.testing.assert_allclose(whole.distances, parts.distances, atol=1e-6)


def test_cells_find_the_wanted_share_of_the_nearest_keys(monkeypatch):
    queries, keys = blobs(900), blobs(8_000, seed=1)
    exact = nearest_across(queries, keys, 10)
    monkeypatch.setattr(joins, "EXACT_PAIRS", 0)
    found = nearest_across(queries, keys, 10)
    true = np.mean(found.distances <= exact.distances[:, -1:] + 1e-5)
    assert found.recall >= 0.98
    assert true == pytest.approx(found.recall, abs=0.03)
    assert found.n_sampled == 300


def test_where_cells_do_not_suffice_every_pair_is_compared(monkeypatch):
    rng = np.random.default_rng(0)
    queries, keys = rng.normal(size=(200, 64)), rng.normal(size=(900, 64))
    exact = nearest_across(queries, keys, 5)
    monkeypatch.setattr(joins, "EXACT_PAIRS", 0)
    scratch = Held()
    found = nearest_across(queries, keys, 5, recall=0.9999, resources=Resources(scratch=scratch))
    assert (found.recall, found.n_sampled) == (1, 0)
    assert not vars(scratch)["_arrays"]
    np.testing.assert_allclose(found.distances, exact.distances, atol=1e-6)


def test_unusable_rows_on_either_side_are_left_out():
    queries, keys = blobs(5), blobs(6, seed=1)
    queries[2], keys[4] = np.nan, 0
    positions, distances, *_ = nearest_across(queries, keys, 6)
    assert (positions[2] == -1).all()
    assert np.isinf(distances[2]).all()
    assert not (positions == 4).any()
    assert (positions[[0, 1, 3, 4], :5] >= 0).all()


def test_sets_of_two_widths_are_refused():
    with pytest.raises(InputError, match="16 and of 8 dimensions"):
        nearest_across(blobs(3), blobs(3, n_dims=8), 1)
