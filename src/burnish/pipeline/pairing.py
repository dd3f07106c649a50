"""Pairing: the predictions of two models, brought to the same rows."""

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from burnish.dataset import Dataset, Evidence, Targets
from burnish.errors import InputError, UsageError
from burnish.kernels.metrics import Metric
from burnish.pipeline.comparison import Pair
from burnish.pipeline.retraining import Predictions
from burnish.pipeline.settings import Rows, Setting
from burnish.protocols import Model
from burnish.steps.predictions import given_probabilities


def both_predicted(first: Dataset, second: Dataset) -> bool:
    """Tell whether both hold predictions; raises UsageError when only one of them does."""
    predicted = [one.roles.prediction is not None or one.roles.proba is not None for one in (first, second)]
    if any(predicted) and not all(predicted):
        raise UsageError(
            f"only one of the two holds predictions; {(first, second)[predicted.index(False)].name} does not.",
            remedy="Pass --prediction FIELD, a field of both, or leave it out of both to compare two versions.",
        )
    return all(predicted)


PROBABILISTIC = ("log_loss", "auroc", "average_precision")


def refuse_certain(files: tuple[Dataset, Dataset], metric: Metric) -> None:
    """Raise UsageError for a metric that looks at probabilities where a file holds none."""
    for one in files:
        if metric.name in PROBABILISTIC and one.roles.proba is None:
            raise UsageError(
                f"{metric.name} looks at probabilities, and {one.name} holds none.",
                remedy="Pass --proba FIELD, or another --metric, such as accuracy.",
            )


def predictions_paired(first: Dataset, second: Dataset, *, labels: tuple[str, str] = ("A", "B")) -> Pair:
    """Bring two prediction files to their common rows by id.

    Each holds a label and a prediction (or probabilities of the sorted classes). Raises InputError when there are
    no common rows, when their labels differ, or when a prediction cannot be read.
    """
    unlabelled = [one.name for one in (first, second) if one.roles.label is None]
    if unlabelled:
        raise InputError(
            f"{unlabelled[0]} has no labels.", remedy="Both hold the label beside the prediction: pass --label FIELD."
        )
    here, there = _common(first, second)
    ours, theirs = (_targets(one, (first, second)) for one in (first, second))
    _refuse_other_labels(first, ours.values[here], theirs.values[there], here)
    before, after = _read(first, ours)[here], _read(second, theirs)[there]
    told = theirs.known[there] & np.isfinite(before).all(axis=1) & np.isfinite(after).all(axis=1)
    return Pair(
        Evidence(second), theirs, there[told], before[told], after[told], labels,
        _left_out((len(first), len(second)), int(told.sum()), labels),
    )  # fmt: skip


def versions_paired(
    settings: tuple[Setting, Setting], evidence: Evidence, model: Model, *, seed: int,
    labels: tuple[str, str] = ("A", "B"),
) -> Pair:  # fmt: skip
    """Train the same recipe on two versions, and bring what it says of their common evaluation rows together.

    `settings`: of A and of B; `evidence` is that of B. Rows count that both versions lock, with the same label.
    """
    first, second = settings
    here, there = _common(first.dataset, second.dataset)
    locked = np.isin(there, second.counted) & np.isin(here, first.counted)
    here, there = here[locked], there[locked]
    if not len(there):
        raise InputError(
            "the two versions have no evaluation row in common.",
            remedy="Compare versions of one data set; ids must survive: pass --id FIELD.",
        )
    ours, theirs = _names(first.targets, here), _names(second.targets, there)
    if (ours != theirs).any():
        row = int(np.flatnonzero(ours != theirs)[0])
        raise InputError(
            f"evaluation row {second.dataset.row_ids[int(there[row])].as_py()!r} is labelled {ours[row]!r} in A and "
            f"{theirs[row]!r} in B ({int((ours != theirs).sum())} such rows).",
            remedy="Evaluation rows must be the same in both: restore their labels.",
        )
    said = []
    for setting, rows in ((first, here), (second, there)):
        train = np.setdiff1d(setting.train, rows)
        order = np.argsort(rows)
        given = np.empty((len(rows), setting.targets.n_outputs), np.float32)
        given[order] = model.fit_predict(setting.sample(train), setting.sample(rows[order]), seed=seed)
        said.append(_to_classes(given, setting.targets, second.targets))
    return Pair(evidence, second.targets, there, said[0], said[1], labels)


def models_paired(
    setting: Setting, evidence: Evidence, models: tuple[Model, Model], *, seed: int, labels: tuple[str, str]
) -> Pair:
    """Train two models on the same rows, and bring together what they say of the evaluation rows."""
    train, rows = setting.sample(setting.train), setting.sample(setting.counted)
    before, after = (model.fit_predict(train, rows, seed=seed) for model in models)
    return Pair(evidence, setting.targets, setting.counted, before, after, labels)


def _common(first: Dataset, second: Dataset) -> tuple[Rows, Rows]:
    """Give the positions of the common rows in both, in the order of the second."""
    places = pc.index_in(second.row_ids, first.row_ids).fill_null(-1).to_numpy(zero_copy_only=False)
    there = np.flatnonzero(places >= 0)
    if not len(there):
        raise InputError(
            f"{first.name} and {second.name} have no row id in common.",
            remedy="Pass --id FIELD, a field that names the same row in both.",
        )
    return places[there].astype(np.int64), there.astype(np.int64)


def _left_out(sizes: tuple[int, int], n_compared: int, labels: tuple[str, str]) -> tuple[str, ...]:
    """Say how many rows of each side are not compared, where there are any."""
    lost = [f"{size - n_compared:,} of {size:,} rows of {name}" for size, name in zip(sizes, labels, strict=True)
            if size > n_compared]  # fmt: skip
    return (f"Not compared: {' and '.join(lost)}, for want of a common id, a label or a prediction.",) if lost else ()


def _targets(dataset: Dataset, both: tuple[Dataset, Dataset]) -> Targets:
    """Give the targets of one of two files, classes numbered through all labels and predictions of both."""
    own = Targets.of(dataset)
    if own.task != "classification":
        return own
    fields = ((one, name) for one in both for name in (one.roles.label, one.roles.prediction))
    classes = tuple(sorted({name for one, field in fields for name in _classes(field, one)}))
    place = np.array([classes.index(name) for name in own.classes] or [0])
    return Targets(own.task, np.where(own.values >= 0, place[own.values], -1).astype(np.int32), classes)


def _classes(field: str | None, dataset: Dataset) -> list[str]:
    if field is None:
        return []
    return [name for name in pc.unique(dataset.field(field).cast(pa.string())).to_pylist() if name not in (None, "")]


def _read(dataset: Dataset, targets: Targets) -> Predictions:
    """Read the predictions (n_rows, n_outputs) of a file: probabilities where it has them; NaN where missing."""
    roles = dataset.roles
    if roles.proba is not None and targets.task != "regression":
        return given_probabilities(dataset, targets.n_outputs)
    if roles.prediction is None:
        raise InputError(f"{dataset.name} has no field with predictions.", remedy="Pass --prediction FIELD.")
    said = dataset.field(roles.prediction)
    if targets.task == "classification":
        names = pa.array(targets.classes, pa.string())
        codes = pc.index_in(said.cast(pa.string()), names).to_numpy(zero_copy_only=False)
        table = np.zeros((len(dataset), targets.n_outputs), np.float32)
        known = np.isfinite(codes.astype(np.float64))
        table[np.flatnonzero(known), codes[known].astype(np.int64)] = 1
        table[~known] = np.nan
        return table
    read = Targets.of(replace(dataset, roles=replace(roles, label=roles.prediction)), targets.task)
    if targets.task == "regression":
        return np.asarray(read.values, np.float32)[:, None]
    return _to_classes(np.asarray(read.values, np.float32), read, targets)


def _to_classes(given: Predictions, own: Targets, wanted: Targets) -> Predictions:
    """Give predictions in the order of other classes; what these do not have is left out."""
    if own.classes == wanted.classes:
        return given
    table = np.zeros((len(given), wanted.n_outputs), np.float32)
    for code, name in enumerate(own.classes):
        if name in wanted.classes:
            table[:, wanted.classes.index(name)] = given[:, code]
    return table


def _names(targets: Targets, rows: Rows) -> NDArray[Any]:
    values = targets.values[rows]
    if targets.task == "classification":
        return np.asarray(np.array(targets.classes, dtype=object)[values])
    if targets.task == "multi-label":
        names = np.array(targets.classes, dtype=object)
        return np.array([", ".join(names[row > 0]) for row in values], dtype=object)
    return np.asarray(values)


def _refuse_other_labels(dataset: Dataset, ours: NDArray[Any], theirs: NDArray[Any], rows: Rows) -> None:
    both = np.asarray(ours == theirs)
    differ = np.flatnonzero(~(both if both.ndim == 1 else both.all(axis=1)))
    if len(differ):
        raise InputError(
            f"{len(differ)} row(s) are labelled otherwise in the two files, first "
            f"{dataset.row_ids[int(rows[differ[0]])].as_py()!r}.",
            remedy="Both must be judged by the same labels.",
        )
