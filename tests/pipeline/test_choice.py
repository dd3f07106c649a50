"""Choice: which codes and treatments survive on inner folds, in worlds where it is known which should."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from burnish.adapters.models.linear import LinearProbe
from burnish.dataset import Column, Evidence, Finding, FlaggedRow
from burnish.kernels.metrics import METRICS
from burnish.pipeline import choice as pipeline_choice
from burnish.pipeline.choice import N_FOLDS, N_REPEATS, choose
from burnish.pipeline.decision import Policy, decide
from burnish.pipeline.retraining import Protocol
from burnish.pipeline.settings import setting_of
from burnish.protocols import Silent
from burnish.testing.planted import Defects, planted_vectors

pytestmark = pytest.mark.slow

N_ROWS = 1_000
PROTOCOL = Protocol(METRICS["accuracy"], LinearProbe(1e-2))


class World:
    """A planted set with wrong labels, and findings that tell of them, truly or not."""

    def __init__(self, wrong_labels=0.25, seed=3, **shape):
        shape = {"n_rows": N_ROWS, "n_dims": 16, "spread": 1.3} | shape
        self.planted = planted_vectors(defects=Defects(wrong_labels=wrong_labels), seed=seed, **shape)
        self.dataset = self.planted.dataset
        self.locked = np.array(self.planted.table.column("split").to_pylist()) == "test"
        self.train = np.flatnonzero(~self.locked)
        self.wrong = self.planted.wrong_labels
        self.right = np.setdiff1d(self.train, self.wrong)
        columns = [Column("embeddings", self.planted.vectors, "row"), Column("evaluation", self.locked)]
        self.evidence = Evidence(self.dataset).adding(columns)

    def suspects(self, rows=None, score=0.9):
        """LAB001 as the check makes it: a finding a row, with the true label as the suggested one."""
        rows = self.wrong if rows is None else rows
        names = self.planted.true_labels
        return [finding("LAB001", [FlaggedRow(int(r), score, "drop", label=names[r])], "suspect_label") for r in rows]


def finding(code, flags, kind="quality"):
    return Finding(code, kind, "warning", f"{code} says so", rows=tuple(flags))


def dropped(code, rows):
    return finding(code, [FlaggedRow(int(row), 1.0, "drop") for row in rows])


def chosen(world, findings, policy=None, *, evidence=None, protocol=PROTOCOL, seed=0, progress=None):
    return choose(
        evidence or world.evidence, findings, policy or Policy(), protocol, seed=seed, progress=progress or Silent()
    )


@pytest.fixture(scope="module")
def noisy():
    return World()


@pytest.fixture(scope="module")
def one_class(noisy):
    """Findings that would drop nearly every right row of a class: what no one should do."""
    codes = noisy.dataset.labels.codes
    return [dropped("QUA001", noisy.right[codes[noisy.right] == 0])]


def test_a_code_whose_edits_hurt_is_left_out_and_one_that_helps_stays(noisy, one_class):
    seen = chosen(noisy, [*noisy.suspects(), *one_class])
    kept = {code.code: code.kept for code in seen.codes}
    assert kept == {"LAB001": True, "QUA001": False}
    assert seen.left_out == ("QUA001",)
    assert "QUA001" not in seen.policy.treatments
    assert "LAB001" in seen.policy.treatments
    told = {code.code: code for code in seen.codes}
    assert told["QUA001"].value < -0.02
    assert told["QUA001"].reason == "a loss beyond the margin is likely enough"
    assert told["LAB001"].value > 0
    assert told["LAB001"].reason == "a share above zero"
    assert all(code.low < code.value < code.high for code in seen.codes)
    assert told["LAB001"].n_edits == len(noisy.wrong)


def test_leaks_are_dropped_whatever_they_do(noisy, one_class):
    leaks = [replace(one_class[0], code="LEK001", kind="leak")]
    seen = chosen(noisy, [*noisy.suspects(), *leaks])
    assert "LEK001" in seen.policy.treatments
    assert [code.code for code in seen.codes] == ["LAB001"]


def test_leaks_alone_leave_nothing_to_choose(noisy):
    policy, progress = Policy(), Told()
    leaks = [replace(dropped(code, [row]), kind="leak") for code, row in zip(("LEK001", "LEK002"), noisy.right[:2],
                                                                             strict=True)]  # fmt: skip
    seen = chosen(noisy, leaks, policy, progress=progress)
    assert seen.policy is policy
    assert seen.codes == seen.left_out == ()
    assert progress.totals == []


def test_without_findings_there_is_nothing_to_choose(noisy):
    policy = Policy()
    assert chosen(noisy, [], policy).policy is policy


class Told(Silent):
    """Progress that keeps what was announced, and counts."""

    def __init__(self):
        self.totals, self.counts = [], []

    def start(self, stage, total):
        assert stage == "choose"
        self.totals.append(total)
        self.counts.append(0)

    def advance(self, n=1):
        self.counts[-1] += n


def test_relabelling_is_chosen_where_it_is_better(noisy):
    # The wrong rows, and nearly a whole class of right ones: dropping all of them would lose the class.
    codes = noisy.dataset.labels.codes
    rows = np.union1d(noisy.wrong, noisy.right[codes[noisy.right] == 0])
    seen = chosen(noisy, noisy.suspects(rows))
    assert seen.policy.treatments["LAB001"] == "relabel"
    (code,) = seen.codes
    assert (code.treatment, code.kept, code.n_edits) == ("relabel", True, len(rows))
    changes = decide(noisy.evidence, noisy.suspects(rows), seen.policy)
    assert {edit.action for edit in changes.edits} == {"relabel"}


def test_relabelling_is_not_chosen_where_the_suggested_labels_are_wrong():
    world = World()
    names = np.array(world.planted.true_labels)
    misled = [replace(one, rows=(replace(one.rows[0], label=str(np.roll(np.unique(names), 1)[
        np.searchsorted(np.unique(names), one.rows[0].label)])),)) for one in world.suspects()]  # fmt: skip
    seen = chosen(world, misled)
    assert seen.policy.treatments["LAB001"] == "drop"


def test_the_policy_of_the_user_stands_where_nothing_else_is_clearly_ahead(noisy):
    # Dropping three right rows changes nothing, and nor does relabelling them to their own label.
    policy, protocol = Policy.of(drop=["LAB001"]), replace(PROTOCOL, margin=0.05)
    seen = chosen(noisy, noisy.suspects(noisy.right[:3]), policy, protocol=protocol)
    assert seen.policy.treatments == {"LAB001": "drop"}
    assert seen.policy.min_scores == {}


def test_what_the_policy_leaves_to_a_person_is_not_tried(noisy):
    seen = chosen(noisy, [*noisy.suspects(), dropped("DUP001", noisy.right[:5])], Policy.of(drop=["DUP001"]))
    assert [code.code for code in seen.codes] == ["DUP001"]
    assert "LAB001" not in seen.policy.treatments


def test_a_harmless_code_stays_as_no_loss_beyond_the_margin_can_be_seen(noisy):
    policy = Policy.of(drop=["DUP001"])
    protocol = replace(PROTOCOL, margin=0.05)
    seen = chosen(noisy, [dropped("DUP001", noisy.right[:6])], policy, protocol=protocol)
    assert seen.left_out == ()


@pytest.mark.slow
def test_the_locked_rows_are_never_looked_at(noisy, one_class):
    findings = [*noisy.suspects(), *one_class, dropped("DUP001", noisy.wrong[:20])]
    plain = chosen(noisy, findings)
    poisoned = poison(noisy)
    assert not np.array_equal(
        poisoned.dataset.labels.codes[noisy.locked], noisy.dataset.labels.codes[noisy.locked]
    )  # fmt: skip
    assert chosen(noisy, findings, evidence=poisoned) == plain


def poison(world):
    """Give the evidence with other vectors and labels in the locked rows."""
    rng = np.random.default_rng(9)
    vectors = world.planted.vectors.copy()
    vectors[world.locked] = rng.normal(size=(world.locked.sum(), vectors.shape[1]))
    labels = np.array(world.dataset.field("label").to_pylist())
    labels[world.locked] = rng.permutation(labels[world.locked])
    place = world.dataset.fields.column_names.index("label")
    fields = world.dataset.fields.set_column(place, "label", pa.array(labels))
    dataset = replace(world.dataset, fields=fields, vectors=vectors)
    return Evidence(dataset).adding([Column("embeddings", vectors, "row"), Column("evaluation", world.locked)])


def test_no_model_ever_sees_a_locked_row(noisy):
    seen = []

    class Watching:
        recipe = "watching"

        def fit_predict(self, train, rows, *, seed):
            seen.append(np.concatenate([train.rows, rows.rows]))
            return LinearProbe(1e-2).fit_predict(train, rows, seed=seed)

    chosen(noisy, [dropped("DUP001", noisy.right[:6])], protocol=replace(PROTOCOL, model=Watching()))
    assert len(seen) == 2 * N_FOLDS * N_REPEATS
    assert not noisy.locked[np.concatenate(seen)].any()


def test_folds_hold_every_training_row_out_once_a_repeat_and_copies_together(noisy):
    near = np.full(N_ROWS, -1)
    near[noisy.train[:60]] = np.arange(60) // 3
    evidence = noisy.evidence.adding([Column("near_group", near)])
    folds = pipeline_choice._folds(setting_of(evidence), seed=0)
    assert len(folds) == N_FOLDS * N_REPEATS
    for repeat in range(N_REPEATS):
        held = np.concatenate(folds[repeat * N_FOLDS : (repeat + 1) * N_FOLDS])
        assert np.array_equal(np.sort(held), noisy.train)
    for rows in folds:
        groups = near[rows][near[rows] >= 0]
        assert (np.bincount(groups, minlength=20) % 3 == 0).all()


def test_progress_tells_how_many_models_are_trained_and_counts_them(noisy):
    progress = Told()
    chosen(noisy, [*noisy.suspects(), dropped("DUP001", noisy.right[:6])], progress=progress)
    n_folds = N_FOLDS * N_REPEATS
    assert progress.totals == [n_folds * (1 + len(pipeline_choice.TREATMENTS)), n_folds * 4]
    assert progress.counts == progress.totals


@pytest.mark.slow
def test_the_same_seed_makes_the_same_choice(noisy, one_class):
    findings = [*noisy.suspects(), *one_class]
    assert chosen(noisy, findings, seed=4) == chosen(noisy, findings, seed=4)


@pytest.mark.parametrize(
    "metric",
    [
        "accuracy",
        "auroc",
        "log_loss",
    ],
)
def test_dropping_wrong_labels_survives_whatever_is_measured(noisy, metric):
    protocol = Protocol(METRICS[metric], LinearProbe(1e-2))
    assert chosen(noisy, noisy.suspects(), Policy.of(drop=["LAB001"]), protocol=protocol).left_out == ()


def test_the_error_of_inner_folds_is_that_of_nadeau_and_bengio():
    values = np.array([0.1, 0.3, 0.2, 0.4, 0.0, 0.2, 0.1, 0.3, 0.2, 0.2])
    assert pipeline_choice._error(values) == pytest.approx(np.sqrt((1 / 10 + 1 / 4) * values.var(ddof=1)))
