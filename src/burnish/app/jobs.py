"""Jobs: long work in a process of its own, with progress that a page can follow and an end that it can ask for."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from secrets import token_hex
from tempfile import TemporaryFile
from threading import Lock, Thread
from time import monotonic
from typing import IO, Any

from burnish.app.documents.workspace import Job, JobAsked
from burnish.errors import NotThereError
from burnish.reports.markup import clean
from burnish.workspace import Experiment, Workspace

COMMAND = (sys.executable, "-P", "-m", "burnish.app.work")
PATIENCE_SECONDS = 10.0
"""How long work that is asked to end may take to do so before it is made to."""

LAST_PATIENCE_SECONDS = 3.0
TAIL_BYTES = 8_192
KEPT_JOBS = 100
"""Jobs that are told of, the newest; older ones are forgotten once they have ended."""

ACTIVE = ("waiting", "running")


@dataclass
class _Work:
    """A job with the process that does it."""

    asked: JobAsked
    job: Job
    began: float = 0.0
    process: subprocess.Popen[str] | None = None
    cancelled: bool = False

    def tell(self, **news: Any) -> None:
        self.job = self.job.model_copy(update=news)

    @property
    def shown(self) -> Job:
        running = self.job.state == "running"
        return self.job.model_copy(update={"seconds": monotonic() - self.began} if running else {})


class Jobs:
    """The long work of one server: one job at a time, in the order in which they were asked for.

    `setting`: what the process is told beside what was asked; `Jobs.of` gives it. `command`: the process, which reads
    both as a line of JSON on stdin and writes lines of JSON to stdout: how far it is, then its end.
    """

    def __init__(
        self, setting: Mapping[str, Any] | None = None, *, command: Sequence[str] = COMMAND,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:  # fmt: skip
        self._setting = dict(setting or {})
        self._command = command
        self._patience = patience_seconds
        self._works: dict[str, _Work] = {}
        self._lock = Lock()
        self._worker: Thread | None = None
        self.closed = False

    @classmethod
    def of(cls, workspace: Workspace, experiment: Experiment) -> "Jobs":
        """Give the jobs of a workspace, which measure as `experiment` says."""
        told = {"workspace": str(workspace.root.absolute()), "seed": workspace.seed}
        return cls({**told, "limits": asdict(workspace.limits), "experiment": asdict(experiment)})

    def all(self) -> list[Job]:
        """Give every job, newest first."""
        with self._lock:
            return [work.shown for work in reversed(self._works.values())]

    def job(self, job_id: str) -> Job:
        """Give a job as it stands; raises NotThereError."""
        with self._lock:
            return self._of(job_id).shown

    @property
    def n_active(self) -> int:
        """How many jobs wait or run."""
        with self._lock:
            return sum(work.job.state in ACTIVE for work in self._works.values())

    def begin(self, asked: JobAsked) -> Job:
        """Begin a job when those before it have ended; the same one that waits or runs already is given instead."""
        with self._lock:
            for known in self._works.values():
                if known.asked == asked and known.job.state in ACTIVE and not known.cancelled:
                    return known.shown
            work = _Work(asked, Job(id=token_hex(6), kind=asked.kind, v=asked.v, title=_title(asked), state="waiting"))
            self._works[work.job.id] = work
            ended = [one for one in self._works.values() if one.job.state not in ACTIVE]
            for one in ended[: max(0, len(self._works) - KEPT_JOBS)]:
                del self._works[one.job.id]
            if self._worker is None:
                self._worker = Thread(target=self._do_all, name="burnish jobs", daemon=True)
                self._worker.start()
            return work.shown

    def cancel(self, job_id: str) -> Job:
        """End a job: the running one is asked to, and made to when it does not; raises NotThereError."""
        with self._lock:
            work = self._of(job_id)
            if work.job.state == "waiting":
                work.tell(state="cancelled")
            elif work.job.state == "running" and not work.cancelled:
                work.cancelled = True
                work.tell(stage="Cancelling")
                self._end(work, self._patience)
            return work.shown

    def close(self) -> None:
        """End all work, soon."""
        with self._lock:
            self.closed = True
            for work in self._works.values():
                if work.job.state == "waiting":
                    work.tell(state="cancelled")
                elif work.job.state == "running":
                    work.cancelled = True
                    self._end(work, LAST_PATIENCE_SECONDS)
            worker = self._worker
        if worker is not None:
            worker.join(3 * LAST_PATIENCE_SECONDS)

    def _of(self, job_id: str) -> _Work:
        if job_id not in self._works:
            raise NotThereError(f"there is no job {job_id!r}.", remedy="Jobs are forgotten when the server ends.")
        return self._works[job_id]

    def _do_all(self) -> None:
        while (work := self._next()) is not None:
            try:
                self._do(work)
            except (OSError, ValueError) as error:
                self._finish(work, {"error": f"the work cannot be done: {error}.", "remedy": "Start the app again."})

    def _next(self) -> _Work | None:
        with self._lock:
            waiting = (work for work in self._works.values() if work.job.state == "waiting")
            work = next(waiting, None)
            if work is None or self.closed:
                self._worker = None
                return None
            work.began = monotonic()
            work.tell(state="running", stage="Starting")
            return work

    def _do(self, work: _Work) -> None:
        """Do a job: hand it to a process, and hear what that tells."""
        end: dict[str, Any] | None = None
        with TemporaryFile() as said, self._started(said) as process:
            with self._lock:
                work.process = process
                if work.cancelled:
                    self._end(work, self._patience)
            _hand(_piped(process.stdin), {**self._setting, "asked": work.asked.model_dump()})
            for line in _piped(process.stdout):
                if not line.endswith("\n"):  # it was killed as it wrote
                    break
                told = json.loads(line)
                if "stage" not in told:
                    end = told
                elif not work.cancelled:
                    with self._lock:
                        another = told["stage"].partition(":")[0] != work.job.stage.partition(":")[0]
                        work.tell(**told, step=work.job.step + another)
            code = process.wait()
            self._finish(work, end or _crashed(code, said, expected=work.cancelled))

    def _started(self, said: IO[bytes]) -> subprocess.Popen[str]:
        """Start the process, in a session of its own: Ctrl+C is for the server, which then ends it."""
        return subprocess.Popen(  # noqa: S603 - our own program
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, encoding="utf-8",
            start_new_session=True,
        )  # fmt: skip

    def _finish(self, work: _Work, end: Mapping[str, Any]) -> None:
        with self._lock:
            state = "done" if "said" in end else "cancelled" if work.cancelled else "failed"
            facts = end if state != "cancelled" else {}
            work.tell(state=state, stage="", seconds=monotonic() - work.began, **facts)
            work.process = None

    def _end(self, work: _Work, patience_seconds: float) -> None:
        """Ask a process to end, and make it, without waiting here."""
        if work.process is not None:
            Thread(target=_make_end, args=(work.process, patience_seconds), daemon=True).start()


def _hand(stdin: IO[str], order: Mapping[str, Any]) -> None:
    """Write what is to be done; stdin stays open, so that the process learns when the server is no more."""
    try:
        stdin.write(json.dumps(order) + "\n")
        stdin.flush()
    except BrokenPipeError:  # it has ended already: its exit code tells why
        with suppress(BrokenPipeError):
            stdin.close()


def _make_end(process: subprocess.Popen[str], patience_seconds: float) -> None:
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        process.send_signal(ending)
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience_seconds)
            return


def _crashed(code: int, said: IO[bytes], *, expected: bool) -> dict[str, str]:
    """Give the end of work that did not tell one, and show in the terminal what it said last."""
    said.seek(max(0, said.seek(0, os.SEEK_END) - TAIL_BYTES))
    tail = said.read().decode("utf-8", errors="replace").strip()
    lines = [clean(line, 1_000) for line in tail.splitlines()]
    if lines and not expected:
        sys.stderr.write("\n".join(lines) + "\n")
    if code == -signal.SIGKILL:
        return {
            "error": "the system ended the work.",
            "remedy": "Perhaps it took too much memory: free some, try again.",
        }
    last = lines[-1][:300] if lines else ""
    return {
        "error": f"the work ended with exit code {code}{': ' if last else ''}{last}.",
        "remedy": "The terminal where `burnish app` runs shows more. Please report it if it is a fault of burnish.",
    }


def _title(asked: JobAsked) -> str:
    if asked.kind == "audit":
        return f"Audit {asked.v}"
    if asked.kind == "measure":
        return f"Measure {'the review of' if asked.what == 'pending' else 'what made'} {asked.v}"
    if asked.models is not None:
        return f"Compare the models {asked.models[0]} and {asked.models[1]} on {asked.v}"
    return f"Compare {asked.v} with {asked.other}"


def _piped(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise ValueError("the stream is no pipe")
    return stream
