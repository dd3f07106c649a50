"""Faults of the system at every call that changes a file: a process that is killed there, a disk that is full."""

import errno
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

CALLS = ("open", "write", "fsync", "replace", "mkdir", "unlink", "rmdir")
READ_ONLY = os.O_RDONLY


class Faulty:
    """Stands for the calls of `os`; at the call of number `at` it does `fault`, before (or for a write, halfway)."""

    def __init__(self, at: int, fault: Callable[[], None]) -> None:
        self.at, self.fault, self.n_calls = at, fault, 0
        self.true = {name: getattr(os, name) for name in CALLS}

    def call(self, name: str) -> Callable[..., object]:
        def called(*given: object, **named: object) -> object:
            if name == "open" and not (int(given[1]) & (os.O_WRONLY | os.O_RDWR)):  # type: ignore[call-overload]
                return self.true[name](*given, **named)
            self.n_calls += 1
            if self.n_calls == self.at:
                if name == "write":
                    data = given[1]
                    self.true["write"](given[0], data[: len(data) // 2])  # type: ignore[index,arg-type]
                self.fault()
            return self.true[name](*given, **named)

        return called

    @contextmanager
    def standing_in(self) -> Iterator["Faulty"]:
        with mock.patch.multiple(os, **{name: self.call(name) for name in CALLS}):
            yield self


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def disk_full() -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def read_only() -> None:
    raise OSError(errno.EROFS, "Read-only file system")


def count(work: Callable[[Path], object], folder: Path, beside: Path) -> int:
    """Give how many calls the work makes, on a copy of the folder."""
    shutil.copytree(folder, beside)
    with Faulty(0, kill).standing_in() as seen:
        work(beside)
    shutil.rmtree(beside)
    return seen.n_calls


def killed(work: Callable[[Path], object], folder: Path, at: int) -> bool:
    """Do the work in another process that is killed at a call; give whether it was."""
    child = os.fork()
    if child == 0:
        try:
            with Faulty(at, kill).standing_in():
                work(folder)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)
