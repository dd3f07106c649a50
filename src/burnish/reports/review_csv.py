"""Review tasks as CSV to fill in: one line a task, for a spreadsheet."""

import csv
import io
import json
from collections.abc import Iterable

from burnish.dataset.formulas import guarded
from burnish.dataset.reviews import CONTROL, ReviewTask

COLUMNS = (
    "row_id", CONTROL, "annotator", "given_label", "suggested_label", "score", "code", "message", "text", "image",
    "probabilities", "evaluation", "version", "row_digest",
)  # fmt: skip
MAX_CELL_CHARACTERS = 32_000
"""A spreadsheet holds 32,767 in a cell; a longer text is cut, and says so."""


def review_csv(tasks: Iterable[ReviewTask]) -> str:
    """Give the lines, `label` and `annotator` empty, with the mark that tells a spreadsheet that it is UTF-8.

    A cell that a spreadsheet would run as a formula gets an apostrophe in front, which the import takes away again;
    all are in quotes, so that one that cuts at other signs too begins none inside a text. An image that lies in the
    table is told, not written.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    writer.writerows([guarded(cell) for cell in _cells(task)] for task in tasks)
    return "\ufeff" + file.getvalue()


def _cells(task: ReviewTask) -> tuple[str, ...]:
    image = "(in the table)" if isinstance(task.image, bytes) else task.image
    likely = json.dumps(dict(task.probabilities), ensure_ascii=False) if task.probabilities else ""
    return (
        task.row_id, "", "", task.given_label or "", task.suggested_label or "", f"{task.score:.4f}", task.code,
        task.message, _cut(task.text or ""), image or "", likely, "yes" if task.evaluation else "",
        task.version, task.row_digest,
    )  # fmt: skip


def _cut(text: str) -> str:
    if len(text) <= MAX_CELL_CHARACTERS:
        return text
    return f"{text[:MAX_CELL_CHARACTERS]}… ({len(text):,} characters)"
