"""Who may ask, and what every answer carries."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.websockets import WebSocketDisconnect

from burnish.app import guard
from burnish.app.guard import ALWAYS, DOOR, MOST_BYTES, TICKET_SECONDS, Guard, Keys, limited, problem_page
from burnish.app.opened import NotAuditedError
from burnish.app.served import Served
from burnish.app.server import make_app
from burnish.app.shell import PAGES
from burnish.errors import LockedRowsError, UnknownVersionError, UsageError
from burnish.workspace import Experiment, Workspace

TOKEN, PORT = "the-token", 7077
HERE = f"127.0.0.1:{PORT}"
API, PAGE, PICTURE, ASSET = "/api/jobs", "/map", "/api/image?v=a&row_id=b", "/assets/app.js"
KNOWN = {"X-Burnish-Token": TOKEN}
ERRORS = {
    "unknown": UnknownVersionError("no a@9.", remedy="Look."), "locked": LockedRowsError("locked.", remedy="Leave."),
    "stale": NotAuditedError("not audited.", remedy="Audit it."), "odd": UsageError("odd.", remedy="Even."),
    "absent": HTTPException(404, "no such picture."), "fault": ValueError("secret"),
}  # fmt: skip


@pytest.fixture
def keys():
    return Keys(TOKEN)


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """A server over an empty workspace, and addresses that fail."""
    app = make_app(Served.of(Workspace(tmp_path_factory.mktemp("empty")), Experiment()))
    app.router.routes += [Route(f"/api/{name}", raising(error)) for name, error in ERRORS.items()]
    return app


def raising(error):
    def answer(request):
        raise error

    return answer


@pytest.fixture
def client(app, keys, monkeypatch):
    """A client of this user that was told nothing."""
    monkeypatch.setattr(guard, "is_ours", lambda client_port, port: (client_port, port) == (50_000, PORT))
    server = Guard(app, keys, PORT)
    return TestClient(server, base_url=f"http://{HERE}", raise_server_exceptions=False, follow_redirects=False)


@pytest.fixture
def with_cookie(client):
    client.get(f"/?token={TOKEN}")
    return client


# The token.


@pytest.mark.parametrize("path", [API, PAGE, PICTURE, ASSET, "/", "/nowhere", "/api/nowhere", "/api/openapi.json"])
def test_nothing_answers_without_the_token(client, path):
    answer = client.get(path)
    assert answer.status_code == 401
    assert re.search(r"Open the address that (`|<code>)burnish app(`|</code>) printed.", answer.text)


@pytest.mark.parametrize("token", ["", "the-tokem", "the-toke", "the-token ", "tökén"])
def test_a_token_that_is_not_quite_the_one_opens_nothing(client, token):
    assert client.get(API, headers={"X-Burnish-Token": token.encode()}).status_code == 401
    assert client.get(PAGE, params={"token": token}).status_code == 401


def test_the_api_takes_the_token_by_header_only(with_cookie):
    assert with_cookie.get(API, params={"token": TOKEN}).status_code == 401
    assert with_cookie.get(API, headers=KNOWN).status_code == 200


def test_the_page_takes_the_token_from_the_address_and_gives_a_cookie_that_is_not_the_token(client, keys):
    answer = client.get(PAGE, params={"token": TOKEN})
    assert answer.status_code == 200
    cookie = answer.headers["set-cookie"]
    assert cookie == f"burnish-{PORT}={keys.cookie}; HttpOnly; SameSite=Strict; Path=/"
    assert TOKEN not in cookie
    assert client.get(API, headers={"X-Burnish-Token": keys.cookie}).status_code == 401


@pytest.mark.parametrize("path", [*PAGES, ASSET])
def test_the_cookie_opens_the_page_and_its_files(with_cookie, path):
    assert with_cookie.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/api/image", "/api/audio"])
def test_the_cookie_opens_pictures_and_sound(with_cookie, path):
    assert with_cookie.get(path).status_code == 422  # let in, and asked which one


def test_the_cookie_opens_nothing_else_of_the_api(with_cookie, app):
    paths = [path for path in app.openapi()["paths"] if path not in ("/api/image", "/api/audio")]
    assert len(paths) > 20
    assert {with_cookie.get(path).status_code for path in paths} == {401}
    assert {with_cookie.post(path).status_code for path in paths} == {401}


def test_servers_on_two_ports_do_not_take_each_others_cookie(app, with_cookie):
    other = TestClient(Guard(app, Keys("another"), 7078), base_url="http://127.0.0.1:7078")
    other.cookies.update(dict(with_cookie.cookies))
    assert other.get(PAGE).status_code == 401


def test_cookies_of_other_servers_beside_ours_do_no_harm(client, keys):
    beside = f'theme={{"a": "b"}}; =; x; burnish-{PORT}={keys.cookie}; late="'
    assert client.get(PAGE, headers={"Cookie": beside}).status_code == 200


def test_who_has_the_cookie_of_an_earlier_run_is_told_of_the_new_token(with_cookie, app):
    again = TestClient(Guard(app, Keys("new"), PORT), base_url=f"http://{HERE}")
    again.cookies.update(dict(with_cookie.cookies))
    assert "The app was started again" in again.get(PAGE).text
    again.cookies.clear()
    assert "The token is missing" in again.get(PAGE).text


def test_an_address_with_the_token_of_an_earlier_run_is_refused_so_that_no_page_keeps_that(with_cookie):
    assert with_cookie.get(PAGE, params={"token": "old"}).status_code == 401
    assert with_cookie.get(PAGE).status_code == 200


def test_the_page_of_a_refused_token_asks_for_one_and_all_that_it_is_made_of_needs_none(client):
    text = client.get(PAGE, params={"v": "a@1"}).text
    assert text.count("<input") == text.count("<form") == 1
    assert not re.search(r"<form[^>]* (action|method)=|<style|style=| on\w+=", text)
    asked = re.findall(r"(?:src|href)=\"(/[^\"]*)\"", text)
    assert asked == list(DOOR)
    assert [client.get(one).status_code for one in asked] == [200, 200]
    assert not re.search(r"(?:from|import)\s*[\"'`]\./", client.get(asked[1]).text)


def test_what_the_door_is_made_of_is_for_no_other_origin(client):
    for one in DOOR:
        assert client.get(one, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_a_page_that_is_not_there_leads_home_and_asks_for_no_token(with_cookie):
    text = with_cookie.get("/nowhere").text
    assert 'href="/"' in text
    assert "<input" not in text


# The ticket, which a browser is started with.


def test_a_ticket_leads_to_the_token_once(client, keys):
    ticket = keys.new_ticket()
    answer = client.get("/", params={"ticket": ticket})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/?token={TOKEN}")
    assert client.get("/", params={"ticket": ticket}).status_code == 401


def test_a_ticket_that_no_browser_took_up_opens_nothing_later(client, keys):
    ticket = keys.new_ticket()
    keys.good_until -= TICKET_SECONDS
    assert client.get("/", params={"ticket": ticket}).status_code == 401


def test_a_ticket_that_a_process_of_another_user_shows_opens_nothing_and_stays_good(client, keys, monkeypatch):
    ticket = keys.new_ticket()
    with monkeypatch.context() as another:
        another.setattr(guard, "is_ours", lambda *_: False)
        assert client.get("/", params={"ticket": ticket}).status_code == 401
    assert client.get("/", params={"ticket": ticket}).status_code == 303


@pytest.mark.parametrize("ticket", ["", "None", "wrong"])
def test_a_wrong_ticket_opens_nothing_and_leaves_the_right_one_good(client, keys, ticket):
    assert client.get("/", params={"ticket": ticket}).status_code == 401
    good = keys.new_ticket()
    assert client.get("/", params={"ticket": ticket}).status_code == 401
    assert client.get("/", params={"ticket": good}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.get("/", params={"ticket": good}).status_code == 303


# Where a request comes from.


@pytest.mark.parametrize(
    "host",
    ["evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:80", f"127.0.0.1.evil.example:{PORT}",
     f"0.0.0.0:{PORT}", f"[::1]:{PORT}", f"user@127.0.0.1:{PORT}", ""],
)  # fmt: skip
@pytest.mark.parametrize("path", [API, f"{PAGE}?token={TOKEN}", PICTURE, ASSET])
def test_a_request_to_another_name_is_refused_though_it_has_the_token(with_cookie, host, path):
    assert with_cookie.get(path, headers={**KNOWN, "Host": host}).status_code == 403


def test_the_server_goes_by_two_names(client):
    for name in ("127.0.0.1", "localhost"):
        assert client.get(API, headers={**KNOWN, "Host": f"{name}:{PORT}"}).status_code == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:3000", f"https://{HERE}", f"http://localhost:{PORT}"]
)
def test_a_request_of_another_origin_is_refused_though_it_has_the_token(client, origin):
    answer = client.post(API, headers={**KNOWN, "Origin": origin}, json={})
    assert answer.status_code == 403
    assert answer.json()["error"] == "the request comes from another page."


def test_a_request_of_our_own_origin_passes(client):
    assert client.get(API, headers={**KNOWN, "Origin": f"http://{HERE}", "Sec-Fetch-Site": "same-origin"}).is_success


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("path", [API, PICTURE, ASSET, PAGE])
def test_what_a_page_of_another_origin_asks_for_is_refused(with_cookie, site, path):
    assert with_cookie.get(path, headers={**KNOWN, "Sec-Fetch-Site": site}).status_code == 403


@pytest.mark.parametrize(("dest", "status"), [("document", 200), ("iframe", 403), ("", 403)])
def test_the_printed_address_may_be_followed_from_another_page_and_not_be_framed(client, dest, status):
    came = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": dest}
    assert client.get(PAGE, params={"token": TOKEN}, headers=came).status_code == status
    assert client.get(API, params={"token": TOKEN}, headers={**came, **KNOWN}).status_code == 403


def test_another_origin_is_told_of_no_permission(client):
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = client.options(API, headers=asked)
    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_web_sockets_are_refused(client):
    with pytest.raises(WebSocketDisconnect), client.websocket_connect(API, headers=KNOWN):
        pass


# What every answer carries.


def answers(client, keys):
    """Give an answer of every kind."""
    tag = client.get(ASSET, params={"token": TOKEN}).headers["etag"]
    return [
        client.get(API, headers=KNOWN), client.get(f"{PAGE}?token={TOKEN}"), client.get(ASSET),
        client.get(ASSET, headers={"If-None-Match": tag}), client.get("/", params={"ticket": keys.new_ticket()}),
        client.get("/nowhere"), client.get("/api/nowhere", headers=KNOWN), client.get("/api/jobs/1/events"),
        client.put(API, headers=KNOWN), client.get("/api/ledger", headers=KNOWN), client.head("/", headers=KNOWN),
        client.post(API, headers={**KNOWN, "Content-Length": str(MOST_BYTES + 1)}), client.get("/api/about"),
        client.get(API, headers={"Host": "evil.example"}), client.get(API, headers={**KNOWN, "Origin": "null"}),
        client.get("/api/fault", headers=KNOWN), client.get("/api/stale", headers=KNOWN),
    ]  # fmt: skip


def test_every_answer_carries_the_policy(client, keys):
    found = answers(client, keys)
    assert {200, 303, 304, 401, 403, 404, 405, 409, 413, 422, 500} == {answer.status_code for answer in found}
    for answer in found:
        assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS, answer.url


def test_no_answer_of_the_api_is_kept_by_the_browser(client, keys):
    for answer in answers(client, keys):
        api = answer.url.path.startswith("/api/") or answer.status_code == 303
        assert answer.headers["cache-control"] == ("no-store" if api else "no-cache"), answer.url


def test_the_policy_lets_no_text_become_a_script():
    policy = dict(part.strip().split(" ", 1) for part in ALWAYS["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert not re.search(r"unsafe|\*|https?:", " ".join(policy.values()))


def test_what_is_wrong_is_a_document_for_the_api_and_a_page_for_people(client):
    refused = client.get(API)
    assert set(refused.json()) == {"error", "remedy"}
    page = client.get(PAGE)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "The token is missing" in page.text


@pytest.mark.parametrize(("name", "status"), [("unknown", 404), ("locked", 409), ("stale", 409), ("odd", 400)])
def test_errors_keep_what_they_say_and_get_their_status(client, name, status):
    answer, error = client.get(f"/api/{name}", headers=KNOWN), ERRORS[name]
    assert (answer.status_code, answer.json()) == (status, {"error": error.args[0], "remedy": error.remedy})


def test_what_is_not_there_says_what_it_is_where_it_knows(client):
    assert client.get("/api/absent", headers=KNOWN).json()["error"] == "no such picture."
    assert client.get("/api/nowhere", headers=KNOWN).json()["error"] == "there is nothing at this address."


def test_an_unexpected_error_tells_its_kind_and_nothing_of_what_it_holds(client):
    answer = client.get("/api/fault", headers=KNOWN)
    assert answer.json()["error"] == "internal error: ValueError."
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


def test_a_request_that_cannot_be_read_is_told_in_a_sentence(client):
    answer = client.post(API, headers=KNOWN, json={"kind": "sing"})
    assert answer.status_code == 422
    assert answer.json()["error"] == "kind: Input should be 'audit', 'measure' or 'compare'; v: Field required."


def test_a_page_that_says_what_is_wrong_takes_text_as_text():
    assert b"<script>" not in problem_page(404, "<script>\n", "`<script>`")


# What a request may hold.


def test_a_body_that_says_it_is_too_large_is_not_read(client):
    def body():
        raise AssertionError
        yield b""

    too_large = {**KNOWN, "Content-Length": str(MOST_BYTES + 1)}
    assert client.post(API, headers=too_large, content=body()).status_code == 413


@pytest.mark.parametrize("length", ["-1", "x", "²", "9" * 5_000, "5000001"])
def test_no_length_is_taken_for_less_than_it_is(client, length):
    answer = client.post(API, headers={**KNOWN, "Content-Length": length.encode()}, content=b"")
    assert answer.status_code == 413


def test_a_body_is_read_no_further_than_it_may_be_long():
    pulled = []

    async def receive():
        pulled.append(1)
        return {"type": "http.request", "body": b"x" * 1_000, "more_body": True}

    async def read():
        receive_some = limited(receive, most=4_500)
        for _ in range(10):
            await receive_some()

    # Of a thread of its own: a browser test before it in this process leaves a loop running in this one.
    with ThreadPoolExecutor(1) as pool, pytest.raises(HTTPException) as raised:
        pool.submit(asyncio.run, read()).result()
    assert raised.value.status_code == 413
    assert len(pulled) == 5


def test_a_body_without_a_length_that_goes_on_is_refused(client):
    def body():
        for _ in range(7):
            yield b"x" * 1_000_000

    answer = client.post(API, headers={**KNOWN, "Content-Type": "application/json"}, content=body())
    assert answer.status_code == 413
    assert answer.json()["error"] == "the request holds more than 5,000,000 bytes."


def test_a_body_of_just_the_largest_size_is_read(client):
    body = b'{"kind": "audit", "v": "a"}'.ljust(MOST_BYTES)
    assert client.post(API, headers={**KNOWN, "Content-Type": "application/json"}, content=body).status_code == 404
