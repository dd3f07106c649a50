"""A small real workspace, and clients that may ask its server.

`small@1`: 300 texts with planted defects, labels, splits and fields, audited; `small@2`: the same without copies, leaks
and suspect labels (44 rows fewer), audited too. `plain@1`: 20 rows that were never audited.
"""

import shutil
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from burnish.app.guard import Keys
from burnish.app.served import Served
from burnish.app.server import guarded
from burnish.pipeline.decision import Policy
from burnish.testing.planted import Defects, planted_texts
from burnish.workspace import Experiment, Limits, Workspace
from burnish.workspace.history import Note

HERE = Path(__file__).parent
TOKEN, PORT = "token-of-the-tests", 7077
DEFECTS = Defects(duplicates=0.04, near_duplicates=0.04, leaks=0.02, wrong_labels=0.06, outliers=0.01)


def pytest_collection_modifyitems(items):
    """Mark as slow what needs the audited workspace: to make it takes longer than most tests."""
    for item in items:
        if "kept" in item.fixturenames and item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.slow)


def workspace_at(root):
    return Workspace(root, limits=Limits(threads=1))


def client_of(root, opens=None):
    """Give a client with the token, for a server over the workspace at `root`; `client.served` is what it serves."""
    served = Served.of(workspace_at(root), Experiment(retrains=2), opens)
    app = guarded(served, Keys(TOKEN), PORT)
    client = TestClient(app, base_url=f"http://127.0.0.1:{PORT}", headers={"X-Burnish-Token": TOKEN})
    client.served = served
    return client


@pytest.fixture(scope="session")
def kept(tmp_path_factory):
    """A workspace with small@1, small@2 and plain@1. Only for reading: `root` is a copy to write to."""
    root = tmp_path_factory.mktemp("app") / "workspace"
    workspace = workspace_at(root)
    table = planted_texts(300, defects=DEFECTS, seed=3).table
    dataset, guesses = workspace.read(table, {"label": "label"}, name="small")
    audited = workspace.audit(dataset, guesses)
    workspace.keep(audited, Note(source="small.parquet", who="ana"))
    changes = workspace.decide(audited, Policy())
    workspace.history.keep_changes(dataset, changes, Note(why="copies and wrong labels out", who="bo", tag="clean"))
    workspace.keep(workspace.audit(workspace.history.open("small@2")), Note())
    plain, _ = workspace.read(table.slice(0, 20), {"label": "label"}, name="plain")
    workspace.history.keep_source(plain, Note(source="plain.parquet"))
    return root


@pytest.fixture
def root(kept, tmp_path):
    """A workspace of one test's own."""
    return shutil.copytree(kept, tmp_path / "workspace")


@pytest.fixture(scope="session")
def reading(kept):
    """A client for requests that change nothing."""
    with client_of(kept) as client:
        yield client


@pytest.fixture
def client(root):
    """A client for requests that change the workspace, which is this test's own."""
    with client_of(root) as client:
        yield client


@pytest.fixture(scope="session")
def serving():
    """Give a client for a server over a workspace: `with serving(root) as client`."""
    return client_of
