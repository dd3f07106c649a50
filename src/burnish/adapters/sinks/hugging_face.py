"""A Hugging Face data set in a folder (extra `datasets`), which `datasets.load_from_disk` reads."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa

from burnish.dataset import Dataset
from burnish.errors import InputError

UNSPLIT = "unsplit"
"""The part of rows whose split is not given."""

_PART = re.compile(r"\w+(\.\w+)*")


def save(dataset: Dataset, table: pa.Table, place: Path) -> None:
    """Write the table of the data set into the folder `place`; where there is a split field, a part for each split.

    Raises InputError for a split that cannot name a part: names become folders.
    """
    parts = _parts(dataset)
    whole = datasets.Dataset(table, fingerprint=dataset.version)  # else it is hashed whole, by pickling
    with _no_progress_bars():
        if parts is None:
            whole.save_to_disk(place)
        else:
            # `select` keeps positions, and rows are taken a batch at a time when they are written.
            datasets.DatasetDict({name: whole.select(rows) for name, rows in parts.items()}).save_to_disk(place)


def _parts(dataset: Dataset) -> dict[str, np.ndarray] | None:
    """Give split → positions, in the order of their first rows; None without a split field."""
    if dataset.splits is None:
        return None
    encoded = dataset.splits.fill_null(UNSPLIT).dictionary_encode()
    names, codes = encoded.dictionary.to_pylist(), encoded.indices.to_numpy(zero_copy_only=False)
    for name in names:
        if not _PART.fullmatch(name):
            raise InputError(
                f"the split {name[:60]!r} cannot name a part of a Hugging Face data set.",
                remedy="Rename it to letters, digits and underscores, or export as parquet.",
            )
    return {name: np.flatnonzero(codes == code) for code, name in enumerate(names)}


@contextmanager
def _no_progress_bars() -> Iterator[None]:
    shown = not datasets.are_progress_bars_disabled()
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        if shown:
            datasets.enable_progress_bars()
