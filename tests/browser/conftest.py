import importlib.util
import shutil
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

sys.path.extend(str(Path(__file__).parents[1] / folder) for folder in ("browser", "app", "reports"))

from map_page import READY, Points, V

from app_server import SIZES, Running, small_workspace

CHROMIUM = Path("/usr/bin/chromium")


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    reason = _missing()
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if reason:
                item.add_marker(pytest.mark.skip(reason=reason))


def _missing():
    if not CHROMIUM.exists():
        return "no /usr/bin/chromium: apt-get install chromium"
    if importlib.util.find_spec("playwright") is None:
        return "no playwright: pip install playwright"
    return ""


@pytest.fixture(scope="session")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser):
    """Open an address of a server, and wait for `until`; faults that the page does not expect fail the test."""
    contexts = []

    def opened(server, path, *, until="main h1", size="desk", scheme="light", context=None, **options):
        if context is None:
            width, height = SIZES[size]
            context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, **options)
            contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.faults, page.expected = [], ""
        page.on("console", lambda m: page.faults.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.goto(server.address(path))
        page.wait_for_selector(until)
        return page

    yield opened
    for context in contexts:
        for page in context.pages:
            assert [fault for fault in page.faults if not page.expected or page.expected not in fault] == []
        context.close()


@pytest.fixture
def start():
    """Start servers that end with the test."""
    started = []

    def starts(root, port=0):
        started.append(Running(root, port))
        return started[-1]

    yield starts
    for one in started:
        one.stop()


# The map: its tests have one small workspace.


@pytest.fixture(scope="session")
def kept(tmp_path_factory):
    return small_workspace(tmp_path_factory.mktemp("map") / "workspace")


@pytest.fixture(scope="session")
def reading(kept):
    """A server for tests that change nothing."""
    running = Running(kept)
    yield running
    running.stop()


@pytest.fixture
def writing(kept, tmp_path):
    """A server over a workspace of this test's own."""
    running = Running(shutil.copytree(kept, tmp_path / "workspace"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def points(reading):
    return Points(reading)


@pytest.fixture
def look(browser):
    """Open the map of a server; faults of the page and the hosts that it asked fail the test."""
    opened = []

    def looked(server, query="", *, size="desk", scheme="light", before=lambda page: None, **options):
        width, height = SIZES[size]
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, **options)
        page = context.new_page()
        page.faults, page.hosts = [], set()
        page.on("console", lambda m: page.faults.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("request", lambda request: page.hosts.add(urlsplit(request.url).hostname))
        opened.append((context, page))
        before(page)
        page.goto(server.address(f"/map?v={V}{query}"))
        page.wait_for_selector(READY, timeout=60_000)
        return page

    yield looked
    for context, page in opened:
        faults, hosts = page.faults, page.hosts
        context.close()
        assert faults == []
        assert hosts == {"127.0.0.1"}
