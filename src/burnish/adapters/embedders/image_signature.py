"""What an image looks like before any model: 16×16 gray pixels and eight plain statistics, in one decode."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from PIL import Image

from burnish.adapters.embedders.pictures import Picture, PictureReader, contents

GRID = 16
N_PIXELS = GRID * GRID
STATISTICS = ("width", "height", "brightness", "contrast", "sharpness", "entropy", "saturation", "readable")
INSPECTED_EDGE = 256


class ImageSignature:
    """Rows of 264 numbers: 256 pixels (16×16 gray, 0..255, row by row), then `STATISTICS`.

    `width`, `height` in pixels as shown (EXIF rotation applied); `brightness` and `contrast`: mean and
    standard deviation of gray, 0..255; `sharpness`: variance of the Laplacian of gray; `entropy`: bits of
    the gray histogram, 0..8; `saturation`: mean of HSV saturation, 0..1; `readable`: 1 or 0. All but
    width and height are taken from the image scaled down until its longer side has at most 256 pixels.
    A row that cannot be read is NaN except `readable` = 0.
    """

    recipe = "image-signature grid=16 edge=256 revision=1"
    n_dims = N_PIXELS + len(STATISTICS)

    def __init__(self, *, reader: PictureReader | None = None) -> None:
        self._reader = reader or PictureReader()

    def embed(self, batch: pa.Array | pa.Table) -> NDArray[np.float32]:
        """Give (len(batch), 264) numbers."""
        rows = np.full((len(batch), self.n_dims), np.nan, np.float32)
        rows[:, -1] = 0.0
        for i, row in enumerate(rows):
            picture = self._reader.read(contents(batch.slice(i, 1))[0])
            if picture is not None:
                row[:N_PIXELS], row[N_PIXELS:] = _pixels(picture), _statistics(picture)
        return rows


def _pixels(picture: Picture) -> NDArray[np.float32]:
    gray = picture.rgb.convert("L").resize((GRID, GRID), Image.Resampling.BOX)
    return np.asarray(gray, np.float32).ravel()


def _statistics(picture: Picture) -> NDArray[np.float32]:
    small = picture.rgb
    if max(small.size) > INSPECTED_EDGE:
        scale = INSPECTED_EDGE / max(small.size)
        size = (max(1, round(small.width * scale)), max(1, round(small.height * scale)))
        small = small.resize(size, Image.Resampling.BOX)
    gray = np.asarray(small.convert("L"), np.float32)
    saturation = np.asarray(small.convert("HSV"), np.float32)[..., 1].mean() / 255.0
    return np.array(
        [picture.width, picture.height, gray.mean(), gray.std(), sharpness(gray), entropy(gray), saturation, 1.0],
        np.float32,
    )


def sharpness(gray: NDArray[np.float32]) -> float:
    """Give the variance of the Laplacian inside the border; 0 for an image under 3 pixels a side.

    Pech-Pacheco et al., Diatom autofocusing in brightfield microscopy, ICPR 2000.
    """
    if min(gray.shape) < 3:
        return 0.0
    inner = gray[1:-1, 1:-1]
    laplacian = gray[:-2, 1:-1] + gray[2:, 1:-1] + gray[1:-1, :-2] + gray[1:-1, 2:] - 4.0 * inner
    return float(laplacian.var())


def entropy(gray: NDArray[np.float32]) -> float:
    """Give the Shannon entropy of the gray histogram in bits."""
    counts = np.bincount(gray.astype(np.uint8).ravel(), minlength=256)
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log2(shares)).sum()) + 0.0
