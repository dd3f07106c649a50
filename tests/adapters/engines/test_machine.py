import os
import subprocess
import sys

import pyarrow as pa
import pytest
from threadpoolctl import threadpool_info

from burnish.adapters.engines import available_memory, bounded, machine, n_cores


@pytest.fixture
def container(tmp_path, monkeypatch):
    """Stand in for what the system says of a container with no limits, on a machine with 8 GB left."""
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    monkeypatch.setattr(machine, "MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    (tmp_path / "meminfo").write_text("MemTotal: 16000000 kB\nMemAvailable: 8000000 kB\n")
    return tmp_path


def test_memory_is_what_the_machine_has_left(container):
    assert available_memory() == 8_000_000 * 1024


def test_memory_is_what_the_container_allows_and_pages_of_files_can_be_given_back(container):
    (container / "memory.max").write_text("1000000000\n")
    (container / "memory.current").write_text("700000000\n")
    (container / "memory.stat").write_text("anon 400000000\ninactive_file 300000000\n")
    assert available_memory() == 600_000_000


@pytest.mark.parametrize("said", ["max", "", "rubbish"])
def test_a_container_without_a_limit_has_what_the_machine_has(container, said):
    (container / "memory.max").write_text(said)
    assert available_memory() == 8_000_000 * 1024


def test_memory_is_not_known_where_the_system_does_not_tell(container):
    (container / "meminfo").unlink()
    assert available_memory() is None


@pytest.mark.parametrize(("quota", "cores"), [("max 100000", 8), ("150000 100000", 2), ("20000 100000", 1), ("", 8)])
def test_cores_are_those_that_the_container_allows(container, quota, cores):
    (container / "cpu.max").write_text(quota)
    assert n_cores() == cores


TOKENIZING = """
import resource, time
import pyarrow as pa
from burnish.adapters.engines import bounded
from burnish.adapters import registry
texts = pa.array([f"some words about thing {i} and more of them" for i in range(60_000)])
with bounded(1):
    embedder = registry.embedder("static", kind="text")
    wall, cpu = time.perf_counter(), time.process_time()
    embedder.embed(texts)
    print((time.process_time() - cpu) / (time.perf_counter() - wall))
"""


@pytest.mark.slow
def test_tokenizers_have_one_thread_where_one_is_allowed():
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    environment.pop("TOKENIZERS_PARALLELISM", None)
    ran = subprocess.run(
        [sys.executable, "-c", TOKENIZING], capture_output=True, text=True, check=True, env=environment
    )
    assert float(ran.stdout) < 1.08


def test_a_setting_of_the_user_stays_and_ours_goes(monkeypatch):
    monkeypatch.setenv("RAYON_NUM_THREADS", "7")
    monkeypatch.delenv("TOKENIZERS_PARALLELISM", raising=False)
    with bounded(1):
        assert (os.environ["RAYON_NUM_THREADS"], os.environ["TOKENIZERS_PARALLELISM"]) == ("7", "false")
    assert os.environ["RAYON_NUM_THREADS"] == "7"
    assert "TOKENIZERS_PARALLELISM" not in os.environ


def test_every_library_is_bounded_and_let_go_again():
    def threads():
        return [pool["num_threads"] for pool in threadpool_info()], pa.cpu_count()

    before = threads()
    with bounded(1):
        inside, arrow = threads()
        assert set(inside) == {1}
        assert arrow == 1
    assert threads() == before
