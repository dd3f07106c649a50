"""The whole API over a hostile data set: no fault, valid JSON, data that comes out as it went in."""

import base64
import io
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from burnish.app.media import sound_type
from burnish.app.server import make_app
from burnish.workspace import Limits, Workspace
from burnish.workspace.history import Note

sys.path.insert(0, str(Path(__file__).parent))
import hostile
from hostile import NASTY, ODD_IDS, hostile_workspace

pytestmark = pytest.mark.slow

BINARY = {"application/octet-stream", "application/vnd.apache.arrow.stream"}


class Asking:
    """Asks the API and looks at every answer; `visited`: which endpoints it asked."""

    def __init__(self, client):
        self._client = client
        self.visited = set()

    def get(self, path, /, **params):
        return self.ask("get", path, params=params)

    def post(self, path, /, **body):
        return self.ask("post", path, json=body)

    def ask(self, method, path, *, of=None, **given):
        self.visited.add((method, of or path))
        answer = self._client.request(method, path, **given)
        assert answer.status_code < 500, answer.text
        assert answer.headers["x-content-type-options"] == "nosniff"
        kind = answer.headers["content-type"].partition(";")[0] if answer.content else ""
        if kind == "application/json":
            told = json.loads(answer.content, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
            assert answer.status_code < 400 or (set(told) == {"error", "remedy"} and told["error"])
        elif kind == "image/webp":
            assert Image.open(io.BytesIO(answer.content)).format == "WEBP"
        elif kind.startswith("audio/"):
            assert sound_type(answer.content[:16]) == kind
        else:
            assert kind in {"", "text/event-stream", *BINARY}
        return answer


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A workspace with the hostile data sets, and the names of their versions."""
    root = tmp_path_factory.mktemp("hostile") / "workspace"
    return root, *hostile_workspace(root)


@pytest.fixture(scope="module")
def asking(made, serving):
    with serving(made[0]) as client:
        yield Asking(client)


@pytest.fixture
def writing(made, serving, tmp_path):
    """Asks a server over a copy that may be written to."""
    with serving(shutil.copytree(made[0], tmp_path / "copy")) as client:
        yield Asking(client)


def mask_of(positions, n_rows=hostile.N_ROWS):
    held = np.zeros(n_rows, np.bool_)
    held[positions] = True
    return base64.b64encode(np.packbits(held, bitorder="little").tobytes()).decode()


def positions_in(answer, n_rows=hostile.N_ROWS):
    bits = np.unpackbits(np.frombuffer(answer.content, np.uint8), bitorder="little")[:n_rows]
    return np.flatnonzero(bits).tolist()


def test_texts_labels_ids_and_fields_come_out_as_they_went_in(asking, made):
    table = hostile.hostile_table()
    rows = asking.get("/api/rows", v=made[1], at=",".join(map(str, range(hostile.N_ROWS)))).json()["rows"]
    assert [row["row_id"] for row in rows] == table["id"].to_pylist()
    assert [row["text"] for row in rows] == [(text or "")[:2_000] for text in table["text"].to_pylist()]
    assert [row["label"] for row in rows] == table["label"].to_pylist()
    for position, row in enumerate(rows):
        told = dict(row["fields"])
        assert len(told) == 60
        for name in ("<script>alert('field')</script>", '"; DROP TABLE "rows', "line\nbreak", "__proto__", ""):
            value = table[name][position].as_py()
            assert told[name] == (value if len(value) <= 300 else value[:299] + "…")


def test_every_row_is_found_by_its_id_whatever_that_is(asking, made):
    for v, n_rows in zip(made[1:], (len(ODD_IDS), 4, 4), strict=True):
        rows = asking.get("/api/rows", v=v, at=",".join(map(str, range(n_rows)))).json()["rows"]
        for row in rows:
            found = asking.get("/api/row", v=v, row_id=row["row_id"])
            assert found.json()["row"]["row"] == row["row"]
            asking.get("/api/similar", v=v, row_id=row["row_id"], k=3)
    assert asking.get("/api/row", v=made[1], row_id=ODD_IDS[0] + "x").status_code == 404


def test_pictures_and_sound_are_what_they_should_be_or_are_refused(asking, made):
    told = set()
    for v in made[1:3]:
        for row in asking.get("/api/rows", v=v, at=",".join(map(str, range(24)))).json()["rows"]:
            asked = [(what, field) for what in ("image", "audio") for field in row["media"]]
            for what, field in (*asked, ("image", "text"), ("audio", "path"), ("audio", "no such field")):
                answer = asking.get(f"/api/{what}", v=v, row_id=row["row_id"], field=field)
                told.add((what, answer.status_code, answer.headers["content-type"]))
    sent = {("image", 200, "image/webp"), *(("audio", 200, f"audio/{kind}") for kind in ("wav", "mpeg", "ogg"))}
    assert told == sent | {(what, 404, "application/json") for what in ("image", "audio")}


def test_a_search_finds_nasty_strings_literally(asking, made):
    texts = hostile.hostile_table()["text"].to_pylist()
    for value in filter(None, NASTY):
        found = asking.post("/api/mask", v=made[1], kind="text", value=value)
        assert found.status_code == 200
        expected = [i for i, text in enumerate(texts) if text and value in text]
        assert set(expected) <= set(positions_in(found))
    by_id = asking.post("/api/mask", v=made[1], kind="ids", value="a/b\na?b=c\nr1")
    assert positions_in(by_id) == [0, 1, len(ODD_IDS) + 1]


def test_conditions_and_patterns_that_attack_are_refused_or_answered_and_change_nothing(asking, made, tmp_path):
    before = asking.get("/api/rows", v=made[1], at="0,1,2").json()
    target = tmp_path / "owned"
    attacks = (
        *NASTY, f"1=1; COPY (SELECT 1) TO '{target}'", "true); ATTACH '/tmp/x.db' AS x; SELECT (true",
        "(SELECT count(*) FROM read_text('/etc/passwd')) > 0", "exists (SELECT * FROM glob('/etc/*'))",
        "'x' IN (SELECT content FROM read_text('/etc/passwd'))", "1=1 UNION ALL SELECT 1", "getenv('HOME') = '/root'",
    )  # fmt: skip
    for kind in ("regex", "similar_row", "similar_text", "set", "slice"):
        for value in attacks:
            asking.post("/api/mask", v=made[1], kind=kind, value=value)
    for value in attacks[4:]:
        if value not in NASTY[6:]:
            assert asking.post("/api/mask", v=made[1], kind="sql", value=value).status_code == 400
    assert not target.exists()
    assert asking.get("/api/rows", v=made[1], at="0,1,2").json() == before


def test_names_and_versions_that_are_not_there_are_told(asking):
    for v in filter(None, NASTY):
        for path in ("pulse", "overview", "map", "slices", "findings", "review", "sets"):
            assert asking.get(f"/api/{path}", v=v[:500]).status_code in (400, 404)


def test_a_whole_review_with_nasty_words_ends_in_a_version_that_says_them(writing, made):
    v = made[1]
    items = writing.get("/api/findings", v=v, limit=500).json()["items"]
    assert {"LAB001"} <= {item["code"] for item in items}
    for number, item in enumerate(items[: len(NASTY)]):
        detail = writing.get("/api/finding", v=v, id=item["finding_id"]).json()
        assert detail["item"]["finding_id"] == item["finding_id"]
        note = NASTY[number % len(NASTY)]
        writing.post("/api/decisions", v=v, action="note", finding_id=item["finding_id"], note=note)
        told = writing.get("/api/finding", v=v, id=item["finding_id"]).json()["note"]
        assert (told or "") == note
        writing.post("/api/decisions", v=v, action="accept", finding_id=item["finding_id"])
    train = [row["row_id"] for row in _rows(writing, v) if not row["evaluation"]][:3]
    for row_id, label in zip(train, (NASTY[0], NASTY[4], NASTY[5]), strict=True):
        decided = writing.post("/api/decisions", v=v, action="relabel", row_ids=[row_id], label=label)
        assert decided.json()["event"]["label"] == label
    invisible = writing.post("/api/decisions", v=v, action="relabel", row_ids=[train[0]], label=NASTY[7])
    assert invisible.status_code == 400
    seq = writing.get("/api/review", v=v).json()["seq"]
    version = writing.post("/api/versions", v=v, seq=seq, why=NASTY[1], tag="<b>tag</b>")
    assert version.status_code == 200, version.text
    new = version.json()["name"]
    assert (version.json()["why"], version.json()["tags"]) == (NASTY[1], ["<b>tag</b>"])
    labels = {row["row_id"]: row["label"] for row in _rows(writing, new)}
    assert [labels[row_id] for row_id in train] == [NASTY[0], NASTY[4], NASTY[5]]
    lines = writing.get("/api/ledger", v=new, limit=500).json()["lines"]
    assert set(train) <= {line["row_id"] for line in lines}
    assert writing.get("/api/diff", a=v, b=new).status_code == 200
    undone = writing.post("/api/undo", v=new, why=NASTY[2])
    assert undone.status_code == 200, undone.text


def test_sets_take_any_name_and_are_forgotten_by_it(writing, made):
    v = made[1]
    for number, name in enumerate(name for name in NASTY if name.strip() and len(name) <= 200):
        kind = ("tag", "slice")[number % 2]
        kept = writing.post("/api/selection", v=v, action=kind, mask=mask_of([0, 5]), name=name)
        assert kept.status_code == 200, kept.text
        assert name in {one["name"] for one in writing.get("/api/sets", v=v).json()["sets"]}
        found = writing.post("/api/mask", v=v, kind="set", value=name)
        assert positions_in(found) == [0, 5]
    assert {"named"} <= {line["kind"] for line in writing.get("/api/slices", v=v).json()["slices"]}
    assert NASTY[0] in writing.get("/api/rows", v=v, at="5").json()["rows"][0]["tags"]
    for one in writing.get("/api/sets", v=v).json()["sets"]:
        assert writing.post("/api/selection", v=v, action="forget", name=one["name"]).status_code == 200
    assert writing.get("/api/sets", v=v).json() == {"sets": []}


def test_an_export_is_an_attachment_that_holds_the_data(asking, made):
    table = hostile.hostile_table()
    for form in ("parquet", "csv", "jsonl"):
        answer = asking.post("/api/export", v=made[1], action="export", mask=mask_of([1, 3, 21]), form=form)
        if form == "parquet":
            held = pq.read_table(io.BytesIO(answer.content))
            assert held["text"].to_pylist() == [table["text"][i].as_py() for i in (1, 3, 21)]
            assert set(table.column_names) <= set(held.column_names)
        assert answer.status_code == 200 or "file" in answer.json()["error"]
        assert answer.status_code == 400 or answer.headers["content-disposition"].startswith("attachment;")


@pytest.mark.parametrize("name", hostile.edge_fields())
def test_a_field_at_the_edge_of_its_type_is_audited_shown_and_exported(name, serving, tmp_path):
    table = hostile.hostile_table().select(["id", "text", "label"]).append_column(name, hostile.edge_fields()[name])
    workspace = Workspace(tmp_path, limits=Limits(threads=1))
    dataset, guesses = workspace.read(table, {**hostile.ROLES, "id": "id"}, name="edge")
    workspace.keep(workspace.audit(dataset, guesses), Note())
    with serving(tmp_path) as client:
        asking = Asking(client)
        assert asking.get("/api/rows", v="edge@1", at="0,1,2").status_code == 200
        for item in asking.get("/api/findings", v="edge@1").json()["items"]:
            asking.get("/api/finding", v="edge@1", id=item["finding_id"])
        for form in ("parquet", "csv", "jsonl"):
            asking.get("/api/export", v="edge@1", form=form)


def test_every_endpoint_answers_over_every_hostile_version(asking, made):
    for v in made[1:]:
        name = v.rpartition("@")[0]
        for path in (
            "pulse",
            "overview",
            "map",
            "map/review",
            "slices",
            "findings",
            "review",
            "sets",
            "measured",
            "ledger",
            "export",
        ):
            assert asking.get(f"/api/{path}", v=v).status_code in (200, 400, 409)
        asking.get("/api/findings", v=v, sort="score", state="open")
        asking.get("/api/order", v=v, by="outlier_score", highest=True)
        for given in ("versions", "comparisons"):
            assert asking.get(f"/api/{given}", name=name).status_code == 200
        asking.get("/api/diff", a=v, b=v)
        asking.get("/api/sample", v=v, code=NASTY[0])
        asking.get("/api/sample", v=v, code="LAB001")
    for word in NASTY:
        for path in ("compared", "outcomes", "flips"):
            assert asking.get(f"/api/{path}", key=word).status_code in (400, 404, 422)
        asking.get("/api/finding", v=made[1], id=word)
        asking.get("/api/findings", v=made[1], code=word)
        asking.get("/api/similar", v=made[1], text=word)
        for kind in ("similar_row", "similar_text", "sql"):
            asking.post("/api/nearest", v=made[1], kind=kind, value=word)
        asking.post("/api/sample", v=made[1], code=word)
        asking.post("/api/bulk", v=made[1], code=word)
        asking.post("/api/tags", v=made[1], tag=word, delete=True)
        asking.post("/api/jobs", kind="compare", v=made[1], models=[word, word + "!"]) if not word.strip() else None
        asking.ask("get", f"/api/jobs/{_quoted(word)}/events", of="/api/jobs/{job_id}/events")
        asking.ask("delete", f"/api/jobs/{_quoted(word)}", of="/api/jobs/{job_id}")
    asking.post("/api/jobs", kind="audit", v=NASTY[0])
    asking.get("/api/jobs")
    about = asking.get("/api/about").json()
    assert {one["name"] for one in about["datasets"]} == {v.rpartition("@")[0] for v in made[1:]}


def test_the_walk_over_the_api_leaves_no_endpoint_out(asking):
    known = {(method, path) for path, methods in make_app(None).openapi()["paths"].items() for method in methods}
    written = {("post", f"/api/{path}") for path in ("versions", "undo", "decisions", "selection")}
    assert known - asking.visited - written == set()


def _rows(asking, v):
    n_rows = asking.get("/api/overview", v=v).json()["version"]["n_rows"]
    return asking.get("/api/rows", v=v, at=",".join(map(str, range(n_rows)))).json()["rows"]


def _quoted(word):
    return "".join(f"%{byte:02X}" for byte in word.encode()) or "-"


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("mask", '{"v": "%s", "kind": "text"}'), ("sample", '{"v": "small@1", "code": "%s"}'),
        ("decisions", '{"v": "small@1", "action": "drop", "row_ids": ["%s"]}'),
        ("undo", '{"v": "small@2", "codes": ["%s"]}'), ("jobs", '{"kind": "audit", "v": "%s"}'),
    ],
)  # fmt: skip
def test_half_a_character_is_refused(reading, path, asked):
    answer = reading.post(f"/api/{path}", content=asked % "\\ud800", headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert "unicode" in answer.json()["error"]
