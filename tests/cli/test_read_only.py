"""Commands on a workspace that may only be read: those that look work, and those that write are refused."""

import kept_history
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.only_read import only_read

pytestmark = pytest.mark.slow

LOOK = {
    "versions": ("pets",), "log": ("pets",), "diff": ("pets@1", "pets@2"), "catalog": (), "why": ("r7",),
    "verify": (), "export": ("pets@2", "--to", "jsonl", "--out", "out"),
}  # fmt: skip
WRITE = {
    "tag": ("pets@1", "first"), "undo": ("pets@2",), "catalog": ("--describe", "pets", "cats and dogs"), "gc": (),
    "curate": ("pets@2",), "audit": ("new.parquet",),
}  # fmt: skip


@pytest.fixture
def workspace(tmp_path):
    kept_history.curated(kept_history.history_in(tmp_path))
    table = pa.table({"text": [f"text {i}" for i in range(40)], "label": ["a", "b"] * 20})
    pq.write_table(table, tmp_path / "new.parquet")
    with only_read(tmp_path / ".burnish"):
        yield tmp_path / ".burnish"


@pytest.mark.parametrize("command", LOOK)
def test_what_looks_works(run, workspace, command):
    code, _, err = run(command, *LOOK[command])
    assert (code, err) == (0, "")
    assert not list(workspace.rglob("*.tmp"))


@pytest.mark.parametrize("command", WRITE)
def test_what_writes_is_refused(refused, workspace, command):
    refused((command, *WRITE[command]), str(workspace.name), "copy the workspace and name the copy: --workspace DIR")
