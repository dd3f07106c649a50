"""Coverage: evaluation regions that training hardly covers. COV001 names the regions to collect rows for."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from burnish.dataset import Column, Evidence, Finding, FlaggedRow, Summary
from burnish.kernels.coverage import Covered, Sampling, row_coverage, thin_regions
from burnish.kernels.kmeans import assign, spherical_kmeans
from burnish.kernels.vectors import Vectors

USUAL = b"usual_distance"
"""Metadata of the summary: the mean distance that is usual among train rows."""

SCHEMA = pa.schema(
    [
        ("region", pa.string()), ("cluster", pa.int64()), ("size", pa.int64()), ("train_share", pa.float64()),
        ("expected_train_share", pa.float64()), ("mean_coverage", pa.float64()), ("p_value", pa.float64()),
        ("q_value", pa.float64()), ("rows", pa.list_(pa.int64())),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class Coverage:
    """Writes `coverage` (n,) and one line of `coverage_regions` per region that holds an evaluation row.

    Regions are the clusters; without them, k-means cells of about `rows_per_region` rows. `size`
    counts evaluation rows; `train_share` is the share of the region's rows that are train rows. The coverage of rows
    that were evaluated in a former version, and what is usual, stand.
    """

    k: int = 5
    n_references: int = 8192
    rows_per_region: int = 100

    name: ClassVar[str] = "coverage"
    reads: ClassVar[tuple[str, ...]] = ("embeddings", "evaluation")
    uses: ClassVar[tuple[str, ...]] = ("cluster", "clusters", "former")
    writes: ClassVar[tuple[str, ...]] = ("coverage", "coverage_regions")
    revision: ClassVar[int] = 1

    def run(self, evidence: Evidence, *, seed: int) -> Iterable[Column | Summary]:
        """Give the column and the summary."""
        evaluation = np.asarray(evidence["evaluation"], bool)
        sampling, before = Sampling(self.k, self.n_references), _before(evidence, evaluation)
        found = row_coverage(evidence["embeddings"], evaluation, before=before, sampling=sampling, seed=seed)
        given = evidence.get("cluster")
        regions = self._cells(evidence["embeddings"], seed) if given is None else given
        yield Column("coverage", found.coverage)
        table = _table(evidence, regions, found.coverage).replace_schema_metadata({USUAL: str(found.usual)})
        yield Summary("coverage_regions", table)

    def _cells(self, embeddings: NDArray[Any], seed: int) -> NDArray[np.int64]:
        vectors = Vectors.of(embeddings)
        regions = np.full(vectors.n_rows, -1, np.int64)
        if len(vectors) < 2:
            return regions
        n_regions = int(np.clip(len(vectors) // self.rows_per_region, 1, 256))
        centroids = spherical_kmeans(vectors, n_regions, seed=seed)
        for start, stop in vectors.blocks():
            regions[vectors.rows[start:stop]] = assign(vectors.block(start, stop), centroids)
        return regions


def _before(evidence: Evidence, evaluation: NDArray[np.bool_]) -> Covered | None:
    """Give the coverage of a former version, NaN for new rows and for those that were no evaluation rows."""
    if evidence.former is None:
        return None
    metadata = evidence.former.evidence.table("coverage_regions").schema.metadata or {}
    known = np.array(evidence.former.carried("coverage", np.nan), np.float32)
    return Covered(np.where(evaluation, known, np.nan), float(metadata.get(USUAL, b"nan")))


def _table(evidence: Evidence, regions: NDArray[Any], coverage: NDArray[np.float32]) -> pa.Table:
    evaluation = np.asarray(evidence["evaluation"], bool)
    found = thin_regions(regions, evaluation)
    names = _names(evidence)
    lines = []
    for at, region in enumerate(found.regions.tolist()):
        rows = np.flatnonzero((regions == region) & evaluation)
        known = coverage[rows][np.isfinite(coverage[rows])]
        n_eval, n_train = int(found.n_eval[at]), int(found.n_train[at])
        lines.append(
            {
                "region": names.get(region) or f"region {region}",
                "cluster": region,
                "size": n_eval,
                "train_share": n_train / (n_train + n_eval),
                "expected_train_share": float(np.mean(~evaluation)),
                "mean_coverage": float(known.mean()) if len(known) else float("nan"),
                "p_value": float(found.p_values[at]),
                "q_value": float(found.q_values[at]),
                "rows": rows.tolist(),
            }
        )
    return pa.Table.from_pylist(lines, schema=SCHEMA)


def _names(evidence: Evidence) -> dict[int, str | None]:
    if "cluster" not in evidence or "clusters" not in evidence:
        return {}
    table = evidence.table("clusters")
    return dict(zip(table["cluster"].to_pylist(), table["name"].to_pylist(), strict=True))


@dataclass(frozen=True)
class CoverageGaps:
    """COV001: one finding a region with significantly and much fewer train rows than the split would give it.

    A region is reported at q ≤ `max_q_value` when its odds of train to evaluation rows are at most
    `max_odds_ratio` of those of the whole set and it holds at least `min_rows` evaluation rows.
    """

    max_q_value: float = 0.05
    max_odds_ratio: float = 0.5
    min_rows: int = 5

    code: ClassVar[str] = "COV001"
    reads: ClassVar[tuple[str, ...]] = ("coverage", "coverage_regions")

    def judge(self, evidence: Evidence) -> list[Finding]:
        """Give the regions, least likely to be chance first."""
        lines = [line for line in evidence.table("coverage_regions").to_pylist() if self._is_gap(line)]
        lines.sort(key=lambda line: line["p_value"])
        return [self._finding(line, evidence["coverage"]) for line in lines]

    def _is_gap(self, line: dict[str, Any]) -> bool:
        # odds, cross-multiplied: a share of 1 divides by nothing
        actual = line["train_share"] * (1 - line["expected_train_share"])
        usual = line["expected_train_share"] * (1 - line["train_share"])
        sure = line["size"] >= self.min_rows and line["q_value"] <= self.max_q_value
        return bool(sure and actual <= self.max_odds_ratio * usual)

    def _finding(self, line: dict[str, Any], coverage: NDArray[Any]) -> Finding:
        facts = {key: line[key] for key in ("region", "cluster", "train_share", "expected_train_share", "q_value")}
        facts["mean_coverage"] = line["mean_coverage"] if np.isfinite(line["mean_coverage"]) else None
        score = 1.0 - line["q_value"]
        rows = tuple(
            FlaggedRow(row, score=score, edit="collect", evidence=_row_facts(float(coverage[row])))
            for row in line["rows"]
        )
        return Finding(
            code=self.code,
            kind="coverage_gap",
            severity="warning",
            message=(
                f"{line['size']} evaluation rows of “{line['region']}” are hardly covered by training: "
                f"{line['train_share']:.0%} of the rows there are train rows, "
                f"{line['expected_train_share']:.0%} elsewhere. Collect more rows like these."
            ),
            rows=rows,
            score=score,
            evidence=facts,
        )


def _row_facts(coverage: float) -> dict[str, object]:
    return {"coverage": round(coverage, 4)} if np.isfinite(coverage) else {}
