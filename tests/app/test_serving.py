"""At which address a workspace is served, who is told of it, and what is ready when the page comes."""

import socket
import threading

import pytest
from starlette.testclient import TestClient

from burnish.app import serving
from burnish.app.opened import OpenedVersions
from burnish.app.served import Served
from burnish.app.server import make_app
from burnish.errors import UsageError
from burnish.workspace import Experiment, Workspace


@pytest.fixture
def served(tmp_path):
    return Served.of(Workspace(tmp_path), Experiment())


@pytest.fixture
def opened(monkeypatch):
    """The addresses that a browser was started with; the server itself ends at once."""
    addresses = []
    monkeypatch.setattr(serving.webbrowser, "open", addresses.append)
    monkeypatch.setattr(serving, "Thread", AtOnce)
    monkeypatch.setattr(serving._Server, "run", lambda self, sockets: None)
    monkeypatch.setenv("DISPLAY", ":0")
    return addresses


class AtOnce(threading.Thread):
    def start(self):
        self.run()


# The port.


def test_a_free_port_is_found_and_is_of_this_machine_only():
    with serving.listening(0) as listener:
        host, port = listener.getsockname()
        assert host == "127.0.0.1"
        assert port > 0


def test_a_port_that_is_in_use_is_refused_with_what_to_do():
    with serving.listening(0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port} is in use") as raised:
            serving.listening(port)
    assert "--port" in raised.value.remedy
    serving.listening(port).close()  # free again at once


def test_a_port_that_may_not_be_had_is_refused(monkeypatch):
    def bind(self, place):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(serving.socket, "socket", type("Socket", (socket.socket,), {"bind": bind}))
    with pytest.raises(UsageError, match="port 80 cannot be had: Permission denied"):
        serving.listening(80)


# Who is told.


def test_the_address_that_is_told_has_the_token_and_the_one_a_browser_is_started_with_has_not(served, opened):
    told = []
    serving.serve(served, port=0, opens_browser=True, told=told.append)
    [address], [of_browser] = told, opened
    place, token = address.split("?token=")
    assert of_browser.startswith(f"{place}?ticket=")
    assert len(token) >= 43  # 32 bytes
    assert token not in of_browser


def test_no_browser_is_started_where_none_is_wanted_or_no_window_could_be(served, opened, monkeypatch):
    serving.serve(served, port=0, opens_browser=False, told=lambda address: None)
    monkeypatch.setattr(serving.sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    serving.serve(served, port=0, opens_browser=True, told=lambda address: None)
    assert opened == []


def test_every_run_has_a_token_of_its_own(served, opened):
    told = set()
    for _ in range(3):
        serving.serve(served, port=0, opens_browser=False, told=lambda address: told.add(address.split("=")[1]))
    assert len(told) == 3


# What is ready.


def test_the_version_that_comes_first_is_read_before_the_page_asks(kept, monkeypatch):
    read = []
    real = OpenedVersions._read
    monkeypatch.setattr(OpenedVersions, "_read", lambda self, version: read.append(version.name) or real(self, version))
    mapped = []
    monkeypatch.setattr(serving, "points_of", lambda door, opened: mapped.append(opened))
    served = Served.of(Workspace(kept), Experiment(), "small@1")
    serving._warm(served)
    assert read == ["small@1"]
    assert len(mapped) == 1
    served.versions.opened("small@1")
    assert read == ["small@1"]


@pytest.mark.parametrize("opens", [None, "small@9"])
def test_without_a_version_that_can_be_read_the_page_is_served_all_the_same(kept, opens):
    serving._warm(Served.of(Workspace(kept), Experiment(), opens))


def test_nothing_is_told_to_a_collector_of_traces_though_the_environment_names_one(served, monkeypatch, caplog):
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    with TestClient(make_app(served)) as client:
        assert not client.app._native_telemetry.enabled()
    assert caplog.records == []  # FastAPI would say that it cannot send anything, without the packages for it
