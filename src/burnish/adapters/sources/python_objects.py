"""Objects in memory, told apart without importing the library that made them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import interchange

from burnish.adapters.sources.numpy_arrays import arrays_opened, as_vectors
from burnish.adapters.sources.opened import Given, Guess, Opened
from burnish.adapters.sources.records import records_table
from burnish.adapters.sources.tables import concatenate
from burnish.errors import InputError, UsageError

KNOWN = "pandas, polars or pyarrow table, Hugging Face dataset, list of strings or dicts, dict of lists, array."


def open_object(source: object, given: Given, name: str) -> Opened:
    """Give the rows of an object in memory; raises UsageError for one of no known kind."""
    if isinstance(source, np.ndarray):
        return _array(source, name)
    if type(source).__module__.split(".")[0] == "datasets":
        return _hugging_face(source, name)
    if isinstance(source, Mapping):
        return _columns(source, given, name)
    if isinstance(source, Sequence) and not isinstance(source, (str, bytes)):
        return _sequence(source, name)
    return Opened(_arrow(source), name)


def _arrow(source: Any) -> pa.Table:
    try:
        if type(source).__module__.split(".")[0] == "pandas" and hasattr(source, "columns"):
            return pa.Table.from_pandas(source, preserve_index=False).replace_schema_metadata(None)
        if isinstance(source, pa.Table):
            return source
        if isinstance(source, pa.RecordBatchReader):
            return source.read_all()
        if hasattr(source, "__arrow_c_stream__") or isinstance(source, pa.RecordBatch):
            return pa.table(source)
        if hasattr(source, "__dataframe__"):
            return interchange.from_dataframe(source)
    except (pa.ArrowException, TypeError) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        raise InputError(
            f"the {type(source).__name__} cannot be read: {reason}.", remedy="Give every field one type."
        ) from error
    if hasattr(source, "collect"):
        raise UsageError(f"a {type(source).__name__} is not computed yet.", remedy="Call .collect() first.")
    raise UsageError(
        f"a {type(source).__module__}.{type(source).__name__} is not a data set.", remedy=f"Pass a {KNOWN}"
    )


def _array(source: np.ndarray, name: str) -> Opened:
    if source.dtype.kind in "UO" and source.ndim == 1:
        return _sequence(source.tolist(), name)
    return Opened(pa.table({}), name, vectors=as_vectors(source, "the array"), vectors_name="embeddings")


def _sequence(source: Sequence[Any], name: str) -> Opened:
    if len(source) == 0:
        return Opened(pa.table({}), name)
    if all(value is None or isinstance(value, str) for value in source):
        return Opened(pa.table({"text": pa.array(source, pa.large_string())}), name)
    if all(isinstance(value, Mapping) for value in source):
        table, notes = records_table(lambda: enumerate(source), "record")
        return Opened(table, name, notes=tuple(notes))
    kinds = {type(value).__name__ for value in source}
    if kinds <= {"list", "tuple", "ndarray"}:
        return _array(_rectangle(source), name)
    raise UsageError(f"a list of {', '.join(sorted(kinds))} is not a data set.", remedy=f"Pass a {KNOWN}")


def _rectangle(source: Sequence[Any]) -> np.ndarray:
    widths = [len(vector) for vector in source]
    other = next((i for i, width in enumerate(widths) if width != widths[0]), None)
    if other is not None:
        raise InputError(
            f"vector {other} has {widths[other]} numbers, vector 0 has {widths[0]}.",
            remedy="Give every row a vector of one length.",
        )
    try:
        return np.asarray(source, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise InputError(f"the vectors hold other things than numbers: {error}.", remedy="Pass floats.") from error


def _columns(source: Mapping[str, Any], given: Given, name: str) -> Opened:
    lengths = {str(key): len(value) for key, value in source.items()}
    if len(set(lengths.values())) > 1:
        raise InputError(f"the columns differ in length: {lengths}.", remedy="Give every column one value a row.")
    arrays = {str(key): value for key, value in source.items() if isinstance(value, np.ndarray)}
    if len(arrays) == len(source) and any(array.ndim == 2 for array in arrays.values()):
        return arrays_opened(arrays, given, name)
    columns, notes = {}, []
    for key, values in source.items():
        columns[str(key)], found = _column(str(key), values)
        notes += found
    return Opened(pa.table(columns), name, notes=tuple(notes))


def _column(key: str, values: Any) -> tuple[pa.ChunkedArray, list[Guess]]:
    if isinstance(values, np.ndarray) and values.ndim == 2:
        flat = pa.array(np.ascontiguousarray(values).ravel())
        return pa.chunked_array([pa.FixedSizeListArray.from_arrays(flat, values.shape[1])]), []
    if isinstance(values, (pa.Array, pa.ChunkedArray)) or hasattr(values, "__arrow_c_stream__"):
        return pa.chunked_array(values), []
    table, notes = records_table(lambda: ((i, {key: value}) for i, value in enumerate(values)), "row")
    return (table.column(key) if key in table.column_names else pa.chunked_array([], pa.null())), notes


def _hugging_face(source: Any, name: str) -> Opened:
    if isinstance(source, Mapping):  # a DatasetDict: one data set a split
        parts = [(split, *_hugging_face_table(part)) for split, part in source.items()]
        tables = [
            table
            if "split" in table.column_names
            else table.append_column("split", pa.array([str(split)] * len(table)))
            for split, table, _ in parts
        ]
        notes = {note: None for *_, found in parts for note in found}
        return Opened(concatenate(tables, name), name, notes=tuple(notes))
    table, found = _hugging_face_table(source)
    return Opened(table, name, notes=tuple(found))


def _hugging_face_table(source: Any) -> tuple[pa.Table, list[Guess]]:
    if not hasattr(source, "with_format") or not hasattr(source, "features") or not hasattr(source, "__len__"):
        raise UsageError(
            f"a datasets.{type(source).__name__} cannot be read row by row.",
            remedy="Load it without streaming=True.",
        )
    table, notes = source.with_format("arrow")[:], []
    for field, feature in (source.features or {}).items():
        names = getattr(feature, "names", None)
        if isinstance(names, list) and field in table.column_names:
            index = table.column_names.index(field)
            table = table.set_column(index, field, _class_names(table.column(field), names))
            notes.append(Guess("note", field, "class numbers stand for names; the names were taken"))
    return table, notes


def _class_names(codes: pa.ChunkedArray, names: list[str]) -> pa.Array:
    # Hugging Face writes -1 where a row has no label.
    known = pc.if_else(pc.greater_equal(codes, 0), codes, None)
    return pc.take(pa.array(names, pa.string()), known.combine_chunks().cast(pa.int64()))
