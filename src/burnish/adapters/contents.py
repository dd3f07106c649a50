"""Contents: the files behind a model or a metric as a user names it, so that another content is another question."""

import hashlib
import os
import shlex
from importlib.util import find_spec
from itertools import pairwise

from burnish.adapters.importing import stand_here
from burnish.adapters.models.command import is_command

MOST_BYTES = 64_000_000
"""Of a larger file size and time stand for the content."""


def contents_of(named: object) -> dict[str, str]:
    """Give name → digest of the files that are named: by the words of a command, or as the module of a callable.

    A word is a path, `--option=PATH`, or a module after `-m`, from where the user stands; nothing that a file imports
    or reads is among them. Built-in names, and objects, have none.
    """
    if not isinstance(named, str):
        return {}
    if is_command(named):
        return {path: _digest(path) for path in _paths(named) if os.path.isfile(path)}  # noqa: PTH113 - takes any text
    module = named.rpartition(":")[0].rpartition(":")[2]
    path = _source(module)
    return {} if path is None else {module: _digest(path)}


def _paths(command: str) -> list[str]:
    words = shlex.split(command)
    modules = [f"{word.replace('.', '/')}.py" for flag, word in pairwise(words) if flag == "-m"]
    return [*words, *(word.partition("=")[2] for word in words), *modules]


def _source(module: str) -> str | None:
    stand_here()
    try:
        spec = find_spec(module) if module else None
    except (ImportError, AttributeError, SyntaxError, ValueError):
        return None  # what is wrong with it is told where it is imported
    return spec.origin if spec is not None and spec.has_location else None


def _digest(path: str) -> str:
    try:
        facts = os.stat(path)  # noqa: PTH116
        if facts.st_size > MOST_BYTES:
            return f"{facts.st_size} bytes of {facts.st_mtime_ns}"
        with open(path, "rb") as file:  # noqa: PTH123
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=8)).hexdigest()
    except OSError as error:
        return f"unread: {error.strerror}"
