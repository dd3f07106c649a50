"""What tells a cluster apart, in words: terms of its texts, values of its fields, its most central rows."""

import re
from array import array
from collections.abc import Mapping, Sequence
from html import unescape
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array, diags_array

from burnish.kernels.kmeans import add_up
from burnish.kernels.vectors import Vectors

Codes = NDArray[np.int64]

_ENGLISH = """
a about after all also am an and any are as at be been before being but by can could did do does doing don done
for from get got had has have he her here him his how i if in into is isn it its just ll let like m me more most
my no nor not now of off on one only or other our out over please re s same she should so some such t than that
the their them then there these they this those to too us ve very want was we were what when where which while
who why will with would you your
"""
STOP_WORDS = frozenset(_ENGLISH.split())
"""English; other languages are served by `max_cluster_share`."""

_MARKUP = re.compile(r"<[^<>]{1,200}>|(?:https?://|www\.)\S+|\S+@\S+\.\w+")
_WORD = re.compile(r"[^\W\d_](?:[\w]|['’\-](?=\w))*")


def text_keywords(
    texts: Sequence[str | None],
    path: Codes,
    *,
    n_keywords: int = 8,
    rows_per_cluster: int = 100,
    max_characters: int = 1000,
    max_cluster_share: float = 0.5,
) -> list[list[str]]:
    """Give each cluster id the words and word pairs that set it apart from the others of its level.

    `path` (n, n_levels): cluster ids, unique over levels, coarse to fine, -1 noise. Terms are ranked by
    class-based TF-IDF (Grootendorst 2022, section 3.3), counting rows that hold a term rather than
    its occurrences, so that one long row does not speak for its cluster. A term found in more than
    `max_cluster_share` of the clusters of a level says nothing there. Only `rows_per_cluster` rows of
    each finest cluster are read, and `max_characters` of each; markup, addresses and digits are left out.
    """
    rows = _spread_rows(path[:, -1], rows_per_cluster)
    presence, terms = _term_presence([texts[row] for row in rows], max_characters)
    chosen: list[list[str]] = [[] for _ in range(int(path.max(initial=-1)) + 1)]
    for level in range(path.shape[1]):
        ids, codes = np.unique(path[rows, level], return_inverse=True)
        counts = _count(codes, len(ids)) @ presence
        scores = _class_tf_idf(counts, max_cluster_share)
        for line, cluster in enumerate(ids):
            chosen[cluster] = _distinct_terms(scores[[line]], terms, n_keywords)
    return chosen


def field_keywords(
    fields: Mapping[str, NDArray[np.str_]],
    path: Codes,
    *,
    n_keywords: int = 8,
    min_share: float = 0.3,
    min_lift: float = 1.3,
) -> list[list[str]]:
    """Give each cluster id its telling field values, such as `label = dog (83 %)`, the most telling first.

    `fields`: name → (n,) strings, "" where there is none. A value tells when it has `min_share` of the
    cluster's rows and is `min_lift` times as frequent there as in all rows; values are ranked by
    share · log(lift), their part of the divergence between the cluster and all rows.
    """
    ranked: list[list[tuple[float, str]]] = [[] for _ in range(int(path.max(initial=-1)) + 1)]
    for name, column in fields.items():
        values, codes = np.unique(column, return_inverse=True)
        overall = np.bincount(codes) / max(1, len(codes))
        for level in range(path.shape[1]):
            member = path[:, level] >= 0
            counts = csr_array(
                (np.ones(int(member.sum())), (path[member, level], codes[member])), shape=(len(ranked), len(values))
            )
            share = counts.multiply(1 / np.maximum(1, counts.sum(axis=1))[:, None]).tocoo()
            for cluster, value, part in zip(share.row, share.col, share.data, strict=True):
                lift = part / overall[value]
                if values[value] and part >= min_share and lift >= min_lift:
                    ranked[cluster].append((part * np.log(lift), f"{name} = {values[value]} ({part:.0%})"))
    return [[text for _, text in sorted(items, reverse=True)[:n_keywords]] for items in ranked]


def short_name(keywords: Sequence[str], cluster: int, *, n_terms: int = 3, separator: str = " · ") -> str:
    """Give a name of up to `n_terms` keywords that share no word; `cluster 7` where there are none."""
    chosen: list[str] = []
    seen: set[str] = set()
    for keyword in keywords:
        stems = {_stem(word) for word in keyword.split()} - {"="}
        if not stems & seen and len(chosen) < n_terms:
            chosen.append(keyword)
            seen |= stems
    return separator.join(chosen) or f"cluster {cluster}"


def exemplars(
    embeddings: ArrayLike | Vectors,
    path: Codes,
    *,
    n_exemplars: int = 6,
    min_distance: float = 0.02,
    n_candidates: int = 60,
) -> list[list[int]]:
    """Give each cluster id the positions of its most central rows, none within `min_distance` of another.

    Central: most similar to the mean direction of the cluster. Only the `n_candidates` most central
    rows are looked at, so that a cluster of copies has one exemplar.
    """
    vectors = Vectors.of(embeddings)
    chosen: list[list[int]] = [[] for _ in range(int(path.max(initial=-1)) + 1)]
    for level in range(path.shape[1]):
        codes = path[vectors.rows, level]
        similar = _to_own_mean(vectors, codes)
        order = np.lexsort((-similar, codes))
        for members in np.split(order, np.flatnonzero(np.diff(codes[order])) + 1):
            if len(members) and codes[members[0]] >= 0:
                central = members[:n_candidates]
                kept = _apart(vectors.take(central), n_exemplars, min_distance)
                chosen[codes[members[0]]] = vectors.rows[central[kept]].tolist()
    return chosen


def _to_own_mean(vectors: Vectors, codes: Codes) -> NDArray[np.float32]:
    """Give each usable row (m,) its product with the sum of the rows of its code; 0 for noise."""
    first = int(codes.min(initial=0))
    sums = np.zeros((int(codes.max(initial=-1)) - first + 1, vectors.n_dims), np.float32)
    for start, stop in vectors.blocks():
        add_up(sums, vectors.block(start, stop), codes[start:stop] - first)
    similar = np.empty(len(vectors), np.float32)
    for start, stop in vectors.blocks():
        own = sums[codes[start:stop] - first]
        similar[start:stop] = np.einsum("ij,ij->i", vectors.block(start, stop), own)
    return similar


def words_of(text: str, max_characters: int) -> list[str]:
    """Give the lower-case words of a text without markup, addresses, digits and English stop words."""
    plain = _MARKUP.sub(" ", unescape(text[:max_characters])).lower()
    return [word for word in _WORD.findall(plain) if 1 < len(word) <= 30 and word not in STOP_WORDS]


def _spread_rows(codes: Codes, rows_per_cluster: int) -> Codes:
    """Give at most `rows_per_cluster` positions of each cluster, evenly spread over it; no noise."""
    order = np.argsort(codes, kind="stable")
    order = order[codes[order] >= 0]
    parts = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
    spread = [part[:: max(1, -(-len(part) // rows_per_cluster))] for part in parts]
    return np.sort(np.concatenate(spread))


def _term_presence(texts: Sequence[str | None], max_characters: int) -> tuple[csr_array, list[str]]:
    """Give which text holds which word or word pair: (n_texts, n_terms) of 0 and 1, and the terms."""
    number: dict[str, int] = {}
    columns, ends = array("q"), array("q", [0])
    for text in texts:
        words = words_of(text or "", max_characters)
        pairs = (f"{first} {second}" for first, second in pairwise(words) if first != second)
        for term in dict.fromkeys([*words, *pairs]):
            columns.append(number.setdefault(term, len(number)))
        ends.append(len(columns))
    indices, indptr = np.frombuffer(columns, np.int64), np.frombuffer(ends, np.int64)
    presence = csr_array((np.ones(len(indices)), indices, indptr), shape=(len(texts), len(number)))
    kept = np.flatnonzero(np.bincount(indices, minlength=len(number)) > 1)
    terms = list(number)
    return presence[:, kept], [terms[i] for i in kept]


def _count(codes: Codes, n_clusters: int) -> csr_array:
    return csr_array((np.ones(len(codes)), (codes, np.arange(len(codes)))), shape=(n_clusters, len(codes)))


def _class_tf_idf(counts: csr_array, max_cluster_share: float) -> csr_array:
    n_clusters = counts.shape[0]
    in_clusters = np.bincount(counts.indices, minlength=counts.shape[1])
    everywhere = (in_clusters > max_cluster_share * n_clusters) & (n_clusters > 3)
    total = counts.sum(axis=0)
    weight = np.where(everywhere, 0, np.log1p(counts.sum() / max(1, n_clusters) / np.maximum(1, total)))
    size = np.maximum(1, counts.sum(axis=1))
    return csr_array(diags_array(1 / size) @ counts @ diags_array(weight))


def _distinct_terms(scores: csr_array, terms: list[str], n_keywords: int) -> list[str]:
    """Give the best terms, leaving out those that only repeat words of better ones."""
    order = np.argsort(-scores.data, kind="stable")[: 10 * n_keywords]
    chosen: list[str] = []
    stems: set[str] = set()
    for place in order[scores.data[order] > 0]:
        term = terms[scores.indices[place]]
        new = {_stem(word) for word in term.split()}
        if not new <= stems and len(chosen) < n_keywords:
            chosen.append(term)
            stems |= new
    return chosen


def _stem(word: str) -> str:
    """Give what "refund", "refunds" and "refunding" share: crude, but of any language."""
    return word.removesuffix("s")[:6]


def _apart(unit: NDArray[np.float32], n_kept: int, min_distance: float) -> list[int]:
    similar = unit @ unit.T
    kept: list[int] = []
    for row in range(len(unit)):
        if len(kept) < n_kept and not np.any(similar[row, kept] > 1 - min_distance):
            kept.append(row)
    return kept
