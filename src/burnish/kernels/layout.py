"""A 2-D map of the rows from their neighbor graph: near neighbors lie together, unrelated rows apart.

The objective is that of UMAP (McInnes, Healy & Melville 2018, section 3) with the curve 1 / (1 + a·d²), on
the graph of shared neighbors. Departures: an edge weighs the share of neighbors that its rows have in
common; repulsion is the mean field of all rows, summed on a grid by fast Fourier transform (as Linderman et
al. 2019 do for t-SNE) instead of a few sampled rows; each epoch moves all rows at once, attraction taken
implicitly; and repulsion starts weak, so that related groups find one another before they spread.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import fft
from scipy.sparse import csr_array

from burnish.kernels.compiled import compiled
from burnish.kernels.graphs import Graph, shared_neighbor_graph
from burnish.kernels.vectors import Floats, Vectors

CURVE = 1.577
"""`a` of the curve 1 / (1 + a·d²); `b` is 1, which spares a power an edge."""

FIRST_REPULSION, REPULSION = 0.2, 20.0
"""Repulsive against attractive weight, at the start and at the end; UMAP's five negative samples are 5."""

N_EPOCHS, RISING = 100, 0.6
"""Epochs, and the share of them in which repulsion rises; in the others the step falls to 0."""

GRID = 256
RIM = 10.0
PRINCIPAL_ROWS, SMOOTHINGS = 5_000, 20


def layout_map(
    embeddings: ArrayLike | Vectors, neighbors: NDArray[np.integer], *, n_epochs: int = N_EPOCHS, seed: int = 0
) -> Floats:
    """Give each row a place (n, 2) on the map, within a circle of radius 10 around 0.

    `neighbors` (n, k) as `nearest_neighbors` gives them. A row without a neighbor is put on the rim. An
    epoch is linear in n·k, plus three Fourier transforms of 512 × 512.
    """
    joined = np.flatnonzero((np.asarray(neighbors) >= 0).any(axis=1))
    places = _rim(len(neighbors))
    if len(joined):
        graph = shared_neighbor_graph(_among(neighbors, joined))
        start = _start(embeddings, joined, graph, seed=seed)
        places[joined] = _scaled(_optimized(start, graph, n_epochs))
    return places


def place_rows(places: Floats, neighbors: NDArray[np.integer], distances: NDArray[np.floating]) -> Floats:
    """Give new rows (m, 2) a place on a map (n, 2) that stays as it is: amid their neighbors on it.

    `neighbors` (m, k), positions on the map, nearest first, -1 for none, at cosine `distances`. A neighbor
    weighs the less, the further it is against the nearest; the nearer half weighs most. On the rim without any.
    """
    there = np.asarray(neighbors) >= 0
    known = np.where(there, distances, np.inf)
    counted = np.where(there, distances, np.where(there.any(axis=1, keepdims=True), np.nan, 1.0))
    scale = np.nanmedian(counted, axis=1, keepdims=True) if counted.size else counted
    weights = np.where(there, np.exp(-((known / np.maximum(scale, 1e-9)) ** 2)), 0.0)
    total = weights.sum(axis=1, keepdims=True)
    amid = np.einsum("mk,mkc->mc", weights, places[np.maximum(neighbors, 0)]) / np.maximum(total, 1e-12)
    return np.where(total > 0, amid, _rim(len(there))).astype(np.float32)


def _among(neighbors: NDArray[np.integer], joined: NDArray[np.int64]) -> NDArray[np.int32]:
    """Give the neighbors of some rows as positions among them."""
    rank = np.full(len(neighbors) + 1, -1, np.int32)
    rank[joined] = np.arange(len(joined), dtype=np.int32)
    return np.asarray(rank[neighbors[joined]])


def _start(embeddings: ArrayLike | Vectors, joined: NDArray[np.int64], graph: Graph, *, seed: int) -> Floats:
    """Give the two main directions of the embeddings, smoothed along the graph, 10 units wide."""
    vectors, rng = Vectors.of(embeddings), np.random.default_rng(seed)
    place = np.zeros((vectors.n_rows, 2), np.float32)
    sample = vectors.take(np.sort(rng.choice(len(vectors), min(len(vectors), PRINCIPAL_ROWS), replace=False)))
    center = sample.mean(axis=0)
    spread = sample - center if len(sample) < vectors.n_dims else (sample - center).T @ (sample - center)
    directions = np.linalg.svd(spread, full_matrices=False)[2][:2].T
    for start, stop in vectors.blocks():
        place[vectors.rows[start:stop], : directions.shape[1]] = (vectors.block(start, stop) - center) @ directions
    shares = graph.weights / np.repeat(np.maximum(graph.degree, 1e-12), np.diff(graph.starts)).astype(np.float32)
    averaging = csr_array((shares, graph.indices, graph.starts), shape=(len(joined), len(joined)))
    wide = place[joined]
    for _ in range(SMOOTHINGS):
        wide = (wide + averaging @ wide) / 2
    wide -= wide.mean(axis=0)
    wide = 5 * wide / np.maximum(np.abs(wide).max(axis=0), 1e-12)
    return np.asarray(wide + 0.01 * rng.normal(size=wide.shape), np.float32)


def _optimized(places: Floats, graph: Graph, n_epochs: int) -> Floats:
    field, moved = Field(), np.empty_like(places)
    for epoch in range(n_epochs):
        done = epoch / n_epochs
        repulsion = FIRST_REPULSION * (REPULSION / FIRST_REPULSION) ** min(1.0, done / RISING)
        rate = min(1.0, (1 - done) / (1 - RISING))
        forces, where = field.forces(places)
        _move(moved, places, graph, (forces, where, np.array([rate, repulsion], np.float32)))
        moved -= moved.mean(axis=0)
        places, moved = moved, places
    return places


class Field:
    """The mean repulsion of all rows, by convolution on a grid; the kernel is kept while the box fits."""

    def __init__(self) -> None:
        self.cell = 0.0
        self.kernels: tuple[NDArray[np.complex64], ...] = ()

    def forces(self, places: Floats) -> tuple[Floats, Floats]:
        """Give the mean repulsive gradient at the points of the grid (2, GRID, GRID), its corner and its cell (3,)."""
        corner, width = places.min(axis=0), float(np.ptp(places, axis=0).max()) + 1e-3
        needed = width / (GRID - 2)
        if not 0.8 * self.cell < needed <= self.cell:
            self.cell = 1.1 * needed
            self.kernels = _repulsion_kernels(self.cell)
        where = np.array([*corner, self.cell], np.float32)
        density = np.zeros((GRID, GRID), np.float32)
        _spread(density, places, where)
        spectrum = fft.rfft2(density / np.float32(len(places)), s=(2 * GRID, 2 * GRID))
        parts = [fft.irfft2(spectrum * kernel, s=(2 * GRID, 2 * GRID))[:GRID, :GRID] for kernel in self.kernels]
        return np.stack(parts).astype(np.float32), where


def _repulsion_kernels(cell: float) -> tuple[NDArray[np.complex64], ...]:
    steps = (fft.fftfreq(2 * GRID, 1 / (2 * GRID)) * cell).astype(np.float32)
    x, y = np.meshgrid(steps, steps, indexing="ij")
    squared = x * x + y * y
    strength = 2 / ((0.001 + squared) * (1 + CURVE * squared))
    return tuple(fft.rfft2(axis * strength) for axis in (x, y))


@compiled("contract")
def _spread(density: Floats, places: Floats, where: Floats) -> None:
    """Add each row to the four points of the grid around it."""
    for row in range(len(places)):
        x, y = (places[row, 0] - where[0]) / where[2], (places[row, 1] - where[1]) / where[2]
        left, low = int(x), int(y)
        right_share, high_share = x - left, y - low
        density[left, low] += (1 - right_share) * (1 - high_share)
        density[left, low + 1] += (1 - right_share) * high_share
        density[left + 1, low] += right_share * (1 - high_share)
        density[left + 1, low + 1] += right_share * high_share


@compiled("contract", "reassoc")
def _move(moved: Floats, places: Floats, graph: Graph, field: tuple[Floats, Floats, Floats]) -> None:
    """Move each row by the pull of its neighbors and the push of all rows, read off the grid."""
    forces, where, (rate, repulsion) = field
    curve, pull = np.float32(CURVE), np.float32(4 * CURVE)
    one = np.float32(1)
    for row in range(len(places)):
        mine_x, mine_y = places[row, 0], places[row, 1]
        drawn_x, drawn_y, weight = np.float32(0), np.float32(0), np.float32(0)
        for edge in range(graph.starts[row], graph.starts[row + 1]):
            other = graph.indices[edge]
            to_x, to_y = places[other, 0] - mine_x, places[other, 1] - mine_y
            strength = graph.weights[edge] * pull / (one + curve * (to_x * to_x + to_y * to_y))
            drawn_x += strength * to_x
            drawn_y += strength * to_y
            weight += strength
        push_x, push_y = _read(forces, (mine_x - where[0]) / where[2], (mine_y - where[1]) / where[2])
        push, step = repulsion * np.float32(graph.degree[row]), rate / (one + rate * weight)
        moved[row, 0] = mine_x + step * (drawn_x + push * push_x)
        moved[row, 1] = mine_y + step * (drawn_y + push * push_y)


@compiled("contract")
def _read(forces: Floats, x: np.float32, y: np.float32) -> tuple[np.float32, np.float32]:
    """Read both forces between the points of the grid."""
    left, low = int(x), int(y)
    right_share, high_share = x - np.float32(left), y - np.float32(low)
    left_share, low_share = np.float32(1) - right_share, np.float32(1) - high_share
    a, b, c, d = left_share * low_share, left_share * high_share, right_share * low_share, right_share * high_share
    right = left + 1
    high = low + 1
    return (
        a * forces[0, left, low] + b * forces[0, left, high] + c * forces[0, right, low] + d * forces[0, right, high],
        a * forces[1, left, low] + b * forces[1, left, high] + c * forces[1, right, low] + d * forces[1, right, high],
    )


def _scaled(places: Floats) -> Floats:
    centered = places - (places.max(axis=0) + places.min(axis=0)) / 2
    furthest = float(np.linalg.norm(centered, axis=1).max())
    return np.asarray(centered * (0.95 * RIM / furthest) if furthest > 0 else centered)


def _rim(n_rows: int) -> Floats:
    """Spread rows evenly on the rim, by the golden angle so that any subset is spread too."""
    angle = np.arange(n_rows) * np.pi * (3 - np.sqrt(5))
    return (RIM * np.column_stack([np.cos(angle), np.sin(angle)])).astype(np.float32)
