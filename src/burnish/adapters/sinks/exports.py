"""export: a data set as Parquet, CSV, JSON Lines, a Hugging Face data set, or Parquet with Croissant metadata."""

import base64
import importlib
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pyarrow import csv as arrow_csv

from burnish.adapters.sinks.croissant import About, croissant_text
from burnish.adapters.sinks.folder import Content, FolderSink
from burnish.dataset import Dataset
from burnish.dataset.formulas import guarded, guarded_cells
from burnish.errors import InputError, MissingExtraError, OutputError, UsageError, nearest

BLOCK_ROWS = 65_536
BLOCK_BYTES = 1 << 26
ROW_ID, EMBEDDING = "row_id", "embedding"
SAVED, METADATA = "dataset", "croissant.json"


def export(
    dataset: Dataset, form: str, folder: str | Path, *, about: About | None = None, guards: bool = False
) -> dict[str, str]:
    """Write the rows into `folder`, whole or not at all; give name → path.

    Forms: `parquet`, `csv`, `jsonl` (a file `data.…`), `datasets` (a folder `dataset`), `croissant` (`data.parquet`
    and `croissant.json`, which says what is known `about` it). Rows carry `row_id` and the fields as given; vectors
    that came beside the table are the field `embedding`. Rows are written in blocks. `guards`: for people who open CSV
    in a spreadsheet, a text that it would run as a formula gets an apostrophe in front. Raises UsageError for another
    form, MissingExtraError without `datasets`, InputError for what the form cannot say, OutputError.
    """
    if form not in FORMS:
        raise UsageError(f"no export form {form!r}.", remedy=f"{nearest(form, FORMS)}Forms: {', '.join(FORMS)}.")
    _refuse_taken(dataset)
    files = _files(dataset, form, about or About(), guards=guards)
    if SAVED in files:
        _refuse_foreign(Path(folder) / SAVED)
    # A file of metadata beside another Parquet file than its own would tell lies about it.
    owned = frozenset({METADATA} if "data.parquet" in files else ())
    return FolderSink(Path(folder), owned=owned).write(files)


def blocks(dataset: Dataset) -> Iterator[pa.Table]:
    """Give the rows in order, at most BLOCK_ROWS at a time, and about BLOCK_BYTES; one empty block for no rows."""
    for start in range(0, max(1, len(dataset)), BLOCK_ROWS):
        yield from _halved(_table(dataset, start, min(len(dataset), start + BLOCK_ROWS)))


def _table(dataset: Dataset, start: int, stop: int) -> pa.Table:
    columns = {name: dataset.fields.column(name).slice(start, stop - start) for name in dataset.fields.column_names}
    if ROW_ID not in columns:
        columns = {ROW_ID: dataset.row_ids.slice(start, stop - start), **columns}
    vectors = _vectors_beside(dataset)
    if vectors is not None:
        part = np.ascontiguousarray(vectors[start:stop])
        columns[EMBEDDING] = pa.FixedSizeListArray.from_arrays(pa.array(part.ravel()), vectors.shape[1])
    return pa.table(columns)


def _vectors_beside(dataset: Dataset) -> NDArray[np.floating] | None:
    return dataset.vectors if dataset.roles.embedding is None else None


def _halved(block: pa.Table) -> Iterator[pa.Table]:
    if len(block) < 2 or block.nbytes <= BLOCK_BYTES:
        yield block
    else:
        middle = len(block) // 2
        yield from _halved(block.slice(0, middle))
        yield from _halved(block.slice(middle))


def _refuse_taken(dataset: Dataset) -> None:
    """Raise InputError where a field has the name, and not the values, of what every row carries."""
    names = dataset.fields.column_names
    taken = EMBEDDING if EMBEDDING in names and _vectors_beside(dataset) is not None else None
    if ROW_ID in names:
        same = pc.equal(dataset.field(ROW_ID).cast(pa.string()), dataset.row_ids)
        taken = taken if pc.all(same.fill_null(False)).as_py() else ROW_ID  # noqa: FBT003 - Arrow has no keyword
    if taken:
        raise InputError(
            f"the source has a field {taken!r} of its own, whose place the {taken} of burnish needs.",
            remedy="Rename the field in the source, or read it with --id row_id.",
        )


def _refuse_foreign(place: Path) -> None:
    """Raise OutputError for a folder that is no saved data set: it would be replaced."""
    saved = ("dataset_dict.json", "state.json")
    if place.is_dir() and any(place.iterdir()) and not any((place / name).is_file() for name in saved):
        raise OutputError(
            f"{str(place)!r} is there and holds no saved data set.", remedy="Choose another folder with --out."
        )


def _files(dataset: Dataset, form: str, about: About, *, guards: bool) -> dict[str, Content]:
    if form == "datasets":
        return {SAVED: partial(_saver(), dataset, _table(dataset, 0, len(dataset)))}
    name, write = WRITERS["parquet" if form == "croissant" else form]
    if guards and form == "csv":
        write = partial(_write_csv, guards=True)
    files: dict[str, Content] = {name: partial(write, dataset)}
    if form == "croissant":
        files[METADATA] = partial(_write_croissant, dataset, about)
    return files


def _saver() -> Callable[[Dataset, pa.Table, Path], None]:
    """Import late: the library is an extra, and takes a second."""
    try:
        module = importlib.import_module("burnish.adapters.sinks.hugging_face")
    except ImportError as error:
        raise MissingExtraError("datasets is not installed.", remedy="pip install 'burnish[datasets]'") from error
    save: Callable[[Dataset, pa.Table, Path], None] = module.save
    return save


def _write_parquet(dataset: Dataset, path: Path) -> None:
    parts = blocks(dataset)
    first = next(parts)
    with pq.ParquetWriter(path, first.schema, compression="zstd") as writer:
        writer.write_table(first)
        for part in parts:
            writer.write_table(part)


def _write_csv(dataset: Dataset, path: Path, *, guards: bool = False) -> None:
    parts = map(_guarded if guards else _flat, blocks(dataset))
    first = next(parts)
    with arrow_csv.CSVWriter(path, first.schema) as writer:
        writer.write_table(first)
        for part in parts:
            writer.write_table(part)


def _write_jsonl(dataset: Dataset, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for part in blocks(dataset):
            for record in _said_dates(part).to_pylist():
                file.write(_json(record) + "\n")


def _said_dates(block: pa.Table) -> pa.Table:
    """Give the block with dates as text: Python's own end with the year 9999."""
    for i, field in enumerate(block.schema):
        if pa.types.is_date(field.type):
            block = block.set_column(i, field.name, block.column(i).cast(pa.string()))
    return block


def _write_croissant(dataset: Dataset, about: About, path: Path) -> None:
    path.write_text(croissant_text(dataset, path.with_name("data.parquet"), about), encoding="utf-8")


def _flat(block: pa.Table) -> pa.Table:
    """Give the block with lists and structs as JSON and bytes as base64, for CSV has texts and numbers only."""
    return pa.table({name: _flat_column(block.column(name)) for name in block.column_names})


def _guarded(block: pa.Table) -> pa.Table:
    """Give the block flat, without a text that a spreadsheet would run."""
    flat = _flat(block)
    decimals = {name for name in block.column_names if pa.types.is_decimal(block.column(name).type)}
    cells = {name: flat.column(name) for name in flat.column_names}
    return pa.table({guarded(name): one if name in decimals else guarded_cells(one) for name, one in cells.items()})


def _flat_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_decimal(kind):
        return column.cast(pa.string())
    if pa.types.is_nested(kind):
        said = (None if cell is None else _json(cell) for cell in column.to_pylist())
    elif pa.types.is_duration(kind) or _is_bytes(kind):
        said = (None if cell is None else _sayable(cell) for cell in column.to_pylist())
    else:
        return column
    return pa.chunked_array([pa.array(said, pa.large_string())])


def _is_bytes(kind: pa.DataType) -> bool:
    return any(test(kind) for test in (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary))


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, default=_sayable)
    except ValueError:
        return json.dumps(_finite(value), ensure_ascii=False, allow_nan=False, default=_sayable)


def _finite(value: Any) -> Any:
    """NaN and infinity, which JSON has not, become null."""
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    return [_finite(one) for one in value] if isinstance(value, (list, tuple)) else value


def _sayable(value: Any) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


WRITERS: dict[str, tuple[str, Callable[[Dataset, Path], None]]] = {
    "parquet": ("data.parquet", _write_parquet),
    "csv": ("data.csv", _write_csv),
    "jsonl": ("data.jsonl", _write_jsonl),
}
FORMS = (*WRITERS, "datasets", "croissant")
"""Forms of `export`."""
