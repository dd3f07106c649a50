"""Text by any sentence-transformers model, by name or folder (extra `sentence-transformers`)."""

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from burnish.errors import EmbedderError


class SentenceTransformerEmbedder:
    """Unit vectors of texts; an empty, blank or missing text is a row of NaN.

    A folder is used as it is, without network; another name is looked up on the model hub. Only
    safetensors weights are loaded (never a pickle), and no code that comes with the model is run.
    """

    def __init__(self, model: str, *, block_rows: int = 32, max_characters: int = 20_000) -> None:
        is_folder = Path(model).is_dir()
        try:
            self._model = SentenceTransformer(
                model,
                trust_remote_code=False,
                local_files_only=is_folder,
                model_kwargs={"use_safetensors": True},
            )
        except (OSError, ValueError, RuntimeError) as error:
            raise EmbedderError(
                f"sentence-transformers cannot load {model!r}: {error}",
                remedy="Pass a folder that holds the model with safetensors weights, or a name on the model hub.",
            ) from error
        self.n_dims = int(self._model.encode(["a"], show_progress_bar=False).shape[1])
        revision = _folder_digest(Path(model)) if is_folder else self._hub_revision()
        limits = f"max_tokens={self._model.max_seq_length} max_characters={max_characters}"
        self.recipe = f"sentence-transformers {Path(model).name if is_folder else model} {revision} {limits}"
        self._block_rows = block_rows
        self._max_characters = max_characters

    def embed(self, batch: pa.Array | pa.Table) -> NDArray[np.float32]:
        """Give (len(batch), n_dims) vectors."""
        vectors = np.full((len(batch), self.n_dims), np.nan, np.float32)
        texts = [(text or "")[: self._max_characters] for text in batch.to_pylist()]
        filled = [i for i, text in enumerate(texts) if text and not text.isspace()]
        if filled:
            vectors[filled] = self._model.encode(
                [texts[i] for i in filled],
                batch_size=self._block_rows,
                show_progress_bar=False,
                normalize_embeddings=True,
            )
        return vectors

    def _hub_revision(self) -> str:
        config = getattr(getattr(self._model[0], "auto_model", None), "config", None)
        return str(getattr(config, "_commit_hash", None) or "unknown-revision")


def _folder_digest(folder: Path) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(str(path.relative_to(folder)).encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "blake2b").digest())
    return digest.hexdigest()
