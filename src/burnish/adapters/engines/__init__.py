"""Who runs the items of heavy stages on this machine."""

from burnish.adapters.engines.local import Processes, Threads

__all__ = ["Processes", "Threads"]
