"""Folders that may only be read, also by root: the process gives up the capability by which permissions do not bind."""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

VERSION_3 = 0x20080522
DAC_OVERRIDE = 1 << 1
EFFECTIVE, N_WORDS = 0, 6
"""Two times the capabilities that are effective, permitted and inheritable; the first 32 of them come first."""


@contextmanager
def only_read(folder: Path) -> Iterator[None]:
    """Let nothing in a folder be written, by this thread and those that it starts."""
    modes = {path: path.stat().st_mode for path in (folder, *folder.rglob("*"))}
    for path, mode in modes.items():
        path.chmod(mode & ~0o222)
    try:
        with bound():
            if os.access(folder, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
                pytest.skip("nothing binds who runs the tests: neither permissions nor capabilities")
            yield
    finally:
        for path, mode in modes.items():
            path.chmod(mode)


@contextmanager
def bound() -> Iterator[None]:
    """Be bound by permissions; they bind everybody but root, who is set free again in the end."""
    if sys.platform != "linux" or os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header, before = (ctypes.c_uint32 * 2)(VERSION_3, 0), (ctypes.c_uint32 * N_WORDS)()
    libc.capget(header, before)
    bound = (ctypes.c_uint32 * N_WORDS)(*before)
    bound[EFFECTIVE] &= ~DAC_OVERRIDE
    libc.capset(header, bound)
    try:
        yield
    finally:
        libc.capset(header, before)
