"""Bits: a mask as it travels between the page, the server and its processes, one bit a row, lowest bit first."""

import numpy as np
from numpy.typing import NDArray


def packed(mask: NDArray[np.bool_]) -> bytes:
    """Give a mask (n,) as bytes; the last one is filled up with zeros."""
    return np.packbits(mask, bitorder="little").tobytes()


def unpacked(bits: bytes, n_rows: int) -> NDArray[np.bool_]:
    """Give the mask (n_rows,) that `packed` made such bytes of; raises ValueError for another number of bytes."""
    if len(bits) != n_bytes(n_rows):
        raise ValueError(f"the mask has {len(bits):,} bytes, {n_rows:,} rows need {n_bytes(n_rows):,}")
    return np.unpackbits(np.frombuffer(bits, np.uint8), count=n_rows, bitorder="little").astype(np.bool_)


def n_bytes(n_rows: int) -> int:
    """Give how many bytes the mask of so many rows has."""
    return (n_rows + 7) // 8
