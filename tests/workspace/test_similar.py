import numpy as np
import pyarrow as pa
import pytest

from burnish.adapters.embedders.static_text import StaticTextEmbedder
from burnish.dataset import Column, Dataset, Evidence, Roles
from burnish.errors import UsageError
from burnish.pipeline.embedding import unit_rows
from burnish.workspace.audited import Audited
from burnish.workspace.similar import Likeness, neighbors_found, takes_texts

TEXTS = ["the dog barks at night", "my dog runs in the park", "interest rates rise again", "a cat sleeps", ""]


def audited(kind="text", embedder=None, vectors=None):
    fields = pa.table({"text": TEXTS})
    dataset = Dataset(fields, pa.array(list("abcde")), np.zeros((5, 2), np.uint64), Roles(text="text"), name="pets")
    given = np.eye(5, 4, dtype=np.float32) if vectors is None else vectors
    return Audited(Evidence(dataset).adding([Column("embeddings", given)]), (), kind, (), (), {}, embedder=embedder)


@pytest.fixture(scope="module")
def by_static():
    return audited(vectors=unit_rows(StaticTextEmbedder().embed(pa.array(TEXTS))))


def test_a_text_is_embedded_as_the_rows_were(by_static):
    found = Likeness(by_static).to_text("the dog barks at night", 5)
    assert found.positions[0] == 0
    assert found.distances[0] == pytest.approx(0, abs=1e-5)
    assert found.positions[1] == 1
    assert len(found.positions) == 4  # the empty text has no vector


def test_the_neighbors_that_were_found_end_where_there_are_none():
    evidence = audited().evidence
    assert neighbors_found(evidence, 0).positions.tolist() == []
    lists, far = np.array([[3, 1, -1]] * 5, np.int32), np.array([[0.1, 0.2, np.inf]] * 5, np.float32)
    found = neighbors_found(evidence.adding([Column("neighbors", lists), Column("neighbor_distances", far)]), 4)
    assert found.positions.tolist() == [3, 1]
    assert found.distances.tolist() == pytest.approx([0.1, 0.2])


def test_a_row_is_not_like_itself(by_static):
    assert Likeness(by_static).to_row(0, 2).positions[0] == 1


def test_a_row_without_a_vector_is_like_nothing(by_static):
    with pytest.raises(UsageError, match="row 'e' has no usable embedding"):
        Likeness(by_static).to_row(4, 2)


@pytest.mark.parametrize("kind", ["vectors", "image", "table"])
def test_a_text_has_no_place_among_other_rows(kind):
    with pytest.raises(UsageError, match="a text cannot be compared with its rows, as its"):
        Likeness(audited(kind)).to_text("dog", 2)


def test_no_text_is_sent_to_a_service():
    with pytest.raises(UsageError, match="a service, which would get the text"):
        Likeness(audited(embedder="openai:text-embedding-3-small")).to_text("dog", 2)


def test_a_text_without_words_is_refused(by_static):
    with pytest.raises(UsageError, match="cannot be embedded"):
        Likeness(by_static).to_text("  ", 2)


def test_texts_are_taken_where_rows_are_texts_and_no_service_embeds_them():
    assert takes_texts(audited())
    assert not any(takes_texts(audited(kind)) for kind in ("vectors", "image", "table"))
    assert not takes_texts(audited(embedder="http://127.0.0.1:1/v1"))
