"""Identity of clusters over time: which cluster of one clustering is which of another, and what became of the others.

Clusters are matched by the Jaccard similarity of their rows, as the communities of a dynamic network are by Greene,
Doyle & Cunningham (2010), and only where enough is in common. Departures: only rows that are on both sides count, so
that a cluster which grows stays itself; an identity is given once, to the most similar pair first; and a split or a
merger is told by the share of the smaller one, since a small part of a large cluster is not similar to it.
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]
Kind = Literal["persists", "born", "gone", "split", "merged"]

MIN_JACCARD = 0.3
"""Two clusters with less in common are not the same."""

ABSENT = -2
"""Stands for the cluster of a row that is not there; -1 for that of a row in no cluster."""

MIN_PART = 0.5
"""A cluster lies in another when at least this share of its rows does."""


class Event(NamedTuple):
    """What became of clusters: ids `before` and `after`, each with its numbers of rows.

    `persists`: one to one. `split`: one before, two or more after that lie in it; one of these may carry its identity.
    `merged`: two or more before that lie in one after. `born`, `gone`: no identity and no part in any of these.
    `n_common`: rows that are on both sides.
    """

    kind: Kind
    before: tuple[int, ...]
    after: tuple[int, ...]
    n_before: tuple[int, ...]
    n_after: tuple[int, ...]
    n_common: int


class Overlap(NamedTuple):
    """Pairs of clusters with rows in common: ids (m,) of both, how many rows, and the share of each cluster that it is.

    Shares are of the rows that are on both sides. `size_before`, `size_after`: all rows of each cluster, by id.
    """

    before: Ids
    after: Ids
    common: Ids
    of_before: Floats
    of_after: Floats
    size_before: dict[int, int]
    size_after: dict[int, int]

    @classmethod
    def of(cls, before: NDArray[np.integer], after: NDArray[np.integer]) -> "Overlap":
        """Count from the clusters (n,) of the same rows on both sides."""
        there = (before != ABSENT) & (after != ABSENT)
        mine, theirs = np.asarray(before[there], np.int64), np.asarray(after[there], np.int64)
        both = (mine >= 0) & (theirs >= 0)
        pairs, common = np.unique(np.column_stack([mine[both], theirs[both]]), axis=0, return_counts=True)
        sizes = _sizes(mine), _sizes(theirs)
        shares = [
            common / np.array([size[i] for i in pairs[:, side].tolist()], np.float64) for side, size in enumerate(sizes)
        ]
        return cls(pairs[:, 0], pairs[:, 1], common, shares[0], shares[1], _sizes(before), _sizes(after))

    @property
    def jaccard(self) -> Floats:
        """Rows in common over rows in either (m,)."""
        return np.asarray(1 / (1 / self.of_before + 1 / self.of_after - 1))


def match_clusters(before: NDArray[np.integer], after: NDArray[np.integer]) -> dict[int, int]:
    """Give the id after → the id before of each cluster that persists, the most similar pairs first.

    `before`, `after` (n,): the clusters of the same rows, -1 in none, `ABSENT` where a row is not there. Ties go to the
    smaller id before, then after.
    """
    return _matched(Overlap.of(before, after))


def cluster_changes(before: NDArray[np.integer], after: NDArray[np.integer]) -> list[Event]:
    """Tell what became of the clusters: `before`, `after` (n,) as for `match_clusters`.

    Persisting clusters first, then splits, merges, births and ends, each in the order of their ids.
    """
    overlap = Overlap.of(before, after)
    identity = _matched(overlap)
    events = [_event("persists", overlap, (old,), (new,)) for new, old in identity.items()]
    splits = _grouped(overlap.before, overlap.after, overlap.of_after >= MIN_PART)
    merges = _grouped(overlap.after, overlap.before, overlap.of_before >= MIN_PART)
    events += [_event("split", overlap, (old,), tuple(new)) for old, new in splits.items() if len(new) > 1]
    events += [_event("merged", overlap, tuple(old), (new,)) for new, old in merges.items() if len(old) > 1]
    told_before = {cluster for event in events for cluster in event.before}
    told_after = {cluster for event in events for cluster in event.after}
    events += [_event("born", overlap, (), (new,)) for new in overlap.size_after if new not in told_after]
    events += [_event("gone", overlap, (old,), ()) for old in overlap.size_before if old not in told_before]
    order = ("persists", "split", "merged", "born", "gone")
    return sorted(events, key=lambda event: (order.index(event.kind), event.before, event.after))


def inherited_ids(before: Ids, after: Ids, *, first_free: int) -> dict[int, int]:
    """Give each id after the id that it goes on with, level by level: that of the cluster it is, else a fresh one.

    `before`, `after` (n, n_levels): clusters of the same rows, as for `match_clusters`; ids are unique over the
    levels. A cluster is matched with those of its own level only. Fresh ids go up from `first_free`, in the order
    of the ids after.
    """
    named: dict[int, int] = {}
    for level in range(after.shape[1]):
        named |= match_clusters(before[:, level], after[:, level])
    fresh = [cluster for cluster in np.unique(after[after >= 0]).tolist() if cluster not in named]
    return named | {cluster: first_free + number for number, cluster in enumerate(fresh)}


def _matched(overlap: Overlap) -> dict[int, int]:
    jaccard = overlap.jaccard
    order = np.lexsort((overlap.after, overlap.before, -jaccard))
    taken: set[int] = set()
    identity: dict[int, int] = {}
    for pair in order[jaccard[order] >= MIN_JACCARD].tolist():
        old, new = int(overlap.before[pair]), int(overlap.after[pair])
        if old not in taken and new not in identity:
            taken.add(old)
            identity[new] = old
    return identity


def _grouped(keys: Ids, values: Ids, chosen: NDArray[np.bool_]) -> dict[int, list[int]]:
    groups: dict[int, list[int]] = {}
    for key, value in zip(keys[chosen].tolist(), values[chosen].tolist(), strict=True):
        groups.setdefault(key, []).append(value)
    return groups


def _event(kind: Kind, overlap: Overlap, before: tuple[int, ...], after: tuple[int, ...]) -> Event:
    inside = np.isin(overlap.before, before) & np.isin(overlap.after, after)
    sizes = tuple(overlap.size_before[i] for i in before), tuple(overlap.size_after[i] for i in after)
    return Event(kind, before, after, *sizes, int(overlap.common[inside].sum()))


def _sizes(codes: NDArray[np.integer]) -> dict[int, int]:
    ids, counts = np.unique(codes[codes >= 0], return_counts=True)
    return dict(zip(ids.tolist(), counts.tolist(), strict=True))
