import json

import pytest
from tests.only_read import only_read

from app_server import SIZES, Running, small_workspace

SAID = "The workspace can only be read."
HEAD = ".notices"
OFF = {
    "/?v=small@1": ["Measure what 1 accepted edit would do to the model"],
    "/findings?v=small@1": [
        "Accept: drop 1 row a",
        "Reject r",
        "Relabel e",
        "Drop x",
        "Skip s",
        "Undo u",
        "Note n",
        "Drop this row",
    ],
    "/map?v=small@1&sel=0,0;1,0;1,1;0,1": ["Tag…", "Slice…", "Relabel…", "Drop…"],
    "/versions?v=small@1": ["Make a version …", "Measure what they do to the model", "Tag …"],
    "/compare?v=small@1&of=models&a=probe&b=other": ["Compare"],
}
"""What is off on each page, and nothing else."""


@pytest.fixture(scope="module")
def reading(tmp_path_factory):
    """A server over a workspace that may only be read, in whose review one row is dropped."""
    root = small_workspace(tmp_path_factory.mktemp("read") / "workspace", 300)
    before = Running(root)
    dropped = next(one for one in json.loads(before.ask("findings?v=small@1"))["items"] if one["code"] == "DUP001")
    before.ask("decisions", {"v": "small@1", "action": "accept", "finding_id": dropped["finding_id"]})
    before.stop()
    with only_read(root):
        running = Running(root)
        yield running
        running.stop()


@pytest.mark.parametrize("path", OFF)
def test_each_page_says_at_its_head_that_nothing_can_be_written_and_offers_nothing_that_would(reading, open_page, path):
    page = open_page(reading, path, until=HEAD)
    assert SAID in page.locator(HEAD).inner_text()
    page.wait_for_function("n => document.querySelectorAll(`[title='The workspace can only be read.']`).length >= n",
                           arg=len(OFF[path]))  # fmt: skip
    off = page.locator(f"[title='{SAID}']").all()
    assert sorted(" ".join(one.inner_text().split()) for one in off) == sorted(OFF[path])
    assert all(one.is_disabled() or one.get_attribute("aria-disabled") == "true" for one in off)


def test_keys_that_would_decide_say_why_they_do_not(reading, open_page):
    page = open_page(reading, "/findings?v=small@1", until="[data-finding] h1")
    posted = []
    page.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    for key in "arexsun":
        page.keyboard.press("j")
        page.keyboard.press(key)
        page.wait_for_function(f"() => document.querySelector('.status').innerText.startsWith('{SAID}')")
    assert posted == []
    assert page.locator("dialog[open], .relabel").count() == 0


@pytest.mark.parametrize("size", SIZES)
def test_the_head_does_not_overflow(reading, open_page, size):
    page = open_page(reading, "/?v=small@1", size=size)
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]


def test_where_all_may_be_written_nothing_is_said_of_it(start, open_page, tmp_path):
    page = open_page(
        start(small_workspace(tmp_path / "workspace", 120)), "/findings?v=small@1", until="[data-finding] h1"
    )
    assert page.locator(f"[title='{SAID}']").count() == 0
    page.wait_for_function("head => document.querySelector(head).innerText === ''", arg=HEAD)
