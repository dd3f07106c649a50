"""Where row-scoped arrays are kept between runs."""

from burnish.adapters.stores.local import LocalStore

__all__ = ["LocalStore"]
