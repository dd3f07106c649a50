"""The guard: who may ask, and what every answer carries. It stands before everything else.

A page of another origin that a browser has open may send requests here, and a name that is made to mean 127.0.0.1
after a page was loaded (DNS rebinding) makes such a page look like ours. So a request has to name this server as its
host, must not come from another origin, and needs the token, which only the person who started the server was told.
"""

import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field
from html import escape
from secrets import token_urlsafe
from time import monotonic
from typing import NamedTuple
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from burnish.app.peers import is_ours

MOST_BYTES = 5_000_000
"""What the body of a request may hold."""

TICKET_SECONDS = 60.0
"""How long a browser may take to begin."""

HEADER = "x-burnish-token"
PICTURES = ("/api/image", "/api/audio")
"""What <img> and <audio> ask for: they can send a cookie and no header."""

DOOR = ("/assets/app.css", "/assets/door.js")
"""What the page that asks for the token is made of; as public as this package."""

ALWAYS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


UNKNOWN = 401
ASKS = (
    '<form class="asked"><label for="token">Or give it or its token here, and go on to where you were:</label>'
    '<input id="token" required autofocus autocomplete="off" spellcheck="false">'
    '<p class="buttons"><output class="bad"></output> <button class="primary">Go on</button></p></form>'
    '<script type="module" src="/assets/door.js"></script>'
)
"""What the page of a refused token ends with: `door.js` tries the one that another tab has kept, else what is given."""


class Refusal(NamedTuple):
    """An answer that turns a request away."""

    status: int
    error: str
    remedy: str


@dataclass
class Keys:
    """What opens a server.

    `token` opens all of it. `cookie`, which follows from it, opens the page and its pictures only: browsers send it
    to every port of this machine. `ticket` stands for the token once, not for long, and for processes of this user
    only: the program that opens a browser is told an address, which every user can read in the list of processes.
    """

    token: str = field(default_factory=lambda: token_urlsafe(32))
    ticket: str | None = None
    good_until: float = 0.0

    @property
    def cookie(self) -> str:
        """The value of the cookie."""
        return hmac.new(self.token.encode(), b"burnish cookie", hashlib.sha256).hexdigest()

    def new_ticket(self) -> str:
        """Give a ticket, which is good for one request, soon."""
        self.ticket, self.good_until = token_urlsafe(32), monotonic() + TICKET_SECONDS
        return self.ticket

    def takes(self, ticket: str) -> bool:
        """Tell whether a ticket is good; from then on it is not."""
        good = self.ticket is not None and monotonic() < self.good_until and same(ticket, self.ticket)
        if good:
            self.ticket = None
        return good


class Guard:
    """Lets through to `app` what may pass; `port` is where this server listens."""

    def __init__(self, app: ASGIApp, keys: Keys, port: int) -> None:
        self._app = app
        self._keys = keys
        self._cookie_name = f"burnish-{port}"  # cookies know no ports, and two servers may run
        self._hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}
        self._port = port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; there are no web sockets."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._answer(scope, receive, _Armed(send, api=_is_api(scope)))

    async def _answer(self, scope: Scope, receive: Receive, send: "_Armed") -> None:
        asked = _Asked(scope)
        elsewhere = self._elsewhere(asked)
        if elsewhere is None and self._takes_ticket(asked):
            await answer(send, 303, {"Location": f"/?token={self._keys.token}", "Cache-Control": "no-store"}, b"")
        elif refused := elsewhere or self._stranger(asked) or _too_large(asked):
            await refuse(send, refused, api=asked.is_api)
        else:
            if not asked.is_api and self._named(asked):
                send.cookie = f"{self._cookie_name}={self._keys.cookie}; HttpOnly; SameSite=Strict; Path=/"
            await self._app(scope, limited(receive), send)

    def _takes_ticket(self, asked: "_Asked") -> bool:
        asks = asked.ticket and asked.path == "/" and asked.method == "GET"
        return bool(asks) and is_ours(asked.client_port, self._port) and self._keys.takes(asked.ticket)

    def _elsewhere(self, asked: "_Asked") -> Refusal | None:
        """Refuse what another page sends, and what thinks that this is another server."""
        if len(asked.hosts) != 1 or asked.hosts[0] not in self._hosts:
            return Refusal(
                403, "this server does not go by that name.",
                f"Open http://127.0.0.1:{self._port}; through a tunnel take the same port there: "
                f"ssh -L {self._port}:127.0.0.1:{self._port} HOST.",
            )  # fmt: skip
        foreign = any(origin != f"http://{asked.hosts[0]}" for origin in asked.origins)
        if foreign or (asked.site not in ("", "none", "same-origin") and not self._is_followed_link(asked)):
            return Refusal(403, "the request comes from another page.", "Use the page that `burnish app` opened.")
        return None

    def _is_followed_link(self, asked: "_Asked") -> bool:
        """Tell whether a person followed the printed address, as from a terminal that is a page itself."""
        return asked.navigates and not asked.is_api and self._named(asked)

    def _stranger(self, asked: "_Asked") -> Refusal | None:
        """Refuse who does not know the token; a page whose address has an old one would keep that."""
        knows = same(asked.header(HEADER), self._keys.token) if asked.is_api else self._named(asked)
        takes_cookie = asked.path in PICTURES if asked.is_api else not asked.token
        cookie = asked.cookie(self._cookie_name)
        if knows or asked.path in DOOR or (takes_cookie and same(cookie, self._keys.cookie)):
            return None
        was_here = "the app was started again, and has a new token." if cookie else ""
        remedy = "Open the address that `burnish app` printed."
        return Refusal(UNKNOWN, was_here or "the token is missing or of another run.", remedy)

    def _named(self, asked: "_Asked") -> bool:
        return same(asked.token, self._keys.token)


class _Asked:
    """What the guard reads of a request."""

    def __init__(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        query = parse_qs(scope["query_string"].decode("latin-1"))
        self.method, self.path, self.is_api = scope["method"], scope["path"], _is_api(scope)
        self.hosts, self.origins = headers.getlist("host"), headers.getlist("origin")
        self.site = headers.get("sec-fetch-site", "")
        self.navigates = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
        self.token, self.ticket = query.get("token", [""])[0], query.get("ticket", [""])[0]
        self.length = headers.get("content-length", "0")
        self.client_port = (scope.get("client") or ("", 0))[1]
        self._headers = headers

    def header(self, name: str) -> str:
        return self._headers.get(name, "")

    def cookie(self, name: str) -> str:
        return cookie_parser(self.header("cookie")).get(name, "")


class _Armed:
    """Sends an answer with the headers that every one carries."""

    def __init__(self, send: Send, *, api: bool) -> None:
        self._send = send
        self._default = "no-store" if api else "no-cache"
        self.cookie: str | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(ALWAYS)
            headers.setdefault("Cache-Control", self._default)
            if self.cookie is not None:
                headers.append("Set-Cookie", self.cookie)
        await self._send(message)


def same(given: str, known: str) -> bool:
    """Tell whether two texts are the same, in a time that tells nothing."""
    return hmac.compare_digest(given.encode(errors="replace"), known.encode())


def limited(receive: Receive, most: int = MOST_BYTES) -> Receive:
    """Give what receives a request, and refuses a body of more than `most` bytes as soon as it has seen so many."""
    seen = 0

    async def receive_some() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise HTTPException(413, _large(most))
        return message

    return receive_some


def problem_page(status: int, error: str, remedy: str) -> bytes:
    """Give a page that says what is wrong, for who opens an address that cannot be shown, and leads on from there."""
    said = re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(f"{error[:1].upper()}{error[1:]}\n{remedy}"))
    title, text = said.split("\n", 1)
    head = (
        f'<meta charset="utf-8"><title>{status} · burnish</title><meta name="color-scheme" content="light dark">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        '<link rel="stylesheet" href="/assets/app.css">'
    )
    on = ASKS if status == UNKNOWN else '<p><a class="button" href="/">To the overview</a></p>'
    body = f'<p class="brand">burnish</p><h1>{title}</h1><p>{text}</p>{on}'
    page = f'<html lang="en"><head>{head}</head><body><main class="problem">{body}</main></body></html>'
    return f"<!doctype html>{page}".encode()


async def refuse(send: Send, refusal: Refusal, *, api: bool) -> None:
    """Answer with what is wrong: a document for the API, a page for people."""
    status, error, remedy = refusal
    body = json.dumps({"error": error, "remedy": remedy}).encode() if api else problem_page(status, error, remedy)
    kind = "application/json" if api else "text/html; charset=utf-8"
    await answer(send, status, {"Content-Type": kind}, body)


async def answer(send: Send, status: int, headers: dict[str, str], body: bytes) -> None:
    """Send a whole answer."""
    told = {**headers, "Content-Length": str(len(body))}
    raw = [(name.lower().encode(), value.encode()) for name, value in told.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def _too_large(asked: _Asked) -> Refusal | None:
    length = asked.length.lstrip("0") or "0"
    if length.isdecimal() and len(length) <= len(str(MOST_BYTES)) and int(length) <= MOST_BYTES:
        return None
    return Refusal(413, _large(MOST_BYTES), "Send less at a time.")


def _large(most: int) -> str:
    return f"the request holds more than {most:,} bytes."


def _is_api(scope: Scope) -> bool:
    return bool(scope["path"].startswith("/api/"))
