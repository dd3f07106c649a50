"""Workspaces of every released format can be read, and by plain tools too."""

import json
import shutil
import zlib
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from burnish.adapters import durable
from burnish.adapters.stores import HistoryStore
from burnish.adapters.stores.upkeep import Upkeep
from burnish.errors import InputError
from burnish.workspace import Workspace
from burnish.workspace.history import Note

FORMATS = sorted((Path(__file__).parent / "formats").iterdir())
ROWS = {
    1: ["r0 dog", "r1 cat", "r2 dog", "r3 cat"],
    2: ["r0 dog", "r2 cat", "r3 cat"],
    3: ["r0 dog", "r1 cat", "r2 cat", "r3 cat"],
    4: ["r3 cat", "r0 dog", "r1 cat", "r2 dog", "r4 dog"],
}


@pytest.fixture(params=FORMATS, ids=lambda path: path.name)
def workspace(request, tmp_path):
    return Path(shutil.copytree(request.param, tmp_path / "workspace"))


def test_every_released_format_is_read(workspace):
    history = Workspace(workspace).history
    for number, rows in ROWS.items():
        dataset = history.open(f"pets@{number}")
        labels = dataset.field("label").to_pylist()
        assert [f"{i} {v}" for i, v in zip(dataset.row_ids.to_pylist(), labels, strict=True)] == rows
        told = dataset.__dict__.pop("version")
        assert dataset.version == told
    assert history.store.find("pets@first").number == 1
    assert [line["action"] for line in history.why("pets", "r1")] == ["add", "drop", "restore"]
    assert Upkeep(workspace).problems() == []


def test_a_new_version_can_be_written_behind_old_ones(workspace):
    history = Workspace(workspace).history
    done = history.undo("pets@2", Note(who="me"))
    assert done.changed_since == ("r1",)
    assert history.open(done.version.name).version == history.open("pets@1").version
    assert history.keep_source(history.open("pets@1").take([0, 1, 3]), Note(who="me")).number == 6


def test_a_workspace_of_a_newer_burnish_is_refused(workspace):
    store = HistoryStore(workspace / "datasets")
    about = store.folder("pets") / "about.json"
    durable.write_json(about, {**durable.read_json(about), "format": 99})
    with pytest.raises(InputError, match=r"format 99.*newer burnish"):
        store.versions("pets")


def test_plain_tools_read_the_files_and_their_checksums(workspace):
    folder = workspace / "datasets/pets"
    record = json.loads((folder / "versions/000002.json").read_text())
    told = record.pop("checksum")
    assert told == f"{zlib.crc32(json.dumps(record, sort_keys=True, ensure_ascii=False).encode()):08x}"
    size, crc = record["files"]["edits/000002.parquet"]
    data = (folder / "edits/000002.parquet").read_bytes()
    assert (len(data), zlib.crc32(data)) == (size, crc)
    assert pq.read_table(folder / "edits/000002.parquet")["action"].to_pylist() == ["drop", "relabel"]
    assert np.load(folder / "rows/000001.content.npy").shape == (4, 2)
    sealed = (folder / "rows/000001.content.npy").read_bytes()
    assert sealed[-16:-4] == b"burnish seal"
    assert int.from_bytes(sealed[-4:], "little") == zlib.crc32(sealed[:-16])
