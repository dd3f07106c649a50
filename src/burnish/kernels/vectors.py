"""Vectors: unit rows read in blocks from an array of any real kind, memory-mapped or not, never copied whole."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from burnish.errors import InputError
from burnish.kernels.compiled import compiled

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

BLOCK_VALUES = 4_000_000
"""Values of a block that is read: 16 MB of float32."""

UNIT_TOLERANCE = 1e-5
SMALLEST_NORM, LARGEST_NORM = 1e-15, 1e15
"""Between these a row can be scaled in float32 without loss."""


@dataclass(frozen=True, eq=False)
class Vectors:
    """The usable rows of `given` (n_rows, n_dims), each read at unit length in float32.

    A row is usable when it is finite and not zero; `rows` (m,) are the positions of those that are.
    `scales` (m,) are the factors to unit length, None where all rows have it. Positions that the
    methods take and give count usable rows only.
    """

    given: NDArray[Any]
    rows: Rows
    scales: NDArray[np.float64] | None

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
        rows = np.flatnonzero(np.isfinite(norms) & (norms > 0))
        unit = bool(np.all(np.abs(norms[rows] - 1) < UNIT_TOLERANCE))
        return cls(given, rows, None if unit else 1 / norms[rows])

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def n_rows(self) -> int:
        """How many rows were given, usable or not."""
        return len(self.given)

    @property
    def n_dims(self) -> int:
        """The width of a row."""
        return int(self.given.shape[1])

    def take(self, positions: NDArray[np.integer]) -> Floats:
        """Give some usable rows (len(positions), n_dims), a new array."""
        whole = len(self.rows) == len(self.given)
        block = self.given[positions if whole else self.rows[positions]]
        return self._unit(block, None if self.scales is None else self.scales[positions])

    def block(self, start: int, stop: int) -> Floats:
        """Give usable rows start to stop; a view where they already are what is wanted."""
        stop = min(stop, len(self.rows))
        if len(self.rows) != len(self.given):
            return self.take(np.arange(start, stop))
        return self._unit(self.given[start:stop], None if self.scales is None else self.scales[start:stop])

    def blocks(self, n_rows: int | None = None) -> list[tuple[int, int]]:
        """Cut the usable rows into ranges (start, stop) of `n_rows`, by default about 16 MB each."""
        step = n_rows or block_rows(self.n_dims)
        return [(start, min(start + step, len(self))) for start in range(0, len(self), step)]

    def all(self) -> Floats:
        """Give all usable rows (m, n_dims) at once; the given array itself where it already is what is wanted."""
        if self.scales is None and len(self.rows) == len(self.given):
            return self.block(0, len(self))
        unit = np.empty((len(self), self.n_dims), np.float32)
        for start, stop in self.blocks():
            unit[start:stop] = self.block(start, stop)
        return unit

    @staticmethod
    def _unit(block: NDArray[Any], scales: NDArray[np.float64] | None) -> Floats:
        if scales is None:
            return np.ascontiguousarray(block, np.float32)
        if block.dtype.itemsize <= 4 and np.all((scales < 1 / SMALLEST_NORM) & (scales > 1 / LARGEST_NORM)):
            return np.asarray(block, np.float32) * scales[:, None].astype(np.float32)
        return np.asarray(np.asarray(block, np.float64) * scales[:, None], np.float32)


def block_rows(n_dims: int) -> int:
    """Give how many rows of that width make a block."""
    return max(1, BLOCK_VALUES // max(1, n_dims))


def _norms(block: NDArray[Any]) -> NDArray[np.float64]:
    if block.dtype in (np.float16, np.float32):
        norms = np.empty(len(block))  # squares of float32 values stay within the range of float64
        _square_sums(norms, np.array(block, np.float32, order="C"))
        return np.sqrt(norms)
    values = block.astype(np.float64)
    values[~np.isfinite(values).all(axis=1)] = np.nan
    largest = np.abs(values).max(axis=1, initial=0.0)  # squares of very large or small values leave the range
    scaled = np.divide(values, largest[:, None], out=np.zeros_like(values), where=largest[:, None] > 0)
    return np.asarray(largest * np.sqrt(np.einsum("ij,ij->i", scaled, scaled)))


@compiled("reassoc", "contract")
def _square_sums(sums: NDArray[np.float64], block: Floats) -> None:
    for row in range(block.shape[0]):
        total = 0.0
        for column in range(block.shape[1]):
            total += np.float64(block[row, column]) * np.float64(block[row, column])
        sums[row] = total
