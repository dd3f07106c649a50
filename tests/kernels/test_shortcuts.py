import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.kernels.shortcuts import field_skill, prediction_skill, quantile_codes


def agreeing(share, n_rows=2_000, n_classes=4, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(n_classes, size=n_rows)
    codes = np.where(rng.random(n_rows) < share, labels, rng.integers(n_classes, size=n_rows))
    return codes, labels


def test_a_field_that_is_the_label_has_skill_one():
    codes, labels = agreeing(1.0)
    skill = field_skill(codes, labels, n_classes=4)
    assert skill.score == pytest.approx(1.0)
    assert skill.p_value < 1e-100


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_skill_is_the_share_of_rows_that_agree_beyond_chance(share):
    skill = field_skill(*agreeing(share, 8_000), n_classes=4)
    assert skill.low - 0.02 <= share <= skill.high + 0.02
    assert skill.low < skill.score < skill.high


def test_a_field_that_tells_one_class_of_many_is_named_with_that_class():
    labels = np.random.default_rng(0).integers(10, size=3_000)
    skill = field_skill((labels == 7).astype(np.int64), labels, n_classes=10)
    assert (skill.best_class, skill.score) == (7, pytest.approx(1.0))


def test_random_fields_are_significant_in_one_run_of_twenty():
    p_values = [field_skill(*agreeing(0.0, 500, seed=seed), n_classes=4, seed=seed).p_value for seed in range(100)]
    assert np.mean(np.array(p_values) <= 0.05) <= 0.1


def test_a_field_with_a_value_per_row_has_no_skill():
    labels = np.random.default_rng(0).integers(3, size=600)
    assert field_skill(np.arange(600), labels, n_classes=3).score < 0.1


@settings(max_examples=20)
@given(n_rows=st.integers(10, 60), n_classes=st.integers(1, 5), seed=st.integers(0, 1_000))
def test_skill_and_interval_stay_between_zero_and_one(n_rows, n_classes, seed):
    rng = np.random.default_rng(seed)
    skill = field_skill(rng.integers(-1, 4, n_rows), rng.integers(n_classes, size=n_rows), n_classes=n_classes)
    assert 0 <= skill.low <= skill.score <= skill.high <= 1
    assert 0 <= skill.p_value <= 1


def test_missing_values_speak_like_any_other():
    labels = np.random.default_rng(0).integers(2, size=500)
    assert field_skill(np.where(labels == 1, -1, 0), labels, n_classes=2).score == pytest.approx(1.0)


def test_the_skill_of_predictions_is_true_minus_false_positive_rate():
    labels, predicted = np.array([1, 1, 1, 1, 0, 0, 0, 0, 2, 2]), np.array([1, 1, 1, 0, 1, 0, 0, 0, 2, 1])
    assert prediction_skill(predicted, labels, class_code=1) == pytest.approx(3 / 4 - 2 / 6)
    assert prediction_skill(predicted, labels, class_code=5) == 0.0


def test_quantile_bins_have_like_sizes_and_unreadable_values_none():
    values = np.append(np.random.default_rng(0).standard_normal(1_000), np.nan)
    codes = quantile_codes(values, n_bins=10)
    assert codes[-1] == -1
    assert np.bincount(codes[:-1]).tolist() == pytest.approx([100] * 10, abs=2)
    assert (np.diff(codes[:-1][np.argsort(values[:-1])]) >= 0).all()
    assert set(quantile_codes(np.full(5, np.nan))) == {-1}
