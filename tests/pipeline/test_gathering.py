from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pytest

from burnish.adapters.stores import FolderScratch
from burnish.dataset import Column, Evidence, Finding, Former, Summary
from burnish.errors import UsageError
from burnish.kernels.items import Held
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


@dataclass(frozen=True)
class Counted(Fake):
    def run(self, evidence, *, seed):
        RUNS.append(self.name)
        rows = len(evidence.dataset)
        columns = [Column(name, np.arange(rows, dtype=np.int16) + seed, "row") for name in self.writes[:1]]
        return [*columns, Column("none", np.empty((rows, 0), np.float32)), Summary("lines", pa.table({"x": [1, None]}))]


RUNS: list[str] = []


@pytest.mark.parametrize("make", [Held, FolderScratch])
def test_what_a_step_gave_is_kept_and_the_step_not_run_again(evidence, tmp_path, make):
    RUNS.clear()
    scratch = make(*([tmp_path] if make is FolderScratch else []))
    chosen = [Counted("a", writes=("x", "none", "lines"))]
    found = [gather(evidence, chosen, seed=3, progress=Silent(), scratch=scratch).evidence for _ in range(2)]
    assert RUNS == ["a"]
    for name in ("x", "none"):
        first, second = (each.columns[name] for each in found)
        np.testing.assert_array_equal(first.values, second.values)
        assert (first.values.dtype, first.scope, first.recipe) == (second.values.dtype, second.scope, second.recipe)
    assert found[0].table("lines") == found[1].table("lines")
    gather(
        evidence, [Counted("a", writes=("x", "none", "lines"), revision=2)], seed=3, progress=Silent(), scratch=scratch
    )
    assert RUNS == ["a", "a"]


def test_parts_that_are_not_all_there_are_made_again(evidence, tmp_path):
    RUNS.clear()

    class Dying(FolderScratch):
        def put(self, name, array):
            super().put(name, array)
            if name.endswith("/lines"):
                raise KeyboardInterrupt

    chosen = [Counted("a", writes=("x", "none", "lines"))]
    with pytest.raises(KeyboardInterrupt):
        gather(evidence, chosen, seed=0, progress=Silent(), scratch=Dying(tmp_path))
    gather(evidence, chosen, seed=0, progress=Silent(), scratch=FolderScratch(tmp_path))
    assert RUNS == ["a", "a"]


@dataclass(frozen=True)
class Keeping(Fake):
    """Writes 1 where it saw a near former version, 2 where it saw a far one, 0 else."""

    def run(self, evidence: Evidence, *, seed: int) -> Iterable[Column]:
        seen = 0 if evidence.former is None else 1 if evidence.former.near else 2
        return [Column(name, np.full(len(evidence.dataset), seen)) for name in self.writes]


def run(evidence, *steps):
    return gather(evidence, steps, seed=0, progress=Silent()).evidence


@pytest.fixture
def built(evidence):
    """Give evidence with a former version that the given steps were run on."""

    def make(*steps, near=True):
        before = run(evidence, *steps)
        return replace(evidence, former=Former(before, np.arange(len(evidence.dataset)), near=near))

    return make


def test_only_a_step_that_asks_for_it_sees_the_former_version(built):
    asks, does_not = Keeping("a", uses=("former",), writes=("x",)), Keeping("b", writes=("y",))
    after = run(built(asks, does_not), asks, does_not)
    assert (after["x"][0], after["y"][0]) == (1, 0)


def test_the_former_version_is_near_only_to_a_step_that_made_all_it_makes_there_in_the_same_way(built):
    step = Keeping("a", uses=("former",), writes=("x",))
    patient = Keeping("a", uses=("any_former",), writes=("x",))
    for other in (replace(step, revision=2), replace(step, writes=("y",))):
        assert run(built(other), step)["x"][0] == 0
        assert run(built(replace(other, uses=("any_former",))), patient)["x"][0] == 2
    assert run(built(step, near=False), step)["x"][0] == 0
    assert run(built(patient, near=False), patient)["x"][0] == 2


def test_a_recipe_tells_what_was_built_on_a_former_version_and_what_was_not(built):
    step, reader = Keeping("a", uses=("former",), writes=("x",)), Keeping("b", reads=("x",), writes=("y",))
    given = built(step, reader)
    whole, grown = run(replace(given, former=None), step, reader), run(given, step, reader)
    for name in ("x", "y"):
        plain, told = whole.columns[name].recipe, grown.columns[name].recipe
        assert told.startswith(plain)
        assert told != plain
    again = replace(given, former=Former(grown, np.arange(len(given.dataset))))
    assert run(again, step)["x"][0] == 1


def test_the_recipes_of_given_columns_may_hold_any_sign(evidence):
    given = evidence.adding([Column("v", np.zeros(20), "row", "static model-a/b revision=1")])
    step = Keeping("a", reads=("v",), uses=("former",), writes=("x",))
    before = run(given, step)
    assert "+former" not in before.columns["x"].recipe
    assert run(replace(given, former=Former(before, np.arange(20))), step)["x"][0] == 1
