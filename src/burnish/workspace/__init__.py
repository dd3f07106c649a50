"""The door: `Workspace` reads, audits, decides, measures and curates."""

from burnish.pipeline.acquiring import Wish
from burnish.pipeline.selecting import Budget
from burnish.workspace.audited import Audited, Curation
from burnish.workspace.choices import Choices
from burnish.workspace.door import Workspace
from burnish.workspace.experiments import Experiment
from burnish.workspace.limits import Limits

__all__ = ["Audited", "Budget", "Choices", "Curation", "Experiment", "Limits", "Wish", "Workspace"]
