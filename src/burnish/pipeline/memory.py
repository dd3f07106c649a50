"""How much memory an audit takes, told before it starts, so that it is refused rather than killed."""

import re
from dataclasses import dataclass
from typing import Literal

from burnish.dataset import Dataset
from burnish.errors import InputError, UsageError

Kind = Literal["text", "image", "table", "vectors"]

UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}

BASE, BASE_THREAD = 200 * 2**20, 60 * 2**20
"""What code, libraries and blocks take that do not grow with the rows, and each thread."""

TAUGHT_ROWS, TAUGHT_COPIES = 50_000, 3
"""Rows that the probe learns from at most, and how many copies of them lie in memory then."""

N_FITS, FIT_ARRAYS = 6, 30
"""Probes fitted at once, and arrays of the size of one that each takes."""

FILED_ROWS = 200_000
"""Beyond this many rows, what steps leave lies in files."""

HELD_ROW, HELD_CLASS = 1_900, 12
"""Bytes of all evidence of a row and of the step that needs most beside it; and of each class of a row."""

FILED_ROW, FILED_CLASS = 900, 8
"""The same where what steps leave lies in files."""

WIDTHS = {"text": 256, "image": 816, "table": 64}
"""Dimensions of the default embedders, and about those of a table."""

TEXT_COPIES = 50
"""Bytes of profiles for each byte of text."""


def parse_size(given: int | str) -> int:
    """Give bytes of a number, or of a text as in "6GiB", "500 MB", "1.5g"; raises UsageError.

    >>> parse_size("1.5 GiB")
    1610612736
    """
    if isinstance(given, int):
        size = given
    else:
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?i?)b?\s*", given.lower())
        unit = UNITS.get(found[2]) if found else None
        if found is None or unit is None:
            raise UsageError(f"{given!r} is no size of memory.", remedy="Write it as in 6GiB or 500MB.")
        size = int(float(found[1]) * unit)
    if size < 1:
        raise UsageError(f"{given!r} is no size of memory.", remedy="Allow more than 0 bytes, as in 6GiB.")
    return size


@dataclass(frozen=True)
class Need:
    """What the memory of an audit follows from. `n_made`: bytes of the vectors that it makes itself, and of text."""

    n_rows: int
    n_dims: int
    n_classes: int
    n_made: int = 0

    @classmethod
    def of(cls, dataset: Dataset, kind: Kind) -> "Need":
        """Look at the shape of a data set that was read; `kind`: what its rows are embedded as."""
        n_rows, n_classes = len(dataset), len(dataset.labels.classes) if dataset.labels else 0
        n_text = TEXT_COPIES * int(dataset.texts.nbytes) if dataset.texts is not None else 0
        if dataset.vectors is not None:
            return cls(n_rows, dataset.vectors.shape[1], n_classes, n_text)
        n_dims = WIDTHS.get(kind, max(WIDTHS.values()))
        return cls(n_rows, n_dims, n_classes, n_text + 2 * 4 * n_rows * n_dims)

    def bytes(self, *, n_threads: int) -> int:
        """Give an upper estimate of what an audit takes beside the rows that were read (`benchmarks.memory`)."""
        taught = TAUGHT_COPIES * 4 * min(self.n_rows, TAUGHT_ROWS) * self.n_dims
        fits = FIT_ARRAYS * 4 * N_FITS * self.n_dims * self.n_classes + 8 * 4 * self.n_dims**2
        filed = self.n_rows > FILED_ROWS
        row, of_class = (FILED_ROW, FILED_CLASS) if filed else (HELD_ROW, HELD_CLASS)
        rows = self.n_rows * (row + of_class * self.n_classes)
        return BASE + BASE_THREAD * n_threads + taught + fits + rows + self.n_made

    def refuse_beyond(self, budget: int, *, n_threads: int) -> None:
        """Raise InputError when it is more than `budget` bytes."""
        need = self.bytes(n_threads=n_threads)
        if need > budget:
            raise InputError(
                f"an audit of {self.n_rows:,} rows of {self.n_dims:,} dimensions needs about {_shown(need)} of memory "
                f"beside what is in use, and {_shown(budget)} are left.",
                remedy="Audit a part of the rows, or raise --max-memory or the machine's memory.",
            )


def _shown(n_bytes: int) -> str:
    return f"{n_bytes / 2**30:.1f} GiB" if n_bytes >= 2**30 else f"{n_bytes / 2**20:.0f} MiB"
