"""A workspace that may only be read: what was found is looked at, and what would be written is refused."""

import shutil

import pytest
from tests.only_read import only_read

from burnish.adapters.stores import FolderScratch
from burnish.adapters.stores.upkeep import Upkeep
from burnish.errors import ReadOnlyError
from burnish.testing.planted import Defects, planted_texts
from burnish.workspace import Choices, Workspace
from burnish.workspace.history import Note
from burnish.workspace.keeping import Keeping

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def audited_once(tmp_path_factory):
    """A workspace with an audited version of 200 texts."""
    workspace = Workspace(tmp_path_factory.mktemp("read") / "workspace")
    table = planted_texts(200, defects=Defects(duplicates=0.05, wrong_labels=0.05), seed=2).table
    dataset, guesses = workspace.read(table, {"label": "label"}, name="small")
    workspace.keep(workspace.audit(dataset, guesses), Note(source="small.parquet", who="ana"))
    return workspace.root


@pytest.fixture
def workspace(audited_once, tmp_path):
    """A copy of it, of one test's own."""
    return Workspace(shutil.copytree(audited_once, tmp_path / "workspace"))


def files_of(root):
    return {path: path.stat().st_mtime_ns for path in root.rglob("*")}


def told(audited):
    return [(one.code, one.rows, one.message) for one in audited.findings]


def test_an_audited_version_is_opened_and_nothing_is_written(workspace):
    known = told(workspace.reopen("small@1"))
    for lock in workspace.root.rglob("*.lock"):  # as in a copy that left them out
        lock.unlink()
    before = files_of(workspace.root)
    with only_read(workspace.root):
        assert told(workspace.reopen("small@1")) == known
    assert files_of(workspace.root) == before
    assert known


def test_rows_whose_vectors_are_not_there_are_embedded_to_be_looked_at(workspace):
    known = told(workspace.reopen("small@1"))
    shutil.rmtree(workspace.root / "vectors")
    with only_read(workspace.root):
        assert told(workspace.reopen("small@1")) == known
    assert not (workspace.root / "vectors").exists()


def test_an_audit_whose_evidence_is_there_writes_nothing_and_finds_the_same(workspace):
    dataset = workspace.history.open("small@1")
    known = workspace.audit(dataset)
    before = files_of(workspace.root)
    with only_read(workspace.root):
        found = workspace.audit(dataset)
        version = workspace.keep(found, Note())
        assert workspace.kept_text(found, "pages/new", lambda: "made") == "made"
    assert (told(found), version.name) == (told(known), "small@1")
    assert found.lock.fingerprint == known.lock.fingerprint
    assert files_of(workspace.root) == before


def test_an_audit_that_has_to_be_made_is_refused_before_any_work(workspace, monkeypatch):
    dataset = workspace.history.open("small@1")
    monkeypatch.setattr("burnish.workspace.door.gather", None)
    with only_read(workspace.root), pytest.raises(ReadOnlyError, match="copy the workspace"):
        workspace.audit(dataset, choices=Choices(keep_by="label"))


def test_a_writer_that_has_the_evidence_keeps_nobody_from_reading_it(workspace):
    key = workspace.history.store.audit_facts(workspace.history.store.find("small@1"))["key"]
    with Keeping(workspace.root, key).evidence():
        assert workspace.reopen("small@1") is not None


def test_evidence_that_is_removed_while_it_is_read_is_evidence_that_was_removed(workspace, monkeypatch):
    folder, has = workspace.root / "evidence", FolderScratch.has

    def gone_since(self, name):
        there = has(self, name)
        shutil.rmtree(folder, ignore_errors=True)
        return there

    monkeypatch.setattr(FolderScratch, "has", gone_since)
    assert workspace.reopen("small@1") is None


def test_upkeep_looks_at_every_file_and_says_that_it_may_remove_none(workspace):
    damaged = next((workspace.root / "evidence").rglob("*.npy"))
    damaged.write_bytes(damaged.read_bytes()[:-1])
    upkeep = Upkeep(workspace.root)
    with only_read(workspace.root):
        problems = upkeep.problems()
        assert [one.path for one in problems] == [str(damaged)]
        with pytest.raises(ReadOnlyError, match="copy the workspace"):
            upkeep.discard(problems)
        with pytest.raises(ReadOnlyError, match="copy the workspace"):
            upkeep.free()
    with only_read(workspace.root / "evidence"), pytest.raises(ReadOnlyError, match="evidence"):
        upkeep.free()
    assert damaged.exists()
