import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.app import masks
from burnish.app.documents.rows import MaskAsked
from burnish.app.opened import Opened
from burnish.app.points import points_of
from burnish.dataset import Dataset, Roles
from burnish.kernels.polygons import inside_polygon
from burnish.workspace.reviewing import Reviewing
from burnish.workspace.searching import condition_table

pytestmark = pytest.mark.slow

V = "small@1"


def ask(client, kind, value="", v=V, **more):
    return client.post("/api/mask", json={"v": v, "kind": kind, "value": value, **more})


def rows(client, kind, value="", v=V, **more):
    """Give the positions that an answer holds, having made sure that it is whole."""
    answer = ask(client, kind, value, v, **more)
    assert answer.status_code == 200, answer.text
    n_rows = len(client.served.versions.opened(v).dataset)
    assert len(answer.content) == (n_rows + 7) // 8
    bits = np.unpackbits(np.frombuffer(answer.content, np.uint8), bitorder="little")
    assert not bits[n_rows:].any()
    found = np.flatnonzero(bits).tolist()
    assert int(answer.headers["x-burnish-count"]) == len(found)
    return found


def refused(client, kind, value="", v=V, **more):
    answer = ask(client, kind, value, v, **more)
    assert answer.status_code == 400, answer.text
    assert answer.json()["remedy"]
    return answer.json()["error"]


@pytest.fixture(scope="module")
def opened(reading):
    return reading.served.versions.opened(V)


@pytest.fixture(scope="module")
def searched(opened):
    dataset = opened.dataset
    label = dataset.field(dataset.roles.label).to_pylist()
    columns = (dataset.texts.to_pylist(), dataset.row_ids.to_pylist(), label)
    return [[value for value in line if value is not None] for line in zip(*columns, strict=True)]


@pytest.mark.parametrize("text", ["a", "THE", "é", "%", "_", "(", "no such words", "\x00", "😀"])
def test_a_text_is_found_whatever_the_case_in_texts_ids_and_labels(reading, searched, text):
    expected = [i for i, line in enumerate(searched) if any(text.lower() in value.lower() for value in line)]
    assert rows(reading, "text", text) == expected


def test_a_text_of_a_label_or_an_id_is_found(reading, opened, searched):
    label, row_id = searched[5][2], searched[7][1]
    same = [i for i, line in enumerate(searched) if line[2] == label]
    assert set(same) <= set(rows(reading, "text", label.upper()))
    assert 7 in rows(reading, "text", row_id)


@pytest.mark.parametrize("pattern", [r"\bthe\b", r"^[a-z]", r"(?i)THE .* a", r"\d+$", r"(a|b)+z?", "", r"\p{Lu}"])
def test_a_pattern_matches_as_python_has_it(reading, searched, pattern):
    slow = re.compile(pattern.replace(r"\p{Lu}", "[A-Z]"))
    assert rows(reading, "regex", pattern) == [i for i, line in enumerate(searched) if any(map(slow.search, line))]


@pytest.mark.parametrize("pattern", ["(", "[a", "a{2000}", r"(?<=a)b", r"\1", "*"])
def test_a_pattern_that_cannot_be_read_is_told_with_the_reason(reading, pattern):
    assert "cannot be read" in refused(reading, "regex", pattern)


def test_a_pattern_cannot_run_away(reading):
    assert rows(reading, "regex", "(a+)+(b+)+(c*)*$x") == []


def test_a_sql_condition_is_about_fields_and_what_the_audit_found(reading, opened):
    facts = opened.facts.rows
    wrong = facts["label"].to_numpy(zero_copy_only=False) != facts["predicted_label"].to_numpy(zero_copy_only=False)
    assert rows(reading, "sql", "label <> predicted_label") == np.flatnonzero(wrong).tolist()
    score = facts["outlier_score"].to_numpy()
    assert rows(reading, "sql", "outlier_score > 0.5") == np.flatnonzero(score > 0.5).tolist()


@pytest.mark.parametrize("condition", ["unknown = 1", "1=1) UNION (SELECT 1", "(FROM read_text('/etc/passwd'))", "é"])
def test_a_condition_that_cannot_be_answered_is_told(reading, condition):
    assert "condition" in refused(reading, "sql", condition)


def test_similar_rows_are_those_that_numpy_finds(reading, opened):
    vectors = np.asarray(opened.audited.evidence["embeddings"])
    row_id = opened.dataset.row_ids[11].as_py()
    similarity = vectors @ vectors[11]
    similarity[11] = -np.inf
    expected = np.argsort(-np.nan_to_num(similarity, nan=-np.inf))[:17]
    assert rows(reading, "similar_row", row_id, k=17) == sorted(expected.tolist())


def test_the_nearest_rows_come_in_order_with_their_distances_and_are_those_of_the_mask(reading, opened):
    row_id = opened.dataset.row_ids[11].as_py()
    found = reading.post("/api/nearest", json={"v": V, "kind": "similar_row", "value": row_id, "k": 17}).json()
    assert sorted(found["positions"]) == rows(reading, "similar_row", row_id, k=17)
    vectors = np.asarray(opened.audited.evidence["embeddings"])
    assert found["distances"] == pytest.approx((1 - vectors[found["positions"]] @ vectors[11]).tolist(), abs=1e-5)
    assert found["distances"] == sorted(found["distances"])


def test_only_likeness_has_nearest_rows(reading):
    answer = reading.post("/api/nearest", json={"v": V, "kind": "sql", "value": "true"})
    assert answer.status_code == 400
    assert "'sql' has no order" in answer.json()["error"]


def test_a_finding_holds_the_rows_that_it_flags(reading, opened):
    for line in opened.facts.findings.to_pylist()[::9]:
        same = [one["row_id"] for one in opened.facts.findings.to_pylist() if one["finding_id"] == line["finding_id"]]
        expected = opened.dataset.positions_of(sorted(set(same))).tolist()
        assert rows(reading, "finding", line["finding_id"]) == sorted(expected)
    assert "has no finding 'none'" in refused(reading, "finding", "none")


def test_similar_texts_hold_the_row_of_that_text(reading, opened):
    text = opened.dataset.texts[20].as_py()
    assert 20 in rows(reading, "similar_text", text, k=30)


@pytest.mark.parametrize(("kind", "value"), [("similar_row", "no such row"), ("similar_text", " "), ("slice", "none")])
def test_what_is_not_there_is_told(reading, kind, value):
    assert refused(reading, kind, value)


def test_ids_are_found_and_unknown_ones_counted(reading, opened):
    ids = opened.dataset.row_ids.to_pylist()
    answer = ask(reading, "ids", f"{ids[3]}\r\n\n{ids[250]}\nunknown\n{ids[3]}\n<script>")
    assert answer.headers["x-burnish-unknown"] == "2"
    assert answer.headers["x-burnish-count"] == "2"
    assert rows(reading, "ids", "\n".join(ids)) == list(range(len(ids)))


@given(st.lists(st.tuples(st.floats(-0.5, 1.5), st.floats(-0.5, 1.5)), min_size=3, max_size=8))
@settings(max_examples=20)
def test_a_polygon_holds_the_points_that_the_map_shows_in_it(reading, opened, corners):
    points = points_of(reading.served, opened)
    inside = inside_polygon(points.x, points.y, corners)
    found = masks.answer(reading.served, opened, MaskAsked(v=V, kind="polygon", polygon=corners)).mask
    assert np.flatnonzero(found).tolist() == sorted(points.rows[inside].tolist())


def test_a_polygon_over_the_map_holds_all_rows_but_those_on_its_far_sides(reading, opened):
    around = [(-0.1, -0.1), (1.1, -0.1), (1.1, 1.1), (-0.1, 1.1)]
    assert rows(reading, "polygon", polygon=around) == list(range(len(opened.dataset)))


@pytest.mark.parametrize("corners", [[], [(0, 0), (1, 1)], [(0, 0), (1e300, 0), (0, 1)]])
def test_a_polygon_that_holds_nothing_is_refused(reading, corners):
    assert "polygon" in refused(reading, "polygon", polygon=corners)


def test_a_set_holds_the_rows_that_were_put_into_it_and_that_the_version_has(client):
    opened = client.served.versions.opened(V)
    chosen = opened.dataset.row_ids.take(pa.array([4, 9, 200]))
    reviewing = Reviewing(client.served.workspace.history)
    reviewing.keep_set("small", "mine", "tag", pa.concat_arrays([chosen, pa.array(["gone"])]))
    assert rows(client, "set", "mine") == [4, 9, 200]
    assert "'mine'" in ask(client, "set", "other").json()["remedy"]


def test_a_found_slice_and_a_cluster_hold_their_rows(reading, opened):
    evidence = opened.audited.evidence
    for line in opened.facts.slices.to_pylist():
        assert set(opened.dataset.row_ids.take(pa.array(rows(reading, "slice", line["slice"]))).to_pylist()) == set(
            line["row_ids"]
        )
    if "cluster_path" in evidence:
        paths = np.asarray(evidence["cluster_path"])
        for cluster in np.unique(paths[paths >= 0])[:4].tolist():
            assert (
                rows(reading, "slice", f"cluster:{cluster}") == np.flatnonzero((paths == cluster).any(axis=1)).tolist()
            )


def test_a_version_that_was_not_audited_can_be_searched_but_has_no_likeness(reading):
    assert rows(reading, "regex", ".", "plain@1") == list(range(20))
    assert rows(reading, "sql", "length(row_id) > 0", "plain@1") == list(range(20))
    assert ask(reading, "polygon", v="plain@1", polygon=[(0, 0), (1, 0), (1, 1)]).status_code == 409


@pytest.mark.parametrize("kind", ["text", "regex", "sql", "similar_text"])
def test_a_question_that_is_too_long_is_refused(reading, kind):
    assert "10,001 characters" in refused(reading, kind, "a" * 10_001)


@pytest.mark.parametrize("kind", ["text", "regex", "sql", "similar_row", "similar_text", "ids", "set", "slice"])
def test_half_a_character_is_no_fault_of_the_server(reading, kind):
    body = f'{{"v": "{V}", "kind": "{kind}", "value": "\\ud800"}}'
    answer = reading.post("/api/mask", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)


@pytest.fixture(scope="module")
def hostile():
    """A version that was never audited, whose names and values would be code elsewhere."""
    fields = pa.table(
        {
            'a "quoted" name': ["1'; DROP TABLE rows; --", "b", None],
            "select": [1, 2, 3],
            "row_id": [7, 8, 9],
            "Label": ["<script>alert(1)</script>", "\x1b[31mred", "c"],
            "cell": ["x" * 1_000_000, "", None],
            "bytes": pa.array([b"1", b"2", None]),
            "vector": [[1.0], [2.0], [3.0]],
        }
    )
    roles = Roles(label="Label", embedding="vector", meta=('a "quoted" name', "select", "cell"))
    dataset = Dataset(fields, pa.array(["a", "b", "c"]), np.zeros((3, 2), np.uint64), roles, name="bad")
    return Opened(None, dataset, None)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("text", "DROP table", [0]),
        ("text", "<SCRIPT>", [0]),
        ("regex", "x{1000}$", [0]),
        ("regex", r"\x1b", [1]),
        ("sql", '"a ""quoted"" name" LIKE \'%DROP%\'', [0]),
        ("sql", "\"select\" > 1 AND label = 'c'", [2]),
        ("sql", "found_row_id = 'b' AND row_id = 8", [1]),
        ("sql", "length(cell) = 1000000", [0]),
    ],
)
def test_hostile_names_and_values_are_data(hostile, kind, value, expected):
    found = masks.answer(None, hostile, MaskAsked(v="bad@1", kind=kind, value=value))
    assert np.flatnonzero(found.mask).tolist() == expected


def test_vectors_and_bytes_are_not_part_of_conditions(hostile):
    names = condition_table(hostile.dataset, None if hostile.found is None else hostile.facts.rows).column_names
    assert names == ['a "quoted" name', "select", "row_id", "Label", "cell", "found_row_id"]


def test_bits_are_packed_lowest_first():
    assert masks.Answer(np.array([True, False, False, True, False, False, False, False, True])).packed() == b"\x09\x01"


def test_a_cluster_of_endless_digits_is_no_cluster(reading):
    asked = {"v": "small@1", "kind": "slice", "value": "cluster:" + "9" * 5_000}
    answer = reading.post("/api/mask", json=asked)
    assert answer.status_code == 400
    assert "no slice" in answer.json()["error"]
