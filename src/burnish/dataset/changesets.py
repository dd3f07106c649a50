"""Changeset: reviewed edits by row id, each with its reason, bound to one version. The only way rows change."""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from burnish.dataset.rows import Dataset, is_list
from burnish.errors import InputError, LockedRowsError, StaleChangesetError

Action = Literal["drop", "relabel", "weight"]


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit of one row: what, why (code, reason, evidence), and what was there before (`old_label`)."""

    row_id: str
    action: Action
    code: str
    reason: str
    evidence: Mapping[str, object] = field(default_factory=dict)
    kept_row_id: str | None = None
    old_label: str | None = None
    label: str | None = None
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class Changeset:
    """Edits bound to the version they were made for; at most one edit a row.

    The parent version is never touched, so an edit is undone by leaving it out: see `without`.
    """

    version: str
    edits: tuple[Edit, ...] = ()

    def __post_init__(self) -> None:
        twice = [row_id for row_id, count in Counter(e.row_id for e in self.edits).items() if count > 1]
        if twice:
            raise InputError(
                f"row {twice[0]!r} has more than one edit in the changeset.", remedy="Leave one edit per row."
            )
        unknown = [e for e in self.edits if e.action not in get_args(Action)]
        if unknown:
            raise InputError(
                f"row {unknown[0].row_id!r}: no action {unknown[0].action!r}.",
                remedy=f"Actions: {', '.join(get_args(Action))}.",
            )
        blank = [e for e in self.edits if e.action == "relabel" and e.label is None]
        if blank:
            raise InputError(
                f"row {blank[0].row_id!r} is to be relabelled, but to what is not said.",
                remedy="Give the edit a label.",
            )

    def __len__(self) -> int:
        return len(self.edits)

    @property
    def codes(self) -> tuple[str, ...]:
        """The check codes behind the edits, sorted."""
        return tuple(sorted({edit.code for edit in self.edits}))

    def only(self, code: str) -> "Changeset":
        """Give the edits of one check code."""
        return replace(self, edits=tuple(e for e in self.edits if e.code == code))

    def without(self, *, row_ids: Collection[str] = (), codes: Collection[str] = ()) -> "Changeset":
        """Undo: give the changeset without the edits of these rows or codes."""
        kept = tuple(e for e in self.edits if e.row_id not in row_ids and e.code not in codes)
        return replace(self, edits=kept)

    def refuse_locked(self, locked_row_ids: Collection[str]) -> None:
        """Raise LockedRowsError if an edit touches a row of the evaluation split."""
        touched = [e.row_id for e in self.edits if e.row_id in locked_row_ids]
        if touched:
            raise LockedRowsError(
                f"the changeset edits {len(touched)} row(s) of the evaluation split, first {touched[0]!r}.",
                remedy="Evaluation rows are locked: remove these edits, and let a person correct the source.",
            )

    def refuse_other(self, dataset: Dataset) -> None:
        """Raise StaleChangesetError if it was made for another version, InputError if it names an unknown row."""
        if dataset.version != self.version:
            raise StaleChangesetError(
                f"the changeset was made for version {self.version}, this data set is {dataset.version}.",
                remedy="Audit this version again, or pass the source that the changeset was made from.",
            )
        lost = np.flatnonzero(dataset.positions_of([e.row_id for e in self.edits]) < 0)
        if unknown := [self.edits[i].row_id for i in lost]:
            raise InputError(
                f"the changeset names {len(unknown)} unknown row(s), first {unknown[0]!r}.",
                remedy="Row ids are those of rows.parquet of the audit.",
            )

    def apply(self, dataset: Dataset) -> Dataset:
        """Give the next version: dropped rows out, labels replaced; order and ids kept.

        Raises StaleChangesetError when the changeset was made for another version, InputError for
        an unknown row.
        """
        self.refuse_other(dataset)
        relabelled = _relabel(dataset, [e for e in self.edits if e.action == "relabel"])
        kept = np.ones(len(dataset), np.bool_)
        kept[dataset.positions_of([e.row_id for e in self.edits if e.action == "drop"])] = False
        return relabelled.take(np.flatnonzero(kept))

    def to_json(self) -> dict[str, Any]:
        """Give the document of `changeset.json`."""
        return {"version": self.version, "edits": [asdict(e) for e in self.edits]}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Changeset":
        """Read the document of `changeset.json`; raises InputError when it is not one."""
        try:
            edits = tuple(Edit(**edit) for edit in document["edits"])
            return cls(version=str(document["version"]), edits=edits)
        except (KeyError, TypeError) as error:
            raise InputError(
                f"this is not a changeset: {error}.",
                remedy='A changeset is {"version": …, "edits": [{"row_id", "action", "code", "reason"}, …]}.',
            ) from error


def _relabel(dataset: Dataset, edits: list[Edit]) -> Dataset:
    if not edits:
        return dataset
    name = dataset.roles.label
    if name is None:
        raise InputError(
            "the changeset relabels rows, but the data set has no label field.", remedy="Pass --label FIELD."
        )
    given = dataset.field(name)
    places = dataset.positions_of([edit.row_id for edit in edits])
    try:
        column = with_labels(given, places, [edit.label for edit in edits])
    except (pa.ArrowInvalid, pa.ArrowTypeError, json.JSONDecodeError) as error:
        raise InputError(
            f"field {name!r} holds {given.type}; a new label does not fit: {error}.",
            remedy="Relabel to a class of the field.",
        ) from error
    index = dataset.fields.column_names.index(name)
    return replace(dataset, fields=dataset.fields.set_column(index, name, column))


def with_labels(given: pa.Array, places: NDArray[np.integer], labels: Sequence[str | None]) -> pa.Array:
    """Give a label field with new values at some places; lists are written as JSON. Raises ArrowInvalid."""
    if is_list(given.type):
        new = pa.array([None if label is None else json.loads(label) for label in labels], given.type)
    else:
        new = pa.array(labels, pa.string()).cast(given.type)
    source = np.full(len(given), -1, np.int64)
    source[places] = np.arange(len(labels))
    mask = source >= 0
    if is_list(given.type):
        return pa.concat_arrays([given, new]).take(pa.array(np.where(mask, len(given) + source, np.arange(len(given)))))
    return pc.replace_with_mask(given, pa.array(mask), new.take(pa.array(source[mask])))


def label_strings(dataset: Dataset, places: NDArray[np.integer]) -> pa.StringArray:
    """Give the labels of some rows as an edit writes them: lists as JSON, null where there is none."""
    if dataset.roles.label is None:
        return pa.nulls(len(places), pa.string())
    labels = dataset.field(dataset.roles.label).take(pa.array(places))
    if is_list(labels.type):
        return pa.array([None if value is None else json.dumps(value) for value in labels.to_pylist()], pa.string())
    return labels.cast(pa.string())
