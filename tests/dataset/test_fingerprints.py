import datetime as dt
import decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.dataset.fingerprints import table_fingerprint

MOMENT = dt.datetime(2026, 1, 2, 3, 4, 5)
COLUMNS = {
    "int": pa.array([1, None, 3, 4]),
    "float": pa.array([1.5, float("nan"), None, -0.25]),
    "bool": pa.array([True, None, False, True]),
    "text": pa.array(["a", "", None, "né"]),
    "bytes": pa.array([b"\0", b"", None, b"xyz"]),
    "moment": pa.array([MOMENT, None, MOMENT, MOMENT]),
    "decimal": pa.array([decimal.Decimal("1.50"), None, decimal.Decimal("2.25"), decimal.Decimal("3.00")]),
    "list": pa.array([["a", None], [], None, ["b"]]),
    "vector": pa.array([[1.0, 2.0], None, [3.0, 4.0], [5.0, 6.0]], pa.list_(pa.float32(), 2)),
    "struct": pa.array([{"x": 1, "y": "a"}, None, {"x": None, "y": "b"}, {"x": 2, "y": None}]),
    "coded": pa.array(["u", "v", None, "u"]).dictionary_encode(),
    "map": pa.array([[("a", 1)], [], None, [("b", 2), ("c", 3)]], pa.map_(pa.string(), pa.int64())),
    "nothing": pa.nulls(4),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_chunks_and_slices_do_not_matter(name: str) -> None:
    values = COLUMNS[name]
    whole = table_fingerprint(pa.table({"f": values}))
    longer = pa.concat_arrays([values, values, values])
    assert table_fingerprint(pa.table({"f": longer.slice(4, 4)})) == whole
    assert table_fingerprint(pa.table({"f": pa.chunked_array([values.slice(0, 1), values.slice(1)])})) == whole
    assert table_fingerprint(pa.table({"f": longer.take(pa.array([8, 9, 10, 11]))})) == whole


@pytest.mark.parametrize("name", sorted(COLUMNS.keys() - {"nothing"}))
def test_another_order_of_the_rows_is_another_fingerprint(name: str) -> None:
    table = pa.table({"f": COLUMNS[name]})
    assert table_fingerprint(table) != table_fingerprint(table.take([3, 2, 1, 0]))


@pytest.mark.parametrize("name", sorted(COLUMNS.keys() - {"nothing"}))
def test_a_value_that_becomes_null_is_seen(name: str) -> None:
    values = COLUMNS[name]
    others = (
        pa.concat_arrays([pa.nulls(1, values.type), values.slice(1)]) if name != "coded" else values.take([2, 1, 2, 0])
    )
    assert table_fingerprint(pa.table({"f": values})) != table_fingerprint(pa.table({"f": others}))


def test_what_lies_under_a_null_and_the_width_of_offsets_do_not_matter() -> None:
    hidden = pa.Array.from_buffers(
        pa.int64(), 2, [pa.py_buffer(b"\x01"), pa.py_buffer(np.array([7, 99], np.int64).tobytes())]
    )
    assert table_fingerprint(pa.table({"f": hidden})) == table_fingerprint(pa.table({"f": pa.array([7, None])}))
    wide = pa.array(["a", None, "bc"], pa.large_string())
    assert table_fingerprint(pa.table({"f": wide})) == table_fingerprint(pa.table({"f": pa.array(["a", None, "bc"])}))


def test_numbers_count_by_value_and_not_by_width() -> None:
    kinds = (pa.int8(), pa.int64(), pa.float32(), pa.float64())
    prints = {table_fingerprint(pa.table({"f": pa.array([1, None, 0]).cast(kind)})) for kind in kinds}
    assert len(prints | {table_fingerprint(pa.table({"f": pa.array([True, None, False])}))}) == 1
    large = (table_fingerprint(pa.table({"f": pa.array([2**60 + i])})) for i in range(2))
    assert len(set(large)) == 2


def test_names_values_and_more_bytes_count() -> None:
    one = pa.table({"f": pa.array([1, 2])})
    prints = {
        table_fingerprint(one), table_fingerprint(one.rename_columns(["g"])), table_fingerprint(one, b"x"),
        table_fingerprint(pa.table({"f": pa.array([1, 3])})), table_fingerprint(one, b"x", b""),
    }  # fmt: skip
    assert len(prints) == 5


@given(st.lists(st.none() | st.text(max_size=3), max_size=6), st.lists(st.none() | st.text(max_size=3), max_size=6))
def test_texts_have_the_same_fingerprint_only_if_they_are_the_same(first: list, second: list) -> None:
    one, two = (table_fingerprint(pa.table({"f": pa.array(v, pa.string())}), bytes([len(v)])) for v in (first, second))
    assert (one == two) == (first == second)
