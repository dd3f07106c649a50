"""JSON Lines: read by Arrow; line by line only where Arrow refuses, to mend or to name the line."""

import io
import json
from collections.abc import Iterator

import pyarrow as pa
from pyarrow import json as arrow_json

from burnish.adapters.sources.files import DataFile
from burnish.adapters.sources.opened import Given, Guess
from burnish.adapters.sources.records import Numbered, Record, records_table
from burnish.errors import InputError

BLOCK_BYTES = 1 << 24


def read_json_lines(file: DataFile, given: Given) -> tuple[pa.Table, list[Guess]]:
    """Give the fields of one JSONL file; raises InputError with the number of a line that cannot be used."""
    del given
    _refuse_array(file)
    options = arrow_json.ReadOptions(use_threads=False, block_size=BLOCK_BYTES)
    try:
        with file.stream() as stream:
            return arrow_json.read_json(stream, options), []
    except pa.ArrowInvalid:
        # Mixed types, NaN, a line longer than a block: the slow reader mends these or says where.
        return records_table(lambda: _records(file), f"{file.path!r}, line")


def _refuse_array(file: DataFile) -> None:
    with file.stream() as stream:
        head = stream.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"["):
        raise InputError(
            f"{file.path!r} is one JSON array, not one JSON object a line.",
            remedy="Convert it: jq -c '.[]' data.json > data.jsonl",
        )


def _records(file: DataFile) -> Numbered:
    with file.stream() as stream:
        yield from _parsed(io.TextIOWrapper(stream, "utf-8-sig"), file.path)


def _parsed(lines: io.TextIOWrapper, path: str) -> Iterator[tuple[int, Record]]:
    number = 0
    try:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield number, _record(line, f"{path!r}, line {number}")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path!r} is not UTF-8 after line {number}: {error.reason}.", remedy="Save the file as UTF-8."
        ) from error


def _record(line: str, where: str) -> Record:
    try:
        record = json.loads(line)
    except ValueError as error:
        raise InputError(
            f"{where}: not JSON: {error}.", remedy="Write one JSON object a line, or repair the line."
        ) from error
    if not isinstance(record, dict):
        raise InputError(f"{where}: a {type(record).__name__}, not an object.", remedy="Write one JSON object a line.")
    return record
