"""Overlap of new texts with all others: rows that share their rare tokens, and profiles of those that matter only.

Weights are those of the profiles of all texts; words are hashed into buckets here, as n-grams are.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from burnish.kernels.compiled import compiled
from burnish.kernels.overlap import (
    BLOCK_CHARACTERS,
    MAX_TOKEN_ROWS,
    N_BUCKETS,
    characters_of,
    characters_read,
    gram_counts,
    sparse_rows,
    weighted,
)

Rows = NDArray[np.int64]
Counts = NDArray[np.int64]
Points = NDArray[np.uint32]

_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_WORD = re.compile(r"\w")


class Partners(NamedTuple):
    """Pairs (m,): a new row, and a row that shares rare tokens with it; and in how many rows each token is."""

    new: Rows
    other: Rows
    rows_of_gram: Counts
    rows_of_word: Counts

    @property
    def n_common(self) -> int:
        """How many n-grams are in too many rows to propose candidates."""
        return int((self.rows_of_gram > MAX_TOKEN_ROWS).sum())


@dataclass(frozen=True)
class Texts:
    """All texts (n,), read a block at a time; None has no tokens."""

    given: Sequence[str | None]

    def partners(self, new: Rows, k: int) -> Partners:
        """Give each `new` row (ascending) up to `k` other rows that share most rare n-grams with it.

        One pass over all texts. A token in more than `MAX_TOKEN_ROWS` rows is not rare. What is shared is weighed by
        rarity and divided by the root of the number of n-grams of the other, which is about its length.
        """
        wanted = np.zeros(N_BUCKETS, bool)
        for _, grams, _ in self._counted(new):
            wanted[grams.indices] = True
        rows_of_gram, rows_of_word = np.zeros(N_BUCKETS, np.int64), np.zeros(N_BUCKETS, np.int64)
        held: list[tuple[Rows, Rows]] = []
        lengths = np.ones(len(self.given))
        for rows, grams, words in self._counted(np.arange(len(self.given))):
            rows_of_gram += np.bincount(grams.indices, minlength=N_BUCKETS)
            rows_of_word += np.bincount(words.indices, minlength=N_BUCKETS)
            wanted &= rows_of_gram <= MAX_TOKEN_ROWS
            entries = np.flatnonzero(wanted[grams.indices])
            held.append((rows[np.searchsorted(grams.indptr, entries, side="right") - 1], grams.indices[entries]))
            lengths[rows] = np.maximum(1, np.diff(grams.indptr))
        row, token = (np.concatenate(parts) for parts in zip(*held, strict=True)) if held else (new[:0], new[:0])
        rare = wanted[token]
        ones = np.ones(int(rare.sum()), np.float32)
        holds = csr_array((ones, (row[rare], token[rare])), shape=(len(self.given), N_BUCKETS))
        asking = csr_array(holds[new])
        asking.data = np.square(np.log((1 + len(self.given)) / (1 + rows_of_gram[asking.indices])) + 1)
        shared = csr_array(asking @ holds.T).tocoo()
        pairs = _most_shared(new[shared.row], shared.col, shared.data / np.sqrt(lengths[shared.col]), k)
        return Partners(*pairs, rows_of_gram, rows_of_word)

    def profiles(self, rows: Rows, known: Partners) -> tuple[csr_array, csr_array]:
        """Give unit rows over n-grams and over words, (n, 2^20) each, filled for `rows` (ascending) only."""
        parts = list(self._counted(rows))
        known_rows = [part.rows for part in parts]
        grams = self._stacked(known_rows, [part.grams for part in parts])
        words = self._stacked(known_rows, [part.words for part in parts])
        n_rows = len(self.given)
        return weighted(grams, known.rows_of_gram, n_rows), weighted(words, known.rows_of_word, n_rows)

    def _stacked(self, rows: Sequence[Rows], parts: Sequence[csr_array]) -> csr_array:
        """Give counts of all texts, of which only some have any."""
        sizes = np.zeros(len(self.given) + 1, np.int64)
        for some, part in zip(rows, parts, strict=True):
            sizes[some + 1] = np.diff(part.indptr)
        data = np.concatenate([np.empty(0, np.float32), *(part.data for part in parts)])
        tokens = np.concatenate([np.empty(0, np.int32), *(part.indices for part in parts)])
        return sparse_rows(data, tokens, np.cumsum(sizes), n_tokens=N_BUCKETS)

    def _counted(self, rows: Rows) -> Iterator["_Counted"]:
        """Yield some of the rows, their n-grams and their words, counted."""
        most = characters_read(len(self.given))
        codes: list[Points] = []
        n_filled, start = 0, 0
        for at, row in enumerate(rows.tolist()):
            codes.append(characters_of(self.given[row], most))
            n_filled += len(codes[-1])
            if n_filled >= BLOCK_CHARACTERS or at == len(rows) - 1:
                yield _Counted(rows[start : at + 1], gram_counts(codes), _word_counts(codes))
                codes, n_filled, start = [], 0, at + 1


class _Counted(NamedTuple):
    rows: Rows
    grams: csr_array
    words: csr_array


def _most_shared(new: Rows, other: NDArray[np.integer], shared: NDArray[np.floating], k: int) -> tuple[Rows, Rows]:
    """Give the k pairs of each new row that share most; ties to the row that comes first."""
    order = np.lexsort((other, -shared, new))
    order = order[new[order] != other[order]]
    rank = np.arange(len(order)) - np.searchsorted(new[order], new[order])
    best = order[rank < k]
    return new[best].astype(np.int64), other[best].astype(np.int64)


def _word_counts(codes: Sequence[Points]) -> csr_array:
    """Count the words of some texts, hashed into buckets: sparse rows (n, 2^20)."""
    bounds = np.cumsum([0, *(len(code) for code in codes)])
    characters = np.concatenate([*codes, np.empty(0, np.uint32)])
    is_word = np.zeros(int(characters.max(initial=0)) + 1, np.int8)
    used = np.flatnonzero(np.bincount(characters.astype(np.int64), minlength=1))
    is_word[used] = [_WORD.match(chr(point)) is not None for point in used.tolist()]
    n_most = len(characters) // 2 + 1
    starts, tokens, counts = np.zeros(len(bounds), np.int64), np.empty(n_most, np.int32), np.empty(n_most, np.float32)
    n_words = _count_words(characters, (bounds, is_word), (starts, tokens, counts), np.full(N_BUCKETS, -1, np.int64))
    return sparse_rows(counts[:n_words].copy(), tokens[:n_words].copy(), starts, n_tokens=N_BUCKETS)


@compiled()
def _count_words(
    characters: Points,
    known: tuple[Rows, NDArray[np.int8]],
    counted: tuple[Rows, NDArray[np.int32], NDArray[np.float32]],
    place_of: Rows,
) -> int:
    """Hash and count the words of each text; give how many entries that are (see `overlap._count_grams`)."""
    (bounds, is_word), (starts, tokens, counts) = known, counted
    n_entries = 0
    for text in range(len(starts) - 1):
        first = n_entries
        digest, inside = np.uint64(0), False
        for at in range(bounds[text], bounds[text + 1]):
            character = characters[at]
            if is_word[character]:
                digest = ((digest if inside else np.uint64(7)) ^ np.uint64(character)) * _FACTOR
                inside = True
            if inside and (not is_word[character] or at == bounds[text + 1] - 1):
                bucket = np.int64(digest >> np.uint64(44))
                if place_of[bucket] < first:
                    place_of[bucket] = n_entries
                    tokens[n_entries], counts[n_entries] = bucket, 0
                    n_entries += 1
                counts[place_of[bucket]] += 1
                inside = False
        starts[text + 1] = n_entries
    return n_entries
