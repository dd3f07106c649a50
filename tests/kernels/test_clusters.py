import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from burnish.adapters.engines import Threads
from burnish.kernels.clusters import agreement, cluster_rows
from burnish.kernels.items import Resources
from burnish.kernels.neighbors import nearest_neighbors


def blobs(n_rows, *, n_blobs=6, spread=0.1, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(n_blobs, size=n_rows)
    return np.eye(12)[truth] + spread * rng.normal(size=(n_rows, 12)), truth


def neighbors_of(rows, k=15):
    return nearest_neighbors(rows, k).positions


def test_planted_blobs_are_the_working_level_and_fully_stable():
    rows, truth = blobs(900)
    found = cluster_rows(neighbors_of(rows), seed=0)
    assert adjusted_rand_score(truth, found.path[:, found.working]) > 0.98
    working = found.level == found.working
    assert working.sum() == 6
    assert np.all(found.stability[working] > 0.95)


def test_clusters_of_plain_noise_are_reported_as_unstable():
    rows = np.random.default_rng(0).normal(size=(900, 12))
    found = cluster_rows(neighbors_of(rows), seed=0)
    working = found.level == found.working
    assert np.average(found.stability[working], weights=found.size[working]) < 0.75


@pytest.mark.parametrize("spread", [0.1, 0.5])
def test_levels_are_nested_and_ids_are_unique_over_all_levels(spread):
    found = cluster_rows(neighbors_of(blobs(700, spread=spread)[0]), seed=0)
    n_levels = found.path.shape[1]
    ids = [set(np.unique(found.path[:, level])) for level in range(n_levels)]
    assert sum(len(level) for level in ids) == len(set().union(*ids)) == len(found.size)
    for level in range(1, n_levels):
        np.testing.assert_array_equal(found.parent[found.path[:, level]], found.path[:, level - 1])
    assert np.all(found.parent[found.path[:, 0]] == -1)
    for level in range(n_levels):
        assert ids[level] == set(np.flatnonzero(found.level == level))
    assert [len(level) for level in ids] == sorted(len(level) for level in ids)


def test_working_clusters_are_numbered_first_by_size():
    found = cluster_rows(neighbors_of(blobs(700)[0]), seed=0)
    n_working = int((found.level == found.working).sum())
    np.testing.assert_array_equal(np.unique(found.path[:, found.working]), np.arange(n_working))
    assert np.all(np.diff(found.size[:n_working]) <= 0)
    np.testing.assert_array_equal(found.size[:n_working], np.bincount(found.path[:, found.working]))


def test_no_cluster_is_smaller_than_stated():
    found = cluster_rows(neighbors_of(blobs(400, spread=0.6)[0]), min_size=8, seed=0)
    assert found.size.min() >= 8


def test_only_cut_off_rows_are_noise():
    rows, _ = blobs(300)
    rows[5] = 0
    apart = np.zeros((3, 12))
    apart[:, 11] = -1
    neighbors = neighbors_of(np.vstack([rows, apart]), k=2)
    neighbors[300:] = [[301, 302], [300, 302], [300, 301]]
    neighbors[:300][neighbors[:300] >= 300] = -1
    found = cluster_rows(neighbors, seed=0)
    assert np.all(found.path[[5, 300, 301, 302]] == -1)
    assert np.mean(found.path[:300, 0] >= 0) > 0.9


@pytest.mark.slow
def test_thousands_of_copies_are_one_cluster_at_every_level():
    found = cluster_rows(neighbors_of(np.ones((3000, 4))), seed=0)
    assert found.size.tolist() == [3000] * 4


@pytest.mark.parametrize("n_rows", [0, 1, 2, 4, 6])
def test_tiny_sets_are_noise_or_one_cluster(n_rows):
    found = cluster_rows(neighbors_of(np.random.default_rng(0).normal(size=(n_rows, 3))), seed=0)
    assert found.path.shape == (n_rows, 4)
    expected = 4 if n_rows >= 5 else 0
    assert len(found.size) == len(found.parent) == len(found.stability) == expected
    assert np.all((found.path >= 0) == (n_rows >= 5))


def test_the_same_seed_gives_the_same_answer():
    neighbors = neighbors_of(blobs(500, spread=0.5)[0])
    first, second = cluster_rows(neighbors, seed=3), cluster_rows(neighbors, seed=3)
    np.testing.assert_array_equal(first.path, second.path)
    np.testing.assert_array_equal(first.stability, second.stability)


def test_the_order_of_rows_hardly_matters_where_there_are_clusters():
    rows, _ = blobs(600)
    moved = np.random.default_rng(1).permutation(600)
    straight, shuffled = cluster_rows(neighbors_of(rows), seed=0), cluster_rows(neighbors_of(rows[moved]), seed=0)
    again = shuffled.path[:, shuffled.working]
    assert adjusted_rand_score(straight.path[moved, straight.working], again) > 0.98


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=40))
@settings(max_examples=60)
def test_agreement_is_the_adjusted_rand_index(pairs):
    one, other = np.array(pairs).T
    one, other = (np.unique(codes, return_inverse=True)[1] for codes in (one, other))
    assert agreement(one, other) == pytest.approx(adjusted_rand_score(one, other), abs=1e-9)


def test_two_threads_find_the_same_clusters():
    neighbors = neighbors_of(blobs(700, spread=0.4)[0])
    one, two = cluster_rows(neighbors), cluster_rows(neighbors, resources=Resources(Threads(2)))
    np.testing.assert_array_equal(one.path, two.path)
    np.testing.assert_array_equal(one.stability, two.stability)


def test_a_sharp_structure_is_worked_with_at_the_finest_level_and_a_vague_one_is_not():
    sharp = cluster_rows(neighbors_of(blobs(900, n_blobs=12, spread=0.1)[0]))
    vague = cluster_rows(neighbors_of(np.random.default_rng(0).normal(size=(900, 12))))
    assert sharp.working == 3
    assert vague.working < 3
