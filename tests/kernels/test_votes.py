import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.kernels.votes import Votes, without_copies


def slow_votes(labels, neighbors, n_classes, voters):
    n_rows, k = neighbors.shape
    prior = np.array([np.mean(labels[voters] == c) if voters.any() else 0.0 for c in range(n_classes)])
    found = np.zeros((n_rows, n_classes))
    for i in range(n_rows):
        near, far = np.sqrt(n_classes) * prior, np.sqrt(n_classes) * prior
        for j in neighbors[i][neighbors[i] >= 0]:
            near[labels[j]] += voters[j]
            for m in neighbors[j][neighbors[j] >= 0]:
                if m != i:
                    far[labels[m]] += voters[m] / k
        found[i] = (near / near.sum() + far / far.sum()) / 2
    return found


def neighbor_votes(labels, neighbors, **known):
    return Votes.of(labels, neighbors, **known).shares(np.arange(len(neighbors)))


@settings(max_examples=40)
@given(st.integers(2, 12), st.integers(1, 4), st.integers(0, 10_000))
def test_votes_agree_with_counting_one_by_one(n_rows, k, seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(3, size=n_rows)
    voters = rng.random(n_rows) < 0.8
    voters[0] = True
    k = min(k, n_rows - 1)
    neighbors = np.array([rng.permutation(np.delete(np.arange(n_rows), i))[:k] for i in range(n_rows)])
    neighbors = np.where(rng.random(neighbors.shape) < 0.1, -1, neighbors)
    found = neighbor_votes(labels, neighbors, n_classes=3, voters=voters)
    assert np.allclose(found, slow_votes(labels, neighbors, 3, voters), atol=1e-5)


def test_the_label_of_a_row_never_votes_for_itself():
    rng = np.random.default_rng(0)
    neighbors = np.array([np.delete(np.arange(6), i) for i in range(6)])
    labels = rng.integers(2, size=6)
    before = neighbor_votes(labels, neighbors, n_classes=2, voters=np.ones(6, bool))
    voters = np.arange(6) != 0
    other = np.where(np.arange(6) == 0, 1 - labels, labels)
    without = neighbor_votes(labels, neighbors, n_classes=2, voters=voters)
    flipped = neighbor_votes(other, neighbors, n_classes=2, voters=voters)
    assert np.array_equal(without, flipped)
    assert not np.allclose(before[1:], without[1:])


def test_a_row_without_neighbors_gets_the_class_shares():
    found = neighbor_votes(
        np.array([0, 0, 0, 1]), np.full((4, 2), -1), n_classes=2, voters=np.array([True, True, True, True])
    )
    assert np.allclose(found, [[0.75, 0.25]] * 4)


def test_copies_are_struck_out_in_any_grouping_and_strangers_kept():
    neighbors = np.array([[1, 2, 3], [0, 2, -1], [3, 0, 1], [2, -1, -1]])
    exact, near = np.array([0, 0, -1, -1]), np.array([-1, -1, 4, 4])
    assert without_copies(neighbors, exact, None).tolist() == [[-1, 2, 3], [-1, 2, -1], [3, 0, 1], [2, -1, -1]]
    assert without_copies(neighbors, exact, near).tolist() == [[-1, 2, 3], [-1, 2, -1], [-1, 0, 1], [-1, -1, -1]]
    assert neighbors[0, 0] == 1
