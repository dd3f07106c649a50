"""Addresses: where the pages of the app are."""

from urllib.parse import urlencode

PAGES = ("/", "/map", "/findings", "/slices", "/compare", "/versions")


def page(path: str, **parameters: str) -> str:
    """Give the address of one of PAGES with what it is to show."""
    return f"{path}?{urlencode(parameters)}"
