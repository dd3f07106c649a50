"""CSV and its kin: delimiter and encoding found in the file, cells read by Arrow."""

import codecs
import contextlib
import csv
import io
import sys
from collections.abc import Iterator

import pyarrow as pa
from pyarrow import csv as arrow_csv

from burnish.adapters.sources.files import DataFile
from burnish.adapters.sources.opened import Given, Guess, named
from burnish.errors import InputError

DELIMITERS = (",", "\t", ";", "|")
BYTE_ORDER_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
SNIFFED_BYTES = 1 << 16
BLOCK_BYTES = 1 << 24
MAX_BLOCK_BYTES = 2**31 - 1
KEPT_AS_TEXT = ("id", "label", "text", "split", "group", "image")


def read_delimited(file: DataFile, given: Given) -> tuple[pa.Table, list[Guess]]:
    """Give the fields of one CSV file; raises InputError with the line of a row that does not fit.

    UTF-8 unless the file says or shows otherwise; fields named for a role that is text (id,
    label, …) keep their cells as written, so that "007" stays "007".
    """
    encoding = _encoding(file)
    delimiter = _delimiter(file, encoding)
    try:
        table = _read(file, given, encoding, delimiter)
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise _explained(file, encoding, delimiter, error) from error
    return table, _notes(file, encoding, delimiter)


def _read(file: DataFile, given: Given, encoding: str, delimiter: str) -> pa.Table:
    as_text = {field: pa.string() for role in KEPT_AS_TEXT if (field := named(given, role))}
    parse = arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    convert = arrow_csv.ConvertOptions(column_types=as_text)
    try:
        return _read_blocks(file, arrow_csv.ReadOptions(encoding=encoding, block_size=BLOCK_BYTES), parse, convert)
    except pa.ArrowInvalid as error:
        if "straddl" not in str(error):
            raise
    # A row longer than a block: one block has to hold it.
    whole = arrow_csv.ReadOptions(encoding=encoding, block_size=_one_block(file))
    return _read_blocks(file, whole, parse, convert)


def _read_blocks(
    file: DataFile,
    options: arrow_csv.ReadOptions,
    parse: arrow_csv.ParseOptions,
    convert: arrow_csv.ConvertOptions,
) -> pa.Table:
    # Types are inferred over all blocks, which only the table reader does (open_csv looks at the first).
    options.use_threads = False
    with file.stream() as stream:
        return arrow_csv.read_csv(stream, options, parse, convert)


def _one_block(file: DataFile) -> int:
    return MAX_BLOCK_BYTES if file.compressed else min(MAX_BLOCK_BYTES, file.size + 1)


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


def _notes(file: DataFile, encoding: str, delimiter: str) -> list[Guess]:
    notes = []
    if encoding != "utf-8":
        notes.append(Guess("note", None, f"{file.path} is not UTF-8; it was read as {encoding}"))
    if delimiter != ("\t" if ".tsv" in file.path.lower() else ","):
        notes.append(Guess("note", None, f"{file.path}: cells are separated by {delimiter!r}"))
    return notes


def _explained(file: DataFile, encoding: str, delimiter: str, error: Exception) -> InputError:
    if isinstance(error, UnicodeDecodeError):
        return InputError(
            f"{file.path!r} is neither UTF-8 nor {encoding}: {error.reason} at byte {error.start}.",
            remedy="Save the file as UTF-8.",
        )
    ragged = _first_ragged(file, encoding, delimiter)
    if ragged is None:
        reason = str(error).partition("\n")[0].rstrip(".")[:200]
        return InputError(f"{file.path!r} cannot be read as CSV: {reason}.", remedy="Check its quotes and delimiters.")
    line, cells, expected = ragged
    return InputError(
        f"{file.path!r}, line {line}: {cells} cell(s) where the header has {expected}.",
        remedy=f"Quote cells that hold {delimiter!r} or a line break, or repair the line.",
    )


def _first_ragged(file: DataFile, encoding: str, delimiter: str) -> tuple[int, int, int] | None:
    with file.stream() as stream, _long_cells():
        text = io.TextIOWrapper(stream, encoding, newline="")
        reader = csv.reader(text, delimiter=delimiter)
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
