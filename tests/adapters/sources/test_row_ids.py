import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.adapters.sources.row_ids import ids_of_content, ids_of_field
from burnish.errors import InputError


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1)), max_size=20))
def test_ids_of_content_are_the_first_digits_and_a_count(pairs):
    content = np.array(pairs, np.uint64).reshape(-1, 2)
    seen: dict[int, int] = {}
    expected = []
    for head, _ in pairs:
        expected.append(f"{head:016x}-{seen.get(head, 0)}")
        seen[head] = seen.get(head, 0) + 1
    assert ids_of_content(content).to_pylist() == expected


def test_numbers_become_strings():
    assert ids_of_field(pa.chunked_array([[3, 1], [2]]), "id").to_pylist() == ["3", "1", "2"]


def test_ids_that_come_twice_are_named():
    with pytest.raises(InputError, match=r"2 id\(s\) of field 'id' come more than once, first 'a', 'b'") as caught:
        ids_of_field(pa.chunked_array([["a", "b", "a", "c", "b"]]), "id")
    assert "--id" in caught.value.remedy


def test_a_row_without_an_id_is_named():
    with pytest.raises(InputError, match=r"1 row.*first row 1"):
        ids_of_field(pa.chunked_array([["a", None]]), "id")
