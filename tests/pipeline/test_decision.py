import numpy as np
import pytest

from burnish.dataset import Column, Evidence, Finding, FlaggedRow
from burnish.errors import UsageError
from burnish.pipeline.decision import Policy, decide
from burnish.testing.planted import planted_vectors


@pytest.fixture
def evidence():
    planted = planted_vectors(20, seed=0)
    return Evidence(planted.dataset).adding([Column("evaluation", np.arange(20) >= 15)])


def finding(code, *flags, kind="quality"):
    return Finding(code, kind, "warning", f"{code} says so", rows=flags)


def test_only_named_codes_become_edits(evidence):
    findings = [finding("DUP001", FlaggedRow(1, 1.0, "drop")), finding("OUT001", FlaggedRow(2, 1.0, "drop"))]
    changes = decide(evidence, findings, Policy())
    assert [(e.row_id, e.code) for e in changes.edits] == [("row-000001", "DUP001")]


def test_a_suggestion_to_review_stays_with_a_person(evidence):
    findings = [finding("LAB001", FlaggedRow(1, 0.9, "review")), finding("LAB001", FlaggedRow(2, 0.9, None))]
    assert len(decide(evidence, findings, Policy())) == 0


def test_evaluation_rows_are_never_edited(evidence):
    findings = [finding("DUP001", FlaggedRow(16, 1.0, "drop"), FlaggedRow(3, 1.0, "drop"))]
    assert [e.row_id for e in decide(evidence, findings, Policy()).edits] == ["row-000003"]


def test_a_row_gets_one_edit_by_the_code_that_comes_first(evidence):
    flag = FlaggedRow(4, 0.9, "relabel", label="class_1")
    findings = [finding("LAB001", flag), finding("DUP001", FlaggedRow(4, 1.0, "drop"))]
    changes = decide(evidence, findings, Policy.of(drop=["DUP001"], relabel=["LAB001"]))
    assert [(e.action, e.code) for e in changes.edits] == [("drop", "DUP001")]


def test_a_relabel_keeps_the_old_label_so_that_it_can_be_undone(evidence):
    labels = evidence.dataset.labels
    old = labels.classes[labels.codes[4]]
    changes = decide(
        evidence,
        [finding("LAB001", FlaggedRow(4, 0.9, "relabel", label="class_1"))],
        Policy.of(relabel=["LAB001"]),
    )
    assert (changes.edits[0].old_label, changes.edits[0].label) == (old, "class_1")


def test_an_edit_names_the_kept_twin_and_its_reason(evidence):
    flag = FlaggedRow(4, 0.97, "drop", evidence={"kept": "row-000002", "distance": 0.01})
    edit = decide(evidence, [finding("DUP002", flag)], Policy()).edits[0]
    assert edit.kept_row_id == "row-000002"
    assert edit.reason == "DUP002 says so"
    assert edit.evidence == {"kept": "row-000002", "distance": 0.01, "score": 0.97}


def test_a_code_both_dropped_and_relabelled_is_refused():
    with pytest.raises(UsageError, match="both dropped and relabelled"):
        Policy.of(drop=["LAB001"], relabel=["LAB001"])
