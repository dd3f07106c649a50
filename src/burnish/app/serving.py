"""Serving: a workspace at an address of this machine, until it is told to end."""

import asyncio
import errno
import os
import socket
import sys
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from threading import Thread

import uvicorn

from burnish.app.guard import Keys
from burnish.app.points import points_of
from burnish.app.served import Served
from burnish.app.server import guarded
from burnish.errors import BurnishError, UsageError

HERE = "127.0.0.1"
LAST_SECONDS = 5
"""How long answers that are under way may take once the server is told to end."""


def serve(served: Served, *, port: int, opens_browser: bool, told: Callable[[str], None]) -> None:
    """Serve until Ctrl+C; `told` gets the address, with its token, as soon as it answers.

    Raises UsageError when the port cannot be had; 0 takes any that is free.
    """
    keys = Keys()
    with listening(port) as listener:
        address = f"http://{HERE}:{listener.getsockname()[1]}/"
        config = uvicorn.Config(
            guarded(served, keys, listener.getsockname()[1]), log_level="warning", access_log=False, ws="none",
            proxy_headers=False, server_header=False, timeout_graceful_shutdown=LAST_SECONDS, lifespan="on",
        )  # fmt: skip
        told(f"{address}?token={keys.token}")
        if opens_browser and _has_desktop():
            Thread(target=webbrowser.open, args=(f"{address}?ticket={keys.new_ticket()}",), daemon=True).start()
        Thread(target=_warm, args=(served,), daemon=True).start()
        with suppress(KeyboardInterrupt):
            _Server(config, served).run([listener])


def listening(port: int) -> socket.socket:
    """Give a socket that listens on this machine alone; raises UsageError when it cannot."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HERE, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        remedy = "Name another with --port, or --port 0 for any that is free."
        if error.errno == errno.EADDRINUSE:
            raise UsageError(f"port {port} is in use, perhaps by another `burnish app`.", remedy=remedy) from error
        raise UsageError(f"port {port} cannot be had: {error.strerror}.", remedy=remedy) from error
    return listener


class _Server(uvicorn.Server):
    """Ends long work first, so that nobody waits for its news."""

    def __init__(self, config: uvicorn.Config, served: Served) -> None:
        super().__init__(config)
        self._served = served

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End."""
        await asyncio.to_thread(self._served.jobs.close)
        await super().shutdown(sockets)


def _warm(served: Served) -> None:
    """Open the version that the page shows first; what is wrong with it is told when the page asks."""
    if served.opens is not None:
        with suppress(BurnishError):
            opened = served.versions.opened(served.opens)
            points_of(served, opened)  # the map, and with it the tables that every page reads


def _has_desktop() -> bool:
    """Tell whether a browser would have a window: one for terminals would take this one."""
    windows = sys.platform in ("darwin", "win32")
    return windows or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
