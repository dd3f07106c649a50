"""Single files that a flag names: read, or written whole or not at all."""

import json
from pathlib import Path
from typing import Any

from burnish.adapters.sinks import FolderSink
from burnish.errors import InputError, OutputError


def read_json(path: str, *, what: str, remedy: str) -> Any:
    """Read a JSON file; raises InputError when it is not there or none."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"there is no {what} {path}.", remedy=remedy) from error
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{path} cannot be read as JSON: {error}.", remedy=remedy) from error


def refuse_no_place(path: str | None) -> None:
    """Raise OutputError for a file that could not be written, before any work is lost on it."""
    if path is not None and (Path(path).is_dir() or not Path(path).absolute().parent.is_dir()):
        raise OutputError(f"{path!r} cannot be written as a file.", remedy="Name a file in a folder that is there.")


def write_text(path: str, text: str) -> None:
    """Write one file, whole or not at all."""
    FolderSink(Path(path).parent).write({Path(path).name: text})
