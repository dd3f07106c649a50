"""Blob: the rows of the map as one small block of bytes that the browser unpacks.

Layout: uint32 length of the header, the header as JSON, then little-endian columns at the offsets
that the header gives (from the end of the header, each a multiple of 4); all gzipped.
"""

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from burnish.reports.facets import Facet, facets_of
from burnish.reports.facts import ReportFacts
from burnish.reports.markup import CONTROL_RE2

MAX_POINTS = 50_000
TEXT_CHARACTERS = 120
SHORT_TEXT_CHARACTERS = 80
FULL_SCALE = 65_535


@dataclass(frozen=True, eq=False)
class MapRows:
    """The rows that the map draws, in drawing order: `positions` into the rows of the facts."""

    positions: NDArray[np.int64]
    total: int


@dataclass
class _Packer:
    """Columns one after the other, with the header that finds them again."""

    header: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, dict[str, Any]] = field(default_factory=dict)
    parts: list[bytes] = field(default_factory=list)
    size: int = 0

    def add(self, name: str, content: bytes, kind: str) -> None:
        padded = content + b"\0" * (-len(content) % 4)
        self.columns[name] = {"offset": self.size, "bytes": len(content), "type": kind}
        self.parts.append(padded)
        self.size += len(padded)

    def packed(self) -> bytes:
        header = json.dumps({**self.header, "columns": self.columns}, ensure_ascii=False).encode()
        header += b" " * (-len(header) % 4)
        return b"".join([np.uint32(len(header)).astype("<u4").tobytes(), header, *self.parts])


@dataclass(frozen=True)
class TextCut:
    """How much text the page carries: of `rows` rows, the first `characters` characters."""

    rows: int
    characters: int


def map_rows(facts: ReportFacts, *, max_points: int = MAX_POINTS, seed: int = 0) -> MapRows:
    """Give the rows that have a place on the map, shuffled once; above `max_points` a uniform sample."""
    x, y = _coordinate(facts, "map_x"), _coordinate(facts, "map_y")
    placed = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    order = np.random.default_rng(seed).permutation(placed)
    return MapRows(order[:max_points].astype(np.int64), len(placed))


def map_blob(facts: ReportFacts, rows: MapRows, *, max_bytes: int) -> tuple[str, TextCut]:
    """Give the map as base64 of gzip in at most `max_bytes` characters, with as much text as fits.

    Text is cut at 120 characters; when that is too much at 80; then fewer rows get text, flagged
    rows first. Coordinates, codes and ids always stay.
    """
    room = max_bytes * 3 // 4
    bare = _pack(facts, rows, TextCut(0, 0))
    if facts.texts is None or not len(rows.positions) or len(bare) > room:
        return base64.b64encode(bare).decode(), TextCut(0, 0)
    for cut in (TextCut(len(rows.positions), TEXT_CHARACTERS), TextCut(len(rows.positions), SHORT_TEXT_CHARACTERS)):
        packed = _pack(facts, rows, cut)
        if len(packed) <= room:
            return base64.b64encode(packed).decode(), cut
    per_row = (len(packed) - len(bare)) / len(rows.positions)
    cut = TextCut(int(0.9 * (room - len(bare)) / per_row), SHORT_TEXT_CHARACTERS)
    packed = _pack(facts, rows, cut)
    return (
        (base64.b64encode(packed).decode(), cut)
        if len(packed) <= room
        else (base64.b64encode(bare).decode(), TextCut(0, 0))
    )


def unit_coordinates(facts: ReportFacts, rows: MapRows) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give x and y of the drawn rows, each scaled to 0..1."""
    x, y = (_unit(_coordinate(facts, name)[rows.positions]) for name in ("map_x", "map_y"))
    return x, y


def unpack(blob: str) -> tuple[dict[str, Any], bytes]:
    """Give header and columns of a blob: what the browser does, for tests and tools."""
    raw = zlib.decompress(base64.b64decode(blob), wbits=31)
    length = int(np.frombuffer(raw[:4], "<u4")[0])
    return json.loads(raw[4 : 4 + length]), raw[4 + length :]


def _pack(facts: ReportFacts, rows: MapRows, cut: TextCut) -> bytes:
    facets = facets_of(facts, rows.positions)
    packer = _Packer()
    for axis, unit in zip("xy", unit_coordinates(facts, rows), strict=True):
        packer.add(axis, np.round(unit * FULL_SCALE).astype("<u2").tobytes(), "uint16")
    for i, facet in enumerate(facets):
        packer.add(f"facet{i}", facet.codes.astype("<u2").tobytes(), "uint16")
    ids = facts.column("row_id").cast(pa.string()).take(pa.array(rows.positions))
    packer.add("ids", _lines(ids, 64), "lines")
    if cut.rows:
        packer.add("texts", _texts(facts, rows, cut), "lines")
    packer.header = {
        "rows": len(rows.positions),
        "total": rows.total,
        "aspect": _aspect(facts, rows),
        "facets": [_facet_header(facet, i) for i, facet in enumerate(facets)],
    }
    return _gzip(packer.packed())


def _facet_header(facet: Facet, index: int) -> Mapping[str, Any]:
    return {
        "name": facet.name, "title": facet.title, "kind": facet.kind, "values": facet.values,
        "column": f"facet{index}", "bare": facet.bare,
    }  # fmt: skip


def _coordinate(facts: ReportFacts, name: str) -> NDArray[np.float64]:
    values = facts.column(name).cast(pa.float64())
    return np.asarray(values.to_numpy(zero_copy_only=False), np.float64)


def _unit(values: NDArray[np.float64]) -> NDArray[np.float64]:
    if not len(values):
        return values
    span = float(np.ptp(values)) or 1.0
    unit: NDArray[np.float64] = (values - values.min()) / span
    return unit


def _aspect(facts: ReportFacts, rows: MapRows) -> float:
    """Width over height of the map in its own units, held to what fits a screen."""
    if not len(rows.positions):
        return 1.0
    spans = [float(np.ptp(_coordinate(facts, name)[rows.positions])) or 1.0 for name in ("map_x", "map_y")]
    return float(np.clip(spans[0] / spans[1], 0.5, 2.0))


def _texts(facts: ReportFacts, rows: MapRows, cut: TextCut) -> bytes:
    flagged = np.zeros(len(facts.rows), bool)
    known = [facts.positions[r] for r in facts.findings["row_id"].drop_null().to_pylist() if r in facts.positions]
    flagged[known] = True
    order = np.argsort(~flagged[rows.positions], kind="stable")[: cut.rows]
    shown = np.full(len(rows.positions), -1, np.int64)
    shown[order] = rows.positions[order]
    texts = pc.take(facts.texts, pa.array(shown, mask=shown < 0))
    return _lines(texts, cut.characters)


def _lines(values: pa.Array, limit: int) -> bytes:
    """Give one line a value: at most `limit` characters, without control characters."""
    cut = pc.utf8_slice_codeunits(values.fill_null(""), 0, limit)
    longer = pc.greater(pc.binary_length(values.fill_null("")), pc.binary_length(cut))
    clean = pc.utf8_rtrim_whitespace(pc.replace_substring_regex(cut, CONTROL_RE2, " "))
    return "\n".join(pc.if_else(longer, pc.binary_join_element_wise(clean, "…", ""), clean).to_pylist()).encode()


def _gzip(content: bytes) -> bytes:
    """Gzip without a time stamp, so that equal facts give equal pages."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(content) + packer.flush()
