import numpy as np
import pytest

from burnish.kernels.joins import nearest_across
from burnish.kernels.layout import CURVE, RIM, Field, layout_map, place_rows
from burnish.kernels.neighbors import nearest_neighbors

pytestmark = pytest.mark.slow


def blobs(n_rows, *, n_blobs=6, spread=0.15, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(n_blobs, size=n_rows)
    return np.eye(12)[truth] + spread * rng.normal(size=(n_rows, 12)), truth


def map_of(rows, *, n_epochs=50, seed=0):
    return layout_map(rows, nearest_neighbors(rows, 15).positions, n_epochs=n_epochs, seed=seed)


def read(forces, where, places):
    """Read the forces between the points of the grid, the obvious way."""
    spot = (places - where[:2]) / where[2]
    low = spot.astype(int)
    share = spot - low
    found = np.zeros_like(places)
    for dx in (0, 1):
        for dy in (0, 1):
            weight = (share[:, 0] if dx else 1 - share[:, 0]) * (share[:, 1] if dy else 1 - share[:, 1])
            found += weight[:, None] * forces[:, low[:, 0] + dx, low[:, 1] + dy].T
    return found


def nearest_on_map(places, k):
    squared = ((places[:, None] - places[None]) ** 2).sum(axis=-1)
    np.fill_diagonal(squared, np.inf)
    return np.argsort(squared, axis=1)[:, :k]


def test_blobs_stay_apart_on_the_map():
    rows, truth = blobs(500)
    nearest = nearest_on_map(map_of(rows), 10)
    assert np.mean(truth[nearest] == truth[:, None]) > 0.97


def test_neighbors_stay_near_on_the_map_and_a_shuffled_map_would_not_pass():
    rows, _ = blobs(600, spread=0.3)
    neighbors = nearest_neighbors(rows, 15).positions
    places = map_of(rows)

    def kept(positions):
        found = nearest_on_map(positions, 30)
        return np.mean([np.isin(a, b).mean() for a, b in zip(neighbors, found, strict=True)])

    assert kept(places) > 0.5
    assert kept(np.random.default_rng(0).permutation(places)) < 0.1


def test_places_lie_in_the_circle_and_fill_it():
    places = map_of(blobs(400)[0])
    assert places.shape == (400, 2)
    assert places.dtype == np.float32
    radius = np.linalg.norm(places, axis=1)
    assert 0.9 * RIM <= radius.max() <= RIM
    np.testing.assert_allclose(places.max(axis=0) + places.min(axis=0), 0, atol=1e-3)


def test_rows_without_neighbors_are_on_the_rim():
    rows, _ = blobs(100)
    rows[3], rows[70] = 0, np.nan
    places = map_of(rows)
    assert np.all(np.isfinite(places))
    radius = np.linalg.norm(places, axis=1)
    np.testing.assert_allclose(radius[[3, 70]], RIM, rtol=1e-5)
    assert np.delete(radius, [3, 70]).max() < RIM - 0.1


@pytest.mark.parametrize("n_rows", [0, 1, 2, 3])
@pytest.mark.parametrize("n_dims", [1, 4])
def test_tiny_sets_have_finite_places(n_rows, n_dims):
    places = map_of(np.random.default_rng(0).normal(size=(n_rows, n_dims)), n_epochs=10)
    assert places.shape == (n_rows, 2)
    assert np.all(np.isfinite(places))


def test_thousands_of_copies_have_finite_places():
    assert np.all(np.isfinite(map_of(np.ones((2000, 3)), n_epochs=20)))


def test_the_same_seed_gives_the_same_map():
    rows, _ = blobs(200)
    np.testing.assert_array_equal(map_of(rows, n_epochs=30, seed=1), map_of(rows, n_epochs=30, seed=1))


def test_new_rows_land_amid_their_neighbors_on_the_old_map():
    rows, truth = blobs(800, spread=0.3)
    old = map_of(rows[:700])
    found = nearest_across(rows[700:], rows[:700], 15)
    places = place_rows(old, found.positions, found.distances)
    assert places.shape == (100, 2)
    squared = ((places[:, None] - old[None]) ** 2).sum(axis=-1)
    near = np.argsort(squared, axis=1)[:, :10]
    assert np.mean(truth[near] == truth[700:, None]) > 0.95


def test_a_new_row_without_neighbors_lands_on_the_rim():
    places = place_rows(map_of(blobs(50)[0]), np.full((1, 3), -1), np.full((1, 3), np.inf))
    assert np.linalg.norm(places[0]) == pytest.approx(RIM)
    assert place_rows(np.zeros((5, 2), np.float32), np.empty((0, 3), int), np.empty((0, 3))).shape == (0, 2)


def test_a_row_between_two_neighbors_lies_nearer_to_the_nearer_one():
    old = np.array([[0, 0], [4, 0]], np.float32)
    place = place_rows(old, np.array([[0, 1]]), np.array([[0.1, 0.3]], np.float32))[0]
    assert 0 < place[0] < 2


def test_repulsion_on_the_grid_agrees_with_the_sum_over_all_pairs():
    places = np.random.default_rng(0).normal(scale=4, size=(400, 2)).astype(np.float32)
    apart = places[:, None] - places[None]
    squared = (apart**2).sum(axis=-1)
    slow = (2 * apart / ((0.001 + squared) * (1 + CURVE * squared))[..., None]).mean(axis=1)
    fast = read(*Field().forces(places), places)
    far = squared + np.eye(400) > 0.5
    smooth = far.all(axis=1)  # a pair closer than a few cells is smoothed by the grid
    assert smooth.sum() > 20
    np.testing.assert_allclose(fast[smooth], slow[smooth], atol=0.02 * np.abs(slow[smooth]).max())
