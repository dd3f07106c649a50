"""Interrupts: Ctrl+C ends a command, also where the exception that it raises is lost.

Python drops what is raised in a destructor, in a function that C calls and in the callback of a weak reference, which
every import has; and libraries have handlers that catch anything. The command would then go on, and end well.
"""

import signal
import sys
from types import FrameType, TracebackType


class Interrupts:
    """Remembers that Ctrl+C came. Use as a context manager, around all that a command does."""

    def __init__(self) -> None:
        self.seen = False

    def __enter__(self) -> "Interrupts":
        self.seen = False
        self._handler, self._hook = signal.getsignal(signal.SIGINT), sys.unraisablehook
        sys.unraisablehook = self._drop
        if self._handler is signal.default_int_handler:  # a command in the background may be told to ignore it
            signal.signal(signal.SIGINT, self._raise)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        sys.unraisablehook = self._hook
        if self._handler is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._handler)

    def heed(self) -> None:
        """Raise KeyboardInterrupt where it should have been raised before."""
        if self.seen:
            raise KeyboardInterrupt

    def _raise(self, number: int, frame: FrameType | None) -> None:
        self.seen = True
        signal.default_int_handler(number, frame)

    def _drop(self, told: "sys.UnraisableHookArgs") -> None:
        if told.exc_type is KeyboardInterrupt:
            self.seen = True
        else:
            self._hook(told)


INTERRUPTS = Interrupts()
