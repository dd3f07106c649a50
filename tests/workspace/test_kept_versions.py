"""What the workspace keeps of audits and versions, and what it does not do again."""

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from burnish.adapters.stores.upkeep import Upkeep
from burnish.dataset import Changeset, Edit
from burnish.errors import InputError, MissingFieldError, UnknownVersionError, UsageError
from burnish.pipeline.recipe import changed_checks, checks_of
from burnish.workspace import Choices, Workspace
from burnish.workspace.history import Note

pytestmark = pytest.mark.slow

GIVEN = {"text": "text", "label": "label", "id": "id"}
NOTE = Note(who="me", source="pets.parquet")


def table(n: int, *, first: int = 0) -> pa.Table:
    """Give short texts of four topics, some of them twins."""
    topics = ("the cat sleeps on the warm sofa", "stocks fell as rates rose again", "add flour and stir the dough",
              "the striker scored in extra time")  # fmt: skip
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in range(400)]
    said = [f"{topics[i % 4]} {' '.join(rng.choice(words, 4))}" for i in range(1_000)]
    rows = range(first, first + n)
    return pa.table(
        {"id": [f"r{i}" for i in rows], "text": [said[i % 1_000] for i in rows], "label": [f"c{i % 4}" for i in rows]}
    )


@pytest.fixture(scope="module")
def audited_once(tmp_path_factory):
    """A workspace in which 300 rows were audited and kept, and the file that they came from."""
    root = tmp_path_factory.mktemp("kept")
    pq.write_table(table(300), root / "pets.parquet")
    space = Workspace(root / "ws")
    audited = space.audit(*space.read(str(root / "pets.parquet"), GIVEN))
    space.keep(audited, NOTE)
    return root, audited


@pytest.fixture
def kept(audited_once, tmp_path):
    root, audited = audited_once
    shutil.copytree(root, tmp_path / "copy")
    return Workspace(tmp_path / "copy" / "ws"), audited, tmp_path / "copy" / "pets.parquet"


def evidence_of(audited) -> dict:
    return {name: np.asarray(column.values) for name, column in audited.evidence.columns.items()}


def test_an_audit_of_the_same_rows_runs_no_step_and_finds_the_same(kept):
    space, before, path = kept
    again = space.audit(*space.read(str(path), GIVEN))
    assert set(again.timings) == {"embed", "judge"}
    assert again.key == before.key
    assert [f.code for f in again.findings] == [f.code for f in before.findings]
    assert again.detectors == before.detectors
    for name, values in evidence_of(before).items():
        np.testing.assert_array_equal(evidence_of(again)[name], values)


def test_other_parameters_or_rows_are_another_audit(kept):
    space, before, path = kept
    other = Workspace(space.root, seed=1)
    assert other.audit(*other.read(str(path), GIVEN)).key != before.key
    pq.write_table(table(299), path)
    assert "neighbors" in space.audit(*space.read(str(path), GIVEN)).timings


def test_damaged_evidence_is_gathered_again(kept):
    space, before, path = kept
    files = sorted((space.root / "evidence").rglob("steps/**/*.npy"))
    for file in files[:: max(1, len(files) // 6)]:
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 4
        file.write_bytes(data)
    assert all(problem.rebuilt for problem in Upkeep(space.root).problems())
    assert Upkeep(space.root).problems()
    again = space.audit(*space.read(str(path), GIVEN))
    for name, values in evidence_of(before).items():
        np.testing.assert_array_equal(evidence_of(again)[name], values)
    assert Upkeep(space.root).problems() == []


def test_a_version_is_a_source(kept):
    space, before, _ = kept
    dataset, guesses = space.read("pets@1", {})
    assert guesses == []
    assert dataset.version == before.dataset.version
    assert space.audit(dataset).key == before.key
    assert space.read("pets", {"label": ""})[0].roles.label is None
    with pytest.raises(MissingFieldError, match="no field 'colour'"):
        space.read("pets", {"label": "colour"})
    with pytest.raises(UnknownVersionError, match=r"no version '7'.*Versions: 1 to 1"):
        space.read("pets@7", {})
    with pytest.raises(UnknownVersionError, match=r"no data set 'pest'.*Did you mean 'pets'"):
        space.read("pest@1", {})


def test_a_grown_source_is_kept_as_what_is_new_and_keeps_its_clusters(kept):
    space, before, path = kept
    pq.write_table(table(309), path)
    after = space.audit(*space.read(str(path), GIVEN))
    version = space.keep(after, NOTE)
    assert (version.number, version.parent, version.n_segment, dict(version.counts)) == (2, 1, 9, {"added": 9})
    assert "growth" in after.evidence
    assert before.notes == ()
    assert after.notes[0].startswith("Built on a former audit: 300 rows stayed, 9 are new, 0 gone")
    old, new = np.asarray(before.evidence["cluster"]), np.asarray(after.evidence["cluster"])[:300]
    assert np.mean(old == new) > 0.9
    diff = space.history.diff("pets@1", "pets@2")
    assert diff.counts == {"in": 9, "out": 0, "relabelled": 0, "rewritten": 0}
    assert {"persists"} <= {event["kind"] for event in diff.clusters}
    again = space.audit(*space.read("pets@2", {}))
    assert set(again.timings) == {"embed", "judge"}
    assert again.notes == after.notes
    np.testing.assert_array_equal(np.asarray(again.evidence["cluster"])[:300], new)


def test_what_lies_between_two_versions_is_told_by_findings_fields_and_rows(kept):
    space, before, _ = kept
    ids = before.dataset.row_ids.filter(pa.array(~np.asarray(before.evidence["evaluation"], bool))).to_pylist()
    given = dict(zip(before.dataset.row_ids.to_pylist(), before.dataset.field("label").to_pylist(), strict=True))
    new = "c0" if given[ids[1]] != "c0" else "c1"
    edits = (Edit(ids[0], "drop", "DUP001", "twin"), Edit(ids[1], "relabel", "LAB001", "suspect", label=new))
    space.history.keep_changes(before.dataset, Changeset(before.dataset.version, edits), Note(who="you", tag="gold"))
    space.keep(space.audit(space.read("pets@gold", {})[0]), NOTE)
    diff = space.history.diff("pets@1", "pets@gold")
    lines = {line["row_id"]: line for line in diff.rows.to_pylist()}
    assert lines[ids[0]] == {
        "row_id": ids[0], "change": "out", "old_label": given[ids[0]], "label": None,
        "code": "DUP001", "reason": "twin",
    }  # fmt: skip
    assert (lines[ids[1]]["old_label"], lines[ids[1]]["label"]) == (given[ids[1]], new)
    assert [shift.field for shift in diff.shifts] == ["label"]
    assert diff.findings is not None
    assert diff.effect is None
    back = space.history.diff("pets@gold", "pets@1")
    assert back.counts == {"in": 1, "out": 0, "relabelled": 1, "rewritten": 0}
    story = space.history.why("pets", ids[0])
    assert [(one["version"], one["action"]) for one in story] == [("pets@1", "add"), ("pets@2", "drop")]


def test_a_version_by_reference_holds_no_field_and_is_refused_once_its_file_is_another(tmp_path, monkeypatch):
    path = tmp_path / "pets.parquet"
    pq.write_table(table(120), path)
    monkeypatch.chdir(tmp_path)
    space = Workspace(tmp_path / "ws")
    audited = space.audit(*space.read(str(path), GIVEN))
    version = space.keep(audited, Note(who="me", source="pets.parquet"), by_reference=True)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert pq.read_schema(tmp_path / "ws/datasets/pets/rows/000001.parquet").names == ["burnish.row_id"]
    assert space.history.open("pets@1").version == version.version
    changes = Changeset(version.version, (Edit("r3", "drop", "DUP001", "twin"),))
    space.history.keep_changes(audited.dataset, changes, NOTE)
    assert len(space.history.open("pets@2")) == 119
    pq.write_table(table(119), path)
    with pytest.raises(InputError, match=r"kept by reference.*is not as it was"):
        space.history.open("pets@2")


def test_only_evidence_that_no_audit_of_a_version_tells_of_is_freed(kept):
    space, before, path = kept
    other = Workspace(space.root, seed=5)
    other.audit(*other.read(str(path), GIVEN))
    assert len([p for p in (space.root / "evidence").iterdir() if p.is_dir()]) == 2
    freed = {one.kind: one.n_bytes for one in Upkeep(space.root).free()}
    assert freed["evidence"] > 0
    assert freed["vectors"] == 0
    assert [p.name for p in (Path(space.root) / "evidence").iterdir() if p.is_dir()] == [before.key]


def test_what_was_measured_and_not_kept_is_written_down_once(kept):
    space, before, _ = kept
    ids = before.dataset.row_ids.filter(pa.array(~np.asarray(before.evidence["evaluation"], bool))).to_pylist()
    changes = Changeset(before.dataset.version, (Edit(ids[0], "drop", "DUP001", "twin"),))
    effect = space.measure(before, changes)
    for _ in range(2):
        space.history.keep_tried(before.dataset, changes, Note(who="me", why="the verdict"), effect)
    (tried,) = space.history.store.tried(space.history.store.find("pets@1"))
    assert (tried["codes"], tried["counts"], tried["who"]) == ({"DUP001": 1}, {"dropped": 1}, "me")
    assert tried["effect"]["verdict"] == effect.verdict
    assert [v.number for v in space.history.store.versions("pets").values()] == [1]
    assert Upkeep(space.root).problems() == []
    Upkeep(space.root).free()
    assert len(space.history.store.tried(space.history.store.find("pets@1"))) == 1


def test_evidence_of_older_versions_is_freed_unless_they_have_a_tag(kept):
    space, before, path = kept
    pq.write_table(table(320), path)
    after = space.audit(*space.read(str(path), GIVEN))
    space.keep(after, NOTE)

    def keys() -> set[str]:
        return {folder.name for folder in (space.root / "evidence").iterdir() if folder.is_dir()}

    space.history.store.tag("pets", "gold", 1)
    Upkeep(space.root).free()
    assert keys() == {before.key, after.key}
    space.history.store.tag("pets", "gold", None)
    Upkeep(space.root).free()
    assert keys() == {after.key}
    assert space.history.diff("pets@1", "pets@2").findings is not None


def test_a_damaged_lock_of_the_evaluation_rows_is_named(kept):
    space, _, _ = kept
    (path,) = (space.root / "locks").glob("*.parquet")
    whole = path.read_bytes()
    found = []
    for place in range(8, len(whole) - 8, max(1, len(whole) // 40)):
        harmed = bytearray(whole)
        harmed[place] ^= 1
        path.write_bytes(harmed)
        found += [problem.path == str(path) and not problem.rebuilt for problem in Upkeep(space.root).problems()]
    assert all(found)
    assert len(found) > 20


@pytest.mark.parametrize("by_reference", [True, False])
def test_a_file_that_was_kept_by_reference_can_grow(tmp_path, by_reference):
    path, space = tmp_path / "pets.parquet", Workspace(tmp_path / "ws")
    for n, by in ((120, True), (130, by_reference), (140, False)):
        pq.write_table(table(n), path)
        audited = space.audit(*space.read(str(path), GIVEN))
        space.keep(audited, Note(who="me", source=str(path)), by_reference=by)
    versions = space.history.store.versions("pets")
    assert [v.parent for v in versions.values()] == [None, None, None if by_reference else 2]
    assert len(space.history.open("pets@3")) == 140
    with pytest.raises(InputError, match="is not as it was"):
        space.history.open("pets@1")


def test_a_tag_is_not_taken_from_another_version(kept):
    space, before, _ = kept
    train = before.dataset.row_ids.filter(pa.array(~np.asarray(before.evidence["evaluation"], bool))).to_pylist()
    changes = [Changeset(before.dataset.version, (Edit(row_id, "drop", "DUP001", "twin"),)) for row_id in train[:2]]
    gold = Note(who="me", tag="gold")
    made = space.history.keep_changes(before.dataset, changes[0], gold)
    assert space.history.keep_changes(before.dataset, changes[0], gold) == made
    with pytest.raises(UsageError, match=r"'gold' is pets@2 already.*--delete"):
        space.history.keep_changes(before.dataset, changes[1], gold)
    with pytest.raises(UsageError, match="already"):
        space.history.undo("pets@2", gold)
    with pytest.raises(UsageError, match="already"):
        space.keep(before, gold)
    assert sorted(space.history.store.versions("pets")) == [1, 2]


def test_a_version_reopens_as_its_audit_left_it(kept):
    space, before, _ = kept
    again = space.reopen("pets@1")
    assert again.findings == before.findings
    assert evidence_of(again).keys() == evidence_of(before).keys()
    for name, values in evidence_of(before).items():
        np.testing.assert_array_equal(evidence_of(again)[name], values)
    assert again.lock.fingerprint == before.lock.fingerprint
    assert again.detectors == before.detectors
    assert again.summary()["findings"] == before.summary()["findings"]


def test_an_audit_with_other_checks_reopens_with_their_thresholds(audited_once, tmp_path):
    root, _ = audited_once
    shutil.copytree(root, tmp_path / "copy")
    space = Workspace(tmp_path / "copy" / "ws")
    audited = space.audit(*space.read(str(root / "pets.parquet"), GIVEN), Choices(min_precision=0.999))
    space.keep(audited, NOTE)
    assert space.reopen("pets").findings == audited.findings
    assert changed_checks(checks_of(space.reopen("pets").parameters["checks"])) == audited.parameters["checks"]


def test_a_version_without_its_evidence_reopens_as_nothing(kept):
    space, *_ = kept
    shutil.rmtree(space.root / "evidence")
    assert space.reopen("pets") is None
