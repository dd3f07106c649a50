import numpy as np
import pyarrow as pa
import pytest

from burnish.dataset import Column, Dataset, Evidence, Roles
from burnish.protocols import Check, Step
from burnish.steps.quality import (
    EmptyText,
    ForeignText,
    GarbledText,
    MarkupInText,
    Quality,
    TruncatedText,
    UnusableEmbedding,
)
from burnish.testing.planted import planted_texts

CLEAN = planted_texts(400, seed=3).table["text"].to_pylist()
CHECKS = (EmptyText(), TruncatedText(), GarbledText(), ForeignText(), MarkupInText())
DEFECTS = {
    "QUA001": ["", "   ", "\n\t", None],
    "QUA003": ["caf\ufffd au lait and more", "1029 3847 5610 2938 4756 1029 3847", "spam " * 200, "a\x00b\x00c"],
    "QUA004": [
        "Das ist nicht die Frage, aber ich habe auch keine Antwort für dich und mich",
        "Les enfants sont dans le jardin avec une amie et nous les attendons",
        "Мы не знаем, что это такое, но это очень интересно",
        "この製品はとても良いです。毎日使っています。",
    ],
    "QUA005": ["It is <b>really</b> good.", "Fish &amp; chips were fine.", "A cafÃ© in MÃ¼nchen was good."],
}


def evidence_of(texts, evaluation=None):
    n = len(texts)
    rows = Dataset(
        pa.table({"text": pa.array(texts, pa.string())}),
        pa.array([f"r{i}" for i in range(n)]),
        np.zeros((n, 2), np.uint64),
        Roles(text="text"),
    )
    evidence = Evidence(rows)
    if evaluation is not None:
        evidence = evidence.adding([Column("evaluation", evaluation)])
    return evidence.adding(Quality().run(evidence, seed=0))


def flagged(check, evidence):
    return {flag.row for finding in check.judge(evidence) for flag in finding.rows}


def test_step_and_checks_keep_their_protocols():
    assert isinstance(Quality(), Step)
    assert all(isinstance(check, Check) for check in (*CHECKS, UnusableEmbedding()))


def test_clean_texts_are_not_flagged():
    assert {check.code: flagged(check, evidence_of(CLEAN)) for check in CHECKS} == {c.code: set() for c in CHECKS}


@pytest.mark.parametrize("check", [c for c in CHECKS if c.code in DEFECTS], ids=lambda c: c.code)
def test_every_planted_defect_is_found_by_its_check_and_no_clean_row(check):
    evidence = evidence_of([*CLEAN, *DEFECTS[check.code]])
    assert flagged(check, evidence) == set(range(len(CLEAN), len(evidence.dataset)))


def test_texts_cut_at_one_length_are_found():
    cut = 90
    texts = [text[:cut] for text in CLEAN]
    truth = {i for i, text in enumerate(CLEAN) if len(text) > cut and text[:cut].rstrip()[-1] not in ".?!"}
    found = flagged(TruncatedText(), evidence_of(texts))
    assert len(truth) > 20
    assert truth <= found
    assert len(found - truth) <= 0.05 * len(truth)


def test_a_text_that_stops_in_the_middle_is_found_where_others_end_in_a_mark():
    texts = [*CLEAN, "This row goes on and on about the garden and the weather and then it suddenly stops in the mid"]
    assert flagged(TruncatedText(), evidence_of(texts)) == {len(CLEAN)}


def test_open_endings_are_no_defect_where_they_are_usual():
    assert flagged(TruncatedText(), evidence_of([text.rstrip(".") for text in CLEAN])) == set()


def test_a_set_in_another_language_is_not_foreign_to_itself():
    german = [f"Das ist nicht die Frage, aber ich habe auch {i} Antworten für dich" for i in range(60)]
    evidence = evidence_of([*german, "The answer to that question is what you would have for this"])
    assert flagged(ForeignText(), evidence) == {60}


def test_a_bilingual_set_has_no_foreign_rows():
    german = [f"Das ist nicht die Frage, aber ich habe auch {i} Antworten für dich" for i in range(30)]
    english = [f"The answer to that question is what you would have for {i}" for i in range(30)]
    assert flagged(ForeignText(), evidence_of(german + english)) == set()


def test_a_set_of_markup_is_not_flagged_row_by_row():
    assert flagged(MarkupInText(), evidence_of([f"<p>page {i}</p>" for i in range(50)])) == set()


def test_a_set_of_numbers_is_not_garbled():
    assert flagged(GarbledText(), evidence_of([f"{i:030d}" for i in range(50)])) == set()


def test_evaluation_rows_are_only_reviewed():
    evidence = evidence_of([*CLEAN, "", ""], evaluation=np.arange(402) == 400)
    edits = {flag.row: flag.edit for finding in EmptyText().judge(evidence) for flag in finding.rows}
    assert edits == {400: "review", 401: "drop"}


def test_evidence_and_message_name_the_number():
    finding = GarbledText().judge(evidence_of([*CLEAN, "caf\ufffd"]))[0]
    assert finding.rows[0].evidence == {"damaged": 1.0}
    assert "damaged 1" in finding.message


def test_a_set_without_text_or_fields_gives_nothing():
    table = pa.table({"x": [1, 2]})
    evidence = Evidence(Dataset(table, pa.array(["a", "b"]), np.zeros((2, 2), np.uint64), Roles()))
    assert list(Quality().run(evidence, seed=0)) == []


def test_no_rows_give_no_findings():
    assert [check.judge(evidence_of([])) for check in CHECKS] == [[]] * len(CHECKS)


def test_unusable_embeddings_are_found():
    vectors = np.ones((5, 3), np.float32)
    vectors[1], vectors[2, 0], vectors[3] = 0, np.nan, np.inf
    evidence = evidence_of(["a"] * 5).adding([Column("embeddings", vectors, "row")])
    assert flagged(UnusableEmbedding(), evidence) == {1, 2, 3}
