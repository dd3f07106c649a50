"""Candidates: the sets of rows that a slice may be, each with its name in words."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from burnish.dataset import Evidence
from burnish.kernels import slices as kernel
from burnish.kernels.vectors import Vectors
from burnish.steps.metadata import Coded, Coding

Rows = NDArray[np.int64]

CLUSTER = "cluster"
CLUSTERS = "@cluster"
"""Stands for the cluster column among the names of fields; no source field starts with @."""
SAME_ROWS = 0.8
"""Share of common rows (Jaccard) above which a region goes by the name of a cluster."""
MAX_PAIRS = 4_000


class Space(NamedTuple):
    """All candidates over some rows, numbered through: literals, then crosses, then regions.

    `clusters`: the code of each row's working cluster, with its name; None without clusters.
    """

    fields: list[Coded]
    clusters: Coded | None
    literals: kernel.Literals
    pairs: kernel.Pairs
    regions: csc_array

    @property
    def families(self) -> list[kernel.Family]:
        """Give the candidates by family; those of one are compared with one another."""
        literals, pairs = kernel.Family(self.literals.matrix), kernel.Family(self.pairs.matrix)
        return [literals, pairs, kernel.Family(self.regions, averaged=True)]

    def members(self, candidate: int) -> Rows:
        """Give the places of a candidate's rows among the rows, sorted."""
        for matrix, _ in self.families:
            if candidate < matrix.shape[1]:
                return np.sort(matrix.indices[matrix.indptr[candidate] : matrix.indptr[candidate + 1]]).astype(np.int64)
            candidate -= matrix.shape[1]
        raise IndexError(candidate)

    def conditions(self, candidate: int) -> list[tuple[str, str]]:
        """Give (field, words) of each literal; none for a region."""
        n_literals, n_pairs = len(self.literals.field), len(self.pairs.first)
        if candidate < n_literals:
            chosen = [candidate]
        elif candidate < n_literals + n_pairs:
            chosen = [int(side[candidate - n_literals]) for side in (self.pairs.first, self.pairs.second)]
        else:
            chosen = []
        parts = [(self.fields[self.literals.field[i]], self.literals.value[i]) for i in chosen]
        return [(part.field, part.conditions[value]) for part, value in parts]

    def named(self, candidate: int, inside: Rows) -> tuple[str, str]:
        """Give the kind and the description of a candidate, of which the rows `inside` were found."""
        conditions = self.conditions(candidate)
        if not conditions:
            return CLUSTER, self._region_name(inside)
        clustered = sum(field == CLUSTERS for field, _ in conditions)
        kind = "metadata" if not clustered else "both" if clustered < len(conditions) else CLUSTER
        return kind, " and ".join(words for _, words in conditions)

    def _region_name(self, inside: Rows) -> str:
        """Name a region of the embeddings by the cluster that most of it lies in."""
        if self.clusters is None:
            return "a region of the embeddings"
        codes = self.clusters.codes
        present, counts = np.unique(codes[inside][codes[inside] >= 0], return_counts=True)
        if not len(present):
            return "a region of the embeddings outside of all clusters"
        best = int(counts.argmax())
        shared, name = int(counts[best]), self.clusters.conditions[present[best]]
        common = shared / (len(inside) + int((codes == present[best]).sum()) - shared)
        return name if common >= SAME_ROWS else f"a region that lies to {shared / len(inside):.0%} in {name}"


def space_of(evidence: Evidence, rows: Rows, *, min_rows: int, seed: int, coding: Coding | None = None) -> Space:
    """Give the candidates of at least `min_rows` of the rows (positions, sorted).

    Values of metadata, crosses of two (the largest MAX_PAIRS), clusters of every level, cells and merged cells.
    """
    clusters = coded_clusters(evidence)
    given = [*(coding or Coding()).coded(evidence.dataset), *([] if clusters is None else [clusters])]
    fields = [part._replace(codes=part.codes[rows]) for part in given]
    codes = [part.codes for part in fields] or [np.full(len(rows), -1)]
    literals = kernel.one_hot(np.column_stack(codes), min_rows=min_rows)
    return Space(
        fields,
        None if clusters is None else fields[-1],
        literals,
        kernel.cross(literals, min_rows=min_rows, max_pairs=MAX_PAIRS),
        _regions(evidence, rows, min_rows=min_rows, seed=seed),
    )


def coded_clusters(evidence: Evidence) -> Coded | None:
    """The working clusters as one more field; noise has no condition."""
    if "cluster" not in evidence:
        return None
    clusters = np.asarray(evidence["cluster"], np.int64)
    present, codes = np.unique(clusters, return_inverse=True)
    known = {} if "clusters" not in evidence else _cluster_names(evidence)
    conditions = tuple(known.get(int(cluster), f"cluster {cluster}") for cluster in present)
    return Coded(CLUSTERS, np.where(clusters < 0, -1, codes).astype(np.int64), conditions)


def _regions(evidence: Evidence, rows: Rows, *, min_rows: int, seed: int) -> csc_array:
    embeddings = evidence.get("embeddings")
    nothing = np.zeros((len(rows), 1), np.float32)
    vectors = Vectors.of(nothing if embeddings is None else embeddings)
    if embeddings is not None and len(rows) < len(embeddings):
        vectors = vectors.subset(rows)
    paths = evidence.get("cluster_path")
    levels = None if paths is None else np.asarray(paths[rows], np.int64)
    return kernel.regions(vectors, min_rows=min_rows, codes=levels, seed=seed)


def _cluster_names(evidence: Evidence) -> dict[int, str]:
    lines = evidence.table("clusters").select(["cluster", "name"]).to_pylist()
    numbered = ((line["cluster"], line["name"], f"cluster {line['cluster']}") for line in lines)
    return {cluster: f"{plain} ({name})" for cluster, name, plain in numbered if name not in (None, "", plain)}
