from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from burnish.dataset import Column, Dataset, Evidence, Former, Roles, Summary
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


@pytest.mark.parametrize(("n_new", "keeps"), [(6, True), (60, False)])
def test_few_new_rows_change_the_lists_of_a_former_version_and_many_make_a_new_search(evidence, n_new, keeps):
    step, n_old = NearestNeighbors(k=4, exact_rows=10), 300 - n_new
    before = evidence_of(evidence["embeddings"][:n_old])
    told = [
        Column("neighbors", np.full((n_old, 4), -1, np.int32)),
        Column("neighbor_distances", np.full((n_old, 4), np.inf, np.float32)),
        Summary("neighbor_recall", pa.table({"recall": [0.5], "n_sampled": [10], "exact": [False]})),
    ]
    rows = np.where(np.arange(300) < n_old, np.arange(300), -1)
    after = evidence.adding(step.run(replace(evidence, former=Former(before.adding(told), rows)), seed=0))
    assert (np.mean(after["neighbors"][:n_old] < 0) > 0.5) == keeps
    assert np.all(after["neighbors"][n_old:] >= 0)
    assert (after.table("neighbor_recall")["recall"][0].as_py() == 0.5) == keeps
