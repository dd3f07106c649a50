import numpy as np
import pyarrow as pa
import pytest

from burnish.adapters.models.linear import LinearProbe
from burnish.dataset import Changeset, Column, Edit, Evidence, Summary
from burnish.errors import InputError, LockedRowsError, UsageError
from burnish.kernels.intervals import Interval
from burnish.kernels.metrics import METRICS
from burnish.pipeline.judging import judge_lift
from burnish.pipeline.measurement import measure
from burnish.pipeline.retraining import Protocol
from burnish.protocols import Silent
from burnish.testing.planted import Defects, planted_vectors

ACCURACY = METRICS["accuracy"]


def evidence_of(planted):
    locked = np.array([s == "test" for s in planted.table.column("split").to_pylist()])
    columns = [Column("embeddings", planted.vectors, "row"), Column("evaluation", locked)]
    return Evidence(planted.dataset).adding(columns)


def dropping(planted, rows, code="LAB001"):
    ids = planted.dataset.row_ids.take(rows).to_pylist()
    return Changeset(planted.dataset.version, tuple(Edit(i, "drop", code, "a test") for i in ids))


def run(planted, changes, **settings):
    protocol = Protocol(METRICS[settings.pop("metric", "accuracy")], LinearProbe(1e-3), **settings)
    return measure(evidence_of(planted), changes, protocol, seed=0, progress=Silent())


@pytest.fixture(scope="module")
def noisy():
    return planted_vectors(1_500, n_dims=64, spread=1.5, defects=Defects(wrong_labels=0.3), seed=3)


def test_dropping_the_wrong_labels_is_better_than_before_and_than_random(noisy):
    effect = run(noisy, dropping(noisy, noisy.wrong_labels))
    assert effect.verdict == "better"
    assert effect.lift_low > 0.005
    assert effect.lift_vs_control_low > 0
    assert effect.arm("control").n_train == effect.arm("after").n_train


def test_dropping_random_rows_is_not_better(noisy):
    train = np.flatnonzero(np.array(noisy.table.column("split").to_pylist()) == "train")
    rows = np.random.default_rng(0).choice(train, 60, replace=False)
    assert run(noisy, dropping(noisy, rows)).verdict != "better"


def test_keeping_only_the_wrong_labels_is_worse(noisy):
    train = np.flatnonzero(np.array(noisy.table.column("split").to_pylist()) == "train")
    right = np.setdiff1d(train, noisy.wrong_labels)
    assert run(noisy, dropping(noisy, right[:-150])).verdict == "worse"


def test_no_edit_makes_no_difference(noisy):
    effect = run(noisy, Changeset(noisy.dataset.version))
    assert effect.lift == 0.0
    assert effect.lift_high - effect.lift_low < 1e-9
    assert effect.verdict == "no worse"


def test_the_same_seed_gives_the_same_answer(noisy):
    changes = dropping(noisy, noisy.wrong_labels[:40])
    assert run(noisy, changes, retrains=3) == run(noisy, changes, retrains=3)


def test_each_code_has_an_arm_of_its_own_when_there_are_several(noisy):
    first, second = dropping(noisy, noisy.wrong_labels[:40]), dropping(noisy, noisy.wrong_labels[40:60], "DUP001")
    effect = run(noisy, Changeset(first.version, first.edits + second.edits), retrains=2)
    assert {arm.name for arm in effect.arms} == {"before", "after", "control", "only:DUP001", "only:LAB001"}
    assert effect.arm("only:DUP001").n_train == effect.arm("before").n_train - 20


def test_a_relabel_to_the_truth_is_better(noisy):
    ids = noisy.dataset.row_ids.to_pylist()
    edits = tuple(Edit(ids[r], "relabel", "LAB001", "a test", label=noisy.true_labels[r]) for r in noisy.wrong_labels)
    effect = run(noisy, Changeset(noisy.dataset.version, edits))
    assert effect.verdict == "better"
    assert effect.arm("after").n_train == effect.arm("before").n_train


def test_a_changeset_that_touches_an_evaluation_row_is_refused(noisy):
    test_row = np.flatnonzero(np.array(noisy.table.column("split").to_pylist()) == "test")[0]
    with pytest.raises(LockedRowsError, match="evaluation split"):
        run(noisy, dropping(noisy, np.array([test_row])))


def test_an_unknown_label_is_refused_with_the_known_ones(noisy):
    row = noisy.dataset.row_ids[int(noisy.wrong_labels[0])].as_py()
    changes = Changeset(noisy.dataset.version, (Edit(row, "relabel", "LAB001", "a test", label="class_9"),))
    with pytest.raises(InputError, match="class_9"):
        run(noisy, changes)


def test_weights_are_refused_rather_than_passed_over(noisy):
    row = noisy.dataset.row_ids[int(noisy.wrong_labels[0])].as_py()
    changes = Changeset(noisy.dataset.version, (Edit(row, "weight", "HAND", "a test", weight=2.0),))
    with pytest.raises(InputError, match="weights 1 row"):
        run(noisy, changes)


def test_evaluation_rows_with_a_twin_in_train_are_left_out_of_every_arm(noisy):
    evidence = evidence_of(noisy)
    leak_of = np.full(1_500, -1)
    leaked = np.flatnonzero(evidence["evaluation"])[:7]
    leak_of[leaked] = 0
    evidence = evidence.adding([Column("leak_of", leak_of)])
    changes = Changeset(noisy.dataset.version)
    effect = measure(evidence, changes, Protocol(ACCURACY, LinearProbe(), retrains=2), seed=0, progress=Silent())
    assert effect.n_eval == evidence["evaluation"].sum() - 7
    assert "7 evaluation rows" in effect.notes[0]


def test_a_cluster_that_loses_is_named_and_marked(noisy):
    labels = noisy.dataset.labels
    train = np.flatnonzero(np.array(noisy.table.column("split").to_pylist()) == "train")
    of_class = train[labels.codes[train] == 0]
    evidence = evidence_of(noisy).adding([Column("cluster", (labels.codes != 0).astype(np.int64))])
    changes = dropping(noisy, of_class[:-5])
    effect = measure(evidence, changes, Protocol(ACCURACY, LinearProbe(1e-3)), seed=0, progress=Silent())
    worst = effect.slices[0]
    assert worst.slice == "cluster 0"
    assert worst.regressed
    assert worst.after < worst.before
    assert not effect.slices[-1].regressed


def test_too_few_rows_are_refused():
    planted = planted_vectors(8, n_classes=2, seed=0)
    evidence = Evidence(planted.dataset).adding(
        [Column("embeddings", planted.vectors, "row"), Column("evaluation", np.arange(8) == 0)]
    )
    with pytest.raises(InputError, match="too few"):
        measure(
            evidence, Changeset(planted.dataset.version), Protocol(ACCURACY, LinearProbe()), seed=0, progress=Silent()
        )


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.006, 0.02, "better"), (-0.004, 0.02, "no worse"), (-0.03, -0.01, "worse"), (-0.02, 0.03, "inconclusive")],
)
def test_the_verdict_follows_from_the_interval(low, high, verdict):
    assert judge_lift(Interval((low + high) / 2, low, high, 0.01, 9.0), margin=0.005) == verdict


def test_the_majority_class_stands_beside_as_the_simple_baseline(noisy):
    effect = run(noisy, Changeset(noisy.dataset.version), retrains=2)
    assert 0.1 < effect.parameters["majority_class"] < effect.arm("before").value


def test_weak_slices_of_the_audit_are_compared_too(noisy):
    rows = list(range(400))
    table = pa.table({"slice": ["s1"], "description": ["age < 30"], "rows": [rows]})
    evidence = evidence_of(noisy).adding([Summary("slices", table)])
    protocol = Protocol(ACCURACY, LinearProbe(), retrains=2)
    effect = measure(evidence, Changeset(noisy.dataset.version), protocol, seed=0, progress=Silent())
    named = {s.slice: s.size for s in effect.slices}
    assert named["age < 30"] == evidence["evaluation"][:400].sum()
    assert {"region = 'south'", "device = 'desktop'"} <= set(named)
