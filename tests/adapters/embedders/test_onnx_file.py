import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers

from burnish.adapters.embedders.efficientnet import WEIGHTS, EfficientNetLite0
from burnish.adapters.embedders.onnx_file import open_onnx
from burnish.errors import EmbedderError, UsageError
from burnish.testing.embedder_contract import EmbedderContract, cosines

HERE = Path(__file__).parent
WORDS = ["[UNK]", "the", "cat", "dog", "sat", "on", "a", "mat"]


@pytest.fixture(scope="module")
def text_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("text")
    shutil.copy(HERE / "tiny_text.onnx", folder / "model.onnx")
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture
def text_model(text_folder, tmp_path):
    shutil.copytree(text_folder, tmp_path / "m")
    return tmp_path / "m" / "model.onnx"


def side_file(model, **settings):
    model.with_name(f"{model.name}.json").write_text(json.dumps(settings))


def png(color):
    buffer = io.BytesIO()
    Image.new("RGB", (20, 10), color).save(buffer, "PNG")
    return buffer.getvalue()


class TestTextContract(EmbedderContract):
    @pytest.fixture
    def embedder(self, text_folder):
        return open_onnx(str(text_folder / "model.onnx"), kind="text")

    @pytest.fixture
    def batch(self):
        return pa.array(["the cat", "the dog sat on a mat", "a", "on on on cat"])


class TestImageContract(EmbedderContract):
    @pytest.fixture
    def embedder(self):
        return open_onnx(str(HERE / "tiny_image.onnx"), kind="image")

    @pytest.fixture
    def batch(self):
        return pa.array([png(color) for color in ("red", "green", "blue")])


def test_texts_are_pooled_over_their_own_tokens_only(text_model):
    embedder = open_onnx(str(text_model), kind="text")
    words = embedder.embed(pa.array(["cat", "dog"]))
    both, long = embedder.embed(pa.array(["cat cat", "dog " * 50]))
    np.testing.assert_allclose([both, long], words, rtol=1e-5)


def test_the_side_file_sets_pooling_and_length(text_model):
    side_file(text_model, pooling="cls", max_tokens=1)
    embedder = open_onnx(str(text_model), kind="text")
    one, other, third = embedder.embed(pa.array(["cat dog", "cat mat", "dog cat"]))
    np.testing.assert_allclose(one, other, rtol=1e-6)
    assert cosines([one], [third])[0] < 0.99


def test_the_recipe_follows_model_tokenizer_and_settings(text_model):
    recipes = {open_onnx(str(text_model), kind="text").recipe}
    side_file(text_model, pooling="cls")
    recipes.add(open_onnx(str(text_model), kind="text").recipe)
    tokenizer = text_model.with_name("tokenizer.json")
    tokenizer.write_text(tokenizer.read_text() + " ")
    recipes.add(open_onnx(str(text_model), kind="text").recipe)
    assert len(recipes) == 3


def test_a_tokenizer_one_folder_up_is_found(text_model):
    inner = text_model.parent / "onnx"
    inner.mkdir()
    moved = Path(shutil.move(text_model, inner / "model.onnx"))
    assert open_onnx(str(moved), kind="text").n_dims == 8


def test_pixels_are_scaled_and_normalized_as_the_side_file_says(tmp_path):
    model = Path(shutil.copy(HERE / "tiny_image.onnx", tmp_path / "model.onnx"))
    side_file(model, mean=[0, 0, 0], deviation=[1, 1, 1])
    made = open_onnx(str(model), kind="image").embed(pa.array([png((255, 51, 0))]))
    np.testing.assert_allclose(made, [[1, 0.2, 0, 1, 0.2, 0]], atol=1e-6)


def test_without_a_side_file_images_are_normalized_as_for_imagenet():
    made = open_onnx(str(HERE / "tiny_image.onnx"), kind="image").embed(pa.array([png("black")]))
    expected = -np.array([0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    np.testing.assert_allclose(made[0, :3], expected, rtol=1e-5)


def test_a_model_of_raw_pixels_gets_raw_pixels():
    pictures = pa.array([png("red"), png("teal")])
    opened = open_onnx(str(WEIGHTS), kind="image")
    assert cosines(opened.embed(pictures), EfficientNetLite0().embed(pictures)).min() > 0.9999


def test_an_image_that_cannot_be_read_is_nan():
    made = open_onnx(str(HERE / "tiny_image.onnx"), kind="image").embed(pa.array([b"broken", png("red")]))
    assert np.isnan(made[0]).all()
    assert np.isfinite(made[1]).all()


def test_a_path_without_a_file_is_a_usage_error():
    with pytest.raises(UsageError, match=r"no/such\.onnx"):
        open_onnx("no/such.onnx", kind="text")


def test_a_file_that_is_no_model_is_an_embedder_error(tmp_path):
    (tmp_path / "junk.onnx").write_bytes(b"junk")
    with pytest.raises(EmbedderError, match="cannot be loaded"):
        open_onnx(str(tmp_path / "junk.onnx"), kind="text")


def test_a_model_of_the_other_kind_is_a_usage_error(text_model):
    with pytest.raises(UsageError, match="input_ids"):
        open_onnx(str(HERE / "tiny_image.onnx"), kind="text")
    with pytest.raises(UsageError, match="RGB images"):
        open_onnx(str(text_model), kind="image")


def test_a_text_model_without_tokenizer_says_so(tmp_path):
    model = shutil.copy(HERE / "tiny_text.onnx", tmp_path / "model.onnx")
    with pytest.raises(EmbedderError) as caught:
        open_onnx(str(model), kind="text")
    assert "tokenizer.json" in caught.value.remedy


@pytest.mark.parametrize("broken", ["{", '{"pool": "mean"}', "[1]", '{"output": "nothing"}'])
def test_a_side_file_that_makes_no_sense_is_a_usage_error(text_model, broken):
    text_model.with_name("model.onnx.json").write_text(broken)
    with pytest.raises(UsageError):
        open_onnx(str(text_model), kind="text")


def test_states_that_nobody_pools_are_refused(text_model):
    side_file(text_model, pooling="none")
    with pytest.raises(EmbedderError, match="not one vector a text"):
        open_onnx(str(text_model), kind="text")


def test_onnxruntime_tells_its_maker_nothing(tmp_path):
    # Its telemetry keeps an identifier of the machine and a queue of events in the home of the user.
    work = f"""
from pathlib import Path
from burnish.adapters.embedders.onnx_sessions import OnnxSession
print(OnnxSession(Path({str(HERE / "tiny_image.onnx")!r})).inputs)
"""
    plain = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    homes = {name: str(tmp_path) for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}
    subprocess.run([sys.executable, "-c", work], env=plain | homes, check=True)
    assert list(tmp_path.rglob("*")) == []
