"""Read rows from the outside world: files, folders, tables and arrays in memory."""

from burnish.adapters.sources.opened import Given, Guess
from burnish.adapters.sources.reading import GivenSource, read_source

__all__ = ["Given", "GivenSource", "Guess", "read_source"]
