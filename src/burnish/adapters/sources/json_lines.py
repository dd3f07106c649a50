"""JSON Lines: read by Arrow; line by line only where Arrow refuses, to mend or to name the line."""

import io
import json
from collections.abc import Iterator, Sequence

import pyarrow as pa
from pyarrow import json as arrow_json

from burnish.adapters.sources.delimited import KEPT_AS_TEXT
from burnish.adapters.sources.files import DataFile
from burnish.adapters.sources.opened import Given, Guess, named
from burnish.adapters.sources.records import Numbered, Record, records_table
from burnish.errors import InputError

BLOCK_BYTES = 1 << 24


def read_json_lines(file: DataFile, given: Given) -> tuple[pa.Table, list[Guess]]:
    """Give the fields of one JSONL file; raises InputError with the number of a line that cannot be used.

    Strings that look like times become times, but not in a field named for a role that is text: there "2024-01-01"
    stays "2024-01-01".
    """
    _refuse_array(file)
    try:
        table = _read(file)
        as_text = {name for role in KEPT_AS_TEXT if (name := named(given, role))}
        places = {name: table.schema.get_field_index(name) for name in as_text}  # other names may not be UTF-8
        timed = [name for name, i in places.items() if i >= 0 and pa.types.is_timestamp(table.schema.types[i])]
        return (_read(file, timed) if timed else table), []
    except pa.ArrowInvalid:
        # Mixed types, NaN, a line longer than a block: the slow reader mends these or says where.
        return records_table(lambda: _records(file), f"{file.path!r}, line")


def _read(file: DataFile, as_text: Sequence[str] = ()) -> pa.Table:
    options = arrow_json.ReadOptions(use_threads=False, block_size=BLOCK_BYTES)
    kept = pa.schema([(field, pa.string()) for field in as_text])
    with file.stream() as stream:
        return arrow_json.read_json(stream, options, arrow_json.ParseOptions(explicit_schema=kept))


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
