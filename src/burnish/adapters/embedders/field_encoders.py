"""One field of a table as points on a unit sphere: what TabularEmbedder joins."""

import zlib
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

RADIANS_PER_SPREAD = 0.6
NORMAL_IQR = 1.349  # interquartile range of a normal distribution, in standard deviations
HASH_BUCKETS = 8


class FieldEncoder(Protocol):
    """Gives every value of one field a vector of length 1; a missing value its own last axis."""

    def encode(self, values: pa.Array) -> NDArray[np.float32]:
        """Give (n, d) unit rows."""
        ...


@dataclass(frozen=True, slots=True)
class NumberEncoder:
    """A number as an angle: 0 at the median, 0.6 × asinh(distance in spreads), within a quarter turn.

    Near the median the angle grows in proportion, in heavy tails with the logarithm; beyond about 7
    spreads all values look alike.
    """

    median: float
    spread: float

    @classmethod
    def fit(cls, values: pa.Array) -> "NumberEncoder":
        """Take median and interquartile range, or, where half the values are equal, the mean distance."""
        numbers = as_numbers(values)
        numbers = numbers[np.isfinite(numbers)]
        if not len(numbers):
            return cls(0.0, 1.0)
        low, median, high = np.quantile(numbers, [0.25, 0.5, 0.75])
        spread = (high - low) / NORMAL_IQR
        if not spread > 0 or not np.isfinite(spread):
            away = np.abs(numbers - median)
            spread = float(np.mean(away[away > 0])) if (away > 0).any() else 1.0
        return cls(float(median), float(spread) if np.isfinite(spread) else 1.0)

    def encode(self, values: pa.Array) -> NDArray[np.float32]:
        """Give (n, 3): cosine, sine, missing."""
        numbers = as_numbers(values)
        with np.errstate(over="ignore"):
            angle = RADIANS_PER_SPREAD * np.arcsinh((numbers - self.median) / self.spread)
        angle = np.clip(angle, -np.pi / 2, np.pi / 2)
        return _with_missing(np.column_stack([np.cos(angle), np.sin(angle)]), np.isnan(numbers))


@dataclass(frozen=True, slots=True)
class CategoryEncoder:
    """A category as one axis; those beyond `categories` share `HASH_BUCKETS` axes by their hash."""

    categories: tuple[str, ...]

    @classmethod
    def fit(cls, values: pa.Array, *, max_categories: int) -> "CategoryEncoder":
        """Take the most frequent values, ties by name."""
        counts = pc.value_counts(as_strings(values).drop_null())
        pairs = zip(counts.field("values").to_pylist(), counts.field("counts").to_pylist(), strict=True)
        ranked = sorted(pairs, key=lambda pair: (-pair[1], pair[0]))
        return cls(tuple(name for name, _ in ranked[:max_categories]))

    def encode(self, values: pa.Array) -> NDArray[np.float32]:
        """Give (n, categories + buckets + 1): one 1 a row."""
        strings = as_strings(values)
        n_known = len(self.categories)
        found = pc.index_in(strings, value_set=pa.array(self.categories, pa.string()), skip_nulls=True)
        axis = found.fill_null(-1).to_numpy().astype(np.int64)
        missing = strings.is_null().to_numpy(zero_copy_only=False)
        rare = np.flatnonzero((axis < 0) & ~missing)
        axis[rare] = n_known + _buckets(strings.take(pa.array(rare)))
        axis[missing] = n_known + HASH_BUCKETS
        encoded = np.zeros((len(strings), n_known + HASH_BUCKETS + 1), np.float32)
        encoded[np.arange(len(strings)), axis] = 1.0
        return encoded


@dataclass(frozen=True, slots=True)
class DateEncoder:
    """A date as its place in time (a number) and its place in the year, the week and the day (angles)."""

    time: NumberEncoder

    @classmethod
    def fit(cls, values: pa.Array) -> "DateEncoder":
        """Take the median moment and the spread around it."""
        return cls(NumberEncoder.fit(_seconds(values)))

    def encode(self, values: pa.Array) -> NDArray[np.float32]:
        """Give (n, 9): time, year, week, day as cosine and sine each, and missing."""
        seconds = as_numbers(_seconds(values))
        moments = pc.cast(values, pa.timestamp("us"))
        day_of_year = as_numbers(pc.day_of_year(moments)) - 1
        turns = (day_of_year / 366, as_numbers(pc.day_of_week(moments)) / 7, (seconds % 86_400) / 86_400)
        parts = [self.time.encode(_seconds(values))[:, :2]]
        parts += [np.column_stack([np.cos(2 * np.pi * t), np.sin(2 * np.pi * t)]) for t in turns]
        return _with_missing(np.hstack(parts) / np.sqrt(len(parts)), np.isnan(seconds))


def as_numbers(values: pa.Array) -> NDArray[np.float64]:
    """Give float64 values, NaN where missing."""
    return np.array(pc.cast(values, pa.float64(), safe=False).to_numpy(zero_copy_only=False), np.float64)


def as_strings(values: pa.Array) -> pa.Array:
    """Give the values as Arrow strings."""
    return pc.cast(values, pa.string())


def _seconds(values: pa.Array) -> pa.Array:
    return pc.divide(pc.cast(pc.cast(pc.cast(values, pa.timestamp("us")), pa.int64()), pa.float64()), 1e6)


def _buckets(strings: pa.Array) -> NDArray[np.int64]:
    encoded = strings.dictionary_encode()
    hashed = [zlib.crc32(name.encode()) % HASH_BUCKETS for name in encoded.dictionary.to_pylist()]
    return np.asarray(np.array(hashed, np.int64)[encoded.indices.to_numpy()])


def _with_missing(encoded: NDArray[np.floating], missing: NDArray[np.bool_]) -> NDArray[np.float32]:
    rows = np.column_stack([encoded, missing]).astype(np.float32)
    rows[missing, :-1] = 0.0
    return rows
