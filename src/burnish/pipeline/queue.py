"""Queue: the findings of an audit in the order that people work through them, flat, whatever their number."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from burnish.dataset import Dataset, Evidence, Finding, FlaggedRow
from burnish.dataset.changesets import label_strings
from burnish.dataset.findings import finding_id

Places = NDArray[np.int64]
Mask = NDArray[np.bool_]
Sort = Literal["queue", "score", "quality"]

EDITS = (None, "drop", "relabel", "review", "collect")
"""What a flag may suggest, by its code in `FindingQueue.edits`."""
DROP, RELABEL, REVIEW = 1, 2, 3
FIRST = np.array([2, 0, 0, 1, 2], np.int8)
"""Which flag of a finding stands for it, by code of its edit: one with an edit, else one to look at, else any."""


@dataclass(frozen=True, eq=False)
class FindingQueue:
    """The findings of an audit, by place; their flags are flat: `starts[i]` to `starts[i + 1]` are those of finding i.

    `ids`: unique; `rows`, `scores`, `edits`, `labels` (n_flags,): position, score, code in EDITS and suggested label of
    each flag. `surest` (n,): the flag that stands for a finding, -1 where it flags no row. `code` (n,): into `codes`,
    which are in the order of the report. `evaluation` (n_rows,): the locked evaluation rows.
    """

    dataset: Dataset
    evaluation: Mask
    findings: Sequence[Finding]
    ids: Sequence[str]
    starts: Places
    rows: Places
    scores: NDArray[np.float32]
    edits: NDArray[np.int8]
    labels: NDArray[np.object_]
    codes: tuple[str, ...]
    code: NDArray[np.int32]
    label_quality: NDArray[np.floating] | None = None
    _places: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, evidence: Evidence, findings: Sequence[Finding], *, kinds: Sequence[str] = ()) -> "FindingQueue":
        """Give the queue of some findings; `kinds` in their order, those that are not named last."""
        dataset = evidence.dataset
        given, quality = evidence.get("evaluation"), evidence.get("label_quality")
        flags = [flag for finding in findings for flag in finding.rows]
        rows = np.fromiter((flag.row for flag in flags), np.int64, len(flags))
        ranks = {kind: rank for rank, kind in enumerate(kinds)}
        known = {(ranks.get(finding.kind, len(ranks)), finding.code) for finding in findings}
        codes = tuple(dict.fromkeys(code for _, code in sorted(known)))
        places = {code: place for place, code in enumerate(codes)}
        number = {edit: code for code, edit in enumerate(EDITS)}
        return cls(
            dataset,
            np.zeros(len(dataset), np.bool_) if given is None else np.asarray(given, np.bool_),
            findings,
            _ids(dataset, findings, rows),
            np.concatenate([[0], np.cumsum([len(finding.rows) for finding in findings])]).astype(np.int64),
            rows,
            np.nan_to_num(np.fromiter((flag.score for flag in flags), np.float32, len(flags))),
            np.fromiter((number.get(flag.edit, 0) for flag in flags), np.int8, len(flags)),
            np.fromiter((flag.label for flag in flags), object, len(flags)),
            codes,
            np.fromiter((places[finding.code] for finding in findings), np.int32, len(findings)),
            None if quality is None else np.asarray(quality),
        )

    def __len__(self) -> int:
        return len(self.findings)

    @cached_property
    def place(self) -> Mapping[str, int]:
        """Id of a finding → its place."""
        return {one: i for i, one in enumerate(self.ids)}

    @cached_property
    def of_flag(self) -> NDArray[np.int64]:
        """The finding of each flag (n_flags,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    @cached_property
    def trains(self) -> Mask:
        """Flags of rows that are no evaluation rows (n_flags,)."""
        return ~self.evaluation[self.rows]

    @cached_property
    def suggested(self) -> Mask:
        """Flags that suggest an edit which may be made (n_flags,): a drop, or a relabel, of a training row."""
        return np.isin(self.edits, (DROP, RELABEL)) & self.trains

    @cached_property
    def suggests(self) -> Mask:
        """Findings that suggest an edit which may be made (n,)."""
        return self._any(self.suggested)

    @cached_property
    def reviewable(self) -> Mask:
        """Findings that people are asked about (n,): those that suggest an edit of a row, or to look at it."""
        return self._any(np.isin(self.edits, (DROP, RELABEL, REVIEW)))

    def label_shown(self, place: int) -> str | None:
        """Give the one label that a finding suggests for training rows that are to be looked at; None without one."""
        some = slice(int(self.starts[place]), int(self.starts[place + 1]))
        asked = (self.edits[some] == REVIEW) & self.trains[some]
        labels = set(self.labels[some][asked].tolist())
        return labels.pop() if len(labels) == 1 and not self.suggests[place] else None

    @cached_property
    def has_training_rows(self) -> Mask:
        """Findings that flag a training row (n,)."""
        return self._any(self.trains)

    @cached_property
    def surest(self) -> Places:
        """The flag that stands for each finding (n,), -1 where it flags no row."""
        order = np.lexsort((np.arange(len(self.rows)), -self.scores, FIRST[self.edits], self.of_flag))
        flags = np.full(len(self), -1, np.int64)
        some = np.diff(self.starts) > 0
        flags[some] = order[self.starts[:-1][some]]
        return flags

    @cached_property
    def score(self) -> NDArray[np.float32]:
        """How sure each finding is (n,): its surest flag, or its own score where it flags no row."""
        own = np.fromiter((finding.score for finding in self.findings), np.float32, len(self))
        best = np.full(len(self), -np.inf, np.float32)
        np.maximum.at(best, self.of_flag, self.scores)
        return np.nan_to_num(np.where(np.isfinite(best), best, own)).astype(np.float32)

    @cached_property
    def order(self) -> Places:
        """Findings as people work through them: those with something to decide first.

        Among them by kind, then code, within a code the surest first.
        """
        return np.lexsort((np.arange(len(self)), -self.score, self.code, ~self.reviewable))

    @cached_property
    def by_score(self) -> Places:
        """Findings of all codes, the surest first."""
        return np.lexsort((np.arange(len(self)), self.code, -self.score))

    @cached_property
    def by_quality(self) -> Places:
        """Findings of all codes, that whose surest row has the least label quality first, those without one last."""
        quality, some = np.full(len(self), np.inf), self.surest >= 0
        if self.label_quality is not None:
            quality[some] = np.nan_to_num(self.label_quality[self.rows[self.surest[some]]], nan=np.inf)
        return np.lexsort((np.arange(len(self)), self.code, quality))

    def sorted_by(self, sort: Sort) -> Places:
        """Give all findings in an order."""
        return {"queue": lambda: self.order, "score": lambda: self.by_score, "quality": lambda: self.by_quality}[sort]()

    @cached_property
    def labels_told(self) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
        """The given and the suggested label of the surest row of each finding (n,), None where there is none."""
        given, suggested = np.full(len(self), None, object), np.full(len(self), None, object)
        some = np.flatnonzero(self.surest >= 0)
        flags = self.surest[some]
        given[some] = label_strings(self.dataset, self.rows[flags]).to_pylist()
        suggested[some] = self.labels[flags]
        return given, suggested

    def about(self, rows: Mask) -> Mask:
        """Mask of the findings (n,) that flag any of some rows (n_rows,)."""
        return self._any(rows[self.rows])

    def flags_of(self, place: int, limit: int) -> Sequence[FlaggedRow]:
        """Give the surest flags of a finding, those that suggest an edit before others as sure."""
        some, flags = slice(int(self.starts[place]), int(self.starts[place + 1])), self.findings[place].rows
        order = np.lexsort((FIRST[self.edits[some]], -self.scores[some]))
        return [flags[i] for i in order[:limit].tolist()]

    def chosen(self, keep: Mask, *, code: str = "", sort: Sort = "queue") -> Places:
        """Give the places of the findings of a mask (n,), of one code where it is named, in an order."""
        if code:
            keep = keep & (self.code == (self.codes.index(code) if code in self.codes else -1))
        order = self.sorted_by(sort)
        return order[keep[order]]

    def place_among(self, chosen: Places, place: int, sort: Sort = "queue") -> int:
        """Give where a finding stands among chosen ones in an order, or would if it were one."""
        rank = np.empty(len(self), np.int64)
        rank[self.sorted_by(sort)] = np.arange(len(self))
        return int(np.searchsorted(rank[chosen], rank[place]))

    def positions_of(self, row_ids: Sequence[str]) -> Places:
        """Give the position of each row id, -1 where this version has none; those once asked for are remembered."""
        unknown = [row_id for row_id in dict.fromkeys(row_ids) if row_id not in self._places]
        if unknown:
            self._places.update(zip(unknown, self.dataset.positions_of(unknown).tolist(), strict=True))
        return np.fromiter((self._places[row_id] for row_id in row_ids), np.int64, len(row_ids))

    def _any(self, flags: Mask) -> Mask:
        return np.bincount(self.of_flag[flags], minlength=len(self)) > 0


def _ids(dataset: Dataset, findings: Sequence[Finding], rows: Places) -> list[str]:
    """Give unique ids; where two findings of a code flag the same rows, the second gets `-2`."""
    flagged = np.unique(rows)
    names = dict(zip(flagged.tolist(), dataset.row_ids.take(pa.array(flagged)).to_pylist(), strict=True))
    ids = [finding_id(finding, names) for finding in findings]
    seen: Counter[str] = Counter()
    for i, one in enumerate(ids):
        seen[one] += 1
        if seen[one] > 1:
            ids[i] = f"{one}-{seen[one]}"
    return ids
