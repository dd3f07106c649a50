"""Attachments: rows as a file that a browser saves."""

import shutil
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp

import pyarrow as pa
import pyarrow.compute as pc
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from burnish.adapters.sinks.exports import WRITERS, export
from burnish.adapters.sources.tables import is_text
from burnish.dataset import Dataset
from burnish.dataset.reviews import FORMULA, guarded

RUNS = f"^[{''.join(chr(92) + sign for sign in FORMULA if sign.isprintable())}\\t\\r]"
"""What a cell begins with that a spreadsheet would run."""


def attached(dataset: Dataset, form: str, name: str) -> FileResponse:
    """Give rows as a file called `name` in a form of WRITERS; it is removed once it was sent.

    In CSV, which spreadsheets open, a text that one would run as a formula gets an apostrophe in front.
    """
    folder = Path(mkdtemp(prefix="burnish-export-"))
    try:
        export(_harmless(dataset) if form == "csv" else dataset, form, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return FileResponse(
        folder / WRITERS[form][0], media_type="application/octet-stream", filename=f"{name}.{form}",
        background=BackgroundTask(shutil.rmtree, folder, ignore_errors=True),
    )  # fmt: skip


def _harmless(dataset: Dataset) -> Dataset:
    columns = [_guarded(column) if is_text(column.type) else column for column in dataset.fields.columns]
    names = [guarded(name) for name in dataset.fields.column_names]
    return replace(
        dataset, fields=pa.table(columns, names=names), row_ids=_guarded(dataset.row_ids.cast(pa.string())),
    )  # fmt: skip


def _guarded(texts: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    plain = texts.cast(pa.large_string())
    risky = pc.match_substring_regex(plain, RUNS).fill_null(False)  # noqa: FBT003 - Arrow has no keyword
    mark, end = (pa.scalar(text, pa.large_string()) for text in ("'", ""))
    return pc.if_else(risky, pc.binary_join_element_wise(mark, plain, end), plain)
