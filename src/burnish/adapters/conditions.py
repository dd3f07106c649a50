"""Conditions: which rows a SQL condition holds for, by DuckDB, which may read one table and nothing else.

A condition is text that a person typed, so it is never trusted: `matching` lets it be one expression in a connection
that reaches no file, no network, no extension and no Python value; `Conditions` asks that in a process of its own, as
one call of one function (`repeat`, `range`) minds neither DuckDB's limit of memory nor its interrupt.
"""

import faulthandler
import json
import os
import subprocess
import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock, Timer
from typing import IO, cast

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from burnish.errors import UsageError
from burnish.kernels.bits import n_bytes, packed, unpacked

try:
    import resource
except ImportError:  # Windows, where only time is bounded
    resource = None  # type: ignore[assignment]

TIMEOUT_SECONDS = 10.0
GRACE_SECONDS = 2.0
"""How long an interrupt may take before the process is ended."""

QUERY_MEMORY = "1GB"
HEADROOM_BYTES = 3 << 30
"""Address space that the process may have beyond its table: libraries reserve most of it and use little."""

THREADS = 2
LOCKED_DOWN = {
    "enable_external_access": "false", "autoload_known_extensions": "false", "autoinstall_known_extensions": "false",
    "allow_community_extensions": "false", "allow_persistent_secrets": "false", "python_enable_replacements": "false",
    "temp_directory": "", "memory_limit": QUERY_MEMORY, "threads": str(THREADS),
}  # fmt: skip

PASSED_ON = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "SYSTEMROOT")
"""All that the process gets of the environment."""

KNOWN_FIELDS = 30
PLACE = "position"


def matching(table: pa.Table, condition: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> NDArray[np.bool_]:
    """Mask the rows of a table for which a condition holds; where it is null it does not.

    Columns of a type that DuckDB does not know are left out. Raises UsageError for what is no single expression, or
    fails, or takes too long.
    """
    with _locked_down() as door:
        known, place = _registered(door, table)
        statement = _statement(door, condition, place, known)
        timer = Timer(timeout_seconds, door.interrupt)
        timer.start()
        try:
            found = door.execute(statement).fetchnumpy()[place]
        except duckdb.InterruptException as error:
            raise _too_long(timeout_seconds) from error
        except (duckdb.Error, MemoryError, RuntimeError) as error:
            raise _refused(error, known) from error
        finally:
            timer.cancel()
    mask = np.zeros(len(table), np.bool_)
    mask[np.asarray(found, np.int64)] = True
    return mask


class Conditions:
    """Answers conditions about one table, one after the other, in a process that is begun at the first question.

    It has no more of the environment than it needs, and ends with this object, after a question that took too long or
    too much memory, and when this process dies. It holds the table a second time.
    """

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self._asking = Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def matching(self, condition: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> NDArray[np.bool_]:
        """Give what the function of that name gives. Raises UsageError."""
        with self._asking:
            question = {"condition": condition, "timeout_seconds": timeout_seconds}
            process, begins = self._running()
            try:
                if begins:
                    _send(process, self._table)
                answer = _asked(process, question, len(self._table))
            except (OSError, ValueError) as error:
                self._process = None
                process.kill()
                process.wait()
                raise UsageError(
                    f"this condition took more than {timeout_seconds:g} seconds, or more memory than it may.",
                    remedy="Ask for something simpler.",
                ) from error
        if isinstance(answer, dict):
            raise UsageError(answer["error"], remedy=answer["remedy"])
        return answer

    @property
    def pid(self) -> int | None:
        """The number of the process, None before the first question."""
        return None if self._process is None else self._process.pid

    def _running(self) -> tuple[subprocess.Popen[bytes], bool]:
        """Give the process, and whether it has just begun: it was never asked, or somebody ended it."""
        if self._process is not None and self._process.poll() is None:
            return self._process, False
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "burnish.adapters.conditions"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={name: os.environ[name] for name in PASSED_ON if name in os.environ}, start_new_session=True,
        )  # fmt: skip
        weakref.finalize(self, _end, self._process)
        return self._process, True


def answer_questions() -> None:
    """Read a table and then questions from the standard input, and answer each, until it is closed."""
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    table = pa.ipc.open_stream(asked).read_all()
    if resource is not None:
        most = _address_space() + HEADROOM_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    for line in asked:
        question = json.loads(line)
        with _watched(question["timeout_seconds"] + GRACE_SECONDS):
            try:
                mask = matching(table, question["condition"], timeout_seconds=question["timeout_seconds"])
                answers.write(b"{}\n" + packed(mask))
            except UsageError as error:
                answers.write(json.dumps({"error": error.args[0], "remedy": error.remedy}).encode() + b"\n")
        answers.flush()


@contextmanager
def _locked_down() -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a connection to an empty database in memory that reaches nothing outside and cannot be opened up again."""
    door = duckdb.connect(":memory:", config=dict(LOCKED_DOWN))
    try:
        door.execute("SET lock_configuration = true")
        yield door
    finally:
        door.close()


def _registered(door: duckdb.DuckDBPyConnection, table: pa.Table) -> tuple[list[str], str]:
    """Make the table known as `rows`; give the names of its columns that can be asked about, and that of the place."""
    known: dict[str, str] = {}  # names that differ in case only are one to DuckDB: the first counts
    for name in table.column_names:
        if name and name.casefold() not in known and _can_register(door, table, name):
            known[name.casefold()] = name
    place = PLACE
    while place in known:
        place += "_"
    columns = [table.column(name) for name in known.values()]
    numbered = pa.table([pa.array(np.arange(len(table), dtype=np.int64)), *columns], names=[place, *known.values()])
    door.register("rows", numbered)
    return list(known.values()), place


def _can_register(door: duckdb.DuckDBPyConnection, table: pa.Table, name: str) -> bool:
    try:
        door.register("tried", table.select([table.column_names.index(name)]).slice(0, 1))
        door.execute("SELECT * FROM tried").fetchall()
    except (duckdb.Error, TypeError, ValueError, UnicodeError):
        return False
    finally:
        door.unregister("tried")
    return True


def _statement(door: duckdb.DuckDBPyConnection, condition: str, place: str, known: list[str]) -> duckdb.Statement:
    """Give the one statement that asks a condition.

    In parentheses it cannot be followed by a clause of its own, and without them it cannot close ours: what parses
    both ways is an expression.
    """
    if any(0xD800 <= ord(character) <= 0xDFFF for character in condition):
        raise UsageError("the condition holds half a character.", remedy="Type it again.")
    bare = f"SELECT {_quoted(place)} FROM rows WHERE {condition}\n"  # noqa: S608 - parsed, and locked down
    held = f"SELECT {_quoted(place)} FROM rows WHERE (\n{condition}\n)"  # noqa: S608
    try:
        parsed = [door.extract_statements(sql) for sql in (bare, held)]
    except (duckdb.Error, MemoryError, RuntimeError) as error:
        raise _refused(error, known) from error
    if any(len(one) != 1 or one[0].type != duckdb.StatementType.SELECT for one in parsed):
        raise UsageError(
            "that is more than a condition.",
            remedy="Write one expression, as after WHERE: label = 'spam' AND score > 1.",
        )
    return cast("duckdb.Statement", parsed[1][0])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _refused(error: Exception, known: list[str]) -> UsageError:
    said = (str(error).strip().splitlines() or [type(error).__name__])[0]
    names = ", ".join(_quoted(name) if not name.isidentifier() else name for name in known[:KNOWN_FIELDS])
    more = f", … ({len(known)} in all)" if len(known) > KNOWN_FIELDS else ""
    return UsageError(f"the condition cannot be answered: {said[:300]}", remedy=f"Fields: {names}{more}.")


def _too_long(seconds: float) -> UsageError:
    return UsageError(f"this condition took more than {seconds:g} seconds.", remedy="Ask for something simpler.")


def _send(process: subprocess.Popen[bytes], table: pa.Table) -> None:
    with pa.ipc.new_stream(_pipe(process.stdin), table.schema) as stream:
        stream.write_table(table)


def _asked(
    process: subprocess.Popen[bytes], question: dict[str, object], n_rows: int
) -> NDArray[np.bool_] | dict[str, str]:
    """Give the mask, or what was wrong; raises ValueError or OSError when the process is gone."""
    sent, answers = _pipe(process.stdin), _pipe(process.stdout)
    sent.write(json.dumps(question).encode() + b"\n")
    sent.flush()
    told = json.loads(answers.readline())
    if told:
        return cast("dict[str, str]", told)
    return unpacked(answers.read(n_bytes(n_rows)), n_rows)


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    return cast("IO[bytes]", stream)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        with suppress(OSError):  # what it was still to be sent
            _pipe(stream).close()


@contextmanager
def _watched(seconds: float) -> Iterator[None]:
    """End this process where the work takes longer, whatever it is doing: this watch needs no turn of Python's."""
    with Path(os.devnull).open("w") as nowhere:
        faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()


def _address_space() -> int:
    """Give the address space that this process has, in bytes; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


if __name__ == "__main__":
    answer_questions()
