import numpy as np
import pyarrow as pa
import pytest

from burnish.dataset import Column, Dataset, Evidence, Roles
from burnish.steps.neighbors import NearestNeighbors


def evidence_of(embeddings):
    n_rows = len(embeddings)
    ids = pa.array([f"r{i}" for i in range(n_rows)])
    content = np.arange(2 * n_rows, dtype=np.uint64).reshape(n_rows, 2)
    dataset = Dataset(pa.table({"id": ids}), ids, content, Roles(id="id"))
    return Evidence(dataset).adding([Column("embeddings", embeddings, "row")])


@pytest.fixture
def evidence():
    return evidence_of(np.random.default_rng(0).normal(size=(300, 8)).astype(np.float32))


def test_the_step_writes_what_it_names(evidence):
    parts = list(NearestNeighbors(k=4).run(evidence, seed=0))
    assert tuple(part.name for part in parts) == NearestNeighbors.writes
    after = evidence.adding(parts)
    assert after["neighbors"].shape == after["neighbor_distances"].shape == (300, 4)
    assert after.table("neighbor_recall").to_pylist() == [{"recall": 1.0, "n_sampled": 300, "exact": True}]


def test_beyond_the_exact_size_recall_is_an_estimate_and_says_so(evidence):
    after = evidence.adding(NearestNeighbors(exact_rows=10, recall=0.2).run(evidence, seed=0))
    (line,) = after.table("neighbor_recall").to_pylist()
    assert not line["exact"]
    assert line["n_sampled"] == 300
    assert 0.2 <= line["recall"] < 1


def test_a_set_without_a_usable_row_has_no_neighbors():
    empty = evidence_of(np.full((5, 3), np.nan, np.float32))
    after = empty.adding(NearestNeighbors().run(empty, seed=0))
    assert np.all(after["neighbors"] == -1)
    assert after.table("neighbor_recall")["recall"].to_pylist() == [1.0]
