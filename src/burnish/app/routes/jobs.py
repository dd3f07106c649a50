"""Long work: begin, follow, cancel."""

from asyncio import sleep
from collections.abc import AsyncIterator
from time import monotonic
from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from burnish.app.documents.workspace import Job, JobAsked
from burnish.app.documents.workspace import Jobs as JobList
from burnish.app.jobs import ACTIVE, Jobs
from burnish.app.served import Door, Writes
from burnish.errors import UsageError

LOOK_SECONDS, BEAT_SECONDS = 0.1, 15.0
STREAM: dict[int | str, dict[str, Any]] = {
    200: {"description": "The job, at every change", "content": {"text/event-stream": {}}}
}

router = APIRouter()


@router.get("/jobs")
def jobs(door: Door) -> JobList:
    """Tell of all jobs, newest first."""
    return JobList(jobs=door.jobs.all())


@router.post("/jobs")
def begin(door: Writes, asked: JobAsked) -> Job:
    """Begin a job; the same one that waits or runs already is given instead."""
    find = door.store.find
    named = {"v": find(asked.v).name, "other": None if asked.other is None else find(asked.other).name}
    if asked.kind == "compare" and (asked.other is None) == (asked.models is None):
        raise UsageError("a comparison has one other side.", remedy="Name another version, or two models.")
    foreign = [name for name in asked.models or () if name not in door.models]
    if foreign:
        raise UsageError(
            f"the page may not run the model {foreign[0]!r}.",
            remedy=f"Start it with --compare-model {foreign[0]!r}; these may be compared: {', '.join(door.models)}.",
        )
    return door.jobs.begin(asked.model_copy(update=named))


@router.get("/jobs/{job_id}/events", response_class=StreamingResponse, responses=STREAM)
async def events(door: Door, job_id: str) -> StreamingResponse:
    """Follow a job by server-sent events: each holds the document of the job; the last one is its end."""
    door.jobs.job(job_id)
    return StreamingResponse(_news(door.jobs, job_id), media_type="text/event-stream")


@router.delete("/jobs/{job_id}")
def cancel(door: Door, job_id: str) -> Job:
    """Cancel a job."""
    return door.jobs.cancel(job_id)


async def _news(jobs: Jobs, job_id: str) -> AsyncIterator[str]:
    """Give the document of a job at every change, and a comment now and then, so that a lost reader is noticed."""
    known, told_at = None, monotonic()
    while True:
        job = jobs.job(job_id)
        if (now := job.model_copy(update={"seconds": 0.0})) != known:
            yield f"data: {job.model_dump_json()}\n\n"
            known, told_at = now, monotonic()
        elif monotonic() - told_at >= BEAT_SECONDS:
            yield ": still at it\n\n"
            told_at = monotonic()
        if job.state not in ACTIVE or jobs.closed:
            return
        await sleep(LOOK_SECONDS)
