import pytest

from burnish.reports import numbers


@pytest.mark.parametrize(
    ("value", "metric", "shown"),
    [(0.024, "accuracy", "+2.4"), (-0.0004, "accuracy", "0.0"), (-0.31, "log_loss", "−0.310"), (None, "accuracy", "–")],
)
def test_a_lift_has_a_sign_and_the_unit_of_its_metric(value, metric, shown):
    assert numbers.metric_lift(value, metric) == shown


def test_shares_read_as_percentages_and_losses_as_numbers():
    assert numbers.metric_value(0.856, "balanced_accuracy") == "85.6%"
    assert numbers.metric_value(0.856, "log_loss") == "0.856"


def test_a_loss_too_small_for_three_decimals_keeps_two_digits_and_a_zero_has_no_sign():
    assert numbers.metric_lift(-0.00012, "rmse") == "−0.00012"
    assert numbers.metric_lift(0.0, "rmse") == "0.000"
    assert numbers.metric_value(12345.6, "rmse") == "12,345.600"


def test_a_metric_of_the_user_is_no_share_whatever_its_name():
    assert numbers.metric_lift(0.02, "mine:accuracy") == "+0.020"
    assert numbers.lift_unit("mine:accuracy") == "mine:accuracy"


def test_a_lift_of_a_loss_is_a_fall():
    assert numbers.lift_unit("log_loss") == "fall of log loss"
    assert numbers.lift_words(0.3, (0.1, 0.5), "log_loss") == "+0.300 [+0.100, +0.500]"
    assert numbers.lift_words(0.3, (None, 0.5), "accuracy") == "+30.0 points [–, +50.0]"


def test_unknown_numbers_are_a_dash():
    assert {numbers.percent(None), numbers.number(float("nan")), numbers.p_value(None), numbers.count(None)} == {"–"}


def test_very_small_p_values_are_bounds():
    assert numbers.p_value(1e-9) == "< 0.001"
    assert numbers.p_words("q", 1e-9) == "q < 0.001"
    assert numbers.p_words("p", 0.1536) == "p = 0.154"
