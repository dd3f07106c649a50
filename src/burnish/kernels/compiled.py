"""Compiled kernels: loops that numpy cannot say, as machine code that is made once a machine and kept."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(*assuming: str) -> Callable[[Function], Function]:
    """Compile at the first call, keep the code on disk, and let other threads run meanwhile.

    `assuming`: LLVM's fast-math flags, as "reassoc" for sums in any order and "nnan" for "no NaN comes in".
    A division by zero gives inf or NaN as in numpy, and an integer wraps around. Where no folder can be
    written the code is made anew in each process.
    """

    def decorate(function: Function) -> Function:
        options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": set(assuming)}
        try:
            return cast("Function", numba.njit(cache=True, **options)(function))
        except RuntimeError:  # numba found no folder to keep the code in
            return cast("Function", numba.njit(**options)(function))

    return decorate
