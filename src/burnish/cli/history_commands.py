"""The commands of the history with their options and examples."""
# ruff: noqa: D301 - click reads \b in a docstring

from typing import Any

import click

from burnish.cli.late import CONTEXT, run_late
from burnish.cli.options import common_options, evidence_options

FORMS = ("parquet", "csv", "jsonl", "datasets", "croissant", "label-studio", "review-csv")


@click.command(context_settings=CONTEXT)
@click.argument("name", required=False)
@common_options
def versions(**options: Any) -> None:
    """List the versions of NAME, or of every data set: who made each when, from which, and what that did.

    \b
    Examples:
      burnish versions
      burnish versions reviews
    """
    run_late("versions", options, "versions")


@click.command(context_settings=CONTEXT)
@click.argument("name", required=False, metavar="[NAME[@VERSION]]")
@common_options
def log(**options: Any) -> None:
    """Tell of each version, newest first: when, who, what by which code, why, and the measured effect.

    \b
    Examples:
      burnish log reviews
      burnish log reviews@2
    """
    run_late("log", options, "versions")


@click.command(context_settings=CONTEXT)
@click.argument("a")
@click.argument("b")
@click.option("--html", metavar="FILE", help="Write it as one HTML page too.")
@common_options
def diff(**options: Any) -> None:
    """Tell what lies between the versions A and B: rows, fields, clusters, findings, effect on the model.

    A version is NAME (the newest), NAME@NUMBER, NAME@TAG or NAME@HASH.

    \b
    Examples:
      burnish diff reviews@1 reviews@2
      burnish diff reviews@1 reviews --html diff.html
    """
    run_late("diff", options, "versions")


@click.command(context_settings=CONTEXT)
@click.argument("version", metavar="NAME@VERSION")
@click.argument("tag")
@click.option("--delete", is_flag=True, help="Take the tag away; the version stays.")
@common_options
def tag(**options: Any) -> None:
    """Give a version a name of its own, by which every command finds it.

    \b
    Examples:
      burnish tag reviews@2 v2
      burnish tag reviews@2 v2 --delete
    """
    run_late("tag", options, "versions")


@click.command(context_settings=CONTEXT)
@click.argument("version", metavar="NAME@VERSION")
@click.option("--row", "rows", multiple=True, metavar="ID", help="Only the edits of this row. Repeatable.")
@click.option("--code", "codes", multiple=True, metavar="CODE", help="Only the edits of this code. Repeatable.")
@click.option("--why", metavar="TEXT", help="The reason that the history tells.")
@click.option("--tag", metavar="TAG", help="A name for the new version.")
@common_options
def undo(**options: Any) -> None:
    """Take back what NAME@VERSION changed, or some of it, as a new version.

    Nothing is lost: an undo can be undone. Rows that a later version changed too stay as they are, and are told.

    \b
    Examples:
      burnish undo reviews@2
      burnish undo reviews@2 --code DUP002 --why "near copies are wanted"
      burnish undo reviews@2 --row r17 --row r18
    """
    run_late("undo", options, "versions")


@click.command(context_settings=CONTEXT)
@click.argument("row_id")
@click.argument("name", required=False)
@common_options
def why(**options: Any) -> None:
    """Tell the whole story of a row: when it came, every edit with its reason, who decided, what that did.

    NAME may be left out when only one data set has the row.

    \b
    Example:
      burnish why r17 reviews
    """
    run_late("why", options, "versions")


@click.command(context_settings=CONTEXT)
@click.option("--html", metavar="FILE", help="Write it as one HTML page too.")
@click.option("--describe", nargs=2, multiple=True, metavar="NAME TEXT", help="Say what a data set is. Repeatable.")
@click.option("--owner", nargs=2, multiple=True, metavar="NAME OWNER", help="Say whose it is. Repeatable.")
@common_options
def catalog(**options: Any) -> None:
    """List every data set of the workspace: description, owner, source, fields, size, last verdict, lineage.

    \b
    Examples:
      burnish catalog --html catalog.html
      burnish catalog --describe reviews "shop reviews of 2024, English" --owner reviews "Ana"
    """
    run_late("catalog", options, "versions")


@click.command(context_settings=CONTEXT)
@click.argument("version", metavar="NAME@VERSION")
@click.option("--to", "form", required=True, type=click.Choice(FORMS), help="The form.")
@click.option("--out", required=True, metavar="DIR", help="Where the files go.")
@evidence_options
@common_options
def export(**options: Any) -> None:
    """Write a version in a form that other tools read, or the rows in doubt as a list for people to review.

    The two lists of rows to review, label-studio and review-csv, need an audit: one with the same flags is found
    kept, else it is made. review-csv is safe to open in a spreadsheet; csv holds texts as they are, and a spreadsheet
    would run one that begins with "=".

    \b
    Examples:
      burnish export reviews@2 --to parquet --out reviews-2
      burnish export reviews@2 --to label-studio --out review
    """
    run_late("export", options, "exporting")


@click.command("import-labels", context_settings=CONTEXT)
@click.argument("file")
@click.option("--source", required=True, metavar="NAME@VERSION", help="The version that the answers are for.")
@click.option("--skip-refused", is_flag=True, help="Take the answers that can be used, and list the others.")
@click.option("--new-labels", is_flag=True, help="Accept labels that no row has yet.")
@click.option("--why", metavar="TEXT", help="The reason that the history tells.")
@click.option("--tag", metavar="TAG", help="A name for the new version.")
@common_options
def import_labels(**options: Any) -> None:
    """Take the answers of people from FILE as a new version, each row as most of them say.

    FILE is Label Studio's JSON or JSON-MIN export, or the filled review.csv.

    \b
    Examples:
      burnish import-labels review/answers.json --source reviews@2
      burnish import-labels review/review.csv --source reviews@2 --skip-refused --tag reviewed
    """
    run_late("import_labels", options, "exporting")


@click.command(context_settings=CONTEXT)
@click.option("--repair", is_flag=True, help="Remove the damaged files that the next audit makes again.")
@common_options
def verify(**options: Any) -> None:
    """Look at every file of the workspace; leave with 1 when one is damaged that cannot be made again.

    \b
    Example:
      burnish verify --workspace .burnish
    """
    run_late("verify", options, "upkeep")


@click.command(context_settings=CONTEXT)
@click.option("--dry-run", is_flag=True, help="Tell what would be freed, and free nothing.")
@common_options
def gc(**options: Any) -> None:
    """Free what no version needs: interrupted writes, vectors of rows that are in no version, evidence.

    Evidence of the newest version and of those with a tag stays; any other is made again when it is asked for.

    \b
    Example:
      burnish gc --dry-run
    """
    run_late("gc", options, "upkeep")


HISTORY_COMMANDS = (versions, log, diff, tag, undo, why, catalog, export, import_labels, verify, gc)
