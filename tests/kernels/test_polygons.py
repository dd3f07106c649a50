import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.kernels.polygons import FULL_SCALE, inside_polygon, quantized

CORNERS = [0.0, 0.1, 0.2, 0.25, 0.3333, 0.5, 0.75, 0.9999, 1.0, -0.2, 1.5]
some = st.one_of(st.sampled_from(CORNERS), st.integers(-2_000, 12_000).map(lambda n: n / 10_000))
polygons = st.lists(st.tuples(some, some), min_size=3, max_size=9)
steps = st.integers(0, FULL_SCALE)


def slowly(x, y, corners):
    """Decide one point after the other, as the page does."""
    places = [(round(cx, 4) * FULL_SCALE, round(cy, 4) * FULL_SCALE) for cx, cy in corners]
    left, right = min(p[0] for p in places), max(p[0] for p in places)
    inside = []
    for px, py in zip(x.tolist(), y.tolist(), strict=True):
        odd = False
        for i, (xi, yi) in enumerate(places):
            xj, yj = places[i - 1]
            if (yi > py) != (yj > py) and px < (xj - xi) * (py - yi) / (yj - yi) + xi:
                odd = not odd
        inside.append(odd and left <= px <= right)
    return np.array(inside, bool)


def points(pairs):
    array = np.array(pairs, np.uint16).reshape(-1, 2)
    return array[:, 0], array[:, 1]


@given(polygons, st.lists(st.tuples(steps, steps), max_size=30))
@settings(max_examples=60)
def test_each_point_is_decided_as_the_slow_rule_decides_it(corners, pairs):
    """Crossing edges, corners that repeat, points on corners and beside edges included."""
    on_corners = np.clip(np.round(np.array(corners) * FULL_SCALE), 0, FULL_SCALE)
    beside = np.clip(on_corners + np.array([1, 0]), 0, FULL_SCALE)
    level = np.column_stack([on_corners[:, 0], np.roll(on_corners[:, 1], 1)])
    x, y = points([*pairs, *on_corners, *beside, *level])
    assert inside_polygon(x, y, corners).tolist() == slowly(x, y, corners).tolist()


def test_the_order_of_points_and_the_direction_of_the_polygon_do_not_matter():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, FULL_SCALE + 1, (2, 5_000)).astype(np.uint16)
    corners, order = rng.random((7, 2)), rng.permutation(5_000)
    inside = inside_polygon(x, y, corners)
    assert 0 < inside.sum() < 5_000
    assert (inside_polygon(x[order], y[order], corners) == inside[order]).all()
    assert (inside_polygon(x, y, corners[::-1]) == inside).all()


def test_the_middle_of_a_five_pointed_star_is_outside():
    turns = np.arange(5) * 4 * np.pi / 5
    star = np.column_stack([0.5 + 0.4 * np.sin(turns), 0.5 + 0.4 * np.cos(turns)])
    x, y = points([(32_768, 32_768), (32_768, 50_000)])
    assert inside_polygon(x, y, star).tolist() == [False, True]


def test_a_box_over_everything_holds_all_but_its_far_sides():
    x, y = points([(0, 0), (FULL_SCALE - 1, FULL_SCALE - 1), (FULL_SCALE, 0), (0, FULL_SCALE)])
    assert inside_polygon(x, y, [(0, 0), (1, 0), (1, 1), (0, 1)]).tolist() == [True, True, False, False]


@pytest.mark.parametrize("corners", [[], [(0.1, 0.1)], [(0.1, 0.1), (0.9, 0.9)], [(0.5, 0.5)] * 4])
def test_what_has_no_area_holds_nothing(corners):
    x, y = points([(32_768, 32_768), (6_554, 6_554)])
    assert not inside_polygon(x, y, corners).any()


def test_no_points_are_no_trouble():
    assert len(inside_polygon(*points([]), [(0, 0), (1, 0), (1, 1)])) == 0


def test_coordinates_become_steps_from_the_smallest_to_the_largest():
    assert quantized(np.array([3.0, 5.0, 4.0])).tolist() == [0, FULL_SCALE, 32_768]
    assert quantized(np.array([2.0, np.nan, 2.0])).tolist() == [0, 0, 0]
    assert quantized(np.array([np.nan])).tolist() == [0]
    assert len(quantized(np.empty(0))) == 0
