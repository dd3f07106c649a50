"""Who runs the items of heavy stages on this machine, and what the machine has."""

from burnish.adapters.engines.local import Processes, Threads, bounded, limited
from burnish.adapters.engines.machine import available_memory, n_cores, used_memory

__all__ = ["Processes", "Threads", "available_memory", "bounded", "limited", "n_cores", "used_memory"]
