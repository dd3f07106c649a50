import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.kernels.cluster_identity import ABSENT, Event, cluster_changes, inherited_ids, match_clusters


def kinds(events):
    return [event.kind for event in events]


def test_the_same_clusters_under_other_names_are_the_same():
    before = np.repeat([4, 7, 9], [30, 20, 10])
    after = np.repeat([2, 0, 1], [30, 20, 10])
    assert match_clusters(before, after) == {2: 4, 0: 7, 1: 9}
    events = cluster_changes(before, after)
    assert events == [
        Event("persists", (4,), (2,), (30,), (30,), 30),
        Event("persists", (7,), (0,), (20,), (20,), 20),
        Event("persists", (9,), (1,), (10,), (10,), 10),
    ]


def test_births_and_ends_are_told_with_their_rows():
    before = np.array([0] * 10 + [1] * 8 + [ABSENT] * 6)
    after = np.array([0] * 10 + [ABSENT] * 8 + [5] * 6)
    assert cluster_changes(before, after) == [
        Event("persists", (0,), (0,), (10,), (10,), 10),
        Event("born", (), (5,), (), (6,), 0),
        Event("gone", (1,), (), (8,), (), 0),
    ]


def test_a_split_tells_its_parts_and_the_larger_one_keeps_the_identity():
    before = np.zeros(100, int)
    after = np.repeat([1, 2], [60, 40])
    assert match_clusters(before, after) == {1: 0}
    assert cluster_changes(before, after) == [
        Event("persists", (0,), (1,), (100,), (60,), 60),
        Event("split", (0,), (1, 2), (100,), (60, 40), 100),
    ]


def test_a_merger_tells_what_it_was_made_of():
    before = np.repeat([3, 8], [60, 40])
    after = np.zeros(100, int)
    events = cluster_changes(before, after)
    assert kinds(events) == ["persists", "merged"]
    assert events[1] == Event("merged", (3, 8), (0,), (60, 40), (100,), 100)


def test_a_cluster_that_grew_tenfold_is_still_itself():
    before = np.array([0] * 10 + [1] * 10 + [ABSENT] * 90)
    after = np.array([7] * 10 + [8] * 10 + [7] * 90)
    assert match_clusters(before, after) == {7: 0, 8: 1}
    assert cluster_changes(before, after)[0] == Event("persists", (0,), (7,), (10,), (100,), 10)


def test_clusters_with_little_in_common_are_not_the_same():
    rng = np.random.default_rng(0)
    events = cluster_changes(rng.integers(10, size=2_000), rng.integers(10, size=2_000))
    assert set(kinds(events)) == {"born", "gone"}


def test_noise_is_no_cluster():
    assert cluster_changes(np.full(5, -1), np.full(5, -1)) == []
    assert kinds(cluster_changes(np.array([0, 0, 0]), np.full(3, -1))) == ["gone"]


@given(st.integers(0, 10_000))
def test_order_of_rows_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    before, after = rng.integers(-2, 5, size=60), rng.integers(-2, 5, size=60)
    order = rng.permutation(60)
    assert cluster_changes(before, after) == cluster_changes(before[order], after[order])


@given(st.integers(0, 10_000))
def test_each_cluster_is_told_and_each_identity_is_given_once(seed):
    rng = np.random.default_rng(seed)
    before, after = rng.integers(-1, 6, size=40), rng.integers(-1, 6, size=40)
    events = cluster_changes(before, after)
    assert {i for e in events for i in e.before} == set(before[before >= 0].tolist())
    assert {i for e in events for i in e.after} == set(after[after >= 0].tolist())
    matched = match_clusters(before, after)
    assert len(set(matched.values())) == len(matched)
    for new, old in matched.items():
        rows = (before == old) | (after == new)
        assert ((before == old) & (after == new)).sum() / rows.sum() >= 0.3


def test_levels_are_matched_each_by_itself_and_fresh_ids_are_above_all_former_ones():
    before = np.column_stack([np.repeat([10, 11], 20), np.repeat([0, 1, 2, 3], 10)])
    after = np.column_stack([np.repeat([4, 5], 20), np.repeat([3, 2, 1], [10, 10, 20])])
    named = inherited_ids(before, after, first_free=12)
    assert {4: 10, 5: 11, 3: 0, 2: 1}.items() <= named.items()
    assert named[1] in (2, 3)
    born = np.column_stack([after[:, 0], np.repeat([3, 2, 1, 6], [10, 10, 10, 10])])
    born[-10:, 1] = np.where(np.arange(10) < 5, 6, 7)
    fresh = inherited_ids(before, born, first_free=12)
    assert sorted(fresh.values())[-1] == 12
    assert len(set(fresh.values())) == len(fresh)


@pytest.mark.parametrize("share", [0.2, 0.8])
def test_the_threshold_is_on_rows_in_common_over_rows_in_either(share):
    n = int(100 * share)
    before = np.array([0] * 100 + [-1] * (100 - n))
    after = np.array([-1] * (100 - n) + [0] * 100)
    assert (match_clusters(before, after) == {0: 0}) == (n / (200 - n) >= 0.3)
