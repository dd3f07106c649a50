"""Metadata as conditions in words: each field's rows get a code, each code a sentence part."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from burnish.dataset import Dataset
from burnish.dataset.moments import moment_words

SECONDS_A_DAY = 86_400.0


class Coded(NamedTuple):
    """One field as `codes` (n_rows,), -1 for none; `conditions` says in words what each code means."""

    field: str
    codes: NDArray[np.int64]
    conditions: tuple[str, ...]


@dataclass(frozen=True)
class Coding:
    """How fields become conditions: the most frequent `max_values` values, numbers in `n_bins` quantiles.

    A number with at most `max_values` different values is taken value by value. Rarer values have
    no condition of their own.
    """

    max_values: int = 20
    n_bins: int = 5

    def coded(self, dataset: Dataset) -> list[Coded]:
        """Give the metadata and time fields that can tell groups apart: no identifier, no free text, no constant."""
        time = () if dataset.roles.time is None else (dataset.roles.time,)
        fields = (self._code(name, _plain(dataset.field(name))) for name in (*dataset.roles.meta, *time))
        return [field for field in fields if field is not None]

    def _code(self, name: str, values: pa.Array) -> Coded | None:
        if not _is_scalar(values.type) or not len(values):
            return None
        number = _is_number(values.type) or pa.types.is_temporal(values.type)
        n_values = pc.count_distinct(values, mode="only_valid").as_py()
        if n_values + min(1, values.null_count) < 2:
            return None
        if number and n_values > self.max_values:
            integer_ids = pa.types.is_integer(values.type) and n_values == len(values)
            return None if integer_ids else self._binned(name, values)
        return None if n_values > len(values) / 2 else self._valued(name, values)

    def _valued(self, name: str, values: pa.Array) -> Coded:
        encoded = values.dictionary_encode(null_encoding="encode")
        positions = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        counts = np.bincount(positions, minlength=len(encoded.dictionary))
        kept = np.argsort(-counts, kind="stable")[: self.max_values]
        rank = np.full(len(counts), -1, np.int64)
        rank[kept] = np.arange(len(kept))
        timed = pa.types.is_temporal(values.type)
        values = encoded.dictionary.cast(pa.string()) if timed else encoded.dictionary
        names = [values[int(i)].as_py() for i in kept]
        names = [name if name is None else moment_words(name) for name in names] if timed else names
        conditions = (f"{name} is missing" if value is None else f"{name} = {value!r}" for value in names)
        return Coded(name, rank[positions], tuple(conditions))

    def _binned(self, name: str, values: pa.Array) -> Coded:
        numbers, shown = _numbers(values)
        known = np.isfinite(numbers)
        inner = np.unique(np.quantile(numbers[known], np.linspace(0, 1, self.n_bins + 1)[1:-1], method="lower"))
        inner = inner[inner > numbers[known].min()]
        codes = np.where(known, np.searchsorted(inner, numbers, side="right"), len(inner) + 1)
        edges = [shown(edge) for edge in inner]
        between = [f"{low} ≤ {name} < {high}" for low, high in pairwise(edges)]
        ends = ([f"{name} < {edges[0]}"], [f"{name} ≥ {edges[-1]}"]) if edges else ([f"{name} is known"], [])
        return Coded(name, codes.astype(np.int64), (*ends[0], *between, *ends[1], f"{name} is missing"))


def times_of(values: pa.Array) -> tuple[NDArray[np.float64], Callable[[float], str], str] | None:
    """Give times (n_rows,) as numbers, NaN where missing, how to write one, and the unit; None for what is no time.

    Dates and times count in days since 1970; text is read as ISO 8601; other numbers count as they are.
    """
    values = _plain(values)
    if _is_number(values.type):
        return _floats(values), lambda time: f"{time:.6g}", "unit of time"
    try:
        moments = values.cast(pa.timestamp("s"))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    days = _floats(moments.cast(pa.int64())) / SECONDS_A_DAY
    return days, lambda time: str(np.datetime64(round(time * SECONDS_A_DAY), "s")), "day"


def _numbers(values: pa.Array) -> tuple[NDArray[np.float64], "_Shown"]:
    if pa.types.is_temporal(values.type):
        unit = pa.int32() if values.type.bit_width == 32 else pa.int64()
        whole = values.cast(unit)
        return _floats(whole), _Shown(unit, values.type)
    return _floats(values), _Shown(None, values.type)


@dataclass(frozen=True)
class _Shown:
    """Writes an edge the way the field writes its values."""

    unit: pa.DataType | None
    given: pa.DataType

    def __call__(self, edge: float) -> str:
        if self.unit is None:
            return f"{edge:.6g}"
        written: str = pa.scalar(int(edge), self.unit).cast(self.given).cast(pa.string()).as_py()
        return moment_words(written)


def _floats(values: pa.Array) -> NDArray[np.float64]:
    floats: NDArray[np.float64] = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return floats


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _is_scalar(kind: pa.DataType) -> bool:
    textual = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_boolean(kind)
    dated = pa.types.is_temporal(kind) and not pa.types.is_duration(kind)
    return bool(textual or dated or _is_number(kind))


def _plain(values: pa.Array) -> pa.Array:
    return values.cast(values.type.value_type) if pa.types.is_dictionary(values.type) else values
