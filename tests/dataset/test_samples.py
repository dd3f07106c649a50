import numpy as np
import pyarrow as pa
import pytest

from burnish.dataset import Dataset, Roles, Sample, Targets
from burnish.kernels.vectors import Vectors

N_ROWS = 6
ROLES = Roles(
    text="text", embedding="vector", label="label", split="split", id="id", group="user", time="when",
    prediction="said", proba="sure", meta=("age",),
)  # fmt: skip
HIDDEN = {"label", "split", "id", "said", "sure", "vector"}


@pytest.fixture
def sample():
    given = np.arange(1, N_ROWS * 3 + 1, dtype=np.float32).reshape(N_ROWS, 3) * 2
    fields = {
        "text": [f"text {i}" for i in range(N_ROWS)],
        "vector": pa.FixedSizeListArray.from_arrays(pa.array(given.ravel()), 3),
        "label": ["a", "b"] * 3,
        "split": ["train"] * N_ROWS,
        "id": [f"r{i}" for i in range(N_ROWS)],
        "user": list("uuvvww"),
        "when": list(range(N_ROWS)),
        "said": ["a"] * N_ROWS,
        "sure": [0.5] * N_ROWS,
        "age": [20, 30, 40, 50, 60, 70],
        "note": ["x"] * N_ROWS,
    }
    table = pa.table(fields)
    content = np.arange(2 * N_ROWS, dtype=np.uint64).reshape(-1, 2)
    dataset = Dataset(table, table.column("id").combine_chunks(), content, ROLES, vectors=given)
    return Sample(dataset, Vectors.of(given), Targets.of(dataset), np.array([1, 3, 4]))


def test_a_sample_has_its_rows_in_order(sample):
    assert len(sample) == 3
    assert sample.row_ids.to_pylist() == ["r1", "r3", "r4"]
    assert sample.fields["age"].to_pylist() == [30, 50, 60]
    assert sample.values.tolist() == [1, 1, 0]


def test_a_sample_hides_what_would_tell_the_label(sample):
    assert HIDDEN.isdisjoint(sample.fields.column_names)
    assert set(sample.fields.column_names) == {"text", "user", "when", "age", "note"}


def test_a_sample_gives_vectors_of_length_one(sample):
    assert sample.embeddings.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(sample.embeddings, axis=1), 1, atol=1e-6)
    given = sample.dataset.vectors[sample.rows]
    np.testing.assert_allclose(sample.embeddings, given / np.linalg.norm(given, axis=1, keepdims=True), atol=1e-6)


def test_what_is_to_be_learned_follows_the_targets_and_not_the_label_field(sample):
    changed = sample.targets.relabelled({3: "a"})
    assert Sample(sample.dataset, sample.vectors, changed, sample.rows).values.tolist() == [1, 0, 0]
    assert sample.values.tolist() == [1, 1, 0]


def test_a_sample_of_no_rows_has_no_lines(sample):
    nothing = Sample(sample.dataset, sample.vectors, sample.targets, np.empty(0, np.int64))
    assert len(nothing) == 0
    assert nothing.embeddings.shape == (0, 3)
    assert nothing.fields.num_rows == 0
    assert nothing.values.shape == (0,)
