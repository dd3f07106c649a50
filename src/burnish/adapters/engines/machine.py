"""What this process may use of the machine: cores and memory, inside the limits of a container."""

import math
import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")
MEMINFO, STATUS = Path("/proc/meminfo"), Path("/proc/self/status")


def n_cores() -> int:
    """Give how many cores this process may use: those it may run on, or fewer where a container allows less."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota, _, period = _text(CGROUP / "cpu.max").partition(" ")
    if quota.isdigit() and period.isdigit():
        return max(1, min(cores, math.ceil(int(quota) / int(period))))
    return cores


def available_memory() -> int | None:
    """Give how many bytes can be had without swapping; None where the system does not tell."""
    free = _kilobytes(MEMINFO, "MemAvailable:")
    left = [free] if free is not None else []
    limit, used = _text(CGROUP / "memory.max"), _text(CGROUP / "memory.current")
    if limit.isdigit() and used.isdigit():
        # Pages of files count as used, and are given back when they are needed.
        pages = dict(line.split() for line in _text(CGROUP / "memory.stat").splitlines())
        left.append(int(limit) - int(used) + int(pages.get("inactive_file", 0)))
    return max(0, min(left)) if left else None


def used_memory() -> int:
    """Give how many bytes this process holds that cannot be given back; 0 where the system does not tell."""
    return _kilobytes(STATUS, "RssAnon:") or 0


def _kilobytes(path: Path, name: str) -> int | None:
    """Give the bytes of a line as in "MemAvailable:  12 kB"."""
    for line in _text(path).splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    return None


def _text(path: Path) -> str:
    """Give what a file of the system says; nothing where there is none."""
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
