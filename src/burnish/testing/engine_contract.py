"""What every Engine owes a stage: each item once, results in order, errors passed on, and a way to go on."""
# ruff: noqa: D102, S101  # test names are sentences; the asserts are the contract: pytest runs them

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from burnish.kernels.items import Scratch


@dataclass(frozen=True)
class Squares:
    """A stage: leaves the squares below each item in the scratch, and fails at one item where told to."""

    scratch: Scratch
    fails_at: int | None = None

    def __call__(self, item: int) -> int:
        if self.scratch.has(f"squares-{item}"):
            return -item
        if item == self.fails_at:
            raise ValueError(f"item {item}")
        self.scratch.put(f"squares-{item}", np.arange(item) ** 2)
        return item


class EngineContract:
    """Subclass it, give the fixtures `engine` and `scratch` (empty in every test), and pytest runs the rest."""

    def test_results_come_in_the_order_of_the_items(self, engine: Any, scratch: Any) -> None:
        items = [5, 3, 9, 1, 7, 2]
        assert engine.map(Squares(scratch), items) == items

    def test_what_items_leave_is_there_for_others(self, engine: Any, scratch: Any) -> None:
        engine.map(Squares(scratch), range(8))
        for item in range(8):
            np.testing.assert_array_equal(scratch.get(f"squares-{item}"), np.arange(item) ** 2)

    def test_no_items_give_no_results(self, engine: Any, scratch: Any) -> None:
        assert engine.map(Squares(scratch), []) == []

    def test_an_error_of_an_item_is_raised_as_it_was(self, engine: Any, scratch: Any) -> None:
        with pytest.raises(ValueError, match="item 3"):
            engine.map(Squares(scratch, fails_at=3), range(1, 6))

    def test_a_stage_that_failed_goes_on_where_it_stopped(self, engine: Any, scratch: Any) -> None:
        with pytest.raises(ValueError, match="item 4"):
            engine.map(Squares(scratch, fails_at=4), range(1, 5))
        done = [item for item in range(1, 5) if scratch.has(f"squares-{item}")]
        assert 4 not in done
        again = engine.map(Squares(scratch), range(1, 5))
        assert [item for item in again if item < 0] == [-item for item in done]

    def test_an_engine_that_failed_once_works_again(self, engine: Any, scratch: Any) -> None:
        with pytest.raises(ValueError, match="item 1"):
            engine.map(Squares(scratch, fails_at=1), [1])
        assert engine.map(Squares(scratch), [1, 2]) == [1, 2]
