import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.adapters.engines import Threads
from burnish.errors import InputError, UsageError
from burnish.kernels import cells
from burnish.kernels.items import InTurn, Resources
from burnish.kernels.neighbors import Neighbors, estimate_recall, nearest_neighbors


def slow_distances(embeddings):
    """The obvious version: every distance in float64, inf to itself."""
    rows = np.asarray(embeddings, np.float64)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    distances = 1 - unit @ unit.T
    np.fill_diagonal(distances, np.inf)
    return distances


def blobs(n_rows, n_dims=16, *, n_blobs=20, seed=0):
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(n_blobs, n_dims))
    return (centers[rng.integers(n_blobs, size=n_rows)] + 0.4 * rng.normal(size=(n_rows, n_dims))).astype(np.float32)


@settings(max_examples=25)
@given(
    shape=st.tuples(st.integers(2, 60), st.integers(1, 8)),
    k=st.integers(1, 70),
    seed=st.integers(0, 10_000),
    scale=st.sampled_from([1e-30, 1.0, 1e30]),
)
def test_distances_agree_with_the_slow_version_at_any_scale(shape, k, seed, scale):
    n_rows = shape[0]
    embeddings = np.random.default_rng(seed).normal(size=shape) + 0.01
    positions, distances, recall, _ = nearest_neighbors(embeddings * scale, k)
    assert recall == 1
    assert positions.shape == distances.shape == (n_rows, k)
    assert positions.dtype == np.int32
    assert distances.dtype == np.float32
    width = min(k, n_rows - 1)
    slow = slow_distances(embeddings)
    np.testing.assert_allclose(distances[:, :width], np.sort(slow, axis=1)[:, :width], atol=2e-6)
    np.testing.assert_allclose(distances[:, :width], np.take_along_axis(slow, positions[:, :width], axis=1), atol=2e-6)
    assert np.all(positions[:, width:] == -1)
    assert np.all(np.isinf(distances[:, width:]))


@pytest.mark.slow
def test_more_rows_than_one_block_give_the_same_answer_as_the_slow_version():
    embeddings = blobs(9_500)
    sampled = np.random.default_rng(1).choice(9_500, 200, replace=False)
    positions, distances, *_ = nearest_neighbors(embeddings, 10)
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    slow = 1 - unit[sampled] @ unit.T
    slow[np.arange(200), sampled] = np.inf
    np.testing.assert_allclose(distances[sampled], np.sort(slow, axis=1)[:, :10], atol=2e-6)
    assert not np.any(positions == np.arange(9_500)[:, None])


def test_rows_sorted_by_likeness_lose_nothing():
    angles = np.linspace(0, 3, 9_000)
    positions, *_ = nearest_neighbors(np.column_stack([np.cos(angles), np.sin(angles)]), 2)
    inner = np.arange(100, 8_900)
    assert np.mean(np.abs(positions[inner] - inner[:, None]) <= 6) > 0.99  # float32 ties along the arc


@pytest.mark.parametrize("exact_rows", [100_000, 0])
def test_the_order_of_rows_does_not_matter(exact_rows):
    embeddings = blobs(1_500)
    shuffled = np.random.default_rng(3).permutation(1_500)
    straight = nearest_neighbors(embeddings, 5, exact_rows=100_000)
    moved = nearest_neighbors(embeddings[shuffled], 5, exact_rows=exact_rows)
    if exact_rows:
        np.testing.assert_allclose(moved.distances, straight.distances[shuffled], atol=2e-6)
    else:
        assert np.mean(moved.distances <= straight.distances[shuffled][:, -1:] + 2e-6) > 0.96


@pytest.mark.slow
def test_cells_find_the_wanted_share_of_true_neighbors_and_the_estimate_says_so():
    embeddings = np.random.default_rng(5).normal(size=(6_000, 14))
    exact = nearest_neighbors(embeddings, 15, exact_rows=10_000)
    recalls = []
    for wanted in (0.5, 0.9, 0.98):
        found = nearest_neighbors(embeddings, 15, exact_rows=1_000, recall=wanted)
        true = np.mean([len(np.intersect1d(a, b)) / 15 for a, b in zip(found.positions, exact.positions, strict=True)])
        assert found.recall >= wanted
        assert found.n_sampled == (0 if found.recall == 1 else 300)
        assert found.recall == pytest.approx(true, abs=0.03)
        assert estimate_recall(embeddings, found, n_sampled=800) == pytest.approx(true, abs=0.03)
        recalls.append(true)
    assert recalls == sorted(recalls)
    assert recalls[0] < recalls[-1]
    assert estimate_recall(embeddings, exact) == 1.0


def test_where_cells_cannot_reach_the_recall_every_pair_is_compared():
    embeddings = np.random.default_rng(0).normal(size=(1_200, 64))
    found = nearest_neighbors(embeddings, 5, exact_rows=0, recall=0.999)
    assert (found.recall, found.n_sampled) == (1, 0)
    np.testing.assert_allclose(found.distances, nearest_neighbors(embeddings, 5).distances, atol=2e-6)


def test_a_recall_of_one_compares_every_pair():
    embeddings = blobs(1_500)
    found = nearest_neighbors(embeddings, 5, exact_rows=0, recall=1)
    np.testing.assert_allclose(found.distances, nearest_neighbors(embeddings, 5).distances, atol=2e-6)
    assert found.n_sampled == 0


def test_two_threads_give_the_same_answer_as_one():
    embeddings = blobs(4_000, n_blobs=60)
    for exact_rows in (0, 10_000):
        one, two = (
            nearest_neighbors(embeddings, 8, exact_rows=exact_rows, resources=Resources(engine))
            for engine in (InTurn(), Threads(2))
        )
        np.testing.assert_allclose(one.distances, two.distances, atol=2e-6)
        assert np.mean(one.positions == two.positions) > 0.999


def test_the_size_of_shards_hardly_matters(monkeypatch):
    embeddings = blobs(5_000, n_blobs=60)
    whole = nearest_neighbors(embeddings, 8, exact_rows=0)
    monkeypatch.setattr(cells, "SHARD_ROWS", 700)
    parts = nearest_neighbors(embeddings, 8, exact_rows=0)
    assert min(whole.recall, parts.recall) >= 0.98
    assert np.mean(np.isclose(whole.distances, parts.distances, atol=2e-6)) > 0.95


@pytest.mark.parametrize("n_dims", [1, 8_192])
def test_one_dimension_and_thousands_are_searched(n_dims):
    embeddings = np.random.default_rng(0).normal(size=(400, n_dims))
    found = nearest_neighbors(embeddings, 3, exact_rows=100)
    assert found.recall >= 0.98
    assert np.all(found.positions >= 0)


def test_denormal_numbers_are_numbers():
    embeddings = (blobs(60) * 1e-41).astype(np.float32)
    assert np.all(nearest_neighbors(embeddings, 3).positions >= 0)


def test_recall_is_zero_when_every_neighbor_is_wrong():
    embeddings = blobs(300)
    distances = slow_distances(embeddings)
    np.fill_diagonal(distances, -np.inf)
    furthest = np.argsort(-distances, axis=1)[:, :5].astype(np.int32)
    wrong = Neighbors(furthest, np.take_along_axis(distances, furthest, axis=1).astype(np.float32))
    assert estimate_recall(embeddings, wrong) == 0.0


def test_zero_nan_and_infinite_rows_have_no_neighbors_and_are_nobodys():
    embeddings = blobs(40)
    embeddings[3], embeddings[7, 2], embeddings[11, 0] = 0, np.nan, np.inf
    positions, distances, *_ = nearest_neighbors(embeddings, 50)
    for bad in (3, 7, 11):
        assert np.all(positions[bad] == -1)
        assert np.all(np.isinf(distances[bad]))
        assert not np.any(positions == bad)
    assert np.all(np.sum(positions >= 0, axis=1)[[0, 1, 2, 4, 39]] == 36)


@pytest.mark.parametrize("exact_rows", [10_000, 0])
@pytest.mark.parametrize("n_rows", [0, 1, 2, 3])
def test_tiny_sets_are_padded(n_rows, exact_rows):
    positions, distances, *_ = nearest_neighbors(np.ones((n_rows, 3)), 4, exact_rows=exact_rows)
    assert positions.shape == (n_rows, 4)
    assert np.all(np.sum(positions >= 0, axis=1) == max(0, n_rows - 1))
    assert np.all(distances[positions >= 0] < 1e-6)
    assert estimate_recall(np.ones((n_rows, 3)), Neighbors(positions, distances)) == 1.0


@pytest.mark.parametrize("exact_rows", [100_000, 0])
def test_thousands_of_copies_are_neighbors_of_one_another_but_never_of_themselves(exact_rows):
    embeddings = np.vstack([np.ones((5_000, 8)), blobs(500, 8)])
    positions, distances, *_ = nearest_neighbors(embeddings, 6, exact_rows=exact_rows)
    assert np.all(distances[:5_000] < 1e-6)
    assert np.all(distances >= 0)
    assert not np.any(positions == np.arange(len(embeddings))[:, None])
    assert all(len(set(line)) == 6 for line in positions.tolist())


def test_opposite_rows_are_at_distance_two():
    assert nearest_neighbors([[1.0, 0], [-1.0, 0]], 1).distances.tolist() == [[2.0], [2.0]]


def test_any_layout_and_dtype_gives_the_same_answer(tmp_path):
    plain = np.round(blobs(200), 2)
    expected = nearest_neighbors(plain, 3).distances
    np.save(tmp_path / "rows.npy", plain)
    read_only = plain.copy()
    read_only.setflags(write=False)
    forms = {
        "float64": plain.astype(np.float64),
        "big-endian": plain.astype(">f4"),
        "fortran": np.asfortranarray(plain),
        "strided": np.repeat(plain, 2, axis=1)[:, ::2],
        "memory map": np.load(tmp_path / "rows.npy", mmap_mode="r"),
        "read-only": read_only,
        "integers": np.round(plain * 100).astype(np.int64),
        "list": plain.tolist(),
    }
    for name, form in forms.items():
        np.testing.assert_allclose(nearest_neighbors(form, 3).distances, expected, atol=3e-6, err_msg=name)
    half = nearest_neighbors(plain.astype(np.float16), 3).distances
    np.testing.assert_allclose(half, expected, atol=2e-3)


def test_the_same_seed_gives_the_same_answer():
    first, second = (nearest_neighbors(blobs(2_000), 5, exact_rows=0, seed=4).positions for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_what_cannot_be_used_is_refused_with_the_value_seen():
    with pytest.raises(InputError, match=r"shape \(3,\)"):
        nearest_neighbors(np.ones(3), 2)
    with pytest.raises(UsageError, match="k is 0"):
        nearest_neighbors(np.ones((3, 2)), 0)
    with pytest.raises(UsageError, match=r"recall is 1\.5"):
        nearest_neighbors(np.ones((3, 2)), 2, recall=1.5)
