import io

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from burnish.adapters.embedders.functions import FunctionEmbedder, embedder_from_callable
from burnish.errors import EmbedderError, UsageError
from burnish.testing.embedder_contract import EmbedderContract


def letters(texts):
    return np.array([[text.count(letter) for letter in "aeiou"] + [len(text)] for text in texts])


def mean_color(images):
    return [np.asarray(image).mean(axis=(0, 1)) for image in images]


class Constant:
    recipe = "constant"
    n_dims = 3

    def embed(self, batch):
        return np.ones((len(batch), 3), np.float32)


def factory():
    return Constant()


def made(function, kind="text"):
    return embedder_from_callable(function, name="module:function", kind=kind)


def png(color):
    buffer = io.BytesIO()
    Image.new("RGB", (5, 5), color).save(buffer, "PNG")
    return buffer.getvalue()


class TestContract(EmbedderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def embedder(cls):
        return FunctionEmbedder(letters, name="tests:letters", kind="text")

    @pytest.fixture(scope="class")
    @classmethod
    def batch(cls):
        return pa.array(["one", "three", "different texts"])


def test_blank_texts_never_reach_the_function():
    vectors = made(letters).embed(pa.array(["", "aa", " ", None]))
    assert np.isnan(vectors[[0, 2, 3]]).all()
    assert vectors[1].tolist() == [2, 0, 0, 0, 0, 2]


def test_images_come_decoded_and_unreadable_ones_not_at_all():
    vectors = made(mean_color, "image").embed(pa.array([png("red"), b"broken", png("blue")]))
    assert vectors[[0, 2]].tolist() == [[255, 0, 0], [0, 0, 255]]
    assert np.isnan(vectors[1]).all()


def test_a_class_or_factory_gives_the_embedder_it_makes():
    assert isinstance(made(Constant), Constant)
    assert isinstance(made(factory, "table"), Constant)


def test_a_factory_of_something_else_is_refused():
    with pytest.raises(UsageError, match="int, which is not an embedder"):
        made(lambda: 7)


def test_a_function_cannot_embed_tables():
    with pytest.raises(UsageError, match="Embedder"):
        made(letters, "table")


def test_the_recipe_attribute_of_the_function_is_part_of_the_recipe():
    def versioned(texts):
        return letters(texts)

    before = made(versioned).recipe
    versioned.recipe = "v2"
    assert made(versioned).recipe != before


@pytest.mark.parametrize(
    "function",
    [
        lambda texts: [[1.0]] * (len(texts) + 1),
        lambda texts: [1.0] * len(texts),
        lambda texts: ["words"] * len(texts),
        lambda texts: 1 / 0,
        lambda texts: {}["missing"],
    ],
)
def test_a_function_that_fails_or_gives_another_shape_is_an_embedder_error(function):
    with pytest.raises(EmbedderError, match="module:function"):
        made(function)


def test_a_function_may_raise_what_it_likes_to_end_the_run():
    def stop(texts):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made(stop)
