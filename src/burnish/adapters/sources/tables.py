"""Arrow tables made alike: plain types, one field a name, several files as one."""

from collections import Counter
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from burnish.dataset.rows import is_list
from burnish.errors import InputError

MAX_OFFSET = 2**31 - 1


def concatenate(tables: Sequence[pa.Table], source: str) -> pa.Table:
    """Give the rows of all tables in order, fields unified by name; a field that one lacks is null there."""
    for table in tables:
        refuse_twins(table, source)
    if len(tables) == 1:
        return tables[0]
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise InputError(
            f"the files of {source} do not fit together: {_first_line(error)}.",
            remedy="Give fields of one name one type, or read the files apart.",
        ) from error


def plain(table: pa.Table) -> pa.Table:
    """Give the table with dictionary, view and extension types as the plain types they stand for.

    Strings and bytes of 2 GB and more get 64-bit offsets, so that a field is always one array.
    """
    columns = [_plain_column(column) for column in table.columns]
    return pa.table(columns, names=table.column_names) if columns else table


def _plain_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if isinstance(column.type, pa.BaseExtensionType):
        storage = [chunk.storage for chunk in column.chunks]
        column = pa.chunked_array(storage, column.type.storage_type)
    if pa.types.is_dictionary(column.type):
        column = pa.chunked_array(map(_decoded, column.chunks), _plain_text(column.type.value_type))
    column = column.cast(_plain_text(column.type))
    if pa.types.is_timestamp(column.type) and not _is_known_zone(column.type.tz):
        column = column.cast(pa.timestamp(column.type.unit, "UTC"))  # the same instants; nothing could write the others
    if pa.types.is_string(column.type) and column.nbytes > MAX_OFFSET:
        column = column.cast(pa.large_string())
    if pa.types.is_binary(column.type) and column.nbytes > MAX_OFFSET:
        column = column.cast(pa.large_binary())
    return column


def _is_known_zone(name: str | None) -> bool:
    """Tell whether this machine knows a time zone; without one there is nothing to know."""
    try:
        return name is None or pa.lib.string_to_tzinfo(name) is not None
    except (KeyError, ValueError, OSError):  # zoneinfo's own error is a KeyError
        return False


def _decoded(chunk: pa.DictionaryArray) -> pa.Array:
    return chunk.dictionary.cast(_plain_text(chunk.dictionary.type)).take(chunk.indices)


def _plain_text(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_string_view(kind):
        return pa.large_string()
    return pa.large_binary() if pa.types.is_binary_view(kind) else kind


def refuse_twins(table: pa.Table, source: str) -> None:
    """Raise InputError when two fields share a name, or a name cannot be read."""
    try:
        twins = [name for name, count in Counter(table.column_names).items() if count > 1]
    except UnicodeDecodeError as error:
        raise InputError(
            f"{source} has a field whose name is not UTF-8: {error.object!r}.", remedy="Write the file again as UTF-8."
        ) from error
    if twins:
        raise InputError(
            f"{source} has more than one field named {twins[0]!r}.", remedy="Give every field its own name."
        )


def refuse_damaged(table: pa.Table, source: str) -> None:
    """Raise InputError for a field whose bytes are not what its type says: strings not UTF-8, offsets astray.

    Arrow trusts what a file claims; everything after this reads its buffers.
    """
    for name, column in zip(table.column_names, table.columns, strict=True):
        try:
            column.validate(full=True)
        except pa.ArrowInvalid as error:
            raise InputError(
                f"field {name!r} of {source} is damaged, or not UTF-8: {_first_line(error)}.",
                remedy="Write the file again, strings as UTF-8.",
            ) from error


def is_text(kind: pa.DataType) -> bool:
    """Tell whether values of this type are strings."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def is_bytes(kind: pa.DataType) -> bool:
    """Tell whether values of this type are byte strings of any length."""
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def is_number(kind: pa.DataType) -> bool:
    """Tell whether values of this type are numbers."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def is_scalar(kind: pa.DataType) -> bool:
    """Tell whether values of this type are one number, string, truth value or time."""
    return is_text(kind) or is_number(kind) or bool(pa.types.is_boolean(kind) or pa.types.is_temporal(kind))


def is_vector(kind: pa.DataType) -> bool:
    """Tell whether values of this type are lists of numbers."""
    return is_list(kind) and is_number(kind.value_type)


def is_image_struct(kind: pa.DataType) -> bool:
    """Tell whether values are structs of `bytes` and `path`, the way Hugging Face keeps images."""
    return pa.types.is_struct(kind) and {"bytes", "path"} <= {f.name for f in kind}


def n_distinct(column: pa.ChunkedArray) -> int:
    """Give the number of distinct values, nulls left out."""
    return int(pc.count_distinct(column, mode="only_valid").as_py())


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")
