"""A power-law mixture in shared subspaces: hard enough for neighbor search, with true classes and wrong labels.

500 Gaussian classes in 40 topics. The classes of a topic lie in a subspace of 56 dimensions of 384 and spread
over 16 to 29 directions of it; noise in all dimensions; 3 % of the rows are near copies of other rows; unit rows.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.sets import CACHE

N_CLASSES, N_TOPICS, N_DIMS, N_LOCAL = 500, 40, 384, 56
POWER, OFFSET, NOISE = 0.8, 0.6, 0.025
COPIED, COPY_NOISE = 0.03, 0.005
N_LABELS, WRONG = 100, 0.03
BLOCK = 50_000

Floats = NDArray[np.float32]
Codes = NDArray[np.int32]


def vectors(n_rows: int, *, seed: int = 0) -> Floats:
    """Give (n_rows, 384) unit rows, memory-mapped from the cache."""
    return np.load(_made(n_rows, seed) / "vectors.npy", mmap_mode="r")


def classes(n_rows: int, *, seed: int = 0) -> Codes:
    """Give the true class (n_rows,) of each row, 0..499."""
    return np.load(_made(n_rows, seed) / "classes.npy")


def labels(n_rows: int, *, seed: int = 0) -> Codes:
    """Give labels (n_rows,) as a person might: 100 of them, each for several classes, 3 % drawn at random."""
    rng = np.random.default_rng([seed, 1])
    given = classes(n_rows, seed=seed) % N_LABELS
    wrong = rng.random(n_rows) < WRONG
    given[wrong] = rng.integers(0, N_LABELS, int(wrong.sum()))
    return given


def _made(n_rows: int, seed: int) -> Path:
    """Give the folder of the mixture; it is drawn when it is not there."""
    folder = CACHE / f"synthetic-{n_rows}-{seed}"
    if not (folder / "classes.npy").exists():
        folder.mkdir(parents=True, exist_ok=True)
        rows = np.lib.format.open_memmap(folder / "vectors.npy", "w+", np.float32, (n_rows, N_DIMS))
        codes = _drawn(rows, np.random.default_rng(seed))
        rows.flush()
        np.save(folder / "classes.npy", codes)  # last: it tells that the rows are whole
    return folder


def _drawn(rows: Floats, rng: np.random.Generator) -> Codes:
    """Fill the rows, a block at a time, and give their classes."""
    sizes = np.arange(1, N_CLASSES + 1) ** -POWER
    codes = rng.choice(N_CLASSES, len(rows), p=sizes / sizes.sum()).astype(np.int32)
    spaces = np.linalg.qr(rng.normal(size=(N_TOPICS, N_DIMS, N_LOCAL)))[0].transpose(0, 2, 1).astype(np.float32)
    middles = _unit(rng.normal(size=(N_TOPICS, N_DIMS)))
    topic = rng.integers(0, N_TOPICS, N_CLASSES)
    offsets, widths = _shapes(rng)
    for start in range(0, len(rows), BLOCK):
        some = codes[start : start + BLOCK]
        local = offsets[some] + widths[some] * rng.standard_normal((len(some), N_LOCAL), np.float32)
        block = NOISE * rng.standard_normal((len(some), N_DIMS), np.float32)
        for each in np.unique(topic[some]):
            inside = topic[some] == each
            block[inside] += middles[each] + local[inside] @ spaces[each]
        rows[start : start + BLOCK] = _unit(block)
    _copy_some(rows, codes, rng)
    return codes


def _shapes(rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Give where each class lies in its subspace and how wide it is there, both (N_CLASSES, N_LOCAL)."""
    offsets, widths = np.zeros((2, N_CLASSES, N_LOCAL), np.float32)
    for code in range(N_CLASSES):
        width = rng.uniform(0.5, 1.5, int(rng.integers(16, 30)))
        widths[code, rng.permutation(N_LOCAL)[: len(width)]] = width / np.linalg.norm(width)
        offsets[code] = OFFSET * _unit(rng.normal(size=(1, N_LOCAL)))
    return offsets, widths


def _copy_some(rows: Floats, codes: Codes, rng: np.random.Generator) -> None:
    """Overwrite some rows with near copies of others."""
    targets = rng.choice(len(rows), int(COPIED * len(rows)), replace=False)
    sources = rng.integers(0, len(rows), len(targets))
    kept = ~np.isin(sources, targets)
    targets, sources = targets[kept], sources[kept]
    noise = COPY_NOISE * rng.standard_normal((len(targets), N_DIMS), np.float32)
    rows[targets], codes[targets] = _unit(rows[sources] + noise), codes[sources]


def _unit(block: NDArray[np.floating]) -> Floats:
    return (block / np.linalg.norm(block, axis=1, keepdims=True)).astype(np.float32)
