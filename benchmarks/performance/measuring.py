"""What a benchmark of a kernel is made of, and how one contender is measured in its own process."""

import importlib
import importlib.metadata
import importlib.util
import os
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Figures = dict[str, float]

KERNELS = ("neighbors", "kmeans", "clusters", "maps", "texts", "selection", "probes", "audits")
"""Modules of this package that declare a `KERNEL`, in the order of the report."""

WARM_ROWS = 2_000
OURS = "burnish"


@dataclass(frozen=True)
class Contender:
    """One way to do the work of a kernel: `work(*needed modules, input)` gives what the kernel's `judge` understands.

    `group`: contenders of one group answer the same question and are compared. `needs`: modules that it is
    made of, imported before the clock starts. `max_rows`: beyond them it is left out.
    """

    name: str
    work: Callable[..., Any]
    group: str = ""
    needs: tuple[str, ...] = ()
    max_rows: int = 10**9

    @property
    def key(self) -> str:
        """The name that no other contender of the kernel has."""
        return f"{self.name} | {self.group}" if self.group else self.name

    @property
    def missing(self) -> list[str]:
        """Modules that are not installed."""
        return [name for name in self.needs if importlib.util.find_spec(name.partition(".")[0]) is None]


@dataclass(frozen=True)
class Kernel:
    """A benchmark. A case is a number of rows of the synthetic mixture, or the name of a labelled set.

    `load(case)` gives the input and fills the caches that it needs; `small(input)` a smaller input to warm up
    on; `judge(input, result)` figures of quality, among them `operations` where they are known. `rows` are
    measured by default, `nightly_rows` besides in the nightly run, `sets` with either.
    """

    name: str
    contenders: tuple[Contender, ...]
    load: Callable[[str], Any]
    small: Callable[[Any], Any]
    judge: Callable[[Any, Any], Figures]
    rows: tuple[int, ...]
    nightly_rows: tuple[int, ...] = ()
    sets: tuple[str, ...] = ()

    def contender(self, key: str) -> Contender:
        """Give the contender of that key."""
        return next(contender for contender in self.contenders if contender.key == key)


@dataclass(frozen=True)
class Run:
    """One contender, once. Seconds of CPU are of all threads and child processes; memory is in MB.

    `status`: done, stopped (at the time limit), failed or skipped, with the reason in `note`. `memory` is the
    peak of resident memory over what was resident before the work (the loaded data), `peak` that of the
    whole process during the work.
    """

    kernel: str
    contender: str
    case: str
    round: int = 0
    status: str = "done"
    note: str = ""
    cpu: float = float("nan")
    wall: float = float("nan")
    memory: float = float("nan")
    peak: float = float("nan")
    warmup: float = 0.0
    figures: Figures = field(default_factory=dict)
    load_average: float = float("nan")


def load_kernel(name: str) -> Kernel:
    """Give the kernel that a module of this package declares."""
    return importlib.import_module(f"benchmarks.performance.{name}").KERNEL


def measure(kernel: Kernel, contender: Contender, case: str) -> Run:
    """Load, warm up, do the work against the clock, and judge what came out."""
    needed = [importlib.import_module(name) for name in contender.needs]
    given = kernel.load(case)
    small = kernel.small(given)
    started = cpu_seconds()
    contender.work(*needed, small)
    warmup, load = cpu_seconds() - started, os.getloadavg()[0]
    before = _restarted_peak()
    started, started_wall = cpu_seconds(), time.perf_counter()
    result = contender.work(*needed, given)
    cpu, wall, peak = cpu_seconds() - started, time.perf_counter() - started_wall, _peak_memory()
    return Run(
        kernel.name, contender.key, case, cpu=cpu, wall=wall, memory=peak - before, peak=peak, warmup=warmup,
        figures=kernel.judge(given, result), load_average=load,
    )  # fmt: skip


def cpu_seconds() -> float:
    """Give the CPU seconds of this process and of its children that have ended."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(part.ru_utime + part.ru_stime for part in spent)


def _restarted_peak() -> float:
    """Let the peak of resident memory begin anew, and give what is resident now, in MB."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _peak_memory()


def _peak_memory() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
