import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.kernels.intervals import (
    Interval,
    Spread,
    bootstrap_interval,
    exact_mcnemar,
    gap_interval,
    row_covariance,
    share_interval,
    simultaneous_intervals,
)


def retrain_interval(estimates, row_variance, *, n_units):
    """The interval of one mean over retrains."""
    return simultaneous_intervals(estimates[:, None], np.array([[row_variance]]), n_units=n_units)[0][0]


@given(total=st.integers(1, 500), share=st.floats(0, 1))
@settings(max_examples=50)
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


def test_a_gap_interval_is_that_of_the_paper():
    # Newcombe 1998, table II, column (a) and (g), method 10.
    assert gap_interval((56, 70), (48, 80)) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert gap_interval((10, 10), (0, 20)) == pytest.approx((0.6791, 1.0), abs=5e-5)
    assert gap_interval((10, 10), (0, 10)) == pytest.approx((0.6075, 1.0), abs=5e-5)


@given(
    first=st.tuples(st.integers(0, 40), st.integers(1, 40)), second=st.tuples(st.integers(0, 40), st.integers(1, 40))
)
@settings(max_examples=80)
def test_a_gap_interval_holds_the_gap_stays_in_range_and_turns_with_the_sides(first, second):
    first, second = ((min(hits, total), total) for hits, total in (first, second))
    low, high = gap_interval(first, second)
    gap = first[0] / first[1] - second[0] / second[1]
    assert -1 - 1e-9 <= low <= gap + 1e-12
    assert gap - 1e-12 <= high <= 1 + 1e-9
    assert low < high
    assert gap_interval(second, first) == pytest.approx((-high, -low), abs=1e-12)


@pytest.mark.parametrize(
    ("n", "share", "m", "elsewhere"), [(30, 0.7, 2_000, 0.92), (40, 0.95, 300, 0.98), (12, 0.5, 60, 0.8)]
)
def test_a_gap_interval_covers_the_true_gap_as_often_as_it_says(n, share, m, elsewhere):
    rng = np.random.default_rng(0)
    drawn = zip(rng.binomial(m, elsewhere, 4_000).tolist(), rng.binomial(n, share, 4_000).tolist(), strict=True)
    bounds = [gap_interval((right, m), (hits, n)) for right, hits in drawn]
    covered = np.mean([low <= elsewhere - share <= high for low, high in bounds])
    assert 0.935 <= covered <= 0.985


def drawn_interval(values, groups, seed=0):
    mean = values.mean()
    error = np.sqrt(row_covariance((values - mean)[:, None], groups)[0, 0])
    estimate = Interval(mean, mean, mean, error, 1e6)
    return bootstrap_interval(estimate, values - mean, groups, seed=seed, n_draws=1_000)


@pytest.mark.slow
def test_a_bootstrap_interval_covers_as_often_as_it_says_with_skewed_values_and_with_groups():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(80), 3)
    held = []
    for seed in range(200):
        values = np.repeat(rng.exponential(size=80), 3) + 0.1 * rng.normal(size=240)
        interval = drawn_interval(values, groups, seed)
        held.append(interval.low <= 1 <= interval.high)
    assert np.mean(held) == pytest.approx(0.95, abs=0.04)


def test_a_bootstrap_interval_has_a_width_where_no_row_differs():
    zero = Interval(0.0, 0.0, 0.0, 0.02, 1e6)
    interval = bootstrap_interval(zero, np.zeros(50), np.arange(50), pseudo=0.02**2, seed=0)
    assert interval.low < 0 < interval.high


def test_mcnemar_counts_the_rows_where_one_is_right_and_the_other_wrong():
    first = np.array([True] * 10 + [False] * 2 + [True] * 30)
    second = np.array([False] * 10 + [True] * 2 + [True] * 30)
    assert exact_mcnemar(first, second) == pytest.approx(2 * 79 / 4096)
    assert exact_mcnemar(first, first) == 1.0


def test_the_row_covariance_of_means_is_the_textbook_one():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(400, 2)) @ np.array([[1.0, 0.6], [0.0, 0.8]])
    found = row_covariance(values - values.mean(axis=0), np.arange(400))
    np.testing.assert_allclose(found, np.cov(values.T) / 400, rtol=1e-9)


def test_copies_in_one_group_do_not_shrink_the_variance():
    rng = np.random.default_rng(0)
    right = np.repeat(rng.normal(size=100), 10)[:, None]
    alone = row_covariance(right - right.mean(), np.arange(1_000))
    together = row_covariance(right - right.mean(), np.repeat(np.arange(100), 10))
    assert together[0, 0] == pytest.approx(10 * alone[0, 0], rel=0.02)


def test_the_interval_widens_with_rows_and_with_retrains():
    steady, shaky = np.full(10, 0.02), np.array([0.0, 0.04] * 5)
    rows_only = retrain_interval(steady, 1e-4, n_units=1e6)
    both = retrain_interval(shaky, 1e-4, n_units=1e6)
    assert rows_only.value == pytest.approx(both.value)
    assert both.high - both.low > rows_only.high - rows_only.low
    assert rows_only.high - rows_only.low == pytest.approx(2 * 1.96 * 0.01, rel=1e-3)


def test_no_difference_at_all_has_no_width():
    interval = retrain_interval(np.zeros(10), 0.0, n_units=100)
    assert (interval.low, interval.high) == (0.0, 0.0)


def test_the_smallest_visible_effect_clears_the_margin_four_times_in_five():
    rng = np.random.default_rng(0)
    error, margin = 0.01, 0.005
    smallest = Spread(0.0, error**2, 10, 1e6).visible(margin=margin)
    drawn = rng.normal(smallest, error, 2_000)
    seen = [retrain_interval(np.full(10, value), error**2, n_units=1e6).low > margin for value in drawn]
    assert np.mean(seen) == pytest.approx(0.8, abs=0.03)


def test_the_rows_needed_for_an_effect_make_it_the_smallest_visible_one():
    spread = Spread(1e-5, 1e-4, 10, 400)
    needed = spread.units_needed(0.02, margin=0.005)
    larger = Spread(1e-5, 1e-4 * 400 / needed, 10, needed)
    assert larger.visible(margin=0.005) == pytest.approx(0.02, rel=0.05)
    assert Spread(1e-2, 1e-4, 10, 400).units_needed(0.02) == np.inf


def correlated(rng, covariance, n_runs=10):
    """Estimates whose rows share one error and whose runs share none."""
    shared = rng.multivariate_normal(np.zeros(len(covariance)), covariance)
    return np.tile(shared, (n_runs, 1))


@pytest.mark.parametrize("correlation", [0.0, 0.9])
@pytest.mark.slow
def test_simultaneous_intervals_hold_all_together_as_often_as_they_say(correlation):
    rng = np.random.default_rng(1)
    covariance = 1e-4 * (correlation + (1 - correlation) * np.eye(6))
    all_held, first_held = [], []
    for _ in range(200):
        intervals, _ = simultaneous_intervals(correlated(rng, covariance), covariance, n_units=1e6)
        held = [i.low <= 0 <= i.high for i in intervals]
        all_held.append(all(held))
        first_held.append(held[0])
    assert np.mean(all_held) == pytest.approx(0.95, abs=0.03)
    assert np.mean(first_held) == pytest.approx(0.96, abs=0.03)


def test_company_costs_the_first_interval_little_and_the_others_more():
    covariance = 1e-4 * np.eye(8)
    many, _ = simultaneous_intervals(np.zeros((10, 8)), covariance, n_units=1e6)
    alone, _ = simultaneous_intervals(np.zeros((10, 1)), covariance[:1, :1], n_units=1e6)
    assert alone[0].high == pytest.approx(1.96 * 0.01, rel=0.01)
    assert many[0].high == pytest.approx(2.05 * 0.01, rel=0.01)
    assert many[1].high > 1.2 * many[0].high


def test_one_sided_p_values_follow_the_interval():
    interval = retrain_interval(np.full(10, 0.02), 1e-4, n_units=1e6)
    assert interval.beyond(0.0, below=False) == pytest.approx(0.0228, abs=2e-4)
    assert interval.beyond(0.04, below=True) == pytest.approx(0.0228, abs=2e-4)
