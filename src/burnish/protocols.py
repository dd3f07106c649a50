"""What a plug-in offers. Each protocol has a contract test class in `burnish.testing`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from burnish.dataset import Column, Dataset, Evidence, Finding, Sample, Summary


@runtime_checkable
class Step(Protocol):
    """Gathers evidence: a frozen dataclass whose fields are its parameters; pure, no thresholds of taste.

    `reads` and `writes` name columns and summaries; a given field is read as its role: `@text`,
    `@label`, `@meta`. A step whose `reads` are not all there does not run. `uses` are read when there.
    """

    @property
    def name(self) -> str:
        """The step's one word."""
        ...

    @property
    def reads(self) -> tuple[str, ...]:
        """What must be there."""
        ...

    @property
    def uses(self) -> tuple[str, ...]:
        """What is read when it is there."""
        ...

    @property
    def writes(self) -> tuple[str, ...]:
        """The columns and summaries it gives."""
        ...

    @property
    def revision(self) -> int:
        """Goes up when the same parameters give other results."""
        ...

    def run(self, evidence: Evidence, *, seed: int) -> Iterable[Column | Summary]:
        """Give the columns and summaries named in `writes`."""
        ...


@runtime_checkable
class Check(Protocol):
    """Judges evidence: holds thresholds, returns findings; cheap, writes nothing; its code is stable for ever."""

    @property
    def code(self) -> str:
        """The stable code, as in DUP001."""
        ...

    @property
    def reads(self) -> tuple[str, ...]:
        """What must be there."""
        ...

    def judge(self, evidence: Evidence) -> list[Finding]:
        """Give what is wrong, surest first."""
        ...


@runtime_checkable
class Source(Protocol):
    """Reads rows from the outside world into a Dataset, without holding them as Python objects."""

    def read(self) -> Dataset:
        """Give the data set; raises InputError with a remedy when it cannot be used."""
        ...


@runtime_checkable
class Embedder(Protocol):
    """Turns the content of rows into vectors, a batch at a time.

    `recipe` names the model and every setting that changes its output: it is the key of the cache.
    A row that cannot be read (a corrupt image) becomes a row of NaN, never an error.
    """

    @property
    def recipe(self) -> str:
        """The model and every setting that changes its output."""
        ...

    @property
    def n_dims(self) -> int:
        """The width of its vectors."""
        ...

    def embed(self, batch: pa.Array | pa.Table) -> NDArray[np.float32]:
        """Give (len(batch), n_dims) vectors."""
        ...


@runtime_checkable
class Model(Protocol):
    """The recipe that a measurement freezes: learn from some rows, predict others."""

    @property
    def recipe(self) -> str:
        """The model and every setting that changes its answers."""
        ...

    def fit_predict(self, train: Sample, rows: Sample, *, seed: int) -> NDArray[np.float32]:
        """Give (len(rows), train.targets.n_outputs) predictions; the values of `rows` are not to be read.

        Classification: probabilities, 0 for a class that `train` has not. Multi-label: the probability of each
        class. Regression: one number a row. Raises ModelError when it fails.
        """
        ...


@runtime_checkable
class SharingModel(Model, Protocol):
    """A model that learns from many versions of the same rows faster together than one by one."""

    def fit_predict_each(self, trains: Sequence[Sample], rows: Sample) -> Iterator[NDArray[np.float32]]:
        """Give what `fit_predict` gives, for each of `trains`, which differ in their rows and targets only."""
        ...


@runtime_checkable
class Store(Protocol):
    """Keeps row-scoped arrays by recipe and content; every write appears whole or not at all."""

    def lookup(
        self, recipe: str, content: NDArray[np.uint64], n_dims: int
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Give (n, n_dims) vectors and the mask (n,) of rows that were known; unknown rows are NaN."""
        ...

    def append(self, recipe: str, content: NDArray[np.uint64], vectors: NDArray[np.float32]) -> None:
        """Keep vectors (n, n_dims) under the digests `content` (n, 2)."""
        ...


@runtime_checkable
class Sink(Protocol):
    """Writes the files of one run; they appear whole or not at all."""

    def write(self, files: Mapping[str, bytes | str | pa.Table]) -> dict[str, str]:
        """Write name → content; give name → the path where it lies."""
        ...


class Progress(Protocol):
    """Tells a person how far a long stage has come; a silent one does nothing."""

    def start(self, stage: str, total: int | None) -> None:
        """Begin a stage of `total` units of work (None: not known)."""
        ...

    def advance(self, n: int = 1) -> None:
        """Say that `n` more units are done."""
        ...

    def tell(self, what: str) -> None:
        """Say what the stage is working on."""
        ...

    def finish(self, **facts: Any) -> None:
        """End the stage."""
        ...


class Silent:
    """Progress that nobody watches."""

    def start(self, stage: str, total: int | None) -> None:
        """Do nothing."""

    def advance(self, n: int = 1) -> None:
        """Do nothing."""

    def tell(self, what: str) -> None:
        """Do nothing."""

    def finish(self, **facts: Any) -> None:
        """Do nothing."""
