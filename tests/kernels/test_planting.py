import numpy as np
import pytest

from burnish.kernels.neighbors import nearest_neighbors
from burnish.kernels.planting import (
    COPY_RATIO,
    confused_labels,
    easiest_first,
    easy_rows,
    jittered,
    random_labels,
    share_at_random,
    strangers,
)


def two_clouds(n=400, seed=0):
    """Two classes that overlap in the middle; gives rows on a line, their classes and neighbors."""
    rng = np.random.default_rng(seed)
    classes = rng.integers(2, size=n)
    place = np.where(classes == 1, 1.0, -1.0) + 0.7 * rng.standard_normal(n)
    order = np.argsort(place)
    neighbors = np.full((n, 10), -1, np.int64)
    for rank, row in enumerate(order):
        near = np.delete(order[max(0, rank - 5) : rank + 6], np.flatnonzero(order[max(0, rank - 5) : rank + 6] == row))
        neighbors[row, : len(near)] = near
    return place, classes.astype(np.int64), neighbors


def test_rows_far_from_the_border_of_two_classes_come_first():
    place, classes, neighbors = two_clouds()
    order, agreement = easiest_first(classes, neighbors, np.arange(len(classes)))
    assert (np.diff(agreement) <= 0).all()
    assert sorted(order.tolist()) == list(range(len(classes)))
    assert np.abs(place[order[:80]]).mean() > np.abs(place[order[-80:]]).mean() + 0.5


def test_only_the_rows_asked_for_are_ordered():
    _, classes, neighbors = two_clouds()
    among = np.arange(0, 400, 3)
    assert set(easiest_first(classes, neighbors, among)[0]) == set(among)


def test_rows_count_as_easy_as_long_as_the_share_of_wrong_labels_stays_level():
    draws = np.random.default_rng(0).random((40, 5_000))
    level = [easy_rows(draw < 0.1) for draw in draws]
    rising = [easy_rows(draw < np.linspace(0, 0.6, 5_000)) for draw in draws]
    assert max(level) == 2_500
    assert np.mean(level) > 1_500
    assert set(rising) == {1_000}
    assert easy_rows(np.zeros(3, bool)) == 0


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_share_of_labels_at_random_is_found_again(share):
    rng = np.random.default_rng(1)
    n, n_classes = 4_000, 10
    believed = rng.integers(n_classes, size=n)
    probabilities = rng.dirichlet(np.full(n_classes, 0.2), size=n)
    confused = confused_labels(believed, probabilities, rng)
    anything = random_labels(believed, n_classes, rng)
    given = np.where(rng.random(n) < share, anything, confused)
    assert share_at_random(given, believed, probabilities) == pytest.approx(share, abs=0.05)


def test_with_no_wrong_label_both_kinds_are_as_likely():
    nothing = np.empty(0, np.int64)
    assert share_at_random(nothing, nothing, np.empty((0, 4))) == 0.5


def test_planted_labels_are_never_the_class_they_replace_and_confused_ones_follow_the_probabilities():
    rng = np.random.default_rng(2)
    believed = np.zeros(5_000, np.int64)
    probabilities = np.tile([0.7, 0.2, 0.1, 0.0], (5_000, 1))
    confused, anything = confused_labels(believed, probabilities, rng), random_labels(believed, 4, rng)
    assert (confused != believed).all()
    assert (anything != believed).all()
    assert np.bincount(confused, minlength=4)[1:] / 5_000 == pytest.approx([2 / 3, 1 / 3, 0], abs=0.03)
    assert np.bincount(anything, minlength=4)[1:] / 5_000 == pytest.approx([1 / 3] * 3, abs=0.03)


def test_copies_of_vectors_lie_at_the_promised_part_of_the_nearest_distance():
    rng = np.random.default_rng(3)
    rows = rng.standard_normal((300, 16))
    nearest = nearest_neighbors(rows, 1).distances[:, 0].astype(np.float64)
    copies = jittered(rows, nearest, rng)
    distance = 1 - (copies * rows).sum(axis=1) / np.linalg.norm(rows, axis=1) / np.linalg.norm(copies, axis=1)
    assert (distance >= COPY_RATIO[0] * nearest * 0.9).all()
    assert (distance <= COPY_RATIO[1] * nearest * 1.01).all()


def test_strangers_are_further_from_all_rows_than_rows_are_from_each_other():
    rng = np.random.default_rng(4)
    centers = 3 * rng.standard_normal((5, 32))
    rows = (centers[rng.integers(5, size=500)] + 0.3 * rng.standard_normal((500, 32))).astype(np.float32)
    strange = strangers(rows, 40, rng)
    assert strange.shape == (40, 32)
    to_rows = np.linalg.norm(strange[:, None] - rows[None], axis=2).min(axis=1)
    among = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    np.fill_diagonal(among, np.inf)
    assert to_rows.min() > np.quantile(among.min(axis=1), 0.99)
