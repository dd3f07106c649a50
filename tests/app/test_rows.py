import json

import numpy as np
import pyarrow as pa
import pytest

from burnish.app.opened import OpenedVersions
from burnish.app.row_documents import few_rows, flags_of, row_documents, told_values
from burnish.dataset import Dataset, Roles
from burnish.pipeline.deciding import Asked
from burnish.workspace import Limits, Workspace
from burnish.workspace.history import Note
from burnish.workspace.reviewing import Reviewing


def workspace_at(root):
    return Workspace(root, limits=Limits(threads=1))


@pytest.fixture(scope="module")
def opened(kept):
    return OpenedVersions(workspace_at(kept)).opened("small@1")


@pytest.fixture(scope="module")
def plain(kept):
    return OpenedVersions(workspace_at(kept)).opened("plain@1")


def rows_at(client, at, v="small@1"):
    return client.get("/api/rows", params={"v": v, "at": at})


def chunked(values, kind=None):
    return pa.chunked_array([pa.array(values, kind)])


def test_rows_come_in_the_order_that_was_asked_for_and_may_come_twice(reading, opened):
    rows = rows_at(reading, "7,2,2,150").json()["rows"]
    assert [row["row"] for row in rows] == [7, 2, 2, 150]
    assert [row["row_id"] for row in rows] == opened.dataset.row_ids.take(pa.array([7, 2, 2, 150])).to_pylist()


def test_a_row_tells_what_the_tables_of_the_contract_tell_of_it(reading, opened):
    (row,) = rows_at(reading, "11").json()["rows"]
    told = opened.facts.rows.slice(11, 1).to_pylist()[0]
    names = ("row_id", "split", "label", "predicted_proba", "label_quality", "outlier_score", "cluster")
    assert {name: row[name] for name in names} == {name: told[name] for name in names}
    assert row["predicted"] == told["predicted_label"]
    assert row["cluster_name"] == opened.facts.cluster_names[told["cluster"]]
    assert row["evaluation"] == bool(opened.evaluation[11])
    assert row["text"] == opened.dataset.texts[11].as_py()


def test_a_row_tells_its_fields_but_for_those_that_it_tells_by_another_name(reading, opened):
    (row,) = rows_at(reading, "3").json()["rows"]
    names = [name for name, _ in row["fields"]]
    assert names == [n for n in opened.dataset.fields.column_names if n not in ("text", "label", "split", "id")]
    assert all(value == str(opened.dataset.fields[name][3].as_py()) for name, value in row["fields"])


def test_a_position_that_no_row_has_is_refused_with_the_range(reading):
    for at in ("300", "-1", "x", "1,2,9999999999999999999999", "1;2"):
        answer = rows_at(reading, at)
        assert answer.status_code == 400
        assert answer.json()["remedy"] == "Rows are numbered from 0 to 299."


def test_at_most_two_hundred_rows_come_at_once(reading):
    assert len(rows_at(reading, ",".join(["5"] * 200)).json()["rows"]) == 200
    assert rows_at(reading, ",".join(["5"] * 201)).status_code == 400
    assert rows_at(reading, "").json() == {"rows": []}


def test_rows_of_a_version_that_was_not_audited_tell_what_the_data_set_holds(reading, plain):
    (row,) = rows_at(reading, "4", "plain@1").json()["rows"]
    assert row["text"] == plain.dataset.texts[4].as_py()
    assert row["label"] == plain.dataset.field("label")[4].as_py()
    assert row["fields"]
    assert (row["predicted"], row["cluster"], row["codes"], row["evaluation"]) == (None, None, [], False)


def test_the_codes_of_a_row_are_those_of_the_findings_about_it(opened):
    told = {}
    for line in opened.facts.findings.to_pylist():
        if line["row_id"] is not None:
            told.setdefault(line["row_id"], set()).add(line["code"])
    rows = row_documents(opened, range(len(opened.dataset)))
    assert {row.row_id: row.codes for row in rows if row.codes} == {r: sorted(codes) for r, codes in told.items()}
    assert len(told) > 10


def test_a_row_by_its_id_tells_all_its_findings_and_its_neighbors_with_distances(reading, opened):
    line = next(line for line in opened.facts.findings.to_pylist() if line["code"] == "LAB001")
    told = reading.get("/api/row", params={"v": "small@1", "row_id": line["row_id"]}).json()
    position = told["row"]["row"]
    assert told["row"]["row_id"] == line["row_id"]
    assert [line["code"], line["finding_id"], line["message"]] in told["findings"]
    assert [tuple(one) for one in told["findings"]] == flags_of(opened, position)
    evidence = opened.audited.evidence
    neighbors = evidence["neighbors"][position, :12]
    assert [row["row"] for row in told["neighbors"]] == neighbors[neighbors >= 0].tolist()
    assert [row["distance"] for row in told["neighbors"]] == pytest.approx(
        evidence["neighbor_distances"][position, :12]
    )


def test_a_row_that_is_not_there_is_told(reading):
    answer = reading.get("/api/row", params={"v": "small@1", "row_id": "nobody"})
    assert answer.status_code == 404
    assert "no row 'nobody'" in answer.json()["error"]


def test_similar_rows_are_the_nearest_by_cosine_without_the_row_itself(reading, opened):
    row_id = opened.dataset.row_ids[20].as_py()
    rows = reading.get("/api/similar", params={"v": "small@1", "row_id": row_id, "k": 15}).json()["rows"]
    vectors = opened.audited.evidence["embeddings"]
    distances = 1 - vectors @ vectors[20]
    distances[20] = np.inf
    assert [row["distance"] for row in rows] == pytest.approx(np.sort(distances)[:15], abs=1e-5)
    assert all(row["distance"] == pytest.approx(max(0, distances[row["row"]]), abs=1e-5) for row in rows)


def test_rows_like_the_text_of_a_row_begin_with_it(reading, opened):
    text = opened.dataset.texts[33].as_py()
    rows = reading.get("/api/similar", params={"v": "small@1", "text": text, "k": 5}).json()["rows"]
    assert rows[0]["text"] == text
    assert rows[0]["distance"] == pytest.approx(0, abs=1e-5)
    assert len(rows) == 5


def test_likeness_needs_a_row_or_a_text_and_an_audit(reading, opened):
    row_id = opened.dataset.row_ids[0].as_py()
    for given in ({}, {"row_id": row_id, "text": "x"}):
        assert reading.get("/api/similar", params={"v": "small@1", **given}).status_code == 400
    plain = reading.get("/api/similar", params={"v": "plain@1", "text": "x"})
    assert plain.status_code == 409
    assert "Audit it" in plain.json()["remedy"]


def test_rows_tell_what_was_decided_of_them_and_which_sets_they_are_in(client, root):
    workspace = workspace_at(root)
    opened = OpenedVersions(workspace).opened("small@1")
    line = next(line for line in opened.facts.findings.to_pylist() if line["code"] == "LAB001")
    reviewing = Reviewing(workspace.history, who="ana")
    reviewing.record(opened.found, opened.version, Asked("accept", line["finding_id"]))
    reviewing.keep_set("small", "odd ones", "tag", pa.array([line["row_id"], "a row of another version"]))
    told = client.get("/api/row", params={"v": "small@1", "row_id": line["row_id"]}).json()["row"]
    assert (told["decision"]["action"], told["decision"]["who"]) == ("accept", "ana")
    assert told["tags"] == ["odd ones"]
    other = rows_at(client, str((told["row"] + 1) % 300)).json()["rows"][0]
    assert other["tags"] == []


def test_a_long_text_is_cut_and_says_so_and_is_whole_by_its_id(tmp_path, serving):
    workspace = workspace_at(tmp_path)
    texts = ["é" * 2_000, "é" * 2_001, "short", None, "z" * 1_200_000]
    dataset, _ = workspace.read(pa.table({"text": texts, "n": range(5)}), {"text": "text"}, name="long")
    workspace.history.keep_source(dataset, Note())
    with serving(tmp_path) as client:
        rows = rows_at(client, "0,1,2,3,4", "long@1").json()["rows"]
        whole = client.get("/api/row", params={"v": "long@1", "row_id": rows[1]["row_id"]}).json()["row"]
        huge = client.get("/api/row", params={"v": "long@1", "row_id": rows[4]["row_id"]}).json()["row"]
    assert [(len(row["text"]), row["cut"]) for row in rows] == [
        (2_000, False), (2_000, True), (5, False), (0, False), (2_000, True),
    ]  # fmt: skip
    assert (whole["text"], whole["cut"]) == (texts[1], False)
    assert (len(huge["text"]), huge["cut"]) == (1_000_000, True)


def test_a_row_of_many_fields_tells_how_many_it_left_off():
    fields = pa.table({"text": ["a"], **{f"f{i}": [i] for i in range(100)}})
    dataset = Dataset(fields, pa.array(["r"]), np.zeros((1, 2), np.uint64), Roles(text="text"))
    (row,) = row_documents(FakeOpened(dataset), [0])
    assert (len(row.fields), row.fields_left_off) == (60, 40)


def test_values_are_told_cut_and_bounded_whatever_their_type():
    assert told_values(chunked([b"\0" * 5, None])) == ["5 bytes", ""]
    assert told_values(chunked(["x" * 301, "x" * 300])) == ["x" * 299 + "…", "x" * 300]
    assert told_values(chunked([float("nan"), float("inf"), None, 0.5])) == ["nan", "inf", "", "0.5"]
    assert told_values(chunked([[1, 2], [], None, list(range(30))], pa.list_(pa.int64()))) == [
        "1, 2", "", "", f"{', '.join(map(str, range(20)))}, … 30 values",
    ]  # fmt: skip
    assert told_values(chunked([[1.5, None]] * 2, pa.list_(pa.float32(), 2))) == ["1.5, "] * 2
    assert told_values(chunked([{"a": 1}, None])) == ["(struct<a: int64>)", ""]
    assert told_values(chunked([1, None], pa.timestamp("s", "No/Where"))) == ["(timestamp[s, tz=No/Where])", ""]
    assert told_values(chunked([True, None])) == ["true", ""]


def test_several_labels_of_a_row_are_told_one_after_the_other():
    fields = pa.table({"text": ["a", "b", "c"], "label": [["x", "y"], [], None]})
    dataset = Dataset(fields, pa.array(["r", "s", "t"]), np.zeros((3, 2), np.uint64), Roles(text="text", label="label"))
    assert [row.label for row in row_documents(FakeOpened(dataset), [0, 1, 2])] == ["x, y", "no class", None]


def test_few_rows_of_large_cells_are_not_copied():
    large = pa.array([b"x" * 5_000_000] * 4)
    dataset = Dataset(pa.table({"a": large}), pa.array(list("abcd")), np.zeros((4, 2), np.uint64), Roles())
    before = pa.total_allocated_bytes()
    rows = few_rows(dataset, [3, 1, 1])
    assert pa.total_allocated_bytes() - before < 100_000
    assert rows.row_ids.to_pylist() == ["d", "b", "b"]
    assert [len(value.as_buffer()) for value in rows.fields["a"]] == [5_000_000] * 3


def test_a_row_is_valid_json_whatever_its_numbers(reading):
    answer = rows_at(reading, ",".join(map(str, range(200))))
    json.loads(answer.text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


class FakeOpened:
    """A version that was not audited."""

    found = None

    def __init__(self, dataset):
        self.dataset = dataset
