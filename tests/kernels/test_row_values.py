from itertools import combinations, permutations
from math import comb

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from burnish.errors import InputError
from burnish.kernels.row_values import TIE, row_values


def on_circle(angles):
    return np.column_stack([np.cos(angles), np.sin(angles)])


def worth(chosen, distances, matches, k):
    nearest = sorted(chosen, key=lambda row: distances[row])[:k]
    return sum(matches[row] for row in nearest) / k


def brute_force(distances, matches, k):
    """The definition: a row's mean gain over all subsets of the others."""
    n_rows = len(matches)
    values = np.zeros(n_rows)
    for row in range(n_rows):
        others = [other for other in range(n_rows) if other != row]
        for size in range(n_rows):
            for chosen in combinations(others, size):
                gain = worth((*chosen, row), distances, matches, k) - worth(chosen, distances, matches, k)
                values[row] += gain / (n_rows * comb(n_rows - 1, size))
    return values


@pytest.mark.parametrize("k", [1, 2, 3, 10])
@pytest.mark.parametrize("seed", range(3))
def test_values_are_those_of_the_definition_on_small_sets(k, seed):
    rng = np.random.default_rng(seed)
    rows, asked = on_circle(rng.random(7)), on_circle(rng.random(3))
    labels, wanted = rng.integers(2, size=7), rng.integers(2, size=3)
    slow = [brute_force(1 - rows @ one, labels == label, k) for one, label in zip(asked, wanted, strict=True)]
    assert row_values(rows, labels, asked, wanted, k=k) == pytest.approx(np.mean(slow, axis=0), abs=1e-12)


def test_rows_at_one_distance_get_the_mean_over_the_orders_in_which_they_may_stand():
    angles = np.array([0.0, 0.3, 0.3, 0.3, 0.5, 0.7, 0.7])
    labels = np.array([1, 1, 0, 1, 0, 0, 1])
    orders = [
        1e-9 * np.array([0, *first, 0, *second]) for first in permutations(range(3)) for second in ((0, 1), (1, 0))
    ]
    slow = np.mean([brute_force(1 - np.cos(angles) + order, labels == 1, 2) for order in orders], axis=0)
    found = row_values(on_circle(angles), labels, on_circle(np.zeros(1)), np.ones(1, int), k=2)
    assert found == pytest.approx(slow, abs=1e-12)
    assert found[1] == found[3]
    assert found[1] > found[2]


@example(n_rows=53, k=11, seed=598)  # the 11th and the 12th are a tie: the worth is the mean over both orders
@given(n_rows=st.integers(1, 60), k=st.integers(1, 12), seed=st.integers(0, 1000))
def test_values_add_up_to_the_share_of_right_labels_among_the_nearest(n_rows, k, seed):
    rng = np.random.default_rng(seed)
    rows, asked = rng.normal(size=(n_rows, 4)), rng.normal(size=(5, 4))
    labels, wanted = rng.integers(3, size=n_rows), rng.integers(3, size=5)
    units = [some / np.linalg.norm(some, axis=1, keepdims=True) for some in (asked, rows)]
    similarities, matches = units[0] @ units[1].T, labels == wanted[:, None]
    farthest = -np.sort(-similarities, axis=1)[:, [min(k, n_rows) - 1]]
    certain, tied = similarities >= farthest + TIE, np.abs(similarities - farthest) < TIE
    places_left = min(k, n_rows) - certain.sum(axis=1)
    among_tied = (matches & tied).sum(axis=1) / tied.sum(axis=1)
    expected = ((matches & certain).sum(axis=1) + places_left * among_tied).sum() / (5 * k)
    assert row_values(rows, labels, asked, wanted, k=k).sum() == pytest.approx(expected, abs=1e-9)


def test_copies_with_one_label_have_one_value_wherever_they_stand():
    rng = np.random.default_rng(0)
    rows, labels = rng.normal(size=(200, 24)).astype(np.float32), rng.integers(2, size=200)
    rows[[5, 90, 199]], labels[[5, 90, 199]] = rows[40], labels[40]
    rows[7] = rows[40]
    labels[7] = 1 - labels[40]
    values = row_values(rows, labels, rng.normal(size=(50, 24)), rng.integers(2, size=50))
    assert values[[5, 90, 199]] == pytest.approx(values[40], abs=1e-12)
    assert abs(values[7] - values[40]) > 1e-6


def test_the_order_of_rows_and_their_lengths_do_not_matter():
    rng = np.random.default_rng(1)
    rows, labels = rng.normal(size=(80, 6)), rng.integers(3, size=80)
    asked, wanted = rng.normal(size=(20, 6)), rng.integers(3, size=20)
    plain = row_values(rows, labels, asked, wanted)
    order = rng.permutation(80)
    moved = row_values(rows[order] * rng.uniform(0.5, 9, (80, 1)), labels[order], asked[::-1], wanted[::-1])
    assert moved == pytest.approx(plain[order], abs=1e-9)


def test_blocks_of_evaluation_rows_add_up(monkeypatch):
    rng = np.random.default_rng(2)
    parts = rng.normal(size=(40, 5)), rng.integers(2, size=40), rng.normal(size=(23, 5)), rng.integers(2, size=23)
    whole = row_values(*parts)
    monkeypatch.setattr("burnish.kernels.row_values.BLOCK_PAIRS", 80)
    assert row_values(*parts) == pytest.approx(whole, abs=1e-12)


def test_wrong_labels_have_the_lowest_values():
    rng = np.random.default_rng(3)
    centers = rng.normal(size=(4, 16))
    truth = rng.integers(4, size=500)
    rows = centers[truth] + 0.7 * rng.normal(size=(500, 16))
    labels = np.where(np.arange(500) < 50, (truth + 1) % 4, truth)
    values = row_values(rows[:400], labels[:400], rows[400:], truth[400:])
    assert np.median(np.argsort(np.argsort(values))[:50]) < 40
    assert values[:50].mean() < 0 < values[50:].mean()


def test_rows_without_a_label_or_a_direction_have_no_value_and_no_say():
    rng = np.random.default_rng(4)
    rows, labels = rng.normal(size=(30, 4)), rng.integers(2, size=30)
    asked, wanted = rng.normal(size=(9, 4)), rng.integers(2, size=9)
    with_bad = np.vstack([rows, np.zeros((1, 4)), np.full((1, 4), np.nan), rows[:1]])
    bad_asked = np.vstack([asked, np.zeros((1, 4)), asked[:1]])
    found = row_values(with_bad, np.append(labels, [0, 1, -1]), bad_asked, np.append(wanted, [1, -1]))
    assert np.isnan(found[30:]).all()
    assert found[:30] == pytest.approx(row_values(rows, labels, asked, wanted), abs=1e-12)


@pytest.mark.parametrize(("which", "labels", "wanted"), [("training", [-1], [0]), ("evaluation", [0], [-1])])
def test_nothing_to_compare_is_an_error(which, labels, wanted):
    with pytest.raises(InputError, match=f"no {which} row of 1 is usable"):
        row_values(np.ones((1, 2)), np.array(labels), np.ones((1, 2)), np.array(wanted))
