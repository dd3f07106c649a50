"""Row ids: the field that the user named, else the content and an occurrence number."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from burnish.errors import InputError


def ids_of_field(column: pa.ChunkedArray, name: str) -> pa.StringArray:
    """Give the field as strings; raises InputError for a null or for an id that comes twice."""
    ids = column.cast(pa.string()).combine_chunks()
    if ids.null_count:
        first = pc.index(ids.is_null(), value=True).as_py()
        raise InputError(
            f"field {name!r} has no value in {ids.null_count} row(s), first row {first} (counted from 0); "
            "an id must be there in every row.",
            remedy="Fill them, or leave --id out: ids then come from the content.",
        )
    counts = ids.value_counts()
    twice = counts.filter(pc.greater(counts.field("counts"), 1))
    if len(twice):
        shown = ", ".join(repr(value) for value in twice.field("values").to_pylist()[:3])
        raise InputError(
            f"{len(twice)} id(s) of field {name!r} come more than once, first {shown}.",
            remedy="Name a field with one value a row, or leave --id out: ids then come from the content.",
        )
    return ids


def ids_of_content(content: NDArray[np.uint64]) -> pa.StringArray:
    """Give 16 hexadecimal digits of the content and, after a dash, how many equal rows came before."""
    _, inverse = np.unique(content[:, 0], return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    ranked = inverse[order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]]) if len(ranked) else np.empty(0, int)
    before = np.empty(len(order), np.int64)
    before[order] = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    pairs = zip(content[:, 0].tolist(), before.tolist(), strict=True)
    return pa.array([f"{head:016x}-{count}" for head, count in pairs], pa.string())
