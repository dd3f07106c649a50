"""Weak slices: named sets of rows where a model errs more than elsewhere, found with error control.

A scan statistic (Kulldorff 1997, "A spatial scan statistic"): every candidate slice gets a
likelihood ratio, and the largest one is compared with the largest ones of permuted errors, so that
the number and the overlap of the candidates are paid for exactly and all rows serve twice: to find
and to test.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.cluster.hierarchy import linkage
from scipy.sparse import coo_array, csc_array, csr_array, hstack
from scipy.special import xlogy
from scipy.stats import rankdata

from burnish.kernels.kmeans import assign, spherical_kmeans

PERMUTED_VALUES = 8_000_000
"""Permuted errors held at a time: 32 MB of float32."""


MIN_LEFT = 0.8
"""Share of its rows that a slice must have outside of slices already reported, to be another slice."""


MIN_INSIDE, MAX_PART = 0.95, 0.8
"""A part of a slice lies in it with this share of its rows, and is at most this share of the slice."""


class Literals(NamedTuple):
    """Conditions `field = value` as columns: `matrix` (n_rows, n_literals) of 0/1; `field`, `value` (n_literals,)."""

    matrix: csc_array
    field: NDArray[np.int64]
    value: NDArray[np.int64]


class Pairs(NamedTuple):
    """Crosses of two literals: `matrix` (n_rows, n_pairs); `first`, `second` (n_pairs,); how many the cap left out."""

    matrix: csc_array
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    n_left_out: int


class Scanned(NamedTuple):
    """A slice that was found: its candidate's column, its own p-value, and the one adjusted for the whole search."""

    candidate: int
    p_value: float
    q_value: float


def scan(
    errors: NDArray[np.bool_],
    families: list[csc_array],
    *,
    min_rows: int,
    max_q_value: float = 0.05,
    n_permutations: int = 199,
    seed: int = 0,
) -> list[Scanned]:
    """Give the slices where errors (n_rows,) are too many for chance, surest first, one per fault.

    `families`: 0/1 matrices (n_rows, n_candidates); candidates are numbered through. Each family is
    compared with its own permuted maxima, so that a hundred single conditions do not pay for
    thousands of crosses; the smallest p-value over the families is then compared with its own
    permuted distribution (Westfall & Young 1993). A slice that was found leaves with its rows, and
    the rest is scanned again (Zhang, Assuncao & Kulldorff 2010): what only overlaps a fault is not
    reported again. `q_value` bounds the chance of any false slice up to this one; its smallest
    value is 1 / (n_permutations + 1). Cost: n_permutations · non-zero entries for each slice found.
    """
    rng = np.random.default_rng(seed)
    bounds = np.cumsum([0, *(family.shape[1] for family in families)])
    candidates = csc_array(hstack(families, format="csc"), dtype=np.float32)
    full = _column_sums(candidates)
    keep = np.ones(len(errors), np.bool_)
    found: list[Scanned] = []
    while errors[keep].any() and not errors[keep].all():
        left = candidates[np.flatnonzero(keep)]
        sizes = _column_sums(left)
        usable = (sizes >= min_rows) & (sizes >= MIN_LEFT * full) & (sizes <= keep.sum() / 2)
        parts = [np.flatnonzero(usable[a:b]) + a for a, b in pairwise(bounds)]
        search = _Search([part for part in parts if len(part)], n_permutations, max_q_value, rng)
        if not search.parts:
            break
        best = _strongest(errors[keep], left, search)
        q_value = max(best.q_value, found[-1].q_value if found else 0.0)
        if q_value > max_q_value:
            break
        found.append(_narrowed(errors[keep], left, best, search)._replace(q_value=q_value))
        keep[_rows_of(candidates, found[-1].candidate)] = False
    return found


def one_hot(codes: NDArray[np.integer], *, min_rows: int) -> Literals:
    """Give the literals of codes (n_rows, n_fields), -1 for none, that hold for `min_rows` to half of the rows."""
    n_rows, n_fields = codes.shape
    fields, values, columns = [], [], []
    for field in range(n_fields):
        present, counts = np.unique(codes[codes[:, field] >= 0, field], return_counts=True)
        for value in present[(counts >= min_rows) & (counts <= n_rows / 2)]:
            fields.append(field)
            values.append(value)
            columns.append(np.flatnonzero(codes[:, field] == value))
    return Literals(_indicator(columns, n_rows), np.array(fields, np.int64), np.array(values, np.int64))


def cross(literals: Literals, *, min_rows: int, max_pairs: int = 4_000) -> Pairs:
    """Give the crosses of literals of two fields that hold for at least `min_rows` rows.

    All counts come from one sparse product X'X. A cross that holds nearly all rows of one of its
    literals says nothing new and is left out; beyond `max_pairs` the smallest are left out.
    """
    matrix = literals.matrix
    counts = coo_array(matrix.T @ matrix)
    first, second = counts.coords
    sizes = matrix.sum(axis=0)
    smaller = np.minimum(sizes[first], sizes[second])
    wanted = (literals.field[first] < literals.field[second]) & (counts.data >= min_rows)
    wanted &= counts.data <= 0.95 * smaller
    chosen = np.flatnonzero(wanted)
    chosen = chosen[np.argsort(-counts.data[chosen], kind="stable")]
    first, second = (side[chosen[:max_pairs]].astype(np.int64) for side in (first, second))
    pairs = csc_array(matrix[:, first].multiply(matrix[:, second]))
    return Pairs(pairs, first, second, max(0, len(chosen) - max_pairs))


def regions(
    embeddings: NDArray[np.float32], *, min_rows: int, max_cells: int = 400, max_share: float = 0.2, seed: int = 0
) -> csc_array:
    """Give regions of unit rows (n, d) as 0/1 columns: cells, and neighboring cells merged step by step.

    Rows are over-clustered into cells of about half of `min_rows`, and the cells merged as in Ward
    1963; every merged set of `min_rows` rows up to `max_share` of all rows is a region, so that a
    weak region is found at its own size. Rows of NaN lie in no region.
    """
    n_rows = len(embeddings)
    readable = np.flatnonzero(np.isfinite(embeddings).all(axis=1))
    n_cells = min(max_cells, 2 * len(readable) // min_rows)
    if n_cells < 4:
        return csc_array((n_rows, 0), dtype=np.float32)
    rows = np.asarray(embeddings[readable], np.float32)
    centroids = spherical_kmeans(rows, n_cells, seed=seed)
    cells = assign(rows, centroids)
    order = readable[np.argsort(cells, kind="stable")]
    members = np.split(order, np.cumsum(np.bincount(cells, minlength=n_cells))[:-1])
    for left, right, *_ in linkage(centroids, "ward"):
        members.append(np.concatenate([members[int(left)], members[int(right)]]))
    return _indicator([m for m in members if min_rows <= len(m) <= max_share * n_rows], n_rows)


def _indicator(columns: list[NDArray[np.int64]], n_rows: int) -> csc_array:
    starts = np.cumsum([0, *(len(column) for column in columns)])
    rows = np.concatenate([*columns, np.empty(0, np.int64)])
    matrix = csc_array((np.ones(len(rows), np.float32), rows, starts), shape=(n_rows, len(columns)))
    matrix.sort_indices()
    return matrix


class _Search(NamedTuple):
    parts: list[NDArray[np.int64]]
    n_permutations: int
    max_q_value: float
    rng: np.random.Generator


def _narrowed(errors: NDArray[np.bool_], candidates: csc_array, found: Scanned, search: _Search) -> Scanned:
    """Give the part of a slice that holds its errors, where one stands out within it; else the slice itself.

    A field's value stands out when one of its crosses is weak; the cross is what should be named.
    """
    sizes = _column_sums(candidates)
    usable = np.concatenate(search.parts)
    while True:
        inside = _rows_of(candidates, found.candidate)
        within = candidates[inside]
        shared = _column_sums(within)[usable]
        children = (shared >= MIN_INSIDE * sizes[usable]) & (shared <= MAX_PART * len(inside))
        if not children.any() or errors[inside].all():
            return found
        best = _strongest(errors[inside], within, search._replace(parts=[usable[children]]))
        if best.q_value > search.max_q_value:
            return found
        found = best._replace(p_value=_tail(errors, _rows_of(candidates, best.candidate)))


def _strongest(errors: NDArray[np.bool_], candidates: csc_array, search: _Search) -> Scanned:
    """Test the candidate that stands out most in its family (columns of `search.parts`)."""
    n_rows, n_errors = len(errors), int(errors.sum())
    transposed = [candidates[:, part].T.tocsr() for part in search.parts]
    sizes = [np.asarray(matrix.sum(axis=1), np.float64).ravel() for matrix in transposed]
    observed = [
        likelihood_ratios((matrix @ errors.astype(np.float32))[:, None], size, n_errors, n_rows)[:, 0]
        for matrix, size in zip(transposed, sizes, strict=True)
    ]
    maxima = np.array([ratios.max() for ratios in observed])
    permuted = _permuted_maxima(errors, transposed, sizes, search)
    # The first column is the data as observed: under the null it is one permutation among the others.
    together = np.column_stack([maxima, permuted])
    ranks = np.array([rankdata(-family, method="max") for family in together]) / together.shape[1]
    smallest = ranks.min(axis=0)
    standing_out = ranks[:, 0] <= max(smallest[0], search.max_q_value)
    family = int(np.where(standing_out, maxima, -1.0).argmax())
    candidate = int(search.parts[family][observed[family].argmax()])
    p_value = _tail(errors, _rows_of(candidates, candidate))
    return Scanned(candidate, p_value, float((smallest <= smallest[0]).mean()))


def _tail(errors: NDArray[np.bool_], inside: NDArray[np.integer]) -> float:
    """Give the chance of as many errors among rows drawn at random (hypergeometric)."""
    hits = int(errors[inside].sum())
    return float(stats.hypergeom.sf(hits - 1, len(errors), int(errors.sum()), len(inside)))


def _rows_of(candidates: csc_array, column: int) -> NDArray[np.integer]:
    rows: NDArray[np.integer] = candidates.indices[candidates.indptr[column] : candidates.indptr[column + 1]]
    return rows


def _column_sums(matrix: csc_array) -> NDArray[np.float64]:
    return np.asarray(matrix.sum(axis=0), np.float64).ravel()


def _permuted_maxima(
    errors: NDArray[np.bool_], transposed: list[csr_array], sizes: list[NDArray[np.float64]], search: _Search
) -> NDArray[np.float64]:
    """Give the largest likelihood ratio (n_families, n_permutations) of each permutation of the errors."""
    n_rows, n_errors = len(errors), int(errors.sum())
    step = max(1, PERMUTED_VALUES // n_rows)
    blocks = []
    for start in range(0, search.n_permutations, step):
        width = min(step, search.n_permutations - start)
        shuffled = np.column_stack([search.rng.permutation(errors) for _ in range(width)]).astype(np.float32)
        rows = [
            likelihood_ratios(matrix @ shuffled, size, n_errors, n_rows).max(axis=0)
            for matrix, size in zip(transposed, sizes, strict=True)
        ]
        blocks.append(np.array(rows))
    return np.concatenate(blocks, axis=1)


def likelihood_ratios(
    counts: NDArray[np.floating], sizes: NDArray[np.float64], n_errors: int, n_rows: int
) -> NDArray[np.float64]:
    """Give the log likelihood ratio of "more errors inside than outside" for error counts (n_candidates, any).

    Bernoulli model, Kulldorff 1997, section 3.1; 0 where there are not more errors inside.
    """
    inside = np.asarray(counts, np.float64)
    size = sizes[:, None]
    outside, rest = n_errors - inside, n_rows - size
    ratios: NDArray[np.float64] = _log_likelihood(inside, size) + _log_likelihood(outside, rest)
    ratios -= _log_likelihood(np.array(n_errors, np.float64), np.array(n_rows, np.float64))
    return np.where(inside * rest > outside * size, ratios, 0.0)


def _log_likelihood(hits: NDArray[np.float64], size: NDArray[np.float64]) -> NDArray[np.float64]:
    log: NDArray[np.float64] = xlogy(hits, hits / size) + xlogy(size - hits, 1 - hits / size)
    return log
