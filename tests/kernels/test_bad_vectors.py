"""Vectors that nobody wishes for: copies by the thousand, rows without direction, numbers at the edge of their type."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.adapters.sources.digests import digest_vectors
from burnish.errors import InputError
from burnish.kernels import cell_search, exact_search, joins
from burnish.kernels.clusters import cluster_rows
from burnish.kernels.duplicates import (
    NearTest,
    Pairs,
    candidate_pairs,
    group_exact,
    group_near,
    measure_background,
    row_views,
    score_pairs,
)
from burnish.kernels.graph_changes import add_rows
from burnish.kernels.joins import nearest_across
from burnish.kernels.layout import RIM, layout_map
from burnish.kernels.neighbors import nearest_neighbors
from burnish.kernels.outliers import Settings, outlier_score
from burnish.kernels.selection import select_diverse
from burnish.kernels.vectors import Vectors

pytestmark = pytest.mark.slow

N_COPIES, N_CROWD = 6_000, 14_000


def blobs(n_rows, n_dims=16, *, n_blobs=40, seed=0):
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(n_blobs, n_dims))
    return (centers[rng.integers(n_blobs, size=n_rows)] + 0.4 * rng.normal(size=(n_rows, n_dims))).astype(np.float32)


def crowd():
    """Every row at an even position below 12,000 is the same."""
    rows = blobs(N_CROWD)
    rows[: 2 * N_COPIES : 2] = rows[0]
    return rows, np.arange(0, 2 * N_COPIES, 2)


def units(rows):
    rows = np.asarray(rows, np.float64)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def near_groups(rows, found):
    views, usable = row_views(rows)
    left, right = candidate_pairs([found.positions], usable)
    pairs = Pairs(left, right, views.distances(left, right))
    background = measure_background(pairs, len(rows))
    scores, threshold = score_pairs(pairs, background)
    return group_near(pairs, scores, NearTest(views, background, threshold))


def counting(keep, total):
    def counted(best, asking, similarities, others):
        total[0] += similarities.size
        keep(best, asking, similarities, others)

    return counted


@pytest.fixture
def compared(monkeypatch):
    """How many similarities a search computes, added up in the one item of a list."""
    total = [0]
    for module in (cell_search, exact_search):
        for name in ("keep_best", "keep_best_of_both"):
            monkeypatch.setattr(module, name, counting(getattr(module, name), total))
    return total


@pytest.fixture(scope="module")
def crowded():
    rows, copies = crowd()
    return rows, copies, nearest_neighbors(rows, 15, exact_rows=0)


def test_thousands_of_copies_cost_no_more_comparisons_than_as_many_different_rows(compared):
    nearest_neighbors(blobs(N_CROWD), 15, exact_rows=0)
    of_different, compared[0] = compared[0], 0
    found = nearest_neighbors(crowd()[0], 15, exact_rows=0)
    assert found.n_sampled > 0
    assert 0 < compared[0] < 2 * of_different
    assert compared[0] < N_COPIES**2 / 2


def test_thousands_of_copies_are_nearest_to_one_another_and_the_recall_of_the_others_holds(crowded):
    rows, copies, found = crowded
    assert 0.98 <= found.recall <= 1
    assert np.all(found.distances[copies] < 1e-6)
    assert np.all(np.isin(found.positions[copies], copies))
    assert not np.any(found.positions == np.arange(N_CROWD)[:, None])
    others = np.setdiff1d(np.arange(N_CROWD), copies)[::40]
    unit = units(rows)
    true = 1 - unit[others] @ unit.T
    true[np.arange(len(others)), others] = np.inf
    least = np.sort(true, axis=1)[:, 14:15]
    assert np.mean(found.distances[others] <= least + 1e-5) > 0.95


def test_thousands_of_copies_are_one_group_and_no_near_group_of_others(crowded):
    rows, copies, found = crowded
    groups = group_exact(digest_vectors(rows))
    np.testing.assert_array_equal(np.flatnonzero(groups == 0), copies)
    assert groups.max() == 0
    near = near_groups(rows, found)
    assert np.mean(near[np.setdiff1d(np.arange(N_CROWD), copies)] >= 0) < 0.01


def test_thousands_of_copies_lie_in_one_cluster_at_every_level(crowded):
    _, copies, found = crowded
    path = cluster_rows(found.positions, n_resamples=1).path
    for level in path[copies].T:
        assert np.bincount(level[level >= 0]).max() > 0.99 * N_COPIES


def test_thousands_of_copies_have_places_and_finite_outlier_scores(crowded):
    rows, copies, found = crowded
    places = layout_map(rows, found.positions, n_epochs=10)
    assert np.all(np.linalg.norm(places, axis=1) <= RIM + 1e-3)
    few = Settings(n_references=200)
    scores = outlier_score(rows, found.positions, found.distances, settings=few)
    assert np.all((scores >= 0) & (scores <= 1))
    assert np.ptp(scores[copies]) < 1e-3


@pytest.mark.parametrize("n_rows", [2, 40, 9_000])
@pytest.mark.slow
def test_rows_that_are_all_the_same_are_neighbors_at_distance_zero(n_rows, compared):
    rows = np.tile(blobs(1), (n_rows, 1))
    found = nearest_neighbors(rows, 5, exact_rows=0)
    width = min(5, n_rows - 1)
    assert np.all(found.distances[:, :width] < 1e-6)
    assert np.all((found.positions >= 0).sum(axis=1) == width)
    assert all(row not in line for row, line in enumerate(found.positions.tolist()))
    assert found.recall == 1
    assert compared[0] < max(100 * n_rows**1.5, 10)
    assert np.all(outlier_score(rows, found.positions, found.distances) == 0.5)
    assert np.all(np.isfinite(layout_map(rows, found.positions, n_epochs=5)))
    clusters = cluster_rows(found.positions).path[:, 0]
    assert np.all((clusters >= 0) == (n_rows >= 5))
    assert len(np.unique(clusters)) == 1 or n_rows > 1_000  # by cells: see above


KINDS = ("plain", "copy", "opposite", "zero", "nan", "infinite", "denormal", "huge")


@st.composite
def odd_rows(draw):
    """Rows of many kinds, and the mask of those that have a direction."""
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=24))
    n_dims, dtype = draw(st.integers(1, 5)), draw(st.sampled_from(["<f4", "<f8", ">f4", ">f8"]))
    rows = np.random.default_rng(draw(st.integers(0, 999))).normal(size=(len(kinds), n_dims))
    rows[np.abs(rows) < 0.1] = 0.1
    first = rows[0].copy()
    for row, kind in enumerate(kinds):
        if kind in ("copy", "opposite"):
            rows[row] = first if kind == "copy" else -first
        elif kind == "denormal":
            rows[row] *= 1e-40
        elif kind == "huge":
            rows[row] *= 1e30
        elif kind != "plain":
            rows[row, -1] = {"zero": 0, "nan": np.nan, "infinite": np.inf}[kind]
            rows[row] *= kind != "zero"
    directed = np.array([kind not in ("zero", "nan", "infinite") for kind in kinds])
    return rows.astype(dtype), directed


@settings(max_examples=60)
@given(odd=odd_rows(), k=st.integers(1, 30), exact=st.booleans())
def test_rows_of_any_kind_have_true_neighbors_or_none(odd, k, exact):
    rows, directed = odd
    found = nearest_neighbors(rows, k, exact_rows=100 if exact else 0)
    assert np.all(found.positions[~directed] == -1)
    assert np.all(directed[found.positions[found.positions >= 0]])
    width = min(k, int(directed.sum()) - 1)
    if width < 1:
        assert np.all(found.positions == -1)
        return
    with np.errstate(invalid="ignore"):
        unit = units(np.asarray(rows, np.float64)[directed])
    true = 1 - unit @ unit.T
    np.fill_diagonal(true, np.inf)
    # A denormal float32 has few digits, but this is the true distance of what it holds.
    np.testing.assert_allclose(found.distances[directed][:, :width], np.sort(true, axis=1)[:, :width], atol=2e-6)
    assert np.all(found.positions[directed][:, width:] == -1)


@settings(max_examples=60)
@given(odd=odd_rows(), seed=st.integers(0, 99))
def test_products_of_rows_of_any_kind_are_those_of_their_directions(odd, seed):
    rows, directed = odd
    left, right = np.random.default_rng(seed).integers(len(rows), size=(2, 30))
    unit = np.zeros(rows.shape)
    unit[directed] = units(rows[directed])
    np.testing.assert_allclose(
        Vectors.of(rows).products(left, right), (unit[left] * unit[right]).sum(axis=1), atol=2e-6
    )


@settings(max_examples=40)
@given(odd=odd_rows())
@pytest.mark.slow
def test_every_later_kernel_has_an_answer_for_rows_of_any_kind(odd):
    rows, directed = odd
    found = nearest_neighbors(rows, 5)
    scores = outlier_score(rows, found.positions, found.distances)
    np.testing.assert_array_equal(np.isfinite(scores), directed)
    places = layout_map(rows, found.positions, n_epochs=3)
    assert np.all(np.linalg.norm(places, axis=1) <= RIM + 1e-3)
    assert np.all(cluster_rows(found.positions, n_resamples=1).path[~directed] == -1)
    assert np.all(near_groups(rows, found)[~directed] == -1)
    chosen = select_diverse(rows, budget=len(rows), neighbors=found).tolist()
    assert sorted(chosen) == list(range(len(rows)))
    across = nearest_across(rows, rows, 1)
    np.testing.assert_array_equal(across.positions[:, 0] >= 0, directed)
    np.testing.assert_allclose(across.distances[directed], 0, atol=1e-6)
    half = len(rows) // 2
    grown = add_rows(rows, nearest_neighbors(rows[:half], 5))
    np.testing.assert_array_equal(grown.positions[half:] >= 0, found.positions[half:] >= 0)  # of old rows most
    assert np.all(grown.positions[~directed] == -1)
    assert np.all(directed[grown.positions[grown.positions >= 0]])


@pytest.mark.parametrize("scale", [1e30, 1e-30, 1e37])
def test_near_copies_are_found_at_any_scale_of_float32(scale):
    rows = blobs(600)
    rows[300:310] = rows[:10] + 0.01 * blobs(10, seed=1)
    plain, scaled = (near_groups(x, nearest_neighbors(x, 15)) for x in (rows, rows * np.float32(scale)))
    np.testing.assert_array_equal(plain[:10], plain[300:310])
    np.testing.assert_array_equal(plain, scaled)


def test_doubles_without_a_length_that_can_be_inverted_count_as_zero():
    rows = np.vstack([np.eye(3), np.full((1, 3), 1e-310), np.full((1, 3), 1e-290), np.full((1, 3), 1.7e308)])
    np.testing.assert_array_equal(Vectors.of(rows).usable, [True, True, True, False, True, False])
    assert nearest_neighbors(rows, 2).positions[4].min() >= 0


def test_signaling_nans_are_nans():
    for dtype, bits in ((np.float16, np.uint16(0x7D00)), (np.float32, np.uint32(0x7FA00000))):
        rows = blobs(20).astype(dtype)
        rows[4].view(bits.dtype)[1] = bits
        assert np.isnan(rows[4, 1])
        assert np.flatnonzero(nearest_neighbors(rows, 3).positions[:, 0] < 0).tolist() == [4]


@pytest.mark.parametrize("n_dims", [1, 300, pytest.param(8_192, marks=pytest.mark.slow)])
def test_one_dimension_and_thousands_have_a_map_clusters_outliers_and_a_join(n_dims, monkeypatch):
    rows = np.random.default_rng(0).normal(size=(120, n_dims)).astype(np.float32)
    found = nearest_neighbors(rows, 8, exact_rows=0)
    assert found.recall >= 0.98
    assert np.all(np.isfinite(layout_map(rows, found.positions, n_epochs=5)))
    assert np.all(cluster_rows(found.positions, n_resamples=1).path >= 0)
    assert np.all(np.isfinite(outlier_score(rows, found.positions, found.distances)))
    monkeypatch.setattr(joins, "EXACT_PAIRS", 0)
    across = nearest_across(rows[:50], rows, 1)
    assert np.all(across.distances < 1e-6)


def saved(rows, folder):
    np.save(folder / "rows.npy", rows)
    return folder / "rows.npy"


def read_only(rows):
    copied = rows.copy()
    copied.setflags(write=False)
    return copied


FORMS = {
    "strided": lambda rows, _: np.repeat(np.repeat(rows, 2, axis=0), 3, axis=1)[::2, ::3],
    "backwards": lambda rows, _: rows[:, ::-1].copy()[:, ::-1],
    "fortran": lambda rows, _: np.asfortranarray(rows),
    "read-only": lambda rows, _: read_only(rows),
    "big-endian": lambda rows, _: rows.astype(">f4"),
    "big-endian double": lambda rows, _: rows.astype(">f8"),
    "double": lambda rows, _: rows.astype(np.float64),
    "memory-mapped": lambda rows, folder: np.load(saved(rows, folder), mmap_mode="r"),
    "mapped fortran": lambda rows, folder: np.load(saved(np.asfortranarray(rows), folder), mmap_mode="r"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.slow
def test_rows_laid_out_otherwise_have_the_same_neighbors(form, tmp_path):
    plain = blobs(2_500)
    given_so = FORMS[form](plain, tmp_path)
    for exact_rows, same in ((10_000, 1.0), (0, 0.99)):
        expected, found = (nearest_neighbors(rows, 8, exact_rows=exact_rows) for rows in (plain, given_so))
        assert np.mean(np.isclose(found.distances, expected.distances, rtol=0, atol=1e-6)) >= same
        assert np.mean(np.sort(found.positions) == np.sort(expected.positions)) >= min(same, 0.999)


@pytest.mark.parametrize("form", FORMS)
def test_rows_laid_out_otherwise_have_the_same_products_outliers_and_joins(form, tmp_path):
    plain = blobs(400)
    given_so = FORMS[form](plain, tmp_path)
    left, right = np.random.default_rng(0).integers(400, size=(2, 300))
    one, other = Vectors.of(plain), Vectors.of(given_so)
    for read in (lambda v: v, Vectors.centered, lambda v: v.subset(np.arange(399, -1, -1))):
        np.testing.assert_allclose(read(other).products(left, right), read(one).products(left, right), atol=2e-6)
    near = nearest_neighbors(plain, 8)
    scores = [outlier_score(rows, near.positions, near.distances) for rows in (plain, given_so)]
    np.testing.assert_allclose(scores[1], scores[0], atol=1e-4)
    joined = [nearest_across(rows[:100], rows[100:], 3).distances for rows in (plain, given_so)]
    np.testing.assert_allclose(joined[1], joined[0], atol=1e-6)


@pytest.mark.parametrize("exact_rows", [10_000, 0])
def test_half_precision_hardly_moves_a_neighbor(exact_rows, tmp_path):
    plain = blobs(2_500)
    half = np.load(saved(plain.astype(np.float16), tmp_path), mmap_mode="r")
    expected, found = nearest_neighbors(plain, 10), nearest_neighbors(half, 10, exact_rows=exact_rows)
    shared = [len(np.intersect1d(a, b)) / 10 for a, b in zip(found.positions, expected.positions, strict=True)]
    assert np.mean(shared) >= (0.99 if exact_rows else 0.97)
    close = np.abs(found.distances - expected.distances) <= 2e-3
    assert close.mean() >= (1.0 if exact_rows else 0.97)


def test_arrays_without_rows_or_of_three_dimensions_are_refused_or_empty():
    with pytest.raises(InputError, match=r"shape \(2, 2, 2\)") as caught:
        nearest_neighbors(np.ones((2, 2, 2)))
    assert caught.value.remedy
    assert nearest_neighbors(np.empty((0, 4)), 3).positions.shape == (0, 3)
    assert nearest_neighbors(np.empty((4, 0)), 3).positions.tolist() == [[-1, -1, -1]] * 4
