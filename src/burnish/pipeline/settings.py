"""Setting: where a measurement takes place. Which rows train, which are locked, what belongs together."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from burnish.dataset import Dataset, Evidence, Sample, Targets, Task
from burnish.errors import InputError
from burnish.kernels.folds import join_groups
from burnish.kernels.vectors import Vectors

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

MIN_EVALUATION = 20
"""Fewer evaluation rows can show no lift that anyone would miss."""
MIN_TRAIN = 5


@dataclass(frozen=True, eq=False)
class Setting:
    """Rows that can be learned from and measured on: labelled, readable.

    `train` and `evaluation`: positions, sorted. `leaked` and `doubted` (n_evaluation,): evaluation rows that
    have a twin in train, and whose label is more likely wrong than right. `groups` (n_rows,): rows that are not
    independent share a code.
    """

    dataset: Dataset
    vectors: Vectors
    targets: Targets
    train: Rows
    evaluation: Rows
    leaked: Mask
    doubted: Mask
    groups: NDArray[np.int64]

    def sample(self, rows: Rows, targets: Targets | None = None) -> Sample:
        """Give what a model may see of some rows."""
        return Sample(self.dataset, self.vectors, targets or self.targets, rows)

    @property
    def counted(self) -> Rows:
        """The evaluation rows without a twin in train: memory earns nothing."""
        return self.evaluation[~self.leaked]

    def held_out(self, rows: Rows) -> "Setting":
        """Give the setting that measures on some training rows and trains on the others."""
        nothing = np.zeros(len(rows), bool)
        train = np.setdiff1d(self.train, rows)
        return replace(self, train=train, evaluation=rows, leaked=nothing, doubted=nothing)


def setting_of(evidence: Evidence, task: Task | None = None) -> Setting:
    """Give the rows a measurement may use; raises InputError when too little is left."""
    dataset = evidence.dataset
    targets = Targets.of(dataset, task)
    vectors = Vectors.of(evidence["embeddings"])
    usable = targets.known & vectors.usable
    locked = np.asarray(evidence["evaluation"], bool)
    evaluation = np.flatnonzero(usable & locked)
    found = Setting(
        dataset, vectors, targets, np.flatnonzero(usable & ~locked), evaluation,
        _column(evidence, "leak_of", -1)[evaluation] >= 0, _doubted(evidence)[evaluation], groups_of(evidence),
    )  # fmt: skip
    _refuse_too_little(found)
    return found


def groups_of(evidence: Evidence) -> NDArray[np.int64]:
    """Rows that are not independent: the user's groups and copies, joined; each other row on its own."""
    near = _column(evidence, "near_group", -1)
    return join_groups(np.full(len(near), -1), near, evidence.dataset.group_codes)


def _column(evidence: Evidence, name: str, missing: int) -> NDArray[np.int64]:
    values = evidence.get(name)
    return np.full(len(evidence.dataset), missing) if values is None else np.asarray(values, np.int64)


def _doubted(evidence: Evidence) -> Mask:
    suspect = evidence.get("label_suspect")
    if suspect is None:
        return np.zeros(len(evidence.dataset), bool)
    return np.nan_to_num(np.asarray(suspect, np.float64)) >= DOUBTED


DOUBTED = 0.5
"""As LAB002: more likely wrong than right."""


def _refuse_too_little(found: Setting) -> None:
    for rows, what in ((found.train, "training"), (found.counted, "evaluation")):
        if len(rows) > 1 and len(np.unique(found.targets.values[rows], axis=0)) < 2:
            raise InputError(
                f"the {what} rows have only one class or value.",
                remedy="A model needs at least two to learn, and a metric two to tell apart.",
            )
    n_train, n_evaluation = len(found.train), len(found.counted)
    if n_evaluation < MIN_EVALUATION or n_train < MIN_TRAIN:
        raise InputError(
            f"{n_train} usable training rows and {n_evaluation} usable evaluation rows are too few to measure.",
            remedy=f"At least {MIN_TRAIN} and {MIN_EVALUATION} are needed: label more rows, or choose the evaluation "
            "rows with --eval-split.",
        )
