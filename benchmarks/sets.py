"""The real data sets that benchmarks measure on, and their embeddings, computed once and kept.

Sets lie in the folder `BURNISH_DATA` (default: ../shared/data beside the clone); embeddings are kept
as .npy under benchmarks/results/cache. `python -m benchmarks.sets` fills that cache for every set.
"""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from burnish.adapters import registry

ROOT = Path(os.environ.get("BURNISH_DATA", Path(__file__).parents[2] / "shared" / "data"))
CACHE = Path(__file__).parent / "results" / "cache"
CONTENT_FIELDS = {"cifar10": "image"} | dict.fromkeys(("banking77", "clinc150", "youtube_spam", "dblp_acm"), "text")


@dataclass(frozen=True)
class AnomalySet:
    """One set of ADBench: `vectors` (n, d) float32, `anomaly` (n,) bool."""

    name: str
    vectors: NDArray[np.float32]
    anomaly: NDArray[np.bool_]


@dataclass(frozen=True)
class PredictionSet:
    """CIFAR-10N with published out-of-fold `probabilities` (network → (n, 10) float32)."""

    given: NDArray[np.int64]
    clean: NDArray[np.int64]
    probabilities: dict[str, NDArray[np.float32]]


def cifar10() -> pa.Table:
    """10,000 train and 5,000 test images: id, split, image (bytes), label, noisy_worst, noisy_aggre, …"""
    return _table("cifar10_A")


def cifar10_pairs() -> pa.Table:
    """Hand-judged near duplicates of cifar10(): id_a, id_b, kind, scope."""
    return pyarrow.csv.read_csv(ROOT / "cifar10_A" / "duplicate_pairs.csv")


def banking77() -> pa.Table:
    """id, split, text, label."""
    return _table("banking77")


def clinc150() -> pa.Table:
    """id, split, text, label, domain, is_oos."""
    return _table("clinc150")


def youtube_spam() -> pa.Table:
    """id, split, text, label (true), lf_*, weak_majority (-1 tie or none), video, date."""
    return _table("youtube_spam")


def dblp_acm() -> pa.Table:
    """Records: id, source (A or B), their fields, text (all fields joined)."""
    return _table("dblp_acm", "records.parquet")


def dblp_acm_pairs() -> pa.Table:
    """Labelled pairs of dblp_acm(): id_a, id_b, match, split."""
    return pyarrow.csv.read_csv(ROOT / "dblp_acm" / "labelled_pairs.csv")


def adult() -> pa.Table:
    """The census table with `split` and its label field."""
    return _table("adult")


def online_shoppers() -> pa.Table:
    """12,330 web sessions; label `Revenue`."""
    return _table("online_shoppers")


def adbench() -> list[AnomalySet]:
    """The nine embedding sets of ADBench with true anomalies, by name."""
    found = []
    for path in sorted((ROOT / "adbench_emb_A").glob("*.npz")):
        with np.load(path, allow_pickle=False) as arrays:
            found.append(AnomalySet(path.stem, arrays["X"].astype(np.float32), arrays["y"].ravel() == 1))
    return found


def predprobs(noise: str) -> PredictionSet:
    """Published out-of-fold probabilities of `noise` = 'worst' or 'aggre'."""
    table = pq.read_table(ROOT / "cifar10n_predprobs" / f"{noise}.parquet")
    networks = {
        network: np.column_stack([table[f"p_{network}_{c}"].to_numpy() for c in range(10)]).astype(np.float32)
        for network in ("resnet18", "swin")
    }
    return PredictionSet(table["given_label"].to_numpy(), table["clean_label"].to_numpy(), networks)


def is_train(table: pa.Table) -> NDArray[np.bool_]:
    """Mask (n,) of the rows of the official training split."""
    return pc.equal(table["split"], "train").to_numpy(zero_copy_only=False)


def embeddings(name: str, embedder: str | None = None) -> NDArray[np.float32]:
    """Give (n, d) vectors of the set `name` (a key of CONTENT_FIELDS), as the embedder gives them: not unit rows.

    Computed once per recipe and content and kept; `embedder` as on the command line, None for the default.
    """
    field = CONTENT_FIELDS[name]
    kind = "image" if field == "image" else "text"
    content = globals()[name]()[field].combine_chunks()
    maker = registry.embedder(embedder, kind=kind)
    digest = hashlib.blake2b(maker.recipe.encode(), digest_size=6)
    for value in content.cast(pa.binary()).to_pylist():
        digest.update(b"\0" if value is None else value)
    stem = re.sub(r"[^a-z0-9]+", "-", (embedder or "default").lower())
    path = CACHE / f"{name}-{stem}-{digest.hexdigest()}.npy"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}.tmp")
        with partial.open("wb") as file:
            np.save(file, maker.embed(content))
        partial.replace(path)
    return np.load(path, allow_pickle=False)


def image_pixels() -> NDArray[np.float32]:
    """(15,000, 256) gray pixels of cifar10(), as the column `image_pixels`."""
    return embeddings("cifar10", "image-signature")[:, :256]


def image_stats() -> NDArray[np.float32]:
    """(15,000, 8) statistics of cifar10(), as the column `image_stats`."""
    return embeddings("cifar10", "image-signature")[:, 256:]


def _table(folder: str, file: str = "data.parquet") -> pa.Table:
    return pq.read_table(ROOT / folder / file)


def main() -> None:
    for name in CONTENT_FIELDS:
        print(name, embeddings(name).shape)
    print("image-signature", embeddings("cifar10", "image-signature").shape)


if __name__ == "__main__":
    main()
