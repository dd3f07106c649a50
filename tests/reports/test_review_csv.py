import csv
import io

from burnish.dataset.reviews import ReviewTask
from burnish.reports.review_csv import review_csv


def read(text):
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_each_task_is_a_line_with_room_for_an_answer():
    task = ReviewTask(
        "r0", "v", "d", "LAB001", "looks\nwrong", 0.91237, given_label="ham", suggested_label="spam", evaluation=True,
        text='a "text", more', image=b"\x89PNG", probabilities={"spam": 0.8},
    )  # fmt: skip
    assert read(review_csv([task])) == [
        {
            "row_id": "r0", "label": "", "annotator": "", "given_label": "ham", "suggested_label": "spam",
            "score": "0.9124", "code": "LAB001", "message": "looks\nwrong", "text": 'a "text", more',
            "image": "(in the table)", "probabilities": '{"spam": 0.8}', "evaluation": "yes", "version": "v",
            "row_digest": "d",
        }
    ]  # fmt: skip


def test_no_cell_is_a_formula():
    (line,) = read(review_csv([ReviewTask("=cmd|'/c calc'!A1", "v", "d", "C", "@m", 1.0, text="-1")]))
    assert (line["row_id"], line["message"], line["text"]) == ("'=cmd|'/c calc'!A1", "'@m", "'-1")


def test_every_cell_is_in_quotes_so_that_no_sign_inside_a_text_begins_another():
    text = review_csv([ReviewTask("r", "v", "d", "C", "m", 1.0, text="a;=1+1\t=2")])
    assert '"a;=1+1\t=2"' in text
    assert all(line.startswith('"') and line.endswith('"') for line in text.removeprefix("\ufeff").splitlines())


def test_a_text_longer_than_a_cell_is_cut_and_says_so():
    (line,) = read(review_csv([ReviewTask("r", "v", "d", "C", "m", 1.0, text="x" * 40_000)]))
    assert line["text"].endswith("… (40,000 characters)")
    assert len(line["text"]) < 32_767
