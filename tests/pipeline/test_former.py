"""Former: decisions of earlier versions about findings that are found again, and what they come to."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from burnish.dataset import Column, Dataset, Evidence, Finding, FlaggedRow, Roles
from burnish.errors import UsageError
from burnish.pipeline.deciding import Asked, Signed, decided, drawn
from burnish.pipeline.former import Earlier, former_decisions, rows_decided
from burnish.pipeline.queue import FindingQueue
from burnish.pipeline.reviewing import ACCEPTED, OPEN, REJECTED, REVIEW_STATUS, SKIPPED, ReviewState

IDS = [f"r{i}" for i in range(8)]
LABELS = ["cat", "dog"] * 4


def suspect(row, label, edit="relabel", score=0.9):
    looks = "which little speaks for" if label is None else f"looks like {label!r}"
    message = f"labelled {LABELS[row]!r}, {looks} ({score:.2f})"
    return Finding("LAB001", "suspect_label", "warning", message, (FlaggedRow(row, score, edit, label),))


FINDINGS = (
    suspect(0, "dog"),
    suspect(1, "cat", "review"),
    suspect(2, None, "review"),
    Finding("DUP001", "exact_duplicate", "warning", "copies", tuple(FlaggedRow(i, 1.0, "drop") for i in (3, 5))),
    Finding("OUT001", "outlier", "info", "far (0.70)", (FlaggedRow(4, 0.7, "review"),)),
    Finding("IMB002", "imbalance", "info", "large", evidence={"kind": "cluster", "name": "7"}),
)


def queue_of(findings=FINDINGS, labels=LABELS):
    fields = pa.table({"text": IDS, "label": labels})
    dataset = Dataset(fields, pa.array(IDS), np.zeros((8, 2), np.uint64), Roles(text="text", label="label"))
    return FindingQueue.of(Evidence(dataset).adding([Column("evaluation", np.arange(8) == 7)]), findings)


QUEUE = queue_of()
SURE, SHOWN, BARE, COPIES, FAR, SET = QUEUE.ids


def said(findings=FINDINGS):
    """Give what an audit says, as its file has it."""
    found = {}
    for one in findings:
        for row in [IDS[flag.row] for flag in one.rows] or [None]:
            found.setdefault((one.code, row), set()).add(one.message)
    return found


def written(*asked, state=None):
    """Give the state after decisions that were asked for one after the other."""
    state = state or ReviewState(QUEUE)
    for one in asked:
        event = decided(state, Asked(*one) if isinstance(one, tuple) else one, Signed(state.seq + 1, "now", "ana"))
        state = state.after([event])
    return state


def earlier(*asked, version="pets@1", **told):
    return Earlier(version, written(*asked).events, **{"said": said(), "labels": {}, "brought": set(), **told})


def later(*before, queue=QUEUE):
    """Give the state of a version whose earlier ones were reviewed."""
    return ReviewState(queue, former=former_decisions(queue, before))


def stands(state):
    return {i: (one.action, one.version) for i, one in state.decisions.items()}


def test_what_was_rejected_or_skipped_before_is_decided_where_it_is_found_again():
    state = later(earlier(("reject", SURE), ("skip", COPIES), ("accept", FAR), ("reject", SET)))
    assert stands(state) == {
        SURE: ("reject", "pets@1"), COPIES: ("skip", "pets@1"), FAR: ("accept", "pets@1"), SET: ("reject", "pets@1"),
    }  # fmt: skip
    assert state.status.tolist() == [REJECTED, OPEN, OPEN, SKIPPED, ACCEPTED, REJECTED]
    assert {one.code: one.decided for one in state.progress} == {"LAB001": 1, "DUP001": 1, "OUT001": 1, "IMB002": 0}
    assert [REVIEW_STATUS[state.row_status()[row]] for row in (0, 1, 4)] == ["rejected", "open", "accepted"]
    assert state.decision_of_row(0).version == "pets@1"
    assert state.edits == {}


def test_a_decision_that_asked_for_an_edit_is_told_as_former_and_edits_nothing():
    before = earlier(("accept", SURE), ("accept", SHOWN), ("drop", COPIES, ("r3",)))
    state = later(before)
    assert stands(state) == {}
    assert {i: (one.action, one.version) for i, one in state.former_edits.items()} == {
        SURE: ("accept", "pets@1"), SHOWN: ("accept", "pets@1"), COPIES: ("drop", "pets@1"),
    }  # fmt: skip
    assert state.edits == {}
    assert (state.n_drops, state.n_relabels) == (0, 0)
    assert state.open_suggestions("LAB001") == [SURE]


def test_a_rejection_after_an_edit_of_some_rows_is_no_decision_without_an_edit():
    whole = earlier(("drop", COPIES, ("r3",)), ("reject", COPIES))
    some = earlier(("drop", COPIES, ("r3",)), ("reject", COPIES, ("r5",)))
    assert stands(later(whole)) == {COPIES: ("reject", "pets@1")}
    assert stands(later(some)) == {}


@pytest.mark.parametrize(
    ("told", "again"),
    [
        ({}, True),
        ({"labels": {"r0": "cat", "r4": "bird"}}, True),
        ({"labels": {"r0": "bird"}}, False),
        ({"brought": {"r0"}}, False),
        ({"brought": {"r6"}}, True),
        ({"said": said((suspect(0, "dog", score=0.51),))}, True),
        ({"said": said((suspect(0, "bird"),))}, False),
        ({"said": said(FINDINGS[1:])}, False),
    ],
)
def test_it_holds_only_for_the_same_rows_content_labels_and_suggestion(told, again):
    assert (SURE in later(earlier(("reject", SURE), **told)).decisions) is again


def test_a_finding_that_has_no_suggested_label_any_more_is_another_one():
    bare = queue_of((suspect(0, None, "review"),))
    assert later(earlier(("reject", SURE)), queue=bare).decisions == {}


def test_a_finding_about_the_set_holds_only_where_the_earlier_audit_made_it():
    assert later(earlier(("reject", SET), said=said(FINDINGS[:5]))).decisions == {}


def test_what_was_accepted_of_an_evaluation_row_is_not_refused_once_more():
    queue = queue_of((Finding("QUA001", "quality", "warning", "empty", (FlaggedRow(7, 1.0, "drop"),)),))
    before = written(("accept", queue.ids[0]), state=ReviewState(queue))
    state = later(Earlier("pets@1", before.events, said(queue.findings), {}, set()), queue=queue)
    assert (len(before.refused), state.refused) == (1, ())
    assert stands(state) == {queue.ids[0]: ("accept", "pets@1")}


def test_the_newest_version_that_decided_counts_and_what_it_took_back_is_open():
    first = earlier(("reject", SURE), ("reject", COPIES))
    second = earlier(("skip", SURE), version="pets@2")
    assert stands(later(first, second)) == {SURE: ("skip", "pets@2"), COPIES: ("reject", "pets@1")}
    reopening = written(Asked("undo", COPIES), state=later(first))
    third = Earlier("pets@2", reopening.events, said(), {}, set())
    assert stands(later(first, third)) == {SURE: ("reject", "pets@1")}


def test_a_former_decision_is_replaced_by_a_new_one_and_stands_again_when_that_is_undone():
    state = later(earlier(("reject", SURE)))
    anew = written(("accept", SURE), state=state)
    assert stands(anew) == {SURE: ("accept", None)}
    assert {row: edit.label for row, edit in anew.edits.items()} == {"r0": "dog"}
    assert anew.edited_by(1) == (0, 1)
    assert stands(written(Asked("undo"), state=anew)) == {SURE: ("reject", "pets@1")}
    assert stands(written(Asked("undo", SURE), state=anew)) == {SURE: ("reject", "pets@1")}


def test_a_former_decision_is_taken_back_by_an_undo_that_names_its_finding():
    state = written(Asked("undo", SURE), state=later(earlier(("reject", SURE))))
    assert stands(state) == {}
    assert state.status[0] == OPEN
    assert stands(written(("skip", SURE), state=state)) == {SURE: ("skip", None)}
    with pytest.raises(UsageError, match="nothing stands of 'LAB001"):
        written(Asked("undo", SURE), state=state)


def test_one_finding_of_a_bulk_cannot_be_undone_alone():
    bulk = replace(written(("accept", SURE)).events[0], action="bulk", finding_id=None, findings=(SURE, COPIES))
    with pytest.raises(UsageError, match="accepted together with 1 others"):
        written(Asked("undo", SURE), state=ReviewState(QUEUE, (bulk,)))


def test_notes_follow_until_they_are_taken_away():
    noted = earlier(Asked("note", SURE, note="ask Ana"), Asked("note", COPIES, note="hm"))
    assert later(noted).notes == {SURE: "ask Ana", COPIES: "hm"}
    assert later(noted, earlier(Asked("note", SURE, note=""))).notes == {COPIES: "hm"}
    assert later(earlier(Asked("note", SURE, note="x"), said={})).notes == {}
    assert later(noted).decisions == {}
    assert written(Asked("note", SURE, note=""), state=later(noted)).notes == {COPIES: "hm"}


def test_no_precision_is_borrowed_from_the_sample_of_an_earlier_version():
    sampled = written(("reject", SURE))
    before = sampled.after([drawn(ReviewState(QUEUE), "DUP001", Signed(2, "now", "ana"))])
    state = later(Earlier("pets@1", before.events, said(), {}, set()))
    assert state.sample("DUP001").findings == ()
    assert state.sample("LAB001")[2:5] == (0, 0, 0)


def test_only_rows_of_decided_findings_that_are_found_again_are_asked_for():
    events = written(("reject", COPIES), ("reject", SET)).events
    assert rows_decided(QUEUE, events) == {"r3", "r5", ""}
    assert rows_decided(queue_of(FINDINGS[:1]), events) == set()
