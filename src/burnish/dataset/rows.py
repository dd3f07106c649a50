"""Dataset: immutable rows with ids that survive edits."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from burnish.dataset.fingerprints import array_fingerprint, table_fingerprint

FEW = 8
"""Fewer ids than this part of all are looked for one by one."""

Task = Literal["classification", "multi-label", "regression"]


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
    `image_root`: the folder to which image paths in a field are relative, or None. `given_task`: what the
    labels are for, None where their type tells.
    """

    fields: pa.Table
    row_ids: pa.StringArray
    content: NDArray[np.uint64]
    roles: Roles
    vectors: NDArray[np.floating] | None = None
    name: str = "dataset"
    image_root: str | None = None
    given_task: Task | None = None

    def __len__(self) -> int:
        return len(self.row_ids)

    @cached_property
    def version(self) -> str:
        """Content hash of the rows, their ids and all their fields: 16 hexadecimal digits.

        Fields that a model sees as images or vectors count by their content.
        """
        seen = [f for f in (self.roles.image, self.roles.embedding) if f is not None]
        fields = self.fields.drop_columns([f for f in seen if f in self.fields.column_names])
        ids = pa.table({"row_id": self.row_ids})
        content = np.ascontiguousarray(self.content).astype("<u8").tobytes()
        vectors = None if self.vectors_are_content else self.vectors
        beside = [] if vectors is None else [array_fingerprint(vectors).encode()]
        return table_fingerprint(fields, content, table_fingerprint(ids).encode(), *beside)

    @property
    def vectors_are_content(self) -> bool:
        """Whether `content` tells of the vectors too, or there are none: else they came beside texts or images."""
        return self.vectors is None or (self.roles.text is None and self.roles.image is None)

    def known_as(self, version: str) -> "Dataset":
        """Give the data set with its version as it was written down when it was kept, so that none is computed."""
        known = replace(self)
        known.__dict__["version"] = version
        return known

    def field(self, name: str) -> pa.Array:
        """Give one field as a single Arrow array of n_rows."""
        column = self.fields.column(name)
        return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)

    def _strings(self, name: str) -> pa.Array:
        """The field as strings; an empty one counts as missing, since CSV cannot tell the two apart."""
        values = self.field(name).cast(pa.string())
        return pc.if_else(pc.equal(values, ""), None, values)

    @cached_property
    def texts(self) -> pa.Array | None:
        """The text field as an Arrow string array, or None."""
        return None if self.roles.text is None else self.field(self.roles.text).cast(pa.string())

    @cached_property
    def images(self) -> pa.Array | None:
        """The image field as bytes, or as paths that can be opened as they are; None without images."""
        if self.roles.image is None:
            return None
        images = self.field(self.roles.image)
        if pa.types.is_struct(images.type):
            held = pc.struct_field(images, "bytes")
            images = held if held.null_count < len(held) else pc.struct_field(images, "path")
        if pa.types.is_binary(images.type) or pa.types.is_large_binary(images.type):
            return images
        paths = images.cast(pa.string())
        if self.image_root is None:
            return paths
        inside = pc.binary_join_element_wise(self.image_root, paths, "/")
        return pc.if_else(pc.starts_with(paths, "/"), paths, inside)

    @cached_property
    def task(self) -> Task:
        """What the labels are for: lists are multi-label, numbers with a fraction regression, all else classes."""
        if self.given_task is not None or self.roles.label is None:
            return self.given_task or "classification"
        labels = self.field(self.roles.label)
        if is_list(labels.type):
            return "multi-label"
        fractions = pa.types.is_floating(labels.type) and pc.any(pc.not_equal(labels, pc.floor(labels))).as_py()
        return "regression" if fractions else "classification"

    def for_task(self, task: Task) -> "Dataset":
        """Give the data set with its labels read as targets of `task`."""
        return self if task == self.task else replace(self, given_task=task)

    @cached_property
    def labels(self) -> Labels | None:
        """The label field as codes into its sorted classes; None without one, and where it holds no classes."""
        if self.roles.label is None or self.task != "classification":
            return None
        encoded = self._strings(self.roles.label).dictionary_encode()
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
        return None if self.roles.split is None else self._strings(self.roles.split)

    @cached_property
    def group_codes(self) -> NDArray[np.int64] | None:
        """The group field as codes (n_rows,), each row without a group alone in its own; or None."""
        if self.roles.group is None:
            return None
        encoded = self._strings(self.roles.group).dictionary_encode()
        given = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        codes = np.array(given, dtype=np.int64)
        alone = codes < 0
        codes[alone] = len(encoded.dictionary) + np.arange(int(alone.sum()))
        return codes

    @cached_property
    def row_positions(self) -> dict[str, int]:
        """Row id → position in this version."""
        return {row_id: i for i, row_id in enumerate(self.row_ids.to_pylist())}

    def positions_of(self, row_ids: Sequence[str] | pa.StringArray) -> NDArray[np.int64]:
        """Give the position of each row id in this version, -1 where it has none."""
        wanted = row_ids if isinstance(row_ids, pa.Array) else pa.array(row_ids, pa.string())
        among, near = self.row_ids, None
        if len(wanted) < len(among) // FEW:  # to look for few ids is quicker than to make a table of all
            near = np.append(np.flatnonzero(pc.is_in(among, value_set=wanted).to_numpy(zero_copy_only=False)), -1)
            among = among.take(pa.array(near[:-1]))
        found = pc.index_in(wanted, value_set=among)
        places = np.asarray(found.fill_null(-1).to_numpy(zero_copy_only=False), np.int64)
        return places if near is None else near[places]

    def export_table(self) -> pa.Table:
        """Give the given fields of the rows; `row_id` and `embedding` too where vectors came beside them."""
        if self.vectors is None or self.roles.embedding is not None:
            return self.fields
        flat = pa.array(np.ascontiguousarray(self.vectors).ravel())
        columns = dict(zip(self.fields.column_names, self.fields.columns, strict=True))
        columns.setdefault("row_id", self.row_ids)
        columns["embedding"] = pa.FixedSizeListArray.from_arrays(flat, self.vectors.shape[1])
        return pa.table(columns)

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


def is_list(kind: pa.DataType) -> bool:
    """Tell whether a field of this type holds lists."""
    tests = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    return any(test(kind) for test in tests)
