from io import BytesIO

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from burnish.dataset import Column, Dataset, Evidence, Roles
from burnish.steps.neighbors import NearestNeighbors
from burnish.steps.planting import OFF_TOPIC, Material, near_copies, off_topic, with_copies, with_strangers

TEXTS = ["the cat sat on the mat", "a dog ran across the wide road", "Birds sing, every morning!", "one two three four"]


def picture(seed=0):
    pixels = np.random.default_rng(seed).integers(0, 255, (32, 32, 3)).astype(np.uint8)
    file = BytesIO()
    Image.fromarray(pixels).resize((64, 64)).save(file, "PNG")
    return file.getvalue()


def pixels_of(image):
    return np.asarray(Image.open(BytesIO(image)).convert("L").resize((16, 16)), np.float64).ravel()


def evidence_of(texts=None, n=60):
    rows = np.random.default_rng(0).standard_normal((n, 8)).astype(np.float32)
    fields = pa.table({"text": texts}) if texts else pa.table({"row": np.arange(n)})
    ids = pa.array([f"r{i}" for i in range(n)])
    content = np.arange(2 * n, dtype=np.uint64).reshape(n, 2)
    roles = Roles(text="text" if texts else None)
    evidence = Evidence(Dataset(fields, ids, content, roles, vectors=None if texts else rows))
    evidence = evidence.adding([Column("embeddings", rows, "row")])
    return evidence.adding(NearestNeighbors().run(evidence, seed=0))


def test_every_copy_of_a_text_differs_from_it_and_shares_most_of_its_words():
    texts = pa.array(TEXTS * 50)
    copies = near_copies(texts, np.random.default_rng(0)).to_pylist()
    for text, copy in zip(texts.to_pylist(), copies, strict=True):
        assert copy != text
        words, others = text.lower().split(), set(copy.lower().split())
        assert sum(word in others for word in words) >= len(words) - 2


@pytest.mark.parametrize("text", ["", "word", " ", None])
def test_texts_without_words_to_edit_are_still_changed(text):
    assert near_copies(pa.array([text], pa.string()), np.random.default_rng(0))[0].as_py() not in (text, None)


def test_copies_of_images_have_other_bytes_and_nearly_the_same_pixels():
    images = [picture(i) for i in range(12)]
    copies = near_copies(pa.array(images, pa.binary()), np.random.default_rng(0)).to_pylist()
    for image, copy in zip(images, copies, strict=True):
        assert copy != image
        assert np.corrcoef(pixels_of(image), pixels_of(copy))[0, 1] > 0.5


def test_an_unreadable_image_stays_as_it_is():
    images = pa.array([b"no image", None], pa.binary())
    assert near_copies(images, np.random.default_rng(0)).to_pylist() == [b"no image", None]
    assert len(off_topic(images, 3, np.random.default_rng(0))) == 3


def test_a_copied_table_row_differs_in_one_field_at_most():
    rng = np.random.default_rng(0)
    table = pa.table({"size": rng.standard_normal(80), "kind": rng.choice(["a", "b", "c"], 80)})
    copies = near_copies(table, rng)
    assert copies.schema == table.schema
    differs = np.column_stack([np.not_equal(copies[n].to_pylist(), table[n].to_pylist()) for n in table.column_names])
    assert differs.sum(axis=1).max() == 1
    assert differs.any(axis=0).all()


def test_off_topic_texts_are_distinct_and_half_of_them_are_made_of_the_users_words():
    made = off_topic(pa.array(TEXTS), 40, np.random.default_rng(0)).to_pylist()
    known = {word for text in TEXTS for word in text.split()}
    assert len(made) == 40
    assert sum(text in OFF_TOPIC for text in made) == len(OFF_TOPIC)
    assert all(set(text.split()) <= known for text in made if text not in OFF_TOPIC)


def test_off_topic_table_rows_keep_the_values_of_each_field():
    table = pa.table({"a": list(range(50)), "b": list(range(50))})
    made = off_topic(table, 30, np.random.default_rng(0))
    assert set(made["a"].to_pylist()) <= set(range(50))
    assert made["a"].to_pylist() != made["b"].to_pylist()


def test_copies_stand_behind_the_sample_with_their_origin():
    evidence, rows, originals = evidence_of(), np.arange(10, 40), np.array([3, 7])
    planted = with_copies(evidence, rows, originals, None, rng=np.random.default_rng(0))
    vectors = planted.start["embeddings"]
    assert planted.n_rows == 30
    assert planted.origin.tolist() == [-1] * 30 + [3, 7]
    assert vectors[:30] == pytest.approx(
        evidence["embeddings"][rows]
        / np.linalg.norm(vectors[:30], axis=1)[:, None]
        / np.linalg.norm(evidence["embeddings"][rows], axis=1)[:, None]
    )
    nearest = (vectors[30:] @ vectors[:30].T).argmax(axis=1)
    assert nearest.tolist() == [3, 7]


def test_copies_of_texts_are_embedded_by_the_users_embedder():
    texts = pa.array(TEXTS * 15)
    seen = []

    def embed(items):
        seen.extend(items.to_pylist())
        return {"embeddings": np.ones((len(items), 8), np.float32)}

    material = Material(lambda rows: texts.take(pa.array(rows)), embed)
    planted = with_copies(
        evidence_of(texts.to_pylist()), np.arange(20), np.array([0]), material, rng=np.random.default_rng(0)
    )
    assert len(seen) == 1
    assert seen[0] != TEXTS[0]
    assert planted.start.dataset.texts.to_pylist() == [*texts.to_pylist()[:20], seen[0]]
    assert (planted.start["embeddings"][20] == 1).all()


def test_strangers_stand_behind_the_sample_and_copy_nothing():
    planted = with_strangers(evidence_of(), np.arange(50), 8, None, rng=np.random.default_rng(0))
    assert len(planted.start.dataset) == 58
    assert (planted.origin == -1).all()
