"""Kept: what was made of a version that is open, made once and let go with it."""

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from burnish.app.opened import Opened

T = TypeVar("T")


class PerVersion(Generic[T]):
    """One value for each version that is open; whoever asks while it is made waits."""

    def __init__(self) -> None:
        self._made: WeakKeyDictionary[Opened, T] = WeakKeyDictionary()
        self._making = Lock()

    def of(self, opened: Opened, make: Callable[[], T]) -> T:
        """Give the value of a version. `make` must not hold the version itself, or neither is ever let go."""
        with self._making:
            if opened not in self._made:
                self._made[opened] = make()
            return self._made[opened]
