from burnish.reports.charts import CHART_ROWS, Dot, chart_of, dot


def test_a_chart_says_how_many_dots_it_leaves_out():
    chart = chart_of("t", "accuracy", [Dot(str(i), 0.5, 0.4, 0.6) for i in range(CHART_ROWS + 3)])
    assert len(chart.dots) == CHART_ROWS
    assert chart.note == f"the first {CHART_ROWS} of {CHART_ROWS + 3}"


def test_unknown_values_give_no_dot_and_no_dots_no_chart():
    assert dot("a", {"v": None}, ("v", "l", "h")) is None
    assert dot("a", {"v": float("nan")}, ("v", "l", "h")) is None
    assert chart_of("t", "accuracy", [None]) is None


def test_a_missing_end_of_an_interval_is_the_value():
    assert dot("a", {"v": 0.5, "l": 0.4}, ("v", "l", "h")) == Dot("a", 0.5, 0.4, 0.5)
