"""What a run says to a person at the terminal."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from burnish.dataset import Evaluation
from burnish.steps.labels import MIN_SKILL
from burnish.workspace import Audited, Curation

MAX_LINES = 8
SEVERITY_STYLE = {"error": "bold red", "warning": "yellow", "info": "dim"}
VERDICT_STYLE = {"better": "bold green", "no worse": "green", "worse": "bold red", "inconclusive": "bold yellow"}


def show_reading(console: Console, audited: Audited) -> None:
    """Say what was read, and which fields were guessed to play which part."""
    summary = audited.summary()
    classes = f", {len(summary['classes'])} classes" if summary["classes"] else ", no labels"
    console.print(
        f"[bold]{escape(summary['source'])}[/]: {summary['n_rows']:,} rows ({audited.kind}{classes}), "
        f"{summary['n_train']:,} to train, {summary['n_evaluation']:,} locked for evaluation",
        highlight=False,
    )
    guesses = [f"{g.role} = {escape(str(g.field))} ({escape(g.reason)})" for g in audited.guesses]
    if guesses:
        console.print(f"[dim]guessed: {'; '.join(guesses)}[/]", highlight=False)
    for skipped in audited.skipped:
        console.print(f"[dim]left out: {skipped.step}: {escape(skipped.reason)}[/]", highlight=False)
    skill = summary.get("label_skill")
    if skill and skill["z"] < MIN_SKILL:
        console.print("[yellow]labels were not judged: the predictions know no more of them than chance[/]")


def show_findings(console: Console, counts: Mapping[str, Mapping[str, Any]]) -> None:
    """Print one line a check code: what, how many, and one example."""
    if not counts:
        console.print("Nothing was found.")
        return
    table = Table(title="What was found", title_justify="left", box=None, pad_edge=False)
    table.add_column("code", no_wrap=True)
    table.add_column("kind", no_wrap=True)
    table.add_column("rows", no_wrap=True, justify="right")
    table.add_column("for example", overflow="ellipsis")
    for code, entry in counts.items():
        rows = entry["rows"] or entry["findings"]
        style = SEVERITY_STYLE[entry["severity"]]
        kind = str(entry["kind"]).replace("_", " ")
        table.add_row(f"[{style}]{code}[/]", kind, f"{rows:,}", escape(_short(entry["message"])))
    console.print(table)


def show_clusters(console: Console, names: list[Mapping[str, Any]]) -> None:
    """Print the largest clusters with the accuracy of the probe in them."""
    if not names:
        return
    table = Table(title="Clusters of the latent space", title_justify="left", box=None, pad_edge=False)
    table.add_column("cluster", no_wrap=True, overflow="ellipsis", max_width=60)
    for column in ("rows", "stable", "accuracy"):
        table.add_column(column, justify="right", no_wrap=True, min_width=8)
    for line in names[:MAX_LINES]:
        accuracy = "" if line["accuracy"] is None else f"{line['accuracy']:.2f}"
        stability = "" if line["stability"] is None else f"{line['stability']:.2f}"
        table.add_row(escape(str(line["name"])), f"{line['size']:,}", stability, accuracy)
    console.print(table)


def show_effect(console: Console, effect: Evaluation, sentence: str) -> None:
    """Print the arms, the lift with its interval and the verdict."""
    table = Table(title="What the change did to the model", title_justify="left", box=None, pad_edge=False)
    table.add_column("arm", no_wrap=True)
    for column in ("trained on", effect.metric.replace("_", " "), "95 % interval"):
        table.add_column(column, justify="right", no_wrap=True)
    baseline = effect.parameters.get("majority_class")
    if baseline is not None:
        table.add_row("[dim]always the commonest class[/]", "", f"[dim]{baseline:.3f}[/]", "")
    for arm in effect.arms:
        table.add_row(
            escape(arm.name),
            f"{arm.n_train:,}",
            f"{arm.value:.3f}",
            f"[{arm.low:.3f}, {arm.high:.3f}]".replace("[", r"\["),
        )
    console.print(table)
    control = f"\\[{100 * effect.lift_vs_control_low:+.1f}, {100 * effect.lift_vs_control_high:+.1f}]"
    console.print(
        f"against a random drop of as many rows: {100 * effect.lift_vs_control:+.1f} points {control}; "
        f"smallest lift that these {effect.n_eval:,} rows can show: {100 * effect.smallest_visible_lift:.1f} points",
        highlight=False,
    )
    for note in effect.notes:
        console.print(f"[dim]{escape(note)}[/]", highlight=False)
    for fall in [s for s in effect.slices if s.regressed][:3]:
        console.print(
            f"[red]worse in {escape(fall.slice)}[/]: {fall.before:.2f} → {fall.after:.2f} ({fall.size:,} rows)",
            highlight=False,
        )
    console.print(f"[{VERDICT_STYLE[effect.verdict]}]{escape(sentence)}[/]", highlight=False)


def show_edits(console: Console, curation: Curation) -> None:
    """Say how many rows each code changes, and how."""
    changes = curation.changes
    if not changes.edits:
        console.print("Nothing to change by the default policy.")
        return
    parts = []
    for code in changes.codes:
        edits = changes.only(code).edits
        dropped = sum(e.action == "drop" for e in edits)
        parts.append(f"{code}: " + (f"drop {dropped:,}" if dropped else f"relabel {len(edits) - dropped:,}"))
    console.print(f"[bold]{len(changes):,} edits[/] ({'; '.join(parts)})", highlight=False)


def _short(message: str, limit: int = 110) -> str:
    line = " ".join(message.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
