"""What the fields of a table look like: missing, constant, mixed, misspelt and extreme values."""

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

MISSING_WORDS = ("", "?", "na", "n/a", "nan", "null", "none", "-", "--")
NUMBER = r"^\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*$"
MAX_CATEGORIES = 1000
MAX_CATEGORY_SHARE = 0.2

SCHEMA = pa.schema(
    [
        ("field", pa.string()), ("kind", pa.string()), ("n_rows", pa.int64()), ("n_missing", pa.int64()),
        ("n_distinct", pa.int64()), ("n_numbers", pa.int64()), ("odd_rows", pa.list_(pa.int64())),
        ("variant_rows", pa.list_(pa.int64())), ("variants", pa.list_(pa.string())), ("usuals", pa.list_(pa.string())),
        ("extreme_rows", pa.list_(pa.int64())), ("extremes", pa.list_(pa.float64())),
        ("deviations", pa.list_(pa.float64())),
    ]
)  # fmt: skip


class Extremes(NamedTuple):
    """The rows furthest outside the middle 99 % of a field: positions, values, distance in widths of that range."""

    rows: NDArray[np.int64]
    values: NDArray[np.float64]
    deviations: NDArray[np.float64]


def field_stats(fields: pa.Table, *, n_extremes: int = 100) -> pa.Table:
    """Give one line a field; lists of rows are positions.

    `kind`: number, text or other (lists, times: only counts). `n_missing`: null, NaN, or a word for it
    (`MISSING_WORDS`). `n_numbers`: texts that are written numbers; `odd_rows`: the rows of whichever
    are fewer, numbers or words. `variant_rows`: rows whose value is a rarer spelling (case, white space)
    of another one (`usuals`), told only in fields of few distinct values (at most 1,000 and a fifth of
    the rows). `extreme_rows`: see `extremes`; at most `n_extremes`.
    """
    lines = [_line(name, fields[name], n_extremes) for name in fields.column_names]
    return pa.Table.from_pylist(lines, schema=SCHEMA)


def extremes(values: NDArray[np.floating], n_extremes: int) -> Extremes:
    """Give the at most `n_extremes` rows that lie furthest outside the middle 99 %, furthest first.

    The deviation counts from the edge of that range in widths of it. None where the range has no width.
    """
    known = np.isfinite(values)
    low, high = np.quantile(values[known], [0.005, 0.995]) if known.any() else (0.0, 0.0)
    if high <= low:
        return Extremes(np.empty(0, np.int64), np.empty(0), np.empty(0))
    outside = np.maximum(values - high, low - values) / (high - low)
    rows = np.flatnonzero(np.nan_to_num(outside, nan=0.0, posinf=0.0) > 0)
    rows = rows[np.argsort(-outside[rows], kind="stable")][:n_extremes]
    return Extremes(rows, values[rows].astype(np.float64), outside[rows].astype(np.float64))


def _line(name: str, column: pa.ChunkedArray, n_extremes: int) -> dict[str, Any]:
    kind = _kind(column.type)
    line: dict[str, Any] = {"field": name, "kind": kind, "n_rows": len(column), "n_missing": column.null_count}
    if kind == "text":
        line |= _text_facts(column.cast(pa.large_string()))
    elif kind == "number":
        numbers = pc.fill_null(column.cast(pa.float64(), safe=False), float("nan")).to_numpy()
        found = extremes(numbers, n_extremes)
        line |= {
            "n_missing": int(np.isnan(numbers).sum()),
            "n_distinct": len(np.unique(numbers[~np.isnan(numbers)])),
            "extreme_rows": found.rows.tolist(),
            "extremes": found.values.tolist(),
            "deviations": found.deviations.tolist(),
        }
    return line


def _kind(given: pa.DataType) -> str:
    if pa.types.is_integer(given) or pa.types.is_floating(given):
        return "number"
    if pa.types.is_dictionary(given):
        return _kind(given.value_type)
    text = pa.types.is_string(given) or pa.types.is_large_string(given)
    return "text" if text else "other"


def _text_facts(column: pa.ChunkedArray) -> dict[str, Any]:
    encoded = column.combine_chunks().dictionary_encode()
    values = encoded.dictionary.cast(pa.large_string())
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    folded = pc.utf8_lower(pc.utf8_trim_whitespace(values))
    absent = pc.is_in(folded, pa.array(MISSING_WORDS, folded.type)).to_numpy(zero_copy_only=False)
    number = pc.match_substring_regex(values, NUMBER).to_numpy(zero_copy_only=False) & ~absent
    missing = np.append(absent, True)[codes]  # code -1, null, is the last
    is_number = np.append(number, False)[codes]
    is_word = ~missing & ~is_number
    odd = is_number if is_number.sum() < is_word.sum() else is_word
    facts = {
        "n_missing": int(missing.sum()),
        "n_distinct": int((~absent).sum()),
        "n_numbers": int(is_number.sum()),
        "odd_rows": np.flatnonzero(odd).tolist() if is_number.any() else [],
    }
    return facts | _variants(values, np.where(missing, -1, codes), folded)


def _variants(values: pa.Array, codes: NDArray[Any], folded: pa.Array) -> dict[str, Any]:
    """Give the rows whose value is a rarer spelling of a more frequent one, the values, and the usual ones."""
    present = codes[codes >= 0]
    counts = np.bincount(present, minlength=len(values))
    n_distinct = int(np.count_nonzero(counts))
    if n_distinct > min(MAX_CATEGORIES, MAX_CATEGORY_SHARE * len(codes)):
        return {"variant_rows": [], "variants": [], "usuals": []}
    keys = pc.replace_substring_regex(folded, r"[\s_-]+", " ").to_pylist()
    usual: dict[str, int] = {}
    for code in np.argsort(-counts, kind="stable").tolist():
        usual.setdefault(keys[code], code)
    of_code = np.array([usual[key] for key in keys], np.int64)
    rare = np.append(of_code != np.arange(len(values)), False)[codes] if len(values) else np.zeros(len(codes), bool)
    rows = np.flatnonzero(rare)
    spelt = [values[int(code)].as_py() for code in codes[rows]]
    return {
        "variant_rows": rows.tolist(),
        "variants": spelt,
        "usuals": [values[int(of_code[code])].as_py() for code in codes[rows]],
    }
