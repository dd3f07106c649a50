import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.kernels.folds import group_folds, join_groups

cases = st.integers(0, 60).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(-1, 4), min_size=n, max_size=n), st.lists(st.integers(-1, 12), min_size=n, max_size=n)
    )
)


@settings(max_examples=60)
@given(cases, st.integers(1, 6))
def test_every_row_has_a_fold_and_a_group_has_only_one(case, n_folds):
    labels, groups = (np.array(values, int) for values in case)
    folds = group_folds(labels, groups, n_folds=n_folds, seed=0)
    assert folds.shape == labels.shape
    assert np.all((folds >= 0) & (folds < n_folds))
    for group in set(groups[groups >= 0]):
        assert len(set(folds[groups == group])) == 1


@settings(max_examples=60)
@given(st.lists(st.integers(0, 4), max_size=80), st.integers(1, 6), st.integers(0, 3))
def test_without_groups_labels_and_folds_are_level_to_within_one_row(labels, n_folds, seed):
    labels = np.array(labels, int)
    folds = group_folds(labels, np.full(len(labels), -1), n_folds=n_folds, seed=seed)
    for label in set(labels):
        assert np.ptp(np.bincount(folds[labels == label], minlength=n_folds)) <= 1
    assert np.ptp(np.bincount(folds, minlength=n_folds)) <= 1


def test_single_rows_make_up_for_uneven_groups():
    groups = np.concatenate([np.zeros(15, int), np.full(85, -1)])
    folds = group_folds(np.zeros(100, int), groups, n_folds=5, seed=0)
    assert np.bincount(folds).tolist() == [20] * 5


def test_a_group_larger_than_a_fold_is_still_not_torn():
    groups = np.concatenate([np.zeros(60, int), np.full(40, -1)])
    folds = group_folds(np.zeros(100, int), groups, n_folds=5, seed=0)
    assert sorted(np.bincount(folds).tolist()) == [10, 10, 10, 10, 60]


def test_the_seed_decides_and_only_the_seed():
    labels, groups = np.arange(200) % 7, np.arange(200) // 3
    first, same, other = (group_folds(labels, groups, n_folds=5, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


@pytest.mark.slow
def test_two_hundred_thousand_rows_with_pairs_stay_level():
    rng = np.random.default_rng(0)
    labels, groups = rng.integers(20, size=200_000), rng.integers(150_000, size=200_000)
    folds = group_folds(labels, groups, n_folds=5, seed=0)
    assert np.ptp(np.bincount(folds)) < 100
    table = np.zeros((20, 5), int)
    np.add.at(table, (labels, folds), 1)
    assert np.ptp(table, axis=1).max() < 100


def slow_components(groupings):
    n_rows = len(groupings[0])
    own = list(range(n_rows))
    for _ in range(n_rows):
        for codes in groupings:
            for i in range(n_rows):
                for j in range(n_rows):
                    if codes[i] == codes[j] >= 0:
                        own[i] = own[j] = min(own[i], own[j])
    return own


@settings(max_examples=40)
@given(
    st.integers(1, 9).flatmap(
        lambda n: st.lists(st.lists(st.integers(-1, 4), min_size=n, max_size=n), min_size=1, max_size=3)
    )
)
def test_joined_groups_are_the_connected_components_numbered_by_first_row(groupings):
    arrays = [np.array(codes) for codes in groupings]
    joined = join_groups(arrays[0], None, *arrays[1:])
    expected = slow_components(groupings)
    for i in range(len(expected)):
        assert [joined[i] == x for x in joined] == [expected[i] == x for x in expected]
    _, first = np.unique(joined, return_index=True)
    assert np.all(np.diff(first) > 0)
