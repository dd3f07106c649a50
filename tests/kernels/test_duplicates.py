import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.kernels.duplicates import (
    Background,
    Hypotheses,
    NearTest,
    Pairs,
    Threshold,
    Views,
    candidate_pairs,
    choose_representatives,
    cross_distances,
    find_threshold,
    group_exact,
    group_members,
    group_near,
    measure_background,
    nearest_distances,
    numbered_by_first,
    row_views,
    score_leaks,
    score_pairs,
    unit_centered,
)  # fmt: skip
from burnish.kernels.neighbors import nearest_neighbors
from burnish.kernels.vectors import Vectors


def seen(rows):
    """Rows as one dense view."""
    return Views((Vectors.of(np.asarray(rows, np.float32)),))


def scored(vectors, k=15, **options):
    views = seen(vectors)
    left, right = candidate_pairs([nearest_neighbors(vectors, k).positions], np.ones(len(vectors), bool))
    pairs = Pairs(left, right, views.distances(left, right))
    background = measure_background(pairs, len(vectors))
    scores, threshold = score_pairs(pairs, background, **options)
    return pairs, scores, NearTest(views, background, threshold)


def near_rows(vectors, **options):
    pairs, scores, test = scored(vectors, **options)
    return group_near(pairs, scores, test)


def with_copies(n=500, n_copies=40, *, noise=0.02, seed=0):
    rng = np.random.default_rng(seed)
    plain = rng.normal(size=(n, 16))
    copied = rng.choice(n, n_copies, replace=False)
    return np.vstack([plain, plain[copied] + noise * rng.normal(size=(n_copies, 16))]), copied


@settings(max_examples=40)
@given(st.lists(st.integers(0, 5), max_size=30))
def test_exact_groups_agree_with_comparing_every_pair(codes):
    content = np.array([[code // 3, code % 3] for code in codes], np.uint64).reshape(-1, 2)
    groups = group_exact(content)
    numbers = {}
    for code in codes:
        if codes.count(code) > 1:
            numbers.setdefault(code, len(numbers))
    assert groups.tolist() == [numbers.get(code, -1) for code in codes]


def test_groups_are_numbered_by_their_first_row():
    assert numbered_by_first(np.array([7, -1, 3, 7, 3, 0])).tolist() == [0, -1, 1, 0, 1, 2]


def test_candidates_stand_once_smaller_position_first_and_leave_out_rows_not_kept():
    lists = [np.array([[1, 2], [0, -1], [3, 3], [2, 0]]), np.array([[3], [2], [1], [-1]])]
    left, right = candidate_pairs(lists, np.array([True, True, True, True]))
    assert list(zip(left.tolist(), right.tolist(), strict=True)) == [(0, 1), (0, 2), (0, 3), (1, 2), (2, 3)]
    left, right = candidate_pairs(lists, np.array([True, False, True, True]))
    assert list(zip(left.tolist(), right.tolist(), strict=True)) == [(0, 2), (0, 3), (2, 3)]


def test_planted_near_copies_are_found_and_nothing_else():
    vectors, copied = with_copies()
    groups = near_rows(vectors)
    assert (groups[500:] >= 0).all()
    assert (groups[500:] == groups[copied]).all()
    assert (groups >= 0).sum() == 80


@pytest.mark.parametrize("seed", range(4))
def test_nothing_planted_nothing_near(seed):
    rng = np.random.default_rng(seed)
    blobs = np.repeat(3 * rng.normal(size=(6, 12)), 150, axis=0) + rng.normal(size=(900, 12))
    assert (near_rows(blobs) >= 0).sum() <= 2


def test_the_same_threshold_serves_any_scale_of_distances():
    rng = np.random.default_rng(1)
    vectors, _ = with_copies(seed=1, noise=0.002)
    narrow = rng.normal(size=16) * 10 + vectors * 0.1  # all rows in a narrow cone
    narrow -= narrow.mean(axis=0) * 0.9
    assert (near_rows(narrow) >= 0).sum() == pytest.approx(80, abs=4)


def test_row_order_does_not_matter():
    vectors, _ = with_copies(seed=2)
    order = np.random.default_rng(3).permutation(len(vectors))
    plain, shuffled = near_rows(vectors), near_rows(vectors[order])
    as_sets = {frozenset(members.tolist()) for members in group_members(plain)}
    assert {frozenset(order[members].tolist()) for members in group_members(shuffled)} == as_sets


def test_stricter_false_share_gives_fewer_pairs():
    vectors, _ = with_copies(noise=0.25, seed=4)
    counts = [int((scored(vectors, max_false_share=share)[1] >= 0.5).sum()) for share in (0.2, 0.01, 0.0001)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[2]


def test_every_two_members_of_a_group_pass_the_threshold_so_nothing_chains():
    steps = np.column_stack([np.cos(np.arange(12) * 0.05), np.sin(np.arange(12) * 0.05)])
    views = seen(steps)
    test = NearTest(views, Background(np.full(12, 0.01, np.float32), np.zeros(12, np.float32), 1.0, 2),
                    Threshold(0.3, 1.0, 1.0, 1))  # fmt: skip
    left = np.arange(11)
    pairs = Pairs(left, left + 1, views.distances(left, left + 1))
    scores = test.scores(left, left + 1)
    assert (scores >= 0.5).all()
    groups = group_near(pairs, scores, test)
    assert len(group_members(groups)) > 1
    for members in group_members(groups):
        a, b = np.triu_indices(len(members), 1)
        assert (test.scores(members[a], members[b]) >= 0.5).all()


def test_three_copies_share_a_group_around_the_most_central():
    rng = np.random.default_rng(5)
    vectors = rng.normal(size=(300, 16))
    shift = rng.normal(size=16) * 0.03
    vectors = np.vstack([vectors, vectors[7] + shift, vectors[7] - shift])
    groups = near_rows(vectors)
    assert set(np.flatnonzero(groups >= 0)) == {7, 300, 301}
    views = seen(vectors)
    assert choose_representatives(groups, views)[[7, 300, 301]].tolist() == [7, 7, 7]
    priority = np.zeros(302)
    priority[301] = 1
    assert choose_representatives(groups, views, priority=priority)[7] == 301


def test_more_copies_draw_the_representative():
    views = seen(np.array([[1, 0.0], [1, 0.1]]))
    weights = np.array([1.0, 5.0])
    assert choose_representatives(np.array([0, 0]), views, weights=weights).tolist() == [1, 1]
    assert choose_representatives(np.array([0, 0]), views).tolist() == [0, 0]


def test_threshold_keeps_the_false_share_and_states_what_to_expect():
    rng = np.random.default_rng(0)
    p_values = np.concatenate([rng.random(900), rng.random(100) * 1e-6])
    threshold = find_threshold(p_values)
    assert (p_values <= threshold.p_value).sum() == pytest.approx(100, abs=3)
    assert threshold.precision == pytest.approx(0.99, abs=0.005)
    assert threshold.recall > 0.6
    nothing = find_threshold(rng.random(1000))
    assert nothing.p_value == pytest.approx(1e-5)
    assert np.isnan(nothing.recall)


def test_p_values_are_uniform_where_rows_lie_evenly():
    rng = np.random.default_rng(0)
    ball = np.sort(rng.random((4000, 200)) ** (1 / 6), axis=1)[:, :8].astype(np.float32)
    background = Background.of_lists(ball)
    assert background.dimension == pytest.approx(6, rel=0.1)
    p_values = background.p_values(ball[:, 0], np.arange(4000))
    assert np.quantile(p_values, [0.1, 0.5, 0.9]) == pytest.approx([0.1, 0.5, 0.9], abs=0.07)


def test_a_lattice_has_no_near_rows():
    rng = np.random.default_rng(0)
    lists = np.sort(rng.random((2000, 200)) ** (1 / 4), axis=1)[:, :8].astype(np.float32)
    crowded = rng.random(2000) < 0.2
    lists[crowded, :3] *= 0.01
    rows = np.arange(2000)
    even = Background.of_lists(lists).p_values(lists[:, 0], rows)
    lattice = Background.of_lists(lists, lattice=True).p_values(lists[:, 0], rows)
    assert (even[crowded] < 1e-4).all()
    assert (lattice[crowded] > 1e-3).mean() > 0.9


def test_leaks_are_found_across_sides_even_when_the_nearest_rows_are_on_the_own_side():
    vectors, copied = with_copies(n=600, n_copies=30, seed=6)
    crowd = np.repeat(vectors[600:601], 10, axis=0) + 1e-3 * np.random.default_rng(0).normal(size=(10, 16))
    rows = np.vstack([vectors, crowd])
    found = score_leaks(seen(rows), (np.arange(600, 640), np.arange(600)))
    sure = found.score >= 0.5
    assert set(found.query[sure]) == set(range(600, 640))
    of_first = found.key[sure & (found.query >= 630)]
    assert set(of_first) == {copied[0]}


def test_leaks_need_two_sides():
    views = seen(np.eye(3))
    assert len(score_leaks(views, (np.arange(3), np.empty(0, np.int64))).query) == 0
    assert len(score_leaks(views, (np.empty(0, np.int64), np.arange(3))).query) == 0


def test_brightness_and_contrast_of_pixels_do_not_count():
    image = np.random.default_rng(0).random((1, 256)) * 100
    pixels = unit_centered(np.vstack([image, image * 1.7 + 40]))
    assert pixels[0] @ pixels[1] == pytest.approx(1, abs=1e-5)


def test_unreadable_rows_and_blank_texts_are_not_compared():
    embeddings = np.array([[1, 0], [np.nan, 0], [0, 1], [0, 0]], np.float32)
    views, usable = row_views(embeddings, texts=["a text", "b text", " ", "c"])
    assert usable.tolist() == [True, False, False, False]
    assert np.isfinite(views.cosines(np.array([0, 0]), np.array([1, 2]))).all()


def test_few_rows_have_no_background_and_no_near_pairs():
    assert (near_rows(np.eye(3) + 0.5) == -1).all()


def test_the_surest_pairs_and_their_number_give_the_threshold_of_all():
    rng = np.random.default_rng(0)
    p_values = np.concatenate([rng.random(900), rng.random(100) * 1e-6])
    surest = p_values[p_values < 0.02]
    assert find_threshold(surest, tested=Hypotheses.of(p_values)) == find_threshold(p_values)


def test_distances_of_pairs_that_come_in_parts_are_those_of_all_pairs():
    rng = np.random.default_rng(0)
    left, right = rng.integers(0, 20, size=300), rng.integers(20, 60, size=300)
    left, right = np.unique(np.column_stack([left, right]), axis=0).T
    pairs = Pairs(left, right, rng.random(len(left)).astype(np.float32))
    queries = np.arange(20)
    first = rng.random(len(left)) < 0.5
    whole = cross_distances(pairs, queries)
    parts = cross_distances(pairs.take(~first), queries, cross_distances(pairs.take(first), queries))
    np.testing.assert_array_equal(parts, whole)
    np.testing.assert_array_equal(nearest_distances(pairs, 60)[:20], whole)
