"""The files that a training program is handed and writes: rows out, predictions in."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pyarrow import csv as arrow_csv

from burnish.adapters.models.answers import checked_numbers, checked_probabilities
from burnish.dataset import Sample, Targets
from burnish.errors import ModelError, OutputError

Floats = NDArray[np.float32]

WHO = "the command"
COLUMNS = ("row_id", "prediction", "proba")
TIE = 1e-3
"""Probabilities this near to one another count as equal: a file may hold them rounded."""


def write_sample(sample: Sample, path: Path, *, with_label: bool) -> None:
    """Write the rows as Parquet: their fields, `row_id`, `embedding`, and the label under the name of its field.

    Raises OutputError when they cannot be written.
    """
    vectors = sample.embeddings
    columns: dict[str, Any] = dict(zip(sample.fields.column_names, sample.fields.columns, strict=True))
    columns["row_id"] = sample.row_ids
    columns["embedding"] = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
    if with_label:
        columns[label_name(sample)] = _LABELS[sample.targets.task](sample)
    told = {"task": sample.targets.task, "label": label_name(sample), "classes": json.dumps(sample.targets.classes)}
    metadata = {f"burnish.{name}": value for name, value in told.items()}
    try:
        pq.write_table(pa.table(columns).replace_schema_metadata(metadata), path)
    except (OSError, pa.ArrowException) as error:
        raise OutputError(
            f"the rows cannot be written for {WHO} to {path.parent}: {error}.",
            remedy="Free some space there, or set TMPDIR to another folder.",
        ) from error


def label_name(sample: Sample) -> str:
    """Give the name that the label has in the files."""
    return sample.dataset.roles.label or "label"


def read_answers(path: Path, row_ids: pa.Array, targets: Targets) -> Floats:
    """Give the predictions (n_rows, n_outputs) of the rows `row_ids`, in their order, from what the program wrote.

    The file is Parquet, JSON (lines or one array) or CSV by its content. Raises ModelError that says what is wrong
    with it: there, readable, every row once, known labels, probabilities that are some, finite numbers.
    """
    try:
        table = _read(path, targets)
        if "proba" not in table.column_names:
            _column(table, "prediction")  # a file of something else is told as such, whatever its length
        return _READERS[targets.task](_aligned(table, row_ids), targets.classes)
    except (OSError, ValueError, TypeError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())[:300]
        raise _wrong(f"wrote a file that cannot be read: {reason}", "Write Parquet, CSV or JSON lines.") from error


def _codes_written(sample: Sample) -> pa.Array:
    codes = pa.array(sample.values, pa.int32())
    return pc.take(pa.array(sample.targets.classes, pa.string()), codes)


def _sets_written(sample: Sample) -> pa.Array:
    has = sample.values > 0
    codes = np.nonzero(has)[1]
    names = pc.take(pa.array(sample.targets.classes, pa.string()), pa.array(codes))
    return pa.ListArray.from_arrays(pa.array(np.append(0, np.cumsum(has.sum(axis=1))), pa.int32()), names)


_LABELS: dict[str, Callable[[Sample], pa.Array]] = {
    "classification": _codes_written,
    "multi-label": _sets_written,
    "regression": lambda sample: pa.array(sample.values, pa.float64()),
}


def _read(path: Path, targets: Targets) -> pa.Table:
    if not path.exists():
        raise _wrong("left no file at {out}", "It must write its predictions there.")
    with path.open("rb") as file:
        head = file.read(64).lstrip()
    if not head:
        raise _wrong("wrote an empty file", "It must write a prediction for each row of {eval}.")
    if head.startswith(b"PAR1"):
        return pq.read_table(path, partitioning=None)
    if head[:1] in (b"{", b"["):
        return _read_json(path.read_text("utf-8"))
    text = {name: pa.string() for name in COLUMNS if name != "prediction" or targets.task != "regression"}
    return arrow_csv.read_csv(
        path,
        parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
        convert_options=arrow_csv.ConvertOptions(column_types=text),
    )


def _read_json(text: str) -> pa.Table:
    given = json.loads(text) if text.lstrip().startswith("[") else [json.loads(x) for x in text.splitlines() if x]
    records = [record for record in given if isinstance(record, dict)]
    if len(records) < len(given):
        raise ValueError("a line that is no JSON object")
    names = [name for name in COLUMNS if any(name in record for record in records)]
    return pa.table({name: [record.get(name) for record in records] for name in names})


def _aligned(table: pa.Table, row_ids: pa.Array) -> pa.Table:
    """Give the lines in the order of the rows; raises ModelError unless each row is there exactly once."""
    if "row_id" not in table.column_names:
        if len(table) != len(row_ids):
            raise _wrong(
                f"wrote {len(table):,} predictions for {len(row_ids):,} rows",
                "It must write one for each row of {eval}, in their order or with their row_id.",
            )
        return table
    ids = table.column("row_id").cast(pa.string()).combine_chunks()
    places = pc.index_in(ids, value_set=row_ids).fill_null(-1).to_numpy(zero_copy_only=False)
    unknown = ids.filter(pa.array(places < 0))
    if len(unknown):
        raise _wrong(
            f"wrote {len(unknown):,} row_id that {{eval}} has not, first {unknown[0].as_py()!r}",
            "Take row_id over from {eval} as it is, as a string.",
        )
    counts = np.bincount(places, minlength=len(row_ids))
    if counts.max(initial=0) > 1:
        raise _wrong(f"wrote row {row_ids[int(counts.argmax())].as_py()!r} more than once", "Write each row once.")
    if counts.min(initial=1) < 1:
        raise _wrong(
            f"wrote {len(table):,} of {len(row_ids):,} rows; the first that lacks is "
            f"{row_ids[int(counts.argmin())].as_py()!r}",
            "It must write a prediction for each row of {eval}.",
        )
    return table.take(pa.array(np.argsort(places)))


def _classes_read(table: pa.Table, classes: tuple[str, ...]) -> Floats:
    codes = None if "prediction" not in table.column_names else _codes(_column(table, "prediction"), classes)
    if "proba" not in table.column_names:
        return np.eye(len(classes), dtype=np.float32)[_codes(_column(table, "prediction"), classes)]
    shares = _probabilities(table, classes, exclusive=True)
    if codes is not None:
        _refuse_disagreement(shares[np.arange(len(shares)), codes] < shares.max(axis=1) - TIE, "most probable class")
    return shares


def _sets_read(table: pa.Table, classes: tuple[str, ...]) -> Floats:
    has = None if "prediction" not in table.column_names else _indicators(table, classes)
    if "proba" not in table.column_names:
        return _indicators(table, classes)
    shares = _probabilities(table, classes, exclusive=False)
    if has is not None:
        wrong = ((has > 0) & (shares < 0.5 - TIE)) | ((has == 0) & (shares > 0.5 + TIE))
        _refuse_disagreement(wrong.any(axis=1), "classes above one half")
    return shares


def _numbers_read(table: pa.Table, classes: tuple[str, ...]) -> Floats:
    del classes
    numbers = _column(table, "prediction").cast(pa.float64()).fill_null(np.nan)
    return checked_numbers(numbers.to_numpy(zero_copy_only=False), len(table), model=WHO)


_READERS: dict[str, Callable[[pa.Table, tuple[str, ...]], Floats]] = {
    "classification": _classes_read, "multi-label": _sets_read, "regression": _numbers_read,
}  # fmt: skip


def _column(table: pa.Table, name: str) -> pa.Array:
    if name not in table.column_names:
        raise _wrong(
            f"wrote no column {name!r}; there are {', '.join(table.column_names[:10]) or 'none'}",
            "Name the columns row_id, prediction and, for probabilities, proba.",
        )
    values = table.column(name).combine_chunks()
    return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values


def _codes(labels: pa.Array, classes: tuple[str, ...]) -> NDArray[np.int64]:
    names = labels.cast(pa.string())
    codes = pc.index_in(names, value_set=pa.array(classes, pa.string())).fill_null(-1).to_numpy(zero_copy_only=False)
    unknown = np.flatnonzero(codes < 0)
    if len(unknown):
        raise _wrong(
            f"predicted the unknown label {names[int(unknown[0])].as_py()!r} in {len(unknown):,} place(s)",
            f"Known labels: {', '.join(classes[:10])}{', …' if len(classes) > 10 else ''}.",
        )
    return np.asarray(codes, np.int64)


def _indicators(table: pa.Table, classes: tuple[str, ...]) -> Floats:
    """Read lists of labels as 0 or 1 (n_rows, n_classes)."""
    lists = _lists(_column(table, "prediction"), pa.string(), "prediction")
    owners = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False)
    has = np.zeros((len(lists), len(classes)), np.float32)
    has[owners, _codes(pc.list_flatten(lists), classes)] = 1
    return has


def _probabilities(table: pa.Table, classes: tuple[str, ...], *, exclusive: bool) -> Floats:
    lists = _lists(_column(table, "proba"), pa.float64(), "proba")
    widths = pc.list_value_length(lists).to_numpy(zero_copy_only=False)
    wrong = np.flatnonzero(widths != len(classes))
    if len(wrong):
        raise _wrong(
            f"wrote {widths[wrong[0]]} probabilities for row {wrong[0] + 1}, and there are {len(classes)} classes",
            "Write one for each class of BURNISH_CLASSES, in that order, 0 for one that was not seen.",
        )
    flat = pc.list_flatten(lists).fill_null(np.nan).to_numpy(zero_copy_only=False)
    shape = (len(lists), len(classes))
    return checked_probabilities(flat.reshape(shape), shape, model=WHO, exclusive=exclusive)


def _lists(values: pa.Array, kind: pa.DataType, name: str) -> pa.Array:
    """Read lists, or strings that are JSON lists, as CSV has them."""
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        values = pa.array([None if cell is None else json.loads(cell) for cell in values.to_pylist()])
    if values.null_count or pa.types.is_null(values.type):
        raise _wrong(f"wrote no {name} for {values.null_count:,} row(s)", "Write a list for each row of {eval}.")
    return values.cast(pa.list_(kind))


def _refuse_disagreement(wrong: NDArray[np.bool_], what: str) -> None:
    if wrong.any():
        raise _wrong(
            f"wrote a prediction in {int(wrong.sum()):,} row(s), first row {int(wrong.argmax()) + 1}, that is not the "
            f"{what} of its proba",
            "Metrics look at proba: leave it out to have the prediction measured, or leave out prediction.",
        )


def _wrong(what: str, remedy: str) -> ModelError:
    return ModelError(f"{WHO} {what}.", remedy=remedy)
