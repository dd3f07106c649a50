"""Versions that are open: few are held, nobody waits for what another asked for, and audits made meanwhile are seen."""

import gc
import shutil
import weakref
from threading import Event, Thread

import pytest
from tests.app.conftest import workspace_at

from burnish.adapters.stores.upkeep import Upkeep
from burnish.app.kept import PerVersion
from burnish.app.masks import conditions_of
from burnish.app.opened import OpenedVersions
from burnish.app.points import points_of
from burnish.pipeline.recipe import checks_of
from burnish.workspace import Choices
from burnish.workspace.history import Note
from burnish.workspace.keeping import Keeping
from burnish.workspace.tasks import audit_version

PATIENCE = 20


class Slow(OpenedVersions):
    """Reads a version when it is told to, and remembers what it held before."""

    def __init__(self, workspace):
        super().__init__(workspace)
        self.begun, self.go, self.held = Event(), Event(), []

    def _read(self, version):
        self.held.append(len(self._open))
        if version.name == "small@2":
            self.begun.set()
            assert self.go.wait(PATIENCE)
        return super()._read(version)


@pytest.fixture
def reading_another(kept):
    """small@1 is open and small@2 is being read."""
    slow = Slow(workspace_at(kept))
    first = slow.opened("small@1")
    reader = Thread(target=slow.opened, args=("small@2",))
    reader.start()
    assert slow.begun.wait(PATIENCE)
    yield slow, first
    slow.go.set()
    reader.join()


def answers_soon(ask):
    """Give what a call gives; None where it waits."""
    found = []
    asking = Thread(target=lambda: found.append(ask()), daemon=True)
    asking.start()
    asking.join(2)
    return found[0] if found else None


def test_a_version_that_is_open_does_not_wait_for_one_that_is_being_read(reading_another):
    slow, first = reading_another
    assert slow.is_opening("small@2")
    assert answers_soon(lambda: slow.opened("small@1")) is first


def test_no_more_than_two_versions_are_held_while_a_third_is_read(kept):
    slow = Slow(workspace_at(kept))
    slow.go.set()
    for name in ("small@1", "small@2", "plain@1", "small@1"):
        slow.opened(name)
    assert slow.held == [0, 1, 1, 1]
    assert len(slow._open) == 2


def test_two_that_ask_for_a_version_at_once_get_the_same(kept):
    slow, found = Slow(workspace_at(kept)), []
    asking = [Thread(target=lambda: found.append(slow.opened("small@2"))) for _ in range(4)]
    for one in asking:
        one.start()
    slow.go.set()
    for one in asking:
        one.join()
    assert len({id(one) for one in found}) == 1
    assert len(slow.held) == 1


def test_what_is_made_of_one_version_lets_others_be_asked_for(reading):
    first, second = (reading.served.versions.opened(name) for name in ("small@1", "small@2"))
    values, begun, go = PerVersion(), Event(), Event()

    def slowly():
        begun.set()
        assert go.wait(PATIENCE)
        return 1

    maker = Thread(target=values.of, args=(first, slowly))
    maker.start()
    assert begun.wait(PATIENCE)
    assert answers_soon(lambda: values.of(second, lambda: 2)) == 2
    go.set()
    maker.join()
    assert values.of(first, lambda: 3) == 1


def test_evidence_that_was_removed_and_made_again_is_seen(client):
    root = client.served.workspace.root
    shutil.rmtree(root / "evidence")
    told = client.get("/api/overview", params={"v": "small@1"}).json()
    assert not told["audited"]
    assert client.served.versions.opened("small@1") is client.served.versions.opened("small@1")
    audit_version(workspace_at(root), "small@1")
    assert client.get("/api/overview", params={"v": "small@1"}).json()["audited"]


def test_a_version_is_opened_while_an_audit_or_another_reader_has_its_evidence(kept):
    workspace = workspace_at(kept)
    facts = workspace.history.store.audit_facts(workspace.history.store.find("small@1"))
    with Keeping(workspace.root, facts["key"]).evidence():
        assert OpenedVersions(workspace).opened("small@1").found is not None


def test_a_version_that_is_open_stays_while_its_evidence_is_removed_and_is_told_as_not_audited_after(client):
    root, looked = client.served.workspace.root, {"v": "small@1"}
    before = client.get("/api/findings", params=looked).json()
    client.get("/api/overview", params={"v": "small@2"})
    client.get("/api/findings", params=looked)
    assert next(one for one in Upkeep(root).free() if one.kind == "evidence").n_bytes > 0
    assert client.get("/api/findings", params=looked).json() == before
    assert client.get("/api/rows", params={**looked, "at": "3"}).status_code == 200
    for name in ("small@2", "plain@1"):
        client.get("/api/overview", params={"v": name})
    answer = client.get("/api/findings", params=looked)
    assert answer.status_code == 409
    assert "has not been audited, or its evidence was removed" in answer.json()["error"]
    assert "burnish audit small@1" in answer.json()["remedy"]
    assert not client.get("/api/pulse", params=looked).json()["audited"]


def test_an_audit_that_takes_the_place_of_another_is_seen_by_who_has_the_version_open(client):
    before = client.get("/api/overview", params={"v": "small@2"}).json()
    workspace = client.served.workspace
    other = workspace.audit(workspace.history.open("small@2"), choices=Choices(checks=checks_of({"OUT001": False})))
    workspace.keep(other, Note())
    after = client.get("/api/overview", params={"v": "small@2"}).json()
    assert "OUT001" in {one["code"] for one in before["found"]}
    assert "OUT001" not in {one["code"] for one in after["found"]}


def test_a_version_and_all_that_was_made_of_it_are_let_go(client):
    opened = client.served.versions.opened("small@1")
    points_of(client.served, opened)
    asked = conditions_of(opened)
    asked.matching("age > 40")
    client.get("/api/review", params={"v": "small@1"})
    client.post("/api/mask", json={"v": "small@1", "kind": "similar_row", "value": "row-000000"})
    left = weakref.ref(opened), weakref.ref(opened.audited.evidence), weakref.ref(asked)
    process = asked._process
    del opened, asked
    for name in ("small@2", "plain@1"):
        client.get("/api/overview", params={"v": name})
    gc.collect()
    assert [one() for one in left] == [None, None, None]
    assert process.poll() is not None
