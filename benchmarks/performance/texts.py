"""Near duplicates among texts: planted copies that lack one word, to be found among real questions.

Two questions. `near duplicates`: texts in, groups of duplicates out, embedding included; SemHash gets the same
embedder as burnish. `overlap`: texts in, candidate pairs out by the characters that they share, with rensa's
MinHash as the peer.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from benchmarks import sets
from benchmarks.performance.inputs import warm_search
from benchmarks.performance.measuring import OURS, WARM_ROWS, Contender, Figures, Kernel
from burnish.adapters import registry
from burnish.dataset import Column, Dataset, Evidence, Roles
from burnish.kernels.overlap import character_profiles, nearest_by_overlap
from burnish.pipeline.embedding import unit_rows
from burnish.protocols import Embedder
from burnish.steps.duplicates import Duplicates
from burnish.steps.neighbors import NearestNeighbors

ONE_IN = 20
"""One text in so many has a planted copy."""

SHINGLE = 5
N_HASHES, N_BANDS = 128, 32


@dataclass(frozen=True, eq=False)
class Texts:
    """Distinct texts, the copies behind the others; `origins` (n_copies,) are the positions of what they copy."""

    texts: list[str]
    origins: NDArray[np.int64]

    @classmethod
    def planted(cls, originals: list[str]) -> "Texts":
        """Add copies of some texts, each without one of its words."""
        rng, known, copies, origins = np.random.default_rng(0), set(originals), [], []
        for origin in rng.permutation(len(originals)).tolist():
            words = originals[origin].split()
            del words[int(rng.integers(len(words)))]
            copy = " ".join(words)
            if len(words) >= 4 and copy not in known and len(copies) < len(originals) // ONE_IN:
                known.add(copy)
                copies.append(copy)
                origins.append(origin)
        return cls(originals + copies, np.array(origins))

    @property
    def n_originals(self) -> int:
        return len(self.texts) - len(self.origins)

    def first(self) -> "Texts":
        """Give fewer texts, to warm up on."""
        warm_search()
        return Texts.planted(self.texts[: min(WARM_ROWS, self.n_originals)])


class Found(NamedTuple):
    """Pairs of positions, both (m,); `grouped`: whether a text belongs to all that it is joined with by others."""

    left: NDArray[np.integer]
    right: NDArray[np.integer]
    grouped: bool = True


def embedder() -> Embedder:
    return registry.embedder("static", kind="text")


def burnish(given: Texts) -> Found:
    table = pa.table({"text": given.texts})
    content = np.arange(2 * len(table), dtype=np.uint64).reshape(-1, 2)  # no two texts are equal
    dataset = Dataset(table, pa.array([str(row) for row in range(len(table))]), content, Roles(text="text"))
    vectors = unit_rows(embedder().embed(table["text"].combine_chunks()))
    evidence = Evidence(dataset).adding([Column("embeddings", vectors, "row")])
    for step in (NearestNeighbors(), Duplicates()):
        evidence = evidence.adding(step.run(evidence, seed=0))
    return _within(np.asarray(evidence["near_group"]))


def semhash(library: Any, given: Texts, *, threshold: float) -> Found:
    made, position = embedder(), {text: row for row, text in enumerate(given.texts)}

    class Encoder:
        def encode(self, texts: Any, **_: Any) -> NDArray[np.float32]:
            return made.embed(pa.array(list(texts)))

    index = library.SemHash.from_records(given.texts, model=Encoder())
    filtered = index.self_deduplicate(threshold=threshold).filtered
    pairs = [(position[line.record], position[other]) for line in filtered for other, _ in line.duplicates]
    return Found(*np.array(pairs or np.empty((0, 2)), np.int64).T)


def burnish_overlap(given: Texts) -> Found:
    near = nearest_by_overlap(character_profiles(given.texts)).positions
    rows, columns = np.nonzero(near >= 0)
    return Found(rows, near[rows, columns], grouped=False)


def rensa(library: Any, given: Texts) -> Found:
    """Shingles of five characters, hashed 128 times, candidates by 32 bands: similar from about 0.4 on."""
    shingles = [
        list({text[at : at + SHINGLE] for at in range(max(1, len(text) - SHINGLE + 1))})
        for text in map(str.lower, given.texts)
    ]
    hashes = library.RMinHash.from_token_sets(shingles, N_HASHES, 0)
    index = library.RMinHashLSH(0.5, N_HASHES, N_BANDS)
    index.insert_many(hashes)
    pairs = [(row, other) for row, others in enumerate(index.query_all(hashes)) for other in others if other != row]
    return Found(*np.array(pairs or np.empty((0, 2)), np.int64).T, grouped=False)


def judge(given: Texts, found: Found) -> Figures:
    """Give the share of planted pairs that were found, how many texts are in any pair, and how many pairs there are."""
    n, copies = len(given.texts), given.n_originals + np.arange(len(given.origins))
    pairs = np.unique(np.minimum(found.left, found.right) * n + np.maximum(found.left, found.right))
    if found.grouped:
        joined = coo_array((np.ones(len(found.left)), (found.left, found.right)), shape=(n, n))
        group = connected_components(joined, directed=False)[1]
        hits = group[given.origins] == group[copies]
    else:
        hits = np.isin(given.origins * n + copies, pairs)
    in_any = len(np.unique([found.left, found.right]))
    return {"recall": float(hits.mean()), "flagged": in_any, "pairs": len(pairs), "planted": len(copies)}


def load(case: str) -> Texts:
    """Give so many different questions of clinc150 and banking77, and copies besides."""
    texts = sets.clinc150()["text"].to_pylist() + sets.banking77()["text"].to_pylist()
    distinct = list(dict.fromkeys(" ".join(text.split()) for text in texts if len(text.split()) > 1))
    np.random.default_rng(0).shuffle(distinct)
    return Texts.planted(distinct[: int(case)])


def _within(groups: NDArray[np.int64]) -> Found:
    """Give every pair within a group (n,), -1 for none."""
    pairs = []
    order = np.argsort(groups, kind="stable")[int((groups < 0).sum()) :]
    for members in np.split(order, np.flatnonzero(np.diff(groups[order])) + 1):
        left, right = np.triu_indices(len(members), 1)
        pairs.append(np.stack([members[left], members[right]]))
    return Found(*np.hstack(pairs))


KERNEL = Kernel(
    name="texts",
    contenders=(
        Contender(OURS, burnish, "near duplicates"),
        *(Contender(f"SemHash, threshold {t:g}", partial(semhash, threshold=t), "near duplicates", ("semhash",))
          for t in (0.9, 0.8, 0.7)),
        Contender(OURS, burnish_overlap, "overlap"),
        Contender("rensa, MinHash", rensa, "overlap", ("rensa",)),
    ),
    load=load,
    small=Texts.first,
    judge=judge,
    rows=(5_000, 20_000),
)  # fmt: skip
