import io
import re
from dataclasses import replace

import pyarrow as pa
import pytest
from rich.console import Console

from burnish.cli.terminal import shortened, show_choice, show_comparison, show_effect, show_outlook
from burnish.dataset import Arm, Aside, Evaluation, Gate, Share, SliceEffect
from burnish.pipeline.choice import Choice, CodeChoice
from burnish.pipeline.decision import Policy
from burnish.pipeline.planning import Outlook

NAN = float("nan")
HOSTILE = "[red]x[/]\nnext\x1b[31m\x07 " + "long " * 100
SOUTH = SliceEffect("region = 'south'", 90, 0.8, 0.63, -0.169, -0.2, -0.1, 1e-6, regressed=True, failed=True)


def printed(show, *given, width=120, styles=False):
    file = io.StringIO()
    show(Console(width=width, file=file, force_terminal=styles, color_system="standard" if styles else None), *given)
    return file.getvalue()


def measured(**changes):
    arms = (
        Arm("before", 0.842, 0.83, 0.86, 2400, 10),
        Arm("after", 0.866, 0.85, 0.88, 2240, 10, 0.024, 0.011, 0.036),
        Arm("control", 0.839, 0.82, 0.85, 2240, 10),
        Arm("only:LAB001", 0.861, 0.85, 0.87, 2310, 10, 0.019, 0.007, 0.031),
    )
    aside = Aside("without evaluation rows whose label is in doubt", 580, 0.86, 0.88, 0.02, 0.01, 0.03, "better")
    effect = Evaluation(
        "accuracy", 600, arms, 0.024, 0.011, 0.036, 0.027, 0.013, 0.04, 0.018, "better",
        margin=0.005, parameters={"majority_class": 0.13}, notes=("a note",),
        shares=(Share("DUP002", 70, 0.001, -0.008, 0.01), Share("LAB001", 90, 0.023, 0.011, 0.035)),
        gate=Gate(0.05, passed=True, n_slices=4), asides=(aside,), rows_for_one_point=6587.0,
    )  # fmt: skip
    return replace(effect, **changes)


def failing(**changes):
    return measured(slices=(SOUTH,), gate=Gate(0.05, passed=False, failed=(SOUTH.slice,), n_slices=4), **changes)


def compared(**changes):
    return failing(
        arms=measured().arms[:2], lift_vs_control=NAN, lift_vs_control_low=NAN, lift_vs_control_high=NAN, asides=(),
        claim="this fitted model is better", shares=(), verdict="inconclusive", found=(SOUTH,),
        parameters={"labels": ["run A", "run B"], "test": "McNemar, exact", "p_value": 0.15}, **changes,
    )  # fmt: skip


def differing(said="x"):
    return pa.table({"row_id": ["r1"], "label": [said], "a": [said], "b": ["y"], "difference": [-1.0]})


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("metric", ["accuracy", "log_loss", "average_precision"])
def test_no_number_of_an_arm_is_cut_at_the_width_of_a_terminal(width, metric):
    text = printed(show_effect, measured(metric=metric), "s", width=width)
    assert "…" not in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= width
    assert re.search(r"only LAB001 +2,310 .*\[\+0\.7, \+3\.1\]|only LAB001 +2,310 .*\[\+0\.007, \+0\.031\]", text)


def test_a_measurement_tells_arms_shares_asides_gate_and_claim():
    text = printed(show_effect, measured(), "Better: so it is.", width=200)
    for said in (
        "commonest class",
        "What each code adds to the lift (share: points of accuracy)",
        "against a random drop of as many rows: +2.7 points [+1.3, +4.0]",
        "the lift without evaluation rows whose label is in doubt (580 rows): +2.0 points [+1.0, +3.0], better",
        "these 600 evaluation rows can show a lift of 1.8 points or more; one point would take about 6,600 rows",
        "✓ Slice gate passed: none of 4 slices",
        "claim “this data set is better”",
        "a note",
    ):
        assert said in text
    assert text.rstrip().endswith("Better: so it is.")


def test_a_gate_that_failed_is_red_and_names_the_slice():
    text = printed(show_effect, failing(), "s", width=200, styles=True)
    assert "\x1b[1;31m✗ Slice gate failed: 1 of 4 slices" in text
    assert "worse in region = 'south'" in text
    assert "\x1b[32m✓" in printed(show_effect, measured(), "s", width=200, styles=True)


def test_a_verdict_whose_gate_failed_is_not_green():
    assert "\x1b[1;31mBetter" in printed(show_effect, failing(), "Better", styles=True)
    assert "\x1b[1;32mBetter" in printed(show_effect, measured(), "Better", styles=True)


def test_a_loss_is_not_told_in_points():
    text = printed(show_effect, measured(metric="log_loss", parameters={"slices_by": "log_loss"}), "s", width=200)
    assert "points" not in text
    assert "(lift: fall of log loss)" in text


def test_many_slices_are_counted_beyond_the_first():
    slices = tuple(replace(SOUTH, slice=f"s{i}") for i in range(5))
    assert "… and 2 more, in the report" in printed(show_effect, measured(slices=slices), "s")


def test_a_slope_over_time_is_told():
    trend = {"buckets": [], "slope": -0.01, "slope_low": -0.02, "slope_high": 0.0, "unit": "day"}
    assert "Over time the lift changes by −1.0 points [−2.0, 0.0] per day." in printed(
        show_effect, measured(trend=trend), "s"
    )


def test_a_comparison_tells_both_sides_the_test_and_where_they_differ():
    text = printed(show_comparison, compared(), differing(), width=200)
    for said in (
        "run B against run A",
        "they differ on 1 row, such as",
        "r1: x, A says x, B says y",
        "test of no difference (McNemar, exact): p = 0.150",
        "found: region = 'south'",
        "Inconclusive, but worse in region = 'south' (−16.9 points): with run B in place of run A",
    ):
        assert said in text
    assert "random drop" not in text
    assert "nan" not in text


def test_two_sides_that_never_differ_are_said_to():
    assert "they differ on 0 rows\n" in printed(show_comparison, compared(), differing().slice(1))


def test_the_outlook_is_told_in_points_or_in_the_metric():
    points = printed(show_outlook, Outlook("accuracy", 1861, 3000, 0.015, 6587.0), width=200)
    assert points == (
        "before any change: these 1,861 evaluation rows can show a lift of 1.5 points or more; "
        "one point would take about 6,600 rows\n"
    )
    never = printed(show_outlook, Outlook("accuracy", 1861, 3000, 0.015, None), width=200)
    assert "no number of evaluation rows would show one point: the training data varies more" in never
    assert "points" not in printed(show_outlook, Outlook("rmse", 1861, 3000, 0.015, 10.0), width=200)


def test_the_choice_tells_what_stays_and_why_the_rest_does_not():
    codes = (
        CodeChoice("DUP001", "drop", 15, 0.01, 0.0, 0.02, kept=True, reason="a share above zero"),
        CodeChoice(
            "LAB001", "drop", 9, -0.1, -0.2, 0.0, kept=False, reason="a loss beyond the margin is likely enough"
        ),
    )
    text = printed(show_choice, Choice(Policy(), codes))
    assert "chosen on inner folds of the training rows: DUP001 drop (a share above zero)\n" in text
    assert "left out: LAB001, a loss beyond the margin is likely enough\n" in text
    assert printed(show_choice, None) == printed(show_choice, Choice(Policy())) == ""


def test_hostile_strings_are_neither_styles_nor_escape_sequences():
    slices = (replace(SOUTH, slice=HOSTILE),)
    gate = Gate(0.05, passed=False, failed=(HOSTILE,), n_slices=1)
    effect = compared()
    effect = replace(
        effect, slices=slices, found=slices, gate=gate, notes=(HOSTILE,), metric=HOSTILE,
        parameters={**effect.parameters, "labels": [HOSTILE, HOSTILE], "slices_by": HOSTILE},
    )  # fmt: skip
    text = printed(show_comparison, effect, differing(HOSTILE)) + printed(show_effect, effect, HOSTILE)
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "[red]x[/]" in text


def test_a_message_is_one_line_without_control_characters():
    assert shortened("a\n\x1b[31m b", 20) == "a [31m b"
    assert shortened("x" * 50, 10) == "xxxxxxxxx…"
