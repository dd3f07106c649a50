"""Any ONNX file as an embedder: what the model takes is read from a side file or from its inputs."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from burnish.adapters.embedders.onnx_sessions import OnnxSession
from burnish.adapters.embedders.onnx_text import OnnxTextEmbedder, TextPlan
from burnish.adapters.embedders.pictures import PictureReader, contents, square_pixels
from burnish.errors import EmbedderError, UsageError

IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
DEFAULT_SIZE = 224
TEXT_KEYS = ("output", "pooling", "max_tokens", "tokenizer")
IMAGE_KEYS = ("output", "size", "mean", "deviation")


@dataclass(frozen=True, slots=True)
class ImagePlan:
    """How images go through a model: side in pixels, channels first or last, raw bytes or scaled numbers."""

    name: str
    output: str
    size: int
    channels_first: bool
    raw: bool
    mean: tuple[float, ...] = IMAGENET_MEAN
    deviation: tuple[float, ...] = IMAGENET_DEVIATION
    block_rows: int = 32


class OnnxImageEmbedder:
    """Vectors of images by an ONNX model; a model of uint8 pixels gets 0..255, another (x/255 − mean)/deviation."""

    def __init__(self, session: OnnxSession, plan: ImagePlan, *, recipe: str) -> None:
        self.recipe = recipe
        self._session = session
        self._plan = plan
        self._reader = PictureReader(edge_pixels=2 * plan.size)
        self.n_dims = int(self._run(np.zeros((1, plan.size, plan.size, 3), np.uint8)).shape[1])

    def embed(self, batch: pa.Array | pa.Table) -> NDArray[np.float32]:
        """Give (len(batch), n_dims) vectors; an image that cannot be read is a row of NaN."""
        vectors = np.full((len(batch), self.n_dims), np.nan, np.float32)
        for start in range(0, len(batch), self._plan.block_rows):
            block = contents(batch.slice(start, self._plan.block_rows))
            pictures = [(start + i, self._reader.read(content)) for i, content in enumerate(block)]
            readable = [(i, picture) for i, picture in pictures if picture is not None]
            if readable:
                pixels = np.stack([square_pixels(picture, self._plan.size) for _, picture in readable])
                vectors[[i for i, _ in readable]] = self._run(pixels)
        return vectors

    def _run(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        feed: NDArray[Any] = pixels
        if not self._plan.raw:
            scaled = pixels.astype(np.float32) / 255.0
            feed = ((scaled - self._plan.mean) / self._plan.deviation).astype(np.float32)
        if self._plan.channels_first:
            feed = feed.transpose(0, 3, 1, 2)
        made = self._session.run({self._plan.name: np.ascontiguousarray(feed)}, output=self._plan.output)
        return np.asarray(made, np.float32).reshape(len(pixels), -1)


def open_onnx(path: str, *, kind: Literal["text", "image"], threads: int = 0) -> OnnxTextEmbedder | OnnxImageEmbedder:
    """Give the embedder of the model at `path`.

    `PATH.json` beside it may say, for text: output, pooling (mean, cls, none), max_tokens, tokenizer
    (a file name; default tokenizer.json in the model's folder or the one above); for images: output,
    size, mean, deviation. What it does not say is read from the model's inputs; else mean pooling,
    256 tokens, 224 pixels and ImageNet's mean and deviation. The recipe carries a hash of the model, its
    side file and its tokenizer.
    """
    model = Path(path)
    if not model.is_file():
        raise UsageError(f"there is no model file {path}.", remedy="Pass --embedder onnx:PATH of a .onnx file.")
    settings = _settings(model, TEXT_KEYS if kind == "text" else IMAGE_KEYS)
    session = OnnxSession(model, threads=threads)
    output = str(settings.get("output", next(iter(session.outputs))))
    if output not in session.outputs:
        raise UsageError(f"{path} has no output {output!r}.", remedy=f"Its outputs: {', '.join(session.outputs)}.")
    return _text(model, session, settings, output) if kind == "text" else _image(model, session, settings, output)


def _text(model: Path, session: OnnxSession, settings: dict[str, Any], output: str) -> OnnxTextEmbedder:
    known = {"input_ids", "attention_mask", "token_type_ids"}
    if "input_ids" not in session.inputs or not set(session.inputs) <= known:
        raise UsageError(
            f"{model} takes {', '.join(session.inputs)}, not the input_ids of a text.",
            remedy="Pass a model that takes input_ids, attention_mask and perhaps token_type_ids.",
        )
    tokenizer = model.parent / str(settings.get("tokenizer", "tokenizer.json"))
    if not tokenizer.is_file():
        tokenizer = model.parent.parent / "tokenizer.json"
    plan = TextPlan(output, settings.get("pooling", "mean"), int(settings.get("max_tokens", 256)))
    return OnnxTextEmbedder(session, tokenizer, plan, recipe=f"onnx {_digest(model, tokenizer)} {plan}")


def _image(model: Path, session: OnnxSession, settings: dict[str, Any], output: str) -> OnnxImageEmbedder:
    name, (element, shape) = next(iter(session.inputs.items()))
    if len(session.inputs) != 1 or len(shape) != 4 or 3 not in (shape[1], shape[3]):
        raise UsageError(
            f"{model} takes {session.inputs}, not one batch of RGB images.",
            remedy="Pass a model with one input of shape (n, 3, h, w) or (n, h, w, 3).",
        )
    channels_first = shape[1] == 3
    side = shape[2] if isinstance(shape[2], int) else DEFAULT_SIZE
    plan = ImagePlan(
        name, output, int(settings.get("size", side)), channels_first, "uint8" in element,
        tuple(settings.get("mean", IMAGENET_MEAN)), tuple(settings.get("deviation", IMAGENET_DEVIATION)),
    )  # fmt: skip
    return OnnxImageEmbedder(session, plan, recipe=f"onnx {_digest(model)} {plan}")


def _settings(model: Path, known: tuple[str, ...]) -> dict[str, Any]:
    side = model.with_name(f"{model.name}.json")
    if not side.is_file():
        return {}
    try:
        settings = json.loads(side.read_text("utf-8"))
    except ValueError as error:
        raise UsageError(f"{side} is not JSON: {error}.", remedy=f"It may hold: {', '.join(known)}.") from error
    unknown = sorted(set(settings) - set(known)) if isinstance(settings, dict) else ["(not an object)"]
    if unknown:
        raise UsageError(f"{side} holds {', '.join(unknown)}.", remedy=f"It may hold: {', '.join(known)}.")
    return dict(settings)


def _digest(*paths: Path) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for path in paths:
        try:
            digest.update(path.read_bytes())
        except OSError as error:
            raise EmbedderError(
                f"{path} cannot be read: {error.strerror}.", remedy="Put the model's tokenizer.json beside it."
            ) from error
    return digest.hexdigest()
