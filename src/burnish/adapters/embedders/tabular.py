"""Rows of a table as vectors: every field has an equal say in the distance between two rows."""

import hashlib
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from burnish.adapters.embedders.field_encoders import CategoryEncoder, DateEncoder, FieldEncoder, NumberEncoder
from burnish.errors import EmbedderError, UsageError

LEAST_SPREAD = 0.1
MOST_CODES = 20
FIT_BLOCK_ROWS = 65_536


@dataclass(frozen=True, slots=True)
class FittedField:
    """A field, how it is encoded, and the weight that gives it an equal say."""

    name: str
    encoder: FieldEncoder
    weight: float


class TabularEmbedder:
    """Unit rows whose cosine is a weighted mean of how alike two rows are, field by field (Gower, 1971).

    A number is alike by the angle between values (`NumberEncoder`), a category when equal, a date by
    time, season, weekday and hour; missing is alike to missing only. Weights make the mean distance
    of two random rows the same in every field; a field that hardly varies (mean distance under 0.1)
    gets no more than ten times the weight of one that always differs.

    Medians, spreads, categories and weights belong to the set that `fit_tabular` saw: the vectors
    are set-scoped, and `recipe` carries a hash of what was fitted. `left_out` names the fields that are
    constant, unlike in nearly every row (ids, free text), or of a nested type.
    """

    def __init__(self, fields: tuple[FittedField, ...], *, left_out: tuple[str, ...] = ()) -> None:
        self.fields = fields
        self.left_out = left_out
        digest = hashlib.blake2b(repr(fields).encode(), digest_size=8).hexdigest()
        self.recipe = f"tabular fitted={digest} revision=1"
        self._total = float(np.sqrt(sum(field.weight for field in fields)))
        self.n_dims = sum(field.encoder.encode(pa.nulls(1, _TYPES[type(field.encoder)])).shape[1] for field in fields)

    def embed(self, batch: pa.Array | pa.Table) -> NDArray[np.float32]:
        """Give (len(batch), n_dims) unit rows; raises EmbedderError when a fitted field is missing."""
        names = set(batch.column_names)
        absent = [field.name for field in self.fields if field.name not in names]
        if absent:
            raise EmbedderError(
                f"the table has no field {absent[0]!r}, which the encoding was fitted on.",
                remedy="Embed rows that have the fields of the table given to fit_tabular.",
            )
        blocks = [
            field.encoder.encode(_column(batch, field.name)) * np.float32(np.sqrt(field.weight) / self._total)
            for field in self.fields
        ]
        return np.hstack(blocks)


def fit_tabular(table: pa.Table, *, max_categories: int = 64, max_dims: int = 2048) -> TabularEmbedder:
    """Give the embedder for the fields of `table`, fitted on its rows.

    At most `max_categories` of a field have an axis of their own, fewer when many fields would give
    more than about `max_dims` dimensions together. Whole numbers with up to 20 distinct values count
    as codes, hence as categories. Raises UsageError when no field can be used.
    """
    share = max(2, min(max_categories, max_dims // max(1, table.num_columns) - 9))
    fitted, left_out = [], []
    for name in table.column_names:
        values = _column(table, name)
        encoder = _choose(values, share)
        spread = _spread(encoder, values) if encoder is not None else 0.0
        if encoder is None or spread <= 0.0:
            left_out.append(name)
        else:
            fitted.append(FittedField(name, encoder, 1.0 / max(spread, LEAST_SPREAD)))
    if not fitted:
        raise UsageError(
            f"none of the fields {', '.join(table.column_names) or '(none)'} tells rows apart.",
            remedy="Pass --meta with fields that vary, or --text, --image or --embedding.",
        )
    return TabularEmbedder(tuple(fitted), left_out=tuple(left_out))


_TYPES = {NumberEncoder: pa.float64(), CategoryEncoder: pa.string(), DateEncoder: pa.timestamp("us")}


def _column(table: pa.Table, name: str) -> pa.Array:
    column = table.column(name).combine_chunks()
    values = column if isinstance(column, pa.Array) else pa.concat_arrays(column.chunks)
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    return values.cast(pa.string()) if _is_text(values.type) else values


def _choose(values: pa.Array, max_categories: int) -> FieldEncoder | None:
    kind = values.type
    if pa.types.is_temporal(kind) and (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
        return DateEncoder.fit(values)
    if pa.types.is_integer(kind) and pc.count_distinct(values).as_py() <= MOST_CODES:
        return CategoryEncoder.fit(values, max_categories=max_categories)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return NumberEncoder.fit(values)
    if pa.types.is_boolean(kind):
        return CategoryEncoder.fit(values, max_categories=max_categories)
    if _is_text(kind):
        n_distinct = pc.count_distinct(values).as_py()
        almost_ids = n_distinct > max_categories and n_distinct > len(values) / 2
        return None if almost_ids else CategoryEncoder.fit(values, max_categories=max_categories)
    return None


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _spread(encoder: FieldEncoder, values: pa.Array) -> float:
    """Give the mean cosine distance of two random rows: 1 − |mean|², since rows have length 1."""
    total: NDArray[np.float64] | float = 0.0
    for start in range(0, len(values), FIT_BLOCK_ROWS):
        total = total + encoder.encode(values.slice(start, FIT_BLOCK_ROWS)).sum(axis=0, dtype=np.float64)
    if not len(values):
        return 0.0
    mean = np.asarray(total) / len(values)
    spread = 1.0 - float(np.sum(mean * mean))
    return spread if spread > 1e-9 else 0.0
