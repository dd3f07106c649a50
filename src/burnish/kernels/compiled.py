"""Compiled kernels: loops that numpy cannot say, as machine code that is made once a machine and kept."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import numba
from numba.core import event

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


@contextmanager
def told_of_compiling(begun: Callable[[], None], ended: Callable[[], None]) -> Iterator[None]:
    """Call `begun` when a kernel begins to be compiled, which takes seconds, and `ended` when it is done."""
    listener = _Compiling(begun, ended)
    event.register("numba:compile", listener)
    try:
        yield
    finally:
        event.unregister("numba:compile", listener)


class _Compiling(event.Listener):  # type: ignore[misc]  # numba has no types
    """Hears of the outermost function only: it compiles those that it calls. The compiler has one thread at a time."""

    def __init__(self, begun: Callable[[], None], ended: Callable[[], None]) -> None:
        self._begun, self._ended = begun, ended
        self._depth = 0

    def on_start(self, event: object) -> None:
        del event
        self._depth += 1
        if self._depth == 1:
            self._begun()

    def on_end(self, event: object) -> None:
        del event
        self._depth -= 1
        if self._depth == 0:
            self._ended()
