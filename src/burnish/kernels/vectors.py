"""Vectors: unit rows read in blocks from an array of any real kind, memory-mapped or not, never copied whole."""

from dataclasses import dataclass, replace
from mmap import mmap
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from burnish.errors import InputError
from burnish.kernels.compiled import compiled

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

BLOCK_VALUES = 4_000_000
"""Values of a block that is read: 16 MB of float32."""

PAIRS = 65_536
"""Pairs that are multiplied at a time."""

UNIT_TOLERANCE = 1e-5
SMALLEST_NORM = 1e-300
"""A row of no more than this counts as zero: one divided by it would leave the range of float64."""

SMALLEST_LENGTH = 1e-6
LARGEST_SCALE = 1e15
"""Up to this, and down to one by it, a row can be scaled in float32 without loss."""


@dataclass(frozen=True, eq=False)
class Vectors:
    """The usable rows of an array (any, n_dims), each read at unit length in float32.

    A row is usable when it is finite and not zero. `rows` (m,) are the positions, among `n_rows`, of those
    that are; `places` (m,) where they lie in `given`, None where that is the same; `scales` (m,) the factors
    to unit length, None where all have it. Positions that the methods take and give count usable rows only,
    but for `at`, `products` and `subset`. Rows `around` a center have it taken off and are scaled again; a row
    that is the center becomes zero.
    """

    given: NDArray[Any]
    n_rows: int
    rows: Rows
    scales: NDArray[np.float64] | None
    places: Rows | None = None
    around: "Around | None" = None

    @classmethod
    def of(cls, embeddings: "ArrayLike | Vectors") -> "Vectors":
        """Look at every row once, in blocks; raises InputError where there are not two dimensions."""
        if isinstance(embeddings, Vectors):
            return embeddings
        given = np.asanyarray(embeddings)
        if given.ndim != 2:
            raise InputError(
                f"embeddings have {given.ndim} dimension(s), shape {given.shape}.",
                remedy="Pass one row a line: an array of shape (n_rows, n_dims).",
            )
        step = block_rows(given.shape[1])
        norms = np.empty(len(given))
        for start in range(0, len(given), step):
            norms[start : start + step] = _norms(given[start : start + step])
        rows = np.flatnonzero(np.isfinite(norms) & (norms > SMALLEST_NORM))
        unit = bool(np.all(np.abs(norms[rows] - 1) < UNIT_TOLERANCE))
        return cls(given, len(given), rows, None if unit else 1 / norms[rows])

    def __len__(self) -> int:
        return len(self.rows)

    def __getstate__(self) -> dict[str, Any]:
        """Name a memory-mapped file instead of taking its rows along."""
        given, base = self.given, cast("object", self.given.base)
        if isinstance(given, np.memmap) and isinstance(base, mmap) and given.flags.c_contiguous:
            mapped = (str(given.filename), given.dtype.str, given.offset, given.shape)
            return {**self.__dict__, "given": mapped}
        return self.__dict__

    def __setstate__(self, state: dict[str, Any]) -> None:
        if isinstance(state["given"], tuple):
            path, dtype, offset, shape = state["given"]
            state = {**state, "given": np.memmap(path, dtype, "r", offset, shape)}
        self.__dict__.update(state)

    @property
    def n_dims(self) -> int:
        """The width of a row."""
        return int(self.given.shape[1])

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Mask (n_rows,) of the usable rows."""
        mask = np.zeros(self.n_rows, bool)
        mask[self.rows] = True
        return mask

    def take(self, positions: NDArray[np.integer]) -> Floats:
        """Give some usable rows (len(positions), n_dims), a new array."""
        places = self.rows if self.places is None else self.places
        block = self.given[positions if self._is_whole else places[positions]]
        return self._unit(block, None if self.scales is None else self.scales[positions])

    def block(self, start: int, stop: int) -> Floats:
        """Give usable rows start to stop; a view where they already are what is wanted."""
        stop = min(stop, len(self.rows))
        if not self._is_whole:
            return self.take(np.arange(start, stop))
        return self._unit(self.given[start:stop], None if self.scales is None else self.scales[start:stop])

    def at(self, positions: NDArray[np.integer]) -> Floats:
        """Give rows by their position among all rows (len(positions), n_dims); zeros where not usable."""
        found = np.zeros((len(positions), self.n_dims), np.float32)
        place, usable = self._among_usable(positions)
        found[usable] = self.take(place[usable])
        return found

    def products(self, left: NDArray[np.integer], right: NDArray[np.integer]) -> Floats:
        """Give the products (n_pairs,) of rows `left[i]` and `right[i]`, positions among all rows."""
        products = np.empty(len(left), np.float32)
        step = PAIRS
        for start in range(0, len(left), step):
            some = slice(start, start + step)
            products[some] = self._products(left[some], right[some])
        return products

    def _products(self, left: NDArray[np.integer], right: NDArray[np.integer]) -> Floats:
        (mine, known), (theirs, also) = self._among_usable(left), self._among_usable(right)
        both = np.flatnonzero(known & also)
        mine, theirs = mine[both], theirs[both]
        found = np.zeros(len(left), np.float32)
        plain = self.given.dtype == np.float32 and self.given.dtype.isnative and self.given.flags.c_contiguous
        if plain and self._within_scale(mine) and self._within_scale(theirs):
            found[both] = self._plain_products(mine, theirs)
        else:
            found[both] = np.einsum("ij,ij->i", self.take(mine), self.take(theirs))
        return found

    def _plain_products(self, mine: Rows, theirs: Rows) -> Floats:
        """Multiply rows (positions among the usable) where they lie, as they are, and scale the products."""
        places = self.rows if self.places is None else self.places
        products = np.empty(len(mine), np.float32)
        _multiply_rows(products, self.given, places[mine], places[theirs])
        if self.scales is not None:
            products = np.asarray(products * self.scales[mine] * self.scales[theirs], np.float32)
        return products if self.around is None else self.around.products(products, mine, theirs)

    def _within_scale(self, rows: Rows) -> bool:
        return self.scales is None or _within_scale(self.scales[rows])

    def subset(self, positions: NDArray[np.integer]) -> "Vectors":
        """Give the vectors of some rows (positions among all rows), which then are all rows; nothing is copied."""
        place, usable = self._among_usable(positions)
        kept = place[usable]
        return replace(
            self,
            n_rows=len(positions),
            rows=np.flatnonzero(usable),
            scales=None if self.scales is None else self.scales[kept],
            places=(self.rows if self.places is None else self.places)[kept],
            around=None if self.around is None else self.around.of(kept),
        )

    def centered(self) -> "Vectors":
        """Give the same rows less the mean of the usable ones, scaled to unit length again."""
        total = np.zeros(self.n_dims)
        for start, stop in self.blocks():
            total += self.block(start, stop).sum(axis=0, dtype=np.float64)
        center = (total / max(1, len(self))).astype(np.float32)
        shares, lengths = np.empty(len(self), np.float32), np.empty(len(self), np.float32)
        for start, stop in self.blocks():
            rows = self.block(start, stop)
            shares[start:stop], lengths[start:stop] = rows @ center, np.linalg.norm(rows - center, axis=1)
        return replace(self, around=Around(center, shares, lengths))

    def blocks(self, n_rows: int | None = None) -> list[tuple[int, int]]:
        """Cut the usable rows into ranges (start, stop) of `n_rows`, by default about 16 MB each."""
        step = n_rows or block_rows(self.n_dims)
        return [(start, min(start + step, len(self))) for start in range(0, len(self), step)]

    def all(self) -> Floats:
        """Give all usable rows (m, n_dims) at once; the given array itself where it already is what is wanted."""
        if self._is_whole and self.scales is None and self.around is None:
            return self.block(0, len(self))
        unit = np.empty((len(self), self.n_dims), np.float32)
        for start, stop in self.blocks():
            unit[start:stop] = self.block(start, stop)
        return unit

    @property
    def _is_whole(self) -> bool:
        """Whether the usable rows are the given ones, in their order."""
        return self.places is None and len(self.rows) == len(self.given)

    def _among_usable(self, positions: NDArray[np.integer]) -> tuple[Rows, NDArray[np.bool_]]:
        if len(self.rows) == self.n_rows:
            return np.asarray(positions, np.int64), np.ones(len(positions), bool)
        place = np.minimum(np.searchsorted(self.rows, positions), max(0, len(self.rows) - 1))
        usable = self.rows[place] == positions if len(self.rows) else np.zeros(len(positions), bool)
        return place, usable

    def _unit(self, block: NDArray[Any], scales: NDArray[np.float64] | None) -> Floats:
        if scales is None:
            rows = np.ascontiguousarray(block, np.float32)
        elif block.dtype.itemsize <= 4 and _within_scale(scales):
            rows = np.asarray(block, np.float32) * scales[:, None].astype(np.float32)
        else:
            rows = np.asarray(np.asarray(block, np.float64) * scales[:, None], np.float32)
        return rows if self.around is None else _lengthened(rows - self.around.center)


@dataclass(frozen=True, eq=False)
class Around:
    """A center (n_dims,), and of each usable row (m,) its product with it and its distance from it."""

    center: Floats
    shares: Floats
    lengths: Floats

    def of(self, rows: Rows) -> "Around":
        """Give the same for some rows."""
        return Around(self.center, self.shares[rows], self.lengths[rows])

    def products(self, plain: Floats, left: Rows, right: Rows) -> Floats:
        """Turn products of rows into products of what they are around the center, at unit length."""
        moved = plain - self.shares[left] - self.shares[right] + self.center @ self.center
        lengths = self.lengths[left] * self.lengths[right]
        far = (self.lengths[left] > SMALLEST_LENGTH) & (self.lengths[right] > SMALLEST_LENGTH)
        return np.asarray(np.divide(moved, lengths, out=np.zeros_like(moved), where=far), np.float32)


def block_rows(n_dims: int) -> int:
    """Give how many rows of that width make a block."""
    return max(1, BLOCK_VALUES // max(1, n_dims))


def _within_scale(scales: NDArray[np.float64]) -> bool:
    """Tell whether rows can be scaled, and be multiplied before that, in float32."""
    return bool(np.all((scales < LARGEST_SCALE) & (scales > 1 / LARGEST_SCALE)))


def _lengthened(rows: Floats) -> Floats:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > SMALLEST_LENGTH))


def _norms(block: NDArray[Any]) -> NDArray[np.float64]:
    if block.dtype in (np.float16, np.float32):
        norms = np.empty(len(block))  # squares of float32 values stay within the range of float64
        _square_sums(norms, np.array(block, np.float32, order="C"))
        return np.sqrt(norms)
    values = block.astype(np.float64)
    values[~np.isfinite(values).all(axis=1)] = np.nan
    largest = np.abs(values).max(axis=1, initial=0.0)  # squares of very large or small values leave the range
    scaled = np.divide(values, largest[:, None], out=np.zeros_like(values), where=largest[:, None] > 0)
    with np.errstate(over="ignore"):  # of the last numbers before infinity
        return np.asarray(largest * np.sqrt(np.einsum("ij,ij->i", scaled, scaled)))


@compiled("reassoc", "contract")
def _square_sums(sums: NDArray[np.float64], block: Floats) -> None:
    for row in range(block.shape[0]):
        total = 0.0
        for column in range(block.shape[1]):
            total += np.float64(block[row, column]) * np.float64(block[row, column])
        sums[row] = total


@compiled("reassoc", "contract")
def _multiply_rows(products: Floats, rows: Floats, left: Rows, right: Rows) -> None:
    for pair in range(len(left)):
        total = np.float32(0)
        for column in range(rows.shape[1]):
            total += rows[left[pair], column] * rows[right[pair], column]
        products[pair] = total
