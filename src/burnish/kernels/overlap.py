"""Overlap of texts in characters and words: sparse tf-idf profiles, their nearest rows, and the cosine of pairs."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Floats = NDArray[np.float32]

MAX_CHARACTERS = 2_000
"""Characters of a text that are looked at; what comes after does not count."""

TOTAL_CHARACTERS, FEWEST_CHARACTERS = 40_000_000, 200
"""Characters looked at in all, about 1.5 GB of profiles; many texts are each cut shorter, never below the fewest."""

MAX_TOKEN_ROWS = 100
"""A token in more rows than this proposes no candidates (it still counts in the cosine of a pair)."""

GRAM_LENGTHS = (3, 4, 5)
N_BUCKETS = 1 << 20
BLOCK_ROWS = 2_048
BLOCK_CHARACTERS = 1 << 22
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_WORD = re.compile(r"\w+")


class OverlapNeighbors(NamedTuple):
    """Positions (n, k) int64 and cosines (n, k), nearest first, -1 / 0 past the end.

    `n_common` tokens were in too many rows to propose candidates.
    """

    positions: NDArray[np.int64]
    similarities: Floats
    n_common: int


def characters_read(n_texts: int) -> int:
    """Give how many characters of each text are looked at, so that memory stays bounded."""
    return min(MAX_CHARACTERS, max(FEWEST_CHARACTERS, TOTAL_CHARACTERS // max(1, n_texts)))


def character_profiles(texts: Sequence[str | None], *, max_characters: int | None = None) -> csr_array:
    """Give unit tf-idf rows (n, 2^20) over the 3-, 4- and 5-grams of the lower-cased text; None is an empty row.

    N-grams are hashed into buckets (feature hashing, Weinberger et al. 2009); white space is one blank.
    `max_characters`: None for `characters_read`.
    """
    max_characters = max_characters or characters_read(len(texts))
    codes = [_characters(text, max_characters) for text in texts]
    lengths = np.array([len(code) for code in codes], np.int64)
    ends = np.cumsum(lengths)
    counts: list[csr_array] = []
    start = 0
    while start < len(codes):
        filled = ends[start] - lengths[start] + BLOCK_CHARACTERS
        stop = max(start + 1, int(np.searchsorted(ends, filled, side="right")))
        counts.append(_gram_counts(np.concatenate(codes[start:stop]), lengths[start:stop]))
        start = stop
    return _weighted(_stacked(counts))


def word_profiles(texts: Sequence[str | None], *, max_characters: int | None = None) -> csr_array:
    """Give unit tf-idf rows (n, n_words) over the lower-cased words and numbers; None is an empty row.

    `max_characters`: None for `characters_read`.
    """
    max_characters = max_characters or characters_read(len(texts))
    vocabulary: dict[str, int] = {}
    words = [_WORD.findall((text or "")[:max_characters].lower()) for text in texts]
    codes = [vocabulary.setdefault(word, len(vocabulary)) for line in words for word in line]
    bounds = np.concatenate([[0], np.cumsum([len(line) for line in words])]).astype(np.int64)
    shape = (len(words), max(1, len(vocabulary)))
    counts = csr_array((np.ones(len(codes), np.float32), np.array(codes, np.int64), bounds), shape=shape)
    counts.sum_duplicates()
    return _weighted(counts)


def pair_cosines(profiles: csr_array, left: NDArray[np.integer], right: NDArray[np.integer]) -> Floats:
    """Give the cosine of `profiles` rows `left[i]` and `right[i]`, (n_pairs,) in 0..1, in blocks of pairs."""
    cosines = np.empty(len(left), np.float32)
    for start in range(0, len(left), BLOCK_ROWS):
        chosen = slice(start, start + BLOCK_ROWS)
        products = profiles[left[chosen]].multiply(profiles[right[chosen]])
        cosines[chosen] = np.asarray(products.sum(axis=1)).ravel()
    return np.clip(cosines, 0.0, 1.0)


def nearest_by_overlap(
    profiles: csr_array, k: int = 10, *, keys: csr_array | None = None, max_token_rows: int = MAX_TOKEN_ROWS
) -> OverlapNeighbors:
    """Give each row the `k` rows (of `keys`, else the others of `profiles`) that share most rare tokens with it.

    An inverted index as blocked sparse products. Tokens in more than `max_token_rows` rows of the keys are
    left out, so the cost is at most n·tokens·max_token_rows; the cosines are of what is left, a lower bound.
    """
    among = profiles if keys is None else keys
    rows_of_token = np.bincount(among.indices, minlength=among.shape[1])
    common = rows_of_token > max_token_rows
    index = _without(among, common).T.tocsr()
    queries = _without(profiles, common)
    positions = np.full((profiles.shape[0], k), -1, np.int64)
    similarities = np.zeros((profiles.shape[0], k), np.float32)
    for start in range(0, profiles.shape[0], BLOCK_ROWS):
        product = queries[start : start + BLOCK_ROWS] @ index
        for i in range(product.shape[0]):
            span = slice(product.indptr[i], product.indptr[i + 1])
            row = start + i
            found = _top(product.indices[span], product.data[span], k, row if keys is None else -1)
            positions[row, : len(found[0])], similarities[row, : len(found[0])] = found
    return OverlapNeighbors(positions, similarities, int(common.sum()))


def _characters(text: str | None, max_characters: int) -> NDArray[np.uint32]:
    plain = " ".join((text or "")[:max_characters].lower().split())
    return (
        np.frombuffer(f" {plain} ".encode("utf-32-le", "surrogatepass"), np.uint32) if plain else np.empty(0, np.uint32)
    )


def _gram_counts(characters: NDArray[np.uint32], lengths: NDArray[np.int64]) -> csr_array:
    owner = np.repeat(np.arange(len(lengths)), lengths)
    rows, buckets = [], []
    for n in GRAM_LENGTHS:
        n_grams = len(characters) - n + 1
        if n_grams <= 0:
            continue
        digest = np.full(n_grams, n, np.uint64)
        for offset in range(n):
            digest = (digest ^ characters[offset : offset + n_grams].astype(np.uint64)) * _FACTOR
        inside = owner[:n_grams] == owner[n - 1 :]
        rows.append(owner[:n_grams][inside])
        buckets.append((digest[inside] >> np.uint64(44)).astype(np.int64))
    row, bucket = (np.concatenate(part) if part else np.empty(0, np.int64) for part in (rows, buckets))
    keys, counts = np.unique(row * N_BUCKETS + bucket, return_counts=True)
    bounds = np.searchsorted(keys, np.arange(len(lengths) + 1) * N_BUCKETS)
    return csr_array((counts.astype(np.float32), keys % N_BUCKETS, bounds), shape=(len(lengths), N_BUCKETS))


def _stacked(parts: list[csr_array]) -> csr_array:
    if not parts:
        return csr_array((0, N_BUCKETS), dtype=np.float32)
    sizes = np.concatenate([np.diff(part.indptr) for part in parts])
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    data, indices = (np.concatenate([getattr(part, name) for part in parts]) for name in ("data", "indices"))
    return csr_array((data, indices, bounds), shape=(len(sizes), N_BUCKETS))


def _weighted(counts: csr_array) -> csr_array:
    """Weigh by 1 + log tf and smoothed idf, then scale rows to unit length."""
    rows_of_token = np.bincount(counts.indices, minlength=counts.shape[1])
    rarity = np.log((1 + counts.shape[0]) / (1 + rows_of_token)) + 1
    values = (1 + np.log(counts.data)) * rarity[counts.indices]
    owner = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    norms = np.sqrt(np.bincount(owner, weights=values**2, minlength=counts.shape[0]))
    unit = (values / norms[owner]).astype(np.float32)
    return csr_array((unit, counts.indices, counts.indptr), shape=counts.shape)


def _without(profiles: csr_array, tokens: NDArray[np.bool_]) -> csr_array:
    kept = ~tokens[profiles.indices]
    bounds = np.concatenate([[0], np.cumsum(kept)])[profiles.indptr]
    return csr_array((profiles.data[kept], profiles.indices[kept], bounds), shape=profiles.shape)


def _top(found: NDArray[np.int32], values: Floats, k: int, itself: int) -> tuple[NDArray[np.int32], Floats]:
    others = found != itself
    found, values = found[others], values[others]
    if len(values) > k:
        best = np.argpartition(-values, k - 1)[:k]
        found, values = found[best], values[best]
    order = np.lexsort((found, -values))
    return found[order], values[order]
