"""Reviews and named sets of rows, beside the versions of their data set.

A review is a journal that only grows: `reviews/NUMBER.jsonl`, a line an event, each with its checksum. An event is
there once its line has its end; what follows the last whole line was being written when a process died, and the next
event takes its place.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from burnish.adapters import durable
from burnish.adapters.stores.history import HistoryStore
from burnish.dataset.history import Version
from burnish.errors import DamagedFileError

Line = dict[str, Any]
SEQ = "seq"
BLOCK_BYTES = 1 << 16
ROW_ID = "row_id"
SETS_IN_MEMORY = 32


class Read(NamedTuple):
    """Lines of a journal, where the last whole one ends, and whether what follows is torn."""

    lines: list[Line]
    end: int
    torn: bool


class RowSet(NamedTuple):
    """A named set of rows of a data set: a `tag`, or a `slice`."""

    name: str
    kind: str
    who: str
    at: str
    row_ids: pa.StringArray


@dataclass(frozen=True)
class ReviewStore:
    """Keeps the reviews and sets of the data sets of a history. Readers need no lock."""

    history: HistoryStore

    def journal(self, version: Version) -> Path:
        """Give where the review of a version is written down."""
        return self.history.folder(version.dataset) / f"reviews/{version.number:06d}.jsonl"

    def last(self, version: Version) -> int:
        """Give the number of the last event of a review, 0 where there is none; reads no others."""
        try:
            handle = os.open(self.journal(version), os.O_RDONLY)
        except FileNotFoundError:
            return 0
        try:
            return int(_last_line(self.journal(version), handle, _end(handle)).get(SEQ, 0))
        finally:
            os.close(handle)

    def append(self, version: Version, make: Callable[[int], Mapping[str, Any]]) -> int:
        """Write one event, on disk when this returns; give its number.

        `make` gives the line of the number that it gets; it runs under the lock of the data set, so that nobody else
        writes meanwhile, and may raise: then nothing is written.
        """
        with self.history.writing(version.dataset):
            path = self.journal(version)
            seq = self.last(version) + 1
            line = _told({SEQ: seq, **make(seq)})
            try:
                durable.make_folder(path.parent)
                _write(path, line)
            except OSError as error:
                raise durable.unwritable(path, error) from error
        return seq

    def sets(self, name: str) -> list[RowSet]:
        """Give the named sets of a data set, by name."""
        folder = self.history.folder(name)
        found = (_set(folder, path) for path in folder.glob("sets/*.json"))
        return sorted((one for one in found if one is not None), key=lambda one: one.name)

    def keep_set(self, name: str, called: str, make: Callable[[RowSet | None], RowSet]) -> RowSet:
        """Write a set in place of the one of that name; `make` gets that, or None, under the lock of the data set.

        It may raise: then nothing is written.
        """
        with self.history.writing(name) as folder:
            record = folder / f"sets/{_stem(called)}.json"
            one = make(_set(folder, record))
            rows = f"sets/{_stem(called)}-{secrets.token_hex(4)}.parquet"
            written = durable.write_table(folder / rows, pa.table({ROW_ID: one.row_ids}))
            told = {"name": called, "kind": one.kind, "who": one.who, "at": one.at, "n_rows": len(one.row_ids)}
            durable.write_json(record, {**told, "files": {rows: written}})
            _remove_rows(folder, record, but=rows)
        return one

    def forget_set(self, name: str, called: str) -> bool:
        """Remove a set; tell whether there was one."""
        with self.history.writing(name) as folder:
            path = folder / f"sets/{_stem(called)}.json"
            if not path.exists():
                return False
            path.unlink()
            durable.sync_folder(path.parent)
            _remove_rows(folder, path)
        return True


def read_journal(path: Path, start: int = 0) -> Read:
    """Give the events of a journal from a place on where a line begins; raises DamagedFileError.

    A journal that is not there is empty.
    """
    try:
        with path.open("rb") as file:
            file.seek(start)
            data = file.read()
    except FileNotFoundError:
        return Read([], 0, torn=False)
    whole, _, rest = data.rpartition(b"\n")
    lines = [] if not whole else [_line(path, line) for line in whole.split(b"\n")]
    _refuse_gaps(path, lines, begins=start == 0)
    return Read(lines, start + len(data) - len(rest), torn=bool(rest))


def cut_torn(path: Path, *, dry_run: bool) -> int:
    """Cut off what a writer that died left behind the last whole line, holding the lock; give how many bytes."""
    handle = os.open(path, os.O_RDONLY if dry_run else os.O_RDWR)
    try:
        torn = os.fstat(handle).st_size - (end := _end(handle))
        if torn and not dry_run:
            os.ftruncate(handle, end)
            os.fsync(handle)
    finally:
        os.close(handle)
    return torn


def orphans(folder: Path) -> list[Path]:
    """Give the files of sets that no record names: what a writer that died left behind.

    Rows beside a record that cannot be read are none.
    """
    left = list(folder.glob("sets/.*.tmp"))
    for path in folder.glob("sets/*.parquet"):
        record = path.with_name(f"{path.stem.rpartition('-')[0]}.json")
        try:
            named = durable.read_json(record)["files"] if record.exists() else {}
        except (DamagedFileError, KeyError):
            continue
        if f"sets/{path.name}" not in named:
            left.append(path)
    return left


def _set(folder: Path, record: Path) -> RowSet | None:
    """Read a set, None where it is not there; one that somebody replaces or forgets meanwhile is read as it is then."""
    stamp = _stamp(record)
    if stamp is None:
        return None
    try:
        return _read_set(folder, record, stamp)
    except (DamagedFileError, FileNotFoundError):
        if _stamp(record) == stamp:
            raise
    return _set(folder, record)


def _stamp(record: Path) -> tuple[int, int] | None:
    """Give what changes when a record is written anew: it is another file then."""
    try:
        stat = record.stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_mtime_ns


@lru_cache(maxsize=SETS_IN_MEMORY)
def _read_set(folder: Path, record: Path, _: tuple[int, int]) -> RowSet:
    document = durable.read_json(record)
    ids = [
        durable.read_table(folder / name, written)[ROW_ID].cast(pa.string()).combine_chunks()
        for name, written in document["files"].items()
    ]
    name, kind, who, at = (str(document[one]) for one in ("name", "kind", "who", "at"))
    return RowSet(name, kind, who, at, pa.concat_arrays(ids))


def _remove_rows(folder: Path, record: Path, *, but: str = "") -> None:
    for old in folder.glob(f"sets/{record.stem}-*.parquet"):
        if f"sets/{old.name}" != but:
            old.unlink(missing_ok=True)


def _stem(called: str) -> str:
    """Give the file name of a set, whose name may be any text."""
    return hashlib.blake2b(called.encode(), digest_size=8).hexdigest()


def _told(line: Mapping[str, Any]) -> bytes:
    """Give a line with its checksum and its end."""
    plain = json.loads(json.dumps(line, allow_nan=False))  # as a reader will see it
    told = {**plain, durable.CHECKSUM: durable.document_checksum(plain)}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _line(path: Path, told: bytes) -> Line:
    """Read a line and make sure of its checksum; raises DamagedFileError."""
    try:
        line: Line = json.loads(told)
        expected, number = line.pop(durable.CHECKSUM), line[SEQ]
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise durable.damaged(path, f"{told[:40]!r} is no event with a checksum ({error})") from error
    if expected != (found := durable.document_checksum(line)):
        raise durable.damaged(path, f"the checksum of event {number} is {found}, not {expected}")
    return line


def _refuse_gaps(path: Path, lines: Sequence[Line], *, begins: bool) -> None:
    numbers = [line[SEQ] for line in lines]
    first = 1 if begins or not numbers else numbers[0]
    for expected, number in enumerate(numbers, first):
        if number != expected:
            raise durable.damaged(path, f"event {expected} is missing: {number} stands in its place")


def _write(path: Path, line: bytes) -> None:
    """Write a line behind the last whole one, and sync it; leave none of it where that fails."""
    made = not path.exists()
    handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
    try:
        end = _end(handle)
        if os.fstat(handle).st_size > end:
            os.ftruncate(handle, end)
        os.lseek(handle, end, os.SEEK_SET)
        try:
            rest = memoryview(line)
            while rest:
                rest = rest[os.write(handle, rest) :]
            os.fsync(handle)
        except OSError:
            os.ftruncate(handle, end)
            raise
    finally:
        os.close(handle)
    if made:
        durable.sync_folder(path.parent)


def _end(handle: int) -> int:
    """Give where the last whole line ends."""
    return _newline_before(handle, os.fstat(handle).st_size) + 1


def _newline_before(handle: int, stop: int) -> int:
    """Give where the last end of a line before `stop` is, -1 where there is none."""
    while stop > 0:
        start = max(0, stop - BLOCK_BYTES)
        os.lseek(handle, start, os.SEEK_SET)
        found = os.read(handle, stop - start).rfind(b"\n")
        if found >= 0:
            return start + found
        stop = start
    return -1


def _last_line(path: Path, handle: int, end: int) -> Line:
    if not end:
        return {}
    start = _newline_before(handle, end - 1) + 1
    os.lseek(handle, start, os.SEEK_SET)
    told = b""
    while len(told) < end - 1 - start:
        told += os.read(handle, end - 1 - start - len(told))
    return _line(path, told)
