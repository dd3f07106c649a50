"""Dataset: immutable rows with ids that survive edits."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


@dataclass(frozen=True)
class Roles:
    """Which field of the source plays which part; None where no field does.

    `embedding` is None when vectors came beside the table (see `Dataset.vectors`).
    """

    text: str | None = None
    image: str | None = None
    embedding: str | None = None
    label: str | None = None
    split: str | None = None
    id: str | None = None
    group: str | None = None
    time: str | None = None
    prediction: str | None = None
    proba: str | None = None
    meta: tuple[str, ...] = ()

    def named(self) -> dict[str, str]:
        """Give role → field for the single-field roles that are filled."""
        pairs = ((f.name, getattr(self, f.name)) for f in fields(self) if f.name != "meta")
        return {role: field for role, field in pairs if field is not None}


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels as codes: `codes` (n_rows,) int32 into `classes`, -1 where a row has no label."""

    codes: NDArray[np.int32]
    classes: tuple[str, ...]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Mask (n_rows,) of rows that have a label."""
        return self.codes >= 0


@dataclass(frozen=True, eq=False)
class Dataset:
    """Rows, their lasting ids, and the role of each field.

    `fields`: the given fields as an Arrow table of n_rows. `row_ids`: n_rows strings, unique.
    `content`: (n_rows, 2) uint64, a 128-bit digest of what a model sees of the row (text, image,
    vector, or all scalar fields of a table); equal digests are exact duplicates. `vectors`:
    (n_rows, n_dims) embeddings that the user brought, possibly memory-mapped, or None.
    """

    fields: pa.Table
    row_ids: pa.StringArray
    content: NDArray[np.uint64]
    roles: Roles
    vectors: NDArray[np.floating] | None = None
    name: str = "dataset"

    def __len__(self) -> int:
        return len(self.row_ids)

    @cached_property
    def version(self) -> str:
        """Content hash of the rows, their ids and their labels: 16 hexadecimal digits."""
        digest = hashlib.blake2b(digest_size=8)
        digest.update(np.ascontiguousarray(self.content).tobytes())
        for array in (self.row_ids, *(self.field(f) for f in self._versioned_fields())):
            for value in array.cast(pa.string()).to_pylist():
                digest.update(b"\0" if value is None else value.encode() + b"\1")
        return digest.hexdigest()

    def _versioned_fields(self) -> list[str]:
        return [f for f in (self.roles.label, self.roles.split, self.roles.group) if f is not None]

    def field(self, name: str) -> pa.Array:
        """Give one field as a single Arrow array of n_rows."""
        column = self.fields.column(name)
        return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)

    @cached_property
    def texts(self) -> pa.Array | None:
        """The text field as an Arrow string array, or None."""
        return None if self.roles.text is None else self.field(self.roles.text).cast(pa.string())

    @cached_property
    def labels(self) -> Labels | None:
        """The label field as codes into its sorted classes, or None."""
        if self.roles.label is None:
            return None
        encoded = self.field(self.roles.label).cast(pa.string()).dictionary_encode()
        names = encoded.dictionary.to_pylist()
        order = np.argsort(np.array(names, dtype=object), kind="stable") if names else np.empty(0, int)
        rank = np.empty(len(names) + 1, np.int32)
        rank[order] = np.arange(len(names), dtype=np.int32)
        rank[-1] = -1
        positions = encoded.indices.fill_null(len(names)).to_numpy(zero_copy_only=False)
        return Labels(rank[positions], tuple(names[i] for i in order))

    @cached_property
    def splits(self) -> pa.Array | None:
        """The split field as an Arrow string array, or None."""
        return None if self.roles.split is None else self.field(self.roles.split).cast(pa.string())

    @cached_property
    def group_codes(self) -> NDArray[np.int64] | None:
        """The group field as codes (n_rows,), each row without a group alone in its own; or None."""
        if self.roles.group is None:
            return None
        encoded = self.field(self.roles.group).cast(pa.string()).dictionary_encode()
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        alone = codes < 0
        codes[alone] = len(encoded.dictionary) + np.arange(int(alone.sum()))
        return codes

    @cached_property
    def row_positions(self) -> dict[str, int]:
        """Row id → position in this version."""
        return {row_id: i for i, row_id in enumerate(self.row_ids.to_pylist())}

    def take(self, rows: Sequence[int] | NDArray[np.integer]) -> "Dataset":
        """Give the data set that has only `rows` (positions), in that order."""
        positions = np.asarray(rows, dtype=np.int64)
        return replace(
            self,
            fields=self.fields.take(pa.array(positions)),
            row_ids=self.row_ids.take(pa.array(positions)),
            content=self.content[positions],
            vectors=None if self.vectors is None else self.vectors[positions],
        )
