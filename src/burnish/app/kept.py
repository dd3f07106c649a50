"""Kept: what was made of a version that is open, made once and let go with it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from burnish.app.opened import Opened

T = TypeVar("T")


@dataclass
class _Place(Generic[T]):
    """Room for one value; `making` is held while it is made."""

    made: list[T] = field(default_factory=list)
    making: Lock = field(default_factory=Lock)


class PerVersion(Generic[T]):
    """One value for each version that is open; whoever asks for one that is being made waits, and nobody else."""

    def __init__(self) -> None:
        self._made: WeakKeyDictionary[Opened, _Place[T]] = WeakKeyDictionary()
        self._looking = Lock()

    def of(self, opened: Opened, make: Callable[[], T]) -> T:
        """Give the value of a version. `make` must not hold the version itself, or neither is ever let go."""
        with self._looking:
            place = self._made.setdefault(opened, _Place())
        with place.making:
            if not place.made:
                place.made.append(make())
            return place.made[0]
