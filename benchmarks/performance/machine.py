"""What the machine is that a run was measured on, read from the machine."""

import datetime as dt
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np  # noqa: F401  loads the linear algebra that is asked about
from threadpoolctl import threadpool_info

PACKAGES = (
    "numpy", "scipy", "numba", "scikit-learn", "faiss-cpu", "usearch", "hnswlib", "pynndescent", "evoc", "umap-learn",
    "fast-hdbscan", "superkmeans", "semhash", "rensa", "cleanlab",
)  # fmt: skip


def facts() -> dict[str, Any]:
    """Give what times depend on."""
    return {
        "processor": _after("/proc/cpuinfo", "model name") or platform.processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(int((_after("/proc/meminfo", "MemTotal") or "0 kB").split()[0]) / 2**20, 1),
        "vector_extensions": [name for name in ("avx2", "avx512f", "avx512_vnni") if name in _flags()],
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "linear_algebra": sorted({_library(each) for each in threadpool_info() if each["user_api"] == "blas"}),
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
    }


def described(known: dict[str, Any]) -> str:
    """Give the facts as a paragraph."""
    packages = ", ".join(f"{name} {number}" for name, number in known["packages"].items())
    return (
        f"Last measured {known['date']} on {known['processor']}, {known['cores']} cores "
        f"({', '.join(known['vector_extensions']) or 'no AVX2'}), {known['memory_gib']} GiB, {known['system']}, "
        f"Python {known['python']}; {'; '.join(known['linear_algebra'])}.\nPackages: {packages}."
    )


def _library(each: dict[str, Any]) -> str:
    return f"{each['internal_api']} {each['version']} ({each.get('architecture', 'unknown')} kernels)"


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _after(path: str, name: str) -> str | None:
    """Give what stands after the colon in the first line of a file that begins with the name."""
    if not Path(path).exists():
        return None
    lines = Path(path).read_text(encoding="ascii", errors="replace").splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(name)), None)


def _flags() -> list[str]:
    return (_after("/proc/cpuinfo", "flags") or "").split()
