"""What every Scratch owes a stage: an array is there whole or not at all, under its own name only."""
# ruff: noqa: D102, S101  # test names are sentences; the asserts are the contract: pytest runs them

from typing import Any

import numpy as np
import pytest


class ScratchContract:
    """Subclass it, give the fixture `scratch` (empty in every test), and pytest runs the rest."""

    @pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int32, np.bool_, np.uint64])
    def test_what_was_put_is_got(self, scratch: Any, dtype: Any) -> None:
        array = np.arange(12).reshape(3, 4).astype(dtype)
        scratch.put("a", array)
        assert scratch.has("a")
        np.testing.assert_array_equal(scratch.get("a"), array)
        assert scratch.get("a").dtype == dtype

    @pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 3)])
    def test_an_array_of_no_values_keeps_its_shape(self, scratch: Any, shape: Any) -> None:
        scratch.put("a", np.zeros(shape, np.int16))
        assert scratch.get("a").shape == shape
        assert scratch.get("a").dtype == np.int16

    def test_nothing_is_there_before_it_is_put(self, scratch: Any) -> None:
        assert not scratch.has("a")

    def test_a_second_array_of_a_name_replaces_the_first(self, scratch: Any) -> None:
        scratch.put("a", np.zeros(3))
        scratch.put("a", np.ones((2, 2)))
        np.testing.assert_array_equal(scratch.get("a"), np.ones((2, 2)))

    def test_what_was_dropped_is_gone_and_dropping_nothing_is_allowed(self, scratch: Any) -> None:
        scratch.put("a", np.zeros(3))
        scratch.drop("a")
        scratch.drop("a")
        assert not scratch.has("a")

    def test_names_are_kept_apart(self, scratch: Any) -> None:
        scratch.put("a-1", np.zeros(1))
        scratch.put("a-10", np.ones(1))
        scratch.put("part/a-1", np.full(1, 2.0))
        assert [scratch.get(name)[0] for name in ("a-1", "a-10", "part/a-1")] == [0, 1, 2]

    def test_an_array_without_rows_is_an_array(self, scratch: Any) -> None:
        scratch.put("a", np.empty((0, 4), np.float32))
        assert scratch.get("a").shape == (0, 4)

    def test_a_part_is_cleared_without_the_rest_and_all_at_once(self, scratch: Any) -> None:
        for name in ("a", "part/a", "part/b", "party/a"):
            scratch.put(name, np.zeros(1))
        scratch.clear("part")
        assert [scratch.has(name) for name in ("a", "part/a", "part/b", "party/a")] == [True, False, False, True]
        scratch.clear()
        assert not scratch.has("a")
        scratch.clear()
