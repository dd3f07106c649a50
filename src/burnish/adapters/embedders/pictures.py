"""Safe reading of images that somebody else made: bytes or paths in, RGB pixels or None out."""

import io
import struct
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from PIL import Image, ImageOps

Image.init()
FORMATS = tuple(
    name for name in ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "AVIF", "JPEG2000") if name in Image.OPEN
)
# What Pillow's decoders raise on bytes that are not what they claim to be.
_UNREADABLE = (
    OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, ArithmeticError, MemoryError,
    NotImplementedError, RuntimeError, AttributeError, struct.error, zlib.error,
    Image.DecompressionBombError, Image.DecompressionBombWarning,
)  # fmt: skip
_SIXTEEN_BIT = 257.0  # 65535 / 255


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded image: `rgb`, upright, and the `width` and `height` that it was stored with (upright too).

    `rgb` may be smaller than that: a large JPEG is decoded at a fraction of its size.
    """

    rgb: Image.Image
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class PictureReader:
    """Reads images within limits; whatever cannot be read is None, never an error.

    Refused: other formats than `FORMATS`, more than `max_pixels` (a decompression bomb), files over
    `max_bytes`, truncated data, and paths that are not regular files. Transparency is laid on
    white; of an animation the first frame counts. `edge_pixels`: a JPEG is decoded at the smallest
    fraction of its size that keeps its sides at least that long.
    """

    max_pixels: int = 64_000_000
    max_bytes: int = 256_000_000
    edge_pixels: int = 256

    def read(self, content: bytes | str | None) -> Picture | None:
        """Give the image that `content` (the bytes of a file, or its path) holds, or None."""
        try:
            data = self.bytes_of(content)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a decoder's complaint about metadata is not ours to print
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                return None if data is None else self._decode(data)
        except _UNREADABLE:
            return None

    def bytes_of(self, content: bytes | str | None) -> bytes | None:
        """Give the bytes of a file within the limits; None for what is no regular file, or too large."""
        if not isinstance(content, str):
            return content or None
        path = Path(content)
        if not path.is_file() or path.stat().st_size > self.max_bytes:
            return None
        return path.read_bytes()

    def _decode(self, data: bytes) -> Picture | None:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            if width * height > self.max_pixels:
                return None
            image.draft(image.mode, (self.edge_pixels, self.edge_pixels))
            image.load()
            upright = _upright(image)
            if (upright.width < upright.height) != (image.width < image.height):
                width, height = height, width
            return Picture(_to_rgb(upright), width, height)


def contents(batch: pa.Array) -> list[bytes | str | None]:
    """Give the content of each row: bytes, a path, or None.

    Takes an array of binary or string, or of the struct {bytes, path} that Hugging Face datasets use.
    """
    if pa.types.is_struct(batch.type):
        return [row and (row.get("bytes") or row.get("path")) for row in batch.to_pylist()]
    return list(batch.to_pylist())


def picture_bytes(batch: pa.Array) -> pa.Array:
    """Give images as the bytes of their files; null for one that cannot be read."""
    reader, found = PictureReader(), []
    for content in contents(batch):
        try:
            found.append(reader.bytes_of(content))
        except OSError:
            found.append(None)
    return pa.array(found, pa.binary())


def square_pixels(picture: Picture, size: int) -> NDArray[np.uint8]:
    """Give the whole image squeezed to (size, size, 3); its aspect ratio is lost, none of its content."""
    resized = picture.rgb.resize((size, size), Image.Resampling.BILINEAR, reducing_gap=3.0)
    return np.asarray(resized, dtype=np.uint8)


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except _UNREADABLE:  # broken metadata around good pixels
        return image


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    if image.mode in {"F", "I"} or image.mode.startswith("I;16"):
        return _eight_bit(image).convert("RGB")
    if image.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in image.info:
        layer = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    return image.convert("RGB")


def _eight_bit(image: Image.Image) -> Image.Image:
    """Bring deep grays to 0..255 by the range their type stands for: 16 bits, or 0..1 for real numbers."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float32))
    if image.mode == "F":
        values = values * 255.0 if values.max(initial=0.0) <= 1.0 else values
    else:
        values = values / _SIXTEEN_BIT if values.max(initial=0.0) > 255.0 else values
    return Image.fromarray(np.clip(values, 0.0, 255.0).astype(np.uint8))
