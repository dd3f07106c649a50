"""Run the work of a command, which is imported only then: it takes a second, and `--help` must not."""

import importlib
from typing import Any

import click

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


def run_late(command: str, options: dict[str, Any], module: str = "running") -> None:
    """Call the function of this name in a module of `burnish.cli`; leave with the code that it gives."""
    running = importlib.import_module(f"burnish.cli.{module}")
    code = getattr(running, command)(**{k: v for k, v in options.items() if k != "debug"})
    if code:
        raise click.exceptions.Exit(code)
