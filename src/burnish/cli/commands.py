"""Every command with its options and example; the work is imported only when one runs."""

import sys
import traceback
from typing import Any

import click

from burnish.cli.history_commands import HISTORY_COMMANDS
from burnish.cli.interrupts import INTERRUPTS
from burnish.cli.late import CONTEXT, run_late
from burnish.cli.options import (
    common_options,
    config_option,
    field_options,
    gate_option,
    history_options,
    lint_options,
    markdown_option,
    model_options,
    retrains_option,
    run_options,
)
from burnish.errors import BurnishError

INTERRUPTED, WRONG_USAGE = 130, 3


@click.group(context_settings=CONTEXT)
@click.version_option(package_name="burnish")
def burnish() -> None:
    """Curate a data set, led by embeddings, and prove what each change did to the model.

    \b
    Start here:
      burnish demo
      burnish audit reviews.parquet --text text --label label
    """


@burnish.command(context_settings=CONTEXT)
@click.option("--out", default="burnish-out", metavar="DIR", show_default=True, help="Where the files go.")
@common_options
def demo(**options: Any) -> None:
    """Do the main job on a real data set that ships with the package.

    \b
    Example:
      burnish demo
    """
    run_late("demo", options)


@burnish.command(context_settings=CONTEXT)
@click.argument("source")
@field_options
@run_options
@history_options
@lint_options
@markdown_option
def audit(**options: Any) -> None:
    """Read, embed, understand and judge SOURCE; write a report. The rows are kept as a version, and not changed.

    SOURCE is Parquet, CSV, JSONL, Arrow, a folder of images, .npy or .npz embeddings, a glob of these, or a
    NAME@VERSION of the history.

    \b
    Examples:
      burnish audit reviews.parquet --text text --label label
      burnish audit photos/ --out photos-audit
      burnish audit vectors.npz --fail-on error
      burnish audit reviews@2
      burnish audit reviews.parquet --write-baseline known.json
      burnish audit reviews.parquet --baseline known.json --fail-on-new
    """
    run_late("audit", options)


@burnish.command(context_settings=CONTEXT)
@click.argument("source")
@field_options
@run_options
@model_options
@retrains_option
@gate_option
@history_options
@markdown_option
def curate(**options: Any) -> None:
    """Audit SOURCE, decide what to change, measure it, and write the new version if the verdict allows.

    Leaves with 0 when the new version is better or no worse, 1 when it is worse, 2 when inconclusive.

    \b
    Examples:
      burnish curate reviews.parquet --text text --label label --model sklearn.svm:LinearSVC
      burnish curate reviews.parquet --tag v2 --why "copies out, after the talk with Ana"
      burnish curate --config burnish.toml
    """
    run_late("curate", options)


@burnish.command(context_settings=CONTEXT)
@click.argument("source")
@click.option("--changeset", required=True, metavar="FILE", help="A changeset.json made for this version of SOURCE.")
@field_options
@run_options
@model_options
@retrains_option
@gate_option
@markdown_option
def measure(**options: Any) -> None:
    """Measure what a given changeset does to a model trained on SOURCE.

    \b
    Example:
      burnish measure reviews.parquet --label label --changeset burnish-out/changeset.json
    """
    run_late("measure", options)


@burnish.command(context_settings=CONTEXT)
@click.argument("a")
@click.argument("b")
@click.option("--source", metavar="SOURCE", help="A and B are models; both are trained on SOURCE.")
@field_options
@run_options
@model_options
@gate_option
@markdown_option
def compare(**options: Any) -> None:
    """Compare A with B: two prediction files, two versions of a data set, or two models on one.

    Prediction files hold a label and a prediction or probabilities, and are brought together by id. Versions are
    trained on by one recipe. The claim is "this fitted model is better"; leaves with 0 when B is better or no
    worse, 1 when it is worse or a slice fell by more than --max-slice-drop, 2 when inconclusive.

    \b
    Examples:
      burnish compare old.parquet new.parquet --id id --label label --prediction predicted
      burnish compare reviews@1 reviews@2 --out compared
      burnish compare probe sklearn.svm:LinearSVC --source reviews.parquet --label label
    """
    run_late("compare", options, "comparing")


@burnish.command(context_settings=CONTEXT)
@click.argument("source")
@click.option("--budget", required=True, type=float, metavar="N", help="Rows to keep, or a share such as 0.1.")
@click.option("--method", default="facility-location", metavar="NAME", show_default=True, help="How they are chosen.")
@click.option("--balance", metavar="F", help="Field whose values share the budget; '' for none. [default: the label]")
@click.option(
    "--weigh", default="quality", metavar="NAME", show_default=True,
    help="By what rows are trusted: quality of the label, value to other training rows, or none.",
)  # fmt: skip
@field_options
@run_options
@model_options
@retrains_option
def select(**options: Any) -> None:
    """Choose the best N training rows of SOURCE, and show them beside as many drawn at random.

    Methods: facility-location, stochastic, k-center, medoids, typicality, density, random.

    \b
    Example:
      burnish select reviews.parquet --label label --budget 0.1
    """
    run_late("select", options, "choosing")


@burnish.command(context_settings=CONTEXT)
@click.argument("source")
@click.option("--pool", required=True, metavar="POOL", help="The rows without a label, in the fields of SOURCE.")
@click.option("--budget", required=True, type=int, metavar="N", help="Rows to label next.")
@click.option("--min-gain", type=float, metavar="G", help="Stop when N labels are worth less. [default: 0.002]")
@field_options
@run_options
def acquire(**options: Any) -> None:
    """Choose the N rows of POOL to label next, and tell what their labels are expected to be worth.

    \b
    Example:
      burnish acquire reviews.parquet --pool unlabelled.parquet --label label --budget 500
    """
    run_late("acquire", options, "choosing")


@burnish.command(context_settings=CONTEXT)
@click.argument("version", required=False, metavar="[NAME[@VERSION]]")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=7077, metavar="N", show_default=True, help="0: any that is free."
)
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@click.option(
    "--compare-model",
    "compare_models",
    multiple=True,
    metavar="M",
    help="A model that the page may compare with the probe and --model; repeat it for more.",
)
@model_options
@retrains_option
@gate_option
@config_option
@common_options
def app(**options: Any) -> None:
    """Open the workspace as a page of this machine: look at the map, review, compare, make and measure versions.

    Nobody else can open it: it answers on 127.0.0.1 only, and only to who has the printed address. The flags about
    models say how what the page asks for is measured.

    \b
    Examples:
      burnish app
      burnish app reviews@2 --port 8080 --no-browser
    """
    run_late("app", options, "serving")


for _command in HISTORY_COMMANDS:
    burnish.add_command(_command)


def run() -> int:
    """Run a command; give its documented exit code, and never show a traceback unless --debug."""
    try:
        code = burnish.main(standalone_mode=False)
        INTERRUPTS.heed()
    except (KeyboardInterrupt, click.Abort):
        return _interrupted()
    except Exception as error:  # noqa: BLE001 - the one last resort: no traceback reaches a user
        return _interrupted() if INTERRUPTS.seen else _failed(error)
    return code if isinstance(code, int) else 0


def _interrupted() -> int:
    _say("interrupted; nothing was half-written.", "Run the same command again: embeddings made so far are kept.")
    return INTERRUPTED


def _failed(error: Exception) -> int:
    if isinstance(error, click.ClickException):
        many = "extra argument" in error.format_message()
        remedy = "Name one source; quote a pattern, as in 'photos/*.jpg'." if many else "See burnish --help."
        _say(error.format_message().split("(")[0].strip() if many else error.format_message(), remedy)
        return WRONG_USAGE
    if "--debug" in sys.argv:
        traceback.print_exception(error)
    if isinstance(error, BurnishError):
        _say(str(error.args[0]), error.remedy)
        return error.exit_code
    if isinstance(error, MemoryError):
        _say("there is not enough memory for this source.", "Audit a part of it, or use a machine with more memory.")
    else:
        _say(
            f"internal error: {type(error).__name__}: {error}.",
            "This is a fault of burnish. Please report it; --debug shows where.",
        )
    return WRONG_USAGE


def _say(problem: str, remedy: str) -> None:
    click.echo(f"burnish: {problem}\n  → {remedy}", err=True)
