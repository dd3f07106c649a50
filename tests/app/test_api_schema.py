"""Whatever is asked, the server answers as its schema says: random requests, many of them about a real workspace."""

import base64
import shutil

import pytest
from hypothesis import HealthCheck, Phase, given, reject, settings
from hypothesis import strategies as st
from starlette.testclient import httpx
from tests.app.conftest import workspace_at
from tests.app.hostile import hostile_pictures, wav

from burnish.app.jobs import Jobs
from burnish.app.server import make_app
from burnish.pipeline import reviewing
from burnish.workspace import Experiment
from burnish.workspace.history import Note
from burnish.workspace.tasks import compare_sides

DOCUMENT = make_app(None).openapi()
OPERATIONS = [f"{method.upper()} {path}" for path, methods in DOCUMENT["paths"].items() for method in methods]
VERSIONS = ["small@1", "small@1", "small@1", "small", "small@clean", "plain@1", "media@1"]
MASK = base64.b64encode(b"\x07".ljust((300 + 7) // 8, b"\0")).decode()
"""The first three rows of small@1."""

ROWS = ["row-000000", "row-000001", "row-000299"]
OFTEN = settings(
    max_examples=40, phases=(Phase.generate, Phase.shrink), derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def schemathesis():
    return pytest.importorskip("schemathesis")


@pytest.fixture(scope="module")
def client(kept, serving, tmp_path_factory):
    """A client whose jobs end at once; what one test writes, the next one finds."""
    root = shutil.copytree(kept, tmp_path_factory.mktemp("schema") / "workspace")
    space, table = workspace_at(root), hostile_pictures().slice(1, 1)
    media = table.append_column("sound", [[wav()]]).append_column("id", [ROWS[:1]])
    space.history.keep_source(space.read(media, {"image": "picture", "id": "id"}, name="media")[0], Note())
    compare_sides(space, "small@1", "small@2", None, Experiment(retrains=2))
    with serving(root) as client:
        object.__setattr__(client.served, "jobs", Jobs(command=["true"]))
        yield client
        client.served.jobs.close()


@pytest.fixture(scope="module")
def known(client):
    """Give values of the workspace by the names of parameters."""
    findings = client.get("/api/findings", params={"v": "small@1"}).json()["items"]
    ids, codes = [one["finding_id"] for one in findings[:20]], sorted({one["code"] for one in findings})
    job = client.post("/api/jobs", json={"kind": "audit", "v": "small@1"}).json()["id"]
    key = client.get("/api/comparisons", params={"name": "small"}).json()["comparisons"][0]["key"]
    return {
        "key": [key],
        **dict.fromkeys(["v", "a", "b", "other"], VERSIONS), "name": ["small", "plain", "a set"], "row_id": ROWS,
        "row_ids": [ROWS[:1], ROWS], "id": ids, "finding_id": ids, "code": codes, "codes": [codes], "at": ["0", "0,5"],
        "seq": [0, 1], "offset": [0, 7], "limit": [1, 50], "job_id": [job], "text": ["oven", "ov(en|al)"], "k": [1, 5],
        "polygon": [[[0, 0], [1, 0], [1, 1], [0, 1]]], "sql": ["age > 40"], "label": ["cooking"], "field": ["text"],
        "mask": [MASK],
    }  # fmt: skip


def with_known(data, given, known):
    """Put values of the workspace in the place of most of the random ones."""
    return {
        name: data.draw(st.sampled_from(known[name])) if name in known and data.draw(st.integers(0, 3)) else value
        for name, value in given.items()
    }


def as_sent(case, client):
    """Give a case as this client's library calls it."""
    named = {"data": "content"}  # raw bytes, in negative cases
    given = case.as_transport_kwargs(base_url=str(client.base_url))
    return {named.get(name, name): value for name, value in given.items() if name != "cookies"}


def examples(client, known):
    """Give a request to every address that has to succeed: a review from its first decision to a version, undone."""
    v = {"v": "small@1"}
    code = max(
        known["code"], key=lambda code: client.get("/api/sample", params={**v, "code": code}).json()["remaining"]
    )
    yield "POST /api/sample", {"json": {**v, "code": code}}
    for one in client.get("/api/sample", params={**v, "code": code}).json()["findings"]:
        yield "POST /api/decisions", {"json": {**v, "action": "accept", "finding_id": one}}
    yield "POST /api/bulk", {"json": {**v, "code": code}}
    yield "POST /api/selection", {"json": {**v, "action": "slice", "name": "three", "mask": MASK}}
    yield "POST /api/versions", {"json": {**v, "seq": client.get("/api/review", params=v).json()["seq"], "why": "seen"}}
    yield "POST /api/undo", {"json": {"v": "small@2"}}
    yield "POST /api/tags", {"json": {**v, "tag": "first"}}
    yield "POST /api/export", {"json": {**v, "action": "export", "mask": MASK, "form": "csv"}}
    yield "POST /api/mask", {"json": {**v, "kind": "sql", "value": "age > 40"}}
    yield "POST /api/nearest", {"json": {**v, "kind": "similar_row", "value": ROWS[0]}}
    yield "POST /api/jobs", {"json": {**v, "kind": "audit"}}
    row, name, key = {"row_id": ROWS[0]}, {"name": "small"}, {"key": known["key"][0]}
    asked = {
        "versions": name, "comparisons": name, "diff": {"a": "small@1", "b": "small@2"}, "ledger": {"v": "small@2"},
        "rows": {**v, "at": "0,5"}, "row": {**v, **row}, "similar": {**v, **row}, "image": {"v": "media@1", **row},
        "audio": {"v": "media@1", **row}, "finding": {**v, "id": known["id"][0]}, "sample": {**v, "code": code},
        "compared": key, "outcomes": key, "flips": key, "order": {**v, "by": "outlier_score"},
    }  # fmt: skip
    for operation in OPERATIONS:
        method, path = operation.split()
        if method != "POST":
            yield operation, {"params": {} if "{" in path else asked.get(path.removeprefix("/api/"), v)}


def test_every_address_is_reached_and_answers_as_the_schema_says(schemathesis, client, known, monkeypatch):
    monkeypatch.setattr(reviewing, "SAMPLE_SIZE", 5)  # a small data set has fewer findings than a real sample
    schema, checks, reached = schemathesis.openapi.from_dict(DOCUMENT), schemathesis.checks, set()
    conforms = [checks.response_schema_conformance, checks.content_type_conformance, checks.status_code_conformance]
    for operation, sent in examples(client, known):
        method, path = operation.split()
        job = {"job_id": known["job_id"][0]} if "{" in path else {}
        answer = client.request(method, path.format(**job), **sent)
        assert answer.status_code == 200, (operation, answer.text)
        schema[path][method].Case(path_parameters=job).validate_response(answer, checks=conforms)
        reached.add(operation)
    assert reached == set(OPERATIONS)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_address_answers_as_the_schema_says(schemathesis, client, known, operation):
    method, path = operation.split()
    schema, checks = schemathesis.openapi.from_dict(DOCUMENT), schemathesis.checks
    conforms = [
        checks.not_a_server_error, checks.response_schema_conformance, checks.content_type_conformance,
        checks.status_code_conformance,
    ]  # fmt: skip
    statuses = set()

    @OFTEN
    @given(st.data())
    def holds(data):
        mode = data.draw(st.sampled_from(list(schemathesis.GenerationMode)))
        case = data.draw(schema[path][method].as_strategy(generation_mode=mode))
        case.query = with_known(data, case.query or {}, known)
        case.path_parameters = with_known(data, case.path_parameters or {}, known)
        if isinstance(case.body, dict):
            case.body = with_known(data, case.body, known)
        try:
            answer = client.request(**as_sent(case, client))
        except httpx.InvalidURL:  # longer than this library sends
            reject()
        case.validate_response(answer, checks=conforms)
        statuses.add(answer.status_code)

    holds()
    assert statuses & {200, 404, 409}, "no request got as far as the workspace"
