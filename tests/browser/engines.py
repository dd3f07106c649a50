"""Firefox and WebKit, driven by what they speak themselves: Marionette, and WebDriver under a display of their own.

Both know the commands of WebDriver; only how one is sent differs. No library and no driver of a third is needed.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
from base64 import b64decode
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

KEYS = {"Escape": "\ue00c", "Enter": "\ue007", "Shift": "\ue008", "Control": "\ue009"}
SECONDS = 20
PREFERENCES = {
    "marionette.port": 0,
    "browser.shell.checkDefaultBrowser": False,
    "app.normandy.enabled": False,
}
NEEDED = {"WebKitWebDriver": "webkit2gtk-driver", "Xvfb": "xvfb"}
PATHS = {
    "Navigate": "url", "ExecuteScript": "execute/sync", "PerformActions": "actions",
    "TakeScreenshot": "screenshot", "SetWindowRect": "window/rect", "Refresh": "refresh",
}  # fmt: skip


class Engine:
    """What both can do; `send` is the command of the engine."""

    name = ""

    def __enter__(self):
        self.ends = contextlib.ExitStack()
        try:
            self.start()
        except BaseException:
            self.ends.close()
            raise
        return self

    def __exit__(self, *_):
        self.ends.close()

    def run(self, *command, **options):
        """Start a program that ends with the engine."""
        process = subprocess.Popen(command, **options)
        self.ends.callback(process.wait, SECONDS)
        self.ends.callback(process.terminate)
        return process

    def look(self, script, *args):
        """Give what a script returns, in which `arguments` are those given."""
        return self.send("ExecuteScript", script=script, args=list(args))

    def wait(self, script, *args, seconds=SECONDS):
        """Give what a script returns as soon as that is truthy."""
        until = time.monotonic() + seconds
        while not (found := self.look(script, *args)):
            if time.monotonic() > until:
                raise TimeoutError(f"{self.name}: not within {seconds} s: {script} {args}")
            time.sleep(0.03)
        return found

    def press(self, *keys):
        """Press keys one after the other."""
        strokes = [{"type": kind, "value": KEYS.get(key, key)} for key in keys for kind in ("keyDown", "keyUp")]
        self.send("PerformActions", actions=[{"type": "key", "id": "keys", "actions": strokes}])

    def drag(self, corners):
        """Draw with the mouse held down, through corners in pixels of the window."""
        moves = [{"type": "pointerMove", "x": x, "y": y, "duration": 0} for x, y in corners]
        down, up = ({"type": kind, "button": 0} for kind in ("pointerDown", "pointerUp"))
        mouse = {"pointerType": "mouse"}
        actions = [moves[0], down, *moves[1:], up]
        self.send(
            "PerformActions", actions=[{"type": "pointer", "id": "mouse", "parameters": mouse, "actions": actions}]
        )

    def click(self, selector):
        """Click the middle of the first element."""
        self.wait("return document.querySelector(arguments[0]) !== null", selector)
        x, y = self.look(
            "const one = document.querySelector(arguments[0]);"
            "one.scrollIntoView({block: 'nearest', behavior: 'instant'});"
            "const b = one.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2].map(Math.round)",
            selector,
        )
        self.drag([(x, y)])

    def picture(self):
        """Give what is seen, as PNG."""
        return b64decode(self.send("TakeScreenshot", full=False))


class Firefox(Engine):
    """Firefox without a window."""

    name = "Firefox"
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    missing = "" if program else "no firefox: apt-get install firefox-esr"

    def __init__(self, folder):
        self.folder = folder

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in PREFERENCES.items()]
        (self.folder / "user.js").write_text("".join(lines), encoding="utf-8")
        with (self.folder / "output").open("w") as output:
            flags = ("--headless", "--marionette", "--no-remote", "--profile", str(self.folder))
            self.run(self.program, *flags, stdout=output, stderr=subprocess.STDOUT)
        connection = socket.create_connection(("127.0.0.1", _port_in(self.folder / "MarionetteActivePort")))
        self.ends.enter_context(connection)
        self.connection, self.answers, self.sent = connection, self.ends.enter_context(connection.makefile("rb")), 0
        self._heard()
        self.send("NewSession")

    def send(self, command, **values):
        self.sent += 1
        message = json.dumps([0, self.sent, f"WebDriver:{command}", values]).encode()
        self.connection.sendall(b"%d:%s" % (len(message), message))
        _, _, fault, answer = self._heard()
        if fault is not None:
            raise RuntimeError(f"Firefox: {command}: {fault['message']}")
        return answer["value"] if set(answer) == {"value"} else answer

    def _heard(self):
        length = b""
        while (byte := self.answers.read(1)) != b":":
            length += byte
        return json.loads(self.answers.read(int(length)))


class WebKit(Engine):
    """The small browser of WebKitGTK, on a display that nobody sees."""

    name = "WebKit"
    browser = next(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"), None)
    missing = ", ".join(f"no {name}: apt-get install {of}" for name, of in NEEDED.items() if not shutil.which(name))

    def __init__(self, folder):
        self.folder = folder

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        ours, theirs = os.pipe()
        self.run(
            "Xvfb",
            "-displayfd",
            str(theirs),
            "-screen",
            "0",
            "1600x1200x24",
            pass_fds=[theirs],
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs)
        with os.fdopen(ours) as told:
            display = told.readline().strip()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.session = ""
        self.run("WebKitWebDriver", f"--port={self.port}", env={**os.environ, "DISPLAY": f":{display}"})
        options = {"binary": str(self.browser), "args": ["--automation"]}
        session = self._until_it_listens({"alwaysMatch": {"webkitgtk:browserOptions": options}})
        self.session = f"/{session['sessionId']}"
        self.ends.callback(self._ask, "DELETE", "", None)

    def send(self, command, **values):
        method = "GET" if command == "TakeScreenshot" else "POST"
        return self._ask(method, f"/{PATHS[command]}", None if method == "GET" else values)

    def _until_it_listens(self, capabilities):
        until = time.monotonic() + SECONDS
        while True:
            try:
                return self._ask("POST", "", {"capabilities": capabilities})
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def _ask(self, method, path, values):
        data = None if values is None else json.dumps(values).encode()
        address = f"http://127.0.0.1:{self.port}/session{self.session}{path}"
        try:
            with urlopen(Request(address, data, method=method), timeout=3 * SECONDS) as answer:
                return json.load(answer)["value"]
        except HTTPError as fault:
            raise RuntimeError(f"WebKit: {path}: {fault.read().decode()}") from None


def _port_in(path):
    until = time.monotonic() + SECONDS
    while not (path.exists() and path.read_text().strip()):
        if time.monotonic() > until:
            raise TimeoutError("Firefox: it opened no port")
        time.sleep(0.03)
    return int(path.read_text())
