"""Long work over versions: audits as before, measurements and comparisons that are kept."""

import math
import shutil
import sys
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from burnish.adapters.stores.measured import MeasuredStore
from burnish.adapters.stores.upkeep import Upkeep
from burnish.dataset import Changeset, Edit, Evaluation
from burnish.errors import StaleChangesetError, UsageError
from burnish.pipeline.catalog import CHECKS
from burnish.pipeline.deciding import Asked
from burnish.pipeline.recipe import Recipe
from burnish.testing.planted import Defects, planted_texts
from burnish.workspace import Choices, Experiment, Limits, Workspace
from burnish.workspace.additions import made_so_far
from burnish.workspace.history import Note
from burnish.workspace.reviewing import Reviewing
from burnish.workspace.tasks import (
    asked,
    audit_version,
    audited_before,
    changes_digest,
    compare_sides,
    made_changes,
    make_version,
    measure_version,
    measured_change,
    measured_key,
)

pytestmark = pytest.mark.slow

EXPERIMENT = Experiment(retrains=2)
DEFECTS = Defects(duplicates=0.04, near_duplicates=0.04, leaks=0.02, wrong_labels=0.06)


def space_at(root):
    return Workspace(root, limits=Limits(threads=1))


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """set@1: 300 texts, audited with choices of their own; set@2: five rows fewer; set@3: that undone; set@4: grown."""
    root = tmp_path_factory.mktemp("tasks") / "ws"
    space, table = space_at(root), planted_texts(300, defects=DEFECTS, seed=3).table
    dataset, guesses = space.read(table, {"label": "label"}, name="set")
    checks = Recipe.of({"checks": {"IMB001": False, "DUP002": {"min_score": 0.75}}}, flags={}).checks
    choices = Choices(embedder="static", keep_by="age", checks=checks)
    audited = space.audit(dataset, guesses, choices)
    version = space.keep(audited, Note())
    train = np.flatnonzero(~np.asarray(audited.evidence["evaluation"]))[:5]
    edits = [Edit(dataset.row_ids[int(i)].as_py(), "drop", "HAND", "away") for i in train[:4]]
    old = dataset.labels.classes[dataset.labels.codes[train[4]]]
    new = next(one for one in dataset.labels.classes if one != old)
    edits.append(Edit(dataset.row_ids[int(train[4])].as_py(), "relabel", "LAB001", "seen", {"seq": 1}, None, old, new))
    opened = space.history.open(version.name)
    space.history.keep_changes(opened, Changeset(dataset.version, tuple(edits)), Note(who="ana"))
    space.history.undo("set@2", Note())
    space.history.keep_source(space.read(table.slice(0, 290), {"label": "label"}, name="set")[0], Note())
    return root, edits


@pytest.fixture
def space(once, tmp_path):
    return space_at(shutil.copytree(once[0], tmp_path / "ws"))


def measured(space, called):
    return MeasuredStore(space.history.store).measured(space.history.store.find(called))


def accepted(space, n, called="set@1"):
    """Accept the first findings of the queue that suggest an edit; give the review as it stands then."""
    version = space.history.store.find(called)
    audited, reviewing = audited_before(space, version), Reviewing(space.history)
    state = reviewing.state(audited, version)
    for place in state.queue.chosen(state.queue.suggests & (state.status == 0))[:n].tolist():
        reviewing.record(audited, version, Asked("accept", state.queue.ids[place]))
    return reviewing.state(audited, version)


def ledger(space, version):
    return space.history.store.ledger(version).to_pylist()


def test_a_version_is_audited_as_the_one_that_it_comes_from_was(space):
    told = audit_version(space, "set@2")
    facts = [space.history.store.audit_facts(space.history.store.find(name)) for name in ("set@1", "set@2")]
    assert facts[1]["embedder"] == "static"
    assert facts[0]["parameters"] == {**facts[1]["parameters"], "lock": facts[0]["parameters"]["lock"]}
    assert facts[1]["parameters"]["keep_by"] == "age"
    assert facts[1]["parameters"]["checks"] == {"DUP002": {"min_score": 0.75}, "IMB001": False}
    assert told.said.startswith("In 296 rows: ")
    assert told.version == "set@2"
    assert space.reopen("set@2") is not None


def test_seed_and_recall_are_those_of_the_former_audit(space):
    other = Workspace(space.root, seed=5, limits=Limits(threads=1, recall=0.9))
    audit_version(other, "set@2")
    kept = space.history.store.audit_facts(space.history.store.find("set@2"))["parameters"]
    assert (kept["seed"], kept["recall"]) == (0, 0.98)


def test_a_version_that_no_audit_went_before_is_audited_as_the_command_does_it(space):
    table = planted_texts(120, seed=1).table
    version = space.history.keep_source(space.read(table, {"label": "label"}, name="other")[0], Note())
    audit_version(space, "other")
    assert space.history.store.audit_facts(version)["parameters"].get("checks") is None
    assert len(CHECKS) > 10


def test_what_made_a_version_is_rebuilt_from_its_ledger(space, once):
    parent, changes = made_changes(space.history, space.history.store.find("set@2"))
    assert parent.name == "set@1"
    assert {
        edit.row_id: (edit.action, edit.code, edit.reason, dict(edit.evidence), edit.label) for edit in changes.edits
    } == {edit.row_id: (edit.action, edit.code, edit.reason, dict(edit.evidence), edit.label) for edit in once[1]}
    assert changes.apply(space.history.open("set@1")).version == space.history.store.find("set@2").version


@pytest.mark.parametrize(("called", "why"), [("set@1", "was read from a source"), ("set@3", "took edits back"),
                                             ("set@4", "was read from a source")])  # fmt: skip
def test_imports_and_undos_cannot_be_measured(space, called, why):
    with pytest.raises(UsageError, match=f"{called} {why}"):
        measure_version(space, called, "made", EXPERIMENT)
    assert measured(space, called) == []


def test_a_measurement_of_what_made_a_version_is_that_of_the_workspace(space):
    told = measure_version(space, "set@2", "made", EXPERIMENT)
    [kept] = measured(space, "set@2")
    parent, changes = made_changes(space.history, space.history.store.find("set@2"))
    effect = space.measure(space.reopen(parent.name), changes, EXPERIMENT)
    found = Evaluation.from_json(kept["evaluation"])
    assert (found.verdict, found.lift, found.lift_low) == (effect.verdict, effect.lift, effect.lift_low)
    assert found.verdict.capitalize() in told.said
    assert kept["said"] == told.said
    assert (kept["of"], kept["n_edits"], kept["counts"]) == ("made", 5, {"dropped": 4, "relabelled": 1})
    assert kept["codes"] == {"HAND": 4, "LAB001": 1}


def test_the_same_question_is_kept_once_and_another_experiment_beside_it(space):
    first = measure_version(space, "set@2", "made", EXPERIMENT)
    assert measure_version(space, "set@2", "made", EXPERIMENT) == first
    assert len(measured(space, "set@2")) == 1
    measure_version(space, "set@2", "made", Experiment(retrains=2, metric="macro_f1"))
    assert [one["experiment"]["metric"] for one in measured(space, "set@2")] == ["macro_f1", None]


def test_a_review_without_an_edit_cannot_be_measured(space):
    with pytest.raises(UsageError, match="the review of set@1 comes to no edit"):
        measure_version(space, "set@1", "pending", EXPERIMENT)


def test_a_review_is_measured_and_the_version_made_of_it_has_that_effect(space):
    state = accepted(space, 6)
    measure_version(space, "set@1", "pending", EXPERIMENT)
    [kept] = measured(space, "set@1")
    assert kept["seq"] == 6
    assert kept["changes"] == changes_digest(state.changes())
    version = space.history.store.find("set@1")
    made = make_version(
        space, space.reopen("set@1"), version, Note(who="ana", why="seen", tag="v2"), seen=6, experiment=EXPERIMENT
    )
    assert made.parent == 1
    assert made.n_rows == 300 - state.n_drops
    assert made.effect["verdict"] == kept["evaluation"]["verdict"]
    assert made.effect["lift"] == kept["evaluation"]["lift"]
    assert space.history.store.evaluation(made) == kept["evaluation"]
    assert (made.who, made.why, space.history.store.find("set@v2").number) == ("ana", "seen", made.number)


def test_of_several_measurements_only_that_by_the_experiment_that_asks_counts(space):
    accepted(space, 6)
    kind = Experiment(retrains=2, margin=0.0)
    measure_version(space, "set@1", "pending", kind)
    version, audited = space.history.store.find("set@1"), space.reopen("set@1")
    changes = Reviewing(space.history).state(audited, version).changes()
    assert measured_change(space, audited, version, changes, experiment=EXPERIMENT) is None
    other_seed = Workspace(space.root, seed=1, limits=Limits(threads=1))
    assert measured_change(other_seed, audited, version, changes, experiment=kind) is None
    other_audit = replace(audited, key="another")
    assert measured_change(space, other_audit, version, changes, experiment=kind) is None
    assert measured_change(space, audited, version, changes, experiment=kind).margin == 0
    made = make_version(space, audited, version, Note(), seen=6, experiment=kind)
    assert made.effect is not None
    assert made.recipe["review"]["experiment"] == {
        "model": None, "metric": None, "retrains": 2, "margin": 0.0, "max_slice_drop": 0.05, "seed": 0,
    }  # fmt: skip


@pytest.fixture
def script(tmp_path, monkeypatch):
    """Stand beside always.py, a model for a command that says of each row what its first argument is."""
    path = tmp_path / "always.py"
    path.write_text(
        "import sys\nimport pyarrow.parquet as pq\nn = pq.read_metadata(sys.argv[2]).num_rows\n"
        "answers = [pq.read_table(sys.argv[1])['label'][0].as_py()] * n\n"
        "open(sys.argv[3], 'w').write('prediction\\n' + '\\n'.join(answers) + '\\n')\n"
    )
    monkeypatch.chdir(tmp_path)
    return path


COMMAND = f"{sys.executable} always.py {{train}} {{eval}} {{out}}"


def test_what_a_command_came_to_does_not_count_once_its_script_is_another(space, script):
    accepted(space, 4)
    by = Experiment(COMMAND, retrains=2)
    measure_version(space, "set@1", "pending", by)
    version, audited = space.history.store.find("set@1"), space.reopen("set@1")
    changes = Reviewing(space.history).state(audited, version).changes()
    assert measured_change(space, audited, version, changes, experiment=by) is not None
    written = script.read_text()
    script.write_text(f"{written}# another\n")
    assert measured_change(space, audited, version, changes, experiment=by) is None
    assert measured_key(space, audited, changes, by) != measured(space, "set@1")[0]["key"]
    script.write_text(written)
    assert measured_change(space, audited, version, changes, experiment=by) is not None


def test_what_a_script_came_to_that_changed_meanwhile_never_counts(space, script):
    accepted(space, 4)
    written = script.read_text()
    script.write_text(f"{written}open('always.py', 'a').write('# more\\n')\n")
    by = Experiment(COMMAND, retrains=2)
    measure_version(space, "set@1", "pending", by)
    version, audited = space.history.store.find("set@1"), space.reopen("set@1")
    changes = Reviewing(space.history).state(audited, version).changes()
    [kept] = measured(space, "set@1")
    assert kept["experiment"]["files"]["always.py"] == "changed meanwhile"
    assert measured_change(space, audited, version, changes, experiment=by) is None
    script.write_text(f"{written}open('always.py', 'a').write('# more\\n')\n")
    assert measured_change(space, audited, version, changes, experiment=by) is None


def test_comparisons_of_a_model_before_and_after_its_module_changed_stand_side_by_side(space, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    source = "from sklearn.dummy import DummyClassifier as make\n"
    keys = set()
    for text in (source, f"{source}# another\n", source):
        (tmp_path / "compared_model.py").write_text(text)
        keys.add(compare_sides(space, "set@1", None, ("probe", "compared_model:make"), EXPERIMENT).key)
    assert len(keys) == 2
    assert {one["key"] for one in MeasuredStore(space.history.store).comparisons("set")} == keys


def test_the_probe_asks_as_it_did_before_files_counted(space):
    assert asked(space, EXPERIMENT) == {
        "model": None, "metric": None, "retrains": 2, "margin": None, "max_slice_drop": 0.05, "seed": 0,
    }  # fmt: skip
    assert set(asked(space, Experiment(metric="tests.workspace.test_tasks:asked"))["files"]) == {
        "tests.workspace.test_tasks"
    }


def test_a_version_of_other_edits_than_were_measured_has_no_effect(space):
    accepted(space, 4)
    measure_version(space, "set@1", "pending", EXPERIMENT)
    accepted(space, 1)
    made = make_version(
        space, space.reopen("set@1"), space.history.store.find("set@1"), Note(), seen=5, experiment=EXPERIMENT
    )
    assert made.effect is None


def test_a_version_is_made_only_of_what_was_seen(space):
    version, audited = space.history.store.find("set@1"), space.reopen("set@1")
    with pytest.raises(StaleChangesetError, match="comes to no edit"):
        make_version(space, audited, version, Note(), seen=0, experiment=EXPERIMENT)
    accepted(space, 3)
    for seen in (0, 2, 4, 9_999):
        with pytest.raises(StaleChangesetError, match=f"has 3 events, and {seen:,} were seen"):
            make_version(space, audited, version, Note(), seen=seen, experiment=EXPERIMENT)
    assert len(space.history.store.versions("set")) == 4


def test_what_is_decided_after_a_version_was_made_becomes_the_next_version_upon_it(space):
    version, audited = space.history.store.find("set@1"), space.reopen("set@1")
    accepted(space, 3)
    made = make_version(space, audited, version, Note(), seen=3, experiment=EXPERIMENT)
    state = accepted(space, 2)
    more = made_so_far(space.history, version, state)
    assert (more.version, more.has_all, more.hindrance) == (made, False, "")
    assert {edit.row_id for edit in more.edits} == set(state.edits) - {line["row_id"] for line in ledger(space, made)}
    again = make_version(space, audited, version, Note(why="more"), seen=5, experiment=EXPERIMENT)
    assert (again.parent, again.why, again.effect) == (made.number, "more", None)
    assert again.version == state.changes().apply(audited.dataset).version
    assert made_so_far(space.history, version, state).has_all
    with pytest.raises(StaleChangesetError, match=f"{again.name} has all edits of the review of set@1"):
        make_version(space, audited, version, Note(), seen=5, experiment=EXPERIMENT)


def test_an_addition_that_is_taken_back_can_be_made_again(space):
    version, audited = space.history.store.find("set@1"), space.reopen("set@1")
    accepted(space, 3)
    made = make_version(space, audited, version, Note(), seen=3, experiment=EXPERIMENT)
    state = accepted(space, 2)
    more = make_version(space, audited, version, Note(), seen=5, experiment=EXPERIMENT)
    space.history.undo(more.name, Note())
    assert made_so_far(space.history, version, state).version == made
    again = make_version(space, audited, version, Note(), seen=5, experiment=EXPERIMENT)
    assert (again.parent, again.version) == (made.number, more.version)
    assert made_so_far(space.history, version, state).has_all


def test_another_label_for_a_row_that_was_relabelled_is_an_edit_of_what_it_became(space):
    version, audited = space.history.store.find("set@1"), space.reopen("set@1")
    reviewing = Reviewing(space.history)
    row = next(edit for edit in accepted(space, 400).edits.values() if edit.action == "relabel").row_id
    first = reviewing.state(audited, version)
    made = make_version(space, audited, version, Note(), seen=first.seq, experiment=EXPERIMENT)
    was = first.edits[row].label
    other = next(name for name in audited.dataset.labels.classes if name not in (was, first.edits[row].old_label))
    reviewing.record(audited, version, Asked("relabel", row_ids=(row,), label=other))
    state = reviewing.state(audited, version)
    make_version(space, audited, version, Note(), seen=state.seq, experiment=EXPERIMENT)
    [line] = ledger(space, space.history.store.newest("set"))
    assert (line["row_id"], line["old_label"], line["label"]) == (row, was, other)
    assert space.history.store.newest("set").version == state.changes().apply(audited.dataset).version
    assert made_so_far(space.history, version, state).version.parent == made.number


def test_an_edit_that_was_taken_back_since_is_in_no_addition_and_the_way_out_is_told(space):
    version, audited = space.history.store.find("set@1"), space.reopen("set@1")
    accepted(space, 3)
    made = make_version(space, audited, version, Note(), seen=3, experiment=EXPERIMENT)
    Reviewing(space.history).record(audited, version, Asked("undo"))
    state = accepted(space, 0)
    with pytest.raises(StaleChangesetError, match=f"{made.name} was made of the review of set@1 already") as refused:
        make_version(space, audited, version, Note(), seen=4, experiment=EXPERIMENT)
    assert f"1 edit of it was taken back since: undo {made.name}" in refused.value.remedy
    space.history.undo(made.name, Note())
    assert made_so_far(space.history, version, state) is None
    again = make_version(space, audited, version, Note(), seen=4, experiment=EXPERIMENT)
    assert (again.parent, again.number) == (1, made.number + 2)


def test_nothing_is_added_beside_a_version_that_was_made_of_the_one_that_there_is(space):
    version, audited = space.history.store.find("set@1"), space.reopen("set@1")
    state = accepted(space, 4)
    made = make_version(space, audited, version, Note(), seen=4, experiment=EXPERIMENT)
    space.history.undo(made.name, Note(), row_ids=list(state.edits)[:1])
    later = space.history.store.newest("set").name
    assert made_so_far(space.history, version, state).has_all
    accepted(space, 1)
    with pytest.raises(StaleChangesetError) as refused:
        make_version(space, audited, version, Note(), seen=5, experiment=EXPERIMENT)
    assert refused.value.remedy == f"{later} was made of {made.name}: go on with that one."


def test_a_version_of_a_review_that_was_taken_back_in_part_still_stands(space):
    version, audited = space.history.store.find("set@1"), space.reopen("set@1")
    state = accepted(space, 4)
    made = make_version(space, audited, version, Note(), seen=4, experiment=EXPERIMENT)
    space.history.undo(made.name, Note(), row_ids=list(state.edits)[:1])
    assert made_so_far(space.history, version, state).version == made


def test_two_versions_are_compared_and_every_row_has_its_outcome(space):
    told = compare_sides(space, "set@1", "set@2", None, EXPERIMENT)
    store = MeasuredStore(space.history.store)
    [kept] = store.comparisons("set")
    assert (kept["v"], kept["other"], kept["labels"]) == ("set@2", "set@1", ["set@1", "set@2"])
    assert kept["said"] == told.said
    assert "with set@2 in place of set@1" in told.said
    assert (told.version, told.key) == ("set@2", kept["key"])
    rows = store.outcomes(kept["key"])
    assert sum(kept["outcomes"].values()) == len(rows) == kept["evaluation"]["n_eval"]
    right = {word: kept["outcomes"][word] for word in ("fixed", "broken")}
    lift = (right["fixed"] - right["broken"]) / len(rows)
    assert kept["evaluation"]["lift"] == pytest.approx(lift)
    sides = [audited_before(space, space.history.store.find(name)) for name in ("set@1", "set@2")]
    effect, differ = space.compare_versions(*sides, EXPERIMENT)
    assert effect.verdict == kept["evaluation"]["verdict"]
    assert len(differ) == pa.compute.sum(pa.compute.not_equal(rows["a"], rows["b"])).as_py()


def test_two_models_are_compared_on_one_version(space):
    models = ("probe", "sklearn.dummy:DummyClassifier")
    compare_sides(space, "set@1", None, models, EXPERIMENT)
    compare_sides(space, "set@1", None, models, EXPERIMENT)
    [kept] = MeasuredStore(space.history.store).comparisons("set")
    assert (kept["models"], kept["other"], kept["v"]) == (list(models), None, "set@1")
    assert kept["evaluation"]["verdict"] == "worse"
    assert kept["outcomes"]["broken"] > kept["outcomes"]["fixed"]
    assert math.isclose(sum(kept["outcomes"].values()), kept["evaluation"]["n_eval"])


@pytest.mark.parametrize(
    ("other", "models", "why"),
    [
        (None, None, "takes another version, or two models"),
        ("set@2", ("probe", "probe"), "takes another version, or two models"),
        ("set@1", None, "on both sides"),
        (None, ("probe", "nonsense"), "unknown model"),
    ],
)
def test_what_cannot_be_compared_is_refused_before_any_work(space, other, models, why):
    with pytest.raises(UsageError, match=why):
        compare_sides(space, "set@1", other, models, EXPERIMENT)


def test_what_was_measured_and_compared_is_in_order_for_verify(space):
    measure_version(space, "set@2", "made", EXPERIMENT)
    compare_sides(space, "set@1", "set@2", None, EXPERIMENT)
    assert Upkeep(space.root).problems() == []
    assert (
        sum(freed.n_bytes for freed in Upkeep(space.root).free(dry_run=True) if freed.kind == "interrupted writes") == 0
    )
