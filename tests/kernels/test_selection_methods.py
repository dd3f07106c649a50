from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.errors import UsageError
from burnish.kernels import selection_methods
from burnish.kernels.neighbors import nearest_neighbors
from burnish.kernels.selection_methods import METHODS, Pool, select_rows, taking_turns

pytestmark = pytest.mark.slow

NESTED = ("facility-location", "k-center", "density", "random")


def blobs(n_rows=300, *, n_blobs=8, seed=0, spread=0.15):
    rng = np.random.default_rng(seed)
    truth = rng.integers(n_blobs, size=n_rows)
    return np.eye(12)[truth] + spread * rng.normal(size=(n_rows, 12)), truth


def around_mean(rows):
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    unit = unit - unit.mean(axis=0)
    return unit / np.linalg.norm(unit, axis=1, keepdims=True)


def covered(rows, chosen, weights=None):
    """What facility location maximises, over all rows."""
    unit = around_mean(rows)
    reached = np.maximum(unit[chosen] @ unit.T, 0)
    if weights is not None:
        reached *= weights[chosen][:, None]
    return reached.max(axis=0).sum()


def slow_greedy(rows, budget, weights):
    chosen = []
    for _ in range(budget):
        left = [row for row in range(len(rows)) if row not in chosen]
        chosen.append(max(left, key=lambda row: covered(rows, [*chosen, row], weights)))
    return chosen


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=10)
@given(n_rows=st.integers(2, 50), seed=st.integers(0, 999), known=st.tuples(st.booleans(), st.booleans()))
def test_every_method_gives_that_many_different_rows_and_the_same_for_the_same_seed(method, n_rows, seed, known):
    stratified, weighted = known
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n_rows, 4))
    rows[rng.random(n_rows) < 0.1] = 0
    pool = Pool(
        rows,
        rng.integers(-1, 3, n_rows) if stratified else None,
        rng.random(n_rows) * (rng.random(n_rows) < 0.8) if weighted else None,
    )
    budget = int(rng.integers(1, n_rows + 1))
    chosen = select_rows(pool, budget=budget, method=method, seed=seed)
    assert len(np.unique(chosen)) == len(chosen) == budget
    assert 0 <= chosen.min() <= chosen.max() < n_rows
    assert np.array_equal(chosen, select_rows(pool, budget=budget, method=method, seed=seed))


@settings(max_examples=15)
@given(n_rows=st.integers(3, 30), seed=st.integers(0, 999))
def test_facility_location_covers_as_much_as_the_slow_version(n_rows, seed):
    rng = np.random.default_rng(seed)
    rows, weights = rng.normal(size=(n_rows, 4)), rng.uniform(0.2, 1, n_rows).astype(np.float32)
    budget = int(rng.integers(1, n_rows + 1))
    chosen = select_rows(Pool(rows, weights=weights), budget=budget)
    slow = slow_greedy(rows, budget, weights)
    assert covered(rows, chosen, weights) == pytest.approx(covered(rows, slow, weights), rel=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_facility_location_reaches_its_share_of_the_best_choice_there_is(seed):
    rows = np.random.default_rng(seed).normal(size=(11, 3))
    best = max(covered(rows, list(some)) for some in combinations(range(11), 3))
    assert covered(rows, select_rows(Pool(rows), budget=3)) >= (1 - 1 / np.e) * best


def test_covering_a_sample_of_the_rows_covers_nearly_as_much_of_all(monkeypatch):
    rows, _ = blobs(800)
    whole = covered(rows, select_rows(Pool(rows), budget=12))
    monkeypatch.setattr(selection_methods, "DEMAND_ROWS", 200)
    monkeypatch.setattr(selection_methods, "CANDIDATE_ROWS", 400)
    assert covered(rows, select_rows(Pool(rows), budget=12)) > 0.97 * whole


def test_a_budget_too_large_for_the_sample_is_chosen_on_the_graph(monkeypatch):
    rows, truth = blobs(400)
    monkeypatch.setattr(selection_methods, "DEMAND_ROWS", 40)
    weights = np.where(truth == 3, 0.01, 1)
    chosen = select_rows(Pool(rows, weights=weights), budget=60)
    assert len(np.unique(chosen)) == 60
    assert (truth[chosen] == 3).sum() <= 1


@pytest.mark.parametrize("method", NESTED)
@pytest.mark.parametrize("stratified", [False, True])
def test_the_first_rows_of_a_large_budget_are_the_choice_for_a_smaller_one(method, stratified):
    rows, truth = blobs(200)
    pool = Pool(rows, truth if stratified else None)
    large = select_rows(pool, budget=90, method=method, seed=3)
    for budget in (1, 40):
        assert np.array_equal(select_rows(pool, budget=budget, method=method, seed=3), large[:budget])


@pytest.mark.parametrize("method", ["facility-location", "medoids", "typicality", "density"])
def test_methods_that_know_clusters_choose_from_most_blobs_at_once(method):
    rows, truth = blobs(400)
    assert len(set(truth[select_rows(Pool(rows), budget=8, method=method)].tolist())) >= 6


@pytest.mark.parametrize("method", METHODS)
def test_the_budget_is_spread_evenly_until_a_stratum_is_used_up(method):
    rows, _ = blobs(100)
    strata = np.repeat([7, 0, 3], [60, 33, 7])
    counts = [(strata[select_rows(Pool(rows, strata), budget=b, method=method)] == c).sum()
              for b in (6, 41) for c in (7, 0, 3)]  # fmt: skip
    assert counts == [2, 2, 2, 17, 17, 7]


def test_the_largest_strata_come_first_where_there_are_more_of_them_than_the_budget():
    rows, _ = blobs(60)
    strata = np.repeat([0, 1, 2], [10, 30, 20])
    assert strata[select_rows(Pool(rows, strata), budget=5)].tolist() == [1, 2, 0, 1, 2]


@pytest.mark.parametrize("method", METHODS)
def test_rows_of_no_stratum_come_late_and_unusable_ones_last(method):
    rows, _ = blobs(40)
    rows[5], rows[9] = 0, np.nan
    strata = np.where(np.arange(40) < 4, -1, 0)
    chosen = select_rows(Pool(rows, strata), budget=40, method=method)
    assert set(chosen[-2:].tolist()) == {5, 9}
    assert set(chosen[-6:-2].tolist()) == {0, 1, 2, 3}


@pytest.mark.parametrize("method", METHODS)
def test_rows_that_are_hardly_trusted_are_hardly_chosen(method):
    rows, _ = blobs(400)
    trusted = np.random.default_rng(1).random(400) < 0.5
    plain = trusted[select_rows(Pool(rows), budget=40, method=method)].mean()
    weighted = trusted[select_rows(Pool(rows, weights=np.where(trusted, 1, 0.01)), budget=40, method=method)].mean()
    assert weighted > 0.9 > plain


def test_a_weight_that_is_not_known_counts_as_none():
    rows, _ = blobs(30)
    weights = np.ones(30)
    weights[:10] = np.nan
    assert set(select_rows(Pool(rows, weights=weights), budget=20, method="random").tolist()) == set(range(10, 30))


def test_the_density_of_the_data_is_evened_out_over_levels():
    rows, _ = blobs(130)
    path = np.repeat([[0, 2], [0, 3], [1, 4]], [100, 10, 20], axis=0)
    chosen = select_rows(Pool(rows, cluster_path=path), budget=40, method="density")
    assert np.bincount(path[chosen, 1])[2:].tolist() == [10, 10, 20]


@given(st.lists(st.integers(0, 4), min_size=1, max_size=40))
def test_taking_turns_keeps_the_order_inside_a_code_and_differs_by_at_most_one(codes):
    codes = np.array(codes)
    sizes = np.bincount(codes)
    turns = taking_turns(np.arange(len(codes)), codes, sizes)
    assert sorted(turns.tolist()) == list(range(len(codes)))
    for code in set(codes.tolist()):
        assert np.all(np.diff(turns[codes[turns] == code]) > 0)
    for stop in range(1, len(codes)):
        taken = np.bincount(codes[turns[:stop]], minlength=len(sizes))
        assert np.all(taken[taken < sizes] >= taken.max() - 1)


def test_known_neighbors_are_used_also_beside_unusable_rows():
    rows, _ = blobs(100)
    rows[:7] = 0
    found = nearest_neighbors(rows, 15)
    given_them = select_rows(Pool(rows, neighbors=found), budget=20, method="stochastic", seed=1)
    assert np.array_equal(given_them, select_rows(Pool(rows), budget=20, method="stochastic", seed=1))


@pytest.mark.parametrize("budget", [0, 41, -3])
def test_a_budget_that_cannot_be_met_is_refused(budget):
    with pytest.raises(UsageError, match=str(budget)):
        select_rows(Pool(blobs(40)[0]), budget=budget)


def test_an_unknown_method_and_a_negative_weight_are_refused():
    rows, _ = blobs(40)
    with pytest.raises(UsageError, match=r"no selection method 'best'.*typicality"):
        select_rows(Pool(rows), budget=3, method="best")
    with pytest.raises(UsageError, match="a weight is -1"):
        select_rows(Pool(rows, weights=np.full(40, -1.0)), budget=3)
