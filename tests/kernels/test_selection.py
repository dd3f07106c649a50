import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.errors import UsageError
from burnish.kernels.graphs import similarity_graph
from burnish.kernels.neighbors import Neighbors, nearest_neighbors
from burnish.kernels.selection import coverage_of, select_diverse, select_on_graph


def blobs(n_rows=300, *, n_blobs=8, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(n_blobs, size=n_rows)
    return np.eye(12)[truth] + 0.15 * rng.normal(size=(n_rows, 12)), truth


def slow_greedy(found, budget, weights, reach=1):
    """The obvious version: a dense matrix, every gain anew."""
    similar = dense(found) * np.broadcast_to(reach, len(found.positions))[:, None]
    covered, chosen = np.zeros(len(similar)), []
    for _ in range(budget):
        gains = (np.maximum(similar - covered, 0) * weights).sum(axis=1)
        gains[chosen] = -1
        chosen.append(int(gains.argmax()))
        covered = np.maximum(covered, similar[chosen[-1]])
    return chosen


def dense(found):
    graph = similarity_graph(found.positions, found.distances)
    n_rows = graph.n_nodes
    similar = np.eye(n_rows)
    for row in range(n_rows):
        edges = slice(graph.starts[row], graph.starts[row + 1])
        similar[row, graph.indices[edges]] = graph.weights[edges]
    return similar


@settings(max_examples=20)
@given(n_rows=st.integers(2, 60), k=st.integers(1, 8), seed=st.integers(0, 999), weighted=st.booleans())
def test_each_lazy_choice_gains_as_much_as_any_could(n_rows, k, seed, weighted):
    rng = np.random.default_rng(seed)
    found = nearest_neighbors(rng.normal(size=(n_rows, 4)), k)
    weights = rng.random(n_rows) if weighted else np.ones(n_rows)
    budget = int(rng.integers(1, n_rows + 1))
    chosen = select_diverse(np.empty((n_rows, 0)), budget=budget, neighbors=found, weights=weights)
    assert len(set(chosen.tolist())) == budget
    similar, covered = dense(found), np.zeros(n_rows)
    for i, row in enumerate(chosen):  # of equal gains any may be taken, and what comes then may be worth less or more
        gains = (np.maximum(similar - covered, 0) * weights).sum(axis=1)
        gains[chosen[:i]] = -1
        assert gains[row] == pytest.approx(gains.max(), rel=1e-5, abs=1e-5)
        covered = np.maximum(covered, similar[row])


def test_every_blob_is_chosen_from_before_any_twice():
    rows, truth = blobs()
    assert sorted(truth[select_diverse(rows, budget=8)].tolist()) == list(range(8))


def test_what_is_chosen_covers_more_than_chance():
    rows, _ = blobs(600, n_blobs=12)
    found = nearest_neighbors(rows, 15)
    chosen = select_diverse(rows, budget=40, neighbors=found)
    drawn = [np.random.default_rng(seed).choice(600, 40, replace=False) for seed in range(20)]
    assert coverage_of(chosen, found) > max(coverage_of(rows_, found) for rows_ in drawn)


def test_a_row_that_weighs_nothing_draws_nothing():
    rows, truth = blobs()
    chosen = select_diverse(rows, budget=7, weights=np.where(truth == 3, 0.0, 1.0))
    assert 3 not in truth[chosen]


def test_copies_are_chosen_once_before_anything_else_is_left_out():
    rows = np.vstack([np.tile([1.0, 0, 0], (50, 1)), np.eye(3)[1:]])
    assert set(select_diverse(rows, budget=3).tolist()) >= {50, 51}


def test_unusable_rows_are_chosen_last_and_a_whole_budget_takes_all():
    rows, _ = blobs(40)
    rows[5], rows[9] = 0, np.nan
    chosen = select_diverse(rows, budget=40)
    assert sorted(chosen.tolist()) == list(range(40))
    assert set(chosen[-2:].tolist()) == {5, 9}


@pytest.mark.parametrize("budget", [0, 41, -3])
def test_a_budget_that_cannot_be_met_is_refused(budget):
    with pytest.raises(UsageError, match=str(budget)):
        select_diverse(blobs(40)[0], budget=budget)


@settings(max_examples=20)
@given(n_rows=st.integers(2, 60), k=st.integers(1, 8), seed=st.integers(0, 999))
def test_rows_that_reach_less_cover_less(n_rows, k, seed):
    rng = np.random.default_rng(seed)
    found, reach = nearest_neighbors(rng.normal(size=(n_rows, 4)), k), rng.random(n_rows)
    similar = dense(found) * reach[:, None]
    budget = int(rng.integers(1, n_rows + 1))
    chosen = select_on_graph(found, budget=budget, reach=reach)
    slow = slow_greedy(found, budget, 1, reach)
    assert similar[chosen].max(axis=0).sum() == pytest.approx(similar[slow].max(axis=0).sum(), rel=1e-5)


@pytest.mark.parametrize("budget", [20, 100, 300, 600])
def test_the_best_of_drawn_rows_covers_nearly_as_much_as_the_best_of_all(budget):
    rows, _ = blobs(600, n_blobs=12)
    found = nearest_neighbors(rows, 15)
    drawn = [select_on_graph(found, budget=budget, drawn_with=seed) for seed in range(3)]
    assert all(len(np.unique(chosen)) == budget for chosen in drawn)
    whole = coverage_of(select_diverse(rows, budget=budget, neighbors=found), found)
    assert np.mean([coverage_of(chosen, found) for chosen in drawn]) > 0.9 * whole
    assert not np.array_equal(drawn[0], drawn[1])
    assert np.array_equal(drawn[0], select_on_graph(found, budget=budget, drawn_with=0))


def test_thousands_of_rows_are_chosen_in_a_moment():
    rng = np.random.default_rng(0)
    positions = (np.arange(50_000)[:, None] + rng.integers(1, 2_000, (50_000, 15))) % 50_000
    found = Neighbors(positions.astype(np.int32), np.sort(rng.random((50_000, 15)).astype(np.float32), axis=1))
    select_diverse(np.empty((50_000, 0)), budget=1, neighbors=found)
    started = time.process_time()
    select_diverse(np.empty((50_000, 0)), budget=2_000, neighbors=found)
    assert time.process_time() - started < 2
