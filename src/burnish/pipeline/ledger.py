"""Ledger: one line an edit, made from changesets, from what a source changed, and from what an undo takes back."""

import json
from collections.abc import Collection
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from burnish.dataset import Changeset, Dataset, Edit
from burnish.dataset.changesets import label_strings
from burnish.dataset.history import LEDGER, Placed, Version
from burnish.errors import InputError

SOURCE_CODE, UNDO_CODE = "SOURCE", "UNDO"
BY_HAND = ("HAND", "REVIEW")


DONE = {"drop": "dropped", "relabel": "relabelled", "restore": "restored"}


class Chosen(NamedTuple):
    """Which edits are meant: those of some rows, of some codes, or all where none is named."""

    row_ids: Collection[str] = ()
    codes: Collection[str] = ()


def decided_lines(changes: Changeset, who: str) -> pa.Table:
    """Give the lines of a changeset; where the rows lie is added by `with_places`."""
    return pa.Table.from_pylist(
        [
            {
                "row_id": edit.row_id, "action": edit.action, "code": edit.code, "reason": edit.reason,
                "evidence": json.dumps(edit.evidence, default=str, ensure_ascii=False), "label": edit.label,
                "kept_row_id": edit.kept_row_id,
                "decided_by": _decided_by(edit, who),
            }
            for edit in changes.edits
        ],
        schema=LEDGER,
    )  # fmt: skip


def _decided_by(edit: Edit, who: str) -> str:
    """Give who decided: the person that a review names, else the one who works here, by hand or by a policy."""
    named = edit.evidence.get("decided_by")
    return str(named) if named else who if edit.code in BY_HAND else f"policy, run by {who}"


def source_lines(dataset: Dataset, rows: NDArray[np.integer], action: str, reason: str) -> pa.Table:
    """Give the lines of rows that a source does not have any more, or has with another label."""
    n_rows = len(rows)
    told = {"action": action, "code": SOURCE_CODE, "reason": reason, "evidence": "{}", "decided_by": "source"}
    columns = {name: pa.repeat(told[name], n_rows) if name in told else pa.nulls(n_rows) for name in LEDGER.names}
    return pa.table({**columns, "row_id": dataset.row_ids.take(pa.array(rows))}).cast(LEDGER)


def with_places(lines: pa.Table, dataset: Dataset, rows: NDArray[np.integer], placed: Placed) -> pa.Table:
    """Add where each row lies, and the label that it had."""
    known = {"old_label": label_strings(dataset, rows), "segment": placed.segment[rows], "place": placed.place[rows]}
    for name, values in known.items():
        lines = lines.set_column(LEDGER.get_field_index(name), LEDGER.field(name), pa.array(values))
    return lines


def added_lines(version: Version, row_ids: pa.StringArray) -> pa.Table:
    """Give a line for each row that a version brought, as if adding were an edit."""
    n_rows = len(row_ids)
    told = {"action": "add", "code": SOURCE_CODE, "reason": "new in the source", "evidence": "{}"}
    columns = {name: pa.repeat(told[name], n_rows) if name in told else pa.nulls(n_rows) for name in LEDGER.names}
    places = {"segment": pa.repeat(version.number, n_rows), "place": pa.array(np.arange(n_rows))}
    return pa.table({**columns, **places, "row_id": row_ids}).cast(LEDGER)


def reversed_lines(lines: pa.Table, version: Version, chosen: Chosen, *, who: str) -> pa.Table:
    """Give the lines that take edits, or rows that were added, back; raises InputError for unknown ones."""
    asked = np.ones(len(lines), np.bool_)
    for name, wanted in zip(("row_id", "code"), chosen, strict=True):
        if wanted:
            _refuse_unknown(lines[name], wanted, version, name)
            asked &= pc.is_in(lines[name], pa.array(list(wanted), pa.string())).to_numpy()
    lines = lines.filter(pa.array(asked))
    back = {"drop": "restore", "restore": "drop", "relabel": "relabel", "add": "drop"}
    told = [json.dumps({"undoes": version.name, "code": code}) for code in lines["code"].to_pylist()]
    new = {
        "action": [back[action] for action in lines["action"].to_pylist()],
        "evidence": told,
        "code": pa.repeat(UNDO_CODE, len(lines)),
        "reason": pa.repeat(f"undo of {version.name}", len(lines)),
        "old_label": lines["label"],
        "label": lines["old_label"],
        "decided_by": pa.repeat(who, len(lines)),
    }
    return pa.table({name: new.get(name, lines[name]) for name in LEDGER.names}).cast(LEDGER)


def _refuse_unknown(column: pa.ChunkedArray, wanted: Collection[str], version: Version, name: str) -> None:
    unknown = sorted(set(wanted) - set(column.to_pylist()))
    if unknown:
        what = "row" if name == "row_id" else "code"
        raise InputError(
            f"{version.name} has no edit of {what} {unknown[0]!r}.", remedy="`burnish log` shows its codes and rows."
        )


def row_keys(lines: pa.Table) -> NDArray[np.int64]:
    """Give one number a row, the same for the same row."""
    return np.asarray((lines["segment"].to_numpy().astype(np.int64) << 40) + lines["place"].to_numpy())


def counted(lines: pa.Table) -> dict[str, int]:
    """Give how many rows were dropped, relabelled and restored."""
    return {DONE[v["values"]]: v["counts"] for v in lines["action"].value_counts().to_pylist()}


def codes_of(lines: pa.Table) -> dict[str, int]:
    """Give how many edits each code has."""
    return {v["values"]: v["counts"] for v in lines["code"].value_counts().to_pylist()}
