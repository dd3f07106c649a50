"""The options that commands share, and how `burnish.toml` fills them."""

import difflib
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

FIELD_OPTIONS = (
    ("--text", "field that holds text"),
    ("--image", "field that holds images, as bytes or as paths"),
    ("--embedding", "field that holds vectors"),
    ("--label", "field that holds the label"),
    ("--split", "field that tells train from test"),
    ("--id", "field that names a row for good"),
    ("--group", "field whose rows must stay on one side of a split"),
    ("--time", "field that tells when"),
    ("--prediction", "field that holds a model's prediction"),
    ("--proba", "field that holds out-of-sample probabilities, one list a row"),
)
FIELD_ROLES = tuple(flag.removeprefix("--") for flag, _ in FIELD_OPTIONS)


def field_options(command: Command) -> Command:
    """Add the flags that name fields."""
    command = click.option(
        "--meta", multiple=True, metavar="F", help="Field to slice by. [default: every other scalar]"
    )(command)
    for flag, text in reversed(FIELD_OPTIONS):
        command = click.option(flag, metavar="F", help=f"The {text}.")(command)
    return command


def run_options(command: Command) -> Command:
    """Add the flags of every command that works on a source."""
    for option in reversed(
        (
            click.option("--embedder", metavar="NAME[:MODEL]", help="How rows become vectors. [default: by kind]"),
            click.option("--eval-split", metavar="NAME", help="Locked rows. [default: test, else 20 % drawn]"),
            click.option("--keep-by", metavar="F", help="Of copies keep its largest value. [default: most central]"),
            click.option(
                "--recall", type=float, metavar="R",
                help="Share of true neighbors to find beyond 10,000 rows; 1: every pair. [default: 0.98]",
            ),
            click.option("--out", default="burnish-out", metavar="DIR", show_default=True, help="Where the files go."),
            click.option(
                "--config", type=click.Path(exists=True, dir_okay=False), is_eager=True, expose_value=False,
                callback=_read_config, metavar="FILE",
                help="A burnish.toml; its [burnish] table holds any of these flags.",
            ),
        )
    ):  # fmt: skip
        command = option(command)
    return common_options(command)


def model_options(command: Command) -> Command:
    """Add the flags of every command that measures."""
    command = click.option("--metric", default="accuracy", metavar="NAME", show_default=True, help="What is measured.")(
        command
    )
    return click.option(
        "--model", default="probe", metavar="NAME", show_default=True, help="probe, or module:callable."
    )(command)


def common_options(command: Command) -> Command:
    """Add the flags that every command has."""
    for option in reversed(
        (
            click.option("--threads", type=int, metavar="N", help="Threads at a time. [default: every core]"),
            click.option("--max-memory", metavar="SIZE", help="As in 6GiB. [default: what is free]"),
            click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout and nothing else."),
            click.option("--seed", default=0, show_default=True, help="The only source of chance."),
            click.option(
                "--workspace", default=".burnish", metavar="DIR", show_default=True, help="Where embeddings are kept."
            ),
            click.option("--debug", is_flag=True, help="Show the traceback of an error."),
        )
    ):
        command = option(command)
    return command


def _read_config(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    """Make the values of the file the defaults; a flag that is given wins."""
    del parameter
    if value is None:
        return
    try:
        document = tomllib.loads(Path(value).read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{value} is not TOML: {error}. Mend the file.") from error
    names = {p.name: p for p in context.command.params if p.name}
    flags = {flag.removeprefix("--"): name for name, p in names.items() for flag in p.opts}
    defaults: dict[str, Any] = {}
    for key, setting in document.get("burnish", {}).items():
        if key not in flags:
            near = difflib.get_close_matches(key, flags, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(sorted(flags))}."
            raise click.UsageError(f"{value} has an unknown key {key!r}. {hint}")
        defaults[flags[key]] = setting
    context.default_map = {**(context.default_map or {}), **defaults}
