"""Progress bars on stderr, with rate and time left; silent when stderr is not a terminal."""

from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from burnish.cli.interrupts import INTERRUPTS


class _Rate(ProgressColumn):
    """Units a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if not speed else f"{speed:,.0f}/s" if speed >= 10 else f"{speed:.1f}/s", style="dim")


class Bars:
    """One bar a stage. Use as a context manager, so that the terminal is left clean when interrupted."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._bars = Progress(
            TextColumn("{task.description:<20}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn(),
            console=console, transient=True, disable=not console.is_terminal,
        )  # fmt: skip
        self._task: TaskID | None = None

    def __enter__(self) -> "Bars":
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._bars.stop()
        if kind is None:
            INTERRUPTS.heed()

    def start(self, stage: str, total: int | None) -> None:
        """Begin a stage of `total` units; one without any shows no bar."""
        INTERRUPTS.heed()
        self._task = None if total == 0 else self._bars.add_task(stage, total=total)

    def advance(self, n: int = 1) -> None:
        """Say that `n` more units are done."""
        INTERRUPTS.heed()
        if self._task is not None:
            self._bars.advance(self._task, n)

    def tell(self, what: str) -> None:
        """Name what the stage is working on, beside its bar."""
        if self._task is not None:
            stage = self._bars.tasks[self._task].description.partition(":")[0]
            self._bars.update(self._task, description=f"{stage}: {what}")

    def finish(self, **facts: Any) -> None:
        """End the stage."""
        del facts
        if self._task is not None:
            self._bars.update(self._task, completed=self._bars.tasks[self._task].total)
        self._task = None
