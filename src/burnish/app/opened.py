"""Opened: a version that is being looked at, with what every page reads of it; and the few that are kept open."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from threading import Lock

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from burnish.dataset import Dataset
from burnish.dataset.history import Version
from burnish.errors import StaleChangesetError
from burnish.publishing import report_facts
from burnish.reports import ReportFacts
from burnish.workspace import Audited, Workspace

KEPT_OPEN = 2
"""Versions that stay in memory: the one that is looked at, and one that it is compared with."""


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

    @cached_property
    def row_ids(self) -> pa.StringArray:
        """The id of each row."""
        return self.dataset.row_ids


class OpenedVersions:
    """Versions of a workspace, each read once and kept while it is among the last that were asked for."""

    def __init__(self, workspace: Workspace, *, kept: int = KEPT_OPEN) -> None:
        self._workspace = workspace
        self._kept = kept
        self._open: OrderedDict[tuple[str, str], Opened] = OrderedDict()
        self._reading = Lock()
        self._busy: set[str] = set()

    def opened(self, called: str) -> Opened:
        """Give a version by name; a request for one that is being read waits. An audit made meanwhile is seen."""
        version = self._workspace.history.store.find(called)
        key = version.name, self._audit_key(version)
        with self._reading:
            if key not in self._open:
                self._busy.add(version.name)
                try:
                    self._open[key] = self._read(version)
                finally:
                    self._busy.discard(version.name)
            self._open.move_to_end(key)
            while len(self._open) > self._kept:
                self._open.popitem(last=False)
            return self._open[key]

    def is_opening(self, called: str) -> bool:
        """Tell whether a version is being read."""
        return called in self._busy

    def audit_known(self, version: Version) -> bool:
        """Tell whether a version was audited, without opening it."""
        return self._workspace.history.store.audit_facts(version) is not None

    def _audit_key(self, version: Version) -> str:
        facts = self._workspace.history.store.audit_facts(version)
        return "" if facts is None else f"{facts['key']} {facts.get('created')}"

    def _read(self, version: Version) -> Opened:
        found = self._workspace.reopen(version.name)
        dataset = self._workspace.history.open(version.name) if found is None else found.dataset
        return Opened(version, dataset, found)


Reader = Callable[[str], Opened]
