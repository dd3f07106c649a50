import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.errors import EmbedderError
from burnish.pipeline.embedding import embed_rows, unit_rows


class MemoryStore:
    """A store that is a dictionary."""

    def __init__(self):
        self.kept = {}
        self.appends = 0

    def lookup(self, recipe, content, n_dims):
        nothing = np.full(n_dims, np.nan, np.float32)
        keys = [(recipe, *row) for row in content.tolist()]
        vectors = np.array([self.kept.get(key, nothing) for key in keys], np.float32).reshape(-1, n_dims)
        return vectors, np.array([key in self.kept for key in keys], np.bool_)

    def append(self, recipe, content, vectors):
        self.appends += 1
        for row, vector in zip(content.tolist(), vectors, strict=True):
            self.kept[recipe, *row] = vector


class Lengths:
    """Embeds a text as (length, 1); records what it was asked for; fails when told to."""

    recipe = "lengths"
    n_dims = 2

    def __init__(self, *, fail_at=None, n_dims_given=2):
        self.asked = []
        self.fail_at = fail_at
        self.n_dims_given = n_dims_given

    def embed(self, batch):
        texts = batch.to_pylist()
        if self.fail_at is not None and self.fail_at in texts:
            raise KeyboardInterrupt
        self.asked += texts
        made = np.ones((len(texts), self.n_dims_given), np.float32)
        made[:, 0] = [np.nan if text is None else len(text) for text in texts]
        return made


class Ticks:
    def __init__(self):
        self.total, self.done, self.facts = None, 0, None

    def start(self, stage, total):
        self.total = total

    def advance(self, n=1):
        self.done += n

    def finish(self, **facts):
        self.facts = facts


def digest(texts):
    return np.array([[hash(text) % 2**63, len(text or "")] for text in texts], np.uint64).reshape(-1, 2)


def embed(texts, store, embedder=None, **options):
    items = pa.array(texts, pa.string())
    return embed_rows(embedder or Lengths(), store, digest(texts), items, **options)


def test_each_row_gets_the_vector_of_its_content():
    vectors = embed(["a", "bbb", "cc"], MemoryStore())
    assert vectors.dtype == np.float32
    assert vectors[:, 0].tolist() == [1, 3, 2]


def test_equal_content_is_embedded_once_and_given_to_all():
    embedder = Lengths()
    vectors = embed(["a", "bb", "a", "bb", "a"], MemoryStore(), embedder, batch_rows=2)
    assert embedder.asked == ["a", "bb"]
    assert vectors[:, 0].tolist() == [1, 2, 1, 2, 1]


def test_a_second_run_embeds_only_new_rows():
    store, second = MemoryStore(), Lengths()
    embed(["a", "bb"], store)
    vectors = embed(["ccc", "a", "bb", "dddd"], store, second)
    assert second.asked == ["ccc", "dddd"]
    assert vectors[:, 0].tolist() == [3, 1, 2, 4]


def test_an_interrupted_run_keeps_every_finished_batch():
    store, texts = MemoryStore(), ["a", "bb", "ccc", "dddd", "eeeee"]
    with pytest.raises(KeyboardInterrupt):
        embed(texts, store, Lengths(fail_at="dddd"), batch_rows=1)
    resumed = Lengths()
    assert embed(texts, store, resumed)[:, 0].tolist() == [1, 2, 3, 4, 5]
    assert resumed.asked == ["dddd", "eeeee"]


def test_a_row_that_cannot_be_read_is_nan_and_tried_again_next_time():
    store, again = MemoryStore(), Lengths()
    assert np.isnan(embed(["a", None], store)[1, 0])
    embed(["a", None], store, again)
    assert again.asked == [None]


def test_progress_counts_distinct_unknown_rows():
    store, ticks = MemoryStore(), Ticks()
    embed(["a"], store)
    embed(["a", "bb", "bb", "cc!"], store, progress=ticks, batch_rows=1)
    assert (ticks.total, ticks.done) == (2, 2)
    assert ticks.facts == {"embedded": 2, "known": 1, "equal": 1}


@pytest.mark.slow
def test_large_rows_go_in_smaller_batches():
    class Batches(Lengths):
        sizes = ()

        def embed(self, batch):
            self.sizes = (*self.sizes, len(batch))
            return super().embed(batch)

    embedder, texts = Batches(), [f"{i}" * 30_000_000 for i in range(4)]
    assert embed(texts, MemoryStore(), embedder)[:, 0].tolist() == [30_000_000] * 4
    assert embedder.sizes == (2, 2)


def test_no_rows_give_no_vectors():
    assert embed([], MemoryStore()).shape == (0, 2)


def test_an_embedder_that_gives_another_shape_is_refused():
    with pytest.raises(EmbedderError, match=r"shape \(1, 3\)"):
        embed(["a"], MemoryStore(), Lengths(n_dims_given=3))


def test_rows_of_a_table_are_embedded_too():
    class Sums(Lengths):
        def embed(self, batch):
            return np.column_stack([batch["x"].to_numpy(), batch["y"].to_numpy()]).astype(np.float32)

    table = pa.table({"x": [1, 2, 1], "y": [3, 4, 3]})
    content = np.array([[1, 3], [2, 4], [1, 3]], np.uint64)
    assert embed_rows(Sums(), MemoryStore(), content, table).tolist() == [[1, 3], [2, 4], [1, 3]]


@given(
    texts=st.lists(st.sampled_from(["", "a", "bb", "ccc", "dddd"]), max_size=12),
    known=st.lists(st.sampled_from(["", "a", "bb"]), max_size=3),
    batch_rows=st.integers(1, 5),
)
@settings(max_examples=40)
def test_batches_and_what_is_known_do_not_matter(texts, known, batch_rows):
    store = MemoryStore()
    embed(known, store)
    vectors = embed(texts, store, batch_rows=batch_rows)
    assert vectors[:, 0].tolist() == [len(text) for text in texts]


def test_unit_rows_have_length_one():
    rows = np.random.default_rng(0).normal(size=(100, 7)) * 10.0 ** np.arange(-50, 50)[:, None]
    units = unit_rows(rows)
    assert units.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(units, axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(units[50], rows[50] / np.linalg.norm(rows[50]), rtol=1e-5)


@pytest.mark.parametrize("row", [[0, 0], [np.nan, 1], [np.inf, 1], [-np.inf, np.inf]])
def test_rows_without_direction_become_nan(row):
    units = unit_rows(np.array([row, [3, 4]], np.float32))
    assert np.isnan(units[0]).all()
    np.testing.assert_allclose(units[1], [0.6, 0.8], rtol=1e-6)


def test_unit_rows_of_numbers_at_the_end_of_the_range_do_not_overflow():
    np.testing.assert_allclose(unit_rows(np.array([[3e38, 3e38]], np.float32)), [[2**-0.5, 2**-0.5]], rtol=1e-6)
    np.testing.assert_allclose(unit_rows(np.array([[1e-45, 0]], np.float32)), [[1, 0]], rtol=1e-6)


def test_unit_rows_leave_what_was_given_as_it_was():
    given_rows = np.array([[3.0, 4.0], [np.inf, 0.0]], np.float32)
    unit_rows(given_rows)
    assert given_rows.tolist() == [[3, 4], [np.inf, 0]]
