import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from burnish.kernels.graphs import (
    aggregated,
    component_sizes,
    cut_between,
    induced,
    renumbered,
    shared_neighbor_graph,
    unweighted,
)
from burnish.kernels.neighbors import nearest_neighbors


def neighbors_of(n_rows, k, seed):
    rows = np.random.default_rng(seed).normal(size=(n_rows, 3))
    rows[seed % n_rows] = 0
    return nearest_neighbors(rows, k).positions


def dense(graph):
    return csr_array((graph.weights, graph.indices, graph.starts), shape=(graph.n_nodes, graph.n_nodes)).toarray()


def slow_jaccard(neighbors):
    """The obvious version: sets, one pair at a time."""
    sets = [{i, *(j for j in line if j >= 0)} for i, line in enumerate(neighbors.tolist())]
    weights = np.zeros((len(sets), len(sets)))
    for i, line in enumerate(neighbors.tolist()):
        for j in line:
            if j >= 0:
                weights[i, j] = weights[j, i] = len(sets[i] & sets[j]) / len(sets[i] | sets[j])
    return weights


sizes = st.tuples(st.integers(1, 40), st.integers(1, 8), st.integers(0, 1000))


@settings(max_examples=30)
@given(sizes)
def test_edge_weights_agree_with_sets_compared_one_by_one(size):
    neighbors = neighbors_of(*size)
    graph = shared_neighbor_graph(neighbors)
    slow = slow_jaccard(neighbors)
    np.testing.assert_allclose(dense(graph), slow, atol=1e-6)
    np.testing.assert_allclose(graph.degree, slow.sum(axis=1), atol=1e-5)
    np.testing.assert_array_equal(dense(unweighted(graph)), slow > 0)


@settings(max_examples=20)
@given(sizes, st.integers(0, 99))
def test_parts_of_a_graph_are_those_of_its_matrix(size, seed):
    graph = shared_neighbor_graph(neighbors_of(*size))
    whole = dense(graph)
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(size[0], rng.integers(1, size[0] + 1), replace=False))
    np.testing.assert_array_equal(dense(induced(graph, rows)), whole[np.ix_(rows, rows)])
    codes = rng.integers(3, size=size[0]).astype(np.int32)
    np.testing.assert_array_equal(dense(cut_between(graph, codes)), whole * (codes[:, None] == codes))


@settings(max_examples=20)
@given(sizes, st.integers(0, 99))
def test_parts_as_nodes_keep_every_weight(size, seed):
    graph = shared_neighbor_graph(neighbors_of(*size))
    parts = renumbered(np.random.default_rng(seed).integers(5, size=size[0]))
    above = aggregated(graph, parts)
    member = np.eye(above.n_nodes)[parts]
    together = member.T @ dense(graph) @ member
    np.testing.assert_allclose(dense(above), together * (1 - np.eye(above.n_nodes)), atol=1e-4)
    np.testing.assert_allclose(above.inside, np.diag(together), atol=1e-4)
    np.testing.assert_allclose(above.degree, together.sum(axis=1), atol=1e-4)
    twice = aggregated(above, np.zeros(above.n_nodes, np.int32))
    np.testing.assert_allclose(twice.inside, [together.sum()], rtol=1e-5)


def test_components_are_counted_over_every_edge():
    graph = shared_neighbor_graph(np.array([[1], [0], [3], [4], [3], [-1]]))
    assert component_sizes(graph).tolist() == [2, 2, 3, 3, 3, 1]


def test_codes_are_renumbered_in_their_order():
    assert renumbered(np.array([7, 2, 7, 9])).tolist() == [1, 0, 1, 2]
    assert renumbered(np.empty(0, np.int32)).tolist() == []


def test_a_graph_without_rows_or_edges_is_a_graph():
    for neighbors in (np.empty((0, 3), int), np.full((4, 2), -1)):
        graph = shared_neighbor_graph(neighbors)
        assert graph.n_nodes == len(neighbors)
        assert graph.degree.sum() == 0
