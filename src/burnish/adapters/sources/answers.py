"""Answers of people, from Label Studio's JSON and JSON-MIN exports or a filled review CSV: a Vote each."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from burnish.adapters.sources.delimited import read_delimited
from burnish.adapters.sources.files import DataFile, locate
from burnish.dataset.formulas import unguarded
from burnish.dataset.reviews import CONTROL, Vote
from burnish.errors import InputError

TEXT_COLUMNS = ("row_id", CONTROL, "annotator", "version", "row_digest")
MAX_NAME_CHARACTERS = 200
REMEDY = "Pass Label Studio's JSON or JSON-MIN export, or the filled review.csv."


def read_answers(path: str) -> list[Vote]:
    """Give what each person said of each row, in the order of the file.

    Skipped and cancelled annotations, and lines without a label, are no answers. Raises InputError, with the place,
    for a file that cannot be read and for one without any answer.
    """
    file = _file(path)
    votes = list(_json_votes(file) if file.path.lower().endswith(".json") else _csv_votes(file))
    if not votes:
        raise InputError(f"{path!r} holds no answer.", remedy="Fill in labels, or export after annotating.")
    return votes


def _file(path: str) -> DataFile:
    files = locate(path).files
    if len(files) > 1:
        raise InputError(f"{path!r} names {len(files)} files.", remedy="Import one file of answers at a time.")
    return files[0]


def _json_votes(file: DataFile) -> Iterator[Vote]:
    path = file.path
    try:
        with file.stream() as stream:
            document = json.loads(stream.read().decode("utf-8-sig"))
    except RecursionError as error:
        raise InputError(f"{path!r} is nested too deeply to be an export.", remedy=REMEDY) from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path!r} cannot be read as JSON: {_line(error)}.", remedy=REMEDY) from error
    if not isinstance(document, list):
        raise InputError(f"{path!r} holds {_kind(document)}, not a list of tasks.", remedy=REMEDY)
    for number, task in enumerate(document, start=1):
        place = f"{path!r}, task {number}"
        if not isinstance(task, Mapping):
            raise InputError(f"{place}: {_kind(task)}, not a task.", remedy=REMEDY)
        yield from _task_votes(task, place) if "data" in task else _small_votes(task, place)


def _task_votes(task: Mapping[str, Any], place: str) -> Iterator[Vote]:
    data, annotations = task["data"], task.get("annotations") or []
    if not isinstance(data, Mapping) or not isinstance(annotations, list):
        raise InputError(f"{place}: data or annotations are not of the form of an export.", remedy=REMEDY)
    for annotation in annotations:
        if not isinstance(annotation, Mapping) or not isinstance(annotation.get("result") or [], list):
            raise InputError(f"{place}: an annotation is not of the form of an export.", remedy=REMEDY)
        chosen = [] if annotation.get("was_cancelled") else _chosen(annotation.get("result") or [], place)
        if chosen:
            yield _vote(data, _label(chosen), annotation.get("completed_by"), place)


def _chosen(result: list[Any], place: str) -> list[str]:
    chosen: list[str] = []
    for part in result:
        if not isinstance(part, Mapping):
            raise InputError(f"{place}: a result is {_kind(part)}.", remedy=REMEDY)
        if part.get("from_name") == CONTROL:
            value = part.get("value")
            chosen += _texts(value.get("choices") if isinstance(value, Mapping) else None, place)
    return chosen


def _small_votes(task: Mapping[str, Any], place: str) -> Iterator[Vote]:
    """JSON-MIN: a line for each annotation, one choice as a text, several as {"choices": […]}, in a list or not."""
    said = task.get(CONTROL)
    found: list[str] = []
    for part in said if isinstance(said, list) else [said]:
        found += _texts(part.get("choices") if isinstance(part, Mapping) else part, place)
    if found:
        yield _vote(task, _label(found), task.get("annotator"), place)


def _texts(value: object, place: str) -> list[str]:
    listed = value if isinstance(value, list) else [] if value is None else [value]
    texts = [one for one in listed if isinstance(one, str)]
    if len(texts) < len(listed):
        raise InputError(f"{place}: a choice that is no text.", remedy=REMEDY)
    return [text for text in texts if text]


def _label(chosen: list[str]) -> str:
    return chosen[0] if len(chosen) == 1 else json.dumps(chosen, ensure_ascii=False)


def _vote(known: Mapping[str, Any], label: str, annotator: object, place: str) -> Vote:
    row_id, version, digest = (known.get(name) for name in ("row_id", "version", "row_digest"))
    if not isinstance(row_id, str) or not row_id:
        raise InputError(f"{place}: no row_id; it stands in the data of the tasks.", remedy=REMEDY)
    told = (one if isinstance(one, str) else "" for one in (version, digest))
    row_id, label, version, digest = map(_whole, (row_id, label, *told))
    return Vote(row_id, label, _name(annotator), version, digest)


def _whole(text: str) -> str:
    """Give the text without halves of characters, which JSON can say and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode()


def _name(annotator: object) -> str:
    """Give who answered: the address of a person where the export has it, else the number of the account."""
    if isinstance(annotator, Mapping):
        annotator = annotator.get("email") or annotator.get("id")
    if annotator is None or isinstance(annotator, (Mapping, list)):
        return ""
    text = annotator if isinstance(annotator, str) else f"user {annotator}"
    return "".join(c for c in text[: MAX_NAME_CHARACTERS + 1] if c.isprintable()).strip()[:MAX_NAME_CHARACTERS]


def _csv_votes(file: DataFile) -> Iterator[Vote]:
    # Cells of these columns stay as they are written when they are named for a role that is text.
    roles = dict(zip(("id", "label", "group", "split", "text"), TEXT_COLUMNS, strict=True))
    table, _ = read_delimited(file, roles)
    lacking = [name for name in ("row_id", CONTROL) if name not in table.column_names]
    if lacking:
        raise InputError(f"{file.path!r} has no column {lacking[0]!r}.", remedy=REMEDY)
    known = [name for name in TEXT_COLUMNS if name in table.column_names]
    for number, cells in enumerate(table.select(known).cast(_all_text(known)).to_pylist(), start=2):
        plain = {name: unguarded(cell or "") for name, cell in cells.items()}
        if (cells[CONTROL] or "").strip():
            yield _vote(plain, plain[CONTROL], plain.get("annotator"), f"{file.path!r}, record {number}")


def _all_text(names: list[str]) -> pa.Schema:
    return pa.schema([(name, pa.string()) for name in names])


def _kind(value: object) -> str:
    return {dict: "an object", list: "a list", str: "a text", type(None): "null"}.get(type(value), "a number")


def _line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")[:200]
