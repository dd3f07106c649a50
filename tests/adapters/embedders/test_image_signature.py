import io

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image, ImageFilter

from burnish.adapters.embedders.image_signature import STATISTICS, ImageSignature, entropy, sharpness
from burnish.testing.embedder_contract import EmbedderContract


def png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(pixels, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def signed(*contents):
    rows = ImageSignature().embed(pa.array(contents, pa.binary()))
    return rows[:, :256], [dict(zip(STATISTICS, row.tolist(), strict=True)) for row in rows[:, 256:]]


def noise(seed=0, side=48):
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)


class TestContract(EmbedderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def embedder(cls):
        return ImageSignature()

    @pytest.fixture(scope="class")
    @classmethod
    def batch(cls):
        return pa.array([png(noise(seed)) for seed in range(4)])


def test_a_flat_gray_image_has_the_statistics_of_flat_gray():
    pixels, (stats,) = signed(png(np.full((20, 30, 3), 77)))
    assert np.all(pixels == 77)
    assert stats == pytest.approx(
        {"width": 30, "height": 20, "brightness": 77, "contrast": 0, "sharpness": 0, "entropy": 0,
         "saturation": 0, "readable": 1}
    )  # fmt: skip


def test_two_equal_halves_have_one_bit_of_entropy():
    halves = np.zeros((32, 32, 3))
    halves[:, 16:] = 255
    pixels, (stats,) = signed(png(halves))
    assert stats["entropy"] == pytest.approx(1.0)
    assert stats["contrast"] == pytest.approx(127.5)
    assert np.array_equal(pixels.reshape(16, 16)[3], [0] * 8 + [255] * 8)


def test_pure_red_is_saturated():
    red = np.zeros((8, 8, 3))
    red[..., 0] = 255
    assert signed(png(red))[1][0]["saturation"] == pytest.approx(1.0)


def test_blurring_lowers_sharpness():
    sharp = Image.fromarray(noise())
    _, (before, after) = signed(png(sharp), png(sharp.filter(ImageFilter.GaussianBlur(2))))
    assert after["sharpness"] < before["sharpness"] / 10


def test_statistics_of_a_large_image_are_taken_at_256_pixels_but_its_size_is_true():
    large = np.kron(noise(side=32), np.ones((32, 32, 1)))
    _, (stats,) = signed(png(large))
    assert (stats["width"], stats["height"]) == (1024, 1024)
    small = Image.fromarray(large.astype(np.uint8)).resize((256, 256), Image.Resampling.BOX)
    assert stats["sharpness"] == pytest.approx(sharpness(np.asarray(small.convert("L"), np.float32)), rel=1e-4)


def test_an_unreadable_image_is_marked_and_nothing_else_is_said_of_it():
    pixels, stats = signed(b"broken", png(noise()))
    assert np.isnan(pixels[0]).all()
    assert stats[0]["readable"] == 0
    assert all(np.isnan(value) for name, value in stats[0].items() if name != "readable")
    assert stats[1]["readable"] == 1


@pytest.mark.parametrize("shape", [(1, 1), (2, 9), (1, 400)])
def test_thin_images_have_no_sharpness(shape):
    _, (stats,) = signed(png(np.zeros((*shape, 3))))
    assert stats["sharpness"] == 0


def test_entropy_of_all_grays_is_eight_bits():
    assert entropy(np.arange(256, dtype=np.float32).reshape(16, 16)) == pytest.approx(8.0)
