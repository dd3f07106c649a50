"""The real server over a small workspace, for tests of the page; `Running` may serve any other workspace too."""

import asyncio
import json
import os
import random
import socket
import threading
from urllib.request import Request, urlopen

import uvicorn

from burnish.app.guard import Keys
from burnish.app.served import Served
from burnish.app.server import guarded
from burnish.app.serving import LAST_SECONDS
from burnish.testing.planted import Defects, planted_texts
from burnish.workspace import Experiment, Limits, Workspace
from burnish.workspace.history import Note

SIZES = {"phone": (390, 844), "laptop": (1280, 800), "desk": (1440, 900), "wide": (1920, 1000)}
DEFECTS = Defects(duplicates=0.05, near_duplicates=0.04, leaks=0.02, wrong_labels=0.06, outliers=0.01)


def _late(app):
    """Give an app whose answers come up to $BURNISH_TEST_LAG seconds late: a test that does not wait for them fails."""
    lag = float(os.environ.get("BURNISH_TEST_LAG", "0"))

    async def late(scope, receive, send):
        if scope["type"] == "http" and scope["path"].startswith("/api/"):
            await asyncio.sleep(random.uniform(0, lag))  # noqa: S311
        await app(scope, receive, send)

    return late if lag else app


class Running:
    """A server in a thread of its own, guarded as `burnish app` is."""

    def __init__(self, root, port=0):
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port, self.keys = self.listener.getsockname()[1], Keys()
        self.served = Served.of(Workspace(root, limits=Limits(threads=1)), Experiment(retrains=2))
        app = _late(guarded(self.served, self.keys, self.port))
        config = uvicorn.Config(
            app, log_level="critical", access_log=False, ws="none", timeout_graceful_shutdown=LAST_SECONDS
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, args=([self.listener],))
        self.thread.start()

    def address(self, path):
        return f"http://127.0.0.1:{self.port}{path}{'&' if '?' in path else '?'}token={self.keys.token}"

    def ask(self, path, body=None):
        """Give the bytes that the API answers with; `body`: of a POST."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"X-Burnish-Token": self.keys.token, "Content-Type": "application/json"}
        with urlopen(Request(f"http://127.0.0.1:{self.port}/api/{path}", data, headers)) as answer:
            return answer.read()

    def stop(self):
        self.server.should_exit = True
        self.thread.join()
        self.listener.close()


def small_workspace(root, n_rows=600):
    """Make small@1 at `root`: texts with planted defects, labels, splits and two fields, audited."""
    workspace = Workspace(root, limits=Limits(threads=1))
    table = planted_texts(n_rows, defects=DEFECTS, seed=5).table
    dataset, guesses = workspace.read(table, {"label": "label"}, name="small")
    workspace.keep(workspace.audit(dataset, guesses), Note(source="small.parquet", who="ana"))
    return root
