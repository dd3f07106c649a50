import numpy as np
import pyarrow as pa
import pytest

from burnish.dataset import Column, Dataset, Evidence, Roles, Summary

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
