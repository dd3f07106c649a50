"""Where row-scoped arrays are kept between runs."""

from burnish.adapters.stores.local import LocalStore
from burnish.adapters.stores.scratch import FolderScratch

__all__ = ["FolderScratch", "LocalStore"]
