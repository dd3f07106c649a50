"""The nouns as frozen values: what the whole of burnish talks about. No I/O, no thresholds."""

from burnish.dataset.changesets import Action, Changeset, Edit
from burnish.dataset.columns import Column, Evidence, Scope, Summary
from burnish.dataset.evaluations import Arm, Evaluation, SliceEffect, Verdict
from burnish.dataset.findings import Finding, FlaggedRow, Kind, Severity, SuggestedEdit, findings_table
from burnish.dataset.rows import Dataset, Labels, Roles

__all__ = [
    "Action", "Arm", "Changeset", "Column", "Dataset", "Edit", "Evaluation", "Evidence", "Finding",
    "FlaggedRow", "Kind", "Labels", "Roles", "Scope", "Severity", "SliceEffect", "SuggestedEdit",
    "Summary", "Verdict", "findings_table",
]  # fmt: skip
