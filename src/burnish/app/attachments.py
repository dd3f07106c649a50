"""Attachments: rows as a file that a browser saves."""

import shutil
from pathlib import Path
from tempfile import mkdtemp

from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from burnish.adapters.sinks.exports import WRITERS, export
from burnish.dataset import Dataset


def attached(dataset: Dataset, form: str, name: str) -> FileResponse:
    """Give rows as a file called `name` in a form of WRITERS; it is removed once it was sent.

    In CSV, which people open from here in a spreadsheet, a text that one would run as a formula gets an apostrophe
    in front.
    """
    folder = Path(mkdtemp(prefix="burnish-export-"))
    try:
        export(dataset, form, folder, guards=True)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return FileResponse(
        folder / WRITERS[form][0], media_type="application/octet-stream", filename=f"{name}.{form}",
        background=BackgroundTask(shutil.rmtree, folder, ignore_errors=True),
    )  # fmt: skip
