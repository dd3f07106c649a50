"""What people see of the history at the terminal."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from burnish.cli.terminal import VERDICT_STYLE, shortened, show_table
from burnish.dataset import Changeset, Evaluation
from burnish.dataset.history import Version
from burnish.pipeline.review import Answers
from burnish.pipeline.version_diff import VersionDiff
from burnish.publishing import Kept
from burnish.reports.catalog import Entry, facts_of
from burnish.reports.diff import (
    clusters_table,
    diff_sentence,
    findings_table,
    rows_table,
    shifts_table,
    unaudited_sentence,
    unmeasured_sentence,
)
from burnish.reports.effect_tables import ordered_slices, slices_table
from burnish.reports.log import (
    Tags,
    changed_rows,
    done_sentence,
    effect_sentence,
    story_sentence,
    tried_sentence,
    version_title,
    versions_table,
    when,
)
from burnish.reports.markup import clean
from burnish.reports.numbers import number, percent, plural
from burnish.workspace.history import Undone

ROWS_SHOWN, SLICES_SHOWN, CLUSTERS_SHOWN, LISTED, LONG = 3, 8, 10, 10, 400


def show_kept(console: Console, kept: Kept) -> None:
    """Say which versions a run wrote into the history."""
    console.print(f"version [bold]{_name(kept.audited)}[/]", highlight=False)
    if kept.new is not None:
        console.print(f"new version [bold]{_name(kept.new)}[/]: {plural(kept.new.n_rows, 'row')}", highlight=False)
        console.print(f"[dim]burnish diff {_name(kept.audited)} {_name(kept.new)}[/]", highlight=False)


def show_versions(console: Console, name: str, versions: Sequence[Version], tags: Tags) -> None:
    """Print a line each version."""
    given = versions_table(versions, tags)
    empty = [place for place in range(len(given.head)) if not any(str(line[place]) for line in given.lines)]
    head = [title for place, title in enumerate(given.head) if place not in empty]
    lines = [[cell for place, cell in enumerate(line) if place not in empty] for line in given.lines]
    show_table(console, given._replace(head=head, lines=lines), f"{clean(name, 60)}: {plural(len(lines), 'version')}")


def show_log(console: Console, entries: Iterable[tuple[Version, Sequence[Mapping[str, Any]]]], tags: Tags) -> None:
    """Print what each version did, why, and with what effect, and what was tried upon it and not kept."""
    for version, tried in entries:
        told = f"{when(version.created)} UTC, {clean(version.who, 40)}"
        console.print(f"[bold yellow]{escape(version_title(version, tags))}[/]  {escape(told)}", highlight=False)
        lines = [f"{done_sentence(version)}; {plural(version.n_rows, 'row')}"]
        lines += [f"why: {clean(version.why, LONG)}"] if version.why else []
        for line in lines:
            _indented(console, Text(line))
        if version.effect is not None:
            style = VERDICT_STYLE.get(str(version.effect["verdict"]), "")
            _indented(console, Text(f"effect: {effect_sentence(version.effect)}", style))
        for one in tried:
            _indented(console, Text(tried_sentence(one), VERDICT_STYLE.get(str(one["effect"]["verdict"]), "")))
        console.print()


def show_diff(console: Console, diff: VersionDiff, evaluation: Evaluation | None = None) -> None:
    """Print what lies between two versions, last the effect, and of its `evaluation` the slices that fell furthest."""
    sizes = f"{diff.first.n_rows:,} → {diff.second.n_rows:,}"
    names = f"[bold]{_name(diff.first)}[/] → [bold]{_name(diff.second)}[/]"
    console.print(f"{names}: {sizes} rows; {diff_sentence(diff)}", highlight=False)
    tables = [rows_table(diff, ROWS_SHOWN), shifts_table(diff)]
    tables += [] if diff.clusters is None else [clusters_table(diff, CLUSTERS_SHOWN)]
    tables += [] if diff.findings is None else [findings_table(diff)]
    for table in tables:
        if table.lines:
            console.print()
            show_table(console, table, table.caption)
    console.print()
    if diff.clusters is None or diff.findings is None:
        console.print(f"[dim]clusters and findings: {escape(unaudited_sentence(diff))}[/]", highlight=False)
    if diff.effect is None:
        console.print(f"[dim]effect on the model: {escape(unmeasured_sentence(diff))}[/]", highlight=False)
    else:
        style = VERDICT_STYLE.get(str(diff.effect["verdict"]), "")
        console.print(Text(f"effect on the model: {effect_sentence(diff.effect)}", style))
    if evaluation is not None and evaluation.slices:
        n_slices, worst = len(evaluation.slices), ordered_slices(evaluation.slices)[:SLICES_SHOWN]
        more = f", the {SLICES_SHOWN} worst of {n_slices:,}" if n_slices > SLICES_SHOWN else ""
        table = slices_table(evaluation, worst, f"Before and after per slice{more}")
        show_table(console, table, table.caption)


def show_undone(console: Console, undone: Undone, called: str) -> None:
    """Say what came back, and which rows stay because they were changed since."""
    if undone.version is None:
        console.print(f"nothing of {escape(clean(called, 80))} is left to undo", highlight=False)
    else:
        made = undone.version
        said = f"{done_sentence(made)}; {plural(made.n_rows, 'row')}"
        console.print(f"new version [bold]{_name(made)}[/]: {escape(said)}", highlight=False)
    if undone.changed_since:
        n_rows = plural(len(undone.changed_since), "row")
        console.print(
            f"[yellow]{n_rows} changed since, and left: {escape(_listed(undone.changed_since))}[/]", highlight=False
        )


def show_story(
    console: Console, row_id: str, story: Iterable[Mapping[str, Any]], end: tuple[str, bool, str | None]
) -> None:
    """Print what became of a row, oldest first, and how it stands now."""
    console.print(f"[bold]{escape(clean(row_id, 80))}[/]", highlight=False)
    for line in story:
        told = f"{clean(line['version'], 80)}  {when(str(line['when']))} UTC, {clean(line['who'], 40)}"
        console.print(f"  [yellow]{escape(told)}[/] ({line['how']})", highlight=False)
        _indented(console, Text(story_sentence(line)), 4)
        for said in _evidence(line):
            _indented(console, Text(said, "dim"), 4)
    newest, there, label = end
    now = f"in {clean(newest, 80)}" + (f", labelled {clean(label, 60)}" if label else "")
    console.print(f"now: {escape(now if there else f'not {now}')}", highlight=False)


def show_catalog(console: Console, entries: Iterable[Entry]) -> None:
    """Print the facts of every data set."""
    for entry in entries:
        newest = entry.newest
        sizes = f"{plural(newest.n_rows, 'row')} in {clean(newest.name, 80)}, {plural(len(entry.versions), 'version')}"
        console.print(f"[bold]{escape(clean(entry.name, 60))}[/]: {escape(sizes)}", highlight=False)
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(style="dim", no_wrap=True)
        table.add_column()
        for name, said in facts_of(entry).items():
            table.add_row(name, Text(said))
        console.print(Padding(table, (0, 0, 1, 2), expand=False))


def show_answers(console: Console, answers: Answers, version: Version | None) -> None:
    """Say what people's answers came to, how far they agree, and what was refused."""
    n_people = len(answers.annotators)
    console.print(
        f"{plural(len(answers.votes), 'answer')} of {n_people:,} {'person' if n_people == 1 else 'people'}: "
        f"{edit_words(answers.changes)}, {len(answers.confirmed):,} confirmed, {len(answers.disputed):,} disputed",
        highlight=False,
    )
    alpha = answers.alpha
    if alpha.n_rows and alpha.value == alpha.value:
        bounds = f"[{number(alpha.low)}, {number(alpha.high)}]"
        said = f"agreement: Krippendorff's alpha {number(alpha.value)} {bounds}, {plural(alpha.n_rows, 'row')}"
        console.print(escape(f"{said} with two answers or more"), highlight=False)
    for person in answers.annotators if n_people > 1 else ():
        share = percent(person.n_agreed / person.n_compared) if person.n_compared else "–"
        told = f"  {clean(person.name or 'unsigned', 40)}: {plural(person.n_votes, 'answer')}, {share} with the others"
        console.print(f"[dim]{escape(told)}[/]", highlight=False)
    if answers.disputed:
        console.print(f"[yellow]disputed: {escape(_listed(answers.disputed))}[/]", highlight=False)
    for refused in answers.refused[:LISTED]:
        told = f"refused: row {clean(refused.row_id, 60)} {clean(refused.reason, 120)}"
        console.print(f"[yellow]{escape(told)}[/]", highlight=False)
    if len(answers.refused) > LISTED:
        console.print(f"[yellow]… and {len(answers.refused) - LISTED:,} more refused, in --json[/]", highlight=False)
    if version is None:
        console.print("no row changes: nothing to keep or to tag", highlight=False)
    else:
        made = f"{plural(version.n_rows, 'row')} ({changed_rows(version)})"
        console.print(f"new version [bold]{_name(version)}[/]: {made}", highlight=False)


def edit_words(changes: Changeset) -> str:
    """Give `3 relabelled, 1 dropped`."""
    counts = {"relabelled": "relabel", "dropped": "drop"}
    return ", ".join(f"{sum(e.action == action for e in changes.edits):,} {word}" for word, action in counts.items())


def _evidence(line: Mapping[str, Any]) -> list[str]:
    """Give the numbers behind an edit, who decided, and what the version did to the model."""
    told = line.get("evidence") or {}
    said = [f"decided by {clean(line['decided_by'], 80)}"] if line.get("decided_by") else []
    said += ["; ".join(f"{clean(key, 40)} {shortened(str(value), 80)}" for key, value in told.items())] if told else []
    said += [f"effect of {clean(line['version'], 80)}: {effect_sentence(line['effect'])}"] if line.get("effect") else []
    return said


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(clean(name, 60) for name in names[:LISTED])
    return f"{shown} and {len(names) - LISTED:,} more" if len(names) > LISTED else shown


def _name(version: Version) -> str:
    return escape(clean(version.name, 80))


def _indented(console: Console, text: Text, left: int = 2) -> None:
    console.print(Padding(text, (0, 0, 0, left), expand=False))
