import csv
import io
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from burnish.adapters.sources.answers import read_answers
from burnish.dataset.formulas import guarded
from burnish.dataset.reviews import ReviewTask, Vote
from burnish.errors import InputError
from burnish.reports.label_studio import label_studio_tasks
from burnish.reports.review_csv import COLUMNS, review_csv


def tasks():
    return [
        ReviewTask(f"r{i}", "v1", f"d{i}", "LAB001", "looks wrong", 0.9, text=f"text {i}", suggested_label="spam")
        for i in range(4)
    ]


def annotation(*chosen, by=7, **more):
    result = [{"from_name": "label", "to_name": "row", "type": "choices", "value": {"choices": list(chosen)}}]
    return {"id": 1, "completed_by": by, "was_cancelled": False, "result": result if chosen else [], **more}


def exported(*annotations):
    """The tasks as Label Studio exports them, with the annotations of each."""
    made = json.loads(label_studio_tasks(tasks()))
    return [
        {"id": i, "data": t["data"], "meta": t["meta"], "annotations": list(a), "predictions": [], "drafts": []}
        for i, (t, a) in enumerate(zip(made, annotations, strict=False))
    ]


def written(tmp_path, document, name="answers.json"):
    path = tmp_path / name
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return str(path)


def test_annotations_of_several_people_are_votes_and_cancelled_ones_are_none(tmp_path):
    document = exported(
        [annotation("spam", by=7), annotation("ham", by={"id": 8, "email": "bo@example.org"})],
        [annotation("spam", was_cancelled=True), annotation()],
        [],
        [annotation("a", "b", by=None)],
    )
    assert read_answers(written(tmp_path, document)) == [
        Vote("r0", "spam", "user 7", "v1", "d0"),
        Vote("r0", "ham", "bo@example.org", "v1", "d0"),
        Vote("r3", '["a", "b"]', "", "v1", "d3"),
    ]


def test_answers_to_other_questions_are_left_alone(tmp_path):
    document = exported([annotation("spam")])
    document[0]["annotations"][0]["result"].insert(
        0, {"from_name": "mood", "value": {"choices": ["bad"]}, "type": "choices"}
    )
    assert [vote.label for vote in read_answers(written(tmp_path, document))] == ["spam"]


def test_the_small_export_is_a_line_for_each_annotation(tmp_path):
    data = [json.loads(label_studio_tasks(tasks()))[i]["data"] for i in range(4)]
    document = [
        {**data[0], "id": 1, "label": "spam", "annotator": 7, "annotation_id": 3, "lead_time": 1.5},
        {**data[0], "id": 1, "label": "ham", "annotator": "bo@example.org"},
        {**data[1], "id": 2, "annotator": 7},
        {**data[2], "id": 3, "label": [{"choices": ["a", "b"]}], "annotator": {"id": 9}},
        {**data[3], "id": 4, "label": {"choices": ["a"]}, "annotator": 7},
    ]
    assert read_answers(written(tmp_path, document)) == [
        Vote("r0", "spam", "user 7", "v1", "d0"),
        Vote("r0", "ham", "bo@example.org", "v1", "d0"),
        Vote("r2", '["a", "b"]', "user 9", "v1", "d2"),
        Vote("r3", "a", "user 7", "v1", "d3"),
    ]


def filled(tmp_path, *answers, delimiter=",", encoding="utf-8-sig"):
    """The review CSV, filled in by a spreadsheet: (row, label, annotator)."""
    lines = list(csv.DictReader(review_csv(tasks()).removeprefix("\ufeff").splitlines()))
    path = tmp_path / "review.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, delimiter=delimiter)
        writer.writeheader()
        writer.writerows({**lines[row], "label": label, "annotator": who} for row, label, who in answers)
    return str(path)


@pytest.mark.parametrize(("delimiter", "encoding"), [(",", "utf-8-sig"), (";", "cp1252"), ("\t", "utf-16")])
def test_a_filled_spreadsheet_is_read_as_spreadsheets_write_it(tmp_path, delimiter, encoding):
    path = filled(
        tmp_path, (0, "007", "Zoë"), (0, "spam", ""), (1, "", "Zoë"), (2, "'-1", "Bo"), (3, " ", "Bo"),
        delimiter=delimiter, encoding=encoding,
    )  # fmt: skip
    assert read_answers(path) == [
        Vote("r0", "007", "Zoë", "v1", "d0"),
        Vote("r0", "spam", "", "v1", "d0"),
        Vote("r2", "-1", "Bo", "v1", "d2"),
    ]


CELLS = st.text(st.sampled_from("=+-@\t\r\n\0'\"a ,;|"), min_size=1, max_size=5)
LABELS = CELLS.filter(lambda text: guarded(text).strip())  # an answer of spaces is none


@given(st.lists(st.tuples(CELLS, LABELS), min_size=1, max_size=5), st.sampled_from(",;\t"))
@example([("=1+1", "=1+1"), ("-1", "-1"), ("'=x", "'=x"), ("@x", "\tx"), ("\r", "\r")], ",")
def test_a_suggested_label_that_is_copied_comes_back_as_it_was_however_hostile(cells, delimiter):
    tasks = [ReviewTask(row, "v", "d", "C", "m", 0.9, suggested_label=label, text=label) for row, label in cells]
    lines = list(csv.DictReader(io.StringIO(review_csv(tasks).removeprefix("\ufeff"), newline="")))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "review.csv"
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, delimiter=delimiter)
            writer.writeheader()
            writer.writerows({**line, "label": line["suggested_label"]} for line in lines)
        assert [(vote.row_id, vote.label) for vote in read_answers(str(path))] == cells


def test_only_row_id_and_label_are_needed_of_a_spreadsheet(tmp_path):
    assert read_answers(written(tmp_path, "row_id,label\n=x,a\n'=x,b\n", "a.csv")) == [Vote("=x", "a"), Vote("=x", "b")]
    with pytest.raises(InputError, match="no column 'label'"):
        read_answers(written(tmp_path, "row_id,answer\nr0,a\n", "b.csv"))
    with pytest.raises(InputError, match=r"record 2: no row_id"):
        read_answers(written(tmp_path, "row_id,label\n,a\n", "c.csv"))


GOOD = {"row_id": "r0", "version": "v", "row_digest": "d"}


@pytest.mark.parametrize(
    "document",
    [
        "", "{", "null", "7", '"x"', "{}", "[7]", "[null]", "[[]]", "[{}]", "[]", "\x00\x01",
        "[" * 100_000, '[{"data": ' * 5_000, '[{"n": ' + "9" * 5_000 + "}]",
        [{"data": 7, "annotations": []}], [{"data": GOOD, "annotations": 7}], [{"data": GOOD, "annotations": [7]}],
        [{"data": GOOD, "annotations": [{"result": 7}]}], [{"data": GOOD, "annotations": [{"result": [7]}]}],
        [{"data": GOOD, "annotations": [{"result": [{"from_name": "label", "value": {"choices": [7]}}]}]}],
        [{"data": GOOD, "annotations": [{"result": [{"from_name": "label", "value": {"choices": {"a": 1}}}]}]}],
        [{"data": {}, "annotations": [annotation("spam")]}],
        [{"data": {"row_id": 7}, "annotations": [annotation("x")]}],
        [{"data": {"row_id": ["r0"]}, "annotations": [annotation("spam")]}],
        [{**GOOD, "label": 7}], [{**GOOD, "label": [[]]}], [{**GOOD, "label": [{"choices": 7}]}],
        [{"data": GOOD, "annotations": [{"result": [{"from_name": "label", "value": 7}]}]}],
    ],
)  # fmt: skip
def test_what_is_no_export_is_refused_with_a_remedy(tmp_path, document):
    with pytest.raises(InputError) as caught:
        read_answers(written(tmp_path, document))
    assert caught.value.remedy
    assert len(str(caught.value)) < 1_000


def test_odd_values_in_an_export_do_no_harm(tmp_path):
    odd = {"row_id": "r0", "version": 7, "row_digest": None}
    people = [10**400, 1e300, True, [1], {"email": "a\x1b[31m\u202e" + "x" * 1_000_000}, {"id": None}, "\n"]
    document = [
        {"data": odd, "annotations": [annotation("x" * 10_000_000 if i == 0 else "a", by=p)]}
        for i, p in enumerate(people)
    ]
    votes = read_answers(written(tmp_path, document))
    assert len(votes) == len(people)
    assert len(votes[0].label) == 10_000_000
    assert all(vote.annotator.isprintable() and len(vote.annotator) <= 200 for vote in votes)
    assert {(vote.version, vote.row_digest) for vote in votes} == {("", "")}


def test_other_files_are_refused(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"row_id,label\nr0,\xff\xfe\x81\n")
    with pytest.raises(InputError):
        read_answers(str(tmp_path / "missing.json"))
    with pytest.raises(InputError):
        read_answers(str(tmp_path / "a.csv"))
    (tmp_path / "b.csv").write_text("row_id,label\nr0,a\n")
    with pytest.raises(InputError, match="names 2 files"):
        read_answers(str(tmp_path / "*.csv"))
    (tmp_path / "c.json").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="cannot be read as JSON"):
        read_answers(str(tmp_path / "c.json"))


def test_halves_of_characters_are_replaced(tmp_path):
    path = written(tmp_path, '[{"row_id": "r\\ud800", "label": "\\udfff", "annotator": "A\\ud800"}]')
    assert read_answers(path) == [Vote("r?", "?", "A")]
