"""How many operations burnish's matrix products take, and how many a second this machine can do at most."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from burnish.kernels import cell_search, exact_search, kmeans, sampled_recall

LISTING = (
    (cell_search, "keep_best"), (cell_search, "keep_best_of_both"), (exact_search, "keep_best"),
    (exact_search, "keep_best_of_both"), (kmeans, "keep_best"), (sampled_recall, "keep_best"),
)  # fmt: skip
"""Functions that are handed each product of rows as their third argument."""


class Count:
    """Multiplications and additions so far."""

    operations = 0.0


@contextmanager
def counted(n_dims: int) -> Iterator[Count]:
    """Count the operations of the products of rows that burnish's search and k-means make meanwhile."""
    count = Count()

    def counting(function: Callable[..., Any], size: Callable[..., float]) -> Callable[..., Any]:
        def counted_function(*arguments: Any, **named: Any) -> Any:
            count.operations += 2.0 * n_dims * size(*arguments)
            return function(*arguments, **named)

        return counted_function

    with ExitStack() as patches:
        for module, name in LISTING:
            listing = counting(getattr(module, name), lambda _best, _asking, products, *_rest: products.size)
            patches.enter_context(patch.object(module, name, listing))
        assigning = counting(kmeans.assign, lambda rows, centroids: len(rows) * len(centroids))
        patches.enter_context(patch.object(kmeans, "assign", assigning))
        yield count


def gemm_rate() -> float:
    """Give the operations a CPU second of float32 matrix products of 1024 × 384 × 16384: the median of nine."""
    rng = np.random.default_rng(0)
    left: NDArray[np.float32] = rng.standard_normal((1024, 384), np.float32)
    right: NDArray[np.float32] = rng.standard_normal((16384, 384), np.float32)
    product = left @ right.T
    seconds = []
    for _ in range(9):
        started = time.process_time()
        np.matmul(left, right.T, out=product)
        seconds.append(time.process_time() - started)
    return 2.0 * product.size * left.shape[1] / float(np.median(seconds))
