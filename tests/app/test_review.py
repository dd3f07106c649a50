"""The endpoints of the review: queue, evidence, decisions, samples, sets, selections, exports."""

import base64
import io
import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from tests.app.conftest import client_of

from burnish.pipeline import reviewing
from burnish.reports.markup import clean
from burnish.workspace import Workspace
from burnish.workspace.history import Note

V = "small@1"


@pytest.fixture(scope="module")
def lasting(kept, tmp_path_factory):
    """A client whose versions stay open, over a workspace of this module's own, and where that is."""
    root = shutil.copytree(kept, tmp_path_factory.mktemp("review") / "workspace")
    with client_of(root) as client:
        yield client, root


@pytest.fixture
def client(lasting):
    """The same without reviews and sets."""
    client, root = lasting
    for part in ("reviews", "sets"):
        shutil.rmtree(root / "datasets/small" / part, ignore_errors=True)
    return client


def queue(client, **asked):
    return client.get("/api/findings", params={"v": V, "limit": 500, **asked}).json()


def detail(client, finding_id, **asked):
    return client.get("/api/finding", params={"v": V, "id": finding_id, **asked}).json()


def decide(client, action, finding_id=None, **asked):
    return client.post("/api/decisions", json={"v": V, "action": action, "finding_id": finding_id, **asked})


def first(client, code, **wanted):
    return next(
        item for item in queue(client, code=code)["items"] if all(item[name] == value for name, value in wanted.items())
    )


def positions(client, rows):
    """Give a mask of rows by position."""
    bits = np.zeros(n_rows(client), np.uint8)
    bits[list(rows)] = 1
    return base64.b64encode(np.packbits(bits, bitorder="little").tobytes()).decode()


def n_rows(client):
    return client.get("/api/overview", params={"v": V}).json()["version"]["n_rows"]


def select(client, action, rows, **asked):
    return client.post("/api/selection", json={"v": V, "action": action, "mask": positions(client, rows), **asked})


def test_the_queue_holds_every_finding_in_the_order_of_the_report(reading):
    found = queue(reading)
    assert found["total"] == len(found["items"])
    codes = list(dict.fromkeys(item["code"] for item in found["items"]))
    report = [one["code"] for one in reading.get("/api/overview", params={"v": V}).json()["found"]]
    assert codes == report
    for code in codes:
        scores = [item["score"] for item in found["items"] if item["code"] == code]
        assert scores == sorted(scores, reverse=True)


def test_the_queue_comes_in_pages_and_by_code(reading):
    whole = [item["finding_id"] for item in queue(reading)["items"]]
    pages = [queue(reading, offset=offset, limit=7)["items"] for offset in range(0, len(whole), 7)]
    assert [item["finding_id"] for page in pages for item in page] == whole
    assert {item["code"] for item in queue(reading, code="LAB001")["items"]} == {"LAB001"}
    assert queue(reading, code="XYZ001") == {"total": 0, "offset": 0, "items": [], "pairs": []}
    assert queue(reading, offset=10_000)["items"] == []


def test_a_line_of_the_queue_tells_of_its_surest_row(reading):
    item = first(reading, "LAB001")
    row = reading.get("/api/row", params={"v": V, "row_id": item["row_id"]}).json()["row"]
    assert item["given_label"] == row["label"]
    assert item["suggested_label"] == row["suggested_label"]
    assert row["text"].startswith(item["preview"][:20])
    leak = first(reading, "LEK001")
    assert (leak["suggested_edit"], leak["evaluation"]) == ("drop", False)


def test_the_queue_is_narrowed_by_labels_which_are_counted(reading):
    whole = queue(reading, code="LAB001")
    pairs = whole["pairs"]
    assert sum(one["n"] for one in pairs) == sum(item["suggested_label"] is not None for item in whole["items"])
    assert [one["n"] for one in pairs] == sorted((one["n"] for one in pairs), reverse=True)
    given, suggested, n = pairs[0].values()
    found = queue(reading, code="LAB001", given=given, suggested=suggested)
    assert (found["total"], found["pairs"]) == (n, pairs)
    assert {(item["given_label"], item["suggested_label"]) for item in found["items"]} == {(given, suggested)}
    of_class = queue(reading, code="LAB001", given=given)
    assert of_class["total"] >= n
    assert {item["given_label"] for item in of_class["items"]} == {given}


def test_the_queue_is_narrowed_to_findings_about_some_rows(client):
    rows = [client.get("/api/row", params={"v": V, "row_id": item["row_id"]}).json()["row"]["row"]
            for item in queue(client, code="LAB001")["items"][:3]]  # fmt: skip
    named = queue(client, code="LAB001", rows=".".join(map(str, rows)))
    assert named["total"] == 3
    select(client, "tag", rows, name="three")
    assert queue(client, set="three") == queue(client, rows=".".join(map(str, rows)))
    slices = client.get("/api/slices", params={"v": V}).json()["slices"]
    cluster = next(one for one in slices if one["kind"] == "cluster")
    assert 0 < queue(client, slice=cluster["name"])["total"] < queue(client)["total"]


@pytest.mark.parametrize("asked", [{"rows": "1,2"}, {"rows": "999999"}, {"rows": "-1"}, {"set": "no"}, {"slice": "no"}])
def test_rows_that_are_not_there_are_refused(reading, asked):
    answer = reading.get("/api/findings", params={"v": V, **asked})
    assert answer.status_code == 400
    assert answer.json()["remedy"]


def test_the_queue_can_be_ordered_by_label_quality_and_a_finding_has_its_place_there(reading):
    items = queue(reading, sort="quality")["items"]
    quality = [
        reading.get("/api/row", params={"v": V, "row_id": item["row_id"]}).json()["row"].get("label_quality")
        for item in items[:12]
    ]
    assert quality == sorted(quality)
    assert detail(reading, items[5]["finding_id"], sort="quality")["place"] == 5


def test_what_asks_for_a_decision_comes_first_and_what_does_not_is_counted(reading):
    asks = [item["suggested_edit"] in ("drop", "relabel", "review") for item in queue(reading)["items"]]
    assert asks == sorted(asks, reverse=True)
    codes = reading.get("/api/review", params={"v": V}).json()["codes"]
    assert sum(one["found"] for one in codes) == len(asks)


def again(client):
    """Give a finding that both versions make."""
    later = {item["finding_id"] for item in queue(client, v="small@2")["items"]}
    return next(item for item in queue(client)["items"] if item["finding_id"] in later and item["row_id"] is not None)


def test_a_rejection_holds_in_the_next_version_and_can_be_taken_back_there(client):
    item = again(client)
    decide(client, "reject", item["finding_id"])
    found = {one["finding_id"]: one for one in queue(client, v="small@2", state="decided")["items"]}
    assert set(found) == {item["finding_id"]}
    assert (found[item["finding_id"]]["decision"]["action"], found[item["finding_id"]]["decision"]["version"]) == (
        "reject", V,
    )  # fmt: skip
    codes = client.get("/api/review", params={"v": "small@2"}).json()["codes"]
    assert sum(one["rejected"] for one in codes) == 1
    row = client.get("/api/row", params={"v": "small@2", "row_id": item["row_id"]}).json()["row"]
    assert row["decision"]["version"] == V
    undone = client.post(
        "/api/decisions", json={"v": "small@2", "action": "undo", "finding_id": item["finding_id"]}
    ).json()
    assert undone["said"].startswith("Took back: reject of “")
    assert (undone["finding_id"], undone["decision"]) == (item["finding_id"], None)
    assert queue(client, v="small@2", state="decided")["total"] == 0
    assert queue(client, state="decided")["total"] == 1


def test_accepting_a_label_that_is_shown_relabels_and_what_has_none_is_marked_as_seen(client):
    items = [item for item in queue(client)["items"] if item["suggested_edit"] == "review" and not item["evaluation"]]
    for item in items:
        answer = decide(client, "accept", item["finding_id"]).json()
        label = item["suggested_label"]
        assert item["label_shown"] == label
        wanted = f"Accepted: 1 row to be relabelled to {label}." if label else "Marked as seen: no row changes."
        assert answer["said"] == wanted
    assert queue(client, state="skipped")["total"] == 0
    decide(client, "skip", items[0]["finding_id"])
    assert [item["finding_id"] for item in queue(client, state="skipped")["items"]] == [items[0]["finding_id"]]


def test_evidence_is_told_in_plain_words(reading):
    for item in queue(reading)["items"]:
        one = detail(reading, item["finding_id"])
        told = [*one["numbers"], *(number for row in one["rows"] for number in row["numbers"])]
        assert not [value for _, value in told if "{" in value]
        assert not [name for name, _ in told if name.startswith(("trial", "kind", "p value", "q value"))]
    trial = detail(reading, first(reading, "LAB001")["finding_id"])["trial"]
    assert trial.startswith("Tried on defects planted into this data: ")


def test_evidence_of_a_suspect_label_holds_labels_with_probabilities_and_neighbors(reading):
    one = detail(reading, first(reading, "LAB001")["finding_id"])
    assert [row["role"] for row in one["rows"]] == ["flagged"]
    assert one["likely"][0]["label"] == one["labels"][0] == one["item"]["suggested_label"]
    assert one["likely"][0]["probability"] > 0.5
    assert one["item"]["given_label"] in [likely["label"] for likely in one["likely"]]
    assert len(one["labels"]) == len(set(one["labels"]))
    assert 1 <= len(one["neighbors"]) <= 8
    distances = [row["distance"] for row in one["neighbors"]]
    assert distances == sorted(distances)
    assert "label quality" in dict(one["rows"][0]["numbers"])
    assert one["why"].startswith("Out-of-sample predictions")


def test_evidence_of_copies_has_the_one_that_stays_first(reading):
    one = detail(reading, first(reading, "DUP001", suggested_edit="drop")["finding_id"])
    kept, flagged = one["rows"][:2]
    assert (kept["role"], flagged["role"], flagged["suggested_edit"]) == ("kept", "flagged", "drop")
    assert kept["row"]["text"] == flagged["row"]["text"]
    assert "text" not in one["differing"]
    shown = {row["row"]["row_id"] for row in one["rows"]}
    assert not shown & {row["row_id"] for row in one["neighbors"]}


def test_evidence_of_a_leak_has_the_evaluation_row_as_the_one_that_stays(reading):
    one = detail(reading, first(reading, "LEK001")["finding_id"])
    kept, flagged = one["rows"][:2]
    assert (kept["role"], kept["row"]["evaluation"]) == ("kept", True)
    assert (flagged["role"], flagged["row"]["evaluation"]) == ("flagged", False)


def test_the_place_of_a_finding_is_that_in_the_queue_that_is_looked_at(client):
    items = queue(client, code="LAB001")["items"]
    ids = [item["finding_id"] for item in items]
    assert [detail(client, one, code="LAB001", state="open")["place"] for one in ids[:4]] == [0, 1, 2, 3]
    decide(client, "reject", ids[1])
    assert detail(client, ids[2], code="LAB001", state="open")["place"] == 1
    assert detail(client, ids[1], code="LAB001", state="decided")["place"] == 0
    assert detail(client, ids[1], code="LAB001", state="open")["place"] == 1


def test_a_group_of_many_rows_tells_how_many_are_left_off(reading):
    big = [item for item in queue(reading)["items"] if item["n_rows"] > 50]
    for item in big:
        one = detail(reading, item["finding_id"])
        assert len(one["rows"]) >= 50
        assert one["rows_left_off"] == item["n_rows"] - 50


def test_every_finding_can_be_looked_at(reading):
    for item in queue(reading)["items"]:
        one = detail(reading, item["finding_id"])
        assert one["item"] == item
        assert one["rows_left_off"] or len(one["rows"]) >= item["n_rows"]


def test_a_finding_that_is_not_there_is_not_found(reading):
    answer = reading.get("/api/finding", params={"v": V, "id": "LAB001-0000000000"})
    assert answer.status_code == 404
    assert "no finding" in answer.json()["error"]


def test_a_decision_is_written_down_and_told(client):
    item = first(client, "LAB001")
    answer = decide(client, "accept", item["finding_id"])
    told = answer.json()
    assert answer.status_code == 200
    assert told["said"].startswith("Accepted: 1 row to be relabelled")
    assert told["decision"]["action"] == "accept"
    assert told["event"] == told["review"]["events"][0]
    assert (told["review"]["seq"], told["review"]["relabels"], told["review"]["drops"]) == (1, 1, 0)
    assert first(client, "LAB001", finding_id=item["finding_id"])["decision"] == told["decision"]
    open_ids = [one["finding_id"] for one in queue(client, state="open")["items"]]
    assert item["finding_id"] not in open_ids
    assert [one["finding_id"] for one in queue(client, state="decided")["items"]] == [item["finding_id"]]
    progress = next(one for one in told["review"]["codes"] if one["code"] == "LAB001")
    assert (progress["decided"], progress["accepted"]) == (1, 1)
    assert client.get("/api/pulse", params={"v": V}).json()["seq"] == 1


def test_every_action_says_what_it_did(client):
    label, copy = first(client, "LAB001"), first(client, "DUP001", suggested_edit="drop")
    other = next(one for one in detail(client, label["finding_id"])["labels"] if one != label["given_label"])
    short = clean(copy["preview"], 60)
    said = [
        decide(client, *asked[:2], **asked[2]).json()["said"]
        for asked in [
            ("relabel", label["finding_id"], {"label": other}), ("drop", copy["finding_id"], {}),
            ("reject", copy["finding_id"], {}), ("skip", copy["finding_id"], {}),
            ("note", copy["finding_id"], {"note": "look again"}), ("undo", None, {}), ("undo", None, {"of": 2}),
            ("relabel", label["finding_id"], {"label": "a new one"}),
        ]
    ]  # fmt: skip
    assert said == [
        f"1 row to be relabelled to {other}.", "1 row to be dropped.", "Rejected.", "Skipped.", "Noted.",
        f"Took back: note of “{short}”.", f"Took back: drop of “{short}”.",
        "1 row to be relabelled to a new one. No row had the label a new one before.",
    ]  # fmt: skip
    assert (
        decide(client, "accept", queue(client)["items"][-1]["finding_id"]).json()["said"]
        == "Marked as seen: no row changes."
    )


def test_an_undo_shows_what_it_took_back(client):
    item = first(client, "LAB001")
    decide(client, "reject", item["finding_id"])
    decide(client, "accept", item["finding_id"])
    told = decide(client, "undo").json()
    assert (told["finding_id"], told["event"]["of"], told["decision"]["action"]) == (item["finding_id"], 2, "reject")
    assert [event["undone"] for event in told["review"]["events"]] == [False, True, False]


def test_a_note_is_shown_with_its_finding_as_text(client):
    item, note = first(client, "LAB001"), '<script>alert("1")</script>\u2028 \x1b[31m'
    decide(client, "note", item["finding_id"], note=note)
    assert detail(client, item["finding_id"])["note"] == note
    assert detail(client, item["finding_id"])["item"]["decision"] is None


def test_evaluation_rows_are_never_edited(client):
    leak = first(client, "LEK001")["finding_id"]
    kept, twin = (row["row"]["row_id"] for row in detail(client, leak)["rows"][:2])
    for action, label in (("drop", None), ("relabel", "x")):
        answer = decide(client, action, leak, label=label, row_ids=[kept])
        assert answer.status_code == 409
        assert "evaluation row" in answer.json()["error"]
    assert client.get("/api/review", params={"v": V}).json()["seq"] == 0
    told = decide(client, "drop", leak, row_ids=[kept, twin]).json()
    assert told["said"] == "1 row to be dropped. 1 evaluation row stays as before."
    assert [one["row_id"] for one in told["review"]["refused"]] == [kept]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"action": "accept", "finding_id": "nobody"}, 400), ({"action": "explode"}, 422), ({"action": "undo"}, 400),
        ({"action": "drop"}, 400), ({"action": "note", "finding_id": "x", "note": "y" * 10_001}, 422),
        ({"action": "drop", "row_ids": ["nobody"]}, 400), ({"action": "note", "note": "\ud800"}, 422),
    ],
)  # fmt: skip
def test_what_cannot_be_decided_is_refused_with_what_to_do(reading, asked, status):
    body = json.dumps({"v": V, **asked})
    answer = reading.post("/api/decisions", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status
    assert answer.json()["error"]
    assert answer.json()["remedy"]


def test_two_servers_that_decide_at_once_lose_nothing_and_a_new_one_goes_on_where_they_were(client, lasting):
    ids = [item["finding_id"] for item in queue(client, code="LAB001")["items"]][:8]
    with client_of(lasting[1]) as other:
        work = [(client if i % 2 else other, finding) for i, finding in enumerate(ids)]
        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(lambda pair: decide(pair[0], "accept", pair[1]).json(), work))
        assert sorted(answer["event"]["seq"] for answer in answers) == list(range(1, len(ids) + 1))
        told = [one.get("/api/review", params={"v": V}).json() for one in (client, other)]
        assert told[0] == told[1]
        assert {event["finding_id"] for event in told[0]["events"]} == set(ids)
    decide(client, "note", ids[0], note="sure")
    with client_of(lasting[1]) as restarted:
        assert restarted.get("/api/review", params={"v": V}).json() == client.get("/api/review", params={"v": V}).json()
        assert detail(restarted, ids[0])["note"] == "sure"
        assert decide(restarted, "undo", of=1).json()["review"]["relabels"] == len(ids) - 1


def sample_of(client, code):
    return client.get("/api/sample", params={"v": V, "code": code}).json()


def test_bulk_is_refused_before_the_sample_is_judged(client):
    code = "LAB001"
    before = sample_of(client, code)
    assert (before["findings"], before["ready"], before["precision"]) == ([], False, None)
    assert before["size"] == min(20, before["remaining"])
    refused = client.post("/api/bulk", json={"v": V, "code": code})
    assert refused.status_code == 400
    assert "0 of the" in refused.json()["error"]
    drawn = client.post("/api/sample", json={"v": V, "code": code}).json()
    assert drawn == client.post("/api/sample", json={"v": V, "code": code}).json()
    assert len(drawn["findings"]) == drawn["size"]
    decide(client, "skip", drawn["findings"][0])
    for finding in drawn["findings"][1:]:
        decide(client, "accept", finding)
    assert client.post("/api/bulk", json={"v": V, "code": code}).status_code == 400
    assert sample_of(client, code)["next"] == drawn["findings"][0]


def test_after_the_sample_the_rest_is_accepted_together_and_one_undo_takes_it_back(client, monkeypatch):
    monkeypatch.setattr(reviewing, "SAMPLE_SIZE", 5)  # a small data set has fewer findings than a real sample
    code = max(("LAB001", "DUP001", "DUP002"), key=lambda code: sample_of(client, code)["remaining"])
    n = sample_of(client, code)["remaining"]
    drawn = client.post("/api/sample", json={"v": V, "code": code}).json()
    for i, finding in enumerate(drawn["findings"]):
        decide(client, "reject" if i == 0 else "accept", finding)
    judged = sample_of(client, code)
    assert (judged["judged"], judged["right"], judged["ready"]) == (judged["size"], judged["size"] - 1, True)
    assert judged["low"] < judged["precision"] < judged["high"]
    rest = client.post("/api/bulk", json={"v": V, "code": code})
    assert judged["size"] == 5 < n
    assert rest.json()["event"]["n_findings"] == n - judged["size"]
    assert decide(client, "undo").json()["said"].endswith("accepted together.")
    assert sample_of(client, code)["remaining"] == n - judged["size"]


def test_a_selection_becomes_a_tag_that_grows_and_is_forgotten(client):
    assert select(client, "tag", [1, 2], name="hard <b>").json()["said"] == "Tag hard <b>: 2 rows."
    assert select(client, "tag", [2, 3, 4], name="hard <b>").json()["said"] == "Tag hard <b>: 4 rows, 2 of them new."
    assert select(client, "slice", range(30), name="part").status_code == 200
    assert select(client, "slice", [1], name="part").status_code == 400
    known = client.get("/api/sets", params={"v": V}).json()["sets"]
    assert [(one["name"], one["kind"], one["n_rows"], one["n_here"]) for one in known] == [
        ("hard <b>", "tag", 4, 4), ("part", "slice", 30, 30),
    ]  # fmt: skip
    later = client.get("/api/sets", params={"v": "small@2"}).json()["sets"]
    assert [one["n_rows"] for one in later] == [4, 30]
    assert later[1]["n_here"] < 30
    assert select(client, "forget", [], name="part").status_code == 200
    assert [one["name"] for one in client.get("/api/sets", params={"v": V}).json()["sets"]] == ["hard <b>"]
    assert select(client, "forget", [], name="part").status_code == 400


def test_selected_rows_are_dropped_and_relabelled_but_for_evaluation_rows(client):
    n = n_rows(client)
    told = select(client, "drop", range(n)).json()
    review = client.get("/api/review", params={"v": V}).json()
    assert review["drops"] == told["facts"]["n_rows"] < n
    assert (
        told["said"] == f"{review['drops']} rows to be dropped. {n - review['drops']} evaluation rows stay as before."
    )
    assert select(client, "relabel", range(n), label="other").status_code == 200
    review = client.get("/api/review", params={"v": V}).json()
    assert (review["drops"], review["relabels"], review["n_refused"]) == (0, told["facts"]["n_rows"], 0)
    assert review["events"][0]["n_rows"] == told["facts"]["n_rows"]
    assert decide(client, "undo").json()["review"]["drops"] == told["facts"]["n_rows"]


@pytest.mark.parametrize(
    "asked",
    [
        {"action": "tag", "name": " "},
        {"action": "tag"},
        {"action": "relabel"},
        {"action": "export"},
        *({"action": "drop", "mask": mask} for mask in ("AAAA", "no base64!", "é", "")),
    ],
)
def test_a_selection_that_means_nothing_is_refused(reading, asked):
    answer = reading.post("/api/selection", json={"v": V, "mask": positions(reading, [1]), **asked})
    assert answer.status_code == 400
    assert answer.json()["remedy"]


def test_an_empty_selection_is_refused(reading):
    assert select(reading, "drop", []).status_code == 400


def test_selected_rows_are_exported_in_each_form(reading):
    answers = {
        form: reading.post(
            "/api/export", json={"v": V, "action": "export", "mask": positions(reading, [3, 5]), "form": form}
        )
        for form in ("parquet", "csv", "jsonl")
    }
    assert all("attachment" in one.headers["content-disposition"] for one in answers.values())
    table = pq.read_table(io.BytesIO(answers["parquet"].content))
    lines = [json.loads(line) for line in answers["jsonl"].text.splitlines()]
    rows = pyarrow.csv.read_csv(io.BytesIO(answers["csv"].content))
    assert len(table) == len(lines) == len(rows) == 2
    assert table["text"].to_pylist() == [line["text"] for line in lines] == rows["text"].to_pylist()


def test_a_text_that_a_spreadsheet_would_run_is_harmless_in_a_csv_file_and_as_it_was_elsewhere(root):
    texts = ["=1+1", "+1", "-1", "@x", "\tx", "'=x", "plain", "a=b", None]
    workspace = Workspace(root)
    table = pa.table({"text": texts, "=label": ["a"] * 9, "n": [-1] * 9})
    dataset, _ = workspace.read(table, {"text": "text", "label": "=label"}, name="formulas")
    workspace.history.keep_source(dataset, Note())
    mask = base64.b64encode(np.packbits(np.ones(9, np.uint8), bitorder="little").tobytes()).decode()
    with client_of(root) as client:
        asked = {"v": "formulas@1", "action": "export", "mask": mask}
        cells = pyarrow.csv.read_csv(io.BytesIO(client.post("/api/export", json={**asked, "form": "csv"}).content))
        plain = pq.read_table(io.BytesIO(client.post("/api/export", json=asked).content))
    assert cells["text"].to_pylist() == ["'=1+1", "'+1", "'-1", "'@x", "'\tx", "''=x", "plain", "a=b", ""]
    assert "'=label" in cells.column_names
    assert cells["n"].to_pylist() == [-1] * 9
    assert plain["text"].to_pylist() == texts


def test_a_version_that_was_not_audited_has_no_review_but_sets(root):
    with client_of(root) as client:
        asked = {"v": "plain@1"}
        assert client.get("/api/findings", params=asked).status_code == 409
        assert client.get("/api/review", params=asked).status_code == 409
        mask = base64.b64encode(b"\x01\x00\x00").decode()
        assert client.post("/api/selection", json={**asked, "action": "drop", "mask": mask}).status_code == 409
        made = client.post("/api/selection", json={**asked, "action": "tag", "mask": mask, "name": "one"})
        assert made.status_code == 200
        assert client.get("/api/sets", params=asked).json()["sets"][0]["n_here"] == 1


def test_a_review_tells_the_version_that_was_made_of_it_and_whether_it_has_all_edits(kept, tmp_path):
    with client_of(shutil.copytree(kept, tmp_path / "workspace")) as client:
        findings = queue(client, code="DUP001")["items"]
        assert client.get("/api/review", params={"v": V}).json()["made"] is None
        decide(client, "accept", findings[0]["finding_id"])
        seq = client.get("/api/review", params={"v": V}).json()["seq"]
        made = client.post("/api/versions", json={"v": V, "seq": seq}).json()["name"]
        review = client.get("/api/review", params={"v": V}).json()
        assert (review["made"], review["made_all"]) == (made, True)
        decide(client, "accept", findings[1]["finding_id"])
        review = client.get("/api/review", params={"v": V}).json()
        assert (review["made"], review["made_all"]) == (made, False)
