"""Served: what every endpoint works with, and how it asks for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Query, Request

from burnish.adapters.stores import HistoryStore
from burnish.adapters.stores.measured import MeasuredStore
from burnish.app.jobs import Jobs
from burnish.app.opened import Opened, OpenedVersions
from burnish.pipeline.reviewing import ReviewState
from burnish.workspace import Experiment, Workspace
from burnish.workspace.history import History
from burnish.workspace.reviewing import Reviewing

PROBE = "probe"


@dataclass(frozen=True)
class Served:
    """The workspace, what measurements are made with, versions that are open, and long work.

    `models`: those that the page may have compared. A model can be any program, and a page names no programs.
    """

    workspace: Workspace
    experiment: Experiment
    versions: OpenedVersions
    jobs: Jobs
    opens: str | None = None
    models: tuple[str, ...] = (PROBE,)

    @property
    def history(self) -> History:
        """The versions of all data sets."""
        return self.workspace.history

    @property
    def store(self) -> HistoryStore:
        """The records of the versions."""
        return self.history.store

    @property
    def reviewing(self) -> Reviewing:
        """The reviews of the versions, and named sets of rows."""
        return Reviewing(self.history)

    @property
    def measured(self) -> MeasuredStore:
        """What was measured and compared."""
        return MeasuredStore(self.store)

    def review_of(self, opened: Opened) -> ReviewState | None:
        """Give what the review of a version comes to; None without an audit, whose findings it is about."""
        return None if opened.found is None else self.reviewing.state(opened.found, opened.version)

    @classmethod
    def of(
        cls, workspace: Workspace, experiment: Experiment, opens: str | None = None, models: Sequence[str] = ()
    ) -> "Served":
        """Give what a server of this workspace works with; `opens`: the version that the page shows first.

        `models`: what the page may compare beside the probe and the model of the experiment.
        """
        own = [experiment.model] if isinstance(experiment.model, str) else []
        named = tuple(dict.fromkeys([PROBE, *own, *models]))
        return cls(workspace, experiment, OpenedVersions(workspace), Jobs.of(workspace, experiment), opens, named)


def served(request: Request) -> Served:
    """Give what the server works with."""
    return cast("Served", request.app.state.served)


Door = Annotated[Served, Depends(served)]
Called = Annotated[str, Query(alias="v", min_length=1, max_length=500, description="NAME@NUMBER, NAME@TAG or NAME")]


def writing(door: Door) -> Served:
    """Give the same to what writes; raises ReadOnlyError where nothing can be written."""
    door.store.refuse_read_only()
    return door


Writes = Annotated[Served, Depends(writing)]


def opened(door: Door, v: Called) -> Opened:
    """Give the version that a request is about."""
    return door.versions.opened(v)


Looked = Annotated[Opened, Depends(opened)]
