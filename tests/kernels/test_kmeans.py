import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.kernels.kmeans import (
    FLAT_CELLS,
    add_up,
    assign,
    fit_cells,
    grouped,
    mean_directions,
    nearest_cells,
    spherical_kmeans,
)
from burnish.kernels.vectors import Vectors


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def mixture(n_rows, n_dims=16, *, n_blobs=60, seed=0):
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(n_blobs, n_dims))
    return unit(centers[rng.integers(n_blobs, size=n_rows)] + 0.4 * rng.normal(size=(n_rows, n_dims)))


def test_well_separated_directions_get_a_cell_each():
    rng = np.random.default_rng(0)
    truth = rng.integers(8, size=2_000)
    rows = unit(np.eye(8)[truth] + 0.05 * rng.normal(size=(2_000, 8)))
    codes = assign(rows, spherical_kmeans(rows, 24, seed=0))
    purest = [np.bincount(truth[codes == code]).max() for code in np.unique(codes)]
    assert sum(purest) > 0.99 * len(rows)


@pytest.mark.parametrize("n_cells", [10, FLAT_CELLS + 20])
def test_centroids_have_unit_length_and_copies_leave_none_undefined(n_cells):
    rows = np.ones((400, 4), np.float32) / 2
    centroids = spherical_kmeans(rows, n_cells, seed=0)
    assert len(centroids) == n_cells
    lengths = np.linalg.norm(centroids, axis=1)
    assert np.all((np.abs(lengths - 1) < 1e-5) | (lengths == 0))
    np.testing.assert_allclose((rows @ centroids.T).max(axis=1), 1, atol=1e-5)


def test_cells_in_two_levels_are_nearly_as_tight_as_plain_lloyd_iterations():
    rows, n_cells = mixture(6_000), 200
    centroids = rows[np.random.default_rng(0).choice(len(rows), n_cells, replace=False)]
    for _ in range(12):
        moved = mean_directions(rows, assign(rows, centroids), n_cells)
        centroids = np.where(moved.any(axis=1)[:, None], moved, centroids)
    plain = (rows @ centroids.T).max(axis=1).mean()
    found = (rows @ spherical_kmeans(rows, n_cells, seed=0).T).max(axis=1).mean()
    assert found > 0.995 * plain


def test_each_row_is_assigned_to_its_most_similar_centroid():
    rng = np.random.default_rng(1)
    rows, centroids = unit(rng.normal(size=(500, 6))), unit(rng.normal(size=(30, 6)))
    np.testing.assert_array_equal(assign(rows, centroids), np.argmax(rows @ centroids.T, axis=1))


@pytest.mark.parametrize("n_cells", [40, 300])
def test_the_nearest_cells_are_mostly_those_of_a_full_comparison(n_cells):
    rows = mixture(3_000)
    cells = fit_cells(Vectors.of(rows), n_cells, seed=0)
    found = nearest_cells(rows, cells, 3)
    true = np.argsort(-(rows @ cells.centroids.T), axis=1)[:, :3]
    shared = np.mean([len(np.intersect1d(a, b)) for a, b in zip(found, true, strict=True)]) / 3
    assert shared > (0.999 if n_cells <= FLAT_CELLS else 0.9)
    similarities = np.take_along_axis(rows @ cells.centroids.T, found, axis=1)
    assert np.all(np.diff(similarities, axis=1) <= 1e-6)


def test_more_cells_than_the_beam_holds_are_found_by_a_wider_beam():
    rows = mixture(2_000)
    cells = fit_cells(Vectors.of(rows), 200, seed=0)
    found = nearest_cells(rows[:50], cells, 150)
    assert all(len(set(line[line >= 0].tolist())) == (line >= 0).sum() for line in found)
    assert np.mean(found >= 0) > 0.95


def test_finer_cells_stand_in_the_order_of_their_coarse_cell():
    cells = fit_cells(Vectors.of(mixture(5_000)), 300, seed=0)
    assert cells.starts[0] == 0
    assert cells.starts[-1] == len(cells.centroids) == 300
    assert np.all(np.diff(cells.starts) >= 0)
    parent = np.repeat(np.arange(len(cells.coarse)), np.diff(cells.starts))
    nearest = np.argmax(cells.centroids @ cells.coarse.T, axis=1)
    assert np.mean(parent == nearest) > 0.8


def test_a_code_without_rows_has_a_zero_centroid():
    centroids = mean_directions(unit(np.ones((3, 2))), np.array([0, 0, 2]), 4)
    assert not centroids[[1, 3]].any()
    np.testing.assert_allclose(centroids[[0, 2]], np.sqrt(0.5), atol=1e-6)


@given(st.lists(st.lists(st.integers(-1, 6), min_size=2, max_size=2), max_size=30))
@settings(max_examples=40)
def test_groups_hold_the_lines_that_name_them_ascending(choices):
    array = np.array(choices, np.int32).reshape(-1, 2)
    for group, lines in enumerate(grouped(array, 7)):
        assert lines.tolist() == [i for i, line in enumerate(choices) for code in line if code == group]


def test_rows_are_added_to_the_line_of_their_code():
    sums = np.ones((3, 2), np.float32)
    add_up(sums, np.array([[1, 2], [3, 4], [5, 6]], np.float32), np.array([2, 0, 2]))
    assert sums.tolist() == [[4, 5], [1, 1], [7, 9]]


def test_the_same_seed_gives_the_same_cells():
    vectors = Vectors.of(mixture(3_000))
    first, second = (fit_cells(vectors, 200, seed=5) for _ in range(2))
    np.testing.assert_array_equal(first.centroids, second.centroids)
