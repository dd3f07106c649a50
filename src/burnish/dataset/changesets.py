"""Changeset: reviewed edits by row id, each with its reason, bound to one version. The only way rows change."""

import json
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np
import pyarrow as pa

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
        unknown = [e.row_id for e in self.edits if e.row_id not in dataset.row_positions]
        if unknown:
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
        dropped = {dataset.row_positions[e.row_id] for e in self.edits if e.action == "drop"}
        kept = np.array([i for i in range(len(dataset)) if i not in dropped], dtype=np.int64)
        return relabelled.take(kept)

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
    listed = is_list(given.type)
    values = (given if listed else given.cast(pa.string())).to_pylist()
    for edit in edits:
        values[dataset.row_positions[edit.row_id]] = json.loads(str(edit.label)) if listed else edit.label
    try:
        column = pa.array(values, given.type) if listed else pa.array(values, pa.string()).cast(given.type)
    except (pa.ArrowInvalid, pa.ArrowTypeError, json.JSONDecodeError) as error:
        raise InputError(
            f"field {name!r} holds {given.type}; a new label does not fit: {error}.",
            remedy="Relabel to a class of the field.",
        ) from error
    index = dataset.fields.column_names.index(name)
    return replace(dataset, fields=dataset.fields.set_column(index, name, column))
