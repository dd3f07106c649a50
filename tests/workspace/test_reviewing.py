"""Reviewing: a review over its journal and its audit, by several people at once, and after a restart."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from burnish.adapters.stores.history import HistoryStore
from burnish.dataset import Changeset, Column, Dataset, Edit, Evidence, Finding, FlaggedRow, Roles
from burnish.errors import DamagedFileError, UsageError
from burnish.pipeline.deciding import Asked
from burnish.workspace import reviewing
from burnish.workspace.audited import Audited
from burnish.workspace.history import History, Note
from burnish.workspace.reviewing import Reviewing, rows_here

N = 40


def audited_of(dataset, score=0.5):
    """Give an audit that suspects every label but those of the evaluation rows, the last four."""
    evaluation = np.arange(N) >= N - 4
    evidence = Evidence(dataset).adding([Column("evaluation", evaluation)])
    flags = [FlaggedRow(i, score, "relabel", "dog") for i in range(N - 4)]
    found = tuple(Finding("LAB001", "suspect_label", "warning", "doubt", (flag,)) for flag in flags)
    return Audited(evidence, found, "text", (), (), {})


@pytest.fixture
def kept(tmp_path):
    """A history with pets@1, the version, and an audit of it."""
    fields = pa.table({"text": [f"t{i}" for i in range(N)], "label": ["cat"] * N})
    content = np.stack([np.arange(N), np.arange(N)], axis=1).astype(np.uint64)
    dataset = Dataset(
        fields, pa.array([f"r{i}" for i in range(N)]), content, Roles(text="text", label="label"), name="pets"
    )
    history = History(HistoryStore(tmp_path / "datasets"), lambda _: dataset)
    version = history.keep_source(dataset, Note(who="me"))
    return history, version, audited_of(dataset)


def again(audited):
    """Give the same audit, read anew: what was known of its review is not."""
    return replace(audited, evidence=Evidence(audited.dataset, audited.evidence.columns))


def accept(place):
    return lambda state: Asked("accept", state.queue.ids[place])


def record(people, kept, ask):
    _, version, audited = kept
    return people.record(audited, version, ask(people.state(audited, version)))


def test_a_decision_is_signed_numbered_and_seen_by_everybody_at_once(kept):
    history, version, audited = kept
    ana, bo = Reviewing(history, who="ana"), Reviewing(history, who="bo")
    first, second = record(ana, kept, accept(0)), record(bo, kept, accept(1))
    assert [(e.seq, e.who, e.code) for e in (first, second)] == [(1, "ana", "LAB001"), (2, "bo", "LAB001")]
    for one in (ana, bo):
        assert one.state(audited, version).n_relabels == 2
        assert one.seq(version) == one.state(audited, version).seq == 2


def test_a_review_resumes_after_a_restart(kept):
    history, version, audited = kept
    record(Reviewing(history), kept, accept(3))
    record(Reviewing(history), kept, lambda _: Asked("drop", row_ids=("r9",)))
    state = Reviewing(history).state(again(audited), version)
    assert {row: edit.action for row, edit in state.edits.items()} == {"r3": "relabel", "r9": "drop"}
    assert state.changes().apply(audited.dataset).field("label")[3].as_py() == "dog"


def test_what_another_process_writes_is_seen(kept):
    history, version, audited = kept
    here, there = Reviewing(history, who="here"), Reviewing(history, who="there")
    other = again(audited)
    record(here, kept, accept(0))
    assert there.state(other, version).seq == 1
    there.record(other, version, Asked("undo"))
    assert here.state(audited, version).edits == {}
    assert here.state(audited, version).seq == 2


def test_only_what_is_new_is_read(kept, monkeypatch):
    history, version, audited = kept
    people = Reviewing(history)
    record(people, kept, accept(0))
    people.state(audited, version)
    reads = []
    true = reviewing.read_journal
    monkeypatch.setattr(reviewing, "read_journal", lambda path, start: reads.append(start) or true(path, start))
    end = people._store.journal(version).stat().st_size
    people.state(audited, version)
    assert reads == []
    record(people, kept, accept(1))
    people.state(audited, version)
    assert reads == [end]


def test_the_queue_is_made_once_while_the_audit_is_open_and_not_kept_longer(kept):
    history, version, audited = kept
    first = Reviewing(history).state(audited, version)
    record(Reviewing(history), kept, accept(0))
    assert Reviewing(history).state(audited, version).queue is first.queue
    known = len(reviewing._FOLLOWED)
    other = again(audited)
    assert Reviewing(history).state(other, version).queue is not first.queue
    assert len(reviewing._FOLLOWED) == known + 1
    del other
    assert len(reviewing._FOLLOWED) == known


def test_other_findings_of_the_same_evidence_have_a_queue_of_their_own(kept):
    history, version, audited = kept
    assert len(Reviewing(history).state(audited, version).queue) == N - 4
    assert len(Reviewing(history).state(replace(audited, findings=audited.findings[:3]), version).queue) == 3


def test_a_journal_that_was_brought_back_from_a_copy_is_read_from_its_start(kept):
    history, version, audited = kept
    people = Reviewing(history)
    record(people, kept, accept(0))
    path = people._store.journal(version)
    old = path.read_bytes()
    record(people, kept, accept(1))
    assert people.state(audited, version).seq == 2
    path.write_bytes(old)
    assert people.state(audited, version).seq == 1
    path.unlink()
    assert people.state(audited, version).seq == 0
    assert record(people, kept, accept(5)).seq == 1


def test_an_event_that_was_cut_short_is_told_until_the_next_one(kept):
    history, version, audited = kept
    people = Reviewing(history)
    record(people, kept, accept(0))
    with people._store.journal(version).open("ab") as file:
        file.write(b'{"seq":2,')
    assert people.is_torn(audited, version)
    assert people.state(audited, version).seq == 1
    assert record(people, kept, accept(1)).seq == 2
    assert not people.is_torn(audited, version)


def test_a_damaged_journal_is_told(kept):
    history, version, audited = kept
    people = Reviewing(history)
    record(people, kept, accept(0))
    record(people, kept, accept(1))
    path = people._store.journal(version)
    path.write_bytes(path.read_bytes().replace(b'"seq":1', b'"seq":7'))
    with pytest.raises(DamagedFileError):
        people.state(again(audited), version)


def test_people_who_decide_at_once_lose_nothing_and_take_back_different_events(kept):
    history, version, audited = kept
    ids = Reviewing(history).state(audited, version).queue.ids

    def work(who):
        people, own = Reviewing(history, who=f"p{who}"), again(audited)
        for place in range(who, 20, 4):
            people.record(own, version, Asked("accept", ids[place]))
        return people.record(own, version, Asked("undo")).of

    with ThreadPoolExecutor(4) as threads:
        undone = list(threads.map(work, range(4)))
    state = Reviewing(history).state(audited, version)
    assert [event.seq for event in state.events] == list(range(1, 25))
    assert len(set(undone)) == 4
    assert state.n_relabels == 16


def test_the_sample_is_drawn_once_however_many_ask(kept):
    history, version, audited = kept
    people = Reviewing(history)
    event = people.draw(audited, version, "LAB001")
    assert people.state(audited, version).sample("LAB001").findings == event.findings
    with pytest.raises(UsageError, match="drawn already"):
        Reviewing(history).draw(again(audited), version, "LAB001")
    assert people.seq(version) == 1


def test_the_rest_is_accepted_after_the_sample(kept):
    history, version, audited = kept
    people = Reviewing(history)
    with pytest.raises(UsageError, match="0 of the 20"):
        people.accept_rest(audited, version, "LAB001")
    for finding in people.draw(audited, version, "LAB001").findings:
        people.record(audited, version, Asked("accept", finding))
    assert len(people.accept_rest(audited, version, "LAB001").findings) == N - 4 - 20
    assert people.state(audited, version).n_relabels == N - 4


def test_reviews_of_two_versions_are_apart(kept):
    history, version, audited = kept
    record(Reviewing(history), kept, accept(0))
    changes = Reviewing(history).state(audited, version).changes()
    after = history.keep_changes(audited.dataset, changes, Note(who="me"))
    assert Reviewing(history).seq(after) == 0
    assert history.store.ledger(after).to_pylist()[0]["reason"].startswith("accepted by")


def successor(kept, rows, number):
    """Make the version that relabels some rows to dog, or the undo of one; give it and its audit."""
    history, version, audited = kept
    if rows is None:
        history.undo("pets@2", Note(who="me"))
    else:
        edits = tuple(Edit(f"r{i}", "relabel", "LAB001", "doubt", {}, None, "cat", "dog") for i in rows)
        history.keep_changes(audited.dataset, Changeset(version.version, edits), Note(who="me"))
    return history.store.find(f"pets@{number}"), audited_of(history.open(f"pets@{number}"))


def test_a_rejection_holds_in_the_next_version_and_after_its_undo_where_edits_are_asked_for_anew(kept):
    history, version, audited = kept
    history.keep_audit(audited, version)
    people = Reviewing(history, who="ana")
    for place, action in enumerate(("reject", "skip", "accept")):
        record(people, kept, lambda state, place=place, action=action: Asked(action, state.queue.ids[place]))
    second, found = successor(kept, [2], 2)
    state = people.state(found, second)
    ids = state.queue.ids
    assert {i: (one.action, one.version, one.who) for i, one in state.decisions.items()} == {
        ids[0]: ("reject", "pets@1", "ana"), ids[1]: ("skip", "pets@1", "ana"),
    }  # fmt: skip
    assert state.former_edits == {}  # the row has the label now
    assert state.seq == 0
    third, found = successor(kept, None, 3)
    back = people.state(found, third)
    assert set(back.decisions) == set(ids[:2])
    assert {i: (one.action, one.version) for i, one in back.former_edits.items()} == {ids[2]: ("accept", "pets@1")}
    assert back.edits == {}


def test_what_is_decided_at_an_earlier_version_meanwhile_is_seen(kept):
    history, version, audited = kept
    history.keep_audit(audited, version)
    people = Reviewing(history)
    second, found = successor(kept, [2], 2)
    assert people.state(found, second).decisions == {}
    record(people, kept, lambda state: Asked("reject", state.queue.ids[5]))
    assert list(people.state(found, second).decisions) == [people.state(found, second).queue.ids[5]]
    people.record(found, second, Asked("undo", people.state(found, second).queue.ids[5]))
    assert people.state(found, second).decisions == {}
    assert people.seq(version) == people.seq(second) == 1


def test_a_rejection_of_another_label_does_not_hold(kept):
    history, version, audited = kept
    history.keep_audit(audited, version)
    people = Reviewing(history)
    record(people, kept, lambda state: Asked("reject", state.queue.ids[0]))
    second, found = successor(kept, [0], 2)
    assert people.state(found, second).decisions == {}


def test_a_tag_grows_and_a_slice_is_made_once(kept):
    history, _, _ = kept
    people = Reviewing(history, who="ana")
    one, before = people.keep_set("pets", "hard", "tag", pa.array(["r1", "r2"]))
    assert (one.who, len(one.row_ids), before) == ("ana", 2, 0)
    one, before = people.keep_set("pets", "hard", "tag", pa.array(["r2", "r3"]))
    assert (one.row_ids.to_pylist(), before) == (["r1", "r2", "r3"], 2)
    people.keep_set("pets", "part", "slice", pa.array(["r1"]))
    for name, kind in (("part", "slice"), ("part", "tag"), ("hard", "slice")):
        with pytest.raises(UsageError, match=f"there is a .* '{name}' with"):
            people.keep_set("pets", name, kind, pa.array(["r5"]))
    assert [(one.name, one.kind, len(one.row_ids)) for one in people.sets("pets")] == [
        ("hard", "tag", 3), ("part", "slice", 1),
    ]  # fmt: skip
    people.forget_set("pets", "hard")
    with pytest.raises(UsageError, match="no tag or slice 'hard'"):
        people.forget_set("pets", "hard")


def test_sets_tell_which_of_their_rows_a_version_has(kept):
    history, _, audited = kept
    people = Reviewing(history)
    people.keep_set("pets", "a", "tag", pa.array(["r3", "gone", "r1"]))
    people.keep_set("pets", "b", "tag", pa.array(["gone"]))
    people.keep_set("pets", "c", "slice", pa.array(["r0"]))
    here = rows_here(people.sets("pets"), audited.dataset)
    assert [rows.tolist() for rows in here] == [[3, 1], [], [0]]
    assert rows_here([], audited.dataset) == []
