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
    GRAM_LENGTHS,
    MAX_TOKEN_ROWS,
    N_BUCKETS,
    Characters,
    characters_read,
    gram_counts,
    marked,
    read_blocks,
    sparse_rows,
    weighted,
)

Rows = NDArray[np.int64]
Counts = NDArray[np.int32]
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
        n_rows, scan = len(self.given), _Scan.of(len(self.given))
        wanted = np.zeros(N_BUCKETS, np.int8)
        for _, texts in self._read(new):
            wanted[gram_counts(texts).indices] = 1
        held = [(new[:0], new[:0])]
        for rows, texts in self._read(np.arange(n_rows)):
            held.append(scan.grams(texts, int(rows[0]), wanted))
            scan.words(texts)
        row, token = (np.concatenate(parts) for parts in zip(*held, strict=True))
        rare = scan.rows_of_gram[token] <= MAX_TOKEN_ROWS
        ones = np.ones(int(rare.sum()), np.float32)
        holds = csr_array((ones, (row[rare], token[rare])), shape=(n_rows, N_BUCKETS))
        asking = csr_array(holds[new])
        asking.data = np.square(np.log((1 + n_rows) / (1 + scan.rows_of_gram[asking.indices])) + 1)
        shared = csr_array(asking @ holds.T).tocoo()
        weight = shared.data / np.sqrt(np.maximum(1, scan.n_grams[shared.col]))
        return Partners(*_most_shared(new[shared.row], shared.col, weight, k), scan.rows_of_gram, scan.rows_of_word)

    def profiles(self, rows: Rows, known: Partners) -> tuple[csr_array, csr_array]:
        """Give unit rows over n-grams and over words, (n, 2^20) each, filled for `rows` (ascending) only."""
        read = list(self._read(rows))
        some = [part for part, _ in read]
        grams = self._stacked(some, [gram_counts(texts) for _, texts in read])
        words = self._stacked(some, [_word_counts(texts) for _, texts in read])
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

    def _read(self, rows: Rows) -> Iterator[tuple[Rows, Characters]]:
        """Yield some of the rows, and their texts."""
        start = 0
        for texts in read_blocks([self.given[row] for row in rows.tolist()], characters_read(len(self.given))):
            stop = start + len(texts.bounds) - 1
            yield rows[start:stop], texts
            start = stop


class _Scan(NamedTuple):
    """In how many texts each token is, which text had an n-gram last, and how many n-grams each text has."""

    rows_of_gram: Counts
    rows_of_word: Counts
    last_gram: Counts
    n_grams: Counts

    @classmethod
    def of(cls, n_rows: int) -> "_Scan":
        grams, words = np.zeros((2, N_BUCKETS), np.int32)
        return cls(grams, words, np.full(N_BUCKETS, -1, np.int32), np.zeros(n_rows, np.int32))

    def grams(self, texts: Characters, first: int, wanted: NDArray[np.int8]) -> tuple[Rows, Rows]:
        """Count the n-grams of texts, numbered from `first`; give text and token where a wanted one is rare so far."""
        most = min(len(GRAM_LENGTHS) * len(texts.points), MAX_TOKEN_ROWS * int(wanted.sum()))
        rows, tokens = np.empty(most, np.int64), np.empty(most, np.int64)
        known = self.rows_of_gram, self.last_gram, self.n_grams
        n_found = _scan_grams(texts, first, known, (wanted, rows, tokens))
        return rows[:n_found].copy(), tokens[:n_found].copy()

    def words(self, texts: Characters) -> None:
        """Count the words of texts."""
        counts = _word_counts(texts)
        self.rows_of_word[:] += np.bincount(counts.indices, minlength=N_BUCKETS).astype(np.int32)


def _most_shared(new: Rows, other: NDArray[np.integer], shared: NDArray[np.floating], k: int) -> tuple[Rows, Rows]:
    """Give the k pairs of each new row that share most; ties to the row that comes first."""
    order = np.lexsort((other, -shared, new))
    order = order[new[order] != other[order]]
    rank = np.arange(len(order)) - np.searchsorted(new[order], new[order])
    best = order[rank < k]
    return new[best].astype(np.int64), other[best].astype(np.int64)


def _word_counts(texts: Characters) -> csr_array:
    """Count the words of some texts, hashed into buckets: sparse rows (n, 2^20)."""
    is_word = marked(texts.points, _WORD.match)
    n_most = len(texts.points) // 2 + 1
    starts, tokens = np.zeros(len(texts.bounds), np.int64), np.empty(n_most, np.int32)
    counts, place_of = np.empty(n_most, np.float32), np.full(N_BUCKETS, -1, np.int64)
    n_words = _count_words(texts.points, (texts.bounds, is_word), (starts, tokens, counts), place_of)
    return sparse_rows(counts[:n_words].copy(), tokens[:n_words].copy(), starts, n_tokens=N_BUCKETS)


@compiled()
def _scan_grams(
    texts: Characters, first: int, known: tuple[Counts, Counts, Counts], found: tuple[NDArray[np.int8], Rows, Rows]
) -> int:
    """Count in how many texts each n-gram is, hashed as `overlap.gram_counts` does; list the wanted that are rare."""
    (rows_of, last, n_grams), (wanted, rows, tokens) = known, found
    n_found = 0
    for text in range(len(texts.bounds) - 1):
        for length in GRAM_LENGTHS:
            for start in range(texts.bounds[text], texts.bounds[text + 1] - length + 1):
                digest = np.uint64(length)
                for character in texts.points[start : start + length]:
                    digest = (digest ^ np.uint64(character)) * _FACTOR
                bucket = np.int64(digest >> np.uint64(44))
                if last[bucket] != first + text:
                    last[bucket] = first + text
                    rows_of[bucket] += 1
                    n_grams[first + text] += 1
                    if wanted[bucket] and rows_of[bucket] <= MAX_TOKEN_ROWS:
                        rows[n_found], tokens[n_found] = first + text, bucket
                        n_found += 1
    return n_found


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
