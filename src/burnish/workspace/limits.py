"""Limits: what a run may use."""

from dataclasses import dataclass

from burnish.adapters.engines import available_memory, n_cores, used_memory
from burnish.errors import UsageError
from burnish.kernels.neighbors import RECALL
from burnish.pipeline.memory import parse_size


@dataclass(frozen=True)
class Limits:
    """What a run may use, and how exact its search for neighbors has to be.

    `threads`: None for every core of this machine. `recall`: the share of true neighbors; 1 compares every
    pair. `max_memory`: bytes, or as in "6GiB"; None for what the machine has left. Raises UsageError.
    """

    threads: int | None = None
    recall: float = RECALL
    max_memory: int | str | None = None

    def __post_init__(self) -> None:
        if self.threads is not None and self.threads < 1:
            raise UsageError(f"threads is {self.threads}.", remedy="Allow at least 1 thread.")
        if not 0 < self.recall <= 1:
            raise UsageError(f"recall is {self.recall}.", remedy="Ask for a share above 0 and up to 1.")
        if self.max_memory is not None:
            parse_size(self.max_memory)

    @property
    def n_threads(self) -> int:
        """How many threads may run at a time."""
        return self.threads or n_cores()

    @property
    def memory(self) -> int | None:
        """How many more bytes may be used than are; None where neither the user nor the system says."""
        if self.max_memory is None:
            return available_memory()
        return max(0, parse_size(self.max_memory) - used_memory())
