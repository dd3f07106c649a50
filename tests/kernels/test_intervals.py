import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.kernels.intervals import (
    bootstrap_weights,
    retrain_interval,
    row_variance,
    share_interval,
    smallest_visible,
)


@given(total=st.integers(1, 500), share=st.floats(0, 1))
@settings(max_examples=50, deadline=None)
def test_a_share_interval_holds_its_share_and_stays_in_range(total, share):
    hits = round(share * total)
    low, high = share_interval(hits, total)
    assert 0 <= low <= hits / total + 1e-12
    assert hits / total - 1e-12 <= high <= 1


def test_a_share_interval_covers_the_true_share_as_often_as_it_says():
    rng = np.random.default_rng(0)
    bounds = [share_interval(int(hits), 60) for hits in rng.binomial(60, 0.1, 2_000)]
    covered = np.mean([low <= 0.1 <= high for low, high in bounds])
    assert 0.93 <= covered <= 0.98


def test_nothing_counted_says_nothing():
    assert share_interval(0, 0) == (0.0, 1.0)


def test_bootstrap_draws_whole_groups():
    groups = np.array([0, 0, 1, 2, 2, 2])
    weights = np.concatenate(list(bootstrap_weights(groups, n_draws=50, seed=1)))
    assert weights.shape == (50, 6)
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, 3] == weights[:, 5]).all()
    assert (weights[:, [0, 2, 3]].sum(axis=1) == 3).all()


def test_row_variance_of_a_mean_is_the_textbook_one():
    rng = np.random.default_rng(0)
    right = (rng.random(400) < 0.8).astype(float)
    found = row_variance(lambda w: w @ right / w.sum(axis=1), np.arange(400), seed=0, n_draws=2_000)
    assert found == pytest.approx(right.var() / 400, rel=0.15)


def test_copies_in_one_group_do_not_shrink_the_variance():
    rng = np.random.default_rng(0)
    right = np.repeat((rng.random(100) < 0.7).astype(float), 10)
    alone = row_variance(lambda w: w @ right / w.sum(axis=1), np.arange(1_000), seed=0)
    together = row_variance(lambda w: w @ right / w.sum(axis=1), np.repeat(np.arange(100), 10), seed=0)
    assert together == pytest.approx(10 * alone, rel=0.3)


def test_the_interval_widens_with_rows_and_with_retrains():
    steady, shaky = np.full(10, 0.02), np.array([0.0, 0.04] * 5)
    rows_only = retrain_interval(steady, 1e-4)
    both = retrain_interval(shaky, 1e-4)
    assert rows_only.value == pytest.approx(both.value)
    assert both.high - both.low > rows_only.high - rows_only.low
    assert rows_only.high - rows_only.low == pytest.approx(2 * 1.96 * 0.01, rel=1e-3)


def test_no_difference_at_all_has_no_width():
    interval = retrain_interval(np.zeros(10), 0.0)
    assert (interval.low, interval.high) == (0.0, 0.0)
    assert smallest_visible(interval) == 0.0


def test_the_smallest_visible_effect_is_seen_four_times_in_five():
    rng = np.random.default_rng(0)
    error = 0.01
    smallest = smallest_visible(retrain_interval(np.zeros(10), error**2))
    seen = [retrain_interval(np.full(10, rng.normal(smallest, error)), error**2).low > 0 for _ in range(2_000)]
    assert np.mean(seen) == pytest.approx(0.8, abs=0.03)
