"""The items of a stage on the cores of this machine: in threads that share memory, or in processes that share files."""

import multiprocessing
import os
import pickle
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Self, TypeVar

import pyarrow as pa
from threadpoolctl import ThreadpoolController

from burnish.adapters.engines.machine import n_cores

Item = TypeVar("Item")
Result = TypeVar("Result")
Told = Callable[[int, int], None]
"""Is told how many items of how many are done."""


class Threads:
    """Runs up to `n_threads` items at a time in this process, each with one thread of linear algebra.

    Compiled kernels and matrix products let go of the interpreter, so threads are enough and nothing is
    copied. A single item has one thread too: threads of linear algebra wait for each other by spinning.
    """

    def __init__(self, n_threads: int | None = None, *, told: Told | None = None) -> None:
        self.n_threads = n_threads or n_cores()
        self.told = told

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """Give the result of each item in order; the first error ends the stage, once running items have ended."""
        waiting = list(items)
        n_workers = min(self.n_threads, len(waiting))
        with limited(1):
            if n_workers <= 1:
                return _in_turn(function, waiting, self.told)
            with ThreadPoolExecutor(n_workers) as pool:
                return _collected([pool.submit(function, item) for item in waiting], self.told)


class Processes:
    """Runs items in `n_processes` other processes, each with one thread of linear algebra.

    A stage and its items must be picklable, and its arrays must lie in files: a scratch folder, memory-mapped
    vectors. The stage is handed over once, as a file that only these processes read. Use it as a context.
    """

    def __init__(self, n_processes: int | None = None, *, told: Told | None = None) -> None:
        self.n_processes = n_processes or n_cores()
        self.told = told
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._pool: ProcessPoolExecutor | None = None
        self._n_stages = 0

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="burnish-stages-")
        # A fresh interpreter each: a fork would inherit locks that threads of this process hold.
        fresh = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(self.n_processes, mp_context=fresh, initializer=_one_thread)
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        if self._folder is not None:
            self._folder.cleanup()

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """Give the result of each item in order; the first error ends the stage, once running items have ended."""
        if self._pool is None or self._folder is None:
            raise RuntimeError("Processes is a context: with Processes(2) as engine: …")
        self._n_stages += 1
        stage = Path(self._folder.name) / f"{self._n_stages}"
        stage.write_bytes(pickle.dumps(function, protocol=pickle.HIGHEST_PROTOCOL))
        try:
            return _collected([self._pool.submit(_run, str(stage), item) for item in items], self.told)
        finally:
            stage.unlink()


@contextmanager
def limited(n_threads: int) -> Iterator[None]:
    """Let linear algebra use this many threads of its own."""
    with _controller().limit(limits=n_threads, user_api="blas"):
        yield


@contextmanager
def bounded(n_threads: int) -> Iterator[None]:
    """Let every library of this process that has threads use no more: linear algebra, OpenMP, Arrow, tokenizers.

    Tokenizers (Rayon) heed it once a process, at their first use, or whenever it is one; a user's own setting stays.
    """
    rayon = {"RAYON_NUM_THREADS": str(n_threads)} | ({"TOKENIZERS_PARALLELISM": "false"} if n_threads == 1 else {})
    added = {name: value for name, value in rayon.items() if name not in os.environ}
    before = pa.cpu_count()
    pa.set_cpu_count(n_threads)
    os.environ.update(added)
    try:
        # Looked for anew: libraries that were loaded since have threads too.
        with ThreadpoolController().limit(limits=n_threads):
            yield
    finally:
        pa.set_cpu_count(before)
        for name in added:
            os.environ.pop(name, None)


def _in_turn(function: Callable[[Item], Result], items: list[Item], told: Told | None) -> list[Result]:
    results: list[Result] = []
    for item in items:
        results.append(function(item))
        if told is not None:
            told(len(results), len(items))
    return results


def _collected(futures: list[Future[Any]], told: Told | None) -> list[Any]:
    results: list[Any] = []
    try:
        for future in futures:
            results.append(future.result())
            if told is not None:
                told(len(results), len(futures))
    except BaseException:
        for future in futures:
            future.cancel()
        wait(futures)
        raise
    return results


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


def _one_thread() -> None:
    _controller().limit(limits=1, user_api="blas")


@cache
def _stage(path: str) -> Callable[[Any], Any]:
    """Read a stage once a process; it was written by the process that started this one."""
    return pickle.loads(Path(path).read_bytes())  # type: ignore[no-any-return]  # noqa: S301 - our own file, see above


def _run(path: str, item: Any) -> Any:
    return _stage(path)(item)
