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


def test_unknown_numbers_are_a_dash():
    assert {numbers.percent(None), numbers.number(float("nan")), numbers.p_value(None), numbers.count(None)} == {"–"}


def test_very_small_p_values_are_bounds():
    assert numbers.p_value(1e-9) == "< 0.001"
