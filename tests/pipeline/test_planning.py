import numpy as np
import pytest

from burnish.adapters.models.linear import LinearProbe
from burnish.dataset import Changeset, Column, Edit, Evidence
from burnish.errors import InputError
from burnish.kernels.metrics import METRICS
from burnish.pipeline.measurement import measure
from burnish.pipeline.planning import EDITED, _random_drop, outlook
from burnish.pipeline.retraining import Protocol
from burnish.pipeline.settings import setting_of
from burnish.protocols import Silent
from burnish.testing.planted import planted_vectors

PROBE = LinearProbe(1e-2)


def evidence_of(n_rows=1_500, n_evaluation=400, spread=1.8):
    planted = planted_vectors(n_rows, n_dims=16, spread=spread, seed=4)
    locked = np.arange(n_rows) >= n_rows - n_evaluation
    return Evidence(planted.dataset).adding(
        [Column("embeddings", planted.vectors, "row"), Column("evaluation", locked)]
    )


@pytest.fixture(scope="module")
def evidence():
    return evidence_of()


def random_drop(evidence, n_rows, seed):
    train = np.flatnonzero(~np.asarray(evidence["evaluation"]))
    rows = np.random.default_rng(seed).choice(train, n_rows, replace=False)
    ids = evidence.dataset.row_ids.take(rows).to_pylist()
    return Changeset(evidence.dataset.version, tuple(Edit(i, "drop", "LAB001", "a test") for i in ids))


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1", "log_loss"])
@pytest.mark.parametrize("n_edits", [110, 440])
@pytest.mark.slow
def test_the_outlook_says_beforehand_what_the_measurement_of_a_random_drop_says_afterwards(evidence, metric, n_edits):
    changes, protocol = random_drop(evidence, n_edits, 1), Protocol(METRICS[metric], PROBE)
    seen = outlook(evidence, changes, protocol, PROBE, seed=0)
    effect = measure(evidence, changes, protocol, seed=0, progress=Silent())
    assert 1 / 1.5 < seen.smallest_visible_lift / effect.smallest_visible_lift < 1.5
    assert (seen.metric, seen.n_eval) == (metric, effect.n_eval)
    assert seen.n_train == 1_100


def test_more_edits_move_more_so_that_less_can_be_seen(evidence):
    few, many = (
        outlook(evidence, random_drop(evidence, n, 1), Protocol(METRICS["accuracy"], PROBE), PROBE, seed=0)
        for n in (30, 800)
    )
    assert few.smallest_visible_lift < many.smallest_visible_lift


def test_more_evaluation_rows_show_smaller_lifts():
    few, many = (
        outlook(evidence_of(1_100 + n, n), None, Protocol(METRICS["accuracy"], PROBE), PROBE, seed=0)
        for n in (100, 1_600)
    )
    assert many.smallest_visible_lift < 0.6 * few.smallest_visible_lift


def test_without_a_changeset_a_tenth_of_the_training_rows_is_dropped(evidence):
    protocol = Protocol(METRICS["accuracy"], PROBE)
    unknown = outlook(evidence, None, protocol, PROBE, seed=0)
    tenth = random_drop(evidence, round(EDITED * 1_100), 7)
    assert unknown == outlook(evidence, tenth, protocol, PROBE, seed=0)


def test_a_point_is_visible_exactly_where_there_are_as_many_rows_as_it_takes():
    protocol = Protocol(METRICS["accuracy"], PROBE, margin=0.0)
    for n_evaluation in (100, 3_000):
        seen = outlook(evidence_of(1_100 + n_evaluation, n_evaluation, 1.2), None, protocol, PROBE, seed=0)
        enough = seen.rows_for_one_point is not None and seen.rows_for_one_point <= seen.n_eval
        assert enough == (seen.smallest_visible_lift <= 0.01)


def test_the_pilot_is_the_probe_whatever_the_model_is(evidence):
    class Never:
        recipe = "never"

        def fit_predict(self, train, rows, *, seed):
            raise AssertionError("the model was trained before anything was decided")

    seen, plain = (
        outlook(evidence, None, Protocol(METRICS["accuracy"], model), PROBE, seed=0) for model in (Never(), PROBE)
    )
    assert seen == plain


def test_the_same_seed_gives_the_same_outlook(evidence):
    protocol = Protocol(METRICS["accuracy"], PROBE)
    one, two = (outlook(evidence, None, protocol, PROBE, seed=3) for _ in range(2))
    assert one == two
    assert one != outlook(evidence, None, protocol, PROBE, seed=4)


def test_a_drop_of_nearly_every_row_leaves_two_to_learn_from(evidence):
    setting = setting_of(evidence)
    change = _random_drop(setting, 5_000, seed=0)
    assert change.n_train(change.codes) == 2
    assert _random_drop(setting, 0, seed=0).n_train(["PILOT"]) == len(setting.train) - 1


def test_too_few_rows_are_refused_before_any_work():
    with pytest.raises(InputError, match="too few to measure"):
        outlook(evidence_of(60, 10), None, Protocol(METRICS["accuracy"], PROBE), PROBE, seed=0)
