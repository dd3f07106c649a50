import hashlib
import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.adapters.sources import digests
from burnish.adapters.sources.digests import (
    digest_fields,
    digest_files,
    digest_values,
    digest_vectors,
    join_digests,
)


def rows(content):
    return [tuple(row) for row in content.tolist()]


@settings(max_examples=60)
@given(
    st.lists(st.one_of(st.none(), st.text(max_size=5)), max_size=12),
    st.integers(0, 12),
    st.sampled_from([pa.string(), pa.large_string()]),
)
def test_strings_have_the_digest_of_their_utf_8_bytes_in_any_chunks(values, cut, kind):
    column = pa.chunked_array([pa.array(values[:cut], kind), pa.array(values[cut:], kind)], kind)
    for part, expected in ((column, values), (column.slice(1), values[1:])):
        found = rows(digest_values(part))
        assert len(found) == len(expected)
        for digest, value in zip(found, expected, strict=True):
            data = b"\0null\0" if value is None else value.encode()
            slow = hashlib.blake2b(data, digest_size=16).digest()
            assert digest == tuple(np.frombuffer(slow, "<u8").tolist())


def test_no_text_is_not_the_empty_text():
    assert len(set(rows(digest_values(pa.chunked_array([["", None]], pa.string()))))) == 2


NUMBERS = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, math.nan, math.inf]), st.floats(width=32), st.integers(-3, 3).map(float)
)


@settings(max_examples=60)
@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=12), st.integers(1, 5))
def test_vectors_are_equal_as_float32_values_whatever_their_width_and_the_block(pairs, block_rows):
    vectors = np.array(pairs, np.float64)
    before, digests.BLOCK_ROWS = digests.BLOCK_ROWS, block_rows
    try:
        found = rows(digest_vectors(vectors))
    finally:
        digests.BLOCK_ROWS = before
    assert found == rows(digest_vectors(vectors.astype(np.float32)))
    canonical = [tuple("nan" if math.isnan(v) else v + 0.0 for v in row) for row in vectors.tolist()]
    for i in range(len(pairs)):
        for j in range(i):
            assert (found[i] == found[j]) == (canonical[i] == canonical[j])


def test_every_nan_is_the_same():
    bits = np.array([[0x7FC00000, 1], [0x7FC00001, 1], [0xFFC00000, 1]], np.uint32)
    assert len(set(rows(digest_vectors(bits.view(np.float32))))) == 1


def test_fields_count_by_value_in_any_order_and_type():
    one = pa.table({"a": pa.array([1, 2, None], pa.int8()), "b": ["x", "y", None]})
    other = pa.table({"b": pa.array(["x", "y", None], pa.large_string()), "a": [1.0, 2.0, None]})
    assert rows(digest_fields(one)) == rows(digest_fields(other))
    assert len(set(rows(digest_fields(one)))) == 3


def test_missing_is_not_zero_and_not_the_empty_string():
    table = pa.table({"a": [0, None, 0, None], "b": ["", "", None, None], "c": [True, True, True, True]})
    assert len(set(rows(digest_fields(table)))) == 4


def test_integers_beyond_what_a_float_holds_are_told_apart():
    big = 2**62
    table = pa.table({"a": pa.array([big, big + 1, big + 2, big], pa.int64())})
    found = rows(digest_fields(table))
    assert len(set(found)) == 3
    assert found[0] == found[3]


def test_times_dates_and_decimals_have_digests():
    table = pa.table(
        {
            "t": pa.array([1, 2, 1], pa.timestamp("us", "UTC")),
            "d": pa.array([1, 1, 1], pa.date32()),
            "m": pa.array([1, 2, 1]).cast(pa.decimal128(21, 2)),
        }
    )
    found = rows(digest_fields(table))
    assert found[0] == found[2] != found[1]


def test_several_parts_make_one_digest_and_a_single_part_stays():
    one = digest_values(pa.chunked_array([["a", "b", "a"]]))
    other = digest_values(pa.chunked_array([["x", "x", "y"]]))
    assert join_digests([one]) is one
    assert len(set(rows(join_digests([one, other])))) == 3
    assert join_digests([one, other]).shape == (3, 2)


def test_files_count_by_their_bytes(tmp_path):
    for name, data in (("a", b"one"), ("b", b"one"), ("c", b"two")):
        (tmp_path / name).write_bytes(data)
    paths = [tmp_path / "a", tmp_path / "b", tmp_path / "c", None, None]
    found = rows(digest_files(paths, ["a", "b", "c", "missing", "gone"]))
    assert found[0] == found[1]
    assert len(set(found)) == 4
    assert found[0] == rows(digest_values(pa.chunked_array([[b"one"]])))[0]


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_doubles_beyond_float32_are_told_apart_and_those_within_count_as_float32(scale):
    lines = np.array([[1.0, 2.0], [2.0, 1.0], [1.0, 2.0], [0.0, 1.0]])
    found = rows(digest_vectors(lines * scale))
    assert len(set(found)) == 3
    assert found[0] == found[2]
    mixed = np.array([[1e-200, 1.0], [0.0, 1.0]])
    assert len(set(rows(digest_vectors(mixed)))) == 1


def test_zero_rows_of_any_width_are_the_same():
    found = {rows(digest_vectors(np.array([[0.0, -0.0]], dtype)))[0] for dtype in (np.float16, np.float32, np.float64)}
    assert len(found) == 1
