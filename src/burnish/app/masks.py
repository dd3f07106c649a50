"""Masks: answers to questions about every row that the page cannot answer itself."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from burnish.adapters.conditions import Conditions
from burnish.adapters.sources.tables import is_text
from burnish.app.documents.rows import MaskAsked
from burnish.app.kept import PerVersion
from burnish.app.opened import Opened
from burnish.app.points import points_of
from burnish.app.served import Served
from burnish.dataset import Dataset
from burnish.errors import InputError, UsageError
from burnish.kernels.bits import packed
from burnish.kernels.polygons import inside_polygon
from burnish.workspace.similar import Likeness

MOST_CHARACTERS = 10_000
"""Of a text, a pattern or a condition; only a list of ids may be longer."""

FARTHEST_CORNER = 1_000.0
CLUSTER = "cluster:"
MOST_DIGITS = 9
FOUND = (
    "row_id", "split", "label", "predicted_label", "predicted_proba", "label_quality", "suggested_label",
    "outlier_score", "exact_group", "near_group", "nearest_row_id", "nearest_distance", "leak", "cluster", "map_x",
    "map_y",
)  # fmt: skip
"""Columns of `rows.parquet` that a condition may name."""

Mask = NDArray[np.bool_]


class Answer(NamedTuple):
    """The rows (n_rows,) that a question is about, and how many of the ids that it names no row has."""

    mask: Mask
    unknown: int = 0

    def packed(self) -> bytes:
        """Give a bit a row, lowest bit first."""
        return packed(self.mask)


_LIKENESS: PerVersion[Likeness] = PerVersion()
_CONDITIONS: PerVersion[Conditions] = PerVersion()


def answer(door: Served, opened: Opened, asked: MaskAsked) -> Answer:
    """Answer a question; raises UsageError for one that cannot be answered, InputError for what is not there."""
    if asked.kind != "ids" and len(asked.value) > MOST_CHARACTERS:
        raise UsageError(
            f"the question has {len(asked.value):,} characters.", remedy=f"Ask in at most {MOST_CHARACTERS:,}."
        )
    return _ANSWERS[asked.kind](door, opened, asked)


def likeness(door: Served, opened: Opened) -> Likeness:
    """Give what finds similar rows of a version; raises NotAuditedError."""
    audited, threads = opened.audited, door.workspace.limits.n_threads
    return _LIKENESS.of(opened, lambda: Likeness(audited, threads))


def _text(_: Served, opened: Opened, asked: MaskAsked) -> Answer:
    return Answer(_any(opened, lambda column: pc.match_substring(column, asked.value, ignore_case=True)))


def _regex(_: Served, opened: Opened, asked: MaskAsked) -> Answer:
    """RE2 takes time in proportion to the text, whatever the pattern."""
    try:
        return Answer(_any(opened, lambda column: pc.match_substring_regex(column, asked.value)))
    except pa.ArrowInvalid as error:
        reason = str(error).removeprefix("Invalid regular expression: ")
        raise UsageError(
            f"the pattern {asked.value[:60]!r} cannot be read: {reason[:200]}.",
            remedy="Patterns are those of RE2: github.com/google/re2/wiki/Syntax.",
        ) from error


def _any(opened: Opened, matches: Callable[[pa.Array], pa.Array]) -> Mask:
    found = np.zeros(len(opened.dataset), np.bool_)
    for column in _searched(opened.dataset):
        found |= _as_mask(matches(column))
    return found


def _searched(dataset: Dataset) -> list[pa.Array]:
    """Give what a search looks at: ids, labels, and texts, or where there are none all fields that hold strings."""
    roles = dataset.roles
    names = [roles.text] if roles.text is not None else list(roles.meta)
    columns = [dataset.field(name) for name in (*names, roles.label) if name is not None]
    strings = [column for column in columns if is_text(column.type)]
    if roles.label is not None and dataset.labels is not None and not is_text(columns[-1].type):
        strings.append(columns[-1].cast(pa.string()))
    return [dataset.row_ids, *strings]


def _sql(_: Served, opened: Opened, asked: MaskAsked) -> Answer:
    return Answer(conditions_of(opened).matching(asked.value))


def conditions_of(opened: Opened) -> Conditions:
    """Give what answers conditions about a version."""
    return _CONDITIONS.of(opened, lambda: Conditions(condition_table(opened)))


def condition_table(opened: Opened) -> pa.Table:
    """Give what a condition may be about: the fields under their names, and what an audit found of each row.

    Vectors, pictures and sound are left out. Where a field has the name of what was found, that is `found_NAME`.
    """
    dataset, roles = opened.dataset, opened.dataset.roles
    fields = {
        field.name: dataset.fields.column(field.name) for field in dataset.fields.schema
        if field.name not in (roles.embedding, roles.image) and not _is_bytes(field.type)
    }  # fmt: skip
    taken = {name.casefold() for name in fields}
    found = {"row_id": dataset.row_ids} if opened.found is None else {name: opened.facts.column(name) for name in FOUND}
    same = {name for name in ("label", "split") if getattr(roles, name) == name}
    told = {f"found_{name}" if name in taken else name: column for name, column in found.items() if name not in same}
    return pa.table({**fields, **told})


def _is_bytes(kind: pa.DataType) -> bool:
    tests = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)
    return any(test(kind) for test in tests)


def _similar_row(door: Served, opened: Opened, asked: MaskAsked) -> Answer:
    (position,) = opened.dataset.positions_of([asked.value]).tolist()
    if position < 0:
        raise InputError(f"{opened.version.name} has no row {asked.value[:60]!r}.", remedy="Ask for a row that it has.")
    return Answer(_at(opened, likeness(door, opened).to_row(position, asked.k).positions))


def _similar_text(door: Served, opened: Opened, asked: MaskAsked) -> Answer:
    return Answer(_at(opened, likeness(door, opened).to_text(asked.value, asked.k).positions))


def _ids(_: Served, opened: Opened, asked: MaskAsked) -> Answer:
    given = {line.strip("\r") for line in asked.value.split("\n")} - {""}
    mask = _among(opened, pa.array(list(given), pa.string()))
    return Answer(mask, len(given) - int(mask.sum()))


def _set(door: Served, opened: Opened, asked: MaskAsked) -> Answer:
    sets = {one.name: one for one in door.reviewing.sets(opened.version.dataset)}
    if asked.value not in sets:
        raise InputError(f"there is no tag or slice {asked.value[:60]!r}.", remedy=_known(sets))
    return Answer(_among(opened, sets[asked.value].row_ids))


def _slice(_: Served, opened: Opened, asked: MaskAsked) -> Answer:
    """A slice that was found, by its name, or `cluster:ID`, a cluster of any level."""
    evidence = opened.audited.evidence
    name, cluster = asked.value, asked.value.removeprefix(CLUSTER)
    if name != cluster and len(cluster) <= MOST_DIGITS and cluster.isdecimal() and "cluster_path" in evidence:
        return Answer(np.asarray((np.asarray(evidence["cluster_path"]) == int(cluster)).any(axis=1), np.bool_))
    found = evidence.table("slices") if "slices" in evidence.summaries else pa.table({"slice": [], "rows": []})
    place = pc.index(found["slice"], pa.scalar(name, found["slice"].type)).as_py()
    if place < 0:
        names = found["slice"].to_pylist()
        raise InputError(f"no slice {name[:60]!r} was found in {opened.version.name}.", remedy=_known(names))
    return Answer(_at(opened, found["rows"][place].values.to_numpy()))


def _polygon(door: Served, opened: Opened, asked: MaskAsked) -> Answer:
    corners = np.array(asked.polygon, np.float64).reshape(-1, 2)
    if len(corners) < 3 or not (np.abs(corners) <= FARTHEST_CORNER).all():
        raise UsageError(
            f"a polygon of {len(corners)} corners, or with one far outside, holds nothing.",
            remedy="Give at least three corners, in units of the map: 0 to 1.",
        )
    points = points_of(door, opened)
    return Answer(_at(opened, points.rows[inside_polygon(points.x, points.y, corners)]))


_ANSWERS: Mapping[str, Callable[[Served, Opened, MaskAsked], Answer]] = {
    "text": _text, "regex": _regex, "sql": _sql, "similar_row": _similar_row, "similar_text": _similar_text,
    "ids": _ids, "polygon": _polygon, "set": _set, "slice": _slice,
}  # fmt: skip


def _at(opened: Opened, positions: NDArray[np.integer]) -> Mask:
    mask = np.zeros(len(opened.dataset), np.bool_)
    mask[positions] = True
    return mask


def _among(opened: Opened, row_ids: pa.Array) -> Mask:
    return _as_mask(pc.is_in(opened.row_ids, value_set=row_ids))


def _as_mask(found: pa.Array) -> Mask:
    return np.asarray(pc.fill_null(found, fill_value=False).to_numpy(zero_copy_only=False), np.bool_)


def _known(names: Mapping[str, object] | list[str]) -> str:
    shown = [repr(name) for name in list(names)[:20]]
    return f"There are: {', '.join(shown)}." if shown else "There is none yet."
