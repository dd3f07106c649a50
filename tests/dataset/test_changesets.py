import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.dataset import Changeset, Dataset, Edit, Roles
from burnish.errors import InputError, LockedRowsError, StaleChangesetError


def rows(labels):
    n = len(labels)
    ids = pa.array([f"r{i}" for i in range(n)], pa.string())
    table = pa.table({"n": pa.array(range(n), pa.int64()), "label": pa.array(labels)})
    content = np.arange(2 * n, dtype=np.uint64).reshape(n, 2)
    return Dataset(table, ids, content, Roles(label="label", meta=("n",)))


def drop(row_id, code="DUP001"):
    return Edit(row_id, "drop", code, "a copy", evidence={"distance": 0.0}, kept_row_id="r0")


def relabel(row_id, label):
    return Edit(row_id, "relabel", "LAB001", "looks wrong", old_label="a", label=label)


@st.composite
def changed_rows(draw):
    dataset = rows(draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=10)))
    edits = []
    for row_id in dataset.row_ids.to_pylist():
        kind = draw(st.sampled_from(["keep", "drop", "relabel", "weight"]))
        if kind == "drop":
            edits.append(drop(row_id))
        elif kind == "relabel":
            edits.append(relabel(row_id, draw(st.sampled_from("abc"))))
        elif kind == "weight":
            edits.append(Edit(row_id, "weight", "IMB001", "rare", weight=2.0))
    return dataset, Changeset(dataset.version, tuple(edits))


@settings(max_examples=60)
@given(changed_rows())
def test_apply_agrees_with_editing_row_by_row(case):
    dataset, changes = case
    by_id = {edit.row_id: edit for edit in changes.edits}
    expected = []
    for row_id, label in zip(dataset.row_ids.to_pylist(), dataset.field("label").to_pylist(), strict=True):
        edit = by_id.get(row_id)
        if edit is None or edit.action == "weight":
            expected.append((row_id, label))
        elif edit.action == "relabel":
            expected.append((row_id, edit.label))
    before = dataset.version
    after = changes.apply(dataset)
    assert list(zip(after.row_ids.to_pylist(), after.field("label").to_pylist(), strict=True)) == expected
    assert dataset.version == before
    assert after.content.tolist() == [dataset.content[dataset.row_positions[i]].tolist() for i, _ in expected]


@settings(max_examples=40)
@given(changed_rows())
def test_a_changeset_survives_json(case):
    _, changes = case
    assert Changeset.from_json(json.loads(json.dumps(changes.to_json()))) == changes


@settings(max_examples=40)
@given(changed_rows())
def test_undoing_every_edit_gives_the_parent_version(case):
    dataset, changes = case
    undone = changes.without(row_ids=[edit.row_id for edit in changes.edits])
    assert len(undone) == 0
    assert undone.apply(dataset).version == dataset.version


def test_undo_leaves_the_other_edits():
    dataset = rows(["a", "b", "c"])
    changes = Changeset(dataset.version, (drop("r0"), drop("r1", "DUP002"), relabel("r2", "a")))
    assert changes.codes == ("DUP001", "DUP002", "LAB001")
    assert changes.without(row_ids=["r0"]).apply(dataset).row_ids.to_pylist() == ["r0", "r2"]
    assert changes.without(codes=["DUP001", "DUP002"]) == changes.only("LAB001")


def test_a_row_has_one_edit():
    with pytest.raises(InputError, match="'r1' has more than one edit"):
        Changeset("v", (drop("r0"), drop("r1"), relabel("r1", "a")))


def test_another_version_is_refused():
    dataset = rows(["a", "b"])
    with pytest.raises(StaleChangesetError, match=dataset.version):
        Changeset("0" * 16, (drop("r0"),)).apply(dataset)


def test_an_unknown_row_is_refused():
    dataset = rows(["a", "b"])
    with pytest.raises(InputError, match=r"unknown row.*'r9'"):
        Changeset(dataset.version, (drop("r9"),)).apply(dataset)


def test_locked_rows_are_refused():
    changes = Changeset("v", (drop("r0"), drop("r1")))
    changes.refuse_locked({"r5"})
    with pytest.raises(LockedRowsError, match="'r1'"):
        changes.refuse_locked({"r1"})


def test_number_labels_stay_numbers_and_a_label_that_is_none_is_refused():
    dataset = rows([1, 2, 3])
    after = Changeset(dataset.version, (relabel("r0", "3"),)).apply(dataset)
    assert after.field("label").to_pylist() == [3, 2, 3]
    with pytest.raises(InputError, match="does not fit"):
        Changeset(dataset.version, (relabel("r0", "cat"),)).apply(dataset)


def test_relabelling_without_a_label_field_is_refused():
    dataset = rows(["a", "b"])
    bare = Dataset(dataset.fields, dataset.row_ids, dataset.content, Roles(meta=("n",)))
    with pytest.raises(InputError, match="no label field"):
        Changeset(bare.version, (relabel("r0", "b"),)).apply(bare)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"version": "v"},
        {"version": "v", "edits": [{"row_id": "r0"}]},
        {"version": "v", "edits": [{"row_id": "r0", "action": "burn", "code": "X", "reason": ""}]},
        {"version": "v", "edits": [{"row_id": "r0", "action": "relabel", "code": "X", "reason": ""}]},
        {"version": "v", "edits": 3},
    ],
)
def test_what_is_no_changeset_is_refused_with_a_remedy(document):
    with pytest.raises(InputError) as caught:
        Changeset.from_json(document)
    assert caught.value.remedy
