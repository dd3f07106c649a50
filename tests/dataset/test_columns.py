from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from burnish.dataset import Column, Dataset, Evidence, Former, Roles, Summary

ROWS = Dataset(
    pa.table({"text": ["a", "b"], "n": [1, 2]}),
    pa.array(["r0", "r1"]),
    np.zeros((2, 2), np.uint64),
    Roles(text="text", meta=("n",)),
)


def test_evidence_tells_what_is_there():
    summary = Summary("clusters", pa.table({"size": [2]}))
    evidence = Evidence(ROWS).adding([Column("score", np.array([1.0, 2.0])), summary])
    for name in ("score", "clusters", "@text", "@meta"):
        assert name in evidence
    for name in ("@label", "other"):
        assert name not in evidence
    assert evidence["score"].tolist() == [1.0, 2.0]
    assert evidence.table("clusters").to_pydict() == {"size": [2]}
    assert evidence.get("other") is None


def test_adding_leaves_the_evidence_before_as_it_was():
    before = Evidence(ROWS)
    before.adding([Column("score", np.zeros(2))])
    assert "score" not in before


def test_a_column_of_another_length_is_refused():
    with pytest.raises(ValueError, match="3 rows, the data set 2"):
        Evidence(ROWS).adding([Column("score", np.zeros(3))])


FOUR = Dataset(
    pa.table({"text": list("cabd")}), pa.array(["r2", "r0", "r1", "r3"]), np.ones((4, 2), np.uint64), Roles(text="text")
)


@pytest.fixture
def former():
    before = Evidence(FOUR).adding([Column("score", np.array([2.0, 0.0, 1.0, 3.0]), recipe="a")])
    return Former(before, np.array([1, -1, 0]))


def test_a_former_version_tells_what_stayed_and_where(former):
    assert former.new.tolist() == [False, True, False]
    assert former.kept.tolist() == [0, 2]
    assert former.places.tolist() == [2, 0, -1, -1, -1]
    assert former.places[-1] == -1
    np.testing.assert_array_equal(former.carried("score", np.nan), [0.0, np.nan, 2.0])


def test_a_former_version_lets_go_of_what_it_was_built_on(former):
    chained = Former(replace(former.evidence, former=former), former.rows)
    assert chained.evidence.former is None


def test_the_key_of_a_former_version_tells_rows_recipes_and_nearness_apart(former):
    other = former.evidence.adding([Column("score", np.zeros(4), recipe="b")])
    keys = {
        former.key,
        Former(former.evidence, np.array([1, 2, 0])).key,
        Former(other, former.rows).key,
        replace(former, near=False).key,
    }
    assert len(keys) == 4
    assert Former(former.evidence, former.rows.copy()).key == former.key


def test_evidence_tells_a_near_former_version_from_a_far_one(former):
    near, far = Evidence(ROWS, former=former), Evidence(ROWS, former=replace(former, near=False))
    assert ("former" in near, "any_former" in near) == (True, True)
    assert ("former" in far, "any_former" in far) == (False, True)
    assert "any_former" not in Evidence(ROWS)
    assert near.adding([]).former is former
