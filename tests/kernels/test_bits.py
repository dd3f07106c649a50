import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.kernels.bits import n_bytes, packed, unpacked


@given(st.lists(st.booleans(), max_size=40))
def test_a_mask_comes_back_and_each_row_has_its_bit(rows):
    bits = packed(np.array(rows, np.bool_))
    assert len(bits) == n_bytes(len(rows))
    assert unpacked(bits, len(rows)).tolist() == rows
    assert [bool(bits[i // 8] >> i % 8 & 1) for i in range(len(rows))] == rows


@pytest.mark.parametrize("n_rows", [0, 8, 17])
def test_bytes_for_another_number_of_rows_are_refused(n_rows):
    with pytest.raises(ValueError, match=f"the mask has 2 bytes, {n_rows} rows need"):
        unpacked(b"\xff\x01", n_rows)
