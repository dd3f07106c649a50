from dataclasses import replace

import pytest
import report_facts
from evaluation_facts import HOSTILE, NAN, a_loss, bucket, compared, hostile, measured
from test_html import Page

from burnish.reports import report_html
from burnish.reports.effect import arms_chart, effect_charts, effect_section, lift_chart
from burnish.reports.effect_tables import arms_table, lifts_table, shares_table, slices_table
from burnish.reports.effect_words import outcome, visible_sentence
from burnish.reports.slice_effects import slice_charts, slice_effects_section

CHOICE = report_facts.CHOICE


def text(markup):
    return Page(str(markup)).text


def page_of(effect):
    facts = replace(report_facts.text_facts(60), evaluation=effect.to_json())
    return Page(report_html(facts)).text


def test_arms_stand_in_order_each_with_its_lift():
    table = arms_table(measured())
    assert [line[0] for line in table.lines] == [
        "commonest class",
        "before",
        "after",
        "control (random)",
        "only LAB001",
    ]
    assert [str(cell) for cell in table.lines[2]][-2:] == ["+2.4", "[+1.1, +3.6]"]
    assert str(table.lines[1][-1]) == ""


def test_a_comparison_has_two_arms_by_their_names_and_no_column_that_says_nothing():
    table = arms_table(compared())
    assert list(table.head) == ["arm", "accuracy", "95% interval"]
    assert [line[0] for line in table.lines] == ["run A", "run B"]


def test_a_lift_that_is_not_known_is_not_shown():
    assert [line[0] for line in lifts_table(compared()).lines] == ["run B − run A"]
    assert len(lift_chart(compared()).dots) == 1
    assert "control" not in text(effect_section(compared()))
    assert "nan" not in str(effect_section(compared())).lower()


def test_it_is_said_what_the_claim_is_and_that_intervals_hold_together():
    said = text(effect_section(measured()))
    assert "claim “this data set is better”. Evaluation rows and training both count" in said
    assert "The intervals of the lifts hold together" in said
    other = text(effect_section(compared()))
    assert "claim “this fitted model is better”. The two are taken as they are" in other
    assert "Test of no difference (McNemar, exact): p = 0.154." in other


def test_each_code_has_its_share_as_table_and_chart():
    assert [line[0] for line in shares_table(measured()).lines] == ["DUP002", "LAB001"]
    assert [dot.tone for dot in effect_charts(measured())["shares"].dots] == ["plain", "good"]


def test_the_share_of_a_single_code_is_the_lift_and_not_said_twice():
    single = measured(shares=measured().shares[:1])
    assert shares_table(single) is None
    assert effect_charts(single)["shares"] is None


def test_the_lift_is_given_both_ways():
    said = text(effect_section(measured()))
    assert (
        "The lift without evaluation rows whose label is in doubt (580 rows): +2.0 points [+1.0, +3.0], better." in said
    )
    assert "with evaluation rows that have a twin in train (612 rows): +1.0 points [−2.0, +3.0], inconclusive." in said


def test_a_failed_gate_names_its_slices_and_takes_the_place_of_a_good_verdict():
    page = page_of(compared(verdict="better"))
    assert (
        "✗ Slice gate failed: 1 of 3 slices fell by more than 5 points, with 95% confidence: region = 'south'." in page
    )
    assert "✗ Gate failed" in page
    assert outcome(compared(verdict="worse")) == ("Worse", "✗", "worse")
    assert outcome(measured()) == ("Better", "✓", "better")


@pytest.mark.parametrize(("given", "shown"), [("Worse, above all in x: y", "Above all in x: y"), ("Worse: y", "Y")])
def test_the_headline_does_not_repeat_the_word_of_the_badge(given, shown):
    facts = report_facts.text_facts(60)
    summary = {**facts.summary, "verdict_sentence": given}
    facts = replace(facts, evaluation=compared(verdict="worse").to_json(), summary=summary)
    assert f"✗ Worse {shown}" in Page(report_html(facts)).text


def test_slices_that_fell_too_far_come_first_then_those_that_regressed():
    said = text(slice_effects_section(compared()))
    places = [said.rindex(name) for name in ("✗ fell too far", "↓ regressed")]
    table = slices_table(compared(), compared().slices, "t")
    assert "2 slices of 3 regressed beyond chance" in said
    assert "Slices that a search found" in said
    assert places[0] < places[1]
    assert [str(line[-1]) for line in table.lines] == ["", "✗ fell too far", "↓ regressed"]


def test_a_trend_is_a_dot_per_bucket_of_time_with_its_slope():
    trend = {"buckets": [bucket("2025-01", "2025-03"), bucket(4, 6.5, -0.03)], "slope": -0.01, "slope_low": -0.02,
             "slope_high": 0.0, "unit": "day", "more": 1}  # fmt: skip
    effect = measured(trend=trend, slices=())
    assert [dot.name for dot in slice_charts(effect)["trend"].dots] == ["2025-01 to 2025-03", "4 to 6.5"]
    assert "Over time the lift changes by −1.0 points [−2.0, 0.0] per day." in text(slice_effects_section(effect))


def test_without_slices_and_time_there_is_no_section():
    assert slice_effects_section(measured(slices=(), gate=None)) is None
    assert slice_charts(measured())["trend"] is None


def test_a_slope_that_is_not_known_is_not_said():
    trend = {"buckets": [bucket("a", "b")], "slope": None, "slope_low": None, "slope_high": None, "unit": "day"}
    assert "Over time" not in text(slice_effects_section(measured(trend=trend)))


def test_a_loss_is_never_told_in_points_and_lower_is_said_to_be_better():
    effect = a_loss(measured())
    said = text(effect_section(effect)) + text(slice_effects_section(effect))
    assert "points" not in said.replace("points [", "[") or "of log loss" in said
    assert "points of" not in said
    assert "+2.4" not in said
    assert "lower is better; a lift is how far it falls" in said
    assert arms_chart(effect).note == "lower is better"
    assert "5% of the value before" in said


def test_slices_are_told_in_the_metric_that_judged_them():
    effect = replace(measured(), metric="rmse", parameters={"slices_by": "mae"})
    said = text(slice_effects_section(effect))
    assert "Slices are judged by mae." in said
    assert "fall of mae" in said


def test_what_the_inner_folds_left_out_is_told_with_its_reason():
    said = text(effect_section(measured(), CHOICE))
    assert "Left out: QUA001, a loss beyond the margin is likely enough." in said
    assert "✗ left out" in said
    assert "inner folds" not in text(effect_section(measured()))


def test_it_is_said_how_many_rows_would_show_one_point():
    few = visible_sentence(1861, 0.015, 6587.0, "accuracy")
    never = visible_sentence(1861, 0.015, None, "accuracy")
    loss = visible_sentence(1861, 0.015, 512.0, "log_loss")
    assert few == (
        "These 1,861 evaluation rows can show a lift of 1.5 points or more; one point would take about 6,600 rows."
    )
    assert never.endswith("no number of evaluation rows would show one point: the training data varies more.")
    assert "0.015 of log loss or more; a hundredth of the value before would take about 510 rows" in loss
    assert visible_sentence(30, NAN, None, "accuracy") == "These 30 evaluation rows can show no lift."


def test_hostile_strings_never_become_tags_and_long_ones_are_cut():
    sections = f"{effect_section(hostile(), [{**CHOICE[1], 'code': HOSTILE, 'reason': HOSTILE}])}"
    sections += f"{slice_effects_section(hostile())}"
    page = Page(sections)
    assert "script" not in page.tags
    assert not [a for a in page.attributes if a[1].startswith("on")]
    assert not set("\x00\x1b\u202e") & set(sections)
    assert "long " * 90 not in sections


def test_a_measurement_of_an_earlier_version_still_gives_a_page():
    document = measured().to_json()
    for name in ("claim", "shares", "gate", "found", "trend", "asides", "rows_for_one_point"):
        del document[name]
    facts = replace(report_facts.text_facts(60), evaluation=document)
    assert "Arms of the measurement" in Page(report_html(facts)).text
