"""ReportFacts: all that a report may say, as the tables and documents of the contract."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pyarrow as pa

from burnish.dataset import Evaluation


@dataclass(frozen=True, eq=False)
class ReportFacts:
    """What a report is made of; a table or document that was not made is empty or None.

    `rows`, `findings`, `clusters`, `slices`: the tables of the same names in `--out`; a column that
    is missing counts as all null. `summary`, `evaluation`, `changeset`: the JSON documents.
    `texts`: (n_rows,) strings in the order of `rows`. `thumbnails`: row id → `data:image/…` URL, for
    as many rows as is worth it. `records`: a small table with `row_id` and original fields, shown as
    evidence where rows are neither text nor image. `targets`, `predictions`: (n_rows,) the labels and what was
    predicted, as they were given, where labels are numbers or sets of classes: `rows` tells only of classes.
    """

    rows: pa.Table
    findings: pa.Table
    clusters: pa.Table
    slices: pa.Table
    summary: Mapping[str, Any]
    evaluation: Mapping[str, Any] | None = None
    changeset: Mapping[str, Any] | None = None
    texts: pa.Array | None = None
    thumbnails: Mapping[str, str] = field(default_factory=dict)
    records: pa.Table | None = None
    targets: pa.Array | None = None
    predictions: pa.Array | None = None
    title: str = ""

    @property
    def heading(self) -> str:
        """The title, else the name of the source."""
        return self.title or str(self.summary.get("title") or self.summary.get("source") or "data set")

    @cached_property
    def measured(self) -> Evaluation | None:
        """The measurement as a value."""
        return Evaluation.from_json(self.evaluation) if self.evaluation else None

    @cached_property
    def positions(self) -> dict[str, int]:
        """Row id → position in `rows`."""
        return {row_id: i for i, row_id in enumerate(self.column("row_id").to_pylist())}

    @cached_property
    def cluster_names(self) -> dict[int, str]:
        """Cluster id → name."""
        lines = self.clusters.to_pylist()
        return {line["cluster"]: line["name"] or f"cluster {line['cluster']}" for line in lines}

    @cached_property
    def edits(self) -> dict[str, Mapping[str, Any]]:
        """Row id → its edit."""
        return {} if self.changeset is None else {edit["row_id"]: edit for edit in self.changeset["edits"]}

    @cached_property
    def record_positions(self) -> dict[str | None, int]:
        """Row id → position in `records`; empty without records."""
        if self.records is None or "row_id" not in self.records.column_names:
            return {}
        return {row_id: i for i, row_id in enumerate(self.records.column("row_id").to_pylist())}

    def column(self, name: str) -> pa.Array:
        """Give one column of `rows` as a single array; all null when it is not there."""
        if name not in self.rows.column_names:
            return pa.nulls(len(self.rows))
        column = self.rows.column(name)
        return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)

    def value(self, name: str, row_id: str) -> Any:
        """Give the value of a row in a column of `rows`; None for a row that is not there."""
        position = self.positions.get(row_id)
        if position is None or name not in self.rows.column_names:
            return None
        return self.rows.column(name)[position].as_py()
