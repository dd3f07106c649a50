"""Read rows from the outside world: files, folders, tables and arrays in memory."""

from burnish.adapters.sources.opened import Given, Guess
from burnish.adapters.sources.reading import read_source

__all__ = ["Given", "Guess", "read_source"]
