"""An audit as a gate: the baseline that it is held against, what that says, and the exit code."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from burnish.adapters.sinks import json_text
from burnish.cli.files import read_json, refuse_no_place, write_text
from burnish.cli.terminal import MAX_LINES, SEVERITY_STYLE, shortened
from burnish.dataset import Finding, Severity
from burnish.dataset.findings import finding_id
from burnish.errors import UsageError
from burnish.pipeline.baseline import Baseline, Compared, at_least
from burnish.workspace import Audited


@dataclass(frozen=True)
class Lint:
    """What the flags ask of an audit."""

    fail_on: Severity | None
    only_new: bool
    baseline: Baseline | None
    write_to: str | None

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "Lint":
        """Read the baseline; raises UsageError, InputError and OutputError before any work for what cannot be done."""
        only_new, write_to = options["fail_on_new"], options["write_baseline"]
        if only_new and options["baseline"] is None and write_to is None:
            raise UsageError(
                "--fail-on-new needs to be told what is known.",
                remedy="Write a baseline with --write-baseline FILE, and pass it as --baseline FILE.",
            )
        refuse_no_place(write_to)
        default: Severity | None = "warning" if only_new else None
        return cls(options["fail_on"] or default, only_new, _known(options["baseline"], write_to), write_to)

    def compare(self, audited: Audited) -> Compared | None:
        """Hold the findings against the baseline, where there is one."""
        if self.baseline is None:
            return None
        return self.baseline.compare(audited.findings, audited.dataset.row_ids.to_pylist())

    def write(self, audited: Audited) -> None:
        """Write the baseline that knows every finding, where one is asked for."""
        if self.write_to is not None:
            dataset = audited.dataset
            accepted = Baseline.of(audited.findings, dataset.row_ids.to_pylist(), version=dataset.version)
            write_text(self.write_to, json_text(accepted.to_json()) + "\n")

    def exit_code(self, findings: tuple[Finding, ...], compared: Compared | None) -> int:
        """Give 1 when a finding that counts is as severe as `fail_on`; 0 when all were just accepted."""
        if self.fail_on is None or self.write_to is not None:
            return 0
        counting = compared.new if self.only_new and compared is not None else findings
        return int(bool(at_least(counting, self.fail_on)))


def show_compared(console: Console, compared: Compared) -> None:
    """Say how many findings are new, and which."""
    console.print(f"against the baseline: [bold]{compared.sentence}[/]", highlight=False)
    for finding in compared.new[:MAX_LINES]:
        message = escape(shortened(finding.message))
        console.print(f"  [{SEVERITY_STYLE[finding.severity]}]{finding.code}[/] {message}", highlight=False)
    if len(compared.new) > MAX_LINES:
        console.print(f"  … and {len(compared.new) - MAX_LINES:,} more, in the report", highlight=False)
    console.print()


def compared_json(audited: Audited, compared: Compared) -> dict[str, Any]:
    """Give what a script needs: the ids of new findings, how many are known, the ids that are gone."""
    row_ids = audited.dataset.row_ids.to_pylist()
    new = sorted({finding_id(finding, row_ids) for finding in compared.new})
    return {"new": new, "n_known": len(compared.known), "gone": list(compared.gone)}


def _known(path: str | None, write_to: str | None) -> Baseline | None:
    """Read the baseline; the one that is about to be written for the first time need not be there."""
    if path is None or (path == write_to and not Path(path).exists()):
        return None
    document = read_json(path, what="baseline", remedy=f"Accept what there is first: --write-baseline {path}.")
    return Baseline.from_json(document, name=path)
