"""The options that commands share, and how `burnish.toml` fills them."""

import importlib
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from burnish.errors import InputError

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
NOT_SET_BY_RECIPE = frozenset({"config", "debug", "write_baseline"})
FIELD_ROLES = tuple(flag.removeprefix("--") for flag, _ in FIELD_OPTIONS)


def field_options(command: Command) -> Command:
    """Add the flags that name fields."""
    command = click.option(
        "--meta", multiple=True, metavar="F", help="Field to slice by. [default: every other scalar]"
    )(command)
    for flag, text in reversed(FIELD_OPTIONS):
        command = click.option(flag, metavar="F", help=f"The {text}.")(command)
    return command


def evidence_options(command: Command) -> Command:
    """Add the flags that evidence depends on: with the same ones an audit of the same rows finds it kept."""
    for option in reversed(
        (
            click.option("--embedder", metavar="NAME[:MODEL]", help="How rows become vectors. [default: by kind]"),
            click.option("--eval-split", metavar="NAME", help="Locked rows. [default: test, else 20 % drawn]"),
            click.option("--keep-by", metavar="F", help="Of copies keep its largest value. [default: most central]"),
            click.option(
                "--recall", type=float, metavar="R",
                help="Share of true neighbors to find beyond 10,000 rows; 1: every pair. [default: 0.98]",
            ),
        )
    ):  # fmt: skip
        command = option(command)
    return command


def run_options(command: Command) -> Command:
    """Add the flags of every command that works on a source."""
    for option in reversed(
        (
            click.option(
                "--min-precision", type=click.FloatRange(0, 1, min_open=True, max_open=True), metavar="P",
                help="Set thresholds so that planted defects tell this precision, as in 0.9.",
            ),
            click.option("--relock", is_flag=True, help="Accept the evaluation rows as they are now, and lock them."),
            click.option("--out", default="burnish-out", metavar="DIR", show_default=True, help="Where the files go."),
        )
    ):  # fmt: skip
        command = option(command)
    return common_options(evidence_options(config_option(command)))


def config_option(command: Command) -> Command:
    """Add the flag of every command that takes its flags from a file too."""
    return click.option(
        "--config", "recipe", type=click.Path(exists=True, dir_okay=False), is_eager=True, callback=_read_recipe,
        metavar="FILE", help="A burnish.toml: SOURCE, any of these flags, checks, policy, gates.",
    )(command)  # fmt: skip


def history_options(command: Command) -> Command:
    """Add the flags of every command that writes a version of its source down."""
    for option in reversed(
        (
            click.option("--name", metavar="NAME", help="What the history calls the data set. [default: as SOURCE]"),
            click.option("--tag", metavar="TAG", help="A name for the version: the new one, else the audited one."),
            click.option("--why", metavar="TEXT", help="The reason that the history tells. [of curate: the verdict]"),
            click.option(
                "--by-reference", is_flag=True,
                help="Keep fingerprints, not rows: they are read from SOURCE again when they are needed.",
            ),
        )
    ):  # fmt: skip
        command = option(command)
    return command


def markdown_option(command: Command) -> Command:
    """Add the flag of every command that has a summary for a pull request."""
    return click.option("--markdown", metavar="FILE", help="Write a summary in Markdown too, for a pull request.")(
        command
    )


def lint_options(command: Command) -> Command:
    """Add the flags that make an audit a gate."""
    for option in reversed(
        (
            click.option(
                "--fail-on", type=click.Choice(["info", "warning", "error"]),
                help="Leave with 1 if a finding is this severe.",
            ),
            click.option("--baseline", metavar="FILE", help="Known findings; tell the new ones from them."),
            click.option(
                "--fail-on-new", is_flag=True,
                help="Only findings that the baseline has not count for --fail-on. [default there: warning]",
            ),
            click.option("--write-baseline", metavar="FILE", help="Accept every finding: write them, leave with 0."),
        )
    ):  # fmt: skip
        command = option(command)
    return command


def model_options(command: Command) -> Command:
    """Add the flags of every command that trains a model: which one, what is measured, and when a lift counts."""
    for option in reversed(
        (
            click.option(
                "--model", default="probe", metavar="NAME", show_default=True,
                help="probe, module:callable (fields: or both: before it for the given fields), or a command with "
                "{train} {eval} {out} {seed}.",
            ),
            click.option(
                "--timeout-seconds", type=click.FloatRange(0, min_open=True), metavar="S",
                help="How long one training of a command may take. [default: 3600]",
            ),
            click.option("--metric", metavar="NAME", help="As in macro_f1, log_loss, auroc. [default: by task]"),
            click.option(
                "--margin", type=click.FloatRange(min=0), metavar="M",
                help="What a lift has to clear, in units of the metric. [default: half a point]",
            ),
        )
    ):  # fmt: skip
        command = option(command)
    return command


def retrains_option(command: Command) -> Command:
    """Add the flag of every command that judges data, not one fitted model."""
    return click.option("--retrains", type=int, metavar="N", help="Draws that every arm learns from. [default: 10]")(
        command
    )


def gate_option(command: Command) -> Command:
    """Add the flag of every command whose exit code depends on slices."""
    return click.option(
        "--max-slice-drop", type=click.FloatRange(0, 1, min_open=True), metavar="D",
        help="By how much no slice may fall, else the exit code is 1. [default: 0.05]",
    )(command)  # fmt: skip


def common_options(command: Command) -> Command:
    """Add the flags that every command has."""
    for option in reversed(
        (
            click.option("--threads", type=int, metavar="N", help="Threads at a time. [default: every core]"),
            click.option("--max-memory", metavar="SIZE", help="As in 6GiB. [default: what is free]"),
            click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout and nothing else."),
            click.option("--seed", default=0, show_default=True, help="The only source of chance."),
            click.option(
                "--workspace",
                default=".burnish",
                metavar="DIR",
                show_default=True,
                help="Where versions and embeddings are kept.",
            ),
            click.option("--debug", is_flag=True, help="Show the traceback of an error."),
        )
    ):  # fmt: skip
        command = option(command)
    return command


def _read_recipe(context: click.Context, parameter: click.Parameter, value: str | None) -> Any:
    """Give the recipe of the file and make its flags the defaults; a flag that is given wins."""
    del parameter
    if value is None:
        return None
    try:
        document = tomllib.loads(Path(value).read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{value} cannot be read as TOML: {error}.", remedy="Mend the file.") from error
    settable = _settable(context.find_root().command)
    recipes = importlib.import_module("burnish.pipeline.recipe")  # late: it takes a second, and `--help` must not
    recipe = recipes.Recipe.of(document, flags={key: _type(p) for key, p in settable.items()}, name=value)
    context.default_map = {str(settable[key].name): flag for key, flag in recipe.flags.items()}
    return recipe


def _settable(program: click.Command) -> dict[str, click.Parameter]:
    """Give what a recipe may set: the parameters of every command that takes one, as each is spelt in the file."""
    commands = program.commands.values() if isinstance(program, click.Group) else [program]
    parameters = [p for command in commands if _takes_recipe(command) for p in command.params]
    spelt = {p.opts[0].removeprefix("--").replace("-", "_"): p for p in parameters}
    return {key: p for key, p in spelt.items() if key not in NOT_SET_BY_RECIPE}


def _takes_recipe(command: click.Command) -> bool:
    return any(p.name == "recipe" for p in command.params)


def _type(parameter: click.Parameter) -> type:
    if parameter.multiple:
        return tuple
    types = {click.types.BoolParamType: bool, click.types.IntParamType: int, click.types.FloatParamType: float}
    return next((plain for its, plain in types.items() if isinstance(parameter.type, its)), str)
