"""Where row-scoped arrays, and the locks of evaluation rows, are kept between runs."""

from burnish.adapters.stores.local import LocalStore
from burnish.adapters.stores.locks import LockStore
from burnish.adapters.stores.scratch import FolderScratch

__all__ = ["FolderScratch", "LocalStore", "LockStore"]
