from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from burnish.adapters.models.linear import LinearProbe
from burnish.dataset import Changeset, Column, Dataset, Edit, Evidence, Roles, Summary
from burnish.errors import InputError, LockedRowsError, StaleChangesetError, UsageError
from burnish.kernels.intervals import Interval
from burnish.kernels.metrics import METRICS, FunctionMetric
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


def train_rows(planted):
    return np.flatnonzero(np.array(planted.table.column("split").to_pylist()) == "train")


def test_a_changeset_of_another_version_is_refused(noisy):
    changes = dropping(noisy, noisy.wrong_labels[:5])
    with pytest.raises(StaleChangesetError, match="0123456789abcdef"):
        run(noisy, replace(changes, version="0123456789abcdef"))
    stranger = Edit("nobody", "drop", "HAND", "a test")
    with pytest.raises(InputError, match="nobody"):
        run(noisy, replace(changes, edits=(stranger,)))


def test_a_metric_that_does_not_fit_the_task_is_refused(noisy):
    with pytest.raises(InputError, match="not numbers"):
        run(noisy, Changeset(noisy.dataset.version), metric="rmse")
    numbers = Labelled(np.linspace(0.5, 9.7, 300))
    with pytest.raises(UsageError, match="'accuracy' does not fit regression"):
        run(numbers, Changeset(numbers.dataset.version))


def test_a_metric_that_is_no_number_here_is_refused_rather_than_inconclusive(noisy):
    def nothing(truth, predicted):
        return float("nan")

    metric = FunctionMetric(
        name="nothing", tasks=("classification",), function=nothing, classes=noisy.dataset.labels.classes
    )
    changes = dropping(noisy, noisy.wrong_labels)
    protocol = Protocol(metric, LinearProbe(), retrains=2)
    with pytest.raises(InputError, match="nothing cannot be computed"):
        measure(evidence_of(noisy), changes, protocol, seed=0, progress=Silent())


@pytest.mark.parametrize("metric", ["log_loss", "balanced_accuracy", "macro_f1", "weighted_f1", "auroc"])
@pytest.mark.slow
def test_whatever_is_measured_a_lift_is_positive_where_after_is_better(noisy, metric):
    effect = run(noisy, dropping(noisy, noisy.wrong_labels), metric=metric, retrains=5)
    assert effect.metric == metric
    assert effect.verdict == "better"
    assert effect.lift > effect.lift_low > 0
    moved = effect.arm("after").value - effect.arm("before").value
    assert effect.lift == pytest.approx(-moved if metric == "log_loss" else moved)


def test_of_a_loss_the_margin_is_half_a_hundredth_of_the_value_before(noisy):
    effect = run(noisy, dropping(noisy, noisy.wrong_labels), metric="log_loss", retrains=3)
    assert effect.margin == pytest.approx(0.005 * effect.arm("before").value)


class Labelled:
    """Rows with vectors and any labels, of which the last third is locked."""

    def __init__(self, labels, vectors=None, **fields):
        n_rows, rng = len(labels), np.random.default_rng(0)
        self.vectors = rng.normal(size=(n_rows, 8)).astype(np.float32) if vectors is None else vectors
        split = np.where(np.arange(n_rows) < 2 * n_rows // 3, "train", "test")
        self.table = pa.table({"label": pa.array(labels), "split": split, **fields})
        ids = pa.array([f"r{i}" for i in range(n_rows)], pa.string())
        content = rng.integers(0, 2**60, (n_rows, 2)).astype(np.uint64)
        roles = Roles(label="label", split="split", **({"time": "time"} if "time" in fields else {}))
        self.dataset = Dataset(self.table, ids, content, roles, vectors=self.vectors)


def told_by_vectors(n_rows=900, seed=0):
    """Give vectors of length one and what they tell linearly: (n_rows, 3)."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n_rows, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), vectors @ rng.normal(size=(8, 3)) + 0.1 * rng.normal(size=(n_rows, 3))


def wrong_numbers():
    vectors, told = told_by_vectors()
    numbers, wrong = told[:, 0], np.arange(0, 600, 8)
    given = numbers.copy()
    given[wrong] += np.random.default_rng(1).choice([-8, 8], len(wrong))
    return Labelled(given, vectors), numbers, wrong


@pytest.mark.parametrize("metric", ["rmse", "mae"])
def test_numbers_that_are_wrong_hurt_a_regression_and_dropping_them_is_better(metric):
    rows, _, wrong = wrong_numbers()
    effect = run(rows, dropping(rows, wrong), metric=metric)
    assert effect.verdict == "better"
    assert effect.arm("after").value < effect.arm("before").value < effect.parameters["majority_class"]
    assert effect.lift_vs_control > 0  # the control drops as many of the largest and smallest, wrong ones among them
    random = np.setdiff1d(np.arange(600), wrong)[::10]
    assert run(rows, dropping(rows, random), metric=metric).verdict != "better"


def test_a_number_may_be_relabelled():
    rows, numbers, wrong = wrong_numbers()
    edits = tuple(Edit(f"r{row}", "relabel", "HAND", "a test", label=str(numbers[row])) for row in wrong)
    effect = run(rows, Changeset(rows.dataset.version, edits), metric="rmse")
    assert effect.verdict == "better"
    assert effect.arm("after").n_train == effect.arm("before").n_train


def wrong_sets():
    """Give rows with sets of three classes, a third of the training sets turned round."""
    vectors, told = told_by_vectors(1_500)
    has = told > 0.3
    wrong = np.arange(0, 1_000, 3)
    given = has.copy()
    given[wrong] = ~has[wrong]
    sets = [[name for name, there in zip("abc", row, strict=True) if there] for row in given]
    return Labelled(sets, vectors), [json_list(row) for row in has], wrong


def json_list(row):
    return "[" + ", ".join(f'"{name}"' for name, there in zip("abc", row, strict=True) if there) + "]"


@pytest.mark.parametrize("metric", ["macro_f1", "accuracy", "log_loss", "average_precision"])
def test_sets_of_classes_that_are_wrong_hurt_and_dropping_them_is_better(metric):
    rows, _, wrong = wrong_sets()
    effect = run(rows, dropping(rows, wrong), metric=metric, retrains=5)
    assert effect.verdict == "better"
    assert effect.arm("control").n_train == effect.arm("after").n_train


def test_a_set_may_be_relabelled():
    rows, truth, wrong = wrong_sets()
    edits = tuple(Edit(f"r{row}", "relabel", "HAND", "a test", label=truth[row]) for row in wrong)
    assert run(rows, Changeset(rows.dataset.version, edits), metric="macro_f1", retrains=5).verdict == "better"


def test_the_lift_is_told_without_doubted_rows_and_with_twins_too(noisy):
    evidence = evidence_of(noisy)
    rows = np.flatnonzero(evidence["evaluation"])
    leak_of, suspect = np.full(1_500, -1), np.zeros(1_500, np.float32)
    leak_of[rows[:11]], suspect[rows[5:30]] = 0, 0.8
    evidence = evidence.adding([Column("leak_of", leak_of), Column("label_suspect", suspect)])
    protocol, changes = Protocol(ACCURACY, LinearProbe(1e-3), retrains=4), dropping(noisy, noisy.wrong_labels)
    effect = measure(evidence, changes, protocol, seed=0, progress=Silent())
    without, with_twins = effect.asides
    assert "in doubt" in without.rows
    assert without.n_rows == len(rows) - 30  # of the 25 doubted ones, 6 have a twin and are left out anyway
    assert "twin in train" in with_twins.rows
    assert with_twins.n_rows == len(rows)
    assert effect.n_eval == len(rows) - 11
    plain = run(noisy, changes, retrains=4)
    assert with_twins.lift == pytest.approx(plain.lift)
    assert with_twins.before == pytest.approx(plain.arm("before").value)
    assert (with_twins.low, with_twins.high) == pytest.approx((plain.lift_low, plain.lift_high), abs=0.01)
    for aside in effect.asides:
        assert aside.lift == pytest.approx(aside.after - aside.before)
        assert aside.low < aside.lift < aside.high


def test_where_no_row_is_doubted_or_leaked_nothing_stands_aside(noisy):
    assert run(noisy, Changeset(noisy.dataset.version), retrains=2).asides == ()


def clustered(planted):
    """Give the evidence with a cluster for each class."""
    return evidence_of(planted).adding([Column("cluster", planted.dataset.labels.codes.astype(np.int64))])


@pytest.fixture(scope="module")
def clean():
    return planted_vectors(1_600, n_dims=16, spread=1.6, seed=7)


def test_the_gate_fails_where_a_cluster_pays_for_the_average(clean):
    train, codes = train_rows(clean), clean.dataset.labels.codes
    changes = dropping(clean, train[codes[train] == 2][20:])
    effect = measure(clustered(clean), changes, Protocol(ACCURACY, LinearProbe(1e-3)), seed=0, progress=Silent())
    assert not effect.gate.passed
    assert "cluster 2" in effect.gate.failed
    assert not effect.allowed
    failed = {one.slice for one in effect.slices if one.failed}
    assert failed == set(effect.gate.failed)
    assert all(one.lift < -0.05 for one in effect.slices if one.failed)


def test_the_gate_lets_pass_what_falls_by_less_than_is_allowed(clean):
    train, codes = train_rows(clean), clean.dataset.labels.codes
    changes = dropping(clean, train[codes[train] == 2][20:])
    protocol = Protocol(ACCURACY, LinearProbe(1e-3), retrains=5, max_slice_drop=1.0)
    effect = measure(clustered(clean), changes, protocol, seed=0, progress=Silent())
    assert effect.gate.passed
    assert effect.slices[0].regressed


@pytest.mark.parametrize("seed", range(3))
def test_random_drops_are_never_better_and_pass_the_gate(clean, seed):
    rows = np.random.default_rng(seed).choice(train_rows(clean), 150, replace=False)
    protocol = Protocol(ACCURACY, LinearProbe(1e-3), retrains=5)
    effect = measure(clustered(clean), dropping(clean, rows), protocol, seed=seed, progress=Silent())
    assert effect.gate.passed
    assert effect.gate.n_slices > 5
    assert effect.verdict != "better"
    assert effect.lift_low < 0 < effect.lift_high


@pytest.mark.slow
def test_many_codes_widen_the_interval_of_the_lift_only_a_little(noisy):
    rows = noisy.wrong_labels
    codes = np.array([f"C{i}" for i in np.arange(len(rows)) % 5])
    edits = [edit for code in np.unique(codes) for edit in dropping(noisy, rows[codes == code], code).edits]
    several = run(noisy, Changeset(noisy.dataset.version, tuple(edits)), retrains=4)
    single = run(noisy, dropping(noisy, rows), retrains=4)
    assert several.lift == pytest.approx(single.lift)
    ratio = (several.lift_high - several.lift_low) / (single.lift_high - single.lift_low)
    assert 1 <= ratio < 1.15
    assert several.verdict == single.verdict == "better"


def test_shares_of_codes_add_up_to_the_lift_and_count_their_edits(noisy):
    parts = np.array_split(noisy.wrong_labels, 4)
    edits = [edit for i, rows in enumerate(parts) for edit in dropping(noisy, rows, f"C{i}").edits]
    effect = run(noisy, Changeset(noisy.dataset.version, tuple(edits)), retrains=2)
    assert [share.code for share in effect.shares] == ["C0", "C1", "C2", "C3"]
    assert [share.n_edits for share in effect.shares] == [len(rows) for rows in parts]
    assert sum(share.value for share in effect.shares) == pytest.approx(effect.lift)
    assert all(share.low < share.value < share.high for share in effect.shares)


def test_a_single_code_has_the_whole_lift_as_its_share(noisy):
    effect = run(noisy, dropping(noisy, noisy.wrong_labels), retrains=3)
    (share,) = effect.shares
    assert (share.code, share.n_edits) == ("LAB001", len(noisy.wrong_labels))
    assert (share.value, share.low, share.high) == (effect.lift, effect.lift_low, effect.lift_high)


@pytest.mark.slow
def test_more_evaluation_rows_show_smaller_lifts_and_few_ask_for_too_many_rather_than_too_few():
    planted = planted_vectors(6_000, n_dims=32, spread=1.6, defects=Defects(wrong_labels=0.1), seed=1)
    locked = np.setdiff1d(np.arange(6_000), train_rows(planted))
    changes, effects = dropping(planted, planted.wrong_labels), []
    for n_rows in (len(locked) // 4, len(locked)):
        rows = np.setdiff1d(np.arange(6_000), locked[n_rows:])
        kept = planted.dataset.take(rows)
        columns = [Column("embeddings", planted.vectors[rows], "row"), Column("evaluation", np.isin(rows, locked))]
        protocol = Protocol(ACCURACY, LinearProbe(1e-2), retrains=10, margin=0.0)
        edits = replace(changes, version=kept.version)
        effects.append(measure(Evidence(kept).adding(columns), edits, protocol, seed=0, progress=Silent()))
    few, many = effects
    assert many.n_eval == pytest.approx(4 * few.n_eval, abs=4)
    assert many.smallest_visible_lift < 0.75 * few.smallest_visible_lift
    # What retrains differ by on few rows counts as training chance, which no more rows would take away.
    assert 0.2 < many.rows_for_one_point / few.rows_for_one_point < 2
    for effect in effects:  # a point is visible exactly where there are as many rows as that
        assert (effect.smallest_visible_lift <= 0.01) == (effect.rows_for_one_point <= effect.n_eval)


def test_where_training_chance_alone_hides_a_point_no_number_of_rows_shows_it(noisy):
    effect = run(noisy, dropping(noisy, noisy.wrong_labels), retrains=3, margin=0.0099)
    assert effect.rows_for_one_point is None


def test_a_lift_that_falls_over_time_has_a_slope_below_zero(clean):
    codes = clean.dataset.labels.codes
    rng = np.random.default_rng(0)
    days = np.where(codes == 2, 200, 0) + rng.integers(0, 200, len(codes))
    time = (np.datetime64("2025-01-01") + days.astype("timedelta64[D]")).astype("datetime64[s]")
    fields = clean.dataset.fields.append_column("when", pa.array(time))
    dataset = replace(clean.dataset, fields=fields, roles=replace(clean.dataset.roles, time="when"))
    train = train_rows(clean)
    late = dropping(clean, train[codes[train] == 2][20:])
    evidence = Evidence(dataset).adding(list(evidence_of(clean).columns.values()))
    protocol = Protocol(ACCURACY, LinearProbe(1e-3), retrains=4)
    effect = measure(evidence, replace(late, version=dataset.version), protocol, seed=0, progress=Silent())
    assert effect.trend["unit"] == "day"
    assert effect.trend["slope_high"] < 0
    first, *_, last = effect.trend["buckets"]
    assert first["start"].startswith("2025-01")
    assert last["lift"] < -0.1 < first["lift"]
    assert sum(bucket["size"] for bucket in effect.trend["buckets"]) == effect.n_eval
    random = dropping(clean, train[::12])
    flat = measure(evidence, replace(random, version=dataset.version), protocol, seed=0, progress=Silent())
    assert flat.trend["slope_low"] < 0 < flat.trend["slope_high"]


def test_without_a_time_field_there_is_no_trend(noisy):
    assert run(noisy, Changeset(noisy.dataset.version), retrains=2).trend is None
