"""The server: FastAPI over the workspace."""

from typing import Any

from fastapi import APIRouter, FastAPI

from burnish.app.documents.shared import Problem
from burnish.app.routes import comparing, jobs, review, rows, workspace
from burnish.app.served import Served

WRONG: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem}, 401: {"model": Problem}, 403: {"model": Problem}, 404: {"model": Problem},
    409: {"model": Problem}, 422: {"model": Problem},
}  # fmt: skip


def make_app(served: Served | None) -> FastAPI:
    """Give the server; without `served` it can only tell its schema."""
    app = FastAPI(title="burnish", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json", responses=WRONG)
    app.state.served = served
    api = APIRouter(prefix="/api")
    for topic in (workspace, jobs, rows, review, comparing):
        api.include_router(topic.router)
    app.include_router(api)
    return app
