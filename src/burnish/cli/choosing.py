"""`select` and `acquire`: which rows to keep under a budget, and which to label next."""

from typing import Any

from rich.console import Console
from rich.markup import escape

from burnish.cli.options import FIELD_ROLES
from burnish.cli.progress import Bars
from burnish.cli.running import audited_source, experiment_of, print_json, workspace_of
from burnish.cli.terminal import show_reading, show_selection
from burnish.dataset import Evaluation
from burnish.pipeline.acquiring import Acquisition
from burnish.protocols import Silent
from burnish.publishing import publish_acquisition, publish_selection
from burnish.reports.markup import clean
from burnish.reports.numbers import lift_words
from burnish.workspace import Budget, Wish

CLUSTERS_SHOWN = 5
VERDICT_BESIDE_RANDOM = {
    "better": "Better than as many rows drawn at random",
    "no worse": "No worse than as many rows drawn at random",
    "worse": "Worse than as many rows drawn at random",
    "inconclusive": "Inconclusive beside as many rows drawn at random",
}
STOP_RULE = {
    "stop": "even the upper bound of what these labels are worth on average is below --min-gain",
    "go on": "these labels are worth more than --min-gain on average",
    "not yet known": "the curve cannot tell yet whether these labels are worth more than --min-gain",
}


def select(*, source: str, out: str, as_json: bool, **options: Any) -> int:
    """Choose rows, measure them beside as many drawn at random, and write both."""
    experiment = experiment_of(options)
    budget = Budget(options["budget"], options["method"], options["balance"], options["weigh"])
    audited, workspace = audited_source(source, out, options, experiment)
    with Bars() as bars:
        workspace.progress = bars
        table, effect = workspace.select(audited, budget, experiment)
    written = publish_selection(out, table, effect)
    if as_json:
        print_json({"n_selected": len(table), "evaluation": None if effect is None else effect.to_json()}, written)
    else:
        show_reading(Console(), audited)
        Console().print(f"{len(table):,} rows chosen by {budget.method}", highlight=False)
        if effect is not None:
            show_selection(Console(), effect, selection_sentence(effect))
        Console().print(f"selected rows: {written['selected.parquet']}", soft_wrap=True, highlight=False)
    return 0


def acquire(*, source: str, out: str, as_json: bool, pool: str, budget: int, **options: Any) -> int:
    """Choose the rows of the pool to label next, and write them with what they should be worth."""
    wish = Wish(budget, options["min_gain"])
    roles = [role for role in FIELD_ROLES if role not in ("label", "split", "prediction", "proba")]
    given = {role: options[role] for role in roles} | {"meta": options["meta"] or None}
    rows, _ = workspace_of(options, Silent()).read(pool, given)  # first: a pool that is not there costs no audit
    audited, workspace = audited_source(source, out, options)
    with Bars() as bars:
        workspace.progress = bars
        found = workspace.acquire(audited, rows, wish)
    written = publish_acquisition(out, found)
    if as_json:
        print_json(found.to_json(), written)
    else:
        show_reading(Console(), audited)
        show_acquisition(Console(), found)
        Console().print(f"rows to label: {written['acquired.parquet']}", soft_wrap=True, highlight=False)
    return 0


def show_acquisition(console: Console, found: Acquisition) -> None:
    """Print how many rows, what they should be worth, where, and whether to go on."""
    console.print(f"{len(found.table):,} rows of the pool to label next", highlight=False)
    if found.forecast is None:
        console.print("[dim]too few labels for a learning curve: typical rows come first[/]", highlight=False)
        return
    one = found.forecast
    gain = lift_words(one.gain, (one.low, one.high), "accuracy")
    console.print(f"expected to be worth {escape(gain)}; error now {100 * one.error:.1f}%", highlight=False)
    for line in found.clusters[:CLUSTERS_SHOWN]:
        part = lift_words(line["gain"], (line["low"], line["high"]), "accuracy")
        console.print(f"[dim]  {escape(clean(line['cluster'], 60))}: {escape(part)}[/]", highlight=False)
    console.print("[dim]as of labels drawn at random; less where those you have were chosen[/]", highlight=False)
    console.print(f"[bold]{found.verdict}[/]: {STOP_RULE[str(found.verdict)]}", highlight=False)


def selection_sentence(effect: Evaluation) -> str:
    """Give what a selection is worth beside a random one, in a sentence."""
    bounds = effect.lift_vs_control_low, effect.lift_vs_control_high
    lift = lift_words(effect.lift_vs_control, bounds, effect.metric)
    return f"{VERDICT_BESIDE_RANDOM[effect.verdict]}: {lift}."
