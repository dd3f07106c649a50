import numpy as np

from burnish.kernels.kmeans import assign, cell_centroids, spherical_kmeans


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_well_separated_directions_get_a_cell_each():
    rng = np.random.default_rng(0)
    truth = rng.integers(8, size=2_000)
    rows = unit(np.eye(8)[truth] + 0.05 * rng.normal(size=(2_000, 8)))
    codes = assign(rows, spherical_kmeans(rows, 24, seed=0))
    purest = [np.bincount(truth[codes == code]).max() for code in np.unique(codes)]
    assert sum(purest) > 0.99 * len(rows)


def test_centroids_have_unit_length_and_copies_leave_none_undefined():
    rows = np.ones((100, 4), np.float32) / 2
    centroids = spherical_kmeans(rows, 10, seed=0)
    np.testing.assert_allclose(np.linalg.norm(centroids, axis=1), 1, atol=1e-5)


def test_each_row_is_assigned_to_its_most_similar_centroid():
    rng = np.random.default_rng(1)
    rows, centroids = unit(rng.normal(size=(500, 6))), unit(rng.normal(size=(30, 6)))
    np.testing.assert_array_equal(assign(rows, centroids), np.argmax(rows @ centroids.T, axis=1))


def test_a_code_without_rows_has_a_zero_centroid():
    centroids = cell_centroids(unit(np.ones((3, 2))), np.array([0, 0, 2]), 4)
    assert not centroids[[1, 3]].any()
    np.testing.assert_allclose(centroids[[0, 2]], np.sqrt(0.5), atol=1e-6)
