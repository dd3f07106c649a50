"""`burnish app`: the workspace as a page of this machine."""

import importlib
import importlib.util
import json
import os
import sys
from dataclasses import replace
from typing import Any, NoReturn

from rich.console import Console

from burnish.cli.running import experiment_of, workspace_of
from burnish.errors import MissingExtraError, UsageError
from burnish.protocols import Silent
from burnish.workspace import Workspace

NEEDED = ("duckdb", "fastapi", "uvicorn")


def app(
    *, version: str | None, port: int, no_browser: bool, compare_models: tuple[str, ...], as_json: bool, **options: Any
) -> NoReturn:
    """Serve the workspace until Ctrl+C."""
    _refuse_missing()
    experiment = experiment_of(options)
    for model in (experiment.model, *compare_models):
        replace(experiment, model=model).refuse_unusable()
    workspace = workspace_of(options, Silent())
    opens = _first(workspace, version)
    if opens is None:
        Console(stderr=True).print(
            f"The workspace {workspace.root} has no data set yet: burnish audit SOURCE, then load the page again.",
            markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip

    def tell(address: str) -> None:
        if as_json:
            document = {"url": address, "workspace": str(workspace.root.absolute()), "pid": os.getpid()}
            sys.stdout.write(json.dumps(document) + "\n")  # one line, as who reads it cannot wait for the end
            sys.stdout.flush()
        else:
            Console().print(
                f"burnish app: {address} (Ctrl+C ends it)", markup=False, highlight=False, soft_wrap=True
            )  # fmt: skip

    served, serving = (importlib.import_module(f"burnish.app.{name}") for name in ("served", "serving"))
    app_of = served.Served.of(workspace, experiment, opens, compare_models)
    serving.serve(app_of, port=port, opens_browser=not no_browser, told=tell)
    # At once: where a thread is inside native code, as one that still opens a version, Python's own way out aborts.
    sys.stdout.flush()
    os._exit(0)


def _refuse_missing() -> None:
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f"the app needs {', '.join(missing)}, not installed.", remedy="Run: pip install 'burnish[app]'"
        )


def _first(workspace: Workspace, called: str | None) -> str | None:
    """Give the version that the page shows first: the one that was named, else the one that was made last."""
    if not workspace.root.is_dir():
        raise UsageError(
            f"there is no workspace {str(workspace.root)!r}.",
            remedy="Name one with --workspace DIR, or make one: burnish audit SOURCE.",
        )
    store = workspace.history.store
    if called is not None:
        return store.find(called).name
    newest = [store.find(name) for name in store.names()]
    return max(newest, key=lambda one: one.created).name if newest else None
