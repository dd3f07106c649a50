import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from burnish.kernels.graphs import aggregated, cut_between, shared_neighbor_graph
from burnish.kernels.leiden import leiden, moved
from burnish.kernels.neighbors import nearest_neighbors


def graph_of(n_rows=600, *, spread=0.3, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(6, size=n_rows)
    return shared_neighbor_graph(
        nearest_neighbors(np.eye(12)[truth] + spread * rng.normal(size=(n_rows, 12)), 15).positions
    ), truth


def modularity(graph, codes, resolution):
    above = aggregated(graph, codes)
    total = graph.degree.sum()
    return (above.inside.sum() - resolution * (above.degree**2).sum() / total) / total


@pytest.mark.parametrize("resolution", [0.5, 1.0, 4.0])
def test_no_single_move_gains_and_no_merge_gains_much(resolution):
    graph, _ = graph_of(spread=0.5)
    codes = leiden(graph, resolution, seed=0)
    found = modularity(graph, codes, resolution)
    n_codes = int(codes.max()) + 1
    for row in range(0, len(codes), 29):
        for code in range(n_codes):
            other = codes.copy()
            other[row] = code
            assert (
                modularity(graph, np.unique(other, return_inverse=True)[1].astype(np.int32), resolution) <= found + 1e-6
            )
    for a in range(n_codes):
        for b in range(a):
            joined = np.unique(np.where(codes == a, b, codes), return_inverse=True)[1].astype(np.int32)
            assert modularity(graph, joined, resolution) <= found + 1e-3


def test_planted_blobs_are_the_communities():
    graph, truth = graph_of(spread=0.1)
    assert adjusted_rand_score(truth, leiden(graph, 0.3, seed=0)) > 0.99


def test_higher_resolution_gives_more_communities():
    graph, _ = graph_of(spread=0.6)
    counts = [len(np.unique(leiden(graph, resolution, seed=0))) for resolution in (0.2, 1, 5, 25, 125)]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


def test_communities_hang_together():
    graph, _ = graph_of(spread=0.6)
    codes = leiden(graph, 2.0, seed=0)
    inside = cut_between(graph, codes)
    for code in range(int(codes.max()) + 1):
        rows = np.flatnonzero(codes == code)
        reached, waiting = {int(rows[0])}, [int(rows[0])]
        while waiting:
            node = waiting.pop()
            for other in inside.indices[inside.starts[node] : inside.starts[node + 1]].tolist():
                if other not in reached:
                    reached.add(other)
                    waiting.append(other)
        assert reached == set(rows.tolist())


def test_moving_single_nodes_never_loses():
    graph, _ = graph_of(spread=0.5)
    start = (np.arange(600) % 7).astype(np.int32)
    after = moved(graph, start, 1.0, seed=0)
    assert modularity(graph, after, 1.0) > modularity(graph, start, 1.0)
    np.testing.assert_array_equal(start, np.arange(600) % 7)


def test_the_same_seed_gives_the_same_communities():
    graph, _ = graph_of(spread=0.6)
    np.testing.assert_array_equal(leiden(graph, 1.0, seed=3), leiden(graph, 1.0, seed=3))


def test_a_row_without_an_edge_is_a_community_of_its_own():
    codes = leiden(shared_neighbor_graph(np.array([[1], [0], [-1], [-1]])), 1.0, seed=0)
    assert codes[0] == codes[1]
    assert len(set(codes.tolist())) == 3


@pytest.mark.parametrize("n_rows", [0, 1, 5])
def test_a_graph_without_edges_is_all_alone(n_rows):
    codes = leiden(shared_neighbor_graph(np.full((n_rows, 2), -1)), 1.0, seed=0)
    assert codes.tolist() == list(range(n_rows))
