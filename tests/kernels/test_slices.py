import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.sparse import csc_array, csr_array

from burnish.kernels.slices import Family, _count_drawn, cross, likelihood_ratios, one_hot, regions, scan

pytestmark = pytest.mark.slow


def coded_rows(n_rows, seed):
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.integers(size, size=n_rows) for size in (3, 4, 5, 6)])


def members(matrix, column):
    return matrix.indices[matrix.indptr[column] : matrix.indptr[column + 1]]


def search(codes, errors, seed=0):
    literals = one_hot(codes, min_rows=40)
    pairs = cross(literals, min_rows=40)
    return literals, pairs, scan(errors, [Family(literals.matrix), Family(pairs.matrix)], min_rows=40, seed=seed)


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), min_rows=st.integers(1, 30))
def test_literals_and_crosses_hold_exactly_the_rows_that_they_name(seed, min_rows):
    codes = np.random.default_rng(seed).integers(-1, 4, size=(80, 3))
    literals = one_hot(codes, min_rows=min_rows)
    pairs = cross(literals, min_rows=min_rows)
    for i, (field, value) in enumerate(zip(literals.field, literals.value, strict=True)):
        assert members(literals.matrix, i).tolist() == np.flatnonzero(codes[:, field] == value).tolist()
        assert min_rows <= len(members(literals.matrix, i)) <= 40
    for i, (first, second) in enumerate(zip(pairs.first, pairs.second, strict=True)):
        both = np.intersect1d(members(literals.matrix, first), members(literals.matrix, second))
        assert sorted(members(pairs.matrix, i)) == both.tolist()
        assert literals.field[first] != literals.field[second]
        assert len(both) >= min_rows


def test_crosses_beyond_the_cap_are_counted_and_the_smallest_are_left_out():
    literals = one_hot(coded_rows(1_000, 0), min_rows=10)
    everything, capped = cross(literals, min_rows=10), cross(literals, min_rows=10, max_pairs=7)
    assert capped.n_left_out == len(everything.first) - 7
    assert capped.matrix.sum(axis=0).min() >= np.sort(everything.matrix.sum(axis=0))[-7]


@settings(max_examples=30)
@given(hits=st.integers(0, 30), size=st.integers(30, 60), n_errors=st.integers(30, 90))
def test_the_likelihood_ratio_agrees_with_binomial_likelihoods(hits, size, n_errors):
    n_rows = 300
    ratio = likelihood_ratios(np.array([[hits]]), np.array([float(size)]), n_errors, n_rows)[0, 0]
    outside = n_errors - hits
    inside_share, outside_share = hits / size, outside / (n_rows - size)
    slow = sum(
        stats.binom.logpmf(k, m, share) - stats.binom.logpmf(k, m, n_errors / n_rows)
        for k, m, share in ((hits, size, inside_share), (outside, n_rows - size, outside_share))
    )
    assert ratio == pytest.approx(slow if inside_share > outside_share else 0.0, abs=1e-8)


def test_a_weak_cross_is_found_under_one_name():
    codes = coded_rows(4_000, 1)
    planted = (codes[:, 1] == 2) & (codes[:, 3] == 4)
    errors = np.random.default_rng(2).random(4_000) < np.where(planted, 0.4, 0.1)
    literals, pairs, found = search(codes, errors)
    assert len(found) == 1
    rows = members(pairs.matrix, found[0].candidate - len(literals.field))
    assert sorted(rows) == np.flatnonzero(planted).tolist()
    assert found[0].p_value < 1e-6
    assert found[0].q_value <= 0.05


def test_two_weak_slices_are_both_found():
    codes = coded_rows(6_000, 1)
    first, second = codes[:, 2] == 0, (codes[:, 1] == 2) & (codes[:, 3] == 4)
    errors = np.random.default_rng(2).random(6_000) < np.where(first | second, 0.4, 0.1)
    _, _, found = search(codes, errors)
    assert len(found) == 2
    assert found[0].q_value <= found[1].q_value


def test_a_slice_that_is_better_than_the_rest_is_not_weak():
    codes = coded_rows(4_000, 1)
    errors = np.random.default_rng(2).random(4_000) < np.where(codes[:, 1] == 2, 0.02, 0.2)
    literals = one_hot(codes, min_rows=40)
    better = int(np.flatnonzero((literals.field == 1) & (literals.value == 2))[0])
    assert scan(errors, [Family(literals.matrix[:, [better]])], min_rows=40) == []


def test_errors_at_random_give_a_slice_in_few_runs():
    codes = coded_rows(1_500, 3)
    runs = [search(codes, np.random.default_rng(seed).random(1_500) < 0.2, seed)[2] for seed in range(40)]
    assert sum(bool(found) for found in runs) <= 5  # 95 % of binomial(40, 0.05)


@pytest.mark.parametrize("rate", [0, 1])
def test_without_both_errors_and_hits_there_is_no_slice(rate):
    assert search(coded_rows(500, 0), np.full(500, bool(rate)))[2] == []


def test_without_candidates_there_is_no_slice():
    literals = one_hot(np.full((100, 1), -1), min_rows=5)
    pairs = cross(literals, min_rows=5)
    assert scan(np.arange(100) % 3 == 0, [Family(literals.matrix), Family(pairs.matrix)], min_rows=5) == []


def test_the_same_seed_gives_the_same_slices():
    codes = coded_rows(2_000, 1)
    errors = np.random.default_rng(2).random(2_000) < np.where(codes[:, 0] == 1, 0.3, 0.1)
    first, second = search(codes, errors, 5)[2], search(codes, errors, 5)[2]
    assert [one._replace(rows=one.rows.tolist()) for one in first] == [
        one._replace(rows=one.rows.tolist()) for one in second
    ]
    assert first


def unit_blobs(n_rows=3_000, n_blobs=20, n_dims=16, seed=0):
    rng = np.random.default_rng(seed)
    blob = rng.integers(n_blobs, size=n_rows)
    rows = rng.standard_normal((n_blobs, n_dims))[blob] + 0.4 * rng.standard_normal((n_rows, n_dims))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), blob


def test_a_weak_blob_of_the_embeddings_is_found():
    rows, blob = unit_blobs()
    weak = blob == 7
    errors = np.random.default_rng(1).random(len(rows)) < np.where(weak, 0.4, 0.1)
    found = scan(errors, [Family(regions(rows, min_rows=60), averaged=True)], min_rows=60)
    assert len(found) == 1
    inside = np.isin(np.arange(len(rows)), found[0].rows)
    assert (inside & weak).sum() / (inside | weak).sum() > 0.8


def test_a_weak_set_that_no_candidate_matches_is_found_as_the_average_of_those_that_overlap_it():
    n_rows, n_sets = 2_000, 60
    rng = np.random.default_rng(0)
    weak = np.arange(n_rows) < 120
    # Each candidate holds two thirds of the weak rows, and as many others.
    kept = [np.concatenate([rng.permutation(120)[:80], 120 + rng.permutation(1_880)[:80]]) for _ in range(n_sets)]
    candidates = csc_array(np.array([np.isin(np.arange(n_rows), rows) for rows in kept], np.float32).T)
    errors = rng.random(n_rows) < np.where(weak, 0.5, 0.1)

    def jaccard(*, averaged):
        first = scan(errors, [Family(candidates, averaged)], min_rows=40)[0]
        inside = np.isin(np.arange(n_rows), first.rows)
        return (inside & weak).sum() / (inside | weak).sum()

    assert jaccard(averaged=False) == pytest.approx(0.4)
    assert jaccard(averaged=True) > 0.5


def test_errors_at_random_give_a_region_in_few_runs():
    candidates = Family(regions(unit_blobs(1_500)[0], min_rows=40), averaged=True)
    runs = [
        scan(np.random.default_rng(seed).random(1_500) < 0.2, [candidates], min_rows=40, seed=seed)
        for seed in range(40)
    ]
    assert sum(bool(found) for found in runs) <= 5  # 95 % of binomial(40, 0.05)


def test_given_clusters_are_regions_but_for_noise():
    codes = np.repeat([[-1, 2], [0, 3], [1, 3], [1, 4]], 50, axis=0)
    found = regions(np.full((200, 1), np.nan, np.float32), min_rows=40, codes=codes, max_share=0.5)
    sets = sorted(sorted(members(found, column).tolist()) for column in range(found.shape[1]))
    spans = [(0, 50), (50, 100), (50, 150), (100, 200), (150, 200)]
    assert sets == [list(range(*span)) for span in spans]


def test_regions_keep_to_their_sizes_and_leave_out_unreadable_rows():
    rows, _ = unit_blobs()
    rows[::50] = np.nan
    found = regions(rows, min_rows=60, max_share=0.1)
    sizes = found.sum(axis=0)
    assert sizes.min() >= 60
    assert sizes.max() <= 300
    assert not np.isin(found.indices, np.arange(0, 3_000, 50)).any()


def test_too_few_rows_have_no_regions():
    assert regions(unit_blobs(40)[0], min_rows=30).shape == (40, 0)


def test_drawn_errors_are_counted_as_those_of_a_permutation():
    rng = np.random.default_rng(0)
    member = rng.random((300, 5)) < [0.05, 0.1, 0.3, 0.5, 0.9]
    by_row = csr_array(member.astype(np.float32))
    counts, order = np.zeros((4_000, 5), np.int32), np.arange(300, dtype=np.int32)
    _count_drawn(counts, (by_row.indptr, by_row.indices), order, (60, np.array([7], np.uint64)))
    assert sorted(order.tolist()) == list(range(300))
    law = stats.hypergeom(300, member.sum(axis=0), 60)
    np.testing.assert_allclose(counts.mean(axis=0), law.mean(), atol=4 * law.std().max() / 4_000**0.5)
    np.testing.assert_allclose(counts.var(axis=0), law.var(), rtol=0.12)
    whole = np.zeros((1, 5), np.int32)
    _count_drawn(whole, (by_row.indptr, by_row.indices), order, (300, np.array([7], np.uint64)))
    assert whole[0].tolist() == member.sum(axis=0).tolist()
