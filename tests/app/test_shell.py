"""The page and its files, as a browser gets them."""

import gzip
import re
from importlib.resources import files

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from burnish.app import shell

ASSETS = {one.name: one.read_bytes() for one in (files("burnish.app") / "assets").iterdir()}


@pytest.fixture(scope="module")
def client():
    return TestClient(Starlette(routes=shell.ROUTES))


@pytest.mark.parametrize("path", shell.PAGES)
def test_every_page_is_the_same_shell_but_for_the_scripts_that_it_asks_for_at_once(client, path):
    answer = client.get(path)
    lines = [line for line in answer.text.splitlines() if "modulepreload" not in line]
    assert lines == [line.replace("ICON", shell.ICON) for line in shell.SHELL.splitlines() if line != "PRELOADS"]
    assert f'"/assets/{path[1:] or "overview"}.js"' in answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("path", shell.PAGES)
def test_the_shell_holds_nothing_that_the_policy_forbids_and_asks_for_nothing_that_is_not_there(client, path):
    text = client.get(path).text
    assert not re.search(r"<script(?! type=\"module\" src=)|<style|style=| on\w+=", text)
    asked = re.findall(r"(?:src|href)=\"(/[^\"]*)\"", text)
    assert asked[0] == "/assets/app.css"
    assert asked[-1] == "/assets/app.js"
    assert {client.get(one).status_code for one in asked} == {200}


def test_a_page_asks_at_once_for_all_that_its_script_imports(client):
    asked = set(re.findall(r"modulepreload\" href=\"/assets/([^\"]*)\"", client.get("/findings").text))
    for name in asked | {"app.js"}:
        text = client.get(f"/assets/{name}").text
        assert set(re.findall(r"(?:from|import)\s*[\"'`]\./([\w-]+\.js)[\"'`]", text)) <= asked


def test_the_shell_says_what_to_do_without_javascript():
    said = shell.SHELL.partition("<noscript>")[2].partition("</noscript>")[0]
    assert "needs JavaScript" in said
    assert "report.html" in said


@pytest.mark.parametrize("name", sorted(ASSETS.keys() - {"SOURCES"}))
def test_files_come_compressed_where_that_is_taken_and_plain_otherwise(client, name):
    small, plain = (client.get(f"/assets/{name}", headers={"Accept-Encoding": taken}) for taken in ("gzip", "identity"))
    assert small.content == plain.content == ASSETS[name]
    assert (small.headers["content-encoding"], plain.headers.get("content-encoding")) == ("gzip", None)
    assert int(small.headers["content-length"]) == len(gzip.compress(ASSETS[name], mtime=0))
    assert small.headers["content-type"] == shell.TYPES[name[name.rindex(".") :]]


def test_a_file_that_the_browser_has_is_not_sent_again(client):
    tag = client.get("/assets/app.js").headers["etag"]
    again = client.get("/assets/app.js", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/assets/app.css", headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("name", ["SOURCES", "nothing.js", "../shell.py", "..%2fshell.py", "%2e%2e%2fshell.py", ""])
def test_what_is_no_file_of_the_page_is_not_found(client, name):
    assert client.get(f"/assets/{name}").status_code == 404
