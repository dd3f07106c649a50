import errno
import os
import stat
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from burnish.adapters.sinks import FolderSink
from burnish.errors import OutputError, UsageError
from burnish.protocols import Sink

OLD = {"report.html": "old", "summary.json": b"{}"}
NEW = {"report.html": "new é", "rows.parquet": pa.table({"a": [1, 2]}), "summary.json": b"[]"}


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_is_a_sink():
    assert isinstance(FolderSink(Path("x")), Sink)


def test_writes_text_bytes_and_tables_and_gives_their_paths(tmp_path):
    out = tmp_path / "deep" / "out"
    paths = FolderSink(out).write(NEW)
    assert paths == {name: str(out / name) for name in NEW}
    assert (out / "report.html").read_text(encoding="utf-8") == "new é"
    assert pq.read_table(out / "rows.parquet").to_pydict() == {"a": [1, 2]}
    assert pq.read_metadata(out / "rows.parquet").row_group(0).column(0).compression == "ZSTD"
    assert names(tmp_path / "deep") == ["out"]


def test_replaces_its_own_files_and_leaves_others_alone(tmp_path):
    FolderSink(tmp_path).write(OLD)
    (tmp_path / "mine.txt").write_text("keep")
    FolderSink(tmp_path).write(NEW)
    assert names(tmp_path) == ["mine.txt", "report.html", "rows.parquet", "summary.json"]
    assert (tmp_path / "mine.txt").read_text() == "keep"
    assert (tmp_path / "summary.json").read_bytes() == b"[]"


def test_a_new_folder_can_be_read_by_whom_the_umask_allows(tmp_path):
    before = os.umask(0o022)
    try:
        FolderSink(tmp_path / "out").write(OLD)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "out" / "report.html").stat().st_mode) == 0o644


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def failing(real, at, error):
    """`real`, but raising `error` at call number `at`."""
    calls = iter(range(1000))

    def call(*args, **kwargs):
        if next(calls) == at:
            raise error
        return real(*args, **kwargs)

    return call


@pytest.mark.parametrize("at", range(4))
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("existing", [True, False])
def test_a_full_disk_or_ctrl_c_while_writing_changes_nothing(tmp_path, monkeypatch, *, at, error, existing):
    out = tmp_path / "a" / "out"
    if existing:
        FolderSink(out).write(OLD)
    before = contents(out) if existing else None
    monkeypatch.setattr(os, "fsync", failing(os.fsync, at, error))
    with pytest.raises((OutputError, KeyboardInterrupt)) as caught:
        FolderSink(out).write(NEW)
    monkeypatch.undo()
    if isinstance(error, OSError):
        assert "No space left" in str(caught.value)
        assert "Free some space" in caught.value.remedy
    if existing:
        assert contents(out) == before
    else:
        assert names(tmp_path) == []


@pytest.mark.parametrize("at", range(3))
@pytest.mark.parametrize("error", [OSError(errno.EIO, "I/O error"), KeyboardInterrupt()])
def test_an_error_while_files_appear_puts_the_old_ones_back(tmp_path, monkeypatch, at, error):
    FolderSink(tmp_path).write(OLD)
    before = contents(tmp_path)
    monkeypatch.setattr(Path, "replace", failing(Path.replace, at, error))
    with pytest.raises((OutputError, KeyboardInterrupt)):
        FolderSink(tmp_path).write(NEW)
    assert contents(tmp_path) == before


def test_a_file_system_without_hard_links_will_do(tmp_path, monkeypatch):
    FolderSink(tmp_path).write(OLD)
    monkeypatch.setattr(Path, "hardlink_to", failing(Path.hardlink_to, 0, PermissionError(errno.EPERM, "no")))
    FolderSink(tmp_path).write(NEW)
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == "new é"


def test_a_folder_that_is_read_only_is_told_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "mkdir", failing(Path.mkdir, 0, PermissionError(errno.EACCES, "Permission denied")))
    with pytest.raises(OutputError, match="Permission denied") as caught:
        FolderSink(tmp_path).write(NEW)
    assert "--out" in caught.value.remedy
    assert caught.value.exit_code == 3


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_write_permission_is_told(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError):
        FolderSink(tmp_path).write(NEW)


def test_a_file_in_place_of_the_folder_is_told(tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OutputError):
        FolderSink(tmp_path / "out").write(NEW)
    assert (tmp_path / "out").read_text() == "a file"


def test_a_folder_in_place_of_a_file_is_told_and_nothing_is_changed(tmp_path):
    FolderSink(tmp_path).write({"report.html": "old"})
    (tmp_path / "summary.json").mkdir()
    with pytest.raises(OutputError):
        FolderSink(tmp_path).write(NEW)
    assert (tmp_path / "report.html").read_text() == "old"
    assert names(tmp_path) == ["report.html", "summary.json"]


@pytest.mark.parametrize("name", ["../x", "a/b", "/etc/x", "", ".."])
def test_a_name_that_is_a_path_is_refused(tmp_path, name):
    with pytest.raises(UsageError):
        FolderSink(tmp_path).write({name: "x"})


def test_a_file_of_an_earlier_run_that_is_not_written_anew_is_removed(tmp_path):
    sink = FolderSink(tmp_path / "out", owned=frozenset({"a.json", "b.json"}))
    sink.write({"a.json": "1", "b.json": "1"})
    (tmp_path / "out" / "mine.txt").write_text("stays")
    sink.write({"a.json": "2"})
    assert {p.name: p.read_text() for p in (tmp_path / "out").iterdir()} == {"a.json": "2", "mine.txt": "stays"}


def saved(text):
    """A writer of a folder with a file."""

    def write(place):
        place.mkdir()
        (place / "part.txt").write_text(text)

    return write


def test_a_writer_writes_a_file_or_a_folder_and_finds_what_was_named_before_it(tmp_path):
    out = tmp_path / "out"
    files = {
        "a.txt": "first",
        "b.txt": lambda place: place.write_text(place.with_name("a.txt").read_text() + " seen"),
        "set": saved("whole"),
    }
    assert FolderSink(out).write(files) == {name: str(out / name) for name in files}
    assert (out / "b.txt").read_text() == "first seen"
    assert (out / "set" / "part.txt").read_text() == "whole"
    FolderSink(out).write({"set": saved("new")})
    assert (out / "set" / "part.txt").read_text() == "new"
    assert names(out) == ["a.txt", "b.txt", "set"]


@pytest.mark.parametrize("at", range(4))
@pytest.mark.parametrize("error", [OSError(errno.EIO, "I/O error"), KeyboardInterrupt()])
def test_an_error_while_a_folder_appears_puts_the_old_one_back(tmp_path, monkeypatch, at, error):
    FolderSink(tmp_path).write({"set": saved("old"), "z.txt": "old"})
    monkeypatch.setattr(Path, "replace", failing(Path.replace, at, error))
    try:
        FolderSink(tmp_path).write({"set": saved("new"), "z.txt": "new"})
    except (OutputError, KeyboardInterrupt):
        assert (tmp_path / "set" / "part.txt").read_text() == (tmp_path / "z.txt").read_text() == "old"
    else:
        assert at == 3
    assert names(tmp_path) == ["set", "z.txt"]


def test_a_writer_that_fails_changes_nothing(tmp_path):
    FolderSink(tmp_path).write({"a.txt": "old"})

    def refuse(place):
        raise UsageError("no.", remedy="Another.")

    with pytest.raises(UsageError):
        FolderSink(tmp_path).write({"a.txt": "new", "b.txt": refuse})
    assert (tmp_path / "a.txt").read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_folder_never_takes_the_place_of_a_file(tmp_path):
    (tmp_path / "set").write_text("mine")
    with pytest.raises(OutputError, match="is a file"):
        FolderSink(tmp_path).write({"set": saved("new")})
    assert (tmp_path / "set").read_text() == "mine"
