"""The server: FastAPI over the workspace. What goes wrong is told by one document: what, and what to do."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from burnish.app.documents.shared import Problem
from burnish.app.guard import Guard, Keys, problem_page
from burnish.app.routes import comparing, jobs, points, review, rows, workspace
from burnish.app.served import Served
from burnish.app.shell import ROUTES
from burnish.errors import BurnishError, LockedRowsError, NotThereError, ReadOnlyError, StaleChangesetError

STATUS: tuple[tuple[type[BurnishError], int], ...] = (
    (NotThereError, 404),
    (StaleChangesetError, 409),
    (LockedRowsError, 409),
    (ReadOnlyError, 403),
    (BurnishError, 400),
)
WRONG: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem} for status in (400, 401, 403, 404, 405, 409, 413, 422)
}
NO_TELEMETRY: Any = dict.fromkeys(("auto_configure", "tracing", "metrics", "logs", "operation_spans"), False)
"""Newer releases of FastAPI send traces where the environment names a place for them; older ones take no notice."""

PLAIN = {
    404: ("there is nothing at this address.", "Begin at the overview."),
    405: ("this address does not take that kind of request.", "The schema lies at /api/openapi.json."),
    413: ("the request is too large.", "Send less at a time."),
}


def make_app(served: Served | None) -> FastAPI:
    """Give the server without its guard; without `served` it can only tell its schema."""

    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        yield
        if served is not None:
            served.jobs.close()

    app = FastAPI(
        title="burnish", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json", responses=WRONG,
        redirect_slashes=False, lifespan=living, telemetry=NO_TELEMETRY,
    )  # fmt: skip
    app.state.served = served
    api = APIRouter(prefix="/api")
    for topic in (workspace, jobs, points, rows, review, comparing):
        api.include_router(topic.router)
    app.include_router(api)
    app.router.routes.extend(ROUTES)
    app.add_exception_handler(BurnishError, _refused)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(HTTPException, _plain)
    app.add_exception_handler(Exception, _failed)
    return app


def guarded(served: Served, keys: Keys, port: int) -> Guard:
    """Give the server behind its guard."""
    return Guard(make_app(served), keys, port)


def _refused(request: Request, error: Exception) -> Response:
    status = next(status for kind, status in STATUS if isinstance(error, kind))
    return _problem(request, status, str(error.args[0]), str(getattr(error, "remedy", "")))


def _unreadable(request: Request, error: Exception) -> Response:
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    return _problem(request, 422, "; ".join(map(_fault, faults)) + ".", "The schema lies at /api/openapi.json.")


def _fault(fault: dict[str, Any]) -> str:
    """Give what is wrong with a request, as in "limit: Input should be a valid integer"."""
    where: Sequence[Any] = [part for part in fault["loc"] if part not in ("query", "body", "path")]
    return f"{'.'.join(map(str, where)) or 'the request'}: {fault['msg']}"


def _plain(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = str(getattr(error, "detail", ""))
    said, remedy = PLAIN.get(status, (detail, "The schema lies at /api/openapi.json."))
    answer = _problem(request, status, said if detail == HTTPStatus(status).phrase else detail, remedy)
    answer.headers.update(getattr(error, "headers", None) or {})  # as which methods an address takes
    return answer


def _failed(request: Request, error: Exception) -> Response:
    """Say that there is a fault; the server writes its traceback to stderr, and only there."""
    remedy = "This is a fault of burnish. Please report it; the terminal where `burnish app` runs shows where."
    return _problem(request, 500, f"internal error: {type(error).__name__}.", remedy)


def _problem(request: Request, status: int, error: str, remedy: str) -> Response:
    if request.scope["path"].startswith("/api/"):
        return JSONResponse({"error": error, "remedy": remedy}, status)
    return Response(problem_page(status, error, remedy), status, media_type="text/html")
