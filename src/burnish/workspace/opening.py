"""Opening: a version as its newest audit left it, with no step run again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from burnish.adapters.stores import LockStore
from burnish.dataset import Dataset, Evidence, Finding
from burnish.dataset.history import Version
from burnish.kernels.items import Scratch
from burnish.pipeline.gathering import Gathered, judge
from burnish.pipeline.recall import recalled
from burnish.pipeline.recipe import checks_of
from burnish.pipeline.trials import FIGURES
from burnish.protocols import Progress
from burnish.workspace.audited import Audited
from burnish.workspace.history import History
from burnish.workspace.keeping import Keeping
from burnish.workspace.vectorising import Vectoriser, row_kind


@dataclass(frozen=True)
class Opening:
    """Opens audited versions of the workspace under `root`."""

    root: Path
    history: History
    progress: Progress
    threads: int

    def gathered(self, version: Version, facts: Mapping[str, Any]) -> tuple[Gathered | None, Scratch]:
        """Give the kept evidence of a version that was audited as `facts` say, and where it lies.

        None where it was removed, or is damaged.
        """
        dataset = self._read(version, facts)
        vectoriser = Vectoriser(self.root, self.progress, self.threads, facts.get("embedder"), reads=True)
        given = Evidence(dataset).adding(vectoriser.vectorise(dataset, row_kind(dataset)).columns)
        with Keeping(self.root, str(facts["key"])).lent() as kept:
            return recalled(given, kept), kept

    def audited(self, version: Version) -> Audited | None:
        """Give what the newest audit of a version found; None where there was none, or its evidence is gone.

        The checks judge again, with the thresholds of that audit.
        """
        facts = self.history.store.audit_facts(version)
        if facts is None:
            return None
        found, _ = self.gathered(version, facts)
        if found is None:
            return None
        evidence, parameters = found.evidence, dict(facts["parameters"])
        findings = judge(evidence, checks_of(parameters.get("checks", {})))
        detectors = facts.get("detectors", {})
        dataset = evidence.dataset
        return Audited(
            evidence, tuple(_told(findings, detectors)), row_kind(dataset), (), found.skipped, {}, parameters,
            LockStore(self.root / "locks").find(dataset), detectors, (), facts.get("embedder"), str(facts["key"]),
        )  # fmt: skip

    def _read(self, version: Version, facts: Mapping[str, Any]) -> Dataset:
        dataset = self.history.open(version.name)
        task = facts.get("task")
        return dataset if task is None else dataset.for_task(task)


def _told(findings: list[Finding], detectors: Mapping[str, Mapping[str, Any]]) -> list[Finding]:
    """Give findings with what their detector showed on planted defects."""
    return [
        replace(one, evidence={**one.evidence, **{name: detectors[one.code][of] for name, of in FIGURES.items()}})
        if one.code in detectors
        else one
        for one in findings
    ]
