"""Text by a transformer in ONNX: tokenize, pad, run, pool."""

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from tokenizers import Tokenizer

from burnish.adapters.embedders.onnx_sessions import OnnxSession
from burnish.errors import EmbedderError

Pooling = Literal["mean", "cls", "none"]
_CHARACTERS_PER_TOKEN = 40  # more than any text needs to fill its tokens; keeps a 10 MB cell cheap


@dataclass(frozen=True, slots=True)
class TextPlan:
    """How texts go through a model: `pooling` over tokens, `max_tokens` a text, which `output` to read."""

    output: str
    pooling: Pooling = "mean"
    max_tokens: int = 256
    block_rows: int = 32


class OnnxTextEmbedder:
    """Vectors of texts by an ONNX model and its tokenizer.json, at unit length.

    A text is cut after `max_tokens`; an empty, blank or missing one is a row of NaN. Texts are run
    `block_rows` at a time, sorted by length; with a model of dynamic int8 quantization a vector
    depends a little on its block.
    """

    def __init__(self, session: OnnxSession, tokenizer: Path, plan: TextPlan, *, recipe: str) -> None:
        self.recipe = recipe
        self._session = session
        self._plan = plan
        self._tokenizer = _open_tokenizer(tokenizer)
        self._pad = (self._tokenizer.padding or {}).get("pad_id", 0)
        self._tokenizer.enable_truncation(plan.max_tokens)
        self._tokenizer.no_padding()
        self.n_dims = int(self._run([self._tokenizer.encode("a").ids]).shape[1])

    def embed(self, batch: pa.Array | pa.Table) -> NDArray[np.float32]:
        """Give (len(batch), n_dims) vectors."""
        vectors = np.full((len(batch), self.n_dims), np.nan, np.float32)
        limit = self._plan.max_tokens * _CHARACTERS_PER_TOKEN
        texts = [(text or "")[:limit] for text in batch.to_pylist()]
        filled = np.array([i for i, text in enumerate(texts) if text and not text.isspace()], np.int64)
        tokens = [e.ids for e in self._tokenizer.encode_batch_fast([texts[i] for i in filled])]
        order = np.argsort([len(ids) for ids in tokens], kind="stable")
        for start in range(0, len(order), self._plan.block_rows):
            block = order[start : start + self._plan.block_rows]
            vectors[filled[block]] = self._run([tokens[i] for i in block])
        return vectors

    def _run(self, tokens: list[list[int]]) -> NDArray[np.float32]:
        ids = np.full((len(tokens), max(map(len, tokens))), self._pad, np.int64)
        mask = np.zeros_like(ids)
        for row, given in enumerate(tokens):
            ids[row, : len(given)] = given
            mask[row, : len(given)] = 1
        arrays = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        feed = {
            name: arrays[name].astype(np.int32 if "int32" in kind else np.int64)
            for name, (kind, _) in self._session.inputs.items()
        }
        pooled = self._pool(np.asarray(self._session.run(feed, output=self._plan.output), np.float32), mask)
        return np.asarray(pooled / np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), 1e-12), np.float32)

    def _pool(self, states: NDArray[np.float32], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        if states.ndim == 2:
            return states
        if states.ndim != 3 or self._plan.pooling == "none":
            raise EmbedderError(
                f"output {self._plan.output!r} has shape {states.shape}, not one vector a text.",
                remedy='Name another "output" in the side file, or "pooling": "mean" or "cls".',
            )
        if self._plan.pooling == "cls":
            return np.asarray(states[:, 0])
        weights = mask[..., None].astype(np.float32)
        return np.asarray((states * weights).sum(axis=1) / weights.sum(axis=1), np.float32)


def _open_tokenizer(path: Path) -> Tokenizer:
    try:
        document = path.read_bytes()
        return Tokenizer.from_buffer(gzip.decompress(document) if path.suffix == ".gz" else document)
    except (OSError, ValueError) as error:
        raise EmbedderError(
            f"the tokenizer {path} cannot be read: {error}.",
            remedy="Put the model's tokenizer.json beside the .onnx file.",
        ) from error
