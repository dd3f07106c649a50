"""The user's own code as an embedder: `module:callable`."""

import inspect
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from PIL import Image

from burnish.adapters.embedders.pictures import PictureReader, contents
from burnish.errors import EmbedderError, UsageError
from burnish.protocols import Embedder

# What user code raises in practice; anything rarer is a fault that should be seen as it is.
USER_FAILURES = (
    ArithmeticError, AssertionError, AttributeError, ImportError, LookupError, OSError, RuntimeError, TypeError,
    ValueError,
)  # fmt: skip
_SAMPLE_SIDE = 64
IMAGES_AT_ONCE = 16  # decoded, they may take 200 MB each


class FunctionEmbedder:
    """A function of a list of texts, or of a list of RGB Pillow images, that gives an (n, d) array.

    Missing, blank and unreadable items never reach the function: their rows are NaN. Images come 16 at a
    time at most, and a large JPEG at a fraction of its size (sides of 1,024 pixels or more). It is called
    once with a sample when it is opened, to learn d. Vectors are cached under the function's name and
    its attribute `recipe`, if it has one: change that when the function gives other results.
    """

    def __init__(self, function: Callable[[list[Any]], Any], *, name: str, kind: Literal["text", "image"]) -> None:
        self.recipe = f"function {name} {getattr(function, 'recipe', '')}".strip()
        self._function = function
        self._kind = kind
        self._reader = PictureReader(edge_pixels=1024)
        sample: Any = "sample" if kind == "text" else Image.new("RGB", (_SAMPLE_SIDE, _SAMPLE_SIDE))
        self.n_dims = int(self._call([sample]).shape[1])

    def embed(self, batch: pa.Array | pa.Table) -> NDArray[np.float32]:
        """Give (len(batch), n_dims) vectors; raises EmbedderError when the function fails."""
        vectors = np.full((len(batch), self.n_dims), np.nan, np.float32)
        step = len(batch) if self._kind == "text" else IMAGES_AT_ONCE
        for start in range(0, len(batch), max(1, step)):
            block = batch.slice(start, step)
            items = self._texts(block) if self._kind == "text" else self._images(block)
            usable = [i for i, item in enumerate(items) if item is not None]
            if usable:
                vectors[start + np.array(usable)] = self._call([items[i] for i in usable])
        return vectors

    def _texts(self, batch: pa.Array) -> list[Any]:
        return [text if text and not text.isspace() else None for text in batch.to_pylist()]

    def _images(self, batch: pa.Array) -> list[Any]:
        pictures = (self._reader.read(content) for content in contents(batch))
        return [picture and picture.rgb for picture in pictures]

    def _call(self, items: list[Any]) -> NDArray[np.float32]:
        try:
            made = np.asarray(self._function(items), dtype=np.float32)
        except USER_FAILURES as error:
            raise EmbedderError(
                f"{self.recipe} failed: {type(error).__name__}: {error}.",
                remedy="It must take a list of n items and give an (n, d) array of numbers.",
            ) from error
        if made.ndim != 2 or len(made) != len(items):
            raise EmbedderError(
                f"{self.recipe} gave shape {made.shape} for {len(items)} item(s).",
                remedy=f"It must give an ({len(items)}, d) array.",
            )
        return made


def embedder_from_callable(
    given: Callable[..., Any], *, name: str, kind: Literal["text", "image", "table"]
) -> Embedder:
    """Give the embedder that `given` is about: a class or a factory without arguments is called, a function wrapped."""
    if _takes_nothing(given):
        made = given()
        if isinstance(made, Embedder):
            return made
        raise UsageError(
            f"{name} made a {type(made).__name__}, which is not an embedder.",
            remedy="It needs recipe, n_dims and embed(batch); see burnish.protocols.Embedder.",
        )
    if kind == "table":
        raise UsageError(
            f"{name} takes arguments, but rows of a table need an Embedder.",
            remedy="Pass a class or factory without arguments; see burnish.protocols.Embedder.",
        )
    return FunctionEmbedder(given, name=name, kind=kind)


def _takes_nothing(given: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(given).parameters.values()
    except (TypeError, ValueError):  # some built-in callables have no signature
        return False
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return not any(p.default is p.empty and p.kind in positional for p in parameters)
