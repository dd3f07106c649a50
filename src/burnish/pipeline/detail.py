"""Progress in detail: beside the step that runs, how many of its items are done, or that code is compiled."""

from typing import Any

from burnish.protocols import Progress

MANY_ITEMS = 16
"""Of fewer items nothing is said: they end soon, and another stage of the step follows."""


class Detailed:
    """Tells `watched` what it is told, and more of the step named last."""

    def __init__(self, watched: Progress) -> None:
        self._watched = watched
        self._step = ""

    def start(self, stage: str, total: int | None) -> None:
        """Begin a stage."""
        self._watched.start(stage, total)

    def advance(self, n: int = 1) -> None:
        """Say that `n` more units are done."""
        self._watched.advance(n)

    def tell(self, what: str) -> None:
        """Name the step that runs."""
        self._step = what
        self._watched.tell(what)

    def finish(self, **facts: Any) -> None:
        """End the stage."""
        self._watched.finish(**facts)

    def items(self, n_done: int, n_items: int) -> None:
        """Say how many items of a stage are done."""
        self._watched.tell(f"{self._step} {n_done}/{n_items}" if n_items >= MANY_ITEMS else self._step)

    def compiling(self) -> None:
        """Say that code is compiled, which happens once on a machine."""
        self._watched.tell(f"{self._step}, compiling once for this machine")

    def compiled(self) -> None:
        """Say that the step goes on."""
        self._watched.tell(self._step)
