"""Points in a polygon, on a grid of 65,536 by 65,536, just as the map in the browser decides it."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

FULL_SCALE = 65_535
CORNER_DECIMALS = 4

Steps = NDArray[np.uint16]


def quantized(values: NDArray[np.floating]) -> Steps:
    """Give coordinates (n,) as steps from the smallest (0) to the largest (`FULL_SCALE`); 0 where not finite."""
    known = np.isfinite(values)
    if not known.any():
        return np.zeros(len(values), np.uint16)
    low, high = float(values[known].min()), float(values[known].max())
    unit = (np.where(known, values, low) - low) / ((high - low) or 1.0)
    return np.round(unit * FULL_SCALE).astype(np.uint16)


def inside_polygon(x: Steps, y: Steps, corners: ArrayLike) -> NDArray[np.bool_]:
    """Mask the points (n,) inside a polygon by the even-odd rule, one edge after the other over the points beside it.

    `corners` (m, 2) are in units of 0..1 and count to four decimals, as an address holds them; fewer than three hold
    nothing. A point at height y is left of the edge from (xj, yj) to (xi, yi) where (yi > y) differs from (yj > y) and
    x < (xj - xi) * (y - yi) / (yj - yi) + xi, in float64; none is inside beyond the outermost corners.
    """
    places = np.round(np.asarray(corners, np.float64).reshape(-1, 2), CORNER_DECIMALS) * FULL_SCALE
    inside = np.zeros(len(x), np.bool_)
    if len(places) < 3 or not len(x):
        return inside
    order = np.argsort(y, kind="stable")
    across = x[order].astype(np.int32)
    starts = np.searchsorted(y[order], np.arange(FULL_SCALE + 2))
    odd = np.zeros(len(x), np.bool_)
    for corner, before in zip(places, np.roll(places, 1, axis=0), strict=True):
        _cross(odd, across, starts, (corner, before))
    (left, right) = places[:, 0].min(), places[:, 0].max()
    inside[order] = odd & (across >= left) & (across <= right)
    return inside


def _cross(
    odd: NDArray[np.bool_], across: NDArray[np.int32], starts: NDArray[np.int64],
    edge: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> None:  # fmt: skip
    """Flip the points, sorted by height, that lie left of an edge; those of height h begin at `starts[h]`."""
    (xi, yi), (xj, yj) = edge
    first, stop = (int(np.clip(np.ceil(end), 0, FULL_SCALE + 1)) for end in (min(yi, yj), max(yi, yj)))
    if first >= stop:  # (yi > y) differs from (yj > y) for the whole numbers from ceil(low) up to, not with, ceil(high)
        return
    heights = np.arange(first, stop, dtype=np.float64)
    bounds = np.ceil((xj - xi) * (heights - yi) / (yj - yi) + xi)  # a whole number is below just when below its ceiling
    limits = np.clip(bounds, 0, FULL_SCALE + 1).astype(np.int32)
    some = slice(starts[first], starts[stop])
    odd[some] ^= across[some] < np.repeat(limits, np.diff(starts[first : stop + 1]))
