"""Opened: a version that is being looked at, with what every page reads of it; and the few that are kept open."""

from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from burnish.dataset import Dataset
from burnish.dataset.history import Version
from burnish.errors import StaleChangesetError
from burnish.pipeline.recall import WHOLE
from burnish.publishing import report_facts
from burnish.reports import ReportFacts
from burnish.workspace import Audited, Workspace

KEPT_OPEN = 2
"""Versions that stay in memory: the one that is looked at, and one that it is compared with."""

Key = tuple[str, str, str]
"""Which version, and which audit of it: its evidence and when it was made, empty without one."""


class NotAuditedError(StaleChangesetError):
    """A page needs what an audit of a version found, and there is none."""


@dataclass(frozen=True, eq=False)
class Opened:
    """A version of the history, its rows, and what its newest audit found (None where there is none)."""

    version: Version
    dataset: Dataset
    found: Audited | None

    @property
    def audited(self) -> Audited:
        """What the audit found; raises NotAuditedError without one."""
        if self.found is None:
            raise NotAuditedError(
                f"{self.version.name} has not been audited, or its evidence was removed.",
                remedy=f"Audit it: the button on this page, or `burnish audit {self.version.name}`.",
            )
        return self.found

    @cached_property
    def facts(self) -> ReportFacts:
        """The tables of the contract: rows, findings, clusters, slices."""
        return report_facts(self.audited, None, None)

    @cached_property
    def evaluation(self) -> NDArray[np.bool_]:
        """Mask (n_rows,) of the locked evaluation rows."""
        given = self.audited.evidence.get("evaluation")
        return np.zeros(len(self.dataset), np.bool_) if given is None else np.asarray(given, np.bool_)


class OpenedVersions:
    """Versions of a workspace, each read once and kept while it is among the last that were asked for.

    One is read at a time, once there is room for it: no more than `kept` are ever held here.
    """

    def __init__(self, workspace: Workspace, *, kept: int = KEPT_OPEN) -> None:
        self._workspace = workspace
        self._kept = kept
        self._open: OrderedDict[Key, tuple[Opened, int]] = OrderedDict()
        self._looking, self._reading = Lock(), Lock()
        self._busy: set[str] = set()

    def opened(self, called: str) -> Opened:
        """Give a version by name; a request for one that is being read waits. An audit made meanwhile is seen."""
        version = self._workspace.history.store.find(called)
        key = self._key(version)
        return self._known(key) or self._read_once(version, key)

    def is_opening(self, called: str) -> bool:
        """Tell whether a version is being read."""
        return called in self._busy

    def audit_known(self, version: Version) -> bool:
        """Tell whether a version was audited, without opening it; no more once it was opened and its evidence gone."""
        if self._workspace.history.store.audit_facts(version) is None:
            return False
        with self._looking:  # to ask of a version is not to look at it: it stays no longer for that
            opened, _ = self._open.get(self._key(version), (None, 0))
        return opened is None or opened.found is not None

    def _key(self, version: Version) -> Key:
        facts = self._workspace.history.store.audit_facts(version)
        return version.name, *(("", "") if facts is None else (str(facts["key"]), str(facts.get("created"))))

    def _known(self, key: Key) -> Opened | None:
        """Give a version that is open; who asks for it waits for no other that is being read."""
        with self._looking:
            opened, seen = self._open.get(key, (None, 0))
            # The same audit, made once more for evidence that was removed, is written down under the same key.
            if opened is None or (opened.found is None and seen != self._whole(key)):
                return None
            self._open.move_to_end(key)
            return opened

    def _read_once(self, version: Version, key: Key) -> Opened:
        with self._reading:
            found = self._known(key)
            if found is None:
                self._make_room(version)
                self._busy.add(version.name)
                try:
                    seen, found = self._whole(key), self._read(version)
                finally:
                    self._busy.discard(version.name)
                with self._looking:
                    self._open[key] = found, seen
            return found

    def _make_room(self, version: Version) -> None:
        """Let go of former audits of a version, and of what was not asked for longest."""
        with self._looking:
            for key in [key for key in self._open if key[0] == version.name]:
                del self._open[key]
            while len(self._open) >= self._kept:
                self._open.popitem(last=False)

    def _whole(self, key: Key) -> int:
        """Tell when the evidence of an audit became whole; 0 where it is gone."""
        try:
            return (self._workspace.root / "evidence" / key[1] / f"{WHOLE}.npy").stat().st_mtime_ns
        except OSError:
            return 0

    def _read(self, version: Version) -> Opened:
        found = self._workspace.reopen(version.name)
        dataset = self._workspace.history.open(version.name) if found is None else found.dataset
        return Opened(version, dataset, found)
