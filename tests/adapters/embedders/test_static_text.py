from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from burnish.adapters.embedders.static_text import StaticTextEmbedder
from burnish.testing.embedder_contract import EmbedderContract, cosines

REFERENCE = Path(__file__).parent / "wordllama_reference.npz"


class TestContract(EmbedderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def embedder(cls):
        return StaticTextEmbedder()

    @pytest.fixture(scope="class")
    @classmethod
    def batch(cls):
        return pa.array(["My card was declined.", "hello", "Größere Häuser", "x" * 5000])

    def test_vectors_agree_with_those_of_wordllama(self, embedder):
        with np.load(REFERENCE, allow_pickle=False) as reference:
            given = embedder.embed(pa.array(reference["texts"].tolist()))
            assert cosines(given, reference["vectors"]).min() > 0.9999
            ratio = np.linalg.norm(given, axis=1) / np.linalg.norm(reference["vectors"], axis=1)
            assert np.abs(ratio - 1).max() < 0.01

    @pytest.mark.parametrize("blank", ["", " ", "\n\t ", None])
    def test_a_blank_text_is_nan_among_others(self, embedder, blank):
        vectors = embedder.embed(pa.array(["a", blank, "b"]))
        np.testing.assert_array_equal(np.isnan(vectors).all(axis=1), [False, True, False])

    def test_only_the_first_characters_are_looked_at(self):
        short = StaticTextEmbedder(max_characters=100)
        head = "the same first hundred characters " * 3
        one, other = short.embed(pa.array([head[:100] + "cats", head[:100] + "a very different end"]))
        np.testing.assert_allclose(one, other, rtol=1e-6)
        assert short.recipe != StaticTextEmbedder().recipe

    def test_ten_megabytes_in_one_cell_are_no_burden(self, embedder):
        assert np.isfinite(embedder.embed(pa.array(["word " * 2_000_000, "z" * 10_000_000]))).all()

    def test_blocks_smaller_than_the_batch_change_nothing(self, embedder, batch):
        np.testing.assert_allclose(StaticTextEmbedder(block_rows=1).embed(batch), embedder.embed(batch), rtol=1e-5)

    def test_large_and_view_strings_are_texts_too(self, embedder, batch):
        for kind in (pa.large_string(), pa.string_view()):
            np.testing.assert_array_equal(embedder.embed(batch.cast(kind)), embedder.embed(batch))

    def test_alike_meanings_are_nearer_than_unlike_ones(self, embedder):
        cat, kitten, tax = embedder.embed(
            pa.array(["my cat is hungry", "the kitten wants food", "income tax return form"])
        )
        assert cosines([cat], [kitten])[0] > cosines([cat], [tax])[0] + 0.2

    def test_many_long_texts_are_averaged_a_part_at_a_time(self, embedder):
        texts = [f"{word} " * 3000 for word in ("cat", "dog", "tax", "sun", "sea")] * 5
        together = embedder.embed(pa.array(["short", *texts, "", "end"]))
        np.testing.assert_allclose(together[3], embedder.embed(pa.array([texts[2]]))[0], rtol=1e-4, atol=1e-6)
        assert np.isnan(together).all(axis=1).tolist() == [False] * 26 + [True, False]
