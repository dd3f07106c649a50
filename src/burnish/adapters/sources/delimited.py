"""CSV and its kin: delimiter and encoding found in the file, cells read by Arrow."""

import codecs
import contextlib
import csv
import io
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from burnish.adapters.sources.files import DataFile
from burnish.adapters.sources.opened import Given, Guess, named
from burnish.adapters.sources.tables import refuse_twins
from burnish.errors import InputError

DELIMITERS = (",", "\t", ";", "|")
BYTE_ORDER_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
SNIFFED_BYTES = 1 << 16
BLOCK_BYTES = 1 << 24
MAX_BLOCK_BYTES = 2**31 - 1
KEPT_AS_TEXT = ("id", "label", "text", "split", "group", "image")


@dataclass(frozen=True, slots=True)
class Form:
    """How a file is written."""

    encoding: str
    delimiter: str


def read_delimited(file: DataFile, given: Given) -> tuple[pa.Table, list[Guess]]:
    """Give the fields of one CSV file; raises InputError with the line of a row that does not fit.

    UTF-8 unless the file says or shows otherwise. Types are inferred over all rows; fields named
    for a role that is text (id, label, …) and fields of digits with leading zeros keep their
    cells as written, so that "007" stays "007".
    """
    encoding = _encoding(file)
    form = Form(encoding, _delimiter(file, encoding))
    as_text = {field for role in KEPT_AS_TEXT if (field := named(given, role))}
    try:
        table = _read(file, form, as_text)
        refuse_twins(table, repr(file.path))
        padded = _padded(file, form, [f.name for f in table.schema if pa.types.is_integer(f.type)])
        if padded:
            table = _read(file, form, as_text | padded)
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise _explained(file, form, error) from error
    return table, [
        *_notes(file, form),
        *(Guess("note", f, "digits with leading zeros; kept as strings") for f in padded),
    ]


def _padded(file: DataFile, form: Form, fields: list[str]) -> set[str]:
    """The fields of whole numbers that have a cell with leading zeros, which numbers would lose."""
    if not fields:
        return set()
    cells = _read(file, form, set(fields), only=fields)
    return {f for f in fields if pc.any(pc.match_substring_regex(cells.column(f), r"^[+-]?0[0-9]")).as_py()}


def _read(file: DataFile, form: Form, as_text: set[str], *, only: Sequence[str] = ()) -> pa.Table:
    convert = arrow_csv.ConvertOptions(
        column_types=dict.fromkeys(sorted(as_text), pa.string()), include_columns=list(only)
    )
    try:
        return _read_blocks(file, form, convert, BLOCK_BYTES)
    except pa.ArrowInvalid as error:
        if "straddl" not in str(error):
            raise
    # A row longer than a block: one block has to hold it, and another encoding may grow threefold as UTF-8.
    block_bytes = MAX_BLOCK_BYTES if file.compressed else min(MAX_BLOCK_BYTES, 3 * file.size + 1)
    return _read_blocks(file, form, convert, block_bytes)


def _read_blocks(file: DataFile, form: Form, convert: arrow_csv.ConvertOptions, block_bytes: int) -> pa.Table:
    # Types are inferred over all blocks, which only the table reader does (open_csv looks at the first).
    options = arrow_csv.ReadOptions(use_threads=False, block_size=block_bytes, encoding=form.encoding)
    parse = arrow_csv.ParseOptions(delimiter=form.delimiter, newlines_in_values=True)
    with file.stream() as stream:
        return arrow_csv.read_csv(stream, options, parse, convert)


def _encoding(file: DataFile) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with file.stream() as stream:
        block = stream.read(BLOCK_BYTES)
        for mark, encoding in BYTE_ORDER_MARKS.items():
            if block.startswith(mark):
                return encoding
        try:
            while block:
                decoder.decode(block)
                block = stream.read(BLOCK_BYTES)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def _delimiter(file: DataFile, encoding: str) -> str:
    """The delimiter that cuts the most records into as many cells as the header has."""
    with file.stream() as stream:
        head = codecs.getincrementaldecoder(encoding)("replace").decode(stream.read(SNIFFED_BYTES))
    return max(DELIMITERS, key=lambda delimiter: _fit(head, delimiter))


def _fit(head: str, delimiter: str) -> tuple[bool, float, int]:
    records = [r for r in csv.reader(io.StringIO(head, newline=""), delimiter=delimiter) if r]
    if not records or len(records[0]) < 2:
        return False, 0.0, 0
    whole = records[:-1] if len(records) > 2 else records
    width = len(records[0])
    return True, round(sum(len(r) == width for r in whole) / len(whole), 1), width


def _notes(file: DataFile, form: Form) -> list[Guess]:
    notes = []
    if form.encoding != "utf-8":
        notes.append(Guess("note", None, f"{file.path} is not UTF-8; it was read as {form.encoding}"))
    if form.delimiter != ("\t" if ".tsv" in file.path.lower() else ","):
        notes.append(Guess("note", None, f"{file.path}: cells are separated by {form.delimiter!r}"))
    return notes


def _explained(file: DataFile, form: Form, error: Exception) -> InputError:
    if isinstance(error, UnicodeDecodeError):
        return InputError(
            f"{file.path!r} is neither UTF-8 nor {form.encoding}: {error.reason} at byte {error.start}.",
            remedy="Save the file as UTF-8.",
        )
    ragged = _first_ragged(file, form)
    if ragged is None:
        reason = str(error).partition("\n")[0].rstrip(".")[:200]
        return InputError(f"{file.path!r} cannot be read as CSV: {reason}.", remedy="Check its quotes and delimiters.")
    line, cells, expected = ragged
    return InputError(
        f"{file.path!r}, line {line}: {cells} cell(s) where the header has {expected}.",
        remedy=f"Quote cells that hold {form.delimiter!r} or a line break, or repair the line.",
    )


def _first_ragged(file: DataFile, form: Form) -> tuple[int, int, int] | None:
    with file.stream() as stream, _long_cells():
        text = io.TextIOWrapper(stream, form.encoding, newline="")
        reader = csv.reader(text, delimiter=form.delimiter)
        try:
            expected = len(next(reader, []))
            for record in reader:
                if record and len(record) != expected:
                    return reader.line_num, len(record), expected
        except csv.Error:
            return None
    return None


@contextlib.contextmanager
def _long_cells() -> Iterator[None]:
    before = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(before)
