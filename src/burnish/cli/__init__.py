"""The command line: parse, call the workspace, print. No logic."""

import importlib
import sys
from typing import NoReturn

from burnish.cli.interrupts import INTERRUPTS

__all__ = ["main"]


def main() -> NoReturn:
    """Run a command and leave with its exit code; all but this is imported late, when Ctrl+C is listened for."""
    with INTERRUPTS:
        sys.exit(importlib.import_module("burnish.cli.commands").run())
