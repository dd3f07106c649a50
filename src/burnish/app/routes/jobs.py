"""Long work: begin, follow, cancel."""

from fastapi import APIRouter

from burnish.app.documents.workspace import Job, JobAsked
from burnish.app.documents.workspace import Jobs as JobList
from burnish.app.served import Door

router = APIRouter()


@router.get("/jobs")
def jobs(door: Door) -> JobList:
    """Tell of all jobs, newest first."""
    raise NotImplementedError


@router.post("/jobs")
def begin(door: Door, asked: JobAsked) -> Job:
    """Begin a job; the same one that waits or runs already is given instead."""
    raise NotImplementedError


@router.get("/jobs/{job_id}/events")
def events(door: Door, job_id: str) -> None:
    """Follow a job by server-sent events: each holds the document of the job; the last one is its end."""
    raise NotImplementedError


@router.delete("/jobs/{job_id}")
def cancel(door: Door, job_id: str) -> Job:
    """Cancel a job."""
    raise NotImplementedError
