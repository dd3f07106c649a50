"""Folds for cross-validation: stratified by label, and never a group (copies, a user's group) on both sides."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Codes = NDArray[np.int64]


def group_folds(
    labels: NDArray[np.integer], groups: NDArray[np.integer], *, n_folds: int, seed: int
) -> NDArray[np.int16]:
    """Give each row (n,) its fold, 0..n_folds-1, with every label spread as evenly as its groups allow.

    Rows with the same group code >= 0 share a fold; a negative code stands alone. Groups of several
    rows go first, largest first, each to the fold that has fewest rows of its first row's label; then
    single rows fill each label up evenly. A group larger than a fold makes the folds uneven; labels with
    fewer rows than folds are missing from some.
    """
    codes = np.unique(np.asarray(labels), return_inverse=True)[1].astype(np.int64)
    folds = np.full(len(codes), -1, np.int16)
    rng = np.random.default_rng(seed)
    counts = np.zeros((int(codes.max(initial=-1)) + 1, n_folds), np.int64)
    total = np.zeros(n_folds, np.int64)
    for members in _large_groups(np.asarray(groups), rng):
        label = codes[members[0]]
        fold = int(np.lexsort((total, counts[label]))[0])
        folds[members] = fold
        total[fold] += len(members)
        counts[:, fold] += np.bincount(codes[members], minlength=len(counts))
    _fill_evenly(folds, codes, counts, rng)
    return folds


def join_groups(*group_codes: NDArray[np.integer] | None) -> Codes:
    """Give the connected components (n,) of several groupings: rows that share any code >= 0 share a group.

    A grouping that is None is left out; a row with no code in any stands alone. At least one grouping must be given.
    Groups are numbered by their first row.
    """
    given = [np.asarray(codes, np.int64) for codes in group_codes if codes is not None]
    n_rows = len(given[0])
    rows = [np.flatnonzero(codes >= 0) for codes in given]
    offsets = n_rows + np.cumsum([0, *(int(codes.max(initial=-1)) + 1 for codes in given)])
    nodes = [codes[member] + offset for codes, member, offset in zip(given, rows, offsets, strict=False)]
    left, right = np.concatenate(rows), np.concatenate(nodes)
    size = int(offsets[-1])
    graph = coo_array((np.ones(len(left), np.int8), (left, right)), shape=(size, size))
    component = connected_components(graph, directed=False)[1][:n_rows]
    _, first, inverse = np.unique(component, return_index=True, return_inverse=True)
    rank: Codes = np.argsort(np.argsort(first))
    return rank[inverse]


def _large_groups(groups: NDArray[np.integer], rng: np.random.Generator) -> list[NDArray[np.intp]]:
    """Give the members of each group of two rows or more, largest first, equal sizes in random order."""
    grouped = np.flatnonzero(groups >= 0)
    order = grouped[np.argsort(groups[grouped], kind="stable")]
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    members = [m for m in np.split(order, starts[1:]) if len(m) > 1]
    shuffled = [members[i] for i in rng.permutation(len(members))]
    return sorted(shuffled, key=len, reverse=True)


def _fill_evenly(folds: NDArray[np.int16], codes: Codes, counts: NDArray[np.int64], rng: np.random.Generator) -> None:
    """Give the rows that have no fold yet one, label by label, the emptiest fold of the label first."""
    single = np.flatnonzero(folds < 0)
    single = single[rng.permutation(len(single))]
    single = single[np.argsort(codes[single], kind="stable")]
    bounds = np.searchsorted(codes[single], np.arange(len(counts) + 1))
    total = counts.sum(axis=0)
    for label, (start, stop) in enumerate(pairwise(bounds)):
        wanted = _levelled(counts[label], stop - start, total)
        folds[single[start:stop]] = np.repeat(np.arange(len(wanted)), wanted)
        total += wanted


def _levelled(filled: NDArray[np.int64], n_rows: int, total: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give how many of `n_rows` each fold gets so that they end level; the rest to the folds that hold fewest rows."""
    ordered = np.sort(filled)
    room = np.arange(1, len(filled) + 1) * np.append(ordered[1:], np.iinfo(np.int64).max // len(filled) // 4)
    n_open = int(np.searchsorted(room - np.cumsum(ordered), n_rows)) + 1
    level = (n_rows + int(ordered[:n_open].sum())) // n_open
    wanted = np.maximum(level - filled, 0)
    is_open = filled <= level
    rest = n_rows - int(wanted.sum())
    wanted[np.lexsort((total + wanted, ~is_open))[:rest]] += 1
    return wanted
