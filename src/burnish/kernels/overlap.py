"""Overlap of texts in characters and words: sparse tf-idf profiles, their nearest rows, and the cosine of pairs."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from burnish.kernels.compiled import compiled
from burnish.kernels.top import Best, insert

Floats = NDArray[np.float32]
Starts = NDArray[np.int64]
Parts = tuple[NDArray[np.integer], NDArray[np.integer], Floats]
"""Of sparse rows: where each starts, its tokens, their weights."""

MAX_CHARACTERS = 2_000
"""Characters of a text that are looked at; what comes after does not count."""

TOTAL_CHARACTERS, FEWEST_CHARACTERS = 40_000_000, 200
"""Characters looked at in all, about 1.5 GB of profiles; many texts are each cut shorter, never below the fewest."""

MAX_TOKEN_ROWS = 100
"""A token in more rows than this proposes no candidates (it still counts in the cosine of a pair)."""

GRAM_LENGTHS = (3, 4, 5)
N_BUCKETS = 1 << 20
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
    return weighted(_stacked([gram_counts(block) for block in read_blocks(texts, max_characters)]))


def word_profiles(texts: Sequence[str | None], *, max_characters: int | None = None) -> csr_array:
    """Give unit tf-idf rows (n, n_words) over the lower-cased words and numbers; None is an empty row.

    `max_characters`: None for `characters_read`.
    """
    max_characters = max_characters or characters_read(len(texts))
    vocabulary: dict[str, int] = {}
    words = [_WORD.findall((text or "")[:max_characters].lower()) for text in texts]
    codes = [vocabulary.setdefault(word, len(vocabulary)) for line in words for word in line]
    bounds = np.concatenate([[0], np.cumsum([len(line) for line in words])]).astype(np.int64)
    ones, tokens = np.ones(len(codes), np.float32), np.array(codes, np.int64)
    counts = sparse_rows(ones, tokens, bounds, n_tokens=max(1, len(vocabulary)))
    counts.sum_duplicates()
    return weighted(counts)


def pair_cosines(profiles: csr_array, left: NDArray[np.integer], right: NDArray[np.integer]) -> Floats:
    """Give the cosine of `profiles` rows `left[i]` and `right[i]`, (n_pairs,) in 0..1."""
    order = np.argsort(left, kind="stable")
    cosines = np.empty(len(left), np.float32)
    ends = np.asarray(left, np.int64)[order], np.asarray(right, np.int64)[order]
    _multiply_pairs(cosines, ends, _parts(profiles), np.zeros(profiles.shape[1], np.float32))
    found = np.empty_like(cosines)
    found[order] = cosines
    return np.clip(found, 0.0, 1.0)


def nearest_by_overlap(
    profiles: csr_array, k: int = 10, *, keys: csr_array | None = None, max_token_rows: int = MAX_TOKEN_ROWS
) -> OverlapNeighbors:
    """Give each row the `k` rows (of `keys`, else the others of `profiles`) that share most rare tokens with it.

    An inverted index. Tokens in more than `max_token_rows` rows of the keys are left out, so the cost is at
    most n·tokens·max_token_rows; the cosines are of what is left, a lower bound.
    """
    among = profiles if keys is None else keys
    common = np.bincount(among.indices, minlength=among.shape[1]) > max_token_rows
    index = csr_array(_without(among, common).T)
    best = Best.empty(profiles.shape[0], k)
    room = np.zeros(among.shape[0], np.float32), np.empty(among.shape[0], np.int32)
    _ask_index(best, _parts(_without(profiles, common)), (_parts(index), keys is None), room)
    similarities = np.where(best.positions >= 0, best.similarities, 0)
    return OverlapNeighbors(best.positions.astype(np.int64), similarities, int(common.sum()))


class Characters(NamedTuple):
    """The code points of some texts one after the other, and where each starts and the last ends (n + 1,)."""

    points: NDArray[np.uint32]
    bounds: Starts


def read_blocks(texts: Sequence[str | None], max_characters: int) -> Iterator[Characters]:
    """Yield the texts as they are looked at, about `BLOCK_CHARACTERS` at a time: see `read_characters`."""
    first, n_filled = 0, 0
    for at, text in enumerate(texts, start=1):
        n_filled += min(max_characters, len(text or ""))
        if n_filled >= BLOCK_CHARACTERS or at == len(texts):
            yield read_characters(texts[first:at], max_characters)
            first, n_filled = at, 0


def read_characters(texts: Sequence[str | None], max_characters: int) -> Characters:
    """Give texts cut, in lower case, with white space as one blank and one around each; blank ones have none."""
    cut = [(text or "")[:max_characters].lower() for text in texts]
    given = np.frombuffer("".join(cut).encode("utf-32-le", "surrogatepass"), np.uint32)
    bounds = np.cumsum([0, *map(len, cut)])
    points, starts = np.empty(len(given) + 2 * len(cut), np.uint32), np.zeros(len(cut) + 1, np.int64)
    n_points = _one_blank(points, starts, (given, bounds), marked(given, str.isspace))
    return Characters(points[:n_points], starts)


def marked(points: NDArray[np.uint32], test: Callable[[str], object]) -> NDArray[np.int8]:
    """Tell of each code point up to the largest that occurs whether it passes a test."""
    marks = np.zeros(int(points.max(initial=0)) + 1, np.int8)
    used = np.flatnonzero(np.bincount(points, minlength=1))
    marks[used] = [bool(test(chr(point))) for point in used.tolist()]
    return marks


def gram_counts(texts: Characters) -> csr_array:
    """Count the n-grams of some texts: sparse rows (n, 2^20)."""
    n_most = len(GRAM_LENGTHS) * len(texts.points)
    starts, indices, counts = (
        np.zeros(len(texts.bounds), np.int64),
        np.empty(n_most, np.int32),
        np.empty(n_most, np.float32),
    )
    n_grams = _count_grams(texts.points, texts.bounds, (starts, indices, counts), np.full(N_BUCKETS, -1, np.int64))
    return sparse_rows(counts[:n_grams].copy(), indices[:n_grams].copy(), starts, n_tokens=N_BUCKETS)


def sparse_rows(data: Floats, tokens: NDArray[np.integer], starts: NDArray[np.integer], *, n_tokens: int) -> csr_array:
    """Give sparse rows with the narrowest numbers that hold their size, so that no kernel converts them."""
    narrow = np.int32 if len(data) < 2**31 else np.int64
    return csr_array(
        (data, tokens.astype(narrow, copy=False), starts.astype(narrow)), shape=(len(starts) - 1, n_tokens)
    )


def _stacked(parts: list[csr_array]) -> csr_array:
    if not parts:
        return csr_array((0, N_BUCKETS), dtype=np.float32)
    sizes = np.concatenate([np.diff(part.indptr) for part in parts])
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    data, indices = (np.concatenate([getattr(part, name) for part in parts]) for name in ("data", "indices"))
    return sparse_rows(data, indices, bounds, n_tokens=N_BUCKETS)


def weighted(counts: csr_array, rows_of_token: NDArray[np.integer] | None = None, n_rows: int = 0) -> csr_array:
    """Weigh by 1 + log tf and smoothed idf, then scale rows to unit length.

    `rows_of_token`: in how many rows, of `n_rows` in all, each token is; None where these rows are all.
    """
    if rows_of_token is None:
        n_rows, rows_of_token = counts.shape[0], np.bincount(counts.indices, minlength=counts.shape[1])
    rarity = np.asarray(np.log((1 + n_rows) / (1 + rows_of_token)) + 1, np.float32)
    values = np.log(counts.data)
    values += 1
    _scale_rows(values, (counts.indptr, counts.indices), rarity)
    return csr_array((values, counts.indices, counts.indptr), shape=counts.shape)


def _without(profiles: csr_array, tokens: NDArray[np.bool_]) -> csr_array:
    kept = ~tokens[profiles.indices]
    before = np.zeros(len(kept) + 1, profiles.indptr.dtype)
    np.cumsum(kept, out=before[1:])
    bounds = before[profiles.indptr]
    del before
    return sparse_rows(profiles.data[kept], profiles.indices[kept], bounds, n_tokens=profiles.shape[1])


def _parts(profiles: csr_array) -> Parts:
    """Give starts, tokens and weights as compiled kernels take them."""
    return profiles.indptr, profiles.indices, profiles.data


@compiled()
def _scale_rows(values: Floats, rows: tuple[Starts, Starts], factors: Floats) -> None:
    """Multiply each value by the factor of its token, then each row to unit length."""
    starts, tokens = rows
    for row in range(len(starts) - 1):
        total = 0.0
        for entry in range(starts[row], starts[row + 1]):
            values[entry] *= factors[tokens[entry]]
            total += np.float64(values[entry]) * np.float64(values[entry])
        scale = 1 / np.sqrt(total) if total > 0 else 0.0
        for entry in range(starts[row], starts[row + 1]):
            values[entry] = np.float32(values[entry] * scale)


@compiled()
def _one_blank(
    points: NDArray[np.uint32],
    starts: Starts,
    given: tuple[NDArray[np.uint32], Starts],
    is_space: NDArray[np.int8],
) -> int:
    """Copy each text with a blank in place of white space, and around it; give how many points that are."""
    characters, bounds = given
    n_points = 0
    for text in range(len(starts) - 1):
        blank = True
        for at in range(bounds[text], bounds[text + 1]):
            if is_space[characters[at]]:
                blank = True
                continue
            if blank:
                points[n_points] = 32
                n_points += 1
                blank = False
            points[n_points] = characters[at]
            n_points += 1
        if n_points > starts[text]:
            points[n_points] = 32
            n_points += 1
        starts[text + 1] = n_points
    return n_points


@compiled()
def _count_grams(characters: NDArray[np.uint32], bounds: Starts, counted: Parts, place_of: Starts) -> int:
    """Hash and count the n-grams of each text; give how many entries that are.

    `place_of` (N_BUCKETS,), -1 at first: the entry that a bucket has; it is of this text if it is no earlier
    than the text's first.
    """
    starts, indices, counts = counted
    n_entries = 0
    for text in range(len(starts) - 1):
        first = n_entries
        for length in GRAM_LENGTHS:
            for start in range(bounds[text], bounds[text + 1] - length + 1):
                digest = np.uint64(length)
                for character in characters[start : start + length]:
                    digest = (digest ^ np.uint64(character)) * _FACTOR
                bucket = np.int64(digest >> np.uint64(44))
                if place_of[bucket] < first:
                    place_of[bucket] = n_entries
                    indices[n_entries], counts[n_entries] = bucket, 0
                    n_entries += 1
                counts[place_of[bucket]] += 1
        starts[text + 1] = n_entries
    return n_entries


@compiled()
def _multiply_pairs(products: Floats, ends: tuple[Starts, Starts], profiles: Parts, spread: Floats) -> None:
    """Multiply rows pair by pair, sorted by the left one, which is spread over all tokens (`spread`, of zeros)."""
    (left, right), (starts, tokens, weights) = ends, profiles
    for pair in range(len(products)):
        if pair == 0 or left[pair] != left[pair - 1]:
            if pair:
                for entry in range(starts[left[pair - 1]], starts[left[pair - 1] + 1]):
                    spread[tokens[entry]] = 0
            for entry in range(starts[left[pair]], starts[left[pair] + 1]):
                spread[tokens[entry]] = weights[entry]
        total = np.float32(0)
        for entry in range(starts[right[pair]], starts[right[pair] + 1]):
            total += spread[tokens[entry]] * weights[entry]
        products[pair] = total


@compiled()
def _ask_index(best: Best, profiles: Parts, index: tuple[Parts, bool], room: tuple[Floats, NDArray[np.int32]]) -> None:
    """Add up what each row shares with every key that has a token of it, and list the best."""
    (starts, tokens, weights), ((key_starts, keys, key_weights), is_itself) = profiles, index
    shared, touched = room
    for row in range(len(starts) - 1):
        n_touched = 0
        for entry in range(starts[row], starts[row + 1]):
            token = tokens[entry]
            for place in range(key_starts[token], key_starts[token + 1]):
                key = keys[place]
                if shared[key] == 0:
                    touched[n_touched] = key
                    n_touched += 1
                shared[key] += weights[entry] * key_weights[place]
        for key in touched[:n_touched]:
            if not (is_itself and key == row):
                insert(best, row, shared[key], key)
            shared[key] = 0
