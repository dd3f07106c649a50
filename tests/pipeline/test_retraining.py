from dataclasses import dataclass

import numpy as np
import pytest

from burnish.adapters.models.linear import LinearProbe
from burnish.dataset import Changeset, Column, Edit, Evidence
from burnish.errors import ModelError, UsageError
from burnish.kernels.metrics import METRICS
from burnish.pipeline.arms import AFTER, BEFORE, CONTROL, Change
from burnish.pipeline.measurement import measure
from burnish.pipeline.retraining import Protocol, predict_each, predict_rounds, rounds_of
from burnish.pipeline.settings import setting_of
from burnish.protocols import SharingModel, Silent
from burnish.testing.planted import planted_vectors

N_ROWS, N_TRAIN = 500, 380
ACCURACY = METRICS["accuracy"]


@dataclass
class Alone:
    """The probe without its way to train several at a time; remembers what it was asked."""

    probe: LinearProbe
    asked: list

    recipe = "alone"

    def fit_predict(self, train, rows, *, seed):
        self.asked.append((train, seed))
        return self.probe.fit_predict(train, rows, seed=seed)


class Failing:
    """Answers twice, then fails."""

    recipe = "failing"
    runs = 0

    def fit_predict(self, train, rows, *, seed):
        self.runs += 1
        if self.runs > 2:
            raise ModelError("the third training failed.", remedy="Mend it.")
        return LinearProbe().fit_predict(train, rows, seed=seed)


class Counted(Silent):
    """Progress that counts."""

    def __init__(self):
        self.told = []

    def start(self, stage, total):
        self.told.append([stage, total, 0, False])

    def advance(self, n=1):
        self.told[-1][2] += n

    def finish(self, **facts):
        self.told[-1][3] = True


@pytest.fixture(scope="module")
def evidence():
    planted = planted_vectors(N_ROWS, n_dims=16, spread=1.5, seed=2)
    columns = [Column("embeddings", planted.vectors, "row"), Column("evaluation", np.arange(N_ROWS) >= N_TRAIN)]
    return Evidence(planted.dataset).adding(columns)


def changes_of(evidence, codes=("DUP001", "LAB001")):
    ids = evidence.dataset.row_ids.to_pylist()
    rows = np.array_split(np.arange(60), max(1, len(codes)))
    edits = (Edit(ids[row], "drop", code, "x") for code, part in zip(codes, rows, strict=False) for row in part)
    return Changeset(evidence.dataset.version, tuple(edits))


@pytest.fixture(scope="module")
def change(evidence):
    return Change(setting_of(evidence), changes_of(evidence))


def protocol_of(model=None, **settings):
    return Protocol(ACCURACY, model or LinearProbe(1e-2), **settings)


def test_every_arm_of_a_round_sees_the_same_draw(change):
    for one in rounds_of(change, protocol_of(retrains=3), seed=0):
        drawn = one.trains[BEFORE].rows
        assert len(drawn) == round(0.8 * N_TRAIN)
        assert len(np.unique(drawn)) == len(drawn)
        assert np.isin(drawn, change.setting.train).all()
        for name, coalition in one.plan.arms.items():
            assert np.array_equal(one.trains[name].rows, change.training(drawn, coalition).rows), name
        assert np.isin(one.trains[CONTROL].rows, drawn).all()


def test_an_arm_lacks_nothing_of_the_draw_but_what_its_codes_drop(change):
    one = rounds_of(change, protocol_of(retrains=2), seed=0)[0]
    lost = np.setdiff1d(one.trains[BEFORE].rows, one.trains[AFTER].rows)
    assert len(lost) > 0
    assert np.array_equal(lost, np.intersect1d(one.trains[BEFORE].rows, change.edited))


def test_rounds_differ_in_their_draws_and_controls(change):
    rounds = rounds_of(change, protocol_of(retrains=4), seed=0)
    assert [one.number for one in rounds] == [0, 1, 2, 3]
    for name in (BEFORE, CONTROL):
        assert len({tuple(one.trains[name].rows) for one in rounds}) == 4


def test_the_same_seed_draws_the_same_rounds_and_more_retrains_keep_the_first(change):
    short, long = (rounds_of(change, protocol_of(retrains=n), seed=5) for n in (2, 4))
    for one, two in zip(short, long[:2], strict=True):
        assert all(np.array_equal(one.trains[name].rows, two.trains[name].rows) for name in one.trains)
    other = rounds_of(change, protocol_of(retrains=2), seed=6)
    assert not np.array_equal(other[0].trains[BEFORE].rows, short[0].trains[BEFORE].rows)


@pytest.mark.parametrize("codes", [("LAB001",), ("DUP001", "LAB001"), ("DUP001", "LAB001", "OUT001", "QUA001")])
def test_codes_share_the_draw_of_a_measurement_with_fewer_codes(evidence, codes):
    setting = setting_of(evidence)
    alone, several = (Change(setting, changes_of(evidence, c)) for c in (("LAB001",), codes))
    draws = [rounds_of(one, protocol_of(retrains=2), seed=0) for one in (alone, several)]
    for one, two in zip(*draws, strict=True):
        assert np.array_equal(one.trains[BEFORE].rows, two.trains[BEFORE].rows)


def test_a_model_that_learns_alone_gets_the_seed_of_its_round_in_every_arm(change):
    model = Alone(LinearProbe(1e-2), [])
    rounds = rounds_of(change, protocol_of(retrains=3), seed=0)
    rows = change.setting.sample(change.setting.evaluation)
    list(predict_rounds(model, rounds, rows, progress=Silent()))
    assert [seed for _, seed in model.asked] == [one.number for one in rounds for _ in one.trains]
    assert [train for train, _ in model.asked] == [train for one in rounds for train in one.trains.values()]


def test_learning_together_and_alone_agree(change):
    together, alone = LinearProbe(1e-2), Alone(LinearProbe(1e-2), [])
    assert isinstance(together, SharingModel)
    assert not isinstance(alone, SharingModel)
    rounds, rows = rounds_of(change, protocol_of(retrains=2), seed=0), change.setting.sample(change.setting.evaluation)
    both = [list(predict_rounds(model, rounds, rows, progress=Silent())) for model in (together, alone)]
    for (one, shared), (other, single) in zip(*both, strict=True):
        assert one is other
        assert list(shared) == list(single) == list(one.trains)
        for name in shared:
            assert shared[name].shape == (N_ROWS - N_TRAIN, 4)
            np.testing.assert_allclose(shared[name], single[name], atol=0.02)


def test_a_measurement_of_either_model_says_nearly_the_same(evidence):
    changes = changes_of(evidence)
    one, two = (
        measure(evidence, changes, protocol_of(model, retrains=3), seed=0, progress=Silent())
        for model in (LinearProbe(1e-2), Alone(LinearProbe(1e-2), []))
    )
    assert one.lift == pytest.approx(two.lift, abs=0.01)
    assert one.arm("before").value == pytest.approx(two.arm("before").value, abs=0.01)


def test_predictions_come_in_the_order_of_the_trainings(change):
    rows = change.setting.sample(change.setting.evaluation)
    trains = [change.setting.sample(np.arange(start, start + 120)) for start in (0, 120, 240)]
    given = list(predict_each(Alone(LinearProbe(), []), trains, rows))
    for train, predictions in zip(trains, given, strict=True):
        np.testing.assert_allclose(predictions, LinearProbe().fit_predict(train, rows, seed=0), atol=1e-5)
    assert list(predict_each(LinearProbe(), [], rows)) == []


def test_progress_counts_every_training_and_ends(evidence):
    progress, changes = Counted(), changes_of(evidence)
    measure(evidence, changes, protocol_of(retrains=3), seed=0, progress=progress)
    n_arms = 4 + 1  # before, after, two codes alone; the control
    assert progress.told == [["retrain", 3 * n_arms, 3 * n_arms, True]]


def test_the_error_of_a_model_that_fails_reaches_the_caller_and_progress_stands_where_it_failed(evidence):
    progress = Counted()
    with pytest.raises(ModelError, match="third training"):
        measure(evidence, changes_of(evidence), protocol_of(Failing(), retrains=2), seed=0, progress=progress)
    assert progress.told[0][2:] == [2, False]


def test_one_retrain_shows_no_spread_and_is_refused():
    with pytest.raises(UsageError, match="retrains is 1"):
        protocol_of(retrains=1)


@pytest.mark.parametrize(
    "wrong", [{"margin": -0.01}, {"max_slice_drop": 0.0}, {"max_slice_drop": 1.5}, {"max_slice_drop": float("nan")},
              {"margin": float("nan")}]
)  # fmt: skip
def test_margins_and_drops_that_mean_nothing_are_refused(wrong):
    with pytest.raises(UsageError, match=r"margin|max_slice_drop"):
        protocol_of(**wrong)


def test_a_point_is_a_hundredth_and_the_usual_margin_half_of_it():
    standard = protocol_of()
    assert standard.point_at(0.8) == 0.01
    assert standard.margin_at(0.8) == 0.005
    assert protocol_of(margin=0.0).margin_at(0.8) == 0.0


def test_where_the_metric_is_no_share_a_point_is_a_hundredth_of_the_value_before():
    loss = Protocol(METRICS["log_loss"], LinearProbe())
    assert loss.point_at(2.0) == pytest.approx(0.02)
    assert loss.margin_at(2.0) == pytest.approx(0.01)
    assert loss.margin_at(-2.0) == pytest.approx(0.01)
