"""A 2-D map of the rows from their neighbor graph: near neighbors lie together, unrelated rows apart.

The objective is that of UMAP (McInnes, Healy & Melville 2018, section 3) with the curve 1 / (1 + a·d²).
Two departures: repulsion is the mean field of all rows, summed on a grid by fast Fourier transform
(as Linderman et al. 2019 do for t-SNE) instead of a few sampled rows, and each epoch moves all rows
at once, attraction taken implicitly. So there is no noise of sampling, and no compiler is needed.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import fft
from scipy.sparse import csr_array

from burnish.kernels.neighbors import usable_units

Floats = NDArray[np.float32]

CURVE = 1.577
"""`a` of the curve 1 / (1 + a·d²); `b` is 1, which spares a power an edge."""

REPULSION = 5.0
"""Repulsive against attractive weight, UMAP's negative sample rate."""

GRID = 256
RIM = 10.0


def layout_map(
    embeddings: ArrayLike,
    neighbors: NDArray[np.integer],
    distances: NDArray[np.floating],
    *,
    n_epochs: int | None = None,
    seed: int = 0,
) -> Floats:
    """Give each row a place (n, 2) on the map, within a circle of radius 10 around 0.

    `neighbors`, `distances` (n, k) as `nearest_neighbors` gives them. A row without a neighbor is
    put on the rim. `n_epochs`: 200 by default, fewer beyond 50,000 rows, at least 80. An epoch is linear
    in n·k, plus three Fourier transforms of 512 × 512.
    """
    n_rows = len(neighbors)
    joined = np.flatnonzero((np.asarray(neighbors) >= 0).any(axis=1))
    places = _rim(n_rows)
    if len(joined):
        graph = fuzzy_graph(neighbors, distances)[joined][:, joined]
        start = _start(embeddings, joined, graph, seed=seed)
        epochs = int(np.clip(200 * 50_000 / n_rows, 80, 200)) if n_epochs is None else n_epochs
        places[joined] = _scaled(_optimized(start, graph, epochs))
    return places


def fuzzy_graph(neighbors: NDArray[np.integer], distances: NDArray[np.floating]) -> csr_array:
    """Give the symmetric (n, n) membership strengths of UMAP's graph, 0..1.

    Each row's distances are set off by its nearest one and scaled so that its strengths sum to log2(k)
    (McInnes et al. 2018, algorithm 3), then joined by probabilistic sum.
    """
    n_rows, k = neighbors.shape
    there = np.asarray(neighbors) >= 0
    known = np.where(there, distances, 0).astype(np.float32)
    beyond = np.where(there, np.maximum(0, known - known[:, :1]), 0)
    strengths = np.where(there, np.exp(-beyond / _bandwidths(beyond, there, np.log2(k + 1e-9))[:, None]), 0)
    rows = np.broadcast_to(np.arange(n_rows)[:, None], neighbors.shape)[there]
    one_way = csr_array((strengths[there].astype(np.float32), (rows, neighbors[there])), shape=(n_rows, n_rows))
    other_way = csr_array(one_way.T)
    return csr_array(one_way + other_way - one_way.multiply(other_way))


def _bandwidths(beyond: Floats, there: NDArray[np.bool_], target: float) -> Floats:
    """Find each row's bandwidth by bisection, all rows at once; not below a thousandth of the mean distance."""
    floor = np.float32(1e-3 * beyond.mean() + 1e-12)
    low, high = np.full(len(beyond), floor), np.full(len(beyond), 4 * np.float32(beyond.max(initial=0)) + floor)
    for _ in range(32):
        middle = (low + high) / 2
        total = np.where(there, np.exp(-beyond / middle[:, None]), 0).sum(axis=1)
        low, high = np.where(total < target, middle, low), np.where(total < target, high, middle)
    return np.asarray((low + high) / 2, np.float32)


def _start(embeddings: ArrayLike, joined: NDArray[np.int64], graph: csr_array, *, seed: int) -> Floats:
    """Give the two main directions of the embeddings, smoothed along the graph, 10 units wide."""
    unit, rows, n_rows = usable_units(embeddings)
    rng = np.random.default_rng(seed)
    place = np.zeros((n_rows, 2), np.float32)
    place[rows] = _principal(unit, rng)
    start = place[joined]
    averaging = csr_array(graph.multiply(1 / np.maximum(graph.sum(axis=1), 1e-12)[:, None]))
    for _ in range(20):
        start = 0.5 * start + 0.5 * (averaging @ start)
    start = start - start.mean(axis=0)
    start = 5 * start / np.maximum(np.abs(start).max(axis=0), 1e-12)
    return np.asarray(start + 0.01 * rng.normal(size=start.shape), np.float32)


def _principal(unit: Floats, rng: np.random.Generator) -> Floats:
    center = unit.mean(axis=0)
    sample = unit[np.sort(rng.choice(len(unit), min(len(unit), 5000), replace=False))] - center
    _, _, directions = np.linalg.svd(sample.T @ sample)
    found = np.zeros((len(unit), 2), np.float32)
    found[:, : len(directions[:2])] = (unit - center) @ directions[:2].T
    return found


def _optimized(places: Floats, graph: csr_array, n_epochs: int) -> Floats:
    heads = np.repeat(np.arange(graph.shape[0]), np.diff(graph.indptr))
    strengths, degree = graph.data, np.asarray(graph.sum(axis=1), np.float32)[:, None]
    pull = csr_array((graph.data.copy(), graph.indices, graph.indptr), shape=graph.shape)
    field = _Field()
    for epoch in range(n_epochs):
        rate = np.float32(1 - epoch / n_epochs)
        apart = places[heads] - places[graph.indices]
        pull.data = strengths * (4 * CURVE) / (1 + CURVE * np.einsum("ij,ij->i", apart, apart))
        push = REPULSION * degree * field.at(places)
        drawn, weight = pull @ places, np.asarray(pull.sum(axis=1))[:, None]
        places = (places + rate * (drawn + push)) / (1 + rate * weight)
        places -= places.mean(axis=0)
    return places


class _Field:
    """The mean repulsion of all rows, by convolution on a grid; the kernel is kept while the box fits."""

    def __init__(self) -> None:
        self.cell = 0.0
        self.kernels: tuple[NDArray[np.complex64], ...] = ()

    def at(self, places: Floats) -> Floats:
        """Give the mean over all rows of the repulsive gradient on each row (n, 2)."""
        corner, width = places.min(axis=0), float(np.ptp(places, axis=0).max()) + 1e-3
        needed = width / (GRID - 2)
        if not 0.8 * self.cell < needed <= self.cell:
            self.cell = 1.1 * needed
            self.kernels = _repulsion_kernels(self.cell)
        spot = (places - corner) / np.float32(self.cell)
        cell = spot.astype(np.int64)
        part = spot - cell
        shares = [
            ((cell[:, 0] + dx) * GRID + cell[:, 1] + dy, _side(part[:, 0], dx) * _side(part[:, 1], dy))
            for dx in (0, 1)
            for dy in (0, 1)
        ]
        density = sum(np.bincount(at, share, minlength=GRID * GRID) for at, share in shares)
        spectrum = fft.rfft2(np.reshape(density, (GRID, GRID)).astype(np.float32), s=(2 * GRID, 2 * GRID))
        forces = np.empty_like(places)
        for axis, kernel in enumerate(self.kernels):
            grid = fft.irfft2(spectrum * kernel, s=(2 * GRID, 2 * GRID))[:GRID, :GRID].ravel()
            forces[:, axis] = sum(grid[at] * share for at, share in shares)
        return forces / np.float32(len(places))


def _side(part: Floats, upper: int) -> Floats:
    return part if upper else 1 - part


def _repulsion_kernels(cell: float) -> tuple[NDArray[np.complex64], ...]:
    steps = (fft.fftfreq(2 * GRID, 1 / (2 * GRID)) * cell).astype(np.float32)
    x, y = np.meshgrid(steps, steps, indexing="ij")
    squared = x * x + y * y
    strength = 2 / ((0.001 + squared) * (1 + CURVE * squared))
    return tuple(fft.rfft2(axis * strength) for axis in (x, y))


def _scaled(places: Floats) -> Floats:
    centered = places - (places.max(axis=0) + places.min(axis=0)) / 2
    furthest = float(np.linalg.norm(centered, axis=1).max())
    return np.asarray(centered * (0.95 * RIM / furthest) if furthest > 0 else centered)


def _rim(n_rows: int) -> Floats:
    """Spread rows evenly on the rim, by the golden angle so that any subset is spread too."""
    angle = np.arange(n_rows) * np.pi * (3 - np.sqrt(5))
    return (RIM * np.column_stack([np.cos(angle), np.sin(angle)])).astype(np.float32)
