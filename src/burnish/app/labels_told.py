"""Labels told: what the labels of a data set are, in one sentence."""

import numpy as np
import pyarrow.compute as pc

from burnish.dataset import Dataset, Targets
from burnish.reports.markup import clean
from burnish.reports.numbers import plural


def label_sentence(dataset: Dataset) -> str:
    """Tell what kind of labels there are and how many rows have none; empty where every row has one class."""
    name = dataset.roles.label
    if name is None:
        return "It has no labels: to name their field, read it with `burnish audit SOURCE --label FIELD`."
    field, told = dataset.field(name), clean(name, 60)
    if dataset.task == "regression":
        numbers = Targets.of(dataset).values
        known = numbers[np.isfinite(numbers)]
        low, middle, high = np.quantile(known, [0, 0.5, 1]).tolist() if len(known) else (0.0, 0.0, 0.0)
        said = f"The labels, {told}, are numbers from {low:.4g} to {high:.4g}, median {middle:.4g}"
        return f"{said}{_without(len(numbers) - len(known))}."
    if dataset.task == "multi-label":
        n_bare = int(pc.sum(pc.equal(pc.list_value_length(field), 0)).as_py() or 0)
        said = f"The labels, {told}, are sets of classes; {plural(n_bare, 'row')} {_have(n_bare)} no class"
        return f"{said}{_without(field.null_count)}."
    labels = dataset.labels
    n_without = 0 if labels is None else int((~labels.known).sum())
    return f"{plural(n_without, 'row')} {_have(n_without)} no label." if n_without else ""


def _without(n_rows: int) -> str:
    return f"; {plural(n_rows, 'row')} {_have(n_rows)} no label" if n_rows else ""


def _have(n_rows: int) -> str:
    return "has" if n_rows == 1 else "have"
