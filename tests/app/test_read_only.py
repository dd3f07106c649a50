"""A workspace that may only be read: every page is as ever, and what would be written down is refused."""

import pyarrow as pa
from tests.only_read import only_read

from burnish.workspace.tasks import audit_version

PAGES = (
    ("overview", {}), ("map", {}), ("findings", {}), ("review", {}), ("slices", {}), ("sets", {}), ("measured", {}),
    ("pulse", {}), ("ledger", {}), ("export", {}), ("rows", {"at": "0,5"}), ("row", {"row_id": "row-000000"}),
    ("similar", {"row_id": "row-000000"}), ("similar", {"text": "a text"}), ("versions", {"name": "small"}),
    ("diff", {"a": "small@1", "b": "small@2"}), ("comparisons", {"name": "small"}), ("jobs", {}),
)  # fmt: skip
MASKS = (("text", "a"), ("regex", "a+"), ("sql", "outlier_score > 0.5"), ("similar_row", "row-000000"))
V = "small@2"
MASK = {"v": V, "mask": "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}
BODIES = {
    "/api/versions": {"v": V, "seq": 0, "why": ""}, "/api/tags": {"v": V, "tag": "x"},
    "/api/undo": {"v": V, "row_ids": [], "codes": [], "why": ""}, "/api/jobs": {"kind": "audit", "v": V},
    "/api/decisions": {"v": V, "action": "drop", "row_ids": ["row-000000"]}, "/api/bulk": {"v": V, "code": "DUP001"},
    "/api/sample": {"v": V, "code": "DUP001"}, "/api/selection": {**MASK, "action": "tag", "name": "x"},
}  # fmt: skip
READING = ("/api/mask", "/api/export", "/api/nearest")
"""What is asked by POST and writes nothing."""


def asked(client):
    """Give what the server answers to every page and search."""
    pages = [client.get(f"/api/{path}", params={"v": V, **more}) for path, more in PAGES]
    masks = [client.post("/api/mask", json={"v": V, "kind": kind, "value": value}) for kind, value in MASKS]
    return [(answer.status_code, _shown(answer)) for answer in (*pages, *masks)]


def _shown(answer):
    """Give what is shown of an answer: of the map its points, whose name is of one server."""
    if "arrow" not in answer.headers["content-type"]:
        return answer.content
    return pa.ipc.open_stream(answer.content).read_all().to_pydict()


def test_every_page_is_as_it_is_where_the_workspace_may_be_written(root, serving):
    with serving(root) as client:
        assert not client.get("/api/about").json()["read_only"]
        before = asked(client)
    for lock in root.rglob("*.lock"):
        lock.unlink()
    with only_read(root), serving(root) as client:
        assert client.get("/api/about").json()["read_only"]
        assert asked(client) == before
    assert {status for status, _ in before} == {200}
    assert not list(root.rglob("*.lock"))


def test_whatever_would_be_written_down_is_refused_with_what_to_do(root, serving):
    with only_read(root), serving(root) as client:
        addresses = client.get("/api/openapi.json").json()["paths"]
        assert {path for path, methods in addresses.items() if "post" in methods} == {*BODIES, *READING}
        for path, body in BODIES.items():
            answer = client.post(path, json=body)
            assert (path, answer.status_code) == (path, 403)
            assert answer.json()["error"] == f"the workspace {root} can only be read."
            assert "copy the workspace" in answer.json()["remedy"]
        assert client.get("/api/jobs").json()["jobs"] == []


def test_the_pulse_tells_when_the_newest_audit_was_made(client):
    before = client.get("/api/pulse", params={"v": "plain@1"}).json()
    audit_version(client.served.workspace, "plain@1")
    after = client.get("/api/pulse", params={"v": "plain@1"}).json()
    assert (before["audit"], before["audited"]) == ("", False)
    assert after["audit"] > ""
    assert client.get("/api/pulse", params={"v": V}).json()["audit"] != after["audit"]
