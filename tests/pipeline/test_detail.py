import numba
import pytest

from burnish.kernels.compiled import told_of_compiling
from burnish.pipeline.detail import Detailed
from burnish.protocols import Silent


class Heard(Silent):
    def __init__(self):
        self.told = []

    def tell(self, what):
        self.told.append(what)


@pytest.fixture
def heard():
    return Heard()


def test_items_and_compiling_are_told_beside_the_step_that_runs(heard):
    detail = Detailed(heard)
    detail.tell("neighbors")
    detail.items(3, 20)
    detail.items(3, 5)
    detail.compiling()
    detail.compiled()
    detail.items(1, 1)
    assert heard.told == [
        "neighbors", "neighbors 3/20", "neighbors", "neighbors, compiling once for this machine", "neighbors",
        "neighbors",
    ]  # fmt: skip


def test_compiling_is_told_once_a_call_whatever_it_calls_itself_and_not_for_code_that_is_there():
    inner = numba.njit(lambda x: x + 1)

    @numba.njit
    def outer(x):
        return inner(x) + 1

    told = []
    with told_of_compiling(lambda: told.append("begun"), lambda: told.append("ended")):
        assert outer(1) == 3
        assert outer(2) == 4
    assert told == ["begun", "ended"]
    outer(1.5)  # nobody listens any more
    assert told == ["begun", "ended"]
