"""Former: the reviews of the versions that a version comes from, as they were written down."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from burnish.adapters.stores.reviews import ReviewStore, read_journal
from burnish.dataset.history import Version, ancestry
from burnish.pipeline.former import Earlier, Said, former_decisions, rows_decided
from burnish.pipeline.queue import FindingQueue
from burnish.pipeline.reviewing import Former, ReviewEvent

Stamp = tuple[tuple[int, int] | None, ...]


@dataclass(frozen=True)
class Forebears:
    """The versions that one comes from, the first one first, it itself last."""

    store: ReviewStore
    path: Sequence[Version]

    @classmethod
    def of(cls, store: ReviewStore, version: Version) -> "Forebears":
        """Give those of a version."""
        return cls(store, ancestry(store.history.versions(version.dataset), version.number))

    def stamp(self) -> Stamp:
        """Give what changes when somebody decides at one of them."""
        return tuple(self._stamp(version) for version in self.path[:-1])

    def _stamp(self, version: Version) -> tuple[int, int] | None:
        try:
            stat = self.store.journal(version).stat()
        except FileNotFoundError:
            return None
        return stat.st_ino, stat.st_size

    def decided(self, queue: FindingQueue) -> Former:
        """Give what was decided at them of findings that are found again; raises DamagedFileError."""
        journals = {version.number: self._events(version) for version in self.path[:-1]}
        rows: set[str] = set()
        rows = rows.union(*(rows_decided(queue, events) for events in journals.values()))
        if not rows:
            return Former()
        ids = pa.array(sorted(rows), pa.string())
        labels: dict[str, str | None] = {}
        brought: set[str] = set()
        earlier: list[Earlier] = []
        for version, child in zip(self.path[-2::-1], self.path[:0:-1], strict=True):
            labels |= self._labels_before(child, ids)
            brought |= self._brought(child, ids)
            if events := journals[version.number]:
                earlier.append(Earlier(version.name, events, self._said(version, ids), dict(labels), set(brought)))
        return former_decisions(queue, earlier[::-1])

    def _events(self, version: Version) -> list[ReviewEvent]:
        return [ReviewEvent.from_json(line) for line in read_journal(self.store.journal(version)).lines]

    def _said(self, version: Version, ids: pa.StringArray) -> Said:
        """Give what the newest audit of a version says of some rows, and of the set."""
        audit = self.store.history.audit(version)
        said: dict[tuple[str, str | None], set[str]] = {}
        if audit is not None:
            row_ids = audit.findings["row_id"]
            some = audit.findings.filter(pc.or_(pc.is_in(row_ids, ids), pc.is_null(row_ids)))
            columns = (some[name].to_pylist() for name in ("code", "row_id", "message"))
            for code, row_id, message in zip(*columns, strict=True):
                said.setdefault((code, row_id), set()).add(message)
        return said

    def _labels_before(self, version: Version, ids: pa.StringArray) -> dict[str, str | None]:
        """Give the labels that a version replaced."""
        lines = self.store.history.ledger(version, ["row_id", "action", "old_label"])
        if lines is None:
            return {}
        some = lines.filter(pc.and_(pc.equal(lines["action"], "relabel"), pc.is_in(lines["row_id"], ids)))
        return dict(zip(some["row_id"].to_pylist(), some["old_label"].to_pylist(), strict=True))

    def _brought(self, version: Version, ids: pa.StringArray) -> Set[str]:
        """Give which rows a version brought."""
        if not version.n_segment:
            return set()
        came = self.store.history.row_ids(version)
        return set(came.filter(pc.is_in(came, ids)).to_pylist())
