from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.adapters.sources.row_ids import ids_of_content
from burnish.dataset import Dataset, Roles
from burnish.dataset.locks import Drift, compare, lock_rows
from burnish.errors import LockedRowsError

LABELS = ("a", "b", "c")


def rows_of(contents, labels, *, ids=None, kind=None):
    """Give a data set of rows with these contents (numbers) and labels; ids come from the content unless given."""
    content = np.stack([np.asarray(contents, np.uint64) * 7, np.asarray(contents, np.uint64)], axis=1)
    fields = {"label": pa.array(labels, kind)} | ({} if ids is None else {"id": ids})
    row_ids = ids_of_content(content) if ids is None else pa.array(ids)
    roles = Roles(label="label", id=None if ids is None else "id")
    dataset = Dataset(pa.table(fields), row_ids, content, roles, name="x")
    vars(dataset)["version"] = "0123456789abcdef"  # cached: what a version is made of is another test's matter
    return dataset


def lock_of(dataset, evaluation, origin="drawn"):
    return lock_rows(dataset, np.asarray(evaluation, bool), origin=origin, locked_at="2026-11-26T10:00:00+00:00")


def named(n=8):
    dataset = rows_of(range(n), [LABELS[i % 3] for i in range(n)], ids=[f"r{i}" for i in range(n)])
    return dataset, lock_of(dataset, np.arange(n) < n // 2)


def edited(dataset, row, *, label=None, content=None):
    labels, contents = dataset.field("label").to_pylist(), dataset.content.copy()
    labels[row] = labels[row] if label is None else label
    contents[row] = contents[row] if content is None else content
    return replace(dataset, fields=dataset.fields.set_column(0, "label", pa.array(labels)), content=contents)


def test_a_lock_knows_its_rows_their_version_and_when():
    dataset, lock = named()
    assert lock.row_ids.to_pylist() == ["r0", "r1", "r2", "r3"]
    assert (lock.name, lock.version, lock.origin) == ("x", dataset.version, "drawn")
    assert len(lock) == 4
    assert lock.digests.shape == (4, 3)


def test_nothing_has_become_of_the_rows_of_the_same_data_set():
    dataset, lock = named()
    drift = compare(lock, dataset)
    assert drift == Drift(present=("r0", "r1", "r2", "r3"))
    assert drift.belongs
    drift.refuse(lock)


def test_relabelled_changed_and_gone_rows_are_told_apart():
    dataset, lock = named()
    other = edited(edited(dataset, 0, label="c"), 1, content=99, label="a").take([0, 1, 3, 5])
    assert compare(lock, other) == Drift(present=("r3",), relabelled=("r0",), changed=("r1",), gone=("r2",))


def test_what_happens_to_training_rows_is_no_drift():
    dataset, lock = named()
    assert compare(lock, edited(edited(dataset, 5, label="c"), 6, content=99).take([0, 1, 2, 3, 5, 6])) == Drift(
        present=("r0", "r1", "r2", "r3")
    )


def test_rows_that_changed_sides_are_moved_or_added():
    dataset, lock = named()
    evaluation = np.array([0, 1, 1, 1, 1, 0, 0, 0], bool)
    drift = compare(lock, dataset, evaluation)
    assert (drift.moved, drift.added) == (("r0",), ("r4",))
    assert drift.present == ("r0", "r1", "r2", "r3")
    with pytest.raises(LockedRowsError, match="1 now training rows, first 'r0'"):
        drift.refuse(lock)
    replace(drift, moved=()).refuse(lock)


def test_a_row_that_is_gone_or_relabelled_is_not_told_as_moved_too():
    dataset, lock = named()
    other = edited(dataset, 0, label="c").take([0, 2, 3, 4, 5])
    drift = compare(lock, other, np.array([0, 1, 1, 0, 0], bool))
    assert (drift.relabelled, drift.gone, drift.moved) == (("r0",), ("r1",), ())


def test_a_refusal_names_the_first_rows_and_says_what_to_do():
    dataset, lock = named(20)
    other = edited(dataset, 0, label="c").take([0, *range(6, 20)])
    with pytest.raises(LockedRowsError) as raised:
        compare(lock, other).refuse(lock)
    said = str(raised.value)
    assert "of the 10 evaluation rows that were locked on 2026-11-26" in said
    assert "1 relabelled, first 'r0'; 5 gone, first 'r1', 'r2', 'r3', …" in said
    assert "Restore" in said
    assert "--relock" in said


@pytest.mark.parametrize(("n_gone", "belongs"), [(0, True), (4, True), (5, False), (8, False)])
def test_a_lock_belongs_where_half_of_its_rows_are(n_gone, belongs):
    dataset, lock = named(16)
    assert compare(lock, dataset.take(np.arange(n_gone, 16))).belongs == belongs


def test_relabelled_rows_count_as_there_and_changed_ones_do_not():
    dataset, lock = named(8)
    relabelled, changed = dataset, dataset
    for row in range(4):
        relabelled = edited(relabelled, row, label="z")
    for row in range(3):
        changed = edited(changed, row, content=90 + row)
    assert compare(lock, relabelled).belongs
    assert not compare(lock, changed).belongs


def test_a_lock_of_no_rows_belongs_nowhere():
    dataset, _ = named()
    assert not compare(lock_of(dataset, np.zeros(8)), dataset).belongs


def test_rows_without_an_id_field_are_known_by_content_when_a_dropped_copy_shifts_their_ids():
    given = rows_of([5, 5, 6, 7], ["a", "a", "b", "c"])
    lock = lock_of(given, [0, 1, 1, 0], "given")
    read_again = rows_of([5, 6, 7], ["a", "b", "c"])
    assert given.row_ids[1].as_py() != read_again.row_ids[0].as_py()
    drift = compare(lock, read_again, np.array([1, 1, 0], bool))
    assert drift.present == tuple(read_again.row_ids.to_pylist()[:2])
    drift.refuse(lock)


def test_one_row_does_not_stand_for_two_copies():
    given = rows_of([5, 5, 6], ["a", "a", "b"])
    drift = compare(lock_of(given, [1, 1, 1]), rows_of([5, 6], ["a", "b"]))
    assert len(drift.present) == 2
    assert len(drift.gone) == 1


def test_copies_with_other_labels_that_change_places_are_not_relabelled():
    given = rows_of([5, 5, 6], ["a", "b", "b"])
    lock = lock_of(given, [1, 1, 0])
    turned = rows_of([6, 5, 5], ["b", "b", "a"])
    assert compare(lock, turned).present == tuple(turned.row_ids.to_pylist()[1:])[::-1]


def test_a_relabelled_row_is_not_taken_for_its_copy_on_the_other_side():
    given = rows_of([5, 5, 6], ["a", "a", "b"])
    lock = lock_of(given, [1, 0, 1], "given")
    other = rows_of([5, 5, 6], ["b", "a", "b"])
    drift = compare(lock, other, np.array([1, 0, 1], bool))
    assert drift.relabelled == (other.row_ids[0].as_py(),)
    assert not drift.moved


def test_a_row_of_another_content_is_gone_where_rows_have_no_id_of_their_own():
    given = rows_of([5, 6, 7], ["a", "b", "c"])
    drift = compare(lock_of(given, [1, 1, 0]), rows_of([5, 8, 7], ["a", "b", "c"]))
    assert drift.gone == (given.row_ids[1].as_py(),)


@given(st.data())
@settings(max_examples=60)
def test_locked_rows_are_found_in_any_order_among_any_others(data):
    contents = data.draw(st.lists(st.integers(0, 6), min_size=1, max_size=12))
    labels = [LABELS[data.draw(st.integers(0, 2))] for _ in contents]
    locked = np.array(data.draw(st.lists(st.booleans(), min_size=len(contents), max_size=len(contents))))
    lock = lock_of(rows_of(contents, labels), locked)
    kept = [i for i in range(len(contents)) if locked[i] or data.draw(st.booleans())]
    added = data.draw(st.lists(st.integers(0, 9), max_size=4))
    order = data.draw(st.permutations([*((contents[i], labels[i]) for i in kept), *((c, "c") for c in added)]))
    if not order:
        return
    other = rows_of(*zip(*order, strict=True))
    drift = compare(lock, other)
    assert len(drift.present) == int(locked.sum())
    assert len(set(drift.present)) == len(drift.present)
    found = sorted(order[other.row_positions[row_id]] for row_id in drift.present)
    assert found == sorted((contents[i], labels[i]) for i in np.flatnonzero(locked))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (pa.array([1, 2]), pa.array([1.0, 2.0]), True),
        (pa.array([1, 2]), pa.array(["1", "2"]), True),
        (pa.array([0.1, 2.5]), pa.array([0.1, 2.5000001]), False),
        (pa.array(["a", "b"]), pa.array(["a", "b"]).dictionary_encode(), True),
        (pa.array(["a", ""]), pa.array(["a", None]), True),
        (pa.array([["a", "b"], []]), pa.array([["b", "a"], []]), True),
        (pa.array([["a", "b"], []]), pa.array([["a", "b"], None]), False),
        (pa.array([["a", "b"], []]), pa.array([["a, b"], []]), False),
        (pa.array([True, False]), pa.array([True, True]), False),
    ],
)
def test_labels_count_by_value_whatever_holds_them(one, other, same):
    lock = lock_of(rows_of([1, 2], one, ids=["r1", "r2"]), [1, 1])
    assert (not compare(lock, rows_of([1, 2], other, ids=["r1", "r2"])).relabelled) == same


def test_rows_without_labels_are_locked_too():
    dataset, _ = named()
    unlabelled = replace(dataset, roles=Roles(id="id"))
    assert len(compare(lock_of(unlabelled, np.ones(8)), unlabelled).present) == 8


def test_the_fingerprint_follows_from_the_rows_alone_in_any_order():
    dataset, lock = named()
    shuffled = dataset.take([3, 2, 6, 1, 0])
    assert lock_of(shuffled, [1, 1, 0, 1, 1], "given").fingerprint == lock.fingerprint
    assert len(lock.fingerprint) == 16
    others = [
        lock_of(dataset, np.arange(8) < 5), lock_of(edited(dataset, 1, label="c"), np.arange(8) < 4),
        lock_of(edited(dataset, 1, content=4), np.arange(8) < 4),
        lock_of(replace(dataset, row_ids=pa.array(["r1", "r0", *(f"r{i}" for i in range(2, 8))])), np.arange(8) < 4),
    ]  # fmt: skip
    assert len({lock.fingerprint, *(other.fingerprint for other in others)}) == 5
