"""Texts that a spreadsheet would run."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from burnish.dataset.formulas import RUN, guarded, guarded_cells, unguarded

CELLS = st.text(st.sampled_from("=+-@\t\r\n\0'\"a ,;"), max_size=4) | st.text(max_size=4)


@given(CELLS)
def test_no_guarded_cell_is_a_formula_and_each_comes_back_as_it_was(cell):
    assert not guarded(cell).startswith(tuple(RUN))
    assert unguarded(guarded(cell)) == cell


@given(st.lists(CELLS, unique=True))
def test_cells_that_differ_still_differ_when_they_are_guarded(cells):
    assert len({guarded(cell) for cell in cells}) == len(cells)


@given(st.lists(CELLS | st.none(), min_size=1))
def test_a_column_is_guarded_as_its_cells_are(cells):
    asked = [None if cell is None else guarded(cell) for cell in cells]
    for kind in (pa.string(), pa.large_string()):
        assert guarded_cells(pa.chunked_array([pa.array(cells, kind)])).to_pylist() == asked


def test_numbers_and_their_signs_stay_as_they_are():
    numbers = pa.chunked_array([pa.array([-1, 2, None])])
    assert guarded_cells(numbers) is numbers


def test_what_is_harmless_stays_as_it_is():
    for cell in ("", "plain", "a=b", " =x", "1-1", '"=x"'):
        assert guarded(cell) == cell
