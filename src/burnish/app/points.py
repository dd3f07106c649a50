"""Points: what the map is made of, as an Arrow IPC stream."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from burnish.app.kept import PerVersion
from burnish.app.opened import Opened
from burnish.app.served import Served
from burnish.kernels.polygons import Steps, quantized
from burnish.pipeline.reviewing import REVIEW_STATUS
from burnish.pipeline.since_parent import SINCE_PARENT, since_parent
from burnish.reports.facets import Facet, Status, point_facets
from burnish.reports.facts import ReportFacts
from burnish.workspace.similar import takes_texts

BATCH_ROWS = 65_536
SEED = 0
METADATA = "burnish"
MOST_OBLONG = 2.0
REVIEW = "review"
REVIEW_VALUES = tuple(reversed(REVIEW_STATUS))
"""What is to become of a row, edits first and `none` last."""


@dataclass(frozen=True, eq=False)
class Points:
    """The points of a version in drawing order: `rows` their positions, `x` and `y` their places, `facets` their codes.

    About two bytes a facet and 12 for the rest, a row. `takes_texts`: whether rows can be compared with a text.
    """

    v: str
    n_rows: int
    rows: NDArray[np.uint32]
    x: Steps
    y: Steps
    aspect: float
    facets: tuple[Facet, ...]
    takes_texts: bool = True

    @cached_property
    def key(self) -> str:
        """Name what does not change with the review, by its content."""
        known = (facet.codes for facet in self.facets if facet.name != REVIEW)
        content = hashlib.blake2b(self.v.encode(), digest_size=16)
        for values in (self.rows, self.x, self.y, *known):
            content.update(np.ascontiguousarray(values).data)
        return content.hexdigest()

    def review_codes(self, review: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Give the codes of the facet `review`; `review` (n_rows,): places of the rows in `REVIEW_STATUS`."""
        return np.asarray(len(REVIEW_STATUS) - 1 - review[self.rows], np.uint8)

    def encoded(self, review: NDArray[np.uint8]) -> pa.Buffer:
        """Give the whole stream; `review` as in `review_codes`."""
        known = [self.review_codes(review) if facet.name == REVIEW else facet.codes for facet in self.facets]
        columns = {"x": self.x, "y": self.y, "row": self.rows, **{f"f{i}": codes for i, codes in enumerate(known)}}
        table = pa.table({name: pa.array(values) for name, values in columns.items()})
        table = table.replace_schema_metadata({METADATA: json.dumps(self._told())})
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table, max_chunksize=BATCH_ROWS)
        return sink.getvalue()

    def _told(self) -> dict[str, Any]:
        facets = [_facet_told(facet, f"f{i}") for i, facet in enumerate(self.facets)]
        return {
            "v": self.v, "n_rows": self.n_rows, "n_placed": len(self.rows), "aspect": self.aspect, "facets": facets,
            "takes_texts": self.takes_texts, "points": self.key,
        }  # fmt: skip


class _Places(NamedTuple):
    """Where rows lie: positions of those that have a place, in drawing order, and their coordinates in steps."""

    rows: NDArray[np.int64]
    x: Steps
    y: Steps
    aspect: float


_POINTS: PerVersion[Points] = PerVersion()


def points_of(door: Served, opened: Opened) -> Points:
    """Give the points of a version; raises NotAuditedError."""
    return _POINTS.of(opened, lambda: _made(opened, _change(door, opened)))


def map_stream(door: Served, opened: Opened) -> pa.Buffer:
    """Give the map of a version as its review stands now."""
    points = points_of(door, opened)
    return points.encoded(door.reviewing.state(opened.audited, opened.version).row_status())


def review_codes(door: Served, opened: Opened) -> NDArray[np.uint8]:
    """Give the codes of the facet `review`, in drawing order, as the review stands now."""
    points = points_of(door, opened)
    return points.review_codes(door.reviewing.state(opened.audited, opened.version).row_status())


def _made(opened: Opened, change: Status | None) -> Points:
    facts, n_rows = opened.facts, len(opened.dataset)
    places = _places(facts)
    review = Status(REVIEW, "Review", REVIEW_VALUES, np.zeros(n_rows, np.uint8))
    fields = opened.dataset.fields.select(list(opened.dataset.roles.meta))
    facets = point_facets(facts, [status for status in (change, review) if status is not None], fields)
    shown = tuple(facet.of(places.rows) for facet in facets)
    return Points(
        opened.version.name, n_rows, places.rows.astype(np.uint32), places.x, places.y, places.aspect, shown,
        takes_texts(opened.audited),
    )  # fmt: skip


def _change(door: Served, opened: Opened) -> Status | None:
    """Give what became of the rows since the parent; None for a first version."""
    version, store = opened.version, door.store
    if version.parent is None:
        return None
    codes = since_parent(
        opened.dataset.row_ids, edits=store.ledger(version, ["row_id", "action"]),
        added=store.row_ids(version) if version.n_segment else None,
    )  # fmt: skip
    return Status("change", "Change", SINCE_PARENT, codes)


def _places(facts: ReportFacts) -> _Places:
    given = [facts.column(name).cast(pa.float64()).to_numpy(zero_copy_only=False) for name in ("map_x", "map_y")]
    placed = np.flatnonzero(np.isfinite(given[0]) & np.isfinite(given[1]))
    rows = np.random.default_rng(SEED).permutation(placed)
    x, y = (values[rows] for values in given)
    aspect = 1.0
    if len(rows):
        width, height = (float(np.ptp(values)) or 1.0 for values in (x, y))
        aspect = min(max(width / height, 1 / MOST_OBLONG), MOST_OBLONG)
    return _Places(rows, quantized(x), quantized(y), aspect)


def _facet_told(facet: Facet, column: str) -> dict[str, Any]:
    return {
        "name": facet.name, "title": facet.title, "kind": facet.kind, "column": column, "values": facet.values,
        "low": facet.low, "high": facet.high, "bare": facet.bare,
    }  # fmt: skip
