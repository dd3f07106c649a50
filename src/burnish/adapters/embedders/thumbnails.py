"""Thumbnails of images for a page: re-encoded, so that nothing of an untrusted file but its pixels gets out."""

import base64
import io

import pyarrow as pa
from PIL import Image

from burnish.adapters.embedders.pictures import PictureReader, contents

EDGE_PIXELS = 96
QUALITY = 70


def thumbnails(images: pa.Array, row_ids: pa.StringArray) -> dict[str, str]:
    """Give row id → `data:image/webp;base64,…` for every image that can be read."""
    reader = PictureReader(edge_pixels=EDGE_PIXELS)
    pictures = (
        (row_id, reader.read(content)) for row_id, content in zip(row_ids.to_pylist(), contents(images), strict=True)
    )
    return {row_id: _data_url(picture.rgb) for row_id, picture in pictures if picture is not None}


def webp(image: Image.Image, edge_pixels: int, *, quality: int) -> bytes:
    """Give a picture as WebP, no side of it longer than `edge_pixels`."""
    small = image.copy()
    small.thumbnail((edge_pixels, edge_pixels), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, format="WEBP", quality=quality)
    return buffer.getvalue()


def _data_url(image: Image.Image) -> str:
    content = webp(image, EDGE_PIXELS, quality=QUALITY)
    return "data:image/webp;base64," + base64.b64encode(content).decode("ascii")
