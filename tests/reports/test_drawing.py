import math
from xml.etree import ElementTree as ET

import pytest
from evaluation_facts import HOSTILE, compared, measured
from hypothesis import example, given
from hypothesis import strategies as st

from burnish.reports.charts import Chart, Dot
from burnish.reports.drawing import NAMES, VALUES, WIDTH, drawn_chart, ticks
from burnish.reports.effect import effect_charts

NUMBERS = st.floats(-1e3, 1e3)


def parsed(chart):
    return ET.fromstring(drawn_chart(chart).replace("\ufffe", ""))  # noqa: S314 - our own text; XML has no such letter


def circles(chart):
    return [float(one.get("cx")) for one in parsed(chart).iter("circle")]


def chart_of(*dots, **options):
    return Chart("Title", "axis", tuple(dots), percent=False, **options)


@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=8))
@example([(0.0, 0.0, 5e-324)])
@example([(1e3, 1e3, 1e3 + 1e-12)])
def test_every_dot_lies_on_the_axis_and_in_the_order_of_the_values(lines):
    dots = [Dot(str(i), *sorted(line)[1:2], *(sorted(line)[0], sorted(line)[2])) for i, line in enumerate(lines)]
    places = circles(chart_of(*dots))
    assert all(NAMES <= x <= WIDTH - VALUES for x in places)
    values = [dot.value for dot in dots]
    for i, j in ((i, j) for i in range(len(dots)) for j in range(len(dots)) if values[i] < values[j]):
        assert places[i] <= places[j]


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_ticks_are_round_evenly_spaced_and_inside(low, span):
    found = ticks(low, low + span)
    room = 1e-6 * max(abs(low), span)
    assert 1 <= len(found) <= 8
    assert all(low - room <= value <= low + span + room for value in found)


def test_the_numbers_of_every_dot_stand_beside_it_as_text():
    drawn = drawn_chart(effect_charts(measured())["lift"])
    assert "+2.4 [+1.1, +3.6]" in drawn
    assert "margin −0.5" in drawn
    assert "after − before" in drawn


def test_hostile_names_stay_text():
    chart = effect_charts(compared(parameters={"labels": [HOSTILE, HOSTILE]}))["arms"]
    texts = " ".join(one.text or "" for one in parsed(chart).iter("text"))
    assert "<script>" in texts
    assert not list(parsed(chart).iter("script"))


@pytest.mark.parametrize("end", [math.inf, -math.inf, math.nan])
def test_an_end_that_is_no_number_draws_a_dash(end):
    assert "–" in drawn_chart(chart_of(Dot("a", 0.1, end, 0.2)))


def test_one_dot_without_width_has_room_around_it():
    assert circles(chart_of(Dot("a", 0.5, 0.5, 0.5))) == [pytest.approx((NAMES + WIDTH - VALUES) / 2, abs=0.2)]
