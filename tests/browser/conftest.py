import importlib.util
import sys
from pathlib import Path

import pytest

sys.path.extend(str(Path(__file__).parents[1] / folder) for folder in ("browser", "app", "reports"))

from app_server import SIZES, Running

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

    def starts(root):
        started.append(Running(root))
        return started[-1]

    yield starts
    for one in started:
        one.stop()
