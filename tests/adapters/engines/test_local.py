import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from burnish.adapters.engines import Processes, Threads
from burnish.adapters.engines.local import limited, n_cores
from burnish.adapters.stores import FolderScratch
from burnish.kernels import cells
from burnish.kernels.items import Held, InTurn, Resources
from burnish.kernels.neighbors import nearest_neighbors
from burnish.testing.engine_contract import EngineContract


def blas_threads():
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


class TestInTurn(EngineContract):
    @pytest.fixture
    def engine(self):
        return InTurn()

    @pytest.fixture
    def scratch(self):
        return Held()


class TestThreads(TestInTurn):
    @pytest.fixture(params=[1, 3])
    def engine(self, request):
        return Threads(request.param)


class TestThreadsWithFiles(TestThreads):
    @pytest.fixture
    def scratch(self, tmp_path):
        return FolderScratch(tmp_path)


@pytest.fixture(scope="module")
def two_processes():
    with Processes(2) as engine:
        yield engine


@pytest.mark.slow
class TestProcesses(EngineContract):
    @pytest.fixture
    def engine(self, two_processes):
        return two_processes

    @pytest.fixture
    def scratch(self, tmp_path):
        return FolderScratch(tmp_path)

    def test_neighbors_are_those_that_one_thread_finds(self, engine, scratch, tmp_path):
        rows = np.random.default_rng(0).normal(size=(3_000, 12)).astype(np.float32)
        np.save(tmp_path / "rows.npy", rows)
        mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
        for exact_rows in (0, 10_000):
            here = nearest_neighbors(rows, 6, exact_rows=exact_rows)
            there = nearest_neighbors(mapped, 6, exact_rows=exact_rows, resources=Resources(engine, scratch))
            np.testing.assert_allclose(here.distances, there.distances, atol=2e-6)


def test_items_see_one_thread_of_linear_algebra_and_the_rest_sees_as_many_as_before():
    before = blas_threads()
    assert Threads(2).map(lambda _: blas_threads(), range(4)) == [[1] * len(before)] * 4
    assert blas_threads() == before
    with limited(1):
        assert set(blas_threads()) == {1}
    assert blas_threads() == before


def test_never_more_items_run_at_once_than_there_are_threads():
    running, most, lock = 0, 0, threading.Lock()

    def item(_):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1

    Threads(2).map(item, range(8))
    assert most == 2


def test_it_is_told_how_many_items_are_done():
    told = []
    Threads(2, told=lambda done, of: told.append((done, of))).map(str, range(3))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_it_takes_the_cores_that_the_process_may_use():
    assert Threads().n_threads == n_cores() >= 1


def test_processes_outside_of_their_context_say_so():
    with pytest.raises(RuntimeError, match="context"):
        Processes(1).map(str, [1])


class Killed(BaseException):
    """Stands for a process that is gone: nothing catches it."""


class Dying(FolderScratch):
    """Dies right after some write or removal."""

    def __init__(self, root, dies_after):
        super().__init__(root)
        self.left = dies_after

    def put(self, name, array):
        super().put(name, array)
        self._age()

    def drop(self, name):
        super().drop(name)
        self._age()

    def _age(self):
        self.left -= 1
        if not self.left:
            raise Killed


@pytest.mark.slow
def test_a_search_that_dies_after_any_write_or_removal_goes_on_and_ends_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(cells, "SHARD_ROWS", 500)
    rows = np.random.default_rng(0).normal(size=(1_500, 8))

    def search(scratch):
        return nearest_neighbors(rows, 5, exact_rows=0, recall=0.97, resources=Resources(Threads(1), scratch))

    counting = Dying(tmp_path / "whole", -1)
    whole = search(counting)
    n_changes = -1 - counting.left
    assert n_changes > 50
    for dies_after in range(1, n_changes + 1):
        folder = tmp_path / str(dies_after)
        with pytest.raises(Killed):
            search(Dying(folder, dies_after))
        found = search(FolderScratch(folder))
        np.testing.assert_allclose(found.distances, whole.distances, atol=2e-6)
        assert list(folder.glob("**/*.npy")) == []


KILLED = """
import os, signal, sys
import numpy as np
from burnish.adapters.engines import Threads
from burnish.adapters.stores import FolderScratch
from burnish.kernels.items import Resources
from burnish.kernels.neighbors import nearest_neighbors

class Dying(FolderScratch):
    def put(self, name, array):
        super().put(name, array)
        if name.startswith("neighbors/turn-1"):
            os.kill(os.getpid(), signal.SIGKILL)

rows = np.random.default_rng(0).normal(size=(2_000, 10))
nearest_neighbors(rows, 5, exact_rows=0, resources=Resources(Threads(2), Dying(sys.argv[1])))
"""


@pytest.mark.slow
def test_a_search_killed_by_the_system_goes_on(tmp_path):
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert ended.returncode == -signal.SIGKILL
    rows = np.random.default_rng(0).normal(size=(2_000, 10))
    found = nearest_neighbors(rows, 5, exact_rows=0, resources=Resources(Threads(2), FolderScratch(tmp_path)))
    here = nearest_neighbors(rows, 5, exact_rows=0)
    np.testing.assert_allclose(found.distances, here.distances, atol=2e-6)


def test_the_cells_of_an_interrupted_search_are_not_found_again(tmp_path):
    rows = np.random.default_rng(0).normal(size=(2_000, 10))
    scratch, names = FolderScratch(tmp_path), []

    class Interrupted(FolderScratch):
        def put(self, name, array):
            super().put(name, array)
            names.append(name)
            if name.startswith("neighbors/done-0"):
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        nearest_neighbors(rows, 5, exact_rows=0, resources=Resources(Threads(2), Interrupted(tmp_path)))
    assert scratch.has("neighbors/nearest")
    put = []

    class Watched(FolderScratch):
        def put(self, name, array):
            super().put(name, array)
            put.append(name)

    nearest_neighbors(rows, 5, exact_rows=0, resources=Resources(Threads(2), Watched(tmp_path)))
    assert not [name for name in put if name.startswith("neighbors/nearest")]
    assert [name for name in names if name.startswith("neighbors/turn-0")]
    assert not [name for name in put if name.startswith("neighbors/turn-0")]
