"""Differences: what lies between two versions, by what a history has written down of them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from burnish.adapters.stores.history import Audited, HistoryStore
from burnish.dataset import Dataset
from burnish.dataset.history import RowState, Version, ancestry, common_ancestor
from burnish.kernels.cluster_identity import ABSENT
from burnish.pipeline.version_diff import (
    Step,
    VersionDiff,
    changed_rows,
    cluster_events,
    compared_rows,
    finding_changes,
    profile_shifts,
    settled,
)

Codes = NDArray[np.integer]


@dataclass(frozen=True)
class Differences:
    """Compares versions of `store`; `opened` gives the rows of one, which only versions without an ancestor need."""

    store: HistoryStore
    opened: Callable[[str], Dataset]

    def between(self, one: Version, other: Version) -> VersionDiff:
        """Tell rows, fields, clusters, findings and effect."""
        audits = self.store.audit(one), self.store.audit(other)
        clusters = findings = None
        if audits[0] is not None and audits[1] is not None:
            findings = finding_changes(audits[0].findings, audits[1].findings)
            sides = self._clusters((one, audits[0]), (other, audits[1]))
            clusters = cluster_events(sides, (audits[0].clusters, audits[1].clusters))
        measured = other.effect if self._ancestor(one, other) == one.number == other.parent else None
        evaluation = None if measured is None else self.store.evaluation(other)
        slices = () if evaluation is None else tuple(evaluation.get("slices", ()))
        rows = self._rows(one, other)
        return VersionDiff(one, other, rows, profile_shifts(one, other), clusters, findings, measured, slices)

    def _ancestor(self, one: Version, other: Version) -> int | None:
        if one.dataset != other.dataset:
            return None
        return common_ancestor(self.store.versions(one.dataset), one.number, other.number)

    def _rows(self, one: Version, other: Version) -> pa.Table:
        start = self._ancestor(one, other)
        if start is None:
            return compared_rows(self.opened(one.name), self.opened(other.name))
        versions = self.store.versions(one.dataset)
        sides = [[self._step(v) for v in ancestry(versions, end.number) if v.number > start] for end in (one, other)]
        rows = changed_rows(*sides)
        returned = rows.filter(pc.equal(rows["change"], "rewritten"))["row_id"].combine_chunks()
        if not len(returned):
            return rows
        # A row that went and came back in another segment may well be what it was: only its fields can tell.
        pair = [self.opened(version.name) for version in (one, other)]
        again = compared_rows(*(dataset.take(dataset.positions_of(returned)) for dataset in pair))
        return settled(rows, again)

    def _step(self, version: Version) -> Step:
        brought = self.store.row_ids(version) if version.n_segment else None
        return Step(version, self.store.ledger(version), brought)

    def _clusters(self, first: tuple[Version, Audited], second: tuple[Version, Audited]) -> tuple[Codes, Codes]:
        """Give the clusters of the rows that either version has, `ABSENT` where one has not."""
        (one, ours), (other, theirs) = first, second
        place = self._places(one, other)
        new = place < 0
        before = np.concatenate([ours.cluster, np.full(int(new.sum()), ABSENT)])
        after = np.full(len(before), ABSENT)
        after[place[~new]], after[len(ours.cluster) :] = theirs.cluster[~new], theirs.cluster[new]
        return before, after

    def _places(self, one: Version, other: Version) -> NDArray[np.int64]:
        """Give where each row of the second version lies in the first, -1 where it does not."""
        if self._ancestor(one, other) is None:
            found = pc.index_in(self.opened(other.name).row_ids, value_set=self.opened(one.name).row_ids)
        else:
            found = pc.index_in(pa.array(self._keys(other)), value_set=pa.array(self._keys(one)))
        return np.asarray(found.fill_null(-1).to_numpy(zero_copy_only=False), np.int64)

    def _keys(self, version: Version) -> NDArray[np.int64]:
        placed = RowState.after(self.store.entries(version.dataset, version.number)).placed
        return np.asarray((placed.segment.astype(np.int64) << 40) + placed.place)
