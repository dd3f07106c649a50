"""Text by static word vectors: the mean of the vectors of its tokens (weights ship with burnish)."""

import gzip
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from tokenizers import Tokenizer

WEIGHTS = Path(__file__).parent / "weights"
PART_CHARACTERS = 50_000


class StaticTextEmbedder:
    """Vectors of 256 numbers for texts, equal to wordllama's (l2_supercat_256) but for 8-bit rounding.

    Only the first `max_characters` of a text are looked at. An empty or blank text, and a missing
    one, is a row of NaN. `block_rows` texts are tokenized at a time.
    """

    n_dims = 256

    def __init__(self, *, max_characters: int = 20_000, block_rows: int = 1024) -> None:
        self.recipe = f"static wordllama-l2-supercat-256 int8 max_characters={max_characters} revision=1"
        self._max_characters = max_characters
        self._block_rows = block_rows
        self._tokenizer = Tokenizer.from_buffer(gzip.decompress((WEIGHTS / "wordllama_tokenizer.json.gz").read_bytes()))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        scales = np.load(WEIGHTS / "wordllama_256_scales.npy", allow_pickle=False)
        rows = np.load(WEIGHTS / "wordllama_256.npy", allow_pickle=False)
        self._token_vectors = rows * scales.astype(np.float32)[:, None]

    def embed(self, batch: pa.Array | pa.Table) -> NDArray[np.float32]:
        """Give (len(batch), 256) vectors."""
        vectors = np.full((len(batch), self.n_dims), np.nan, np.float32)
        for start in range(0, len(batch), self._block_rows):
            block = batch.slice(start, self._block_rows).cast(pa.large_string())
            texts = pc.utf8_slice_codeunits(block, 0, self._max_characters).to_pylist()
            filled = np.array([i for i, text in enumerate(texts) if text and not text.isspace()], np.int64)
            for rows in _parts(filled, [len(texts[i]) for i in filled]):
                vectors[start + rows] = self._mean_vectors([texts[i] for i in rows])
        return vectors

    def _mean_vectors(self, texts: list[str]) -> NDArray[np.float32]:
        tokens = [e.ids for e in self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)]
        lengths = np.array([len(ids) for ids in tokens])
        flat = np.fromiter(chain.from_iterable(tokens), np.int64, int(lengths.sum()))
        starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
        sums = np.add.reduceat(self._token_vectors[flat], starts, axis=0)
        return np.asarray(sums / lengths[:, None], np.float32)


def _parts(rows: NDArray[np.int64], lengths: list[int]) -> list[NDArray[np.int64]]:
    """Cut rows into runs of about `PART_CHARACTERS`: a token takes 1 kB while it is averaged."""
    part = np.cumsum(lengths) // PART_CHARACTERS
    return np.split(rows, np.flatnonzero(np.diff(part)) + 1) if len(rows) else []
