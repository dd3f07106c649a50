import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.dataset import Dataset, Roles
from burnish.dataset.reviews import DROP, Vote
from burnish.errors import InputError
from burnish.pipeline.ballot import MAX_LABEL_CHARACTERS, Ballot, choices, given_labels, row_digests


def rows(labels, content=None, kind=None):
    n = len(labels)
    table = pa.table({"label": pa.array(labels, kind)})
    digests = np.arange(2 * n).reshape(n, 2) if content is None else np.array(content)
    return Dataset(table, pa.array([f"r{i}" for i in range(n)]), digests.astype(np.uint64), Roles(label="label"))


def test_choices_are_the_classes_and_last_drop():
    assert choices(rows(["b", "a", None])) == ("a", "b", DROP)
    assert choices(rows([["b"], ["a", "c"]])) == ("a", "b", "c", DROP)
    assert choices(rows([DROP, "z"])) == (DROP, "z")
    with pytest.raises(InputError):
        choices(rows([0.5, 1.5]))


labels = st.lists(st.one_of(st.none(), st.text(max_size=3)), min_size=2, max_size=6)


@settings(max_examples=60)
@given(labels, st.data())
def test_a_digest_changes_with_the_label_or_content_of_its_row_and_with_no_other(given_labels_, data):
    row = data.draw(st.integers(0, len(given_labels_) - 1))
    new = data.draw(st.one_of(st.none(), st.text(max_size=3)))
    before = row_digests(rows(given_labels_, kind=pa.string()))
    changed = [new if i == row else label for i, label in enumerate(given_labels_)]
    after = row_digests(rows(changed, kind=pa.string()))
    same = (new or None) == (given_labels_[row] or None)
    assert [a == b for a, b in zip(before, after, strict=True)] == [i != row or same for i in range(len(given_labels_))]
    dataset = rows(given_labels_, kind=pa.string())
    content = dataset.content.copy()
    content[row, 1] += np.uint64(1 << 40)
    other = row_digests(rows(given_labels_, content, pa.string()))
    assert [a == b for a, b in zip(before, other, strict=True)] == [i != row for i in range(len(given_labels_))]


def test_digests_follow_their_rows_and_are_never_numbers():
    dataset = rows(["a", "b", "c"])
    digests = row_digests(dataset)
    assert row_digests(dataset.take([2, 0])) == [digests[2], digests[0]]
    assert all(len(digest) == 17 and digest.startswith("r") for digest in digests)


def test_labels_are_spelled_as_people_write_them():
    assert list(given_labels(rows(["a", "", None]))) == ["a", None, None]
    assert list(given_labels(rows([10, 9]))) == ["10", "9"]
    assert list(given_labels(rows([["b", "a", "a"], [], None]))) == ['["a", "b"]', "[]", None]


def test_spaces_at_the_ends_are_slips_unless_a_class_has_them():
    dataset = rows([" a", "b"])
    ballot = Ballot(dataset, ["r0"])
    assert [ballot.spelled(Vote("r0", label)).label for label in (" a", " b ", f" {DROP}\n")] == [" a", "b", DROP]


def test_a_label_is_refused_by_its_length_before_anything_is_made_of_it():
    dataset = rows([["a"], ["b"]])
    ballot = Ballot(dataset, ["r0"], new_labels=True)
    vote = ballot.spelled(Vote("r0", "[" * (MAX_LABEL_CHARACTERS + 1), version=dataset.version))
    assert "1,001 characters" in ballot.refusal(vote)
    assert ballot.spelled(Vote("r0", "[" * MAX_LABEL_CHARACTERS)).label  # too deep for JSON: one class
    assert ballot.refusal(Vote("r0", '["c"]', version=dataset.version)) is None
    for label in (" ", "", "a\\u0000b", "\\ud800"):
        assert "not known" in ballot.refusal(Vote("r0", f'["{label}"]', version=dataset.version))
    assert "not known" in ballot.refusal(Vote("r0", '[" "]', version=dataset.version))
    assert "not known" in ballot.refusal(Vote("r0", f'["a", "{DROP}"]', version=dataset.version))
