"""Weak slices: named sets of rows where a model errs more than elsewhere, found with error control.

A scan statistic (Kulldorff 1997, "A spatial scan statistic"): every candidate slice gets a
likelihood ratio, and the largest one is compared with the largest ones of permuted errors, so that
the number and the overlap of the candidates are paid for exactly and all rows serve twice: to find
and to test.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.cluster.hierarchy import linkage
from scipy.sparse import coo_array, csc_array, hstack
from scipy.special import logsumexp, xlogy
from scipy.stats import rankdata

from burnish.kernels.compiled import compiled
from burnish.kernels.kmeans import assign, spherical_kmeans
from burnish.kernels.vectors import Vectors

Indices = NDArray[np.integer]
Seed = NDArray[np.uint64]
MIN_LEFT = 0.8
"""Share of its rows that a slice must have outside of slices already reported, to be another slice."""


MIN_INSIDE, MAX_PART = 0.95, 0.8
"""A part of a slice lies in it with this share of its rows, and is at most this share of the slice."""


TEMPER = 0.5
"""Power of the likelihood ratios when overlapping regions are averaged: their maxima were searched for, and flatter."""


MIN_OVERLAP = 0.15
"""Jaccard similarity with the strongest region above which a region is averaged with it: the same fault."""


N_DIMS, N_RESOLUTIONS = 32, 5
"""Directions around the mean that regions are sought in, and numbers of cells from few to many."""


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


class Family(NamedTuple):
    """Candidates that are compared with one another: 0/1 columns (n_rows, n_candidates).

    `averaged`: they overlap and none is the truth. What is tested is then a mean over them, and what
    is found is the average of those that overlap the strongest (as in the Bayesian scan statistic,
    Neill et al. 2006, here compared with permutations).
    """

    matrix: csc_array
    averaged: bool = False


class Scanned(NamedTuple):
    """A slice that was found: its candidate's number, its own p-value, that of the whole search, its rows."""

    candidate: int
    p_value: float
    q_value: float
    rows: NDArray[np.int64]


def scan(
    errors: NDArray[np.bool_],
    families: list[Family],
    *,
    min_rows: int,
    max_q_value: float = 0.05,
    n_permutations: int = 199,
    seed: int = 0,
) -> list[Scanned]:
    """Give the slices where errors (n_rows,) are too many for chance, surest first, one per fault.

    Candidates are numbered through all families. Each family is
    compared with its own permuted maxima, so that a hundred single conditions do not pay for
    thousands of crosses; the smallest p-value over the families is then compared with its own
    permuted distribution (Westfall & Young 1993). A slice that was found leaves with its rows, and
    the rest is scanned again (Zhang, Assuncao & Kulldorff 2010): what only overlaps a fault is not
    reported again. `q_value` bounds the chance of any false slice up to this one; its smallest
    value is 1 / (n_permutations + 1). Cost: n_permutations · non-zero entries for each slice found.
    """
    rng = np.random.default_rng(seed)
    bounds = np.cumsum([0, *(family.matrix.shape[1] for family in families)])
    candidates = csc_array(hstack([family.matrix for family in families], format="csc"), dtype=np.float32)
    full = _column_sums(candidates)
    keep = np.ones(len(errors), np.bool_)
    found: list[Scanned] = []
    while errors[keep].any() and not errors[keep].all():
        left = candidates[np.flatnonzero(keep)]
        sizes = _column_sums(left)
        usable = (sizes >= min_rows) & (sizes >= MIN_LEFT * full) & (sizes <= keep.sum() / 2)
        parts = [np.flatnonzero(usable[a:b]) + a for a, b in pairwise(bounds)]
        chosen = [part for part, family in zip(parts, families, strict=True) if family.averaged]
        averaged = np.concatenate([np.empty(0, np.int64), *chosen])
        search = _Search([part for part in parts if len(part)], averaged, n_permutations, max_q_value, rng)
        if not search.parts:
            break
        best = _strongest(errors[keep], left, search)
        q_value = max(best.q_value, found[-1].q_value if found else 0.0)
        if q_value > max_q_value:
            break
        best = _averaged(errors[keep], left, _narrowed(errors[keep], left, best, search), search)
        found.append(best._replace(q_value=q_value, rows=np.flatnonzero(keep)[best.rows]))
        keep[found[-1].rows] = False
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
    embeddings: ArrayLike | Vectors,
    *,
    min_rows: int,
    codes: NDArray[np.integer] | None = None,
    max_cells: int = 400,
    max_share: float = 0.2,
    seed: int = 0,
) -> csc_array:
    """Give regions of rows (n, d) as 0/1 columns, overlapping, of `min_rows` rows up to `max_share` of all rows.

    No partition is the true one, so several are given: the clusters `codes` (n, any; -1 none), cells
    of k-means at several resolutions, and small cells merged step by step (Ward 1963). Cells are
    sought in the rows as they are and in their leading directions around the mean, as they are and
    half whitened, since a few directions can make all rows alike. Unusable rows lie in no region but
    those of `codes`.
    """
    vectors = Vectors.of(embeddings)
    n_largest = int(max_share * vectors.n_rows)
    found = [] if codes is None else [part for level in codes.T for part in _parts(level)]
    if min_rows <= n_largest and len(vectors) >= 2 * min_rows:
        leading = _leading_directions(vectors, power=0.0)
        resolutions = np.geomspace(1.6 / max_share, max(2.0, 0.8 * len(vectors) / min_rows), N_RESOLUTIONS)
        for view in (vectors, leading, _leading_directions(vectors, power=0.5)):
            for n_cells in resolutions.round().astype(int).tolist():
                cells = _assigned(view, spherical_kmeans(view, n_cells, seed=seed))
                found += [vectors.rows[part] for part in _parts(cells)]
        found += [vectors.rows[part] for part in _merged(leading, min(max_cells, len(vectors) // 10), seed)]
    return _indicator([part for part in found if min_rows <= len(part) <= n_largest], vectors.n_rows)


def _assigned(vectors: Vectors, centroids: NDArray[np.float32]) -> NDArray[np.int64]:
    """Give each usable row (m,) the number of its most similar centroid."""
    blocks = [assign(vectors.block(start, stop), centroids) for start, stop in vectors.blocks()]
    return np.concatenate([np.empty(0, np.int64), *blocks])


def _parts(codes: NDArray[np.integer]) -> list[NDArray[np.int64]]:
    """Give the positions of each code; -1 is none."""
    order = np.argsort(codes, kind="stable")
    order = order[np.searchsorted(codes[order], 0) :]
    return np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)


def _leading_directions(vectors: Vectors, *, power: float) -> Vectors:
    """Give the usable rows as rows of <= N_DIMS: principal components, each divided by its spread to the `power`."""
    sample = vectors.take(np.arange(0, len(vectors), 1 + len(vectors) // 10_000))
    center = sample.mean(axis=0)
    variances, directions = np.linalg.eigh(np.cov(sample.T).reshape(vectors.n_dims, -1))
    scale = np.maximum(variances[-N_DIMS:], 1e-6 * variances[-1] + 1e-12) ** (-power / 2)
    turn = np.asarray(directions[:, -N_DIMS:] * scale, np.float32)
    moved = np.concatenate([(vectors.block(start, stop) - center) @ turn for start, stop in vectors.blocks()])
    lengths = np.maximum(np.linalg.norm(moved, axis=1), 1e-12).astype(np.float64)
    return Vectors(moved, len(moved), np.arange(len(moved)), 1 / lengths)


def _merged(vectors: Vectors, n_cells: int, seed: int) -> list[NDArray[np.int64]]:
    """Give the sets of rows that cells become when the nearest are merged step by step."""
    if n_cells < 2:
        return []
    centroids = spherical_kmeans(vectors, n_cells, seed=seed)
    cells = _assigned(vectors, centroids)
    members = np.split(np.argsort(cells, kind="stable"), np.cumsum(np.bincount(cells, minlength=n_cells))[:-1])
    for left, right, *_ in linkage(centroids, "ward"):
        members.append(np.concatenate([members[int(left)], members[int(right)]]))
    return members


def _indicator(columns: list[NDArray[np.int64]], n_rows: int) -> csc_array:
    starts = np.cumsum([0, *(len(column) for column in columns)])
    rows = np.concatenate([*columns, np.empty(0, np.int64)])
    matrix = csc_array((np.ones(len(rows), np.float32), rows, starts), shape=(n_rows, len(columns)))
    matrix.sort_indices()
    return matrix


class _Search(NamedTuple):
    """Columns of each family; those whose family is averaged; how often to permute, the level, and chance."""

    parts: list[NDArray[np.int64]]
    averaged: NDArray[np.int64]
    n_permutations: int
    max_q_value: float
    rng: np.random.Generator

    def means(self, part: NDArray[np.int64]) -> bool:
        """Tell whether a part is of a family that is averaged."""
        return bool(np.isin(part, self.averaged).any())


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
        best = _strongest(errors[inside], within, search._replace(parts=[usable[children]], averaged=usable[:0]))
        if best.q_value > search.max_q_value:
            return found
        rows = _rows_of(candidates, best.candidate).astype(np.int64)
        found = best._replace(p_value=_tail(errors, rows), rows=rows)


def _averaged(errors: NDArray[np.bool_], candidates: csc_array, found: Scanned, search: _Search) -> Scanned:
    """Give the rows that the candidates which overlap a found region agree upon, weighed by their likelihood.

    Each of them matches the fault in part; the rows that most of the weight holds match it better than any.
    """
    if found.candidate not in search.averaged:
        return found
    like = candidates[:, search.averaged]
    sizes, inside = _column_sums(like), np.zeros(len(errors), np.float32)
    inside[found.rows] = 1
    shared = like.T @ inside
    ratios = likelihood_ratios((like.T @ errors.astype(np.float32))[:, None], sizes, int(errors.sum()), len(errors))
    overlap = shared / (sizes + len(found.rows) - shared)
    near = np.where(overlap >= MIN_OVERLAP, TEMPER * ratios[:, 0], -np.inf)
    agreed = like @ np.exp(near - near.max())
    rows = np.flatnonzero(agreed >= 0.5 * agreed.max())
    return found._replace(rows=rows, p_value=_tail(errors, rows))


def _strongest(errors: NDArray[np.bool_], candidates: csc_array, search: _Search) -> Scanned:
    """Test the candidate that stands out most in its family (columns of `search.parts`)."""
    n_rows, n_errors = len(errors), int(errors.sum())
    sizes, hits = _column_sums(candidates), candidates.T @ errors.astype(np.float32)
    observed = [likelihood_ratios(hits[part, None], sizes[part], n_errors, n_rows) for part in search.parts]
    statistic = [
        _statistic(ratios, averaged=search.means(part)) for ratios, part in zip(observed, search.parts, strict=True)
    ]
    permuted = _permuted(errors, candidates, search)
    # The first column is the data as observed: under the null it is one permutation among the others.
    together = np.column_stack([np.concatenate(statistic), permuted])
    ranks = np.array([rankdata(-family, method="max") for family in together]) / together.shape[1]
    smallest = ranks.min(axis=0)
    standing_out = ranks[:, 0] <= max(smallest[0], search.max_q_value)
    family = int(np.where(standing_out, [ratios.max() for ratios in observed], -1.0).argmax())
    candidate = int(search.parts[family][observed[family].argmax()])
    rows = _rows_of(candidates, candidate).astype(np.int64)
    return Scanned(candidate, _tail(errors, rows), float((smallest <= smallest[0]).mean()), rows)


def _statistic(ratios: NDArray[np.float64], *, averaged: bool) -> NDArray[np.float64]:
    """Give one number per column of likelihood ratios (n_candidates, any): the largest, or a mean of likelihoods."""
    most: NDArray[np.float64] = logsumexp(TEMPER * ratios, axis=0) if averaged else ratios.max(axis=0)
    return most


def _tail(errors: NDArray[np.bool_], inside: NDArray[np.integer]) -> float:
    """Give the chance of as many errors among rows drawn at random (hypergeometric)."""
    hits = int(errors[inside].sum())
    return float(stats.hypergeom.sf(hits - 1, len(errors), int(errors.sum()), len(inside)))


def _rows_of(candidates: csc_array, column: int) -> NDArray[np.integer]:
    rows: NDArray[np.integer] = candidates.indices[candidates.indptr[column] : candidates.indptr[column + 1]]
    return rows


def _column_sums(matrix: csc_array) -> NDArray[np.float64]:
    return np.asarray(matrix.sum(axis=0), np.float64).ravel()


def _permuted(errors: NDArray[np.bool_], candidates: csc_array, search: _Search) -> NDArray[np.float64]:
    """Give the statistic (n_families, n_permutations) of each permutation of the errors."""
    n_rows, n_errors = len(errors), int(errors.sum())
    by_row = candidates[:, np.concatenate(search.parts)].tocsr()
    counts = np.zeros((search.n_permutations, by_row.shape[1]), np.int32)
    state = search.rng.integers(2**63, size=1, dtype=np.uint64)
    _count_drawn(counts, (by_row.indptr, by_row.indices), np.arange(n_rows, dtype=np.int32), (n_errors, state))
    sizes, ends = _column_sums(by_row), np.cumsum([0, *map(len, search.parts)])
    return np.array(
        [
            _statistic(
                likelihood_ratios(counts[:, start:end].T, sizes[start:end], n_errors, n_rows),
                averaged=search.means(part),
            )
            for part, (start, end) in zip(search.parts, pairwise(ends.tolist()), strict=True)
        ]
    )


@compiled()
def _count_drawn(
    counts: NDArray[np.int32], rows: tuple[Indices, Indices], order: NDArray[np.int32], draw: tuple[int, Seed]
) -> None:
    """Draw `n_errors` rows for each line of `counts`, and count them by candidate.

    The first places of a shuffle (Knuth's algorithm P) that goes on from the last one; numbers by splitmix64
    (Steele, Lea & Flood 2014).
    """
    (starts, candidates), (n_errors, state) = rows, draw
    for line in range(len(counts)):
        for place in range(n_errors):
            state[0] += np.uint64(0x9E3779B97F4A7C15)
            mixed = state[0]
            mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            mixed ^= mixed >> np.uint64(31)
            other = place + np.int64(mixed % np.uint64(len(order) - place))
            row = order[other]
            order[other], order[place] = order[place], row
            for entry in range(starts[row], starts[row + 1]):
                counts[line, candidates[entry]] += 1


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
