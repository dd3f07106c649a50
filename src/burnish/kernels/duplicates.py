"""Exact and near duplicates: candidate pairs, how sure each one is, groups that never chain, twins across two sides.

A near duplicate is far closer than the neighbors that its two rows usually have. How much closer chance allows
is read from the data: see `Background`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.special import betainc

from burnish.kernels.compiled import compiled
from burnish.kernels.joins import nearest_across
from burnish.kernels.neighbors import Neighbors
from burnish.kernels.overlap import character_profiles, nearest_by_overlap, pair_cosines, word_profiles
from burnish.kernels.top import Best, insert
from burnish.kernels.vectors import Floats, Rows, Vectors

N_USUAL = 8
"""The neighbor whose distance is a row's usual distance."""

MAX_FALSE_SHARE = 0.01
"""Expected share of chance pairs among those at or above the threshold."""

NEAR = 0.5
"""The score of a pair that lies on the threshold."""

FURTHER_THAN_NEAREST = 2.0
"""A twin is at most this many times as far as the nearest row of either."""

INDISTINGUISHABLE = 0.05
"""Nearest distances below this part of the usual distance count as equal."""

SMALLEST_DISTANCE = 1e-6
BLOCK_PAIRS = 1_000_000


class Pairs(NamedTuple):
    """Candidate pairs, left < right, each once: positions (m,) and the joint distance (m,) of `Views`."""

    left: Rows
    right: Rows
    distance: Floats

    def take(self, places: NDArray[np.integer] | NDArray[np.bool_]) -> "Pairs":
        """Give some of the pairs."""
        return Pairs(self.left[places], self.right[places], self.distance[places])


class CrossPairs(NamedTuple):
    """Pairs across two sides: positions `query` and `key` (m,), joint `distance` (m,), `score` (m,) 0..1.

    `lists` (n_queries, k): the smallest distances of each query to a key, ascending, inf past these.
    """

    query: Rows
    key: Rows
    distance: Floats
    score: Floats
    lists: Floats


@dataclass(frozen=True, eq=False)
class Views:
    """What is known of each row, as unit rows: dense (embeddings, pixels) and sparse (text profiles).

    The distance of two rows is 1 minus the mean of their cosines over all views (each at least 0):
    0 when every view sees the same, 1 when none sees anything in common. A row that a view cannot
    see is zero there. Dense views read their rows when they are asked for; nothing is copied whole.
    """

    dense: tuple[Vectors, ...]
    sparse: tuple[csr_array, ...] = ()

    def cosines(self, left: Rows, right: Rows) -> Floats:
        """Give (n_pairs, n_views) cosines in 0..1, dense views first."""
        parts = [np.clip(view.products(left, right), 0.0, 1.0) for view in self.dense]
        parts += [pair_cosines(view, left, right) for view in self.sparse]
        return np.stack(parts, axis=1)

    def distances(self, left: Rows, right: Rows) -> Floats:
        """Give (n_pairs,) distances in 0..1."""
        return np.asarray(1 - self.cosines(left, right).mean(axis=1), np.float32)

    def joined(self, rows: Rows) -> Vectors:
        """Give rows as all dense views see them together: their products are the means over the views."""
        if len(self.dense) == 1:
            return self.dense[0].subset(rows)
        return Vectors.of(np.concatenate([view.at(rows) for view in self.dense], axis=1))


@dataclass(frozen=True, eq=False)
class Background:
    """How close rows come by chance: `usual` (n,) distance to the k-th nearest, and the local `dimension`.

    Where rows lie evenly in a ball of that dimension, (distance / usual) ^ dimension of the nearest row is
    the smallest of k - 1 uniform numbers. The dimension comes from neighbors 3..k only (Hill's estimator;
    Amsaleg et al. 2015, section 4), so that twins cannot hide themselves; its median over rows is taken.
    `chance`: where rows lie on a lattice, as those of a table do, the same chance of the second nearest, over
    all rows, ascending: what is as rare as seen there, not as in an even ball.
    """

    usual: Floats
    nearest: Floats
    dimension: float
    k: int
    chance: NDArray[np.float64] | None = None

    @classmethod
    def of_lists(cls, sorted_distances: Floats, *, lattice: bool = False) -> "Background":
        """Read it from each row's k smallest distances (n, k), ascending, inf where there are fewer.

        Rows with fewer than k neighbors get the median usual distance.
        """
        floored = np.maximum(sorted_distances.astype(np.float64), SMALLEST_DISTANCE)
        k = floored.shape[1]
        usual = floored[:, -1]
        full = np.isfinite(usual)
        if k < 4 or not full.any():
            return cls(np.ones(len(usual), np.float32), floored[:, 0].astype(np.float32), 1.0, max(k, 2))
        logs = np.log(usual[full, None] / floored[full, 2:-1]).mean(axis=1)
        expected = float(np.mean([sum(1 / i for i in range(j, k)) for j in range(3, k)]))
        typical = float(np.median(logs))
        dimension = expected / typical if typical > 0 else 1.0
        volumes = (floored[full, 1] / usual[full]) ** dimension
        chance = np.sort(betainc(2, k - 2, volumes)) if lattice else None
        usual = np.where(full, usual, np.median(usual[full]))
        return cls(usual.astype(np.float32), floored[:, 0].astype(np.float32), dimension, k, chance)

    def p_values(self, distance: Floats, *sides: Rows) -> NDArray[np.float64]:
        """Give the chance that a row's nearest is at `distance` or closer: the larger over `sides` (rows of each)."""
        ratios = [np.maximum(distance, SMALLEST_DISTANCE) / self.usual[rows] for rows in sides]
        volume = np.minimum(np.max(ratios, axis=0).astype(np.float64), 1.0) ** self.dimension
        p_values = np.asarray(-np.expm1((self.k - 1) * np.log1p(-np.minimum(volume, 1 - 1e-12))))
        if self.chance is None:
            return p_values
        return np.asarray((np.searchsorted(self.chance, p_values, side="right") + 1) / (len(self.chance) + 1))


class Threshold(NamedTuple):
    """The p-value below which a pair counts as near, with the precision and recall expected there."""

    p_value: float
    precision: float
    recall: float
    n_tested: int


@dataclass(frozen=True, eq=False)
class NearTest:
    """Scores any two rows, candidates or not, against a background and a threshold."""

    views: Views
    background: Background
    threshold: Threshold

    def scores(self, left: Rows, right: Rows) -> Floats:
        """Give (n_pairs,) scores 0..1; 0.5 and above is near."""
        p_values = self.background.p_values(self.views.distances(left, right), left, right)
        return surety(p_values, self.threshold)


def row_views(
    embeddings: ArrayLike | Vectors,
    *,
    pixels: NDArray[np.floating] | None = None,
    texts: Sequence[str | None] | None = None,
) -> tuple[Views, NDArray[np.bool_]]:
    """Give the views of rows and the mask (n,) of rows that can be compared.

    Embeddings (n, d) less the mean of the set; pixels (n, 256) less the mean of the image; characters and
    words of texts. A row without a usable embedding, or with a blank text, is not compared.
    """
    vectors = Vectors.of(embeddings)
    dense = [vectors.centered()]
    usable = vectors.usable
    if pixels is not None:
        dense.append(Vectors.of(unit_centered(pixels)))
    if texts is None:
        return Views(tuple(dense)), usable
    filled = np.array([text is not None and not text.isspace() and text != "" for text in texts], bool)
    return Views(tuple(dense), (character_profiles(texts), word_profiles(texts))), usable & filled


def group_exact(content: NDArray[np.uint64]) -> Rows:
    """Give rows with equal digests (n, 2) the same group, -1 to rows alone; groups are numbered by first row."""
    if not len(content):
        return np.empty(0, np.int64)
    _, inverse, counts = np.unique(content, axis=0, return_inverse=True, return_counts=True)
    inverse = inverse.reshape(-1)
    return numbered_by_first(np.where(counts[inverse] > 1, inverse, -1))


def numbered_by_first(codes: NDArray[np.integer]) -> Rows:
    """Give the groups of `codes` (-1: none) the numbers 0, 1, … in the order of their first rows."""
    numbers = np.full(len(codes), -1, np.int64)
    member = np.flatnonzero(codes >= 0)
    _, first, inverse = np.unique(codes[member], return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    numbers[member] = rank[inverse]
    return numbers


def candidate_pairs(neighbor_lists: Sequence[NDArray[np.integer]], keep: NDArray[np.bool_]) -> tuple[Rows, Rows]:
    """Give each pair (left < right) that stands in any of the lists (n, k) of positions, rows of `keep` only."""
    n = len(keep)
    keys = [np.empty(0, np.int64)]
    for positions in neighbor_lists:
        left = np.repeat(np.arange(n), positions.shape[1])
        right = positions.ravel().astype(np.int64)
        usable = (right >= 0) & (left != right)
        usable[usable] = keep[left[usable]] & keep[right[usable]]
        left, right = left[usable], right[usable]
        keys.append(np.minimum(left, right) * n + np.maximum(left, right))
    ordered = np.sort(np.concatenate(keys))
    joined = ordered[np.diff(ordered, prepend=-1) > 0]
    return joined // max(n, 1), joined % max(n, 1)


def nearest_distances(pairs: Pairs, n_rows: int, *, k: int = N_USUAL) -> Floats:
    """Give each row its k smallest distances (n_rows, k), ascending, each pair seen from both sides; inf past them."""
    best = Best.empty(n_rows, k)
    _list_pairs(best, pairs.left, pairs.right, -pairs.distance)
    return -best.similarities


def measure_background(pairs: Pairs, n_rows: int, *, k: int = N_USUAL, lattice: bool = False) -> Background:
    """Read the background from the candidate pairs, each seen from both sides."""
    return Background.of_lists(nearest_distances(pairs, n_rows, k=k), lattice=lattice)


class Hypotheses(NamedTuple):
    """How many pairs were tested where only the surest are at hand, and how many of all are expected to be chance."""

    n: int
    n_chance: float

    @classmethod
    def of(cls, p_values: NDArray[np.float64]) -> "Hypotheses":
        """Count where all p-values are at hand (Storey 2002, lambda = 0.5)."""
        return cls(len(p_values), min(float(len(p_values)), 2.0 * float((p_values > 0.5).sum())))


def find_threshold(
    p_values: NDArray[np.float64], *, max_false_share: float = MAX_FALSE_SHARE, tested: Hypotheses | None = None
) -> Threshold:
    """Find the p-value up to which at most `max_false_share` of the pairs are expected to be chance.

    Benjamini & Hochberg (1995). Recall: pairs found that are not chance, over the pairs in all that are not
    (Storey 2002, lambda = 0.5). Where nothing stands out, the threshold is that of a single
    surest pair, and nothing is known of precision and recall (NaN). `tested`: of how many pairs `p_values` are the
    surest ones; None where they are all.
    """
    n, n_chance = tested or Hypotheses.of(p_values)
    ordered = np.sort(p_values)
    passing = np.flatnonzero(ordered <= max_false_share * np.arange(1, len(ordered) + 1) / max(n, 1))
    if not len(passing):
        return Threshold(max_false_share / max(n, 1), float("nan"), float("nan"), n)
    n_found = int(passing[-1]) + 1
    p_value = max_false_share * n_found / n
    precision = 1 - n_chance * p_value / n_found
    n_true = max(n - n_chance, n_found * precision)
    return Threshold(p_value, precision, n_found * precision / n_true, n)


def score_pairs(
    pairs: Pairs, background: Background, *, max_false_share: float = MAX_FALSE_SHARE, tested: Hypotheses | None = None
) -> tuple[Floats, Threshold]:
    """Score each pair 0..1, higher is surer; 0.5 lies on the threshold that the data gives.

    The threshold is found on mutually nearest pairs. A pair further than `FURTHER_THAN_NEAREST` times the nearest
    row of either side, or nearest for neither, is no twin (a better one is there) and scores 0. `tested`: how many
    mutually nearest pairs there are where `pairs` are only the closest.
    """
    p_values = background.p_values(pairs.distance, pairs.left, pairs.right)
    at_left, at_right = background.nearest[pairs.left], background.nearest[pairs.right]
    floor = INDISTINGUISHABLE * np.minimum(background.usual[pairs.left], background.usual[pairs.right])
    smaller = np.minimum(at_left, at_right)
    mutual = pairs.distance <= smaller + SMALLEST_DISTANCE
    threshold = find_threshold(p_values[mutual], max_false_share=max_false_share, tested=tested)
    close = pairs.distance <= np.maximum(np.maximum(at_left, at_right) + SMALLEST_DISTANCE, floor)
    close &= pairs.distance <= FURTHER_THAN_NEAREST * np.maximum(smaller + SMALLEST_DISTANCE, floor)
    return np.where(close, surety(p_values, threshold), 0).astype(np.float32), threshold


def surety(p_values: NDArray[np.float64], threshold: Threshold) -> Floats:
    """Turn p-values into scores: threshold / (threshold + p), so 0.5 at the threshold, 1 at p = 0."""
    return np.asarray(threshold.p_value / (threshold.p_value + p_values), np.float32)


def group_near(pairs: Pairs, scores: Floats, test: NearTest) -> Rows:
    """Give rows of near pairs the same group (n,), -1 alone; every two members pass the threshold.

    Complete linkage, surest pair first (ties: by position): two groups are joined only when each pair across is
    measured and passes, whether or not it was a candidate, so groups cannot chain. Numbered by first row.
    """
    sure = np.flatnonzero(scores >= NEAR)
    order = sure[np.lexsort((pairs.right[sure], pairs.left[sure], pairs.distance[sure], -scores[sure]))]
    owner = np.full(len(test.background.usual), -1, np.int64)
    members: dict[int, list[int]] = {}
    for left, right in zip(pairs.left[order].tolist(), pairs.right[order].tolist(), strict=True):
        a = members.get(int(owner[left]), [left])
        b = members.get(int(owner[right]), [right])
        if owner[left] >= 0 and owner[left] == owner[right]:
            continue
        if len(a) * len(b) > 1 and not _all_near(np.array(a), np.array(b), test):
            continue
        members.pop(int(owner[right]), None)
        name = int(owner[left]) if owner[left] >= 0 else left
        members[name] = a + b
        owner[a + b] = name
    return numbered_by_first(owner)


def choose_representatives(
    groups: Rows,
    views: Views,
    *,
    weights: NDArray[np.floating] | None = None,
    priority: NDArray[np.floating] | None = None,
) -> Rows:
    """Give each grouped row the position of its group's representative, -1 outside.

    The member with the highest `priority` (n,), then the smallest mean distance to the others, each counted
    `weights` (n,) times (its exact copies), then the first.
    """
    chosen = np.full(len(groups), -1, np.int64)
    weights = np.ones(len(groups)) if weights is None else weights
    priority = np.zeros(len(groups)) if priority is None else priority
    spread = np.zeros(len(groups))
    for left, right in _pairs_within(groups):
        distances = views.distances(left, right)
        spread += np.bincount(left, distances * weights[right], len(groups))
        spread += np.bincount(right, distances * weights[left], len(groups))
    for members in group_members(groups):
        best = np.lexsort((members, np.round(spread[members], 6), -priority[members]))[0]
        chosen[members] = members[best]
    return chosen


def _pairs_within(groups: Rows) -> Iterator[tuple[Rows, Rows]]:
    """Give every two members of each group, about `BLOCK_PAIRS` pairs at a time."""
    held: list[tuple[Rows, Rows]] = []
    n_held = 0
    for members in group_members(groups):
        left, right = np.triu_indices(len(members), k=1)
        held.append((members[left], members[right]))
        n_held += len(left)
        if n_held >= BLOCK_PAIRS:
            yield np.concatenate([a for a, _ in held]), np.concatenate([b for _, b in held])
            held, n_held = [], 0
    if held:
        yield np.concatenate([a for a, _ in held]), np.concatenate([b for _, b in held])


def group_members(groups: Rows) -> list[Rows]:
    """Give the positions of each group, ascending, in the order of the groups' numbers."""
    member = np.flatnonzero(groups >= 0)
    order = member[np.argsort(groups[member], kind="stable")]
    return np.split(order, np.flatnonzero(np.diff(groups[order])) + 1) if len(order) else []


def score_leaks(
    views: Views,
    sides: tuple[Rows, Rows],
    *,
    max_false_share: float = MAX_FALSE_SHARE,
    lattice: bool = False,
    join: Callable[[Vectors, Vectors, int], Neighbors] = nearest_across,
) -> CrossPairs:
    """Give each query row its closest key row, and others about as close, with scores as in `score_pairs`.

    `sides`: the positions of the queries and of the keys. Candidates come from a join of the dense views
    (`nearest_across`) and from shared rare tokens; usual distances are those of
    the query to the keys, so many twins on the query's own side hide nothing.
    """
    queries, keys = sides
    if not len(queries) or not len(keys):
        return score_cross(NO_PAIRS, queries, np.full((len(queries), N_USUAL), np.inf, np.float32))
    k = N_USUAL
    asking, asked = views.joined(queries), views.joined(keys)
    query, key = _cross_candidates(views, sides, join(asking, asked, k + 2).positions.astype(np.int64))
    pairs = Pairs(queries[query], keys[key], views.distances(queries[query], keys[key]))
    lists = cross_distances(pairs, queries)
    return score_cross(pairs, queries, lists, max_false_share=max_false_share, lattice=lattice)


NO_PAIRS = Pairs(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))


def cross_distances(pairs: Pairs, queries: Rows, before: Floats | None = None) -> Floats:
    """Give each query (ascending) its k smallest distances (n_queries, k), ascending, inf past these.

    `pairs`: query, key, distance. `before`: those that are known already, of other pairs.
    """
    lists = np.full((len(queries), N_USUAL), np.inf, np.float32) if before is None else before
    order = np.lexsort((pairs.distance, pairs.left))
    place = np.searchsorted(queries, pairs.left[order])
    rank = np.arange(len(order)) - np.searchsorted(place, place)
    some = rank < N_USUAL
    found = np.full_like(lists, np.inf)
    found[place[some], rank[some]] = pairs.distance[order[some]]
    return np.sort(np.concatenate([lists, found], axis=1), axis=1)[:, :N_USUAL]


def score_cross(
    pairs: Pairs,
    queries: Rows,
    lists: Floats,
    *,
    max_false_share: float = MAX_FALSE_SHARE,
    lattice: bool = False,
) -> CrossPairs:
    """Score pairs of a query and a key; give the closest of each query, and others about as close.

    `lists` (n_queries, k): the smallest distances of each query (ascending). The threshold is found on the closest
    pairs; a query whose closest pair is not among `pairs` counts as one that is not near.
    """
    left, right, distance = pairs.take(np.lexsort((pairs.right, pairs.distance, pairs.left)))
    query = np.searchsorted(queries, left)
    background = Background.of_lists(lists, lattice=lattice)
    p_values = background.p_values(distance, query)
    first = np.diff(query, prepend=-1) > 0
    first &= distance <= background.nearest[query] + SMALLEST_DISTANCE
    tested = Hypotheses(len(queries), 0.0)
    threshold = find_threshold(p_values[first], max_false_share=max_false_share, tested=tested)
    bound = np.maximum(background.nearest, INDISTINGUISHABLE * background.usual)[query]
    kept = first | ((distance <= FURTHER_THAN_NEAREST * bound) & (p_values <= threshold.p_value))
    scores = surety(p_values, threshold)
    return CrossPairs(left[kept], right[kept], distance[kept], scores[kept], lists)


def unit_centered(rows: NDArray[np.floating]) -> Floats:
    """Give rows less their own mean, scaled to unit length; those that are not finite, or constant, become zero."""
    finite = np.isfinite(rows).all(axis=1)
    kept = np.where(finite[:, None], rows, 0).astype(np.float32)
    kept -= kept.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(kept, axis=1)
    usable = finite & (norms > 1e-6)
    return np.asarray(kept / np.where(usable, norms, np.inf)[:, None], np.float32)


def _cross_candidates(views: Views, sides: tuple[Rows, Rows], near: Rows) -> tuple[Rows, Rows]:
    """Give the pairs of the join, `near` (n_queries, k) keys each, and as many that share rare tokens."""
    queries, keys = sides
    lists = [near]
    if views.sparse:
        profiles = views.sparse[0]
        lists.append(nearest_by_overlap(profiles[queries], near.shape[1], keys=profiles[keys]).positions)
    both = np.concatenate(lists, axis=1)
    codes = np.repeat(np.arange(len(queries)), both.shape[1]) * len(keys) + both.ravel()
    codes = np.unique(codes[both.ravel() >= 0])
    return codes // len(keys), codes % len(keys)


def _all_near(a: Rows, b: Rows, test: NearTest) -> bool:
    return bool((test.scores(np.repeat(a, len(b)), np.tile(b, len(a))) >= NEAR).all())


@compiled()
def _list_pairs(best: Best, left: Rows, right: Rows, similarities: Floats) -> None:
    for pair in range(len(left)):
        insert(best, left[pair], similarities[pair], right[pair])
        insert(best, right[pair], similarities[pair], left[pair])
