"""Ballot: what people may answer about the rows of a data set, and which answers can be used."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from burnish.dataset import Dataset
from burnish.dataset.reviews import DROP, Vote
from burnish.dataset.targets import Targets
from burnish.errors import InputError

MAX_LABEL_CHARACTERS = 1_000
SHOWN_CHARACTERS = 60


def choices(dataset: Dataset) -> tuple[str, ...]:
    """Give what a person can answer: the classes and, last, DROP; raises InputError where labels are no classes.

    Where a class is called like DROP, rows cannot be dropped by an answer.
    """
    if dataset.roles.label is None or dataset.task == "regression":
        raise InputError(
            f"{dataset.name!r} has no classes that people could choose from.",
            remedy="Pass --label FIELD with a field of classes.",
        )
    classes = Targets.of(dataset).classes
    return classes if DROP in classes else (*classes, DROP)


def row_digests(dataset: Dataset) -> list[str]:
    """Give per row what changes with its content or label and nothing else: "r" and 16 hexadecimal digits.

    The letter keeps spreadsheets from reading a number.
    """
    contents = np.ascontiguousarray(dataset.content).astype("<u8")
    return [
        f"r{hashlib.blake2b(content.tobytes() + json.dumps(label).encode(), digest_size=8).hexdigest()}"
        for content, label in zip(contents, given_labels(dataset), strict=True)
    ]


def given_labels(dataset: Dataset) -> Sequence[str | None]:
    """Give the labels as people read and write them: a class, or the classes as a JSON list, sorted."""
    if dataset.roles.label is None:
        return [None] * len(dataset)
    labels = dataset.field(dataset.roles.label)
    if pa.types.is_nested(labels.type):
        return [None if label is None else _json_list(label) for label in labels.to_pylist()]
    return [label or None for label in labels.cast(pa.string()).to_pylist()]


class Ballot:
    """The rows of `row_ids` that are there, as they are now, and the labels that they may get."""

    def __init__(self, dataset: Dataset, row_ids: Iterable[str], *, new_labels: bool = False) -> None:
        found = dataset.positions_of(list(dict.fromkeys(row_ids)))
        part = dataset.take(np.sort(found[found >= 0]))
        self._version = dataset.version
        self._digests: dict[str, str] = dict(zip(part.row_ids.to_pylist(), row_digests(part), strict=True))
        self._given: dict[str, str | None] = dict(zip(part.row_ids.to_pylist(), given_labels(part), strict=True))
        self._open = new_labels
        self._choices = frozenset(choices(dataset))
        self._drops = DROP not in Targets.of(dataset).classes
        self._labels = dataset.field(str(dataset.roles.label))
        self._lists = dataset.task == "multi-label"

    def given(self, row_id: str) -> str | None:
        """Give the label that the row has now."""
        return self._given[row_id]

    def drops(self, label: str) -> bool:
        """Tell whether an answer means that the row should go."""
        return self._drops and label == DROP

    def spelled(self, vote: Vote) -> Vote:
        """Give the vote with its label as the data set spells it; a space at either end is taken for a slip."""
        label = vote.label
        if len(label) > MAX_LABEL_CHARACTERS or (label in self._choices - {DROP} and not self._lists):
            return vote
        if self._lists and not self.drops(label.strip()):
            names = (str(one) for one in _listed(label))
            return replace(vote, label=_json_list(self._natives.get(name, name) for name in names))
        return replace(vote, label=label.strip())

    def refusal(self, vote: Vote) -> str | None:
        """Give why a vote cannot be used, or None; its label is `spelled`."""
        if vote.row_id not in self._digests:
            return "is no row of this version"
        if vote.row_digest != self._digests[vote.row_id] and vote.version != self._version:
            told = vote.row_digest or vote.version
            return "has changed since the task was written" if told else "has lost its version and row_digest"
        if len(vote.label) > MAX_LABEL_CHARACTERS:
            return f"has a label of {len(vote.label):,} characters"
        return None if self._holds(vote.label) else f"has a label that is not known: {short(vote.label)}"

    def _holds(self, label: str) -> bool:
        if self.drops(label):
            return True
        names = [str(one) for one in _listed(label)] if self._lists else [label]
        unknown = [name for name in names if name not in self._choices or self.drops(name)]
        return not unknown or (self._open and self._fit(unknown))

    def _fit(self, names: Collection[str]) -> bool:
        """Whether new classes can stand in the field."""
        if not all(name.strip() and name.isprintable() and not self.drops(name) for name in names):
            return False
        kind = self._labels.type.value_type if self._lists else self._labels.type
        try:
            pa.array(names, pa.string()).cast(kind)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return False
        return True

    @cached_property
    def _natives(self) -> Mapping[str, Any]:
        """Class → the value that stands for it in the lists."""
        values = pc.unique(pc.list_flatten(self._labels)).drop_null()
        return dict(zip(values.cast(pa.string()).to_pylist(), values.to_pylist(), strict=True))


def short(text: str) -> str:
    """Give a text of a file in quotes, cut and without control characters, fit for one line."""
    return repr(text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…")


def _json_list(label: Iterable[Any]) -> str:
    return json.dumps(sorted(set(label), key=str), ensure_ascii=False, default=str)


def _listed(label: str) -> Sequence[Any]:
    """Give the classes that a JSON list names; any other text is one class."""
    try:
        named = json.loads(label)
    except (ValueError, RecursionError):
        named = None
    return named if isinstance(named, list) else [label.strip()]
