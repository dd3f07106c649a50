import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.covariance import ledoit_wolf
from sklearn.metrics import roc_auc_score

from burnish.kernels.neighbors import nearest_neighbors
from burnish.kernels.outliers import (
    Settings,
    calibrated,
    changed_means,
    nearest_means,
    outlier_score,
    precision_of,
    robust_deviation,
    score_distances,
)

FLAGGED = 0.9991


def score(vectors, **options):
    found = nearest_neighbors(vectors, 15)
    return outlier_score(vectors, found.positions, found.distances, **options)


def mixture(n, *, d=32, n_clusters=5, seed=0):
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(n_clusters, d))
    return (centers[rng.integers(n_clusters, size=n)] + 0.4 * rng.normal(size=(n, d))).astype(np.float32)


def strangers(n, *, d=32, seed=1):
    return (1.5 * np.random.default_rng(seed).normal(size=(n, d))).astype(np.float32)


def test_planted_strangers_rank_above_ordinary_rows():
    vectors = np.vstack([mixture(600), strangers(20)])
    truth = np.arange(620) >= 600
    assert roc_auc_score(truth, score(vectors)) > 0.99


def test_planted_strangers_are_beyond_the_threshold_and_hardly_anyone_else_is():
    vectors = np.vstack([mixture(600), strangers(20)])
    flagged = score(vectors) >= FLAGGED
    assert flagged[600:].mean() >= 0.9
    assert flagged[:600].mean() <= 0.005


@pytest.mark.parametrize(("d", "n_clusters"), [(8, 1), (8, 10), (64, 1), (64, 10)])
@pytest.mark.slow
def test_clean_mixtures_give_hardly_any_false_flags(d, n_clusters):
    flagged = [score(mixture(500, d=d, n_clusters=n_clusters, seed=s)) >= FLAGGED for s in range(4)]
    assert np.mean(flagged) <= 0.005


def test_the_typical_row_has_a_score_of_one_half():
    assert np.median(score(mixture(500))) == pytest.approx(0.5, abs=0.01)


def test_a_stranger_that_occurs_many_times_stays_a_stranger():
    vectors = np.vstack([mixture(600), np.repeat(strangers(1), 20, axis=0)])
    assert (score(vectors)[600:] >= FLAGGED).all()


def test_thirty_percent_of_strangers_do_not_hide_one_another():
    vectors = np.vstack([mixture(300), strangers(120)])
    assert roc_auc_score(np.arange(420) >= 300, score(vectors)) > 0.95


def test_few_references_give_nearly_the_same_ranking_as_all_rows():
    vectors = np.vstack([mixture(600), strangers(20)])
    truth = np.arange(620) >= 600
    assert roc_auc_score(truth, score(vectors, settings=Settings(n_references=100))) > 0.99


def test_row_order_does_not_matter():
    vectors = mixture(200)
    order = np.random.default_rng(3).permutation(200)
    np.testing.assert_allclose(score(vectors[order]), score(vectors)[order], atol=1e-3)


def test_the_same_seed_gives_the_same_scores():
    vectors = mixture(300)
    np.testing.assert_array_equal(
        score(vectors, settings=Settings(n_references=50), seed=4),
        score(vectors, settings=Settings(n_references=50), seed=4),
    )


def test_length_of_a_vector_does_not_matter():
    vectors = mixture(200)
    lengths = np.random.default_rng(0).uniform(0.5, 2.0, (200, 1)).astype(np.float32)
    np.testing.assert_allclose(score(vectors * lengths), score(vectors), atol=1e-3)


def test_unusable_rows_get_nan_and_change_no_other_score():
    vectors = mixture(200)
    broken = np.vstack([vectors, np.zeros((1, 32)), np.full((1, 32), np.nan), np.full((1, 32), np.inf)])
    scores = score(broken.astype(np.float32))
    assert np.isnan(scores[200:]).all()
    np.testing.assert_allclose(scores[:200], score(vectors), atol=1e-3)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_too_few_rows_are_all_ordinary(n):
    vectors = mixture(5)[:n]
    empty = np.full((n, 1), -1), np.full((n, 1), np.inf, np.float32)
    np.testing.assert_array_equal(outlier_score(vectors, *empty), np.full(n, 0.5))


def test_rows_that_are_all_alike_are_all_ordinary():
    np.testing.assert_allclose(score(np.ones((50, 4), np.float32)), 0.5)


@given(st.lists(st.floats(-5, 5), min_size=5, max_size=40, unique=True))
@settings(max_examples=40)
def test_calibration_keeps_the_order(values):
    scores = calibrated(np.array(values))
    assert (np.diff(scores[np.argsort(values)]) >= 0).all()
    assert ((scores >= 0) & (scores <= 1)).all()


def test_calibrated_scores_are_tail_probabilities_of_normal_data():
    values = np.random.default_rng(0).normal(size=100_000)
    for level in (0.5, 0.9, 0.99, 0.998):
        assert np.mean(calibrated(values) > level) == pytest.approx(1 - level, rel=0.15)


def test_extreme_values_stay_apart():
    values = np.concatenate([np.random.default_rng(0).normal(size=1000), [10.0, 100.0, 1000.0]])
    assert (np.diff(calibrated(values)[-3:]) > 0).all()


def test_the_upper_half_does_not_move_the_deviation_of_the_lower_half():
    values = np.linspace(0, 1, 101)
    pulled = np.where(values > 0.6, values * 1000, values)
    np.testing.assert_allclose(robust_deviation(pulled)[:50], robust_deviation(values)[:50])


@pytest.mark.parametrize("shape", [(40, 90), (90, 90), (200, 12), (3, 2), (2, 30)])
def test_the_precision_is_the_inverse_of_the_shrunk_covariance_for_any_number_of_rows(shape):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=shape) * np.exp(rng.normal(size=shape[1]))
    rows -= rows.mean(axis=0)
    covariance, _ = ledoit_wolf(rows, assume_centered=True)
    values, axes = np.linalg.eigh(covariance)
    slow = (axes / np.maximum(values, values[-1] * 1e-7 + 1e-12)) @ axes.T
    np.testing.assert_allclose(precision_of(rows), slow, rtol=0, atol=1e-9 * np.abs(slow).max())


def test_measuring_only_some_rows_gives_nearly_what_measuring_all_gives():
    vectors = np.vstack([mixture(800), strangers(20)])[np.random.default_rng(0).permutation(820)]
    vectors[7] = np.nan
    found = nearest_neighbors(vectors, 15)
    lists = found.positions, found.distances
    whole = nearest_means(vectors, *lists)
    np.testing.assert_array_equal(score_distances(whole), score(vectors))
    before = whole.copy()
    some = np.random.default_rng(1).permutation(820)[:80]
    before[some] = np.nan
    again = changed_means(vectors, lists, before)
    others = np.setdiff1d(np.arange(820), some)
    np.testing.assert_array_equal(again[others], whole[others])
    np.testing.assert_allclose(again[some, 0], whole[some, 0], rtol=1e-4)
    np.testing.assert_allclose(again[some, 1], whole[some, 1], rtol=0.1)
    known = some[some != 7]
    assert np.corrcoef(score_distances(again)[known], score_distances(whole)[known])[0, 1] > 0.99


def test_nothing_to_measure_keeps_everything_and_nothing_known_measures_all():
    vectors = mixture(200)
    found = nearest_neighbors(vectors, 15)
    whole = nearest_means(vectors, found.positions, found.distances)
    for before in (whole, np.full_like(whole, np.nan)):
        again = changed_means(vectors, (found.positions, found.distances), before)
        np.testing.assert_allclose(again, whole, rtol=1e-5)
