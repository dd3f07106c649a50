import numpy as np
import pytest

from burnish.kernels.cluster_growth import grow_clusters
from burnish.kernels.cluster_identity import ABSENT
from burnish.kernels.clusters import cluster_rows
from burnish.kernels.neighbors import nearest_neighbors


def blobs(truth, *, spread=0.1, seed=0):
    rng = np.random.default_rng(seed)
    return np.eye(12)[truth] + spread * rng.normal(size=(len(truth), 12))


def neighbors_of(rows):
    return nearest_neighbors(rows, 15).positions


@pytest.fixture
def grown():
    """600 rows of five blobs that are known, 40 new ones of these, and `n_born` of a sixth."""

    def make(n_born, order=None):
        rng = np.random.default_rng(1)
        truth = np.concatenate([rng.integers(5, size=640), np.full(n_born, 5)])
        rows = blobs(truth)
        known = cluster_rows(neighbors_of(rows[:600]))
        path = np.full((len(rows), known.path.shape[1]), ABSENT)
        path[:600] = known.path
        order = np.arange(len(rows)) if order is None else order(len(rows))
        found = grow_clusters(neighbors_of(rows[order]), path[order], working=known.working, first_free=len(known.size))
        back = np.argsort(order)
        return truth, known, found._replace(path=found.path[back])

    return make


def test_new_rows_join_the_clusters_of_their_kind_and_no_other_row_moves(grown):
    truth, known, found = grown(0)
    np.testing.assert_array_equal(found.path[:600], known.path)
    assert found.parent == {}
    working = found.path[:, known.working]
    assert len(np.unique(np.column_stack([working, truth]), axis=0)) == 5
    finest = {tuple(line) for line in known.path.tolist()}
    assert {tuple(line) for line in found.path.tolist()} == finest


def test_new_rows_of_a_new_kind_found_a_cluster_with_ids_above_all_others(grown):
    truth, known, found = grown(60)
    born = found.path[truth == 5]
    assert len(np.unique(born, axis=0)) == 1
    ids = [cluster for cluster in born[0].tolist() if cluster >= len(known.size)]
    assert ids == sorted(found.parent)
    assert born[0, known.working] in ids
    for level in range(1, born.shape[1]):
        if born[0, level] in found.parent:
            assert found.parent[born[0, level]] == born[0, level - 1]
    assert not np.isin(ids, found.path[truth < 5]).any()


def test_order_of_rows_does_not_matter(grown):
    plain, mixed = grown(0)[2], grown(0, lambda n: np.random.default_rng(3).permutation(n))[2]
    np.testing.assert_array_equal(plain.path, mixed.path)


def test_few_rows_apart_from_all_others_are_noise():
    truth = np.concatenate([np.repeat(np.arange(4), 60), [5, 5, 5]])
    rows = blobs(truth, spread=0.02)
    neighbors = neighbors_of(rows)
    neighbors[-3:] = -1
    neighbors[-3:, :2] = [[241, 242], [240, 242], [240, 241]]
    path = np.repeat(truth, 2).reshape(-1, 2)
    path[:, 1] += 10
    path[-3:] = ABSENT
    found = grow_clusters(neighbors, path, working=1, first_free=20)
    assert np.all(found.path[-3:] == -1)


def test_nothing_new_changes_nothing(grown):
    known = grown(0)[1]
    same = grow_clusters(np.full((600, 3), -1), known.path, working=known.working, first_free=99)
    np.testing.assert_array_equal(same.path, known.path)


def test_noise_that_got_neighbors_joins_them():
    truth = np.repeat(np.arange(3), 40)
    rows = blobs(truth, spread=0.02)
    path = truth[:, None].copy()
    path[5] = -1
    found = grow_clusters(neighbors_of(rows), path, working=0, first_free=3)
    assert found.path[5, 0] == 0
