"""Gathers clusters at several levels of detail, and what each is about."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from burnish.dataset import Column, Dataset, Evidence, Summary
from burnish.kernels.clusters import MIN_SIZE, Hierarchy, cluster_rows
from burnish.kernels.items import Resources
from burnish.kernels.keywords import exemplars, field_keywords, short_name, text_keywords

MAX_VALUES = 200
"""A field with more distinct values than this names no cluster (an id, a free text); a number is cut in quarters."""


_NAMEABLE = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_date,
)


@dataclass(frozen=True)
class Clusters:
    """Writes `cluster`, `cluster_path` and the summary `clusters` (a line per cluster of every level).

    Ids are unique over all levels; those in `cluster` belong to the working level and come first.
    `parent` is -1 at the coarsest level. Keywords come from the first `max_characters` of the texts, else
    from label and metadata.
    """

    min_size: int = MIN_SIZE
    n_resamples: int = 4
    n_keywords: int = 8
    n_exemplars: int = 6
    max_characters: int = 1000
    resources: Resources = field(default_factory=Resources, compare=False, repr=False)

    name: ClassVar[str] = "clusters"
    reads: ClassVar[tuple[str, ...]] = ("embeddings", "neighbors")
    uses: ClassVar[tuple[str, ...]] = ("@text", "@label", "@meta")
    writes: ClassVar[tuple[str, ...]] = ("cluster", "cluster_path", "clusters")
    revision: ClassVar[int] = 3

    def run(self, evidence: Evidence, *, seed: int) -> Iterable[Column | Summary]:
        """Give the two columns and the summary."""
        found = cluster_rows(
            np.asarray(evidence["neighbors"], np.int32),
            min_size=self.min_size,
            n_resamples=self.n_resamples,
            seed=seed,
            resources=self.resources,
        )
        keywords = self._keywords(evidence.dataset, found)
        central = exemplars(evidence["embeddings"], found.path, n_exemplars=self.n_exemplars)
        yield Column("cluster", found.path[:, found.working])
        yield Column("cluster_path", found.path)
        yield Summary("clusters", _table(found, keywords, central, n_rows=len(evidence.dataset)))

    def _keywords(self, dataset: Dataset, found: Hierarchy) -> list[list[str]]:
        by_field = field_keywords(_fields(dataset), found.path, n_keywords=self.n_keywords)
        if dataset.texts is None:
            return by_field
        texts = pc.utf8_slice_codeunits(dataset.texts, 0, self.max_characters).to_pylist()
        by_text = text_keywords(texts, found.path, n_keywords=self.n_keywords, max_characters=self.max_characters)
        return [words or values for words, values in zip(by_text, by_field, strict=True)]


def _table(found: Hierarchy, keywords: list[list[str]], central: list[list[int]], *, n_rows: int) -> pa.Table:
    ids = np.arange(len(found.size))
    names = [short_name(words, cluster) for cluster, words in zip(ids.tolist(), keywords, strict=True)]
    return pa.table(
        {
            "cluster": pa.array(ids, pa.int64()),
            "parent": pa.array(found.parent, pa.int64()),
            "level": pa.array(found.level, pa.int64()),
            "size": pa.array(found.size, pa.int64()),
            "share": pa.array(found.size / max(1, n_rows), pa.float64()),
            "stability": pa.array(found.stability, pa.float64()),
            "name": pa.array(names, pa.string()),
            "keywords": pa.array(keywords, pa.list_(pa.string())),
            "exemplars": pa.array(central, pa.list_(pa.int64())),
        }
    )


def _fields(dataset: Dataset) -> dict[str, NDArray[np.str_]]:
    """Give label and metadata as strings (n,), "" where there is no value; ids and free texts are left out."""
    named: dict[str, NDArray[np.str_]] = {}
    if dataset.labels is not None:  # a class is one whatever its type: 3 is no quarter of the numbers
        named[str(dataset.roles.label)] = np.array([*dataset.labels.classes, ""])[dataset.labels.codes]
    columns = {name: _as_strings(dataset.field(name)) for name in dataset.roles.meta}
    return named | {name: values for name, values in columns.items() if values is not None}


def _as_strings(column: pa.Array) -> NDArray[np.str_] | None:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if not any(test(column.type) for test in _NAMEABLE):
        return None
    numeric = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    if pc.count_distinct(column).as_py() > (20 if numeric else MAX_VALUES):
        return _quarters(column) if numeric else None
    return np.array(column.cast(pa.string()).fill_null("").to_pylist(), dtype=np.str_)


def _quarters(column: pa.Array) -> NDArray[np.str_]:
    """Name each number by the quarter of the values it lies in, such as `37 to 48`."""
    values = np.array(column.cast(pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False))
    known = np.isfinite(values)
    edges = np.unique(np.quantile(values[known], [0, 0.25, 0.5, 0.75, 1])) if known.any() else np.zeros(1)
    names = np.array([f"{low:.4g} to {high:.4g}" for low, high in pairwise(edges)] or [""])
    place = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(names) - 1)
    return np.where(known, names[place], "")
