"""Reviewing: what events come to, against a slow fold written out; the rules of what may be decided; samples."""

from itertools import pairwise
from time import process_time

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.dataset import Column, Dataset, Evidence, Finding, FlaggedRow, Roles
from burnish.errors import DamagedFileError, InputError, LockedRowsError, UsageError
from burnish.kernels.intervals import share_interval
from burnish.pipeline import deciding
from burnish.pipeline.deciding import Asked, Signed, accepted_rest, decided, drawn
from burnish.pipeline.queue import FindingQueue
from burnish.pipeline.reviewing import (
    ACCEPTED,
    OPEN,
    REJECTED,
    REVIEW_STATUS,
    SAMPLE_SIZE,
    SKIPPED,
    ReviewEvent,
    ReviewState,
)

pytestmark = pytest.mark.slow

N_ROWS = 12
IDS = [f"r{i}" for i in range(N_ROWS)]
LOCKED = {10, 11}
LABELS = ["cat", "dog", "bird"] * 4


def evidence(labels=LABELS, label_type=None):
    fields = pa.table({"text": IDS, "label": pa.array(labels, label_type)})
    dataset = Dataset(fields, pa.array(IDS), np.zeros((N_ROWS, 2), np.uint64), Roles(text="text", label="label"))
    return Evidence(dataset).adding([Column("evaluation", np.isin(np.arange(N_ROWS), list(LOCKED)))])


FINDINGS = (
    Finding(
        "LEK001", "leak", "error", "leak", (FlaggedRow(10, 1.0), FlaggedRow(0, 1.0, "drop", evidence={"kept": "r10"}))
    ),
    Finding("DUP001", "exact_duplicate", "warning", "copies", tuple(FlaggedRow(i, 1.0, "drop") for i in (0, 1, 2))),
    Finding("LAB001", "suspect_label", "warning", "doubt 1", (FlaggedRow(1, 0.9, "relabel", "cat"),)),
    Finding("LAB001", "suspect_label", "warning", "doubt 3", (FlaggedRow(3, 0.8, "relabel", "dog"),)),
    Finding("LAB002", "suspect_label", "warning", "locked", (FlaggedRow(11, 0.9, "review", "dog"),)),
    Finding("QUA001", "quality", "warning", "mixed", (FlaggedRow(11, 0.9, "drop"), FlaggedRow(4, 0.9, "drop"))),
    Finding("OUT001", "outlier", "info", "far", (FlaggedRow(5, 0.7, "review"),)),
    Finding("IMB002", "imbalance", "info", "large", evidence={"kind": "cluster", "name": "7"}),
)
FAR_PLACE = 6
QUEUE = FindingQueue.of(evidence(), FINDINGS)
LEAK, COPIES, DOUBT, OTHER, EVAL, MIXED, FAR, SET = QUEUE.ids


def written(*asked, state=None):
    """Give the state after decisions that were asked for one after the other."""
    state = state or ReviewState(QUEUE)
    for one in asked:
        event = decided(state, Asked(*one) if isinstance(one, tuple) else one, Signed(state.seq + 1, "now", "ana"))
        state = state.after([event])
    return state


def edits(state):
    return {row: (edit.action, edit.label) for row, edit in state.edits.items()}


def told(state):
    """Give all that a state tells but for the numbers of its events."""
    decisions = {finding: one._replace(seq=0) for finding, one in state.decisions.items()}
    return edits(state), decisions, dict(state.notes), state.row_status().tolist(), state.progress


class Oracle:
    """The same, row by row."""

    def __init__(self, events):
        gone = set()
        for event in events:
            able = [e for e in events if e.seq < event.seq and e.action not in ("undo", "sample")]
            if event.action == "undo" and event.of in {e.seq for e in able} - gone:
                gone.add(event.of)
        self.standing = [e for e in events if e.action not in ("undo", "sample", "note") and e.seq not in gone]

    def edits(self):
        said = {}
        for event in self.standing:
            for finding in event.findings or (event.finding_id,):
                flags = [] if finding is None else FINDINGS[QUEUE.place[finding]].rows
                some = [f for f in flags if not event.row_ids or IDS[f.row] in event.row_ids]
                for flag in some:
                    said[finding, flag.row] = (event.seq, self.edit(event, flag))
                if finding is None:
                    for row_id in event.row_ids:
                        said[None, IDS.index(row_id)] = (event.seq, (event.action, event.label))
        newest = {}
        for (_, row), (seq, edit) in said.items():
            if edit is not None and row not in LOCKED and (row not in newest or newest[row][0] < seq):
                newest[row] = (seq, edit)
        return {IDS[row]: edit for row, (_, edit) in sorted(newest.items()) if edit[1] != LABELS[row]}

    @staticmethod
    def edit(event, flag):
        if event.action == "accept" and event.label and flag.edit == "review" and flag.row not in LOCKED:
            return "relabel", event.label
        if event.action in ("accept", "bulk"):
            return (flag.edit, flag.label) if flag.edit in ("drop", "relabel") else None
        return (event.action, event.label) if event.action in ("drop", "relabel") else None


@st.composite
def histories(draw, max_size=14):
    """Events that could be in a journal: some undo nothing."""
    events = []
    for seq in range(1, draw(st.integers(0, max_size)) + 1):
        action = draw(st.sampled_from(["accept", "reject", "relabel", "drop", "skip", "note", "undo", "bulk", "hand"]))
        if action == "undo":
            events.append(ReviewEvent(seq, "now", "ana", "undo", of=draw(st.integers(1, seq))))
        elif action == "bulk":
            code = draw(st.sampled_from(["LAB001", "DUP001"]))
            which = tuple(i for i, one in zip(QUEUE.ids, FINDINGS, strict=True) if one.code == code)
            events.append(ReviewEvent(seq, "now", "ana", "bulk", code=code, findings=which))
        elif action == "hand":
            rows = tuple(draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=4, unique=True)))
            label = draw(st.sampled_from([None, "cat", "dog"]))
            events.append(ReviewEvent(seq, "now", "ana", "relabel" if label else "drop", row_ids=rows, label=label))
        else:
            place = draw(st.integers(0, len(FINDINGS) - 1))
            flagged = [IDS[flag.row] for flag in FINDINGS[place].rows]
            rows = tuple(draw(st.lists(st.sampled_from(flagged), unique=True))) if flagged else ()
            label = draw(st.sampled_from(["cat", "dog", "bird"])) if action == "relabel" else None
            label = draw(st.sampled_from([None, "cat"])) if action == "accept" and place == FAR_PLACE else label
            note = draw(st.sampled_from(["", "hm"])) if action == "note" else None
            events.append(
                ReviewEvent(seq, "now", "ana", action, QUEUE.ids[place], FINDINGS[place].code, rows, label, note)
            )
    return events


@given(histories())
def test_edits_are_those_of_the_slow_fold(events):
    assert edits(ReviewState(QUEUE, events)) == Oracle(events).edits()


@given(histories())
def test_no_evaluation_row_is_edited_and_each_row_once(events):
    state = ReviewState(QUEUE, events)
    changes = state.changes()
    changes.refuse_locked({IDS[row] for row in LOCKED})
    after = changes.apply(QUEUE.dataset)
    assert len(after) == N_ROWS - state.n_drops
    assert len(changes) == state.n_drops + state.n_relabels


@pytest.mark.slow
@given(histories(), st.data())
def test_a_fold_of_a_beginning_and_the_rest_is_the_fold_of_all(events, data):
    cut = data.draw(st.integers(0, len(events)))
    parts = ReviewState(QUEUE, events[:cut])
    told(parts)
    assert told(parts.after(events[cut:])) == told(ReviewState(QUEUE, events))


@pytest.mark.slow
@given(histories(), st.data())
def test_an_undo_brings_back_just_what_was_before(events, data):
    before = ReviewState(QUEUE, events)
    more = data.draw(histories(max_size=1).filter(lambda some: some and some[0].action != "undo"))
    new = [ReviewEvent(**{**event.to_json(), "seq": before.seq + 1, "row_ids": event.row_ids}) for event in more]
    after = before.after([new[0], ReviewEvent(before.seq + 2, "now", "ana", "undo", of=before.seq + 1)])
    assert told(after) == told(before)
    assert [r.row_id for r in after.refused] == [r.row_id for r in before.refused]


@pytest.mark.slow
@given(histories(max_size=8), st.randoms())
def test_the_order_in_which_everything_is_undone_does_not_matter(events, chance):
    state = ReviewState(QUEUE, events)
    numbers = [event.seq for event in state.standing]
    chance.shuffle(numbers)
    back = [ReviewEvent(state.seq + i, "now", "ana", "undo", of=of) for i, of in enumerate(numbers, 1)]
    assert told(state.after(back)) == told(ReviewState(QUEUE))


@given(histories(max_size=6), st.sampled_from(["accept", "reject", "skip", "drop"]), st.sampled_from([COPIES, DOUBT]))
def test_a_decision_that_is_made_twice_is_made_once(events, action, finding):
    state = ReviewState(QUEUE, events)
    once = state.after([ReviewEvent(state.seq + 1, "now", "ana", action, finding)])
    twice = once.after([ReviewEvent(once.seq + 1, "now", "ana", action, finding)])
    assert told(once) == told(twice)


@given(histories())
def test_every_row_tells_of_its_edit(events):
    state = ReviewState(QUEUE, events)
    status = [REVIEW_STATUS[code] for code in state.row_status()]
    made = edits(state)
    for row, row_id in enumerate(IDS):
        expected = {None: None, "drop": "to be dropped", "relabel": "to be relabelled"}[made.get(row_id, (None,))[0]]
        assert expected in (None, status[row])
        assert expected is not None or not status[row].startswith("to be")
        if row_id in made:
            assert state.decision_of_row(row).seq == state.edits[row_id].evidence["seq"]


@given(histories())
@settings(max_examples=30)
def test_events_are_read_as_they_were_written(events):
    assert [ReviewEvent.from_json(event.to_json()) for event in events] == events


def test_accepting_makes_the_suggested_edits_and_rejecting_none():
    state = written(("accept", LEAK), ("accept", OTHER), ("reject", COPIES))
    assert edits(state) == {"r0": ("drop", None), "r3": ("relabel", "dog")}
    assert state.decisions[COPIES].action == "reject"


def suspects():
    """Give a queue of suspect labels that are to be looked at: with a label shown, without, and an evaluation row's."""
    flags = (FlaggedRow(0, 0.6, "review", "dog"), FlaggedRow(2, 0.6, "review"), FlaggedRow(11, 0.6, "review", "dog"))
    return FindingQueue.of(
        evidence(), tuple(Finding("LAB001", "suspect_label", "warning", "doubt", (flag,)) for flag in flags)
    )


def test_accepting_a_row_that_is_to_be_looked_at_relabels_it_to_the_label_that_was_shown():
    queue = suspects()
    state = written(*(("accept", finding) for finding in queue.ids), state=ReviewState(queue))
    assert edits(state) == {"r0": ("relabel", "dog")}
    assert [event.label for event in state.events] == ["dog", None, None]
    assert state.refused == ()
    assert state.status.tolist() == [ACCEPTED] * 3


def test_an_evaluation_row_beside_one_that_gets_the_label_that_was_shown_is_left_and_not_refused():
    flags = (FlaggedRow(0, 0.6, "review", "dog"), FlaggedRow(11, 0.6, "review", "dog"))
    queue = FindingQueue.of(evidence(), (Finding("LAB001", "suspect_label", "warning", "doubt", flags),))
    state = written(("accept", queue.ids[0]), state=ReviewState(queue))
    assert edits(state) == {"r0": ("relabel", "dog")}
    assert state.refused == ()


def test_bulk_acceptance_leaves_rows_that_are_only_to_be_looked_at():
    queue = suspects()
    assert ReviewState(queue).open_suggestions("LAB001") == []
    bulk = ReviewEvent(1, "now", "ana", "bulk", code="LAB001", findings=tuple(queue.ids))
    assert edits(ReviewState(queue, (bulk,))) == {}


def test_an_acceptance_that_an_older_burnish_wrote_relabels_nothing():
    queue = suspects()
    assert edits(ReviewState(queue, (ReviewEvent(1, "now", "ana", "accept", queue.ids[0], "LAB001"),))) == {}


def test_an_edit_says_by_whom_why_and_what_was_there():
    state = written(("accept", LEAK), ("relabel", OTHER, (), "bird"), ("note", OTHER, (), None, "looks like wings"))
    drop, relabel = state.edits["r0"], state.edits["r3"]
    assert (drop.code, drop.reason, drop.kept_row_id) == ("LEK001", "accepted by ana: leak", "r10")
    assert (relabel.code, relabel.reason, relabel.old_label) == ("LAB001", "labelled 'bird' by ana: doubt 3", "cat")
    assert relabel.evidence == {
        "score": 0.8, "seq": 2, "decided_by": "ana", "finding_id": OTHER, "note": "looks like wings",
    }  # fmt: skip


def test_rows_that_were_selected_are_edited_by_hand():
    state = written(("drop", None, ("r7", "r8"), None, "spam"), ("relabel", None, ("r8",), "cat"))
    assert edits(state) == {"r7": ("drop", None), "r8": ("relabel", "cat")}
    assert {edit.code for edit in state.edits.values()} == {"HAND"}
    assert state.edits["r7"].reason == "selected and dropped by ana: spam"
    assert state.decision_of_row(8).action == "relabel"
    assert state.decision_of_row(9) is None


def test_of_two_edits_of_a_row_the_newer_holds_and_the_older_is_told():
    state = written(("accept", COPIES), ("accept", DOUBT))
    assert edits(state) == {"r0": ("drop", None), "r1": ("relabel", "cat"), "r2": ("drop", None)}
    assert [(r.row_id, r.reason) for r in state.refused] == [("r1", "is edited otherwise by a newer decision, 2")]
    assert state.edited_by(1) == (2, 0)
    assert state.edited_by(2) == (0, 1)
    assert edits(written(("undo",), state=state))["r1"] == ("drop", None)


def test_two_findings_that_ask_for_the_same_edit_are_no_conflict():
    state = written(("accept", LEAK), ("accept", COPIES))
    assert state.refused == ()
    assert state.edits["r0"].code == "DUP001"


def test_an_older_label_that_a_newer_one_replaces_is_told():
    state = written(("accept", DOUBT), ("relabel", None, ("r1",), "bird"))
    assert edits(state) == {"r1": ("relabel", "bird")}
    assert [one.row_id for one in state.refused] == ["r1"]


def test_an_evaluation_row_is_told_once_and_a_row_that_is_gone_is_no_other_row():
    on_locked = [
        ReviewEvent(1, "now", "ana", "drop", MIXED, "QUA001", row_ids=("r11",)),
        ReviewEvent(2, "now", "ana", "drop", row_ids=("r11",)),
    ]
    assert [one.row_id for one in ReviewState(QUEUE, on_locked).refused] == ["r11"]
    gone = ReviewState(QUEUE, [ReviewEvent(1, "now", "ana", "drop", row_ids=("gone",))])
    assert (edits(gone), gone.refused) == ({}, ())


def test_a_row_of_which_nothing_is_asked_is_not_open():
    assert REVIEW_STATUS[ReviewState(QUEUE).row_status()[10]] == "none"


def test_rejecting_one_finding_leaves_what_another_one_does_to_its_row():
    state = written(("accept", COPIES), ("reject", DOUBT))
    assert edits(state)["r1"] == ("drop", None)


def test_a_decision_about_some_rows_leaves_the_others_as_they_were():
    state = written(("accept", COPIES), ("relabel", COPIES, ("r1",), "bird"), ("reject", COPIES, ("r2",)))
    assert edits(state) == {"r0": ("drop", None), "r1": ("relabel", "bird")}
    assert edits(written(("skip", COPIES), state=state)) == {}


def test_a_finding_with_an_evaluation_row_is_dropped_but_for_that_row():
    state = written(("drop", MIXED))
    assert edits(state) == {"r4": ("drop", None)}
    assert state.refused == ()


def test_an_evaluation_row_that_is_named_is_refused_and_told():
    state = written(("drop", MIXED, ("r11", "r4")))
    assert edits(state) == {"r4": ("drop", None)}
    assert [(r.row_id, r.reason) for r in state.refused] == [("r11", "is an evaluation row: correct it in the source")]
    assert [r.row_id for r in written(("accept", MIXED)).refused] == ["r11"]


def test_evaluation_rows_among_selected_ones_are_left_out():
    state = written(("drop", None, ("r10", "r9")))
    assert state.events[-1].row_ids == ("r9",)
    assert edits(state) == {"r9": ("drop", None)}


def test_a_relabel_to_the_label_that_a_row_has_is_no_edit():
    state = written(("accept", DOUBT), ("relabel", DOUBT, (), "dog"))
    assert edits(state) == {}
    assert state.status[QUEUE.place[DOUBT]] == ACCEPTED


def test_skipping_and_notes_make_no_edit():
    state = written(("accept", OTHER), ("note", OTHER, (), None, "sure"), ("skip", OTHER))
    assert edits(state) == {}
    assert state.decisions[OTHER].action == "skip"
    assert state.notes == {OTHER: "sure"}
    assert written(("note", OTHER, (), None, ""), state=state).notes == {}


def test_findings_about_the_set_can_be_accepted_rejected_skipped_and_noted_only():
    state = written(("accept", SET), ("note", SET, (), None, "known"))
    assert state.status[QUEUE.place[SET]] == ACCEPTED
    assert edits(state) == {}
    for action, label in (("drop", None), ("relabel", "cat")):
        with pytest.raises(UsageError, match="flags no row"):
            written((action, SET, (), label))


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        (("accept", "LAB001-0000000000"), InputError, "no finding 'LAB001-0000000000'"),
        (("drop", EVAL), LockedRowsError, "row 'r11' is an evaluation row"),
        (("relabel", EVAL, (), "dog"), LockedRowsError, "evaluation row"),
        (("relabel", OTHER), UsageError, "to what is not said"),
        (("relabel", OTHER, (), "(drop)"), UsageError, "no label"),
        (("relabel", OTHER, (), "x" * 1001), InputError, "1,001 characters"),
        (("relabel", OTHER, (), " \n "), InputError, "not known"),
        (("note", OTHER), UsageError, "without text"),
        (("accept", OTHER, ("r1",)), InputError, "'r1' is none of the 1"),
        (("accept", None, ("r1",)), UsageError, "needs a finding"),
        (("drop", None, ()), UsageError, "no rows are selected"),
        (("drop", None, ("r1", "r99")), InputError, "1 of the selected rows are not in this version, first 'r99'"),
        (("drop", None, ("r10",)), LockedRowsError, "'r10' is an evaluation row"),
        (("undo",), UsageError, "no decision to take back"),
    ],
)
def test_what_cannot_be_decided_is_refused_with_the_reason(asked, error, said):
    with pytest.raises(error, match=said):
        written(asked)


def test_a_selection_beyond_the_bound_is_refused(monkeypatch):
    monkeypatch.setattr(deciding, "MAX_SELECTED", 2)
    with pytest.raises(UsageError, match="3 rows are selected; one decision holds up to 2"):
        written(("drop", None, ("r1", "r2", "r3")))


def test_a_class_that_no_row_has_is_taken_where_the_field_can_hold_it():
    assert edits(written(("relabel", OTHER, (), " fox "))) == {"r3": ("relabel", "fox")}
    numbers = FindingQueue.of(evidence([0, 1, 2] * 4), FINDINGS)
    state = ReviewState(numbers)
    assert decided(state, Asked("relabel", OTHER, label="7"), Signed(1, "now", "ana")).label == "7"
    with pytest.raises(InputError, match="not known: 'fox'"):
        decided(state, Asked("relabel", OTHER, label="fox"), Signed(1, "now", "ana"))


def test_lists_of_classes_are_spelled_as_the_field_has_them():
    lists = evidence([["cat"], ["dog", "cat"], ["bird"]] * 4, pa.list_(pa.string()))
    state = ReviewState(FindingQueue.of(lists, FINDINGS))
    event = decided(state, Asked("relabel", OTHER, label='["dog", "cat", "dog"]'), Signed(1, "now", "ana"))
    assert event.label == '["cat", "dog"]'
    after = state.after([event])
    assert after.changes().apply(lists.dataset).field("label")[3].as_py() == ["cat", "dog"]
    same = state.after([ReviewEvent(1, "now", "ana", "relabel", None, row_ids=("r1",), label='["cat", "dog"]')])
    assert same.edits == {}


def test_labels_that_are_no_classes_cannot_be_replaced():
    numbers = FindingQueue.of(evidence([0.5, 1.25, 2.0] * 4), FINDINGS)
    with pytest.raises(InputError, match="no classes"):
        decided(ReviewState(numbers), Asked("relabel", OTHER, label="1"), Signed(1, "now", "ana"))


def test_an_undo_takes_back_the_newest_that_stands_or_the_one_that_is_named():
    state = written(("accept", LEAK), ("reject", LEAK), ("accept", OTHER), ("undo",), ("undo",))
    assert [event.of for event in state.events[3:]] == [3, 2]
    assert state.decisions.keys() == {LEAK}
    assert state.decisions[LEAK].action == "accept"
    first = written(("accept", LEAK), ("reject", LEAK), Asked("undo", of=1))
    assert first.decisions[LEAK].action == "reject"
    with pytest.raises(UsageError, match="event 1 was taken back already"):
        written(Asked("undo", of=1), state=first)
    with pytest.raises(UsageError, match="event 3 is undo"):
        written(Asked("undo", of=3), state=first)
    with pytest.raises(UsageError, match="event 9 is no event"):
        written(Asked("undo", of=9), state=first)


def test_progress_counts_the_findings_that_people_are_asked_about():
    state = written(("accept", LEAK), ("reject", DOUBT), ("skip", OTHER), ("accept", SET))
    progress = {one.code: one[2:] for one in state.progress}
    assert progress == {
        "LEK001": (1, 1, 1, 0, 0), "DUP001": (1, 0, 0, 0, 0), "LAB001": (2, 2, 0, 1, 1), "LAB002": (1, 0, 0, 0, 0),
        "QUA001": (1, 0, 0, 0, 0), "OUT001": (1, 0, 0, 0, 0), "IMB002": (0, 0, 0, 0, 0),
    }  # fmt: skip
    assert state.status.tolist() == [ACCEPTED, OPEN, REJECTED, SKIPPED, OPEN, OPEN, OPEN, ACCEPTED]


def test_rows_are_told_by_what_becomes_of_them():
    state = written(("accept", LEAK), ("reject", DOUBT), ("skip", OTHER), ("accept", FAR), ("drop", None, ("r9",)))
    status = [REVIEW_STATUS[code] for code in state.row_status()]
    assert status[0] == status[9] == "to be dropped"
    assert status[1] == status[3] == status[11] == "open"  # r1 is in a group of copies that is open
    assert status[5] == status[10] == "accepted"
    assert status[6] == "none"
    assert REVIEW_STATUS[written(("reject", OTHER)).row_status()[3]] == "rejected"


def test_decisions_about_findings_that_the_audit_does_not_make_have_no_effect():
    gone = ReviewEvent(1, "now", "ana", "drop", "DUP001-gone", "DUP001")
    bulk = ReviewEvent(2, "now", "ana", "bulk", code="DUP001", findings=("DUP001-gone", COPIES))
    state = ReviewState(QUEUE, (gone,))
    assert edits(state) == {}
    assert set(edits(state.after([bulk]))) == {"r0", "r1", "r2"}


def test_a_line_that_is_no_event_is_damage():
    for line in ({"seq": 1}, {"seq": 1, "at": "now", "who": "ana", "action": "explode"}):
        with pytest.raises(DamagedFileError, match="no event"):
            ReviewEvent.from_json(line)


def many(n):
    """A queue of n suspect labels."""
    fields = pa.table({"text": [f"t{i}" for i in range(n)], "label": ["cat"] * n})
    ids = pa.array([f"r{i}" for i in range(n)])
    dataset = Dataset(fields, ids, np.zeros((n, 2), np.uint64), Roles(text="text", label="label"))
    flags = (FlaggedRow(i, 0.5, "relabel", "dog") for i in range(n))
    found = tuple(Finding("LAB001", "suspect_label", "warning", "doubt", (flag,)) for flag in flags)
    return ReviewState(FindingQueue.of(Evidence(dataset), found))


def judged(state, *actions):
    """Draw the sample of LAB001 and judge its findings in turn."""
    state = state.after([drawn(state, "LAB001", Signed(state.seq + 1, "now", "ana"))])
    for finding, action in zip(state.sample("LAB001").findings, actions, strict=False):
        state = written(("relabel", finding, (), "bird") if action == "other" else (action, finding), state=state)
    return state


def test_the_sample_is_a_draw_by_the_number_of_its_event():
    state = many(50)
    first, again = (drawn(state, "LAB001", Signed(4, "now", "ana")) for _ in range(2))
    assert first.findings == again.findings
    assert len(set(first.findings)) == SAMPLE_SIZE
    assert set(first.findings) <= set(state.queue.ids)
    assert drawn(state, "LAB001", Signed(5, "now", "ana")).findings != first.findings


def test_every_finding_is_drawn_about_equally_often():
    state = many(40)
    counts = dict.fromkeys(state.queue.ids, 0)
    for seq in range(1, 401):
        for finding in drawn(state, "LAB001", Signed(seq, "now", "ana")).findings:
            counts[finding] += 1
    assert 150 < min(counts.values()) <= max(counts.values()) < 250  # 200 expected, 10 the standard deviation


def test_the_sample_is_drawn_from_what_is_open_and_suggests_an_edit():
    state = many(30)
    seen = state.queue.ids[:15]
    state = written(*(("reject", finding) for finding in seen), state=state)
    event = drawn(state, "LAB001", Signed(state.seq + 1, "now", "ana"))
    assert len(event.findings) == 15
    assert not set(event.findings) & set(seen)


def test_a_sample_is_drawn_once():
    state = judged(many(30))
    with pytest.raises(UsageError, match="drawn already"):
        drawn(state, "LAB001", Signed(state.seq + 1, "now", "ana"))


def test_before_a_sample_is_drawn_it_tells_how_many_it_would_have():
    assert many(7).sample("LAB001")[1:9] == ((), 7, 0, 0, 0.0, 1.0, 7, None)
    assert many(70).sample("LAB001").size == SAMPLE_SIZE


def test_the_sample_tells_how_many_came_to_what_was_suggested():
    sample = judged(many(30), "accept", "reject", "skip", "accept", "other").sample("LAB001")
    assert (sample.judged, sample.right, sample.size) == (4, 2, 20)
    assert (sample.low, sample.high) == share_interval(2, 4)
    assert not sample.ready
    assert sample.next == sample.findings[2]
    assert sample.remaining == 25


def test_a_relabel_to_the_suggested_label_is_right():
    state = judged(many(30))
    first = state.sample("LAB001").findings[0]
    assert written(("relabel", first, (), "dog"), state=state).sample("LAB001").right == 1
    assert written(("drop", first), state=state).sample("LAB001").right == 0


def test_bulk_acceptance_is_refused_until_the_whole_sample_is_judged():
    state = many(30)
    with pytest.raises(UsageError, match="0 of the 20 findings of the sample of LAB001 are judged"):
        accepted_rest(state, "LAB001", Signed(1, "now", "ana"))
    most = judged(state, *["accept"] * 19, "skip")
    with pytest.raises(UsageError, match="19 of the 20"):
        accepted_rest(most, "LAB001", Signed(most.seq + 1, "now", "ana"))
    last = most.sample("LAB001").next
    whole = written(("reject", last), state=most)
    assert whole.sample("LAB001").ready
    event = accepted_rest(whole, "LAB001", Signed(whole.seq + 1, "now", "ana"))
    assert len(event.findings) == 10
    after = whole.after([event])
    assert (after.n_relabels, after.progress[0].accepted, after.progress[0].rejected) == (29, 29, 1)
    assert written(("undo",), state=after).n_relabels == 19
    with pytest.raises(UsageError, match="no finding of LAB001 is open"):
        accepted_rest(after, "LAB001", Signed(after.seq + 1, "now", "ana"))


def test_an_undo_inside_the_sample_closes_bulk_acceptance_again():
    state = judged(many(30), *["accept"] * 20)
    assert state.sample("LAB001").ready
    assert not written(("undo",), state=state).sample("LAB001").ready


def test_what_was_skipped_is_not_accepted_in_bulk():
    state = judged(many(30), *["accept"] * 20)
    left = state.open_suggestions("LAB001")
    state = written(("skip", left[0]), state=state)
    assert accepted_rest(state, "LAB001", Signed(state.seq + 1, "now", "ana")).findings == tuple(left[1:])


def test_a_sample_can_be_drawn_anew_where_the_audit_no_longer_makes_its_findings():
    old = ReviewEvent(1, "now", "ana", "sample", code="LAB001", findings=("LAB001-gone",))
    state = many(30).after([old])
    assert state.sample("LAB001").findings == ()
    assert len(drawn(state, "LAB001", Signed(2, "now", "ana")).findings) == SAMPLE_SIZE


def test_a_sample_says_nothing_of_findings_that_were_decided_when_it_was_drawn():
    state = many(60)
    bad = state.queue.ids[:35]
    state = written(*(("reject" if i % 2 else "skip", finding) for i, finding in enumerate(bad)), state=state)
    state = judged(state, *["accept"] * 20)
    state = written(*(("undo", None, (), None, None, seq) for seq in range(1, 36)), state=state)
    assert set(bad) <= set(state.open_suggestions("LAB001"))
    assert state.sample("LAB001").remaining == 5
    event = accepted_rest(state, "LAB001", Signed(state.seq + 1, "now", "ana"))
    assert len(event.findings) == 5
    assert not set(event.findings) & set(bad)
    with pytest.raises(UsageError, match="no finding of LAB001 is open and suggests an edit, of those"):
        accepted_rest(state.after([event]), "LAB001", Signed(state.seq + 2, "now", "ana"))


def test_a_sample_says_nothing_of_an_audit_that_makes_more_findings():
    few, more = judged(many(30), *["accept"] * 20), many(300)
    assert few.sample("LAB001").ready
    state = ReviewState(more.queue, few.events)
    assert set(few.sample("LAB001").findings) <= set(more.queue.ids)
    assert state.sample("LAB001").findings == ()
    with pytest.raises(UsageError, match="0 of the 20 findings of the sample"):
        accepted_rest(state, "LAB001", Signed(state.seq + 1, "now", "ana"))
    assert ReviewState(many(30).queue, few.events).sample("LAB001").ready  # the same audit again


def test_there_is_no_sample_of_a_code_without_findings_or_without_edits():
    state = ReviewState(QUEUE)
    with pytest.raises(UsageError, match="no findings of 'XYZ001'"):
        drawn(state, "XYZ001", Signed(1, "now", "ana"))
    with pytest.raises(UsageError, match="no finding of OUT001 is open and suggests"):
        drawn(state, "OUT001", Signed(1, "now", "ana"))


def test_numbers_of_events_rise():
    state = written(("accept", LEAK), ("undo",), ("reject", LEAK))
    assert all(b.seq == a.seq + 1 for a, b in pairwise(state.events))
    assert (state.seq, ReviewState(QUEUE).seq) == (3, 0)


@pytest.mark.slow
def test_a_hundred_thousand_events_are_folded_in_linear_time():
    def seconds(n):
        queue = many(n).queue
        events = [ReviewEvent(i + 1, "now", "ana", "accept", queue.ids[i], "LAB001") for i in range(n)]
        events += [ReviewEvent(n + i + 1, "now", "ana", "undo", of=i + 1) for i in range(0, n, 2)]
        start = process_time()
        state = ReviewState(queue, events)
        assert state.n_relabels == n // 2
        assert state.progress[0].accepted == n // 2
        return process_time() - start

    seconds(10_000)
    assert seconds(100_000) < 30 * max(seconds(10_000), 0.01)
