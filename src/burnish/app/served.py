"""Served: what every endpoint works with, and how it asks for it."""

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Query, Request

from burnish.app.jobs import Jobs
from burnish.app.opened import Opened, OpenedVersions
from burnish.workspace import Experiment, Workspace


@dataclass(frozen=True)
class Served:
    """The workspace, what measurements are made with, versions that are open, and long work."""

    workspace: Workspace
    experiment: Experiment
    versions: OpenedVersions
    jobs: Jobs
    opens: str | None = None


def served(request: Request) -> Served:
    """Give what the server works with."""
    return cast("Served", request.app.state.served)


Door = Annotated[Served, Depends(served)]
Called = Annotated[str, Query(alias="v", min_length=1, max_length=500, description="NAME@NUMBER, NAME@TAG or NAME")]


def opened(door: Door, v: Called) -> Opened:
    """Give the version that a request is about."""
    return door.versions.opened(v)


Looked = Annotated[Opened, Depends(opened)]
