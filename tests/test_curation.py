"""A curation from end to end on planted sets: decided, chosen, measured once, and the lock of the evaluation rows."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

import burnish as bn
from burnish.dataset import Changeset, Edit
from burnish.errors import LockedRowsError, StaleChangesetError
from burnish.pipeline.decision import Policy
from burnish.protocols import Silent
from burnish.testing.planted import Defects, planted_vectors
from burnish.workspace import Experiment, Limits, Workspace

pytestmark = pytest.mark.slow


def slow(*values, **more):
    return pytest.param(*values, marks=pytest.mark.slow, **more)


def audited(table, root, **given):
    return bn.audit(table, **{"label": "label", "workspace": root, "threads": 1} | given)


def evaluation_ids(audit):
    rows = np.flatnonzero(audit.audited.evidence["evaluation"])
    return audit.dataset.row_ids.take(pa.array(rows)).to_pylist()


@pytest.fixture(scope="module")
def noisy():
    defects = Defects(wrong_labels=0.3, duplicates=0.02)
    return planted_vectors(2_000, n_dims=64, n_classes=10, spread=2.0, defects=defects, seed=3)


@pytest.fixture(scope="module")
def audit(noisy, tmp_path_factory):
    return audited(noisy.table, tmp_path_factory.mktemp("noisy"))


@pytest.fixture(scope="module")
def curation(audit):
    return bn.curate(audit)


# What a curation does.


def test_three_tenths_of_wrong_labels_are_found_and_the_curated_set_is_better(audit, curation, noisy):
    effect = curation.effect
    assert effect.verdict == "better"
    assert effect.lift_low > effect.margin
    assert "LAB001" in curation.changes.codes
    assert effect.parameters["model"].startswith("probe(")
    touched = {audit.dataset.row_positions[edit.row_id] for edit in curation.changes.only("LAB001").edits}
    assert len(touched & set(noisy.wrong_labels.tolist())) > 0.6 * len(noisy.wrong_labels)


def test_the_next_version_is_the_audited_one_with_the_measured_changes(audit, curation):
    assert curation.effect.allowed
    expected = curation.changes.apply(audit.dataset)
    assert curation.version.version == expected.version != audit.dataset.version
    n_dropped = sum(edit.action == "drop" for edit in curation.changes.edits)
    assert len(curation.version) == len(audit.dataset) - n_dropped
    assert set(evaluation_ids(audit)) <= set(curation.version.row_ids.to_pylist())


def test_what_is_applied_is_what_survived_the_inner_folds(audit, curation):
    made = audit.workspace.decide(audit.audited, curation.choice.policy)
    assert curation.changes == made
    assert set(curation.changes.codes).isdisjoint(curation.choice.left_out)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_where_no_label_is_wrong_nothing_gets_worse_and_a_version_needs_leave(seed, tmp_path):
    defects = Defects(duplicates=0.02)
    planted = planted_vectors(700, n_dims=24, spread=1.5, defects=defects, seed=seed)
    done = bn.curate(audited(planted.table, tmp_path, seed=seed), retrains=6)
    assert (done.effect is None) == (len(done.changes) == 0)
    assert done.effect is None or done.effect.verdict != "worse"
    assert (done.version is not None) == (done.effect is not None and done.effect.allowed)
    dropped = {edit.row_id for edit in done.changes.only("DUP001").edits}
    assert dropped <= {f"row-{row:06d}" for row in planted.duplicates.ravel()}


@pytest.mark.slow
def test_where_nothing_is_found_nothing_is_changed_or_measured(tmp_path):
    planted = planted_vectors(300, n_dims=16, spread=0.5, seed=0)
    done = bn.curate(audited(planted.table, tmp_path), policy=Policy.of(drop=["DUP001"]))
    assert len(done.changes) == 0
    assert done.effect is done.version is done.choice is done.outlook is None


def test_a_margin_that_no_change_clears_gives_no_better(audit):
    done = bn.curate(audit, margin=0.5, retrains=3)
    assert done.effect.verdict == "no worse"
    assert done.effect.margin == 0.5


def test_a_policy_names_all_that_is_changed(audit):
    drops = bn.curate(audit, policy=Policy.of(drop=["DUP001"]), margin=0.1, retrains=3)
    assert drops.changes.codes == ("DUP001",)
    assert {edit.action for edit in drops.changes.edits} == {"drop"}


def test_a_policy_that_asks_for_relabels_is_followed_where_nothing_is_clearly_ahead_of_it(audit, noisy):
    done = bn.curate(audit, policy=Policy.of(relabel=["LAB001"]), retrains=4)
    assert done.changes.codes == ("LAB001",)
    labels = {edit.row_id: edit.label for edit in done.changes.edits if edit.action == "relabel"}
    truth = noisy.true_labels
    right = [truth[audit.dataset.row_positions[row_id]] == label for row_id, label in labels.items()]
    assert not right or np.mean(right) > 0.7


class Events(Silent):
    """Progress that notes which stages begin."""

    def __init__(self):
        self.seen = []

    def start(self, stage, total):
        self.seen.append(stage)


def test_the_outlook_is_told_before_any_change_is_tried(audit, noisy, tmp_path):
    events = Events()
    space = Workspace(audit.workspace.root, limits=Limits(1), progress=events)
    told = []

    def hear(outlook):
        events.seen.append("told")
        told.append(outlook)

    done = space.curate(audit.audited, Experiment(retrains=3), told=hear)
    assert told == [done.outlook]
    assert events.seen == ["told", "choose", "choose", "retrain"]
    assert told[0].n_eval == done.effect.n_eval
    assert told[0].metric == "accuracy"
    assert 0 < told[0].smallest_visible_lift < 0.2


@pytest.mark.slow
def test_the_same_seed_makes_the_same_curation(audit):
    one, two = (bn.curate(audit, retrains=3) for _ in range(2))
    assert one.changes == two.changes
    assert one.effect == two.effect


# Other tasks.


def told_by_vectors(n_rows, seed=0):
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n_rows, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    told = vectors @ rng.normal(size=(8, 3)) + 0.1 * rng.normal(size=(n_rows, 3))
    return vectors.astype(np.float32), told


def table_of(vectors, labels, copies):
    """Give a table whose rows `copies` (n, 2) are exact copies of others, with the last third as test rows."""
    n_rows = len(vectors)
    vectors, labels = vectors.copy(), list(labels)
    for copy, origin in copies:
        vectors[copy], labels[copy] = vectors[origin], labels[origin]
    flat = pa.array(vectors.ravel())
    embedding = pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])
    split = np.where(np.arange(n_rows) < 2 * n_rows // 3, "train", "test")
    fields = {"id": [f"r{i}" for i in range(n_rows)], "label": pa.array(labels), "split": split, "embedding": embedding}
    return pa.table(fields)


COPIES = [(i, i + 100) for i in range(20)]


@pytest.mark.parametrize("metric", [None, slow("mae")])
def test_copies_among_numbers_are_dropped_and_measured_by_an_error(metric, tmp_path):
    vectors, told = told_by_vectors(600)
    audit = audited(table_of(vectors, told[:, 0].tolist(), COPIES), tmp_path)
    assert audit.dataset.task == "regression"
    done = bn.curate(audit, metric=metric, retrains=4, margin=0.05)
    assert done.effect.metric == (metric or "rmse")
    assert done.changes.codes == ("DUP001",)
    assert len(done.changes) == len(COPIES)
    assert done.effect.verdict == "no worse"
    assert len(done.version) == 600 - len(COPIES)
    assert done.version.task == "regression"


@pytest.mark.parametrize("metric", [None, slow("log_loss")])
def test_copies_among_sets_of_classes_are_dropped_and_measured(metric, tmp_path):
    vectors, told = told_by_vectors(600)
    sets = [[name for name, value in zip("abc", row, strict=True) if value > 0.2] for row in told]
    audit = audited(table_of(vectors, sets, COPIES), tmp_path)
    assert audit.dataset.task == "multi-label"
    done = bn.curate(audit, metric=metric, retrains=4, margin=0.1)
    assert done.effect.metric == (metric or "macro_f1")
    assert done.changes.codes == ("DUP001",)
    assert done.effect.verdict == "no worse"
    assert len(done.version) == 600 - len(COPIES)


# The lock.


@pytest.mark.parametrize(
    "fields", [slow(["split"], id="drawn"), pytest.param(["split", "id"], id="drawn, no id"),
               slow(["id"], id="given, no id")]
)  # fmt: skip
def test_an_audit_of_the_curated_version_keeps_exactly_the_locked_rows(fields, tmp_path):
    defects = Defects(wrong_labels=0.15, duplicates=0.03, leaks=0.02)
    planted = planted_vectors(600, n_dims=24, spread=1.3, defects=defects, seed=4)
    first = audited(planted.table.drop_columns(fields), tmp_path)
    changes = first.changeset(drop=["LAB001", "DUP001", "LEK001"])
    curated = first.apply(changes)
    assert len(curated) < 600
    second = audited(curated.export_table(), tmp_path)
    before, after = (contents(one) for one in (first, second))
    assert before == after
    assert second.audited.lock.fingerprint == first.audited.lock.fingerprint
    assert bn.measure(second, Changeset(second.dataset.version), retrains=2).n_eval <= len(after)


def contents(audit):
    """Give what the locked rows hold, in any order: digests of content, and labels."""
    rows = np.flatnonzero(audit.audited.evidence["evaluation"])
    labels = audit.dataset.field("label").take(pa.array(rows)).to_pylist()
    return sorted(zip(map(tuple, audit.dataset.content[rows].tolist()), labels, strict=True))


def with_label(table, row, label):
    labels = table.column("label").to_pylist()
    labels[row] = label
    return table.set_column(table.column_names.index("label"), "label", pa.array(labels))


@pytest.mark.parametrize("drawn", [slow(False), True])
def test_a_relabelled_evaluation_row_is_refused_until_it_is_locked_anew(drawn, tmp_path):
    planted = planted_vectors(300, n_dims=16, seed=6)
    table = planted.table.drop_columns(["split"]) if drawn else planted.table
    first = audited(table, tmp_path)
    row = int(np.flatnonzero(first.audited.evidence["evaluation"])[0])
    old = table.column("label")[row].as_py()
    changed = with_label(table, row, "class_1" if old != "class_1" else "class_2")
    with pytest.raises(LockedRowsError, match="1 relabelled") as raised:
        audited(changed, tmp_path)
    assert "--relock" in raised.value.remedy
    again = audited(changed, tmp_path, relock=True)
    assert again.audited.lock.fingerprint != first.audited.lock.fingerprint
    assert evaluation_ids(audited(changed, tmp_path)) == evaluation_ids(again)
    assert evaluation_ids(again) == evaluation_ids(first)


@pytest.mark.slow
def test_a_relabelled_training_row_is_no_matter_of_the_lock(tmp_path):
    planted = planted_vectors(300, n_dims=16, seed=6)
    first = audited(planted.table, tmp_path)
    row = int(np.flatnonzero(~first.audited.evidence["evaluation"])[0])
    old = planted.table.column("label")[row].as_py()
    second = audited(with_label(planted.table, row, "class_1" if old != "class_1" else "class_2"), tmp_path)
    assert second.audited.lock.fingerprint == first.audited.lock.fingerprint


@pytest.mark.parametrize("action", ["drop", "relabel", "weight"])
def test_a_changeset_that_touches_an_evaluation_row_is_refused(audit, action):
    locked = evaluation_ids(audit)[3]
    edit = Edit(locked, action, "HAND", "a test", label="class_1", weight=2.0)
    changes = Changeset(audit.dataset.version, (edit,))
    with pytest.raises(LockedRowsError, match=locked):
        bn.measure(audit, changes)
    with pytest.raises(LockedRowsError, match=locked):
        audit.apply(changes)


def test_a_changeset_of_another_version_is_not_measured(audit, curation):
    with pytest.raises(StaleChangesetError, match=audit.dataset.version):
        bn.measure(audit, replace(curation.changes, version=curation.version.version))


def test_a_measurement_looks_at_the_lock_again(audit):
    moved = np.array(audit.audited.evidence["evaluation"])
    moved[np.flatnonzero(moved)[:5]] = False
    evidence = audit.audited.evidence
    columns = {**evidence.columns, "evaluation": replace(evidence.columns["evaluation"], values=moved)}
    drifted = replace(audit.audited, evidence=replace(evidence, columns=columns))
    with pytest.raises(LockedRowsError, match="5 now training rows"):
        audit.workspace.measure(drifted, Changeset(audit.dataset.version))
    with pytest.raises(LockedRowsError, match="5 now training rows"):
        audit.workspace.curate(drifted)
