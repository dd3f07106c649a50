"""Findings as documents: a line of the queue, and all there is to see of one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from burnish.adapters.stores.reviews import RowSet
from burnish.app.documents.review import EvidenceRow, FindingDetail, Likely, QueueItem
from burnish.app.documents.shared import Decision, Row
from burnish.app.evidence_words import numbers_told, trial_told
from burnish.app.opened import Opened
from burnish.app.row_documents import few_rows, row_documents, told_values
from burnish.dataset import Dataset, FlaggedRow, Targets
from burnish.dataset.changesets import label_strings
from burnish.dataset.rows import is_list
from burnish.errors import InputError
from burnish.pipeline.queue import EDITS, FindingQueue
from burnish.pipeline.reviewing import ReviewState
from burnish.reports.markup import clean
from burnish.reports.words import KINDS, code_title
from burnish.workspace.similar import neighbors_found

ROWS_SHOWN, NEIGHBORS_SHOWN, LIKELIEST, LABELS_SHOWN = 50, 8, 5, 1_000
PREVIEW_CHARACTERS, PREVIEW_FIELDS, NAME_CHARACTERS = 160, 4, 60
KEPT = ("kept", "kept_row_id", "representative")


def queue_items(opened: Opened, state: ReviewState, places: Sequence[int]) -> list[QueueItem]:
    """Give the findings at some places of the queue as its lines."""
    queue = state.queue
    flags = queue.surest[np.asarray(places, np.int64)]
    at = queue.rows[flags[flags >= 0]]
    given = iter(label_strings(opened.dataset, at).to_pylist())
    previews = iter(_previews(few_rows(opened.dataset, at)))
    return [_item(state, place, flag, (given, previews)) for place, flag in zip(places, flags.tolist(), strict=True)]


def finding_detail(
    opened: Opened, state: ReviewState, place: int, *, among: int, sets: Sequence[RowSet] = ()
) -> FindingDetail:
    """Give all there is to see of the finding at a place; `among`: where it stands in the queue that is looked at."""
    queue = state.queue
    finding, flags = queue.findings[place], queue.flags_of(place, ROWS_SHOWN)
    parts = _parts(opened, flags, finding.evidence)
    surest = int(queue.rows[queue.surest[place]]) if flags else None
    near = {} if surest is None else _nearest(opened, surest, without=parts)
    rows = row_documents(opened, [*parts, *near], review=state, sets=sets)
    labels, left_off = _labels(opened.dataset, likely := [] if surest is None else _likely(opened, surest))
    return FindingDetail(
        item=queue_items(opened, state, [place])[0],
        why=KINDS.get(finding.kind, ("", ""))[1],
        numbers=numbers_told(finding.evidence),
        trial=trial_told(finding.evidence),
        rows=[_evidence_row(row, *part) for row, part in zip(rows, parts.values(), strict=False)],
        rows_left_off=len(finding.rows) - len(flags),
        neighbors=[
            row.model_copy(update={"distance": distance})
            for row, distance in zip(rows[len(parts) :], near.values(), strict=True)
        ],
        likely=likely,
        labels=labels,
        labels_left_off=left_off,
        differing=_differing(few_rows(opened.dataset, list(parts)[:2])),
        place=among,
        note=state.notes.get(queue.ids[place]),
    )


def _item(state: ReviewState, place: int, flag: int, shown: tuple[Iterator[str | None], Iterator[str]]) -> QueueItem:
    """Give one line; `shown`: the given labels and previews of the surest rows, in turn."""
    queue = state.queue
    finding, some = queue.findings[place], flag >= 0
    row = int(queue.rows[flag]) if some else -1
    decision, former = (one.get(queue.ids[place]) for one in (state.decisions, state.former_edits))
    return QueueItem(
        finding_id=queue.ids[place], code=finding.code, kind=finding.kind, severity=finding.severity,
        title=code_title(finding.code, finding.kind), score=float(queue.score[place]), message=finding.message,
        n_rows=len(finding.rows), row_id=queue.dataset.row_ids[row].as_py() if some else None,
        preview=next(shown[1]) if some else "", given_label=next(shown[0]) if some else None,
        suggested_edit=EDITS[int(queue.edits[flag])] if some else None,
        suggested_label=queue.labels[flag] if some else None, evaluation=some and bool(queue.evaluation[row]),
        decision=None if decision is None else Decision(**decision._asdict()),
        former=None if former is None else Decision(**former._asdict()),
        image=queue.dataset.roles.image if some else None, edits=bool(queue.suggests[place]),
        label_shown=queue.label_shown(place),
    )  # fmt: skip


def shown_as(queue: FindingQueue, place: int) -> str:
    """Give a few words by which people know a finding: of its surest row, else its message."""
    flag = int(queue.surest[place])
    if flag < 0:
        return clean(queue.findings[place].message, NAME_CHARACTERS)
    (preview,) = _previews(few_rows(queue.dataset, [int(queue.rows[flag])]))
    return clean(preview, NAME_CHARACTERS)


def _previews(rows: Dataset) -> list[str]:
    """Give a line of each row: its text, else the path of its image, else its first fields, else its id."""
    if rows.texts is not None:
        return [clean(text or "", PREVIEW_CHARACTERS) for text in rows.texts.to_pylist()]
    if (paths := _paths(rows)) is not None:
        return [clean(path, PREVIEW_CHARACTERS) for path in paths]
    if rows.roles.image is not None or not rows.roles.meta:
        return [clean(row_id, PREVIEW_CHARACTERS) for row_id in rows.row_ids.to_pylist()]
    names = rows.roles.meta[:PREVIEW_FIELDS]
    told = zip(*(told_values(rows.fields.column(name)) for name in names), strict=True)
    return [
        clean(" · ".join(f"{n}: {v}" for n, v in zip(names, values, strict=True)), PREVIEW_CHARACTERS)
        for values in told
    ]


def _paths(rows: Dataset) -> list[str] | None:
    """Give the path of each image, its id where it has none; None where the images are bytes alone, or none."""
    if rows.roles.image is None:
        return None
    column = rows.field(rows.roles.image)
    if pa.types.is_struct(column.type) and column.type.get_field_index("path") >= 0:
        column = pc.struct_field(column, "path")
    if not pa.types.is_string(column.type) and not pa.types.is_large_string(column.type):
        return None
    pairs = zip(column.to_pylist(), rows.row_ids.to_pylist(), strict=True)
    return [path or row_id for path, row_id in pairs]


Part = tuple[str, FlaggedRow | None]


def _parts(opened: Opened, flags: Sequence[FlaggedRow], shared: Mapping[str, object]) -> dict[int, Part]:
    """Give the rows of a finding and of its twins: position → role, flag.

    The copy that stays comes first, rows that are no part of the finding but its twins last.
    """
    flagged = {flag.row: flag for flag in flags}
    evidence = [shared, *(flag.evidence for flag in flags)]
    kept = dict.fromkeys(_named(opened, evidence, KEPT))
    twins = [row for row in _named(opened, evidence, ("twin",)) if row not in flagged and row not in kept]
    first = [row for row in kept if row not in flagged or flagged[row].edit is None]
    parts: dict[int, Part] = {row: ("kept", flagged.get(row)) for row in first[:1]}
    for flag in flags:
        parts.setdefault(flag.row, ("flagged", flag))
    for row in [*first[1:], *twins][:ROWS_SHOWN]:
        parts.setdefault(row, ("twin", None))
    return parts


def _named(opened: Opened, evidence: Iterable[Mapping[str, object]], keys: Sequence[str]) -> list[int]:
    """Give the positions of the rows that evidence names under some keys, each once."""
    ids = [numbers[key] for numbers in evidence for key in keys if isinstance(numbers.get(key), str)]
    found = opened.dataset.positions_of(list(dict.fromkeys(map(str, ids))))
    return [row for row in found.tolist() if row >= 0]


def _evidence_row(row: Row, role: Any, flag: FlaggedRow | None) -> EvidenceRow:
    return EvidenceRow(
        row=row, role=role, numbers=[] if flag is None else numbers_told(flag.evidence),
        suggested_edit=None if flag is None else flag.edit, suggested_label=None if flag is None else flag.label,
        score=None if flag is None or not np.isfinite(flag.score) else float(flag.score),
    )  # fmt: skip


def _nearest(opened: Opened, row: int, *, without: Mapping[int, Part]) -> dict[int, float]:
    """Give the nearest rows of a row that are not shown already, with their distance."""
    positions, distances = neighbors_found(opened.audited.evidence, row)
    pairs = zip(positions.tolist(), distances.tolist(), strict=True)
    return dict(islice(((other, far) for other, far in pairs if other not in without), NEIGHBORS_SHOWN))


def _likely(opened: Opened, row: int) -> list[Likely]:
    """Give the likeliest labels of a row, and the given one, with their probabilities out of sample."""
    probabilities, labels = opened.audited.evidence.get("probabilities"), opened.dataset.labels
    if probabilities is None or labels is None:
        return []
    ours = np.nan_to_num(np.asarray(probabilities[row], np.float64))
    first = [code for code in np.argsort(-ours, kind="stable")[:LIKELIEST].tolist() if ours[code] > 0]
    given = int(labels.codes[row])
    shown = first if given < 0 or given in first or not first else [*first, given]
    return [Likely(label=labels.classes[code], probability=float(ours[code])) for code in shown]


def _labels(dataset: Dataset, likely: Sequence[Likely]) -> tuple[list[str], int]:
    """Give what a row can be relabelled to, likeliest first, and how many classes are left off."""
    try:
        classes = Targets.of(dataset).classes if dataset.roles.label is not None else ()
    except InputError:
        return [], 0
    ranked = list(dict.fromkeys([*(one.label for one in likely), *classes]))
    return ranked[:LABELS_SHOWN], max(0, len(ranked) - LABELS_SHOWN)


def _differing(pair: Dataset) -> list[str]:
    """Give the fields whose values differ between two rows, but for ids and vectors."""
    if len(pair) < 2:
        return []
    roles = (pair.roles.id, pair.roles.embedding)
    names = [name for name in pair.fields.column_names if name not in roles and not _is_vector(pair, name)]
    values = ((name, pair.fields.column(name)) for name in names)
    return [name for name, column in values if not column[0].equals(column[1])]


def _is_vector(rows: Dataset, name: str) -> bool:
    kind = rows.fields.schema.field(name).type
    return is_list(kind) and str(kind.value_type) in ("float", "double", "halffloat")
