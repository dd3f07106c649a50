"""`burnish app`: what it refuses, what it prints, how it ends."""

import importlib.util
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from kept_history import curated, history_in


@pytest.fixture
def folder(tmp_path):
    """A folder whose workspace has pets@1 and pets@2."""
    curated(history_in(tmp_path))
    return tmp_path


def started(folder, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "burnish", "app", "--port", "0", "--no-browser", *arguments], cwd=folder,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """The document that `burnish app --json` printed, and the process that serves meanwhile."""
    folder = tmp_path_factory.mktemp("running")
    curated(history_in(folder))
    process = started(folder, "--json")
    yield json.loads(process.stdout.readline()), process
    process.kill()
    process.communicate()


def asked(url, token=None, **headers):
    given = {} if token is None else {"X-Burnish-Token": token}
    request = urllib.request.Request(url, headers={**given, **headers})  # noqa: S310 - our own address
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
        return answer.status, answer.read()


@pytest.mark.slow
def test_json_tells_the_address_the_workspace_and_the_process(running):
    document, process = running
    assert set(document) == {"url", "workspace", "pid"}
    assert document["pid"] == process.pid
    assert document["workspace"].endswith("/.burnish")
    assert document["url"].startswith("http://127.0.0.1:")


@pytest.mark.slow
def test_the_address_opens_the_page_and_its_token_the_api(running):
    address, _, token = running[0]["url"].partition("?token=")
    status, page = asked(running[0]["url"])
    assert status == 200
    assert b'<div id="app">' in page
    told = json.loads(asked(f"{address}api/about", token)[1])
    assert told["opens"] == "pets@2"
    assert [one["name"] for one in told["datasets"]] == ["pets"]
    with pytest.raises(urllib.error.HTTPError, match="401"):
        asked(f"{address}api/about")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_it_answers_on_this_machine_only(running):
    port = int(running[0]["url"].split(":")[2].split("/")[0])
    listening = [line.split()[1:4:2] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    own = [place for place, state in listening if state == "0A" and int(place.split(":")[1], 16) == port]
    assert own == ["0100007F:" + f"{port:04X}"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["..%2fserver.py", "%2e%2e/server.py", "../server.py", "SOURCES", "", ".", "app.js%00"]
)
def test_no_other_file_than_those_of_the_page_can_be_had(running, name):
    address, _, token = running[0]["url"].partition("?token=")
    port = int(address.split(":")[2].strip("/"))
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(f"GET /assets/{name}?token={token} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        assert line.recv(4096).split(b"\r\n")[0] in (b"HTTP/1.1 404 Not Found", b"HTTP/1.1 400 Bad Request")


@pytest.mark.slow
def test_it_prints_one_line_with_the_address_and_ends_well_with_ctrl_c(folder):
    process = started(folder, "pets@v2")
    line = process.stdout.readline()
    assert line.startswith("burnish app: http://127.0.0.1:")
    assert line.endswith(" (Ctrl+C ends it)\n")
    asked(line.split()[2])
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "", "")


@pytest.mark.slow
def test_ctrl_c_ends_work_and_those_who_follow_it(folder):
    process = started(folder)
    address, _, token = process.stdout.readline().split()[2].partition("?token=")
    request = urllib.request.Request(  # noqa: S310
        f"{address}api/jobs", json.dumps({"kind": "audit", "v": "pets@1"}).encode(),
        {"X-Burnish-Token": token, "Content-Type": "application/json"},
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
        job = json.loads(answer.read())
    follow = urllib.request.Request(f"{address}api/jobs/{job['id']}/events", headers={"X-Burnish-Token": token})  # noqa: S310
    began = time.monotonic()
    with urllib.request.urlopen(follow, timeout=20) as events:  # noqa: S310
        assert events.readline().startswith(b"data: ")
        process.send_signal(signal.SIGINT)
        events.read()
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "")
    assert time.monotonic() - began < 15


@pytest.mark.slow
def test_an_empty_workspace_is_served_and_said_to_be_empty(tmp_path):
    (tmp_path / ".burnish").mkdir()
    process = started(tmp_path)
    address, _, token = process.stdout.readline().split()[2].partition("?token=")
    told = json.loads(asked(f"{address}api/about", token)[1])
    assert (told["datasets"], told["opens"]) == ([], None)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert "has no data set yet: burnish audit SOURCE" in err
    assert process.returncode == 0


# What is refused, before anything is served.


def test_a_missing_workspace_is_refused(refused):
    refused(["app", "--no-browser"], "there is no workspace '.burnish'.", "burnish audit SOURCE")


def test_an_unknown_version_is_refused(refused, tmp_path):
    curated(history_in(tmp_path))
    refused(["app", "pets@9", "--no-browser"], "pets", "1")
    refused(["app", "cats", "--no-browser"], "no data set 'cats'", "pets")


def test_a_port_that_is_in_use_is_refused(refused, tmp_path):
    curated(history_in(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused(["app", "--no-browser", "--port", port], f"port {port} is in use", "--port")


def test_a_port_that_is_none_is_refused(refused):
    refused(["app", "--port", "70000"], "70000 is not in the range", "burnish --help")


def test_a_model_that_cannot_be_had_is_refused(refused, tmp_path):
    curated(history_in(tmp_path))
    refused(["app", "--no-browser", "--model", "no.such:Model"], "no", "module:callable")


def test_a_missing_package_is_named_with_how_to_get_it(refused, monkeypatch):
    known = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "uvicorn" else known(name))
    refused(["app", "--no-browser"], "the app needs uvicorn, not installed.", "pip install 'burnish[app]'")


def test_flags_can_come_from_the_file_of_a_recipe(refused, tmp_path):
    curated(history_in(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (tmp_path / "burnish.toml").write_text(f"[burnish]\nport = {port}\nno_browser = true\nretrains = 3\n")
        refused(["app", "--config", "burnish.toml"], f"port {port} is in use", "--port")
