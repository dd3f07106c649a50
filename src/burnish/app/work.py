"""The process of a job: `python -m burnish.app.work`.

It reads a line of JSON on stdin, which says what to do where; writes lines of JSON to stdout: `{"stage", "done",
"total"}` while it works, and at the end `{"said", "href"}` or `{"error", "remedy"}`; and leaves when stdin ends, for
then the server is no more.
"""

import json
import os
import signal
import sys
from _thread import interrupt_main
from collections.abc import Mapping
from threading import Event, Thread
from time import sleep
from types import TracebackType
from typing import Any, TextIO

from burnish.app.addresses import page
from burnish.app.documents.workspace import JobAsked
from burnish.errors import BurnishError
from burnish.workspace import Experiment, Limits, Workspace
from burnish.workspace.tasks import Told, audit_version, compare_sides, measure_version

SECONDS_BETWEEN = 0.1
INTERRUPTED = 130
ALONE_SECONDS = 10.0
SHOWN_ON = {"audit": "/", "measure": "/versions", "compare": "/compare"}
"""The page that shows what a kind of work came to."""


class Telling:
    """Progress as lines of JSON, at most ten a second. Use as a context manager: a thread of its own writes them."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._stage, self._total = "", None  # type: tuple[str, int | None]
        self._what, self._done = "", 0
        self._told: dict[str, Any] = {}
        self._ended = Event()
        self._writer = Thread(target=self._write_on, daemon=True)

    def __enter__(self) -> "Telling":
        self._writer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._writer.join()

    def start(self, stage: str, total: int | None) -> None:
        """Begin a stage of `total` units."""
        self._stage, self._total, self._what, self._done = stage, total, "", 0

    def advance(self, n: int = 1) -> None:
        """Say that `n` more units are done."""
        self._done += n

    def tell(self, what: str) -> None:
        """Name what the stage is working on."""
        self._what = what

    def finish(self, **facts: Any) -> None:
        """End the stage."""
        del facts

    def _write_on(self) -> None:
        while not self._ended.wait(SECONDS_BETWEEN):
            stage = f"{self._stage}: {self._what}" if self._what else self._stage
            now = {"stage": stage, "done": self._done, "total": self._total}
            if now != self._told and stage:
                write(self._out, now)
                self._told = now


def write(out: TextIO, document: Mapping[str, Any]) -> None:
    """Write a document as a line."""
    out.write(json.dumps(document) + "\n")
    out.flush()


def do(workspace: Workspace, experiment: Experiment, asked: JobAsked) -> Told:
    """Do what was asked."""
    if asked.kind == "audit":
        return audit_version(workspace, asked.v)
    if asked.kind == "measure":
        return measure_version(workspace, asked.v, asked.what, experiment)
    return compare_sides(workspace, asked.v, asked.other, asked.models, experiment)


def end_of(order: Mapping[str, Any], progress: Telling) -> tuple[int, dict[str, Any]]:
    """Do what the order says; give the exit code and the last line."""
    try:
        limits, experiment = Limits(**order["limits"]), Experiment(**order["experiment"])
        workspace = Workspace(order["workspace"], seed=order["seed"], limits=limits, progress=progress)
        asked = JobAsked.model_validate(order["asked"])
        told = do(workspace, experiment, asked)
    except BurnishError as error:
        return error.exit_code, {"error": str(error.args[0]), "remedy": error.remedy}
    except MemoryError:
        return 3, {"error": "there is not enough memory for this.", "remedy": "Use a machine with more memory."}
    shown = {"v": told.version} if told.key is None else {"v": told.version, "key": told.key}
    return 0, {"said": told.said, "href": page(SHOWN_ON[asked.kind], **shown)}


def main() -> int:
    """Do the job that stdin names; give the exit code."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a server in the background hands on that it is ignored
    out = _own_stdout()
    order = json.loads(sys.stdin.buffer.readline())
    try:
        Thread(target=_leave_with_the_server, daemon=True).start()
        with Telling(out) as telling:
            code, end = end_of(order, telling)
    except KeyboardInterrupt:
        return INTERRUPTED
    write(out, end)
    return code


def _own_stdout() -> TextIO:
    """Give what stdout was; what a model prints goes to stderr from now on."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return out


def _leave_with_the_server() -> None:
    while os.read(0, 1):
        pass
    interrupt_main()
    sleep(ALONE_SECONDS)
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    sys.exit(main())
