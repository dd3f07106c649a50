from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.dataset import Column, Evidence
from burnish.errors import UsageError
from burnish.kernels.intervals import Interval
from burnish.kernels.metrics import METRICS, N_BLOCKS, FunctionMetric
from burnish.pipeline.judging import PSEUDO_ROWS, Judge, intervals_of, judge_lift, task_of
from burnish.pipeline.settings import setting_of
from burnish.pipeline.standards import Standard
from burnish.testing.planted import planted_vectors

N_ROWS, N_EVALUATION = 500, 200
TASKS = ("classification", "multi-label", "regression")


def setting_with(*columns):
    planted = planted_vectors(N_ROWS, n_dims=8, seed=1)
    locked = Column("evaluation", np.arange(N_ROWS) >= N_ROWS - N_EVALUATION)
    vectors = Column("embeddings", planted.vectors, "row")
    return setting_of(Evidence(planted.dataset).adding([vectors, locked, *columns]))


def judge_of(name="accuracy", *columns, metric=None, **settings):
    return Judge(setting_with(*columns), Standard(metric or METRICS[name]), **settings)


def answers(judge, share_right, seed=0):
    """Give predictions (n_evaluation, 4) that are sure, and right for a share of the rows."""
    rng = np.random.default_rng(seed)
    truth = judge.setting.targets.values[judge.setting.evaluation]
    said = np.where(rng.random(len(truth)) < share_right, truth, (truth + 1) % 4)
    return np.where(np.eye(4)[said] > 0, 0.85, 0.05).astype(np.float32)


def lift_of(judge, before, after):
    """Give the interval and spread of after minus before, as a measurement with two equal runs does."""
    counted, truth = judge.counted, judge.truth(judge.counted)
    terms = [judge.terms(one, counted) for one in (before, after)]
    values = [judge.metric.value(truth, one) for one in terms]
    moves = [judge.metric.influence(truth, one) for one in terms]
    lift = judge.sign * (values[1] - values[0])
    found, spreads = intervals_of(
        {"lift": [lift, lift]}, {"lift": 2 * judge.sign * (moves[1] - moves[0])}, judge, counted
    )
    return found["lift"], spreads["lift"]


@given(st.floats(-1, 1), st.floats(0, 1), st.floats(0, 0.1))
def test_every_interval_has_the_one_verdict_that_its_bounds_say(low, width, margin):
    high = low + width
    verdict = judge_lift(Interval((low + high) / 2, low, high, 0.1, 9.0), margin=margin)
    assert (verdict == "better") == (low > margin)
    assert (verdict == "no worse") == (-margin < low <= margin)
    assert (verdict == "worse") == (low <= -margin and high < 0)


def test_an_interval_that_ends_on_the_margin_is_not_above_it():
    assert judge_lift(Interval(0.02, 0.005, 0.03, 0.01, 9.0), margin=0.005) == "no worse"
    assert judge_lift(Interval(0.02, -0.005, 0.03, 0.01, 9.0), margin=0.005) == "inconclusive"
    assert judge_lift(Interval(-0.02, -0.03, 0.0, 0.01, 9.0), margin=0.005) == "inconclusive"


def test_what_nobody_knows_is_inconclusive():
    assert judge_lift(Interval(np.nan, np.nan, np.nan, np.nan, 1.0), margin=0.005) == "inconclusive"


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("task", TASKS)
def test_a_metric_is_for_its_tasks_and_numbers_may_be_asked_of_classes(name, task):
    metric = METRICS[name]
    if task in metric.tasks:
        assert task_of(metric, task) == task
    elif task == "classification":
        assert task_of(metric, task) == "regression"
    else:
        with pytest.raises(UsageError, match=f"{name!r} does not fit {task}"):
            task_of(metric, task)


@pytest.mark.parametrize("name", [n for n, m in METRICS.items() if "classification" in m.tasks])
def test_a_lift_is_positive_where_after_is_better_also_of_a_loss(name):
    judge = judge_of(name)
    worse, better = answers(judge, 0.5), answers(judge, 0.9, seed=1)
    found, _ = lift_of(judge, worse, better)
    assert 0 < found.low < found.value < found.high
    back, _ = lift_of(judge, better, worse)
    assert back.value == pytest.approx(-found.value)
    assert back.high < 0


def test_only_rows_without_a_twin_are_counted():
    leak_of = np.full(N_ROWS, -1)
    leak_of[-30:] = 0
    judge = judge_of("accuracy", Column("leak_of", leak_of))
    assert judge.counted.sum() == N_EVALUATION - 30
    assert len(judge.truth(judge.counted)) == N_EVALUATION - 30
    assert np.array_equal(judge.units(judge.counted), judge.setting.groups[judge.setting.counted])
    predictions = answers(judge, 1.0)
    predictions[judge.setting.leaked] = 0
    assert judge.metric.value(judge.truth(judge.counted), judge.terms(predictions, judge.counted)) == 1.0


def test_a_change_that_moves_no_row_may_still_have_moved_one_each_way():
    judge = judge_of()
    same = answers(judge, 0.8)
    found, spread = lift_of(judge, same, same)
    assert found.value == 0
    assert spread.rows == pytest.approx(PSEUDO_ROWS / (N_EVALUATION + PSEUDO_ROWS) ** 2)
    assert found.low < -0.01 < 0.01 < found.high


def test_without_training_chance_the_error_is_that_of_a_paired_mean_and_the_pseudo_rows():
    judge = judge_of()
    before, after = answers(judge, 0.6), answers(judge, 0.8, seed=1)
    moved = answers_right(judge, after).astype(float) - answers_right(judge, before)
    found, spread = lift_of(judge, before, after)
    assert found.value == pytest.approx(moved.mean())
    assert spread.between == pytest.approx(0, abs=1e-30)
    assert spread.rows == pytest.approx(moved.var(ddof=1) / N_EVALUATION + judge.pseudo(N_EVALUATION))
    assert found.error == pytest.approx(np.sqrt(spread.rows))


def test_pseudo_rows_are_for_counted_rows_of_a_change_that_edits_something():
    assert judge_of(edited=False).pseudo(100) == 0
    assert judge_of("log_loss").pseudo(100) == 0
    assert judge_of("auroc").pseudo(100) == 0
    for name in ("accuracy", "macro_f1", "balanced_accuracy", "weighted_f1"):
        assert judge_of(name).pseudo(100) == pytest.approx(PSEUDO_ROWS / 102**2)
    same = answers(judge_of(), 0.8)
    found, _ = lift_of(judge_of(edited=False), same, same)
    assert found.low == found.high == 0


def test_rows_that_belong_together_widen_the_interval():
    alone = judge_of()
    before, after = answers(alone, 0.6), answers(alone, 0.8, seed=1)
    group = np.arange(N_ROWS) // 10
    together = replace(alone, setting=replace(alone.setting, groups=group))
    # Rows of a group answer alike: a tenth of the draws is independent.
    rows = (np.arange(N_EVALUATION) // 10) * 10
    alike = [np.where(answers_right(alone, one)[rows][:, None], right(alone), wrong(alone)) for one in (before, after)]
    narrow, wide = lift_of(alone, *alike), lift_of(together, *alike)
    assert narrow[0].value == pytest.approx(wide[0].value)
    ratio = (wide[0].high - wide[0].low) / (narrow[0].high - narrow[0].low)
    assert 2.5 < ratio < 4.5
    assert wide[1].n_units == N_EVALUATION / 10


def answers_right(judge, predictions):
    return predictions.argmax(axis=1) == judge.truth(np.ones(N_EVALUATION, bool))


def right(judge):
    return np.eye(4, dtype=np.float32)[judge.truth(np.ones(N_EVALUATION, bool))]


def wrong(judge):
    return np.roll(right(judge), 1, axis=1)


def test_retrains_that_disagree_widen_the_interval_and_the_rows_stay_as_they_are():
    judge = judge_of()
    move = {"lift": 2 * np.random.default_rng(0).normal(size=N_EVALUATION)}
    calm, wild = (intervals_of({"lift": runs}, move, judge, judge.counted) for runs in ([0.02, 0.02], [-0.02, 0.06]))
    assert calm[0]["lift"].value == pytest.approx(wild[0]["lift"].value)
    assert wild[1]["lift"].rows == calm[1]["lift"].rows
    assert wild[1]["lift"].between > calm[1]["lift"].between == pytest.approx(0, abs=1e-30)
    assert wild[0]["lift"].low < calm[0]["lift"].low


def test_a_fitted_model_has_no_training_chance():
    judge = judge_of(train_factor=0.0)
    move = {"lift": 2 * np.random.default_rng(0).normal(size=N_EVALUATION)}
    calm, wild = (
        intervals_of({"lift": runs}, move, judge, judge.counted)[0]["lift"] for runs in ([0.02, 0.02], [-0.02, 0.06])
    )
    assert wild.error == pytest.approx(calm.error)


def agreement(truth, predicted):
    return float(np.mean(truth == predicted))


def test_a_function_of_the_user_is_judged_by_blocks_and_nearly_as_the_built_in_metric():
    setting = setting_with()
    function = FunctionMetric(
        name="agreement", tasks=("classification",), is_share=False, function=agreement,
        classes=setting.targets.classes,
    )  # fmt: skip
    own, built_in = (Judge(setting, Standard(metric)) for metric in (function, METRICS["accuracy"]))
    assert len(np.unique(own.units(own.counted))) == N_BLOCKS
    assert np.all(np.diff(own.units(own.counted)) >= 0)
    before, after = answers(own, 0.5), answers(own, 0.7, seed=1)
    mine, theirs = (lift_of(judge, before, after) for judge in (own, built_in))
    assert mine[0].value == pytest.approx(theirs[0].value)
    assert mine[1].n_units == N_BLOCKS
    assert (mine[0].high - mine[0].low) / (theirs[0].high - theirs[0].low) == pytest.approx(1, abs=0.35)


def test_a_function_that_is_a_loss_is_turned_round():
    setting = setting_with()
    loss = FunctionMetric(
        name="loss", tasks=("classification",), greater_is_better=False, is_share=False,
        function=lambda truth, predicted: 1 - agreement(truth, predicted), classes=setting.targets.classes,
    )  # fmt: skip
    judge = Judge(setting, Standard(loss))
    assert judge.sign == -1
    assert lift_of(judge, answers(judge, 0.5), answers(judge, 0.9, seed=1))[0].low > 0
