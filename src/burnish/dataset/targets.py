"""Targets: what a model learns of each row, for each of the tasks."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from burnish.dataset.rows import Dataset, Task, is_list
from burnish.errors import InputError

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Targets:
    """The target of every row.

    `values`: class codes (n_rows,) int32, -1 where unknown; for multi-label 0 or 1 per class
    (n_rows, n_classes) float32, NaN where unknown; for regression numbers (n_rows,) float64, NaN where unknown.
    `classes`: sorted names, none for regression.
    """

    task: Task
    values: NDArray[Any]
    classes: tuple[str, ...] = ()

    @classmethod
    def of(cls, dataset: Dataset, task: Task | None = None) -> "Targets":
        """Give the label field as targets of `task`; None takes the data set's own.

        Raises InputError when there is no label field, or when it holds nothing of the kind.
        """
        name = dataset.roles.label
        if name is None:
            raise InputError("the data set has no labels, so no model can be measured.", remedy="Pass --label FIELD.")
        wanted = task or dataset.task
        if wanted == "regression":
            return cls(wanted, _numbers(dataset, name))
        if wanted == "multi-label":
            return cls(wanted, *_indicators(dataset, name))
        labels = dataset.for_task("classification").labels
        if labels is None:
            raise InputError(f"field {name!r} holds no classes.", remedy="Choose a metric that fits the task.")
        return cls("classification", labels.codes, labels.classes)

    @property
    def known(self) -> NDArray[np.bool_]:
        """Mask (n_rows,) of the rows whose target is known."""
        if self.task == "classification":
            return np.asarray(self.values >= 0)
        finite = np.isfinite(self.values)
        return np.asarray(finite if finite.ndim == 1 else finite.all(axis=1))

    @property
    def n_outputs(self) -> int:
        """How many numbers a prediction holds: one per class, one for regression."""
        return max(1, len(self.classes))

    @property
    def strata(self) -> NDArray[np.int64]:
        """Codes (n_rows,) to draw alike from: the class, the quintile of a number, the commonest class of a row."""
        if self.task == "classification":
            return np.asarray(self.values, np.int64)
        known = self.known
        if self.task == "multi-label":
            counts = np.nansum(self.values, axis=0)
            ranked = np.where(np.nan_to_num(self.values) > 0, counts, -1.0)
            return np.where(known, np.where(ranked.max(axis=1) > 0, ranked.argmax(axis=1), len(counts)), -1)
        edges = np.quantile(self.values[known], [0.2, 0.4, 0.6, 0.8]) if known.any() else np.zeros(4)
        return np.where(known, np.searchsorted(edges, self.values), -1)

    def relabelled(self, labels: Mapping[int, str | None]) -> "Targets":
        """Give the targets with new labels by position; raises InputError for one that no row has."""
        if not labels:
            return self
        values = self.values.copy()
        for row, label in labels.items():
            values[row] = self._read(label)
        return replace(self, values=values)

    def _read(self, label: str | None) -> Any:
        if self.task == "regression":
            return _number(label)
        if self.task == "multi-label":
            codes = [self._code(one) for one in _listed(label)]
            return np.isin(np.arange(len(self.classes)), codes).astype(np.float32)
        return self._code(label)

    def _code(self, label: str | None) -> int:
        if label is None or label not in self.classes:
            raise InputError(
                f"the changeset relabels a row to {label!r}, which no row is labelled.",
                remedy=f"Known labels: {', '.join(self.classes[:10])}.",
            )
        return self.classes.index(label)


def _numbers(dataset: Dataset, name: str) -> NDArray[np.float64]:
    values = dataset.field(name)
    try:
        numbers = pc.cast(values, pa.float64())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(
            f"field {name!r} holds {values.type}, not numbers: {error}.",
            remedy="Choose a metric for classes, such as accuracy, or another --label field.",
        ) from error
    return np.array(numbers.fill_null(np.nan).to_numpy(zero_copy_only=False), np.float64)


def _indicators(dataset: Dataset, name: str) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """Read lists of classes: 0 or 1 per row and class; an empty list is a row of no class, null is unknown."""
    values = dataset.field(name)
    if not is_list(values.type):
        raise InputError(
            f"field {name!r} holds {values.type}, not lists of classes.",
            remedy="Multi-label needs a list of classes in each row.",
        )
    flat = pc.list_flatten(values).cast(pa.string())
    classes = tuple(sorted(c for c in pc.unique(flat).to_pylist() if c is not None))
    owners = pc.list_parent_indices(values).to_numpy(zero_copy_only=False)
    codes = pc.index_in(flat, pa.array(classes, pa.string())).fill_null(-1).to_numpy(zero_copy_only=False)
    table = np.zeros((len(values), len(classes)), np.float32)
    table[owners[codes >= 0], codes[codes >= 0]] = 1
    table[values.is_null().to_numpy(zero_copy_only=False)] = np.nan
    return table, classes


def _number(label: str | None) -> float:
    try:
        number = float(label or "nan")
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InputError(
            f"the changeset relabels a row to {label!r}, which is no number.", remedy="Give the edit a number."
        )
    return number


def _listed(label: str | None) -> Sequence[str]:
    try:
        named = json.loads(label or "null")
    except json.JSONDecodeError:
        named = None
    if not isinstance(named, list) or not all(isinstance(one, (str, int)) for one in named):
        raise InputError(
            f"the changeset relabels a row to {label!r}, which is no list of classes.",
            remedy='Give the edit a JSON list, such as ["a", "b"].',
        )
    return [str(one) for one in named]
