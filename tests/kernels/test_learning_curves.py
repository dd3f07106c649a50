import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.errors import UsageError
from burnish.kernels.learning_curves import (
    EXPONENTS,
    MIN_GAIN,
    Forecast,
    LearningCurve,
    Rows,
    fit_power_law,
    forecast_gain,
    learning_curve,
)

pytestmark = pytest.mark.slow

SIZES = np.array([100, 141, 200, 283, 400, 566])


def planted(law, *, n_labelled=707, n_rows=1_000, n_repeats=10, seed=0):
    """A curve whose rows are wrong with the probability that `law` gives; four of five answers are the row's own."""
    rng = np.random.default_rng(seed)
    own, drawn = rng.random(n_rows), rng.random((len(SIZES), n_repeats, n_rows))
    difficulty = np.where(rng.random(drawn.shape) < 0.8, own, drawn)
    return LearningCurve(
        SIZES, np.stack([of_size < law(n) for n, of_size in zip(SIZES, difficulty, strict=True)]), n_labelled
    )


def world(n_rows, *, seed=0, spread=0.8):
    rng = np.random.default_rng(seed)
    labels = rng.integers(5, size=n_rows)
    return Rows(np.eye(10)[labels] + spread * rng.normal(size=(n_rows, 10)), labels)


@pytest.mark.parametrize("exponent", EXPONENTS[1:])
def test_a_power_law_without_noise_is_found(exponent):
    errors = 0.1 + 2 * SIZES.astype(float) ** -exponent
    law = fit_power_law(SIZES, errors[None])
    assert law.exponent[0] == exponent
    assert law.floor[0] == pytest.approx(0.1)
    assert law.scale[0] == pytest.approx(2)
    assert law.at(5_000)[0] == pytest.approx(0.1 + 2 * 5_000.0**-exponent)


@settings(max_examples=30)
@given(seed=st.integers(0, 999))
def test_errors_never_rise_with_labels_nor_fall_below_nothing(seed):
    law = fit_power_law(SIZES, np.random.default_rng(seed).random((20, len(SIZES))))
    foretold = np.stack([law.at(n) for n in (50, 500, 5_000, 500_000)])
    assert (np.diff(foretold, axis=0) <= 1e-9).all()
    assert (foretold >= 0).all()


def test_a_fit_is_no_worse_than_any_other_law_of_its_family():
    errors = np.array([[0.5, 0.47, 0.4, 0.38, 0.3, 0.31]])
    weights = np.sqrt(SIZES)
    law = fit_power_law(SIZES, errors)
    loss = weights @ (law.floor + law.scale * SIZES**-law.exponent - errors[0]) ** 2
    rng = np.random.default_rng(0)
    for _ in range(500):
        scale, exponent = rng.uniform(0, 10), rng.choice(EXPONENTS)
        falling = scale * SIZES**-exponent
        floor = np.average(errors[0] - falling, weights=weights)
        assert weights @ (floor + falling - errors[0]) ** 2 >= loss - 1e-9


def test_the_gain_of_a_planted_curve_lies_in_its_interval_most_of_the_time():
    def law(n):
        return 0.05 + 3 * n**-0.5

    true = law(707) - law(1_414)
    told = [forecast_gain(planted(law, n_rows=500, seed=seed), 707, seed=seed) for seed in range(20)]
    assert np.mean([f.low <= true <= f.high for f in told]) >= 0.85
    assert np.mean([f.gain for f in told]) == pytest.approx(true, abs=0.01)
    assert np.mean([f.error for f in told]) == pytest.approx(law(707), abs=0.005)


def test_the_luck_of_the_draw_only_widens_an_interval():
    rng = np.random.default_rng(0)
    lucky = np.stack([rng.random((10, 500)) < (0.3 + 0.05 * rng.normal(size=(10, 1))) for _ in SIZES])
    even = np.stack([rng.random((10, 500)) < 0.3 for _ in SIZES])
    told, plain = (forecast_gain(LearningCurve(SIZES, wrong, 707), 100) for wrong in (lucky, even))
    assert told.high - told.low > plain.high - plain.low


def test_more_labels_are_worth_more_but_less_each():
    curve = planted(lambda n: 0.05 + 3 * n**-0.5)
    gains = [forecast_gain(curve, n_more).gain for n_more in (100, 200, 400)]
    assert gains[0] < gains[1] < gains[2]
    assert gains[1] < 2 * gains[0]


def test_the_same_seed_gives_the_same_forecast():
    curve = planted(lambda n: 0.05 + 3 * n**-0.5)
    assert forecast_gain(curve, 100, seed=3) == forecast_gain(curve, 100, seed=3)
    assert forecast_gain(curve, 100, seed=3) != forecast_gain(curve, 100, seed=4)


def test_a_cluster_that_still_learns_is_told_from_one_that_does_not():
    learns, not_ = planted(lambda n: 0.05 + 3 * n**-0.5), planted(lambda _: 0.2, seed=1)
    curve = LearningCurve(SIZES, np.concatenate([learns.wrong, not_.wrong], axis=2), 707)
    first = np.arange(2_000) < 1_000
    assert forecast_gain(curve, 707, rows=first) == forecast_gain(learns, 707)
    assert forecast_gain(curve, 707, rows=first).low > forecast_gain(curve, 707, rows=~first).high


def test_a_curve_that_is_flat_says_stop_and_a_steep_one_go_on():
    flat = LearningCurve(SIZES, np.zeros((6, 10, 500), bool), 707)
    assert forecast_gain(flat, 100).verdict() == "stop"
    assert forecast_gain(planted(lambda n: 0.05 + 5 * n**-0.5), 707).verdict() == "go on"


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.0, MIN_GAIN / 2, "stop"),
        (0.0, MIN_GAIN, "not yet known"),
        (MIN_GAIN, 0.1, "go on"),
        (MIN_GAIN / 2, 0.1, "not yet known"),
    ],
)
def test_a_verdict_asks_both_ends_of_the_interval(low, high, verdict):
    assert Forecast(10, 0.001, low, high, 0.2).verdict() == verdict
    assert Forecast(10, 0.001, low, high, 0.2).verdict(min_gain=0.2) == "stop"


def test_errors_fall_along_a_real_curve_and_their_subsets_are_as_large_as_told():
    curve = learning_curve(world(200), world(500, seed=1))
    assert curve.wrong.shape == (6, 10, 500)
    assert curve.sizes.max() == 160
    assert curve.n_labelled == 200
    assert curve.errors[0] > curve.errors[-1] + 0.02
    assert curve.errors[-1] < 0.6


def test_a_curve_is_the_same_for_the_same_seed():
    curves = [learning_curve(world(60), world(100, seed=1), n_repeats=3, seed=seed).wrong for seed in (0, 0, 1)]
    assert (curves[0] == curves[1]).all()
    assert (curves[0] != curves[2]).any()


def test_a_class_without_labelled_rows_counts_as_wrong():
    labelled, evaluation = world(100), world(50, seed=1)
    known = labelled.labels < 4
    curve = learning_curve(Rows(labelled.embeddings[known], labelled.labels[known]), evaluation, n_repeats=2)
    assert curve.wrong[:, :, evaluation.labels == 4].all()


@pytest.mark.parametrize(
    ("labelled", "evaluation", "seen"),
    [
        (world(39), world(10), "39 labelled rows"),
        (world(60), world(0), "0 evaluation rows"),
        (Rows(np.ones((60, 2)), np.zeros(60, int)), world(10), r"1 class\(es\)"),
    ],
)
def test_too_little_to_draw_a_curve_from_is_refused(labelled, evaluation, seen):
    with pytest.raises(UsageError, match=f"{seen}.*Label at least 40 rows"):
        learning_curve(labelled, evaluation)


def test_a_forecast_of_nothing_is_refused():
    curve = planted(lambda _: 0.2)
    with pytest.raises(UsageError, match="0 labels more"):
        forecast_gain(curve, 0)
    with pytest.raises(UsageError, match="0 evaluation rows"):
        forecast_gain(curve, 10, rows=np.zeros(1_000, bool))
