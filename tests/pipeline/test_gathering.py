from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pytest

from burnish.dataset import Column, Evidence, Finding
from burnish.errors import UsageError
from burnish.pipeline.gathering import gather, judge, ordered, recipe
from burnish.protocols import Silent
from burnish.testing.planted import planted_vectors


@dataclass(frozen=True)
class Fake:
    name: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    revision: int = 1

    def run(self, evidence: Evidence, *, seed: int) -> Iterable[Column]:
        return [Column(name, np.full(len(evidence.dataset), seed)) for name in self.writes]


@pytest.fixture
def evidence():
    return Evidence(planted_vectors(20, seed=0).dataset)


def test_a_step_comes_after_the_writers_of_what_it_reads_or_uses():
    steps = [Fake("c", reads=("b",)), Fake("b", uses=("a",), writes=("b",)), Fake("a", writes=("a",))]
    assert [s.name for s in ordered(steps)] == ["a", "b", "c"]


def test_two_writers_of_one_name_are_refused():
    with pytest.raises(UsageError, match="both write 'x'"):
        ordered([Fake("a", writes=("x",)), Fake("b", writes=("x",))])


def test_steps_that_wait_for_each_other_are_refused():
    with pytest.raises(UsageError, match="wait for each other"):
        ordered([Fake("a", reads=("y",), writes=("x",)), Fake("b", reads=("x",), writes=("y",))])


def test_a_step_without_its_reads_is_skipped_and_says_what_it_lacks(evidence):
    gathered = gather(evidence, [Fake("a", reads=("@image",), writes=("x",))], seed=0, progress=Silent())
    assert "x" not in gathered.evidence
    assert [(s.step, s.reason) for s in gathered.skipped] == [("a", "needs an image field")]


def test_what_a_skipped_step_would_write_is_missing_for_the_next(evidence):
    steps = [Fake("a", reads=("@image",), writes=("x",)), Fake("b", reads=("x",), writes=("y",))]
    assert [s.step for s in gather(evidence, steps, seed=0, progress=Silent()).skipped] == ["a", "b"]


def test_columns_carry_a_recipe_that_changes_with_the_parameters_and_not_with_the_data(evidence):
    step = Fake("a", reads=("@label",), writes=("x",))
    one = gather(evidence, [step], seed=0, progress=Silent()).evidence.columns["x"].recipe
    other = Evidence(planted_vectors(30, seed=5).dataset)
    assert recipe(step, other) == one
    assert recipe(Fake("a", reads=("@label",), writes=("x",), revision=2), other) != one


def test_a_column_of_another_length_is_refused(evidence):
    with pytest.raises(ValueError, match="has 3 rows, the data set 20"):
        evidence.adding([Column("x", np.zeros(3))])


def test_a_check_without_its_reads_says_nothing(evidence):
    @dataclass(frozen=True)
    class Always:
        code: str = "XXX001"
        reads: tuple[str, ...] = ("missing",)

        def judge(self, evidence: Evidence) -> list[Finding]:
            return [Finding("XXX001", "quality", "info", "always")]

    assert judge(evidence, [Always()]) == []
    assert len(judge(evidence, [Always(reads=())])) == 1
