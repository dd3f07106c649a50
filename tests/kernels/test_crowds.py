import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.kernels.crowds import link_crowds
from burnish.kernels.top import Best
from burnish.kernels.vectors import Vectors


def crowd(n_equal, n_other, k, seed):
    """Give rows of which some are equal, and lists that name k equal rows in cliques of k + 1, as cells do."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n_equal + n_other, 4)).astype(np.float32)
    equal = np.sort(rng.choice(len(rows), n_equal, replace=False))
    rows[equal] = rows[equal[0]]
    positions = np.full((len(rows), k), -1, np.int32)
    similarities = np.full((len(rows), k), -np.inf, np.float32)
    for start in range(0, n_equal, k + 1):
        clique = equal[max(0, min(start, n_equal - k - 1)) :][: k + 1]
        for row in clique:
            positions[row], similarities[row] = clique[clique != row][:k], 1.0
    return rows, equal, Best(similarities, positions)


@settings(max_examples=40)
@given(st.integers(12, 90), st.integers(0, 30), st.integers(1, 10), st.integers(0, 1_000))
def test_lists_of_a_crowd_hold_equal_rows_once_each_and_hang_together(n_equal, n_other, k, seed):
    rows, equal, best = crowd(n_equal, n_other, k, seed)
    link_crowds(best, Vectors.of(rows))
    for row in equal:
        listed = best.positions[row]
        assert np.isin(listed, equal).all()
        assert row not in listed
        assert len(np.unique(listed)) == k
    others = np.setdiff1d(np.arange(len(rows)), equal)
    assert (best.positions[others] == -1).all()
    if k >= 2:
        assert np.mean(np.isin(best.positions[equal], equal[: k // 2 + 1]).any(axis=1)) == 1


def test_a_group_that_its_lists_can_hold_is_left_as_it_is():
    rows, _, best = crowd(5, 6, 4, 0)
    before = best.positions.copy()
    link_crowds(best, Vectors.of(rows))
    np.testing.assert_array_equal(best.positions, before)
