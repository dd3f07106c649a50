"""Heavy stages as lists of items: who runs them, and where they leave what is too large to hand back.

A stage is a function over items, pure but for arrays that it reads from and leaves in a `Scratch`; what it
returns is small. So the same stage runs in one thread, in several, or in several processes, and one that was
interrupted goes on where it stopped.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Item = TypeVar("Item")
Result = TypeVar("Result")


class Engine(Protocol):
    """Runs the items of a stage."""

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """Give the result of each item, in their order; what an item raises is raised here."""
        ...


class Scratch(Protocol):
    """Keeps named arrays between the items of a stage."""

    def has(self, name: str) -> bool:
        """Tell whether the array was left, whole."""
        ...

    def put(self, name: str, array: NDArray[Any]) -> None:
        """Leave an array; it appears whole or not at all, and replaces one of that name."""
        ...

    def get(self, name: str) -> NDArray[Any]:
        """Give an array that was left, perhaps memory-mapped; not to be written to."""
        ...

    def drop(self, name: str) -> None:
        """Forget an array; nothing happens where there is none."""
        ...

    def clear(self, part: str = "") -> None:
        """Forget every array, or those whose names begin with `part` and a slash."""
        ...


class InTurn:
    """Runs one item after the other, where it stands."""

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """Give the results in order."""
        return [function(item) for item in items]


class Held:
    """Keeps arrays in memory, as they were left."""

    def __init__(self) -> None:
        self._arrays: dict[str, NDArray[Any]] = {}

    def has(self, name: str) -> bool:
        """Tell whether it is there."""
        return name in self._arrays

    def put(self, name: str, array: NDArray[Any]) -> None:
        """Keep a reference to the array."""
        self._arrays[name] = np.asarray(array)

    def get(self, name: str) -> NDArray[Any]:
        """Give the very array."""
        return self._arrays[name]

    def drop(self, name: str) -> None:
        """Let go of it."""
        self._arrays.pop(name, None)

    def clear(self, part: str = "") -> None:
        """Let go of all, or of a part."""
        for name in [name for name in self._arrays if not part or name.startswith(f"{part}/")]:
            del self._arrays[name]


@dataclass(frozen=True, eq=False)
class Within:
    """A part of a scratch, so that stages that use the same names do not meet."""

    whole: Scratch
    part: str

    def has(self, name: str) -> bool:
        """Tell whether it is there."""
        return self.whole.has(f"{self.part}/{name}")

    def put(self, name: str, array: NDArray[Any]) -> None:
        """Leave it in the part."""
        self.whole.put(f"{self.part}/{name}", array)

    def get(self, name: str) -> NDArray[Any]:
        """Give it from the part."""
        return self.whole.get(f"{self.part}/{name}")

    def drop(self, name: str) -> None:
        """Forget it in the part."""
        self.whole.drop(f"{self.part}/{name}")

    def clear(self, part: str = "") -> None:
        """Forget the part, or a part of it."""
        self.whole.clear(f"{self.part}/{part}" if part else self.part)


@dataclass(frozen=True, eq=False)
class Resources:
    """Who runs the items of heavy stages, and where they leave their arrays."""

    engine: Engine = field(default_factory=InTurn)
    scratch: Scratch = field(default_factory=Held)

    def within(self, part: str) -> "Resources":
        """Give the same engine with a part of the scratch to itself."""
        return Resources(self.engine, Within(self.scratch, part))
