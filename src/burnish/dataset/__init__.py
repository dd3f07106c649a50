"""The nouns as frozen values: what the whole of burnish talks about. No I/O, no thresholds."""

from burnish.dataset.changesets import Action, Changeset, Edit
from burnish.dataset.columns import Column, Evidence, Former, Scope, Summary
from burnish.dataset.evaluations import Arm, Aside, Evaluation, Gate, Share, SliceEffect, Verdict
from burnish.dataset.findings import Finding, FlaggedRow, Kind, Severity, SuggestedEdit, findings_table
from burnish.dataset.rows import Dataset, Labels, Roles, Task
from burnish.dataset.samples import Sample
from burnish.dataset.targets import Targets

__all__ = [
    "Action", "Arm", "Aside", "Changeset", "Column", "Dataset", "Edit", "Evaluation", "Evidence", "Finding",
    "FlaggedRow", "Former", "Gate", "Kind", "Labels", "Roles", "Sample", "Scope", "Severity", "Share", "SliceEffect",
    "SuggestedEdit", "Summary", "Targets", "Task", "Verdict", "findings_table",
]  # fmt: skip
