"""What is left of a history when a process dies, a disk is full, or a file is damaged, at every point where it can."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tests.workspace.faults import Faulty, count, disk_full, killed, read_only

from burnish.adapters.stores import HistoryStore, LocalStore
from burnish.adapters.stores.upkeep import Upkeep
from burnish.dataset import Changeset, Dataset, Edit, Roles
from burnish.errors import DamagedFileError, OutputError
from burnish.workspace import history as history_module
from burnish.workspace.history import History, Note

ME = Note(who="me")


def dataset_of(n: int, *, first: int = 0, name: str = "pets") -> Dataset:
    numbers = np.arange(first, first + n)
    fields = pa.table({"text": [f"text {i}" for i in numbers], "label": ["cat" if i % 2 else "dog" for i in numbers]})
    content = np.stack([numbers, numbers], axis=1).astype(np.uint64)
    vectors = np.stack([numbers, numbers + 1], axis=1).astype(np.float32)
    return Dataset(fields, pa.array([f"r{i}" for i in numbers]), content, Roles(label="label"), vectors, name)


def history_at(folder: Path) -> History:
    return History(HistoryStore(folder / "datasets"), lambda _: dataset_of(0))


def drop(history: History, called: str, row_id: str) -> None:
    dataset = history.open(called)
    history.keep_changes(dataset, Changeset(dataset.version, (Edit(row_id, "drop", "DUP001", "twin"),)), ME)


def seen(folder: Path) -> tuple:
    """Give all that a reader can see, every version opened and its rows hashed."""
    store = history_at(folder).store
    if not store.names():
        return ()
    history = history_at(folder)
    rows = [(v.number, history.open(v.name).version, v.version) for v in store.versions("pets").values()]
    assert all(found == told for _, found, told in rows)
    return tuple(rows), store.tags("pets"), store.about("pets").get("owner")


def begun(folder: Path) -> Path:
    history = history_at(folder)
    history.keep_source(dataset_of(6), ME)
    drop(history, "pets@1", "r1")
    return folder


WORK: dict[str, Callable[[Path], object]] = {
    "the first version": lambda f: history_at(f).keep_source(dataset_of(6), ME),
    "a grown source": lambda f: history_at(f).keep_source(dataset_of(8), ME),
    "a reordered source": lambda f: history_at(f).keep_source(dataset_of(6).take([3, 0, 1, 2, 5, 4]), ME),
    "a changeset": lambda f: drop(history_at(f), "pets@2", "r2"),
    "an undo": lambda f: history_at(f).undo("pets@2", ME),
    "a tag": lambda f: history_at(f).store.tag("pets", "gold", 2),
    "a description": lambda f: history_at(f).store.describe("pets", owner="you"),
}


def each_point(work: Callable[[Path], object], before: Path, tmp_path: Path) -> list[int]:
    return list(range(1, count(work, before, tmp_path / "counted") + 1))


@pytest.mark.slow
@pytest.mark.parametrize("name", WORK)
def test_a_process_killed_at_any_point_leaves_the_old_or_the_new_and_the_work_can_be_done_again(name, tmp_path):
    before = tmp_path / "before"
    before.mkdir()
    if name != "the first version":
        begun(before)
    shutil.copytree(before, after := tmp_path / "after")
    WORK[name](after)
    old, new = seen(before), seen(after)
    points = each_point(WORK[name], before, tmp_path)
    assert len(points) > 5
    found = set()
    for at in points:
        shutil.copytree(before, folder := tmp_path / f"at {at}")
        assert killed(WORK[name], folder, at)
        found.add(seen(folder) == new)
        assert seen(folder) in (old, new)
        assert not [p for p in Upkeep(folder).problems() if not p.rebuilt]
        if seen(folder) == old:
            WORK[name](folder)
        assert seen(folder) == new
        Upkeep(folder).free()
        assert seen(folder) == new
        assert not list(folder.rglob("*.tmp"))
        shutil.rmtree(folder)
    assert False in found


@pytest.mark.slow
@pytest.mark.parametrize("name", WORK)
@pytest.mark.parametrize("fault", [disk_full, read_only])
def test_a_disk_that_cannot_be_written_is_told_and_leaves_the_old(name, fault, tmp_path):
    before = tmp_path / "before"
    before.mkdir()
    if name != "the first version":
        begun(before)
    shutil.copytree(before, after := tmp_path / "after")
    WORK[name](after)
    old, new, points = seen(before), seen(after), each_point(WORK[name], before, tmp_path)
    for at in points[:: max(1, len(points) // 12)]:
        shutil.copytree(before, folder := tmp_path / f"at {at}")
        faulty = Faulty(at, fault)
        with faulty.standing_in():
            try:
                WORK[name](folder)
            except OutputError as error:
                assert "space" in str(error) or "Read-only" in str(error)  # noqa: PT017
        assert seen(folder) in (old, new)
        shutil.rmtree(folder)


def test_a_workspace_that_cannot_be_written_can_be_read(tmp_path):
    begun(tmp_path)
    history = history_at(tmp_path)
    with Faulty(1, read_only).standing_in() as counted:
        assert len(history.open("pets")) == 5
        assert history.diff("pets@1", "pets@2").counts["out"] == 1
        assert history.why("pets", "r1")
        assert Upkeep(tmp_path).problems() == []
    assert counted.n_calls == 0


@pytest.mark.slow
def test_two_writers_and_four_readers_lose_nothing(tmp_path):
    history_at(tmp_path).keep_source(dataset_of(200), ME)
    children = []
    for worker in range(6):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                _write(tmp_path, worker) if worker < 2 else _read(tmp_path)
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    assert all(os.waitpid(child, 0)[1] == 0 for child in children)
    versions = history_at(tmp_path).store.versions("pets")
    assert list(versions) == list(range(1, 42))
    assert sorted(v.who for v in versions.values())[1:] == ["writer 0"] * 20 + ["writer 1"] * 20
    assert Upkeep(tmp_path).problems() == []


def _write(folder: Path, worker: int) -> None:
    history, note = history_at(folder), Note(who=f"writer {worker}")
    for i in range(20):
        dataset = history.open(f"pets@{1 + i % len(history.store.versions('pets'))}")
        row_id = dataset.row_ids[worker * 40 + i].as_py()
        history.keep_changes(dataset, Changeset(dataset.version, (Edit(row_id, "drop", "DUP001", "twin"),)), note)


def _read(folder: Path) -> None:
    end = time.monotonic() + 2
    last = 0
    while time.monotonic() < end:
        history = history_at(folder)
        newest = history.store.find("pets")
        assert newest.number >= last
        last = newest.number
        opened = history.open(newest.name)
        assert len(opened) == newest.n_rows
        opened.__dict__.pop("version")
        assert opened.version == newest.version


def every_file(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")


@pytest.mark.parametrize("harm", ["a flipped bit", "a lost end", "a missing file", "an empty file"])
def test_a_damaged_file_is_named_and_no_version_that_needs_it_is_opened(harm, tmp_path):
    begun(tmp_path / "whole")
    history_at(tmp_path / "whole").keep_source(dataset_of(8).take([7, 0, 1, 2, 3, 4, 5, 6]), ME)
    history_at(tmp_path / "whole").store.tag("pets", "gold", 1)
    files = every_file(tmp_path / "whole")
    assert len(files) == 13
    for path in files:
        shutil.copytree(tmp_path / "whole", folder := tmp_path / "harmed")
        harmed = folder / path.relative_to(tmp_path / "whole")
        _harm(harmed, harm)
        problems = Upkeep(folder).problems()
        if harm == "a missing file" and path.name == "000003.json":  # as if it had never been kept
            assert [Path(p.path).parent.name for p in problems] == ["order", "rows", "rows", "rows"]
        elif not (harm == "a missing file" and path.name == "tags.json"):
            assert [p.path for p in problems if not p.rebuilt] == [str(harmed)]
        if path.parent.name in ("rows", "edits", "order"):
            with pytest.raises(DamagedFileError, match=path.name):
                _open_all(folder)
        shutil.rmtree(folder)


def _open_all(folder: Path) -> None:
    history = history_at(folder)
    for version in history.store.versions("pets").values():
        history.open(version.name)


def _harm(path: Path, harm: str) -> None:
    data = bytearray(path.read_bytes())
    if harm == "a missing file":
        path.unlink()
    elif harm == "an empty file":
        path.write_bytes(b"")
    elif harm == "a lost end":
        path.write_bytes(data[:-7])
    else:
        data[len(data) // 2] ^= 16
        path.write_bytes(data)


def test_vectors_in_a_damaged_part_are_embedded_again(tmp_path):
    store, content = LocalStore(tmp_path / "vectors"), np.arange(10, dtype=np.uint64).reshape(-1, 2)
    store.append("recipe", content, np.ones((5, 3), np.float32))
    part = next(path for path in store.root.rglob("*.npy") if ".keys" not in path.name)
    _harm(part, "a flipped bit")
    assert not store.lookup("recipe", content, 3)[1].any()
    problems = Upkeep(tmp_path).problems()
    assert [(p.path, p.rebuilt) for p in problems] == [(str(part), True)]
    Upkeep(tmp_path).discard(problems)
    assert Upkeep(tmp_path).problems() == []


def test_a_clock_that_jumps_back_changes_no_order(tmp_path, monkeypatch):
    begun(tmp_path)
    monkeypatch.setattr(history_module, "now", lambda: "1999-01-01T00:00:00+00:00")
    drop(history_at(tmp_path), "pets", "r3")
    history = history_at(tmp_path)
    assert history.store.find("pets").number == 3
    assert [v.parent for v in history.store.versions("pets").values()] == [None, 1, 2]


def test_what_no_version_needs_is_freed_and_nothing_else(tmp_path):
    begun(tmp_path)
    vectors = LocalStore(tmp_path / "vectors")
    vectors.append("recipe", dataset_of(4).content, np.ones((4, 3), np.float32))
    vectors.append("recipe", dataset_of(3, first=100).content, np.ones((3, 3), np.float32))
    vectors.append("recipe", dataset_of(6, first=4).content, np.arange(18, dtype=np.float32).reshape(6, 3))
    orphan = tmp_path / "datasets/pets/rows/000009.parquet"
    orphan.write_bytes(b"left by a process that died")
    old = seen(tmp_path)
    told = {one.kind: one.n_bytes for one in Upkeep(tmp_path).free(dry_run=True)}
    assert orphan.exists()
    assert told["interrupted writes"] == 27
    freed = {one.kind: one.n_bytes for one in Upkeep(tmp_path).free()}
    assert freed["vectors"] == pytest.approx(told["vectors"], abs=300)
    assert not orphan.exists()
    assert seen(tmp_path) == old
    kept = vectors.lookup("recipe", np.concatenate([dataset_of(10).content, dataset_of(3, first=100).content]), 3)
    assert kept[1].tolist() == [True] * 6 + [False] * 7
    assert np.array_equal(kept[0][4:6], np.arange(6, dtype=np.float32).reshape(2, 3))
    assert all(one.n_bytes == 0 for one in Upkeep(tmp_path).free())


def with_left_overs(folder: Path) -> Path:
    """Make a workspace in which rows have vectors, some parts hold others too, and a dead process left files."""
    begun(folder)
    vectors = LocalStore(folder / "vectors")
    vectors.append("recipe", dataset_of(4).content, np.ones((4, 3), np.float32))
    vectors.append("recipe", dataset_of(6, first=3).content, np.ones((6, 3), np.float32))
    (folder / "datasets/pets/rows/000009.parquet").write_bytes(b"left by a process that died")
    (folder / "evidence/0123").mkdir(parents=True)
    (folder / "evidence/0123/whole.npy").write_bytes(b"of rows that are in no version")
    return folder


@pytest.mark.slow
def test_freeing_that_is_killed_at_any_point_frees_nothing_that_is_needed(tmp_path):
    before = with_left_overs(tmp_path / "before")
    old, wanted = seen(before), dataset_of(6).content
    points = each_point(lambda f: Upkeep(f).free(), before, tmp_path)
    assert len(points) > 10
    for at in points:
        shutil.copytree(before, folder := tmp_path / f"at {at}")
        assert killed(lambda f: Upkeep(f).free(), folder, at)
        assert seen(folder) == old
        assert LocalStore(folder / "vectors").lookup("recipe", wanted, 3)[1].all()
        Upkeep(folder).free()
        assert seen(folder) == old
        assert LocalStore(folder / "vectors").lookup("recipe", wanted, 3)[1].all()
        assert not LocalStore(folder / "vectors").lookup("recipe", dataset_of(3, first=6).content, 3)[1].any()
        assert not list(folder.rglob("*.tmp"))
        shutil.rmtree(folder)


@pytest.mark.slow
def test_vectors_whose_writer_is_killed_at_any_point_are_all_there_or_none(tmp_path):
    before, content = begun(tmp_path / "before"), dataset_of(5).content

    def append(folder: Path) -> None:
        LocalStore(folder / "vectors").append("recipe", content, np.ones((5, 3), np.float32))

    known = set()
    for at in each_point(append, before, tmp_path):
        shutil.copytree(before, folder := tmp_path / f"at {at}")
        assert killed(append, folder, at)
        there = LocalStore(folder / "vectors").lookup("recipe", content, 3)[1]
        assert there.all() or not there.any()
        known.add(bool(there.all()))
        append(folder)
        assert LocalStore(folder / "vectors").lookup("recipe", content, 3)[1].all()
        shutil.rmtree(folder)
    assert False in known
