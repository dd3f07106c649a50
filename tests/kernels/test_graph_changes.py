import numpy as np
import pytest

from burnish.errors import UsageError
from burnish.kernels.graph_changes import add_rows, change_rows, drop_rows
from burnish.kernels.neighbors import estimate_recall, nearest_neighbors

pytestmark = pytest.mark.slow


def blobs(n_rows, n_dims=16, *, n_blobs=40, seed=0):
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(n_blobs, n_dims))
    return (centers[rng.integers(n_blobs, size=n_rows)] + 0.5 * rng.normal(size=(n_rows, n_dims))).astype(np.float32)


def found_share(found, rows):
    return estimate_recall(rows, found, n_sampled=len(rows))


@pytest.mark.parametrize("n_new", [1, 30, 600])
def test_a_graph_that_grew_is_nearly_that_of_a_new_search(n_new):
    rows = blobs(3_000)
    old = nearest_neighbors(rows[:-n_new], 10)
    grown = add_rows(rows, old)
    assert grown.positions.shape == (3_000, 10)
    assert found_share(grown, rows) > 0.98
    new = nearest_neighbors(rows, 10)
    np.testing.assert_allclose(grown.distances[-n_new:], new.distances[-n_new:], atol=2e-6)


def test_a_graph_that_shrank_is_nearly_that_of_a_new_search():
    rows = blobs(3_000)
    old = nearest_neighbors(rows, 10)
    kept = np.sort(np.random.default_rng(1).choice(3_000, 2_700, replace=False))
    shrunk = drop_rows(rows[kept], old, kept)
    assert shrunk.positions.shape == (2_700, 10)
    assert np.all(shrunk.positions >= 0)
    assert not np.any(shrunk.positions == np.arange(2_700)[:, None])
    assert found_share(shrunk, rows[kept]) > 0.98


def test_lists_that_lost_nothing_stay_as_they_are():
    rows = blobs(500)
    old = nearest_neighbors(rows, 6)
    kept = np.arange(499)
    shrunk = drop_rows(rows[kept], old, kept)
    same = ~(old.positions[:499] == 499).any(axis=1)
    np.testing.assert_array_equal(shrunk.positions[same], old.positions[:499][same])


def test_an_unusable_new_row_has_no_neighbors_and_is_nobodys():
    rows = blobs(200)
    rows[199] = np.nan
    grown = add_rows(rows, nearest_neighbors(rows[:198], 5))
    assert np.all(grown.positions[199] == -1)
    assert not np.any(grown.positions == 199)
    assert np.all(grown.positions[198] >= 0)


def test_nothing_added_and_nothing_dropped_change_nothing():
    rows = blobs(300)
    old = nearest_neighbors(rows, 5)
    np.testing.assert_array_equal(add_rows(rows, old).positions, old.positions)
    np.testing.assert_array_equal(drop_rows(rows, old, np.arange(300)).positions, old.positions)


def test_rows_that_do_not_fit_the_graph_are_refused():
    rows = blobs(50)
    old = nearest_neighbors(rows, 3)
    with pytest.raises(UsageError, match="20 rows"):
        add_rows(rows[:20], old)
    with pytest.raises(UsageError, match="50 embeddings"):
        drop_rows(rows, old, np.arange(40))


@pytest.mark.parametrize("seed", [0, 1])
def test_rows_dropped_and_added_in_any_order_give_nearly_the_graph_of_a_new_search(seed):
    rng = np.random.default_rng(seed)
    before = blobs(3_000, seed=seed)
    rows = np.concatenate([rng.choice(3_000, 2_800, replace=False), np.full(150, -1)])
    rng.shuffle(rows)
    now = np.where(rows[:, None] >= 0, before[rows], blobs(len(rows), seed=seed))
    changed = change_rows(now, nearest_neighbors(before, 10), rows)
    new = nearest_neighbors(now, 10)
    assert changed.positions.shape == (2_950, 10)
    assert not np.any(changed.positions == np.arange(2_950)[:, None])
    assert found_share(changed, now) > 0.98
    assert np.mean(changed.positions == new.positions) > 0.95
    fresh = rows < 0
    np.testing.assert_allclose(changed.distances[fresh], new.distances[fresh], atol=2e-6)


def test_rows_that_only_changed_their_order_keep_their_lists():
    rows = blobs(400)
    order = np.random.default_rng(2).permutation(400)
    old = nearest_neighbors(rows, 6)
    changed = change_rows(rows[order], old, order)
    np.testing.assert_array_equal(order[changed.positions], old.positions[order])
    np.testing.assert_array_equal(changed.distances, old.distances[order])
