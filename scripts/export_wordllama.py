"""Write the static word vectors and their tokenizer from the package wordllama into burnish's weights folder.

Run it in a virtual environment of its own (burnish itself never needs wordllama):

    python3 -m venv /tmp/export && /tmp/export/bin/pip install wordllama==0.4.0.post1
    /tmp/export/bin/python scripts/export_wordllama.py

The 32,000 vectors of 256 float16 numbers become int8 with one float16 scale a vector (half the size); the
tokenizer is kept as published, compressed. The script refuses to write when a sentence's vector would
differ from wordllama's by more than 0.001 in cosine, and stores reference vectors for the test.
"""

import gzip
import sys
from importlib import resources
from pathlib import Path

import numpy as np
import wordllama
from safetensors.numpy import load
from tokenizers import Tokenizer
from wordllama.inference import WordLlamaInference

ROOT = Path(__file__).parents[1]
WEIGHTS = ROOT / "src/burnish/adapters/embedders/weights"
REFERENCE = ROOT / "tests/adapters/embedders/wordllama_reference.npz"
LEAST_COSINE = 0.999
SENTENCES = (
    "My card was declined at a shop yesterday.",
    "hello",
    "  two leading spaces, and a\ttab\nand a new line ",
    "Größere Häuser, naïve café — 你好世界 🙂🙂",
    "</s> and <unk> inside a text",
    "x" * 300,
    "It is what it is. " * 60,
    "SELECT * FROM t WHERE a <> 'b'; -- 1234567890",
)


def main() -> int:
    package = resources.files(wordllama)
    tensors = load((package / "weights/l2_supercat_256.safetensors").read_bytes())
    (vectors,) = (np.asarray(t, np.float32) for t in tensors.values())
    tokenizer = (package / "tokenizers/l2_supercat_tokenizer_config.json").read_bytes()

    scales = (np.abs(vectors).max(axis=1) / 127).astype(np.float16)
    scales = np.where(scales > 0, scales, np.float16(1))
    rows = np.rint(vectors / scales[:, None].astype(np.float32)).clip(-127, 127).astype(np.int8)
    kept = rows * scales[:, None].astype(np.float32)

    texts = list(SENTENCES)
    expected = WordLlamaInference(vectors, Tokenizer.from_buffer(tokenizer)).embed(texts)
    given = WordLlamaInference(kept, Tokenizer.from_buffer(tokenizer)).embed(texts)
    norms = np.linalg.norm(given, axis=1) * np.linalg.norm(expected, axis=1)
    cosine = (given * expected).sum(axis=1) / norms
    print(f"{vectors.shape}, least cosine to wordllama over {len(texts)} texts: {cosine.min():.6f}")
    if cosine.min() < LEAST_COSINE:
        return 1

    WEIGHTS.mkdir(parents=True, exist_ok=True)
    np.save(WEIGHTS / "wordllama_256.npy", rows)
    np.save(WEIGHTS / "wordllama_256_scales.npy", scales)
    compressed = gzip.compress(tokenizer, compresslevel=9, mtime=0)
    (WEIGHTS / "wordllama_tokenizer.json.gz").write_bytes(compressed)
    REFERENCE.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(REFERENCE, texts=np.array(texts), vectors=expected)
    return 0


if __name__ == "__main__":
    sys.exit(main())
