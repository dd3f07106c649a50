"""Importing what a user names as `module:callable`, from where the user stands too, as `python -m` does."""

import importlib
import sys
from pathlib import Path
from typing import Any

from burnish.errors import UsageError


def imported(name: str, *, what: str) -> Any:
    """Give the attribute that `module:attribute` names; raises UsageError when there is none."""
    module, _, attribute = name.partition(":")
    stand_here()
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, SyntaxError, ValueError) as error:  # ValueError: an empty module name
        raise UsageError(
            f"{what} cannot be imported: {error}.",
            remedy="It is module:callable, importable from where you stand, as in sklearn.svm:SVC.",
        ) from error


def stand_here() -> None:
    """Let modules be found where the user stands."""
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)
