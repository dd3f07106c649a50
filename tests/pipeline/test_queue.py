"""The queue of findings: order, ids, what stands for a finding, places."""

import numpy as np
import pyarrow as pa
import pytest

from burnish.dataset import Column, Dataset, Evidence, Finding, FlaggedRow, Roles
from burnish.dataset.findings import finding_id
from burnish.pipeline.queue import EDITS, FindingQueue

IDS = [f"r{i}" for i in range(8)]


def evidence(locked=(6, 7)):
    fields = pa.table({"text": IDS, "label": ["cat", "dog"] * 4})
    dataset = Dataset(fields, pa.array(IDS), np.zeros((8, 2), np.uint64), Roles(text="text", label="label"))
    return Evidence(dataset).adding([Column("evaluation", np.isin(np.arange(8), locked))])


def suspect(row, score, label="dog"):
    return Finding("LAB001", "suspect_label", "warning", "suspect", (FlaggedRow(row, score, "relabel", label),))


LEAK = Finding(
    "LEK001",
    "leak",
    "error",
    "leak",
    (FlaggedRow(6, 1.0, None), FlaggedRow(2, 1.0, "drop"), FlaggedRow(3, 0.9, "drop")),
)
GROUP = Finding("IMB001", "imbalance", "warning", "few", (FlaggedRow(0, 1.0, "collect"),), score=0.4)
SET = Finding("IMB002", "imbalance", "info", "large", score=0.7, evidence={"kind": "cluster", "name": "7"})
KINDS = ("leak", "suspect_label", "imbalance")


def queue(findings, kinds=KINDS):
    return FindingQueue.of(evidence(), findings, kinds=kinds)


def ids_in_order(one, **chosen):
    return [one.ids[i] for i in one.chosen(np.ones(len(one), bool), **chosen)]


def test_findings_come_by_kind_then_code_and_within_a_code_the_surest_first():
    found = [SET, suspect(0, 0.5), GROUP, suspect(1, 0.9), LEAK]
    one = queue(found)
    assert [one.findings[i] for i in one.order] == [LEAK, found[3], found[1], GROUP, SET]
    assert one.codes == ("LEK001", "LAB001", "IMB001", "IMB002")


def test_a_kind_without_a_rank_comes_last():
    one = queue([LEAK, suspect(0, 0.5)], kinds=("suspect_label",))
    assert [one.findings[i].code for i in one.order] == ["LAB001", "LEK001"]


def test_by_score_the_surest_of_all_codes_come_first():
    one = queue([suspect(0, 0.5), SET, suspect(1, 0.9)])
    assert [round(float(one.score[i]), 2) for i in one.chosen(np.ones(3, bool), sort="score")] == [0.9, 0.7, 0.5]


def test_what_asks_for_no_decision_comes_after_what_does():
    one = queue([SET, LEAK, suspect(0, 0.5)], kinds=("imbalance", "leak", "suspect_label"))
    assert [one.findings[i].code for i in one.order] == ["LEK001", "LAB001", "IMB002"]
    assert one.codes == ("IMB002", "LEK001", "LAB001")


def test_by_quality_the_row_with_the_least_label_quality_comes_first_and_none_last():
    quality = Column("label_quality", np.array([0.9, 0.1, np.nan, 0.5, 1, 1, 1, 1]))
    found = [suspect(0, 0.9), SET, suspect(2, 0.8), suspect(1, 0.5), suspect(3, 0.4)]
    one = FindingQueue.of(evidence().adding([quality]), found)
    rows = [one.rows[one.surest[i]] if one.surest[i] >= 0 else None for i in one.by_quality.tolist()]
    assert rows[:3] == [1, 3, 0]
    assert set(rows[3:]) == {2, None}
    assert len(queue([]).by_quality) == 0
    assert queue(found).by_quality.tolist() == [0, 2, 3, 4, 1]  # without one: by kind


def test_a_finding_tells_the_labels_of_its_surest_row():
    given, suggested = queue([suspect(0, 0.5), LEAK, SET]).labels_told
    assert given.tolist() == ["cat", "cat", None]
    assert suggested.tolist() == ["dog", None, None]


def test_findings_about_rows_are_those_that_flag_one_of_them():
    assert queue([suspect(0, 0.5), LEAK, SET]).about(np.isin(np.arange(8), [3])).tolist() == [False, True, False]


def test_a_label_is_shown_where_all_rows_to_look_at_have_the_same_and_nothing_else_is_suggested():
    def shown(*flags):
        rows = tuple(FlaggedRow(row, 0.5, edit, label) for row, edit, label in flags)
        return queue([Finding("LAB001", "suspect_label", "warning", "suspect", rows)]).label_shown(0)

    assert shown((0, "review", "dog"), (1, "review", "dog"), (6, "review", "cat")) == "dog"
    assert shown((0, "review", "dog"), (1, "review", "cat")) is None
    assert shown((0, "review", "dog"), (1, "relabel", "dog")) is None
    assert shown((6, "review", "dog")) is None


def test_ids_are_those_of_the_findings_file():
    found = [LEAK, suspect(3, 0.4), SET]
    assert list(queue(found).ids) == [finding_id(one, IDS) for one in found]


def test_two_findings_about_the_same_rows_have_different_ids():
    one = queue([suspect(3, 0.4), suspect(3, 0.2), suspect(4, 0.2)])
    assert one.ids[1] == f"{one.ids[0]}-2"
    assert len(set(one.ids)) == 3
    assert one.place[one.ids[1]] == 1


def test_a_row_with_an_edit_stands_for_a_finding_before_one_that_is_as_sure_without():
    one = queue([LEAK, SET])
    assert one.rows[one.surest[0]] == 2
    assert one.surest[1] == -1
    assert [flag.row for flag in one.flags_of(0, 9)] == [2, 6, 3]
    assert [flag.row for flag in one.flags_of(0, 2)] == [2, 6]


def test_a_finding_suggests_an_edit_only_of_training_rows():
    locked = Finding("QUA001", "quality", "warning", "empty", (FlaggedRow(7, 1.0, "drop"),))
    looked = Finding("OUT001", "outlier", "info", "far", (FlaggedRow(1, 1.0, "review"),))
    one = queue([LEAK, locked, looked, GROUP, SET])
    assert one.suggests.tolist() == [True, False, False, False, False]
    assert one.reviewable.tolist() == [True, True, True, False, False]
    assert one.has_training_rows.tolist() == [True, False, True, True, False]


def test_flags_are_flat_in_the_order_of_the_findings():
    one = queue([suspect(5, 0.5), LEAK])
    assert one.rows.tolist() == [5, 6, 2, 3]
    assert one.of_flag.tolist() == [0, 1, 1, 1]
    assert [EDITS[code] for code in one.edits] == ["relabel", None, "drop", "drop"]
    assert one.labels.tolist() == ["dog", None, None, None]


def test_a_filter_by_code_gives_findings_of_that_code_and_an_unknown_code_none():
    one = queue([suspect(0, 0.5), LEAK, suspect(1, 0.6)])
    assert [one.findings[i].code for i in one.chosen(np.ones(3, bool), code="LAB001")] == ["LAB001"] * 2
    assert len(one.chosen(np.ones(3, bool), code="XYZ001")) == 0


def test_the_place_among_chosen_ones_is_that_of_the_finding_or_where_it_would_be():
    one = queue([suspect(i, i / 10) for i in range(6)])
    everyone = one.chosen(np.ones(6, bool))
    assert [one.place_among(everyone, place) for place in everyone.tolist()] == list(range(6))
    others = everyone[everyone != 3]
    assert one.place_among(others, 3) == 2
    assert one.place_among(others, 0) == 4


def test_positions_of_rows_are_found_however_often_they_are_asked_for():
    one = queue([])
    for _ in range(2):
        assert one.positions_of(["r3", "nobody", "r3", "r0"]).tolist() == [3, -1, 3, 0]
    assert one.positions_of([]).tolist() == []


def test_a_queue_without_findings_is_empty():
    one = queue([])
    assert len(one) == 0
    assert ids_in_order(one) == []
    assert one.score.tolist() == one.surest.tolist() == one.suggests.tolist() == []


def test_a_score_that_is_no_number_counts_as_zero():
    one = queue([suspect(0, float("nan")), suspect(1, 0.1)])
    assert one.score.tolist() == pytest.approx([0.0, 0.1])


def test_without_an_evaluation_column_every_row_is_a_training_row():
    one = FindingQueue.of(Evidence(evidence().dataset), [suspect(7, 0.5)])
    assert one.suggests.tolist() == [True]
