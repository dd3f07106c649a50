import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csc_array

from burnish.kernels import slice_effects
from burnish.kernels.intervals import TRAIN_FACTOR
from burnish.kernels.slice_effects import SliceLifts, find_slice_effects, slice_gate, slice_lifts
from burnish.kernels.slice_trends import lift_slope, trend
from burnish.kernels.slices import Family, cross, one_hot

pytestmark = pytest.mark.slow


def columns(*masks):
    return csc_array(np.array(masks, np.float32).T)


def moved(n_rows, rng, *, worse=0.0, churn=0.03, n_runs=1):
    """Right/wrong differences: rows get better and worse at the rate `churn`, and worse at `worse` more."""
    u = rng.random((n_runs, n_rows))
    return np.where(u < churn + worse, -1.0, np.where(u > 1 - churn, 1.0, 0.0))


def slow_lift(differences, rows, groups):
    """Lift and error of one slice, in a loop over its groups; what the sparse sums must give."""
    inside, n_runs = differences[:, rows], len(differences)
    lift, mean = inside.mean(), inside.mean(axis=0)
    pseudo = 2 if set(np.unique(differences)) <= {-1, 0, 1} else 0
    squares, widths = float(pseudo), float(pseudo)
    for group in set(groups[rows].tolist()):
        members = groups[rows] == group
        squares += (mean[members] - lift).sum() ** 2
        widths += members.sum() ** 2
    n_groups = (len(rows) + pseudo) ** 2 / widths
    row_part = squares / (len(rows) + pseudo) ** 2 * n_groups / (n_groups - 1)
    train = TRAIN_FACTOR * inside.mean(axis=1).var(ddof=1) if n_runs > 1 else 0.0
    dof = (row_part + train) ** 2 / (row_part**2 / (n_groups - 1) + train**2 / max(n_runs - 1, 1))
    return lift, np.sqrt(row_part + train), dof


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000), n_runs=st.integers(1, 4), discrete=st.booleans(), block=st.sampled_from([7, 10**6]))
def test_all_slices_at_once_agree_with_a_loop_over_each(seed, n_runs, discrete, block):
    rng = np.random.default_rng(seed)
    differences = moved(80, rng, churn=0.3, n_runs=n_runs) if discrete else rng.standard_normal((n_runs, 80))
    groups = rng.integers(40, size=80) * 3
    slices = columns(*(rng.random((6, 80)) < [[0.1], [0.2], [0.3], [0.5], [0.8], [1.0]]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slice_effects, "BLOCK_ENTRIES", block)
        found = slice_lifts(differences, slices, groups)
    for column in range(6):
        rows = slices.indices[slices.indptr[column] : slices.indptr[column + 1]]
        if len(np.unique(groups[rows])) > 1:
            assert found.size[column] == len(rows)
            slow = slow_lift(differences, rows, groups)
            assert (found.lift[column], found.error[column], found.dof[column]) == pytest.approx(slow)


def test_the_row_variance_of_groups_is_that_of_a_bootstrap_of_groups():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(300), rng.integers(1, 6, 300))
    differences = (rng.standard_normal(300)[groups] + rng.standard_normal(len(groups)))[None]
    found = slice_lifts(differences, columns(np.ones(len(groups), bool)), groups)
    weights = rng.multinomial(300, np.full(300, 1 / 300), size=4_000)[:, groups]
    assert found.error[0] == pytest.approx((weights @ differences[0] / weights.sum(axis=1)).std(), rel=0.06)


def test_copies_in_one_group_count_once():
    rng = np.random.default_rng(0)
    once = rng.standard_normal((1, 200))
    single = slice_lifts(once, columns(np.ones(200, bool)), np.arange(200))
    copied = slice_lifts(np.repeat(once, 5, axis=1), columns(np.ones(1_000, bool)), np.repeat(np.arange(200), 5))
    assert copied.size[0] == 1_000
    assert (copied.lift[0], copied.error[0], copied.dof[0]) == pytest.approx(
        (single.lift[0], single.error[0], single.dof[0])
    )


def test_retrains_that_differ_widen_the_interval_of_a_slice():
    rng = np.random.default_rng(0)
    same = np.repeat(rng.standard_normal((1, 400)), 10, axis=0)
    shaken = same + rng.standard_normal((10, 1))
    inside = columns(np.arange(400) < 100)
    calm, wide = (slice_lifts(values, inside, np.arange(400)) for values in (same, shaken))
    between = shaken[:, :100].mean(axis=1).var(ddof=1)
    assert wide.error[0] ** 2 == pytest.approx(calm.error[0] ** 2 + TRAIN_FACTOR * between, rel=1e-6)
    assert wide.dof[0] < 15


def test_a_slice_without_a_changed_row_is_no_proof_of_no_change():
    found = slice_lifts(np.zeros((1, 60)), columns(np.arange(60) < 20, np.ones(60, bool)), np.arange(60))
    assert found.lift.tolist() == [0.0, 0.0]
    assert (found.half_widths(1.96) > 0.05).tolist() == [True, False]
    assert found.p_values() == pytest.approx([1.0, 1.0])


def test_an_empty_slice_and_one_of_a_single_group_say_nothing():
    differences = np.random.default_rng(0).standard_normal((3, 30))
    found = slice_lifts(
        differences, columns(np.zeros(30, bool), np.arange(30) < 10), np.where(np.arange(30) < 10, 0, np.arange(30))
    )
    assert found.size.tolist() == [0, 10]
    assert np.isnan(found.lift[0])
    assert np.isinf(found.error).all()
    assert found.p_values().tolist() == [1.0, 1.0]
    assert slice_gate(found).p_value.tolist() == [1.0, 1.0]


def test_no_slices_give_no_lifts():
    found = slice_lifts(np.zeros((2, 10)), csc_array((10, 0)), np.arange(10))
    assert len(found.lift) == 0
    assert len(slice_gate(found).failed) == 0


def test_z_scores_are_those_of_student_and_keep_their_sign():
    lifts = SliceLifts(np.array([9, 9, 9]), np.array([2.262, -1.96, 1e9]), np.ones(3), np.array([9, 1e9, 3]))
    assert lifts.z_scores()[:2] == pytest.approx([1.96, -1.96], abs=1e-3)
    assert np.isfinite(lifts.z_scores()).all()
    assert lifts.p_values()[:2] == pytest.approx([0.05, 0.05], abs=1e-3)
    assert lifts.half_widths(1.96)[0] == pytest.approx(2.262, abs=1e-3)


def test_intervals_cover_the_lift_of_a_slice_as_often_as_they_say():
    rng = np.random.default_rng(0)
    inside = columns(np.arange(400) < 150)
    lifts = [slice_lifts(moved(400, rng, worse=0.05), inside, np.arange(400)) for _ in range(300)]
    covered = np.mean([abs(one.lift[0] + 0.05) <= one.half_widths(1.96)[0] for one in lifts])
    assert 0.94 <= covered <= 0.99


# --- gate -------------------------------------------------------------------------------------------------------------


def lifts_of(lift, error):
    return SliceLifts(np.full(len(lift), 500), np.array(lift), np.full(len(lift), error), np.full(len(lift), 499.0))


def test_the_gate_asks_for_more_than_the_tolerated_drop():
    gate = slice_gate(lifts_of([-0.30, -0.06, -0.01, 0.20], 0.02), max_drop=0.05)
    assert gate.failed.tolist() == [True, False, False, False]
    assert slice_gate(lifts_of([-0.30], 0.02), max_drop=0.29).failed.tolist() == [False]


def test_adjusted_p_values_are_those_of_holm():
    one_sided = np.array([0.01, 0.04, 0.03, 0.005])
    z = -np.array([2.3263, 1.7507, 1.8808, 2.5758])
    gate = slice_gate(SliceLifts(np.ones(4, np.int64), z, np.ones(4), np.full(4, 1e9)), max_drop=0.0)
    assert gate.p_value == pytest.approx([0.03, 0.06, 0.06, 0.02], abs=1e-3)
    assert (gate.p_value >= one_sided - 1e-4).all()


def test_more_confidence_or_more_slices_fail_fewer():
    lifts = lifts_of([-0.095], 0.02)
    assert slice_gate(lifts).failed[0]
    assert not slice_gate(lifts, confidence=0.99).failed[0]
    assert not slice_gate(lifts_of([-0.095] + [0.0] * 30, 0.02)).failed[0]


def test_slices_at_the_tolerated_drop_fail_in_few_runs():
    rng = np.random.default_rng(0)
    slices = columns(*(np.arange(6_000) // 300 == i for i in range(20)))
    failed = [
        slice_gate(slice_lifts(moved(6_000, rng, worse=0.05), slices, np.arange(6_000))).failed.any()
        for _ in range(100)
    ]
    assert np.mean(failed) <= 0.09  # 97 % of binomial(100, 0.05)


def test_a_large_slice_that_loses_twice_the_tolerance_fails():
    rng = np.random.default_rng(0)
    inside = np.arange(8_000) < 1_500
    slices = columns(inside, *(np.arange(8_000) // 400 == i for i in range(4, 20)))
    runs = [np.where(inside, moved(8_000, rng, worse=0.1), moved(8_000, rng)) for _ in range(50)]
    failed = np.array([slice_gate(slice_lifts(run, slices, np.arange(8_000))).failed for run in runs])
    assert failed[:, 0].mean() >= 0.95
    assert failed[:, 1:].sum() == 0


# --- search -----------------------------------------------------------------------------------------------------------


def offered(n_rows, seed=1):
    rng = np.random.default_rng(seed)
    codes = np.column_stack([rng.integers(size, size=n_rows) for size in (3, 4, 5, 6)])
    literals = one_hot(codes, min_rows=40)
    pairs = cross(literals, min_rows=40)
    return codes, [Family(literals.matrix), Family(pairs.matrix)]


def searched(differences, families, groups=None, seed=0):
    groups = np.arange(differences.shape[1]) if groups is None else groups
    return find_slice_effects(differences, families, groups, min_rows=40, n_draws=99, seed=seed)


def test_a_cross_that_got_worse_has_one_name():
    codes, families = offered(5_000)
    inside = (codes[:, 1] == 2) & (codes[:, 3] == 4)
    rng = np.random.default_rng(2)
    found = searched(np.where(inside, moved(5_000, rng, worse=0.3), moved(5_000, rng)), families)
    assert [one.rows.tolist() for one in found] == [np.flatnonzero(inside).tolist()]
    assert found[0].low <= -0.3 <= found[0].high < 0
    assert found[0].q_value <= 0.05
    candidate = found[0].candidate - families[0].matrix.shape[1]
    assert families[1].matrix[:, [candidate]].toarray().ravel().astype(bool).tolist() == inside.tolist()


def test_better_and_worse_are_both_found_with_their_signs():
    codes, families = offered(6_000)
    rng = np.random.default_rng(2)
    worse, better = codes[:, 2] == 0, (codes[:, 2] == 3)
    differences = np.where(worse, moved(6_000, rng, worse=0.15), moved(6_000, rng))
    differences = np.where(better, -moved(6_000, rng, worse=0.15), differences)
    found = searched(differences, families)
    assert sorted(np.sign(one.lift) for one in found) == [-1, 1]
    assert {tuple(one.rows.tolist()) for one in found} == {
        tuple(np.flatnonzero(side).tolist()) for side in (worse, better)
    }


def test_a_change_that_helps_all_rows_alike_is_no_effect_of_a_slice():
    _, families = offered(4_000)
    found = [searched(-moved(4_000, np.random.default_rng(seed), worse=0.1), families) for seed in range(10)]
    assert sum(bool(one) for one in found) <= 2  # 98 % of binomial(10, 0.05)


def test_what_is_unharmed_where_the_rest_is_harmed_is_not_reported_as_better():
    codes, families = offered(4_000)
    rng = np.random.default_rng(0)
    spared = codes[:, 0] == 1
    found = searched(np.where(spared, 0.0, moved(4_000, rng, worse=0.2)), [Family(families[0].matrix)])
    assert all(one.lift < 0 for one in found)


def test_without_an_effect_few_runs_report_one():
    _, families = offered(1_500)
    runs = [searched(moved(1_500, np.random.default_rng(seed)), families, seed=seed) for seed in range(40)]
    assert sum(bool(found) for found in runs) <= 5  # 95 % of binomial(40, 0.05)


def test_an_effect_of_one_retrain_in_ten_is_chance():
    """A slice that jumps between retrains, with a mean that rows alone would call sure."""
    codes, families = offered(3_000)
    inside = codes[:, 1] == 2
    found = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        jumps = 0.15 * rng.standard_normal((10, 1))
        found += bool(searched(0.05 * rng.standard_normal((10, 3_000)) + jumps * inside, families))
    assert found <= 3  # 98 % of binomial(20, 0.05)


def test_one_user_with_many_rows_is_no_fault():
    codes, families = offered(3_000)
    user = np.flatnonzero(codes[:, 2] == 3)[:200]
    rng = np.random.default_rng(0)
    differences = moved(3_000, rng)
    differences[:, user] = -1.0
    groups = np.arange(3_000)
    assert searched(differences, families)
    groups[user] = user[0]
    assert searched(differences, families, groups) == []


def test_overlapping_regions_are_averaged_to_one_set_nearer_the_truth():
    n_rows, rng = 3_000, np.random.default_rng(0)
    planted = np.arange(n_rows) < 150
    parts = [np.concatenate([rng.permutation(150)[:100], 150 + rng.permutation(2_850)[:100]]) for _ in range(60)]
    regions = columns(*(np.isin(np.arange(n_rows), part) for part in parts))
    differences = np.where(planted, moved(n_rows, rng, worse=0.3), moved(n_rows, rng))

    def overlap(*, averaged):
        rows = np.isin(np.arange(n_rows), searched(differences, [Family(regions, averaged)])[0].rows)
        return (rows & planted).sum() / (rows | planted).sum()

    assert overlap(averaged=False) == pytest.approx(0.4)
    assert overlap(averaged=True) > 0.5


def test_losses_that_did_not_move_in_a_slice_hide_no_other_slice():
    codes, families = offered(3_000)
    rng = np.random.default_rng(0)
    differences = 0.1 * rng.standard_normal((1, 3_000)) - 0.1 * (codes[:, 1] == 2)
    differences[:, codes[:, 3] == 0] = 0.0
    found = searched(differences, families)
    assert len(found) == 1
    assert (codes[found[0].rows, 1] == 2).all()


def test_the_same_seed_gives_the_same_slices():
    codes, families = offered(3_000)
    rng = np.random.default_rng(0)
    differences = np.where(codes[:, 0] == 1, moved(3_000, rng, worse=0.1), moved(3_000, rng))
    first, second = (searched(differences, families, seed=3) for _ in range(2))
    assert first
    assert [one[2:] for one in first] == [one[2:] for one in second]


def test_without_candidates_nothing_is_found():
    assert searched(moved(300, np.random.default_rng(0)), [Family(csc_array((300, 0)))]) == []
    assert searched(np.zeros((1, 300)), [Family(columns(np.arange(300) < 60))]) == []


# --- trends -----------------------------------------------------------------------------------------------------------


def test_buckets_are_of_equal_size_and_keep_equal_times_together():
    rng = np.random.default_rng(0)
    times = np.repeat(np.arange(500.0), 3)
    times[:30] = np.nan
    found = trend(moved(1_500, rng), times, np.arange(1_500))
    assert len(found.starts) == 8
    assert found.lifts.size.sum() == 1_470
    assert found.lifts.size.min() >= 0.9 * 1_470 / 8
    assert (found.stops[:-1] < found.starts[1:]).all()


def test_few_rows_give_fewer_buckets_and_one_time_gives_no_slope():
    rng = np.random.default_rng(0)
    assert len(trend(moved(170, rng), np.arange(170.0), np.arange(170)).starts) == 3
    alone = trend(moved(170, rng), np.zeros(170), np.arange(170))
    assert (len(alone.starts), alone.slope) == (1, None)
    nothing = trend(moved(20, rng), np.full(20, np.nan), np.arange(20))
    assert (len(nothing.starts), nothing.slope) == (0, None)


def test_the_lift_of_a_bucket_is_the_mean_of_its_rows():
    rng = np.random.default_rng(0)
    times, differences = rng.random(400), rng.standard_normal((3, 400))
    found = trend(differences, times, np.arange(400), max_buckets=4)
    for start, stop, lift in zip(found.starts, found.stops, found.lifts.lift, strict=True):
        assert differences[:, (times >= start) & (times <= stop)].mean() == pytest.approx(lift)


def test_a_slope_is_that_of_least_squares():
    rng = np.random.default_rng(0)
    times, differences = 1e6 + 50 * rng.random(300), rng.standard_normal((2, 300))
    assert lift_slope(differences, times, np.arange(300)).value == pytest.approx(
        np.polyfit(times - 1e6, differences.mean(axis=0), 1)[0]
    )


@pytest.mark.parametrize("per_user", [1, 10])
def test_a_slope_is_covered_as_often_as_its_interval_says(per_user):
    rng = np.random.default_rng(per_user)
    covered = []
    users = np.repeat(np.arange(1_200 // per_user), per_user)
    for _ in range(300):
        times = np.repeat(rng.random(1_200 // per_user), per_user)
        wander = np.repeat(rng.standard_normal(1_200 // per_user), per_user)
        found = lift_slope((-0.5 * times + wander + rng.standard_normal(1_200))[None], times, users)
        covered.append(found.low <= -0.5 <= found.high)
    assert 0.92 <= np.mean(covered) <= 0.98


def test_retrains_that_differ_widen_a_slope():
    rng = np.random.default_rng(0)
    times = np.linspace(0, 1, 500)
    steady = np.repeat(rng.standard_normal((1, 500)), 10, axis=0)
    shaken = steady + rng.standard_normal((10, 1)) * times
    calm, wide = (lift_slope(values, times, np.arange(500)) for values in (steady, shaken))
    assert wide.error > calm.error
    assert wide.dof < calm.dof


def test_a_single_user_says_nothing_of_a_slope():
    found = lift_slope(np.random.default_rng(0).standard_normal((1, 100)), np.arange(100.0), np.zeros(100, np.int64))
    assert (found.low, found.high) == (-np.inf, np.inf)


def test_a_slope_without_a_changed_row_has_a_width():
    found = lift_slope(np.zeros((1, 100)), np.linspace(0, 1, 100), np.arange(100))
    assert found.low < found.value == 0.0 < found.high
