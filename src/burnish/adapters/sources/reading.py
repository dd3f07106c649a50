"""read_source: from anything that holds rows to a Dataset."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from burnish.adapters.sources.delimited import read_delimited
from burnish.adapters.sources.digests import (
    digest_fields,
    digest_files,
    digest_values,
    digest_vectors,
    join_digests,
)
from burnish.adapters.sources.files import READABLE, DataFile, locate
from burnish.adapters.sources.images import open_images, resolve_paths
from burnish.adapters.sources.json_lines import read_json_lines
from burnish.adapters.sources.numpy_arrays import open_arrays
from burnish.adapters.sources.opened import Given, Guess, Opened
from burnish.adapters.sources.parquet import read_arrow, read_parquet
from burnish.adapters.sources.python_objects import open_object
from burnish.adapters.sources.roles import decide_roles
from burnish.adapters.sources.row_ids import ids_of_content, ids_of_field
from burnish.adapters.sources.tables import concatenate, is_bytes, is_text, plain, refuse_damaged, refuse_twins
from burnish.adapters.sources.vectors import refuse_unusable, vector_width, vectors_of_field
from burnish.dataset import Dataset, Roles
from burnish.errors import InputError, UsageError

TABLE_READERS: dict[str, Callable[[DataFile, Given], tuple[pa.Table, list[Guess]]]] = {
    "parquet": read_parquet,
    "arrow": read_arrow,
    "delimited": read_delimited,
    "json lines": read_json_lines,
}


def read_source(
    source: object, given: Given, *, name: str | None = None, max_bytes: int | None = None
) -> tuple[Dataset, list[Guess]]:
    """Give the rows of a source as a Dataset, and every role that was guessed, with the reason.

    `source` is a path, glob, folder or URI, or an object in memory: a pandas, polars or pyarrow
    table, a Hugging Face data set, a list of strings or dicts, a dict of lists, an array of
    embeddings. `given` holds role → field (`meta`: several); what it leaves out is guessed, an
    empty name says that there is none. Tables whose files alone are larger than `max_bytes` are not begun.
    Raises InputError and UsageError, each with a remedy.
    """
    if isinstance(source, (str, os.PathLike)):
        opened = _open_path(source, given, name, max_bytes)
    else:
        opened = replace(open_object(source, given, name or "dataset"), own_paths=True)
    refuse_twins(opened.fields, opened.name)
    refuse_damaged(opened.fields, opened.name)
    opened = replace(opened, fields=plain(opened.fields))
    if len(opened) == 0:
        raise InputError(f"{opened.name} has no rows.", remedy="Pass a source with at least one row.")
    roles, guesses = decide_roles(opened, given)
    notes = [note for note in opened.notes if note not in guesses]
    return _dataset(opened, roles), guesses + notes


@dataclass(frozen=True)
class GivenSource:
    """`read_source` as the Source of the protocol: what to read, and the roles that were named."""

    source: object
    given: Given = field(default_factory=dict)

    def read(self) -> Dataset:
        """Give the data set; the guesses are left out."""
        return read_source(self.source, self.given)[0]


def _open_path(source: str | os.PathLike[str], given: Given, name: str | None, max_bytes: int | None) -> Opened:
    located, text = locate(source), os.fspath(source)
    files = located.files
    kind = _one_kind(files, text)
    name = name or Path(text.rstrip("/")).name.partition(".")[0].strip("*?") or "dataset"
    empty = next((file for file in files if kind != "image" and file.size == 0), None)
    if empty is not None:
        raise InputError(f"{empty.path!r} is empty: 0 bytes.", remedy="Write the file again, or leave it out.")
    if kind == "image":
        return open_images(files, located.folder, name)
    if kind == "numpy":
        return open_arrays(files, given, name)
    n_bytes = sum(file.size for file in files)
    if max_bytes is not None and n_bytes > max_bytes:
        raise InputError(
            f"{text!r} has {n_bytes / 2**20:,.1f} MiB in files, and {max_bytes / 2**20:,.0f} MiB of memory are left.",
            remedy="Pass embeddings as .npy, which is not loaded, or a part of the rows; or raise --max-memory.",
        )
    read = [TABLE_READERS[kind](file, given) for file in files]
    table = concatenate([table for table, _ in read], repr(text))
    return Opened(table, name, folder=located.folder, notes=tuple(note for _, notes in read for note in notes))


def _one_kind(files: list[DataFile], source: str) -> str:
    kinds: dict[str | None, str] = {}
    for file in files:
        kinds.setdefault(file.kind, file.path)
    if len(kinds) > 1:
        shown = ", ".join(f"{kind or 'unknown'} ({path})" for kind, path in kinds.items())
        raise UsageError(
            f"{source!r} holds files of {len(kinds)} kinds: {shown}.", remedy="Pass one file, or a glob of one kind."
        )
    kind = next(iter(kinds))
    if kind is None:
        raise UsageError(f"{files[0].path!r}: the suffix tells no kind that can be read.", remedy=READABLE)
    return kind


def _dataset(opened: Opened, roles: Roles) -> Dataset:
    vectors = opened.vectors
    if vectors is None and roles.embedding is not None:
        vectors = vectors_of_field(opened.fields.column(roles.embedding), roles.embedding)
    if vectors is not None:
        refuse_unusable(vectors, opened.name)
    if roles.proba is not None:
        vector_width(opened.fields.column(roles.proba), roles.proba)
    content = _content(opened, roles, vectors)
    row_ids = ids_of_content(content) if roles.id is None else ids_of_field(opened.fields.column(roles.id), roles.id)
    root = None if opened.folder is None else str(opened.folder)
    return Dataset(opened.fields, row_ids, content, roles, vectors=vectors, name=opened.name, image_root=root)


def _content(opened: Opened, roles: Roles, vectors: NDArray[np.floating] | None) -> NDArray[np.uint64]:
    parts = []
    if roles.text is not None:
        parts.append(digest_values(opened.fields.column(roles.text)))
    if roles.image is not None:
        parts.append(_image_digests(opened, roles.image))
    if not parts and vectors is not None:
        parts.append(digest_vectors(vectors))
    predicted = roles.prediction is not None or roles.proba is not None
    if not parts and not roles.meta and predicted and roles.id is not None:
        parts.append(digest_values(opened.fields.column(roles.id).cast(pa.string())))  # a file of predictions, no more
    if not parts:
        if not roles.meta:
            raise InputError(
                f"{opened.name} has nothing that a model could look at: no text, image, embedding or other field.",
                remedy="Name a field: --text, --image, --embedding or --meta.",
            )
        parts.append(digest_fields(opened.fields.select(roles.meta)))
    return join_digests(parts)


def _image_digests(opened: Opened, name: str) -> NDArray[np.uint64]:
    column = opened.fields.column(name)
    if pa.types.is_struct(column.type):
        held, paths_beside = pc.struct_field(column, "bytes"), pc.struct_field(column, "path")
        # Checked even where bytes are there for other rows: an edit may leave only rows of paths.
        resolve_paths(opened, pc.if_else(pc.is_null(held), paths_beside, None).to_pylist())
        column = held if held.null_count < len(held) else paths_beside
    if is_bytes(column.type):
        return digest_values(column)
    if not is_text(column.type):
        raise InputError(f"field {name!r} holds no image.", remedy="Name a field of image bytes or of paths.")
    given: Iterable[str | None] = column.to_pylist()
    paths = resolve_paths(opened, given)
    if all(path is None for path in paths):
        raise InputError(
            f"none of the {len(paths)} image paths of field {name!r} leads to a file.",
            remedy=f"Paths are relative to {str(opened.folder or Path.cwd())!r}.",
        )
    return digest_files(paths, given)
