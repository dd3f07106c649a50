"""Map image: the map as a small PNG for readers without scripts (mail, some viewers)."""

import base64
import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from burnish.reports.blob import MapRows, unit_coordinates
from burnish.reports.facets import facets_of
from burnish.reports.facts import ReportFacts

WIDTH, HEIGHT = 900, 600
MARGIN = 12
PALETTE = np.array(
    [
        (255, 255, 255), (31, 111, 178), (204, 85, 0), (0, 140, 100), (176, 60, 140), (140, 110, 0), (60, 150, 200),
        (90, 70, 170), (180, 40, 50), (90, 120, 40), (110, 110, 120),
    ],
    np.uint8,
)  # fmt: skip


def map_image(facts: ReportFacts, rows: MapRows) -> str:
    """Give the map as a `data:image/png` URL, colored by the first facet (cluster, else label)."""
    facets = facets_of(facts, rows.positions)
    codes = facets[0].codes if facets else np.zeros(len(rows.positions), np.uint16)
    colors = codes.astype(np.int64) % (len(PALETTE) - 1) + 1
    x, y = unit_coordinates(facts, rows)
    pixels = np.zeros((HEIGHT, WIDTH), np.uint8)
    column = np.round(MARGIN + x * (WIDTH - 2 * MARGIN - 2)).astype(np.int64)
    line = np.round(MARGIN + (1 - y) * (HEIGHT - 2 * MARGIN - 2)).astype(np.int64)
    for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
        pixels[line + dy, column + dx] = colors
    return "data:image/png;base64," + base64.b64encode(_png(pixels)).decode()


def _png(pixels: NDArray[np.uint8]) -> bytes:
    """Encode palette pixels (height, width) as PNG (ISO/IEC 15948): header, palette, one filtered stream."""
    height, width = pixels.shape
    lines = np.hstack([np.zeros((height, 1), np.uint8), pixels])
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = (
        (b"IHDR", header),
        (b"PLTE", PALETTE.tobytes()),
        (b"IDAT", zlib.compress(lines.tobytes(), 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
