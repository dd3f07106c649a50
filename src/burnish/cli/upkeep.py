"""Look after a workspace: make sure of its files, free what no version needs."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from burnish.adapters.stores.upkeep import Problem, Upkeep
from burnish.cli.running import print_json
from burnish.errors import UsageError
from burnish.reports.markup import clean

KIND = {True: "made again by the next audit", False: "restore it from a copy"}


def verify(*, workspace: str, repair: bool, as_json: bool, **_: Any) -> int:
    """Look at every file; leave with 1 when one that cannot be made again is damaged."""
    upkeep = Upkeep(_there(workspace))
    problems = upkeep.problems()
    lost = [problem for problem in problems if not problem.rebuilt]
    if repair:
        upkeep.discard(problems)
    if as_json:
        print_json({"problems": [problem._asdict() for problem in problems], "repaired": repair}, {})
    else:
        _show(Console(), problems, repaired=repair)
    return 1 if lost else 0


def gc(*, workspace: str, dry_run: bool, as_json: bool, **_: Any) -> int:
    """Free what no version needs."""
    freed = Upkeep(_there(workspace)).free(dry_run=dry_run)
    if as_json:
        print_json({"freed": {one.kind: one.n_bytes for one in freed}, "dry_run": dry_run}, {})
        return 0
    console, verb = Console(), "would free" if dry_run else "freed"
    for one in (one for one in freed if one.n_bytes):
        console.print(f"{one.kind}: {one.n_bytes / 1e6:,.1f} MB", highlight=False)
    console.print(f"{verb} [bold]{sum(one.n_bytes for one in freed) / 1e6:,.1f} MB[/]", highlight=False)
    return 0


def _there(workspace: str) -> Path:
    root = Path(workspace)
    if not root.is_dir():
        raise UsageError(
            f"there is no workspace {workspace!r}.", remedy="Pass --workspace DIR, or audit a source first."
        )
    return root


def _show(console: Console, problems: list[Problem], *, repaired: bool) -> None:
    for problem in problems:
        console.print(f"[red]damaged[/] {escape(clean(problem.path, 300))}", highlight=False, soft_wrap=True)
        console.print(f"  {escape(clean(problem.reason, 200))}; {KIND[problem.rebuilt]}", highlight=False)
    if not problems:
        console.print("every file is as it was written", highlight=False)
    again = sum(problem.rebuilt for problem in problems)
    if again:
        told = "removed: the next audit makes them again" if repaired else "`burnish verify --repair` removes them"
        console.print(f"{again} of these can be made again; {told}", highlight=False)
