import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.kernels.top import largest_columns, smallest_values


@given(n_columns=st.integers(1, 2_000), k=st.integers(1, 20), seed=st.integers(0, 99), ties=st.booleans())
@settings(max_examples=60, deadline=None)
def test_the_largest_are_those_of_a_full_sort(n_columns, k, seed, ties):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((4, n_columns))
    if ties:
        values = np.round(values, 1)
    columns = largest_columns(values, k)
    assert columns.shape == (4, min(k, n_columns))
    assert all(len(set(line)) == len(line) for line in columns.tolist())
    found = np.sort(np.take_along_axis(values, columns, axis=1), axis=1)
    np.testing.assert_array_equal(found, np.sort(values, axis=1)[:, -k:])
    np.testing.assert_array_equal(np.sort(smallest_values(values, k), axis=1), np.sort(values, axis=1)[:, :k])


def test_minus_infinity_is_the_last_choice():
    values = np.full((1, 500), -np.inf)
    values[0, [3, 400]] = 1.0, 2.0
    assert {3, 400} <= set(largest_columns(values, 5)[0].tolist())
