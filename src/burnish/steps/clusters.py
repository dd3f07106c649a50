"""Gathers clusters at several levels of detail, and what each is about."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from burnish.dataset import Column, Dataset, Evidence, Former, Summary
from burnish.kernels.cluster_growth import grow_clusters
from burnish.kernels.cluster_identity import ABSENT, inherited_ids
from burnish.kernels.clusters import MIN_SIZE, cluster_rows
from burnish.kernels.items import Resources
from burnish.kernels.keywords import exemplars, field_keywords, short_name, text_keywords

Ids = NDArray[np.int64]

FIRST_FREE = b"first_free_cluster"
"""Metadata of the summary: the smallest id that no cluster, of this version or a former one, ever had."""

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

    Where there is a former version, a cluster that persists keeps its id and its name, and a fresh id is above all
    former ones. Near it, rows that were there stay in their clusters and new ones join those of their neighbors, or
    found their own (`kernels.cluster_growth`); clusters split and merge only when all are found anew.
    """

    min_size: int = MIN_SIZE
    n_resamples: int = 4
    n_keywords: int = 8
    n_exemplars: int = 6
    max_characters: int = 1000
    resources: Resources = field(default_factory=Resources, compare=False, repr=False)

    name: ClassVar[str] = "clusters"
    reads: ClassVar[tuple[str, ...]] = ("embeddings", "neighbors")
    uses: ClassVar[tuple[str, ...]] = ("@text", "@label", "@meta", "any_former")
    writes: ClassVar[tuple[str, ...]] = ("cluster", "cluster_path", "clusters")
    revision: ClassVar[int] = 3

    def run(self, evidence: Evidence, *, seed: int) -> Iterable[Column | Summary]:
        """Give the two columns and the summary."""
        former = evidence.former
        if former is not None and "clusters" in former.evidence:
            found = self._grown(evidence, former, seed) if former.near else self._found(evidence, seed, former)
        else:
            found = self._found(evidence, seed)
        yield Column("cluster", found.path[:, found.working])
        yield Column("cluster_path", found.path)
        yield Summary("clusters", found.table)

    def _found(self, evidence: Evidence, seed: int, former: Former | None = None) -> "_Clustering":
        """Find clusters anew; give those that a former version has the ids and names that they had."""
        found = cluster_rows(
            np.asarray(evidence["neighbors"], np.int32),
            min_size=self.min_size,
            n_resamples=self.n_resamples,
            seed=seed,
            resources=self.resources,
        )
        keywords = self._keywords(evidence.dataset, found.path)
        central = exemplars(evidence["embeddings"], found.path, n_exemplars=self.n_exemplars)
        ids = np.arange(len(found.size))
        names: dict[int, str] = {}
        free = len(ids)
        if former is not None:
            first_free = _first_free(former)
            named = inherited_ids(former_paths(former), found.path, first_free=first_free)
            ids = np.array([named[cluster] for cluster in ids.tolist()], np.int64)
            names, free = _former_names(former), max(first_free, int(ids.max(initial=-1)) + 1)
        renamed = np.append(ids, -1)
        path, parent = renamed[found.path], renamed[found.parent]
        lines = {
            cluster: _Line(int(parent[at]), int(found.level[at]), float(found.stability[at]), keywords[at], central[at])
            for at, cluster in enumerate(ids.tolist())
        }
        return _Clustering(path, found.working, _table(path, lines, names, free))

    def _grown(self, evidence: Evidence, former: Former, seed: int) -> "_Clustering":
        """Keep the clusters of rows that stay; only clusters that are new are described."""
        known = {line["cluster"]: line for line in former.evidence.table("clusters").to_pylist()}
        used = np.unique(former.evidence["cluster"])
        working = next((known[cluster]["level"] for cluster in used.tolist() if cluster >= 0), 0)
        free, before = _first_free(former), former_paths(former)
        neighbors = np.asarray(evidence["neighbors"], np.int32)
        path, born = grow_clusters(
            neighbors, before, working=working, first_free=free, min_size=self.min_size, seed=seed
        )
        ids = np.unique(path[path >= 0]).tolist()
        told = {
            c: [row for row in former.places[known[c]["exemplars"]].tolist() if row >= 0] for c in ids if c in known
        }
        silent = bool(born) or not all(told.values())
        central = exemplars(evidence["embeddings"], path, n_exemplars=self.n_exemplars) if silent else []
        keywords = self._keywords(evidence.dataset, path) if born else []
        level = {c: at for at in range(path.shape[1]) for c in np.unique(path[:, at]).tolist()}
        lines = {}
        for cluster in ids:
            if cluster in known:
                line = known[cluster]
                kept = line["parent"], line["level"], line["stability"], line["keywords"]
                lines[cluster] = _Line(*kept, told[cluster] or central[cluster])
            else:
                said = keywords[cluster], central[cluster]
                lines[cluster] = _Line(born[cluster], level[cluster], None, *said)
        table = _table(path, lines, _former_names(former), max(free, max(ids, default=-1) + 1))
        return _Clustering(path, working, table)

    def _keywords(self, dataset: Dataset, path: Ids) -> list[list[str]]:
        by_field = field_keywords(_fields(dataset), path, n_keywords=self.n_keywords)
        if dataset.texts is None:
            return by_field
        texts = pc.utf8_slice_codeunits(dataset.texts, 0, self.max_characters).to_pylist()
        by_text = text_keywords(texts, path, n_keywords=self.n_keywords, max_characters=self.max_characters)
        return [words or values for words, values in zip(by_text, by_field, strict=True)]


def former_paths(former: Former) -> Ids:
    """Give the clusters (n, n_levels) that rows had in a former version, `ABSENT` for new rows."""
    return np.asarray(former.carried("cluster_path", ABSENT), np.int64)


class _Line(NamedTuple):
    parent: int
    level: int
    stability: float | None
    keywords: list[str]
    exemplars: list[int]


class _Clustering(NamedTuple):
    path: Ids
    working: int
    table: pa.Table


def _first_free(former: Former) -> int:
    """Give the smallest id above all that were ever given."""
    metadata = former.evidence.table("clusters").schema.metadata or {}
    return int(metadata[FIRST_FREE])


def _former_names(former: Former) -> dict[int, str]:
    table = former.evidence.table("clusters")
    return dict(zip(table["cluster"].to_pylist(), table["name"].to_pylist(), strict=True))


def _table(path: Ids, lines: dict[int, _Line], names: dict[int, str], free: int) -> pa.Table:
    """Give a line a cluster, in the order of `lines`; `names` are those that are kept."""
    ids = list(lines)
    counts = np.bincount(path[path >= 0].ravel(), minlength=max(ids, default=-1) + 1)
    columns = dict(
        zip(_Line._fields, zip(*lines.values(), strict=True) if lines else [[]] * len(_Line._fields), strict=True)
    )
    named = [names.get(cluster) or short_name(lines[cluster].keywords, cluster) for cluster in ids]
    table = pa.table(
        {
            "cluster": pa.array(ids, pa.int64()),
            "parent": pa.array(columns["parent"], pa.int64()),
            "level": pa.array(columns["level"], pa.int64()),
            "size": pa.array(counts[ids], pa.int64()),
            "share": pa.array(counts[ids] / max(1, len(path)), pa.float64()),
            "stability": pa.array(columns["stability"], pa.float64()),
            "name": pa.array(named, pa.string()),
            "keywords": pa.array(columns["keywords"], pa.list_(pa.string())),
            "exemplars": pa.array(columns["exemplars"], pa.list_(pa.int64())),
        }
    )
    return table.replace_schema_metadata({FIRST_FREE: str(free)})


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
    values = np.array(column.cast(pa.float64(), safe=False).fill_null(np.nan).to_numpy(zero_copy_only=False))
    known = np.isfinite(values)
    edges = np.unique(np.quantile(values[known], [0, 0.25, 0.5, 0.75, 1])) if known.any() else np.zeros(1)
    names = np.array([f"{low:.4g} to {high:.4g}" for low, high in pairwise(edges)] or [""])
    place = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(names) - 1)
    return np.where(known, names[place], "")
