"""The command line: parse, call the workspace, print. No logic."""

from burnish.cli.commands import main

__all__ = ["main"]
