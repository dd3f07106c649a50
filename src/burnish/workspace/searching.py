"""Searching: which rows of a version hold a text, match a pattern, are among some ids, or belong to a slice.

A mask is (n_rows,) bool, by position.
"""

from collections.abc import Callable, Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from burnish.adapters.sources.tables import is_bytes, is_text
from burnish.dataset import Dataset, Evidence
from burnish.errors import InputError, UsageError

CLUSTER = "cluster:"
MOST_DIGITS = 9
FOUND = (
    "row_id", "split", "label", "predicted_label", "predicted_proba", "label_quality", "suggested_label",
    "outlier_score", "exact_group", "near_group", "nearest_row_id", "nearest_distance", "leak", "cluster", "map_x",
    "map_y",
)  # fmt: skip
"""Columns of `rows.parquet` that a condition may name."""

Mask = NDArray[np.bool_]


def holding_text(dataset: Dataset, text: str) -> Mask:
    """Mask the rows whose text, id or label holds some words, whatever the case."""
    return _any(dataset, lambda column: pc.match_substring(column, text, ignore_case=True))


def matching_pattern(dataset: Dataset, pattern: str) -> Mask:
    """Mask the rows whose text, id or label a pattern of RE2 finds something in; raises UsageError for none.

    RE2 takes time in proportion to the text, whatever the pattern.
    """
    try:
        return _any(dataset, lambda column: pc.match_substring_regex(column, pattern))
    except pa.ArrowInvalid as error:
        reason = str(error).removeprefix("Invalid regular expression: ")
        raise UsageError(
            f"the pattern {pattern[:60]!r} cannot be read: {reason[:200]}.",
            remedy="Patterns are those of RE2: github.com/google/re2/wiki/Syntax.",
        ) from error


def with_ids(dataset: Dataset, row_ids: pa.Array) -> Mask:
    """Mask the rows that have one of some ids."""
    return _as_mask(pc.is_in(dataset.row_ids, value_set=row_ids))


def in_slice(evidence: Evidence, name: str) -> Mask:
    """Mask the rows of a slice that was found, or of `cluster:ID`, a cluster of any level; raises InputError."""
    mask, cluster = np.zeros(len(evidence.dataset), np.bool_), name.removeprefix(CLUSTER)
    if name != cluster and len(cluster) <= MOST_DIGITS and cluster.isdecimal() and "cluster_path" in evidence:
        return np.asarray((np.asarray(evidence["cluster_path"]) == int(cluster)).any(axis=1), np.bool_)
    found = evidence.table("slices") if "slices" in evidence.summaries else pa.table({"slice": [], "rows": []})
    place = pc.index(found["slice"], pa.scalar(name, found["slice"].type)).as_py()
    if place < 0:
        raise InputError(f"no slice {name[:60]!r} was found.", remedy=known_names(found["slice"].to_pylist()))
    mask[found["rows"][place].values.to_numpy()] = True
    return mask


def condition_table(dataset: Dataset, rows: pa.Table | None = None) -> pa.Table:
    """Give what an SQL condition may be about: the fields under their names, and what an audit found (`rows`).

    Vectors, pictures and sound are left out. Where a field has the name of what was found, that is `found_NAME`.
    """
    roles = dataset.roles
    fields = {
        field.name: dataset.fields.column(field.name) for field in dataset.fields.schema
        if field.name not in (roles.embedding, roles.image) and not _is_binary(field.type)
    }  # fmt: skip
    taken = {name.casefold() for name in fields}
    found = {"row_id": dataset.row_ids} if rows is None else {name: rows.column(name) for name in FOUND}
    same = {name for name in ("label", "split") if getattr(roles, name) == name}
    told = {f"found_{name}" if name in taken else name: column for name, column in found.items() if name not in same}
    return pa.table({**fields, **told})


def known_names(names: Iterable[str]) -> str:
    """Say which names there are, the first twenty."""
    shown = [repr(name) for name in list(names)[:20]]
    return f"There are: {', '.join(shown)}." if shown else "There is none yet."


def _any(dataset: Dataset, matches: Callable[[pa.Array], pa.Array]) -> Mask:
    found = np.zeros(len(dataset), np.bool_)
    for column in _searched(dataset):
        found |= _as_mask(matches(column))
    return found


def _searched(dataset: Dataset) -> list[pa.Array]:
    """Give what a search looks at: ids, labels, and texts, or where there are none all fields that hold strings."""
    roles = dataset.roles
    names = [roles.text] if roles.text is not None else list(roles.meta)
    columns = [dataset.field(name) for name in (*names, roles.label) if name is not None]
    strings = [column for column in columns if is_text(column.type)]
    if roles.label is not None and dataset.labels is not None and not is_text(columns[-1].type):
        strings.append(columns[-1].cast(pa.string()))
    return [dataset.row_ids, *strings]


def _is_binary(kind: pa.DataType) -> bool:
    return is_bytes(kind) or bool(pa.types.is_fixed_size_binary(kind))


def _as_mask(found: pa.Array) -> Mask:
    return np.asarray(pc.fill_null(found, fill_value=False).to_numpy(zero_copy_only=False), np.bool_)
