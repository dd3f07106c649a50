import io
import os

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from burnish.adapters.embedders.pictures import PictureReader, contents, square_pixels

READER = PictureReader()
GRADIENT = np.linspace(0, 255, 40 * 30).reshape(30, 40).astype(np.uint8)


def encoded(image, name="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, name, **options)
    return buffer.getvalue()


def photo(width=40, height=30, seed=0):
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(noise)


@pytest.mark.parametrize("name", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"])
def test_common_formats_are_read_as_rgb(name):
    picture = READER.read(encoded(photo(), name))
    assert picture is not None
    assert picture.rgb.mode == "RGB"
    assert (picture.width, picture.height) == (40, 30)


@pytest.mark.parametrize("name", ["EPS", "PDF", "ICO", "TGA"])
def test_formats_outside_the_list_are_not_opened(name):
    assert READER.read(encoded(photo(32, 32), name)) is None


@pytest.mark.parametrize(
    "content", [None, b"", b"not an image", b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "", "no/such/file.png"]
)
def test_what_is_no_image_is_none(content):
    assert READER.read(content) is None


@pytest.mark.parametrize("name", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_file_is_none(name, share):
    data = encoded(photo(100, 80), name)
    assert READER.read(data[: int(len(data) * share)]) is None


def test_flipped_bytes_never_raise():
    rng = np.random.default_rng(0)
    for name in ("PNG", "JPEG", "GIF", "TIFF", "WEBP"):
        data = np.frombuffer(encoded(photo(), name), np.uint8)
        for _ in range(40):
            broken = data.copy()
            broken[rng.integers(0, len(data), 12)] = rng.integers(0, 256, 12)
            READER.read(broken.tobytes())


def test_more_pixels_than_allowed_are_not_decoded():
    data = encoded(Image.new("1", (3000, 3000)))
    assert PictureReader(max_pixels=8_999_999).read(data) is None
    assert PictureReader(max_pixels=9_000_000).read(data) is not None


def test_a_decompression_bomb_is_none():
    assert READER.read(encoded(Image.new("1", (12_000, 12_000)))) is None


def test_a_path_is_read_like_its_bytes(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(encoded(photo()))
    picture = READER.read(str(path))
    assert picture is not None
    assert np.array_equal(np.asarray(picture.rgb), np.asarray(photo()))


def test_a_folder_a_pipe_and_a_file_over_the_limit_are_none(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large.png").write_bytes(encoded(photo()))
    assert READER.read(str(tmp_path)) is None
    assert READER.read(str(tmp_path / "pipe")) is None
    assert PictureReader(max_bytes=100).read(str(tmp_path / "large.png")) is None


def test_exif_orientation_is_applied():
    exif = Image.Exif()
    exif[0x0112] = 6  # shown after a quarter turn
    picture = READER.read(encoded(photo(40, 30), "JPEG", exif=exif))
    assert picture is not None
    assert picture.rgb.size == (30, 40)
    assert (picture.width, picture.height) == (30, 40)


def test_transparency_is_laid_on_white():
    picture = READER.read(encoded(Image.new("RGBA", (4, 4), (0, 0, 0, 0))))
    assert picture is not None
    assert np.asarray(picture.rgb).min() == 255


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_png_modes_keep_their_brightness(mode):
    deep = Image.fromarray(GRADIENT.astype(np.uint16) * 257)
    image = deep if mode == "I;16" else Image.fromarray(GRADIENT).convert(mode)
    picture = READER.read(encoded(image))
    assert picture is not None
    assert np.asarray(picture.rgb).mean() == pytest.approx(GRADIENT.mean(), abs=3)


@pytest.mark.parametrize(("mode", "name"), [("CMYK", "JPEG"), ("CMYK", "TIFF"), ("F", "TIFF")])
def test_print_colors_and_real_numbers_are_read(mode, name):
    image = Image.fromarray(GRADIENT / np.float32(255)) if mode == "F" else Image.fromarray(GRADIENT).convert(mode)
    picture = READER.read(encoded(image, name))
    assert picture is not None
    assert np.asarray(picture.rgb).mean() == pytest.approx(GRADIENT.mean(), abs=3)


def test_a_large_jpeg_is_decoded_small_and_tells_its_true_size():
    data = encoded(Image.fromarray(np.full((2000, 3000, 3), 90, np.uint8)), "JPEG")
    picture = READER.read(data)
    assert picture is not None
    assert (picture.width, picture.height) == (3000, 2000)
    assert 256 <= min(picture.rgb.size) < 600


def test_contents_takes_bytes_paths_and_hugging_face_images():
    image = pa.array([{"bytes": b"a", "path": "x"}, {"bytes": None, "path": "y"}, None])
    assert contents(image) == [b"a", "y", None]
    assert contents(pa.array([b"a", None])) == [b"a", None]
    assert contents(pa.array(["a.png"])) == ["a.png"]


def test_square_pixels_keeps_the_whole_image():
    halves = np.zeros((10, 400, 3), np.uint8)
    halves[:, 200:] = 255
    picture = READER.read(encoded(Image.fromarray(halves)))
    assert picture is not None
    pixels = square_pixels(picture, 16)
    assert pixels.shape == (16, 16, 3)
    assert pixels[:, :7].max() < 5
    assert pixels[:, 9:].min() > 250
