"""The shell: one HTML page for every address of the app, and the files that it loads."""

import gzip
import hashlib
import re
from functools import lru_cache
from importlib.resources import files

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from burnish.app.addresses import PAGES

TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
IMPORTED = re.compile(r"""(?:from|import)\s*["'`]\./([\w-]+\.js)["'`]""")
ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Crect width='16' height='16' rx='4' fill='%230072b2'/%3E%3Cg fill='%23fff'%3E%3Ccircle cx='5' cy='6' r='1.6'/%3E"
    "%3Ccircle cx='10.5' cy='4.8' r='1.6'/%3E%3Ccircle cx='8.2' cy='11' r='1.6'/%3E%3C/g%3E%3C/svg%3E"
)
SHELL = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>burnish</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="ICON">
<link rel="stylesheet" href="/assets/app.css">
PRELOADS
<script type="module" src="/assets/app.js"></script>
</head>
<body>
<div id="app"></div>
<noscript>
<p>This page needs JavaScript: allow it for this address and load the page again.</p>
<p>The report that <code>burnish audit</code> writes, report.html, shows pictures and numbers without it.</p>
</noscript>
</body>
</html>
"""


def shell(request: Request) -> Response:
    """Give the page; its script reads from the address what to show."""
    name = request.url.path.strip("/") or "overview"
    links = (f'<link rel="modulepreload" href="/assets/{one}">' for one in scripts_of(f"{name}.js"))
    return HTMLResponse(SHELL.replace("PRELOADS", "\n".join(links)).replace("ICON", ICON))


def scripts_of(name: str) -> list[str]:
    """Give a script and all that it imports, and what these import: a browser learns of them one after the other."""
    found, waiting = [], [name]
    while waiting:
        one = waiting.pop()
        content = None if one in found else _content(one)
        if content is not None:
            found.append(one)
            waiting += IMPORTED.findall(content.decode())
    return sorted(found)


def asset(request: Request) -> Response:
    """Give a file of the page, compressed where the browser takes that; 404 for what is none."""
    name = request.path_params["name"]
    content = _content(name)
    if content is None:
        raise HTTPException(404)
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        content, headers["Content-Encoding"] = _compressed(content), "gzip"
    return Response(content, headers=headers, media_type=TYPES[name[name.rindex(".") :]])


def _content(name: str) -> bytes | None:
    """Give a file that may be asked for, read anew: a build shows at the next load."""
    folder = files("burnish.app") / "assets"
    there = {one.name: one for one in folder.iterdir() if one.name.endswith(tuple(TYPES))}
    return there[name].read_bytes() if name in there else None


@lru_cache(maxsize=64)
def _compressed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


ROUTES = [*(Route(path, shell) for path in PAGES), Route("/assets/{name}", asset)]
