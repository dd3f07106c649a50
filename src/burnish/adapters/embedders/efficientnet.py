"""Images by EfficientNet-Lite0, late blocks 10, 12, 14, 15 averaged and joined (weights ship with burnish)."""

from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from burnish.adapters.embedders.onnx_sessions import OnnxSession
from burnish.adapters.embedders.pictures import PictureReader, contents, square_pixels

WEIGHTS = Path(__file__).parent / "weights" / "efficientnet_lite0.onnx"
SIZE = 128


class EfficientNetLite0:
    """Vectors of 816 numbers for images; `scripts/export_efficientnet_lite0.py` made the model.

    `block_rows` images are decoded and run at a time: about 0.2 MB each, and 100 MB of activations.
    """

    recipe = "efficientnet-lite0 blocks=10+12+14+15 size=128 resize=bilinear revision=1"
    n_dims = 816

    def __init__(self, *, reader: PictureReader | None = None, block_rows: int = 32, threads: int = 0) -> None:
        self._reader = reader or PictureReader()
        self._block_rows = block_rows
        self._session = OnnxSession(WEIGHTS, threads=threads)

    def embed(self, batch: pa.Array | pa.Table) -> NDArray[np.float32]:
        """Give (len(batch), 816) vectors; an image that cannot be read is a row of NaN."""
        vectors = np.full((len(batch), self.n_dims), np.nan, np.float32)
        for start in range(0, len(batch), self._block_rows):
            self._embed_block(batch.slice(start, self._block_rows), vectors[start : start + self._block_rows])
        return vectors

    def _embed_block(self, block: pa.Array, out: NDArray[np.float32]) -> None:
        pictures = [self._reader.read(content) for content in contents(block)]
        readable = [i for i, picture in enumerate(pictures) if picture is not None]
        if readable:
            pixels = np.stack([square_pixels(p, SIZE) for p in pictures if p is not None])
            out[readable] = self._session.run({"pixels": pixels}, output="embedding")
