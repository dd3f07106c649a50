"""Where row-scoped arrays, and the locks of evaluation rows, are kept between runs."""

from burnish.adapters.stores.history import HistoryStore
from burnish.adapters.stores.local import LocalStore
from burnish.adapters.stores.locks import LockStore
from burnish.adapters.stores.scratch import FolderScratch, SealedScratch

__all__ = ["FolderScratch", "HistoryStore", "LocalStore", "LockStore", "SealedScratch"]
