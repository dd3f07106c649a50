"""The journal of a review and named sets of rows: whole or not at all, whoever writes, whatever is cut off."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest
from tests.workspace.faults import Faulty, count, disk_full, killed

from burnish.adapters import durable
from burnish.adapters.stores import reviews
from burnish.adapters.stores.history import Addition, HistoryStore
from burnish.adapters.stores.reviews import ReviewStore, RowSet, read_journal
from burnish.adapters.stores.upkeep import Upkeep
from burnish.dataset import Roles
from burnish.dataset.history import Version
from burnish.errors import DamagedFileError, OutputError, UsageError


def store_at(root):
    """Give the store of a workspace with `pets@1`, which has no rows."""
    history = HistoryStore(Path(root) / "datasets")
    if not history.has("pets"):
        history.keep(Version(0, "pets", "0" * 16, 0, "import", "2026-01-01", "me", roles=Roles()), Addition())
    return ReviewStore(history), history.find("pets@1")


@pytest.fixture
def kept(tmp_path):
    return store_at(tmp_path)


def written(store, version, n, **more):
    for _ in range(n):
        store.append(version, lambda seq: {"action": "accept", "finding_id": f"LAB001-{seq}", **more})


def lines(store, version):
    return read_journal(store.journal(version)).lines


def tags(*names, kind="tag"):
    return [RowSet(name, kind, "ana", "now", pa.array([f"r{i}" for i in range(3)])) for name in names]


def keep(store, one):
    store.keep_set("pets", one.name, lambda _: one)


def test_events_are_numbered_and_read_as_they_were_written(kept):
    store, version = kept
    note = 'line\nbreak, "quote", \u2028, émoji 🐱'
    assert store.last(version) == 0
    assert lines(store, version) == []
    assert store.append(version, lambda _: {"action": "note", "note": note}) == 1
    assert store.append(version, lambda seq: {"action": "undo", "of": seq - 1}) == 2
    assert lines(store, version) == [
        {"seq": 1, "action": "note", "note": note}, {"seq": 2, "action": "undo", "of": 1},
    ]  # fmt: skip
    assert store.last(version) == 2


def test_each_line_has_the_checksum_that_the_format_says(kept):
    store, version = kept
    written(store, version, 1, note="é")
    line = json.loads(store.journal(version).read_text(encoding="utf-8"))
    told = line.pop("checksum")
    durable.write_json(store.journal(version).with_name("same.json"), line)
    assert json.loads(store.journal(version).with_name("same.json").read_text(encoding="utf-8"))["checksum"] == told


def test_what_comes_later_is_read_alone(kept):
    store, version = kept
    written(store, version, 2)
    first = read_journal(store.journal(version))
    written(store, version, 2)
    rest = read_journal(store.journal(version), first.end)
    assert [line["seq"] for line in (*first.lines, *rest.lines)] == [1, 2, 3, 4]
    assert read_journal(store.journal(version), rest.end) == ([], rest.end, False)


def test_a_last_line_that_is_cut_anywhere_is_left_out_and_the_next_event_takes_its_place(kept):
    store, version = kept
    path = store.journal(version)
    written(store, version, 3)
    whole = path.read_bytes()
    start = whole[:-1].rindex(b"\n") + 1
    for end in range(start, len(whole)):
        path.write_bytes(whole[:end])
        read = read_journal(path)
        assert [line["seq"] for line in read.lines] == [1, 2]
        assert (read.end, read.torn, store.last(version)) == (start, end > start, 2)
        written(store, version, 1)
        assert path.read_bytes() == whole


def test_a_journal_whose_only_line_is_torn_begins_anew(kept):
    store, version = kept
    written(store, version, 1)
    whole = store.journal(version).read_bytes()
    store.journal(version).write_bytes(whole[:7])
    assert read_journal(store.journal(version)) == ([], 0, True)
    assert store.append(version, lambda _: {"action": "accept"}) == 1


def test_of_a_torn_line_that_is_longer_than_the_next_event_nothing_is_left(kept):
    store, version = kept
    written(store, version, 1)
    with store.journal(version).open("ab") as file:
        file.write(b"x" * 500)
    written(store, version, 1)
    read = read_journal(store.journal(version))
    assert [line["seq"] for line in read.lines] == [1, 2]
    assert not read.torn


def test_a_bit_that_fell_over_anywhere_is_told_and_nothing_is_written_behind_it(kept):
    store, version = kept
    path = store.journal(version)
    written(store, version, 2)
    whole = path.read_bytes()
    for place in range(len(whole) - 1):
        bad = bytearray(whole)
        bad[place] ^= 1
        path.write_bytes(bytes(bad))
        with pytest.raises(DamagedFileError, match="is damaged"):
            read_journal(path)
    with pytest.raises(DamagedFileError, match="is damaged"):
        written(store, version, 1)  # the last one is of the second line
    assert path.read_bytes() == bytes(bad)


def test_a_line_that_is_missing_is_told(kept):
    store, version = kept
    path = store.journal(version)
    written(store, version, 3)
    first, _, last = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + last)
    with pytest.raises(DamagedFileError, match="event 2 is missing: 3 stands in its place"):
        read_journal(path)
    path.write_bytes(last)
    with pytest.raises(DamagedFileError, match="event 1 is missing"):
        read_journal(path)


def test_lines_longer_than_a_block_are_found_from_the_end(kept, monkeypatch):
    store, version = kept
    monkeypatch.setattr(reviews, "BLOCK_BYTES", 16)
    written(store, version, 3, note="long " * 40)
    assert store.last(version) == 3
    assert [line["seq"] for line in lines(store, version)] == [1, 2, 3]


def test_an_event_that_is_refused_under_the_lock_writes_nothing(kept):
    store, version = kept
    written(store, version, 1)
    before = store.journal(version).read_bytes()

    def refuse(_):
        raise UsageError("no.", remedy="stop")

    with pytest.raises(UsageError):
        store.append(version, refuse)
    assert store.journal(version).read_bytes() == before
    written(store, version, 1)
    assert store.last(version) == 2


def test_threads_that_write_at_once_lose_nothing(kept):
    store, version = kept
    with ThreadPoolExecutor(4) as threads:
        seqs = list(threads.map(lambda who: store.append(version, lambda _: {"who": who}), range(24)))
    assert sorted(seqs) == list(range(1, 25))
    assert sorted(line["who"] for line in lines(store, version)) == list(range(24))


WRITER = """
import sys
from burnish.adapters.stores.history import HistoryStore
from burnish.adapters.stores.reviews import ReviewStore
history = HistoryStore(__import__("pathlib").Path(sys.argv[1]) / "datasets")
version = history.find("pets@1")
for i in range(15):
    ReviewStore(history).append(version, lambda _: {"who": sys.argv[2], "i": i})
"""


@pytest.mark.slow
def test_processes_that_write_at_once_lose_nothing(kept, tmp_path):
    store, version = kept
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), who]) for who in "ab"]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    found = lines(store, version)
    assert [line["seq"] for line in found] == list(range(1, 31))
    for who in "ab":
        assert [line["i"] for line in found if line["who"] == who] == list(range(15))


def append(root):
    store, version = store_at(root)
    written(store, version, 1)


def put(root):
    store, _ = store_at(root)
    keep(store, tags("new")[0])


@pytest.mark.parametrize("work", [append, pytest.param(put, marks=pytest.mark.slow)])
def test_a_process_killed_at_any_call_leaves_the_old_or_the_new(work, tmp_path):
    before = tmp_path / "before"
    store, version = store_at(before)
    written(store, version, 2)
    keep(store, tags("old")[0])
    for at in range(1, count(work, before, tmp_path / "counted") + 1):
        folder = tmp_path / f"killed {at}"
        durable.make_folder(folder)
        subprocess.run(["cp", "-r", f"{before}/.", folder], check=True)
        assert killed(work, folder, at)
        store, version = store_at(folder)
        assert [line["seq"] for line in lines(store, version)] in ([1, 2], [1, 2, 3])
        assert [one.name for one in store.sets("pets")] in (["old"], ["new", "old"])
        assert not [one for one in Upkeep(folder).problems() if not one.rebuilt]
        Upkeep(folder).free()
        assert Upkeep(folder).problems() == []
        assert not read_journal(store.journal(version)).torn
        append(folder)
        put(folder)
        assert [one.name for one in store.sets("pets")] == ["new", "old"]


def test_a_disk_that_is_full_leaves_the_journal_as_it_was(tmp_path):
    store, version = store_at(tmp_path / "before")
    written(store, version, 2)
    refused = 0
    for at in range(1, count(append, tmp_path / "before", tmp_path / "counted") + 1):
        before = store.journal(version).read_bytes()
        try:
            with Faulty(at, disk_full).standing_in():
                append(tmp_path / "before")
        except OutputError:
            refused += 1
            assert store.journal(version).read_bytes() == before
        else:  # whoever asks for the lock asks again
            assert store.journal(version).read_bytes() != before
    assert refused >= 3


def test_a_set_is_read_as_it_was_kept_whatever_its_name(kept):
    store, _ = kept
    names = sorted(["../../etc/passwd", "a/b", "", "x" * 200, "tab\there", "Ä", "ä", "<script>", "CON"])
    for one in tags(*names):
        keep(store, one)
    assert [one.name for one in store.sets("pets")] == names
    assert all(one.row_ids.to_pylist() == ["r0", "r1", "r2"] for one in store.sets("pets"))
    assert store.sets("nobody") == []
    folder = store.history.folder("pets") / "sets"
    assert len(list(folder.iterdir())) == 2 * len(names)


def test_a_set_that_is_kept_anew_takes_the_place_of_the_old_one(kept):
    store, _ = kept
    keep(store, tags("hard")[0])
    known = []
    grown = tags("hard")[0]._replace(row_ids=pa.array(["r9"]))
    store.keep_set("pets", "hard", lambda before: known.append(before) or grown)
    assert known[0].row_ids.to_pylist() == ["r0", "r1", "r2"]
    assert [one.row_ids.to_pylist() for one in store.sets("pets")] == [["r9"]]
    assert len(list((store.history.folder("pets") / "sets").iterdir())) == 2


def test_a_set_without_rows_is_kept(kept):
    store, _ = kept
    keep(store, tags("none")[0]._replace(row_ids=pa.array([], pa.string())))
    assert store.sets("pets")[0].row_ids.to_pylist() == []


def test_a_set_that_is_forgotten_leaves_nothing(kept):
    store, _ = kept
    for one in tags("a", "b"):
        keep(store, one)
    assert store.forget_set("pets", "a")
    assert not store.forget_set("pets", "a")
    assert [one.name for one in store.sets("pets")] == ["b"]
    assert len(list((store.history.folder("pets") / "sets").iterdir())) == 2


@pytest.mark.parametrize("then", ["replaced", "forgotten"])
def test_a_set_that_changes_while_it_is_read_is_read_as_it_is_then(kept, monkeypatch, then):
    store, _ = kept
    keep(store, tags("a")[0])
    grown = tags("a")[0]._replace(row_ids=pa.array(["r9"]))
    true = durable.read_json

    def meanwhile(path):
        document = true(path)
        monkeypatch.setattr(durable, "read_json", true)
        _ = keep(store, grown) if then == "replaced" else store.forget_set("pets", "a")
        return document

    monkeypatch.setattr(durable, "read_json", meanwhile)
    found = [one.row_ids.to_pylist() for one in store.sets("pets")]
    assert found == ([["r9"]] if then == "replaced" else [])


def test_a_damaged_set_is_told(kept):
    store, _ = kept
    keep(store, tags("a")[0])
    rows = next((store.history.folder("pets") / "sets").glob("*.parquet"))
    rows.write_bytes(rows.read_bytes()[:-1] + b"\0")
    with pytest.raises(DamagedFileError, match="checksum"):
        store.sets("pets")


def test_verify_names_damage_of_reviews_and_sets_that_nothing_makes_again(kept, tmp_path):
    store, version = kept
    written(store, version, 2)
    for one in tags("a", "b", "c"):
        keep(store, one)
    assert Upkeep(tmp_path).problems() == []
    folder = store.history.folder("pets") / "sets"
    record, other, third = sorted(folder.glob("*.json"))
    record.write_bytes(record.read_bytes().replace(b"tag", b"tog"))
    next(folder.glob(f"{other.stem}-*.parquet")).unlink()
    bad = bytearray(store.journal(version).read_bytes())
    bad[3] ^= 1
    store.journal(version).write_bytes(bytes(bad))
    problems = Upkeep(tmp_path).problems()
    assert len(problems) == 3
    assert not any(one.rebuilt for one in problems)
    Upkeep(tmp_path).discard(problems)
    Upkeep(tmp_path).free()
    assert record.exists()
    assert list(folder.glob(f"{record.stem}-*.parquet"))
    assert list(folder.glob(f"{third.stem}-*.parquet"))
    assert store.journal(version).exists()


def test_a_torn_event_is_no_damage_and_gc_frees_it(kept, tmp_path):
    store, version = kept
    written(store, version, 2)
    path = store.journal(version)
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"seq":3,"ac')
    assert Upkeep(tmp_path).problems() == []
    freed = {one.kind: one.n_bytes for one in Upkeep(tmp_path).free(dry_run=True)}
    assert freed["interrupted writes"] == 12
    assert path.read_bytes() != whole
    Upkeep(tmp_path).free()
    assert path.read_bytes() == whole


def test_rows_of_a_set_that_no_record_names_are_freed(kept, tmp_path):
    store, _ = kept
    keep(store, tags("a")[0])
    folder = store.history.folder("pets") / "sets"
    (folder / "0123456789abcdef-00000000.parquet").write_bytes(b"left")
    assert [Path(one.path).name for one in Upkeep(tmp_path).problems()] == ["0123456789abcdef-00000000.parquet"]
    Upkeep(tmp_path).free()
    assert len(list(folder.iterdir())) == 2
