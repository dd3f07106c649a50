import re
from dataclasses import replace

import pytest

from burnish.dataset import Arm, Changeset, Edit, Evaluation, Gate, SliceEffect
from burnish.pipeline.summary import verdict_sentence

ARMS = (Arm("before", 0.8, 0.7, 0.9, 100, 10), Arm("after", 0.82, 0.7, 0.9, 90, 10))
SOUTH = SliceEffect("region = 'south'", 90, 0.8, 0.63, -0.169, -0.2, -0.1, 1e-6, regressed=True, failed=True)


def changes(n_edits=245):
    return Changeset("v", tuple(Edit(str(i), "drop", "LAB001", "a test") for i in range(n_edits)))


def effect(verdict="better", lift=(0.024, 0.011, 0.036), **changed):
    given = Evaluation("accuracy", 1861, ARMS, *lift, 0.0, 0.0, 0.0, 0.0286, verdict, margin=0.005)
    return replace(given, **changed)


def failing(verdict, *more):
    gate = Gate(0.05, passed=False, failed=(SOUTH.slice, *more), n_slices=9)
    return effect(verdict, slices=(replace(SOUTH, slice="west", lift=-0.06), SOUTH), gate=gate)


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (
            "better",
            "Better: after 245 edits the model gains +2.4 points of accuracy [+1.1, +3.6] on 1,861 locked rows.",
        ),
        ("worse", "Worse: after 245 edits the model loses; +2.4 points"),
        ("no worse", "No worse: after 245 edits the model stays within 0.5 points or gains; +2.4 points of accuracy"),
        ("inconclusive", "1,861 locked rows; a lift under 2.9 points cannot be seen here."),
    ],
)
def test_a_verdict_is_one_sentence(verdict, said):
    assert said in verdict_sentence(effect(verdict), changes())


def test_one_edit_is_no_plural():
    assert "after 1 edit the model" in verdict_sentence(effect(), changes(1))


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("better", "Better, but worse in region = 'south' (−16.9 points): after"),
        ("inconclusive", "Inconclusive, but worse in region = 'south' (−16.9 points): after"),
        ("worse", "Worse, above all in region = 'south' (−16.9 points): after"),
    ],
)
def test_the_slice_that_paid_most_for_it_is_named(verdict, said):
    assert verdict_sentence(failing(verdict), changes()).startswith(said)


def test_further_slices_that_fell_are_counted():
    assert "(−16.9 points) and 2 more: after" in verdict_sentence(failing("better", "a", "b"), changes())


def test_a_gate_that_passed_is_not_mentioned():
    assert verdict_sentence(effect(gate=Gate(0.05, passed=True)), changes()) == verdict_sentence(effect(), changes())


@pytest.mark.parametrize(
    ("verdict", "lift", "said"),
    [
        ("better", (0.031, 0.01, 0.052), "the log loss falls by 0.031 [+0.010, +0.052] on 1,861"),
        ("worse", (-0.02, -0.03, -0.01), "the log loss rises by 0.020 [+0.010, +0.030] on 1,861"),
        (
            "no worse",
            (0.001, -0.002, 0.004),
            "rises by less than 0.005 or falls; it falls by 0.001 [−0.002, +0.004] on",
        ),
        (
            "inconclusive",
            (-0.001, -0.02, 0.018),
            "rises by 0.001 [−0.018, +0.020] on 1,861 locked rows; a lift under 0.029",
        ),
    ],
)
def test_of_a_loss_it_is_said_how_far_it_falls_or_rises(verdict, lift, said):
    sentence = verdict_sentence(effect(verdict, lift, metric="log_loss"), changes())
    assert said in sentence
    assert "points" not in sentence


def test_a_slice_is_told_in_the_metric_that_judged_it():
    judged = replace(failing("better"), metric="rmse", parameters={"slices_by": "mae"})
    assert "region = 'south' (−0.169): after" in verdict_sentence(judged, changes())


def test_the_metric_of_a_user_has_no_points():
    assert "the model gains +0.024 mine:f [+0.011, +0.036]" in verdict_sentence(effect(metric="mine:f"), changes())


def test_a_comparison_names_both_sides():
    compared = effect("better", parameters={"labels": ["run A", "run B"]})
    assert verdict_sentence(compared) == (
        "Better: with run B in place of run A the model gains +2.4 points of accuracy [+1.1, +3.6] on 1,861 rows."
    )


def test_codes_that_were_left_out_are_named():
    assert verdict_sentence(effect(), changes(), ["LAB001", "DUP002"]).endswith("; left to you: LAB001, DUP002.")


def test_a_lift_that_cannot_be_seen_at_all_is_not_told_as_a_number():
    assert "nan" not in verdict_sentence(effect("inconclusive", smallest_visible_lift=float("nan")), changes())


def test_names_of_the_data_stay_on_one_line_and_short():
    name = "a\nb\x1b[31m" + "long " * 100
    slices = (replace(SOUTH, slice=name),)
    gate = Gate(0.05, passed=False, failed=(name,), n_slices=1)
    sentence = verdict_sentence(effect(slices=slices, gate=gate, metric=name, parameters={"labels": [name, name]}))
    assert not re.search(r"[\x00-\x1f]", sentence)
    assert len(sentence) < 600
