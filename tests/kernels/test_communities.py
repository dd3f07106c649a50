import numpy as np
from sklearn.metrics import adjusted_rand_score

from burnish.kernels.communities import FINEST, N_LEVELS, Layers, find_level, find_levels
from burnish.kernels.graphs import aggregated, shared_neighbor_graph
from burnish.kernels.neighbors import nearest_neighbors


def unequal_blobs(*, seed=0):
    """One large group and many small ones: what a single resolution cannot see together."""
    rng = np.random.default_rng(seed)
    sizes = [3_000, *([25] * 40)]
    truth = np.repeat(np.arange(41), sizes)
    centers = rng.normal(size=(41, 24))
    rows = centers[truth] + 0.25 * rng.normal(size=(len(truth), 24))
    return shared_neighbor_graph(nearest_neighbors(rows, 15).positions), truth


def test_the_finest_level_sees_small_groups_without_cutting_large_ones():
    graph, truth = unequal_blobs()
    codes = find_level(Layers.of(graph, seed=0), FINEST, min_size=5, seed=0)
    assert adjusted_rand_score(truth, codes) > 0.98
    assert len(np.unique(codes)) > 30


def test_every_group_of_the_finest_level_is_closed():
    graph, _ = unequal_blobs()
    above = aggregated(graph, find_level(Layers.of(graph, seed=0), FINEST, min_size=5, seed=0))
    assert np.all(1 - above.inside / above.degree <= 0.2 + 1e-9)


def test_no_community_is_smaller_than_stated_at_any_level():
    rows = np.random.default_rng(0).normal(size=(700, 8))
    graph = shared_neighbor_graph(nearest_neighbors(rows, 15).positions)
    for codes in find_levels(graph, min_size=12, seed=0):
        assert np.bincount(codes).min() >= 12


def test_levels_found_inside_communities_do_not_cross_them():
    graph, _ = unequal_blobs()
    layers = Layers.of(graph, seed=0)
    coarse = find_level(layers, 0, min_size=5, seed=0)
    for level in range(1, N_LEVELS):
        fine = find_level(layers.inside(coarse), level, min_size=5, seed=0)
        assert all(len(np.unique(coarse[fine == code])) == 1 for code in np.unique(fine))


def test_a_graph_without_rows_has_levels_without_rows():
    levels = find_levels(shared_neighbor_graph(np.empty((0, 4), int)), min_size=5, seed=0)
    assert [len(codes) for codes in levels] == [0] * N_LEVELS
