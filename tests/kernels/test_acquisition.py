import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.errors import InputError, UsageError
from burnish.kernels import acquisition
from burnish.kernels.acquisition import Labelled, Pool, acquire_rows, cluster_weights

pytestmark = pytest.mark.slow

NOTHING = Labelled(np.zeros((0, 12)), np.zeros(0, np.int64))


def blobs(n_rows=300, *, n_blobs=8, spread=0.15, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(n_blobs, size=n_rows)
    return np.eye(12)[truth] + spread * rng.normal(size=(n_rows, 12)), truth


def labelled(rows, labels, some, clusters=None):
    return Labelled(rows[some], labels[some], None if clusters is None else clusters[some])


def slow_greedy(known, rows, budget):
    """The obvious version for a cold start: every pair, every gain anew."""
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    center = unit.mean(axis=0)

    def around(some):
        return (some - center) / np.linalg.norm(some - center, axis=1, keepdims=True)

    products = around(unit) @ around(unit).T
    neighbor = min(acquisition.WIDTH_NEIGHBOR, len(rows) - 1)
    width = np.median(1 - np.sort(products, axis=1)[:, len(rows) - 1 - neighbor])
    similar = np.exp((products - 1) / width)
    covered = np.zeros(len(rows))
    if len(known):
        known = known / np.linalg.norm(known, axis=1, keepdims=True)
        covered = np.exp((around(unit) @ around(known).T - 1) / width).max(axis=1)
    gained = []
    for _ in range(budget):
        gains = np.maximum(similar - covered, 0).sum(axis=1)
        gained.append(gains.max() / len(rows))
        covered = np.maximum(covered, similar[gains.argmax()])
    return np.array(gained)


@settings(max_examples=20)
@given(n_rows=st.integers(4, 60), n_known=st.integers(0, 5), seed=st.integers(0, 999))
def test_cold_choices_gain_as_much_as_those_of_the_slow_version(n_rows, n_known, seed):
    rng = np.random.default_rng(seed)
    rows, known = rng.normal(size=(n_rows, 5)), rng.normal(size=(n_known, 5))
    budget = int(rng.integers(1, n_rows + 1))
    found = acquire_rows(Labelled(known, np.zeros(n_known, int)), Pool(rows), budget=budget)
    assert len(set(found.rows.tolist())) == budget
    assert found.gain.sum() == pytest.approx(slow_greedy(known, rows, budget).sum(), rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("held", [True, False])
def test_similarities_that_are_computed_when_needed_give_the_same_rows(held, monkeypatch):
    rows, truth = blobs()
    expected = acquire_rows(labelled(rows, truth, np.arange(40)), Pool(rows[40:]), budget=30)
    monkeypatch.setattr(acquisition, "HELD_VALUES", 10**9 if held else 0)
    monkeypatch.setattr(acquisition, "BLOCK_VALUES", 5_000)
    found = acquire_rows(labelled(rows, truth, np.arange(40)), Pool(rows[40:]), budget=30)
    assert found.gain == pytest.approx(expected.gain, abs=1e-5)


def test_without_labels_every_blob_is_asked_before_any_twice():
    rows, truth = blobs()
    assert sorted(truth[acquire_rows(NOTHING, Pool(rows), budget=8).rows].tolist()) == list(range(8))


def test_labels_of_one_class_are_a_cold_start_that_knows_what_is_labelled():
    rows, truth = blobs()
    some = np.flatnonzero(truth < 4)[:60]
    found = acquire_rows(Labelled(rows[some], np.full(60, 7)), Pool(rows), budget=4)
    assert sorted(truth[found.rows].tolist()) == [4, 5, 6, 7]
    assert (found.uncertainty == 1).all()


def test_rows_that_the_model_doubts_come_before_rows_it_knows():
    rng = np.random.default_rng(0)
    sides = np.eye(6)[rng.integers(2, size=200)]
    between = np.full((40, 6), 0.0)
    between[:, :2] = 0.7
    pool = np.concatenate([sides, between]) + 0.05 * rng.normal(size=(240, 6))
    known = np.concatenate([sides, between[:4]]) + 0.05 * rng.normal(size=(204, 6))
    labels = np.concatenate([sides[:, 0] > 0, [True, False, True, False]]).astype(int)
    found = acquire_rows(Labelled(known, labels), Pool(pool), budget=10)
    assert (found.rows >= 200).sum() > 5
    assert found.uncertainty.mean() > 0.3


def test_a_row_of_the_pool_that_equals_a_labelled_one_comes_last():
    rows, truth = blobs(60)
    found = acquire_rows(labelled(rows, truth, np.array([5, 17, 30])), Pool(rows), budget=60)
    assert sorted(found.rows[-3:].tolist()) == [5, 17, 30]
    assert found.gain[-3:] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("n_known", [0, 60])
def test_a_batch_has_no_near_copies(n_known):
    rows, _truth = blobs(100, spread=0.3)
    pool = np.concatenate([rows, rows + 1e-3 * np.random.default_rng(1).normal(size=rows.shape), 3 * rows])
    known, labels = blobs(60, seed=5)
    some = np.arange(n_known)
    found = acquire_rows(labelled(known, labels, some), Pool(pool), budget=50)
    assert len(set((found.rows % 100).tolist())) == 50


def test_rows_that_cannot_be_compared_come_last_and_bring_no_gain():
    rows, _truth = blobs(50)
    rows[3], rows[20] = np.nan, 0
    found = acquire_rows(labelled(*blobs(40, seed=2), np.arange(40)), Pool(rows), budget=50)
    assert sorted(found.rows.tolist()) == list(range(50))
    assert sorted(found.rows[-2:].tolist()) == [3, 20]
    assert (found.gain[-2:] == 0).all()
    assert all(len(part) == 50 for part in found)


def test_labelled_rows_that_cannot_be_read_are_passed_over():
    rows, truth = blobs()
    clean = acquire_rows(labelled(rows, truth, np.arange(40)), Pool(rows[50:]), budget=10)
    rows[40] = np.nan
    assert acquire_rows(labelled(rows, truth, np.arange(41)), Pool(rows[50:]), budget=10).rows.tolist() == (
        clean.rows.tolist()
    )


def test_a_pool_without_a_usable_row_is_given_as_it_stands():
    found = acquire_rows(NOTHING, Pool(np.full((4, 12), np.nan)), budget=3)
    assert found.rows.tolist() == [0, 1, 2]


def test_equal_rows_are_all_given_once():
    assert sorted(acquire_rows(NOTHING, Pool(np.ones((40, 12))), budget=40).rows.tolist()) == list(range(40))


def test_gains_fall_and_add_up_to_what_is_left_to_stand_for():
    rows, _truth = blobs(80)
    found = acquire_rows(labelled(*blobs(40, seed=3), np.arange(40)), Pool(rows), budget=80)
    assert (np.diff(found.gain) <= 1e-5).all()
    assert 0 < found.gain.sum() <= 1 + 1e-5
    assert (found.representativeness >= -1e-6).all()
    assert (found.uncertainty >= 0).all()
    assert (found.uncertainty <= 1).all()


def test_a_smaller_budget_is_the_beginning_of_a_larger_one():
    rows, truth = blobs()
    known = labelled(rows, truth, np.arange(50))
    large = acquire_rows(known, Pool(rows[50:]), budget=40).rows
    assert acquire_rows(known, Pool(rows[50:]), budget=15).rows.tolist() == large[:15].tolist()


def test_the_same_seed_gives_the_same_rows(monkeypatch):
    monkeypatch.setattr(acquisition, "TARGETS", 100)
    rows, _truth = blobs()
    first, again, other = (acquire_rows(NOTHING, Pool(rows), budget=20, seed=seed).rows.tolist() for seed in (4, 4, 5))
    assert first == again
    assert first != other


def weak_cluster(n_rows=400):
    """Two clusters far apart; the labels of the second are noise."""
    rows, cluster = blobs(n_rows, n_blobs=2)
    sides = np.where(np.random.default_rng(1).random(n_rows) < 0.5, 1, -1)
    rows[:, 5] += 0.8 * sides
    labels = (sides > 0).astype(int)
    noisy = cluster == 1
    labels[noisy] = np.random.default_rng(2).integers(2, size=int(noisy.sum()))
    return rows, labels, cluster


def test_a_cluster_where_the_model_errs_weighs_more():
    rows, labels, cluster = weak_cluster()
    some = np.arange(200)
    weights = cluster_weights(labelled(rows, labels, some, cluster), Pool(rows[200:], cluster[200:]))
    weak = cluster[200:] == 1
    assert (weights[weak] > 1.1).all()
    assert (weights[~weak] < 0.8).all()
    found = acquire_rows(labelled(rows, labels, some, cluster), Pool(rows[200:], cluster[200:]), budget=20)
    assert found.cluster_weight.tolist() == weights[found.rows].tolist()


def test_few_labels_move_the_weight_of_a_cluster_little():
    rows, labels, cluster = weak_cluster()
    lone = cluster.copy()
    lone[0], lone[300] = 2, 2
    weights = cluster_weights(labelled(rows, labels, np.arange(200), lone), Pool(rows[200:], lone[200:]))
    assert 0.8 < weights[100] < 1.25


@pytest.mark.parametrize("reason", ["no cluster", "not asked", "nothing wrong", "one class"])
def test_clusters_weigh_the_same_where_nothing_is_known(reason):
    rows, truth = blobs(200, n_blobs=2, spread=0.02)
    cluster = np.full(200, -1) if reason == "no cluster" else truth
    labels = np.zeros(200, int) if reason == "one class" else truth
    known = Labelled(rows, labels, None if reason == "not asked" else cluster)
    assert (cluster_weights(known, Pool(rows, cluster)) == 1).all()


@pytest.mark.parametrize("budget", [0, -1, 301])
def test_a_budget_that_the_pool_cannot_meet_is_refused(budget):
    with pytest.raises(UsageError, match=f"the budget is {budget}. Ask for 1 to 300 rows"):
        acquire_rows(NOTHING, Pool(blobs()[0]), budget=budget)


def test_labelled_rows_of_another_embedder_are_refused():
    with pytest.raises(InputError, match="labelled rows of 3 and a pool of 12 dimensions"):
        acquire_rows(Labelled(np.ones((2, 3)), np.array([0, 1])), Pool(blobs()[0]), budget=1)
