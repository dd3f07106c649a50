"""What a run says to a person at the terminal."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal

import pyarrow as pa
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from burnish.dataset import Evaluation, SliceEffect
from burnish.pipeline.choice import Choice
from burnish.pipeline.planning import Outlook
from burnish.pipeline.summary import verdict_sentence
from burnish.reports.effect_tables import arms_table, left_out_sentences, lifts, ordered_slices, shares_table
from burnish.reports.effect_words import (
    aside_sentence,
    claim_sentence,
    classical_sentence,
    gate_sentence,
    names,
    slice_sentence,
    trend_sentence,
    visible_sentence,
)
from burnish.reports.markup import clean
from burnish.reports.numbers import lift_words, plural
from burnish.reports.tables import Cell
from burnish.reports.tables import Table as ReportTable
from burnish.steps.labels import MIN_SKILL
from burnish.workspace import Audited, Curation

MAX_LINES = 8
EXAMPLES = 3
"""Slices, and rows on which two models differ, that are named."""
LONG = 1_000
SEVERITY_STYLE = {"error": "bold red", "warning": "yellow", "info": "dim"}
VERDICT_STYLE = {"better": "bold green", "no worse": "green", "worse": "bold red", "inconclusive": "bold yellow"}


def show_reading(console: Console, audited: Audited) -> None:
    """Say what was read, and which fields were guessed to play which part."""
    summary = audited.summary()
    task = audited.dataset.task if audited.dataset.roles.label is not None else "no labels"
    classes = f", {len(summary['classes'])} classes" if summary["classes"] else f", {task}"
    console.print(
        f"[bold]{escape(summary['source'])}[/]: {summary['n_rows']:,} rows ({audited.kind}{classes}), "
        f"{summary['n_train']:,} to train, {summary['n_evaluation']:,} locked for evaluation",
        highlight=False,
    )
    guesses = [f"{g.role} = {escape(str(g.field))} ({escape(g.reason)})" for g in audited.guesses]
    if guesses:
        console.print(f"[dim]guessed: {'; '.join(guesses)}[/]", highlight=False)
    if audited.skipped:
        left_out = "; ".join(f"{skipped.step} ({escape(skipped.reason)})" for skipped in audited.skipped)
        console.print(f"[dim]left out: {left_out}[/]", highlight=False)
    for note in audited.notes:
        console.print(f"[dim]{escape(note)}[/]", highlight=False)
    skill = summary.get("label_skill")
    if skill and skill["z"] < MIN_SKILL:
        console.print("[yellow]labels were not judged: the predictions know no more of them than chance[/]")


def show_findings(
    console: Console, counts: Mapping[str, Mapping[str, Any]], detectors: Mapping[str, Mapping[str, Any]]
) -> None:
    """Print one line a check code: what, how many, how sure on planted defects, and one example."""
    if not counts:
        console.print("Nothing was found.")
        return
    table = Table(title="What was found", title_justify="left", box=None, pad_edge=False)
    table.add_column("code", no_wrap=True)
    table.add_column("kind", no_wrap=True)
    table.add_column("rows", no_wrap=True, justify="right")
    table.add_column("right", no_wrap=True, justify="right")
    table.add_column("for example", overflow="ellipsis")
    for code, entry in counts.items():
        rows = entry["rows"] or entry["findings"]
        style = SEVERITY_STYLE[entry["severity"]]
        kind = str(entry["kind"]).replace("_", " ")
        low, high = (detectors.get(code, {}).get(f"precision_{end}") for end in ("low", "high"))
        sure = "" if low is None or high is None else f"{100 * low:.0f}–{100 * high:.0f}%"
        table.add_row(f"[{style}]{code}[/]", kind, f"{rows:,}", sure, escape(shortened(entry["message"])))
    console.print(table)
    if any(detectors.get(code, {}).get("precision") is not None for code in counts):
        console.print(
            "[dim]right: 95 % interval of the precision, from defects planted in this data (summary.json: detectors)[/]"
        )


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


def show_outlook(console: Console, outlook: Outlook) -> None:
    """Say before any work what the evaluation rows will be able to show."""
    seen = visible_sentence(outlook.n_eval, outlook.smallest_visible_lift, outlook.rows_for_one_point, outlook.metric)
    console.print(escape(f"before any change: {_lowered(seen)}"), highlight=False)


def show_choice(console: Console, choice: Choice | None) -> None:
    """Say which codes the inner folds kept, and why the others were left out."""
    if choice is None or not choice.codes:
        return
    kept = [f"{code.code} {code.treatment} ({code.reason})" for code in choice.codes if code.kept]
    console.print(
        escape(f"chosen on inner folds of the training rows: {'; '.join(kept) or 'nothing'}"), highlight=False
    )
    for line in left_out_sentences([asdict(code) for code in choice.codes]):
        console.print(f"[yellow]{escape(line)}[/]", highlight=False)


def show_selection(console: Console, effect: Evaluation, sentence: str) -> None:
    """Print what all rows, the selected and random ones are worth, and the verdict."""
    show_table(console, arms_table(effect), "What the selection is worth")
    _show_measured(console, effect, effect.notes, sentence)


def show_effect(console: Console, effect: Evaluation, sentence: str) -> None:
    """Print the arms, the share of each code, the lift on other rows, the gate and the verdict."""
    show_table(console, arms_table(effect), "What the change did to the model")
    shares = shares_table(effect)
    if shares is not None:
        show_table(console, shares, shares.caption)
    for _, line in lifts(effect)[1:]:
        lift = lift_words(line[0], line[1:], effect.metric)
        console.print(escape(f"against a random drop of as many rows: {lift}"), highlight=False)
    asides = [f"the lift {aside_sentence(aside, effect.metric)}" for aside in effect.asides]
    _show_measured(console, effect, [*asides, *effect.notes], sentence)


def show_comparison(console: Console, effect: Evaluation, disagreements: pa.Table) -> None:
    """Print both sides, the test, the gate, rows on which they differ, and the verdict."""
    first, second = names(effect)
    show_table(console, arms_table(effect), f"{second} against {first}")
    said = f"they differ on {plural(len(disagreements), 'row')}"
    console.print(said + (", such as" if len(disagreements) else ""), highlight=False)
    for line in disagreements.slice(0, EXAMPLES).to_pylist():
        row_id, label, first, second = (escape(shortened(str(line[key]), 30)) for key in ("row_id", "label", "a", "b"))
        console.print(f"  {row_id}: {label}, A says {first}, B says {second}", highlight=False)
    _show_measured(console, effect, effect.notes, verdict_sentence(effect))


def _show_measured(console: Console, effect: Evaluation, said: Iterable[str], sentence: str) -> None:
    """Print what a measurement and a comparison have in common, the verdict last."""
    seen = visible_sentence(effect.n_eval, effect.smallest_visible_lift, effect.rows_for_one_point, effect.metric)
    test = classical_sentence(effect)
    for line in (*said, *([_lowered(test)] if test else []), _lowered(seen)):
        console.print(f"[dim]{escape(clean(line, LONG))}[/]", highlight=False)
    _show_slices(console, effect)
    style = "bold red" if _gate_failed(effect) else VERDICT_STYLE[effect.verdict]
    console.print(f"[dim]{escape(claim_sentence(effect))}[/]", highlight=False)
    console.print(f"[{style}]{escape(clean(sentence, LONG))}[/]", highlight=False)


def _show_slices(console: Console, effect: Evaluation) -> None:
    gate = gate_sentence(effect)
    if gate is not None:
        sign, style = ("✗", "bold red") if _gate_failed(effect) else ("✓", "green")
        console.print(f"[{style}]{sign} {escape(gate)}[/]", highlight=False)
    fallen = [s for s in ordered_slices(effect.slices) if s.failed or s.regressed]
    _show_effects(console, effect, "worse in", fallen)
    _show_effects(console, effect, "found:", ordered_slices(effect.found))
    if effect.trend is not None and trend_sentence(effect):
        console.print(escape(str(trend_sentence(effect))), highlight=False)


def _show_effects(console: Console, effect: Evaluation, start: str, effects: Sequence[SliceEffect]) -> None:
    for one in effects[:EXAMPLES]:
        style = "red" if one.lift < 0 else "green"
        name, said = escape(shortened(one.slice, 60)), escape(slice_sentence(effect, one))
        console.print(f"  [{style}]{start} {name}[/]: {said}", highlight=False)
    if len(effects) > EXAMPLES:
        console.print(f"  … and {len(effects) - EXAMPLES:,} more, in the report", highlight=False)


def show_table(console: Console, given: ReportTable, title: str) -> None:
    """Print a table of the report; headings take two lines and leave the unit of a lift to the title."""
    units = [head.replace(", ", ": ", 1) for head in given.head if ", " in head]
    console.print(f"[italic]{escape(title + (f' ({units[0]})' if units else ''))}[/]", highlight=False)
    table = Table(box=None, pad_edge=False)
    names = [escape(head.partition(", ")[0].replace(" ", "\n", 1)) for head in given.head]
    first = "\n" if any("\n" in name for name in names) else ""
    for number, name in enumerate(names):
        right = any(isinstance(line[number], Cell) for line in given.lines)
        justify: Literal["left", "right"] = "right" if right else "left"
        table.add_column(name if "\n" in name else first + name, no_wrap=right, justify=justify)
    for line in given.lines:
        table.add_row(*(escape(str(cell)) for cell in line))
    console.print(table)


def _gate_failed(effect: Evaluation) -> bool:
    return effect.gate is not None and not effect.gate.passed


def _lowered(sentence: str) -> str:
    return f"{sentence[:1].lower()}{sentence[1:]}".removesuffix(".")


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


def shortened(message: str, limit: int = 110) -> str:
    """Give the message as one line of at most `limit` characters."""
    line = " ".join(clean(message, 4 * limit).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
