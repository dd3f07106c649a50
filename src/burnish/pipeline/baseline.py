"""Baseline: the findings of a data set that are known, so that a later audit can tell which ones are new."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from burnish.dataset import Finding, Severity
from burnish.dataset.findings import finding_id, subject
from burnish.errors import InputError

FORMAT = 1
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "error")
SHOWN_ROWS = 3


@dataclass(frozen=True)
class Compared:
    """Findings beside a baseline: those it does not have, those it has, and the ids of its findings that are gone."""

    new: tuple[Finding, ...]
    known: tuple[Finding, ...]
    gone: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """Say it in one line, as in "3 new findings, 12 known, 2 gone"."""
        n_new = len(self.new)
        return f"{n_new:,} new finding{'' if n_new == 1 else 's'}, {len(self.known):,} known, {len(self.gone):,} gone"


@dataclass(frozen=True)
class Baseline:
    """Known findings: id → what it is, for whoever reads the file; and the version that they were found in."""

    version: str
    findings: Mapping[str, str]

    @classmethod
    def of(cls, findings: Iterable[Finding], row_ids: list[str], *, version: str) -> "Baseline":
        """Give the baseline that has all these findings."""
        return cls(version, {finding_id(finding, row_ids): _said(finding, row_ids) for finding in findings})

    @classmethod
    def from_json(cls, document: Any, *, name: str = "the baseline") -> "Baseline":
        """Read what `to_json` gave; raises InputError when it is not that, or of a later burnish."""
        remedy = "Pass a file that `burnish audit --write-baseline FILE` wrote."
        if not isinstance(document, Mapping) or "burnish_baseline" not in document:
            raise InputError(f"{name} is no baseline of findings.", remedy=remedy)
        if document["burnish_baseline"] != FORMAT:
            written = document["burnish_baseline"]
            raise InputError(
                f"{name} is a baseline of format {written!r}, and this burnish reads {FORMAT}.",
                remedy="Write it again with --write-baseline, or use the burnish that wrote it.",
            )
        version, findings = document.get("version"), document.get("findings")
        if not isinstance(version, str) or not isinstance(findings, Mapping):
            raise InputError(f"{name} is a baseline without its version or findings.", remedy=remedy)
        return cls(version, {str(identity): str(said) for identity, said in findings.items()})

    def to_json(self) -> dict[str, Any]:
        """Give a document whose lines move only when findings come or go: sorted, and without measured numbers."""
        return {"burnish_baseline": FORMAT, "version": self.version, "findings": dict(sorted(self.findings.items()))}

    def compare(self, findings: Iterable[Finding], row_ids: list[str]) -> Compared:
        """Tell new findings from known ones, in their order; a known one that no finding is any more is gone."""
        identified = [(finding_id(finding, row_ids), finding) for finding in findings]
        there = {identity for identity, _ in identified}
        return Compared(
            new=tuple(finding for identity, finding in identified if identity not in self.findings),
            known=tuple(finding for identity, finding in identified if identity in self.findings),
            gone=tuple(sorted(identity for identity in self.findings if identity not in there)),
        )


def at_least(findings: Iterable[Finding], severity: Severity) -> tuple[Finding, ...]:
    """Give the findings that are this severe or more."""
    return tuple(f for f in findings if SEVERITIES.index(f.severity) >= SEVERITIES.index(severity))


def _said(finding: Finding, row_ids: list[str]) -> str:
    """Say what a finding is by what its id hangs on, so that it is said alike as long as the id is the same."""
    kind = finding.kind.replace("_", " ")
    rows = sorted(row_ids[flag.row] for flag in finding.rows)
    more = f" and {len(rows) - SHOWN_ROWS:,} more" if len(rows) > SHOWN_ROWS else ""
    about = ", ".join(rows[:SHOWN_ROWS]) + more if rows else ", ".join(subject(finding))
    return f"{kind}: {about}"
