"""The app is started again at its address: open pages and bookmarks go on."""

from functools import partial
from urllib.parse import urlsplit

import pytest
from axe import needs_axe, wcag_faults
from map_page import V, late_by

GO_ON = "button:has-text('Go on')"


@pytest.fixture
def again(kept, start, open_page):
    """Open a page, start the server again at its port; give the page and the new server."""

    def restarted(path, until="main h1", **options):
        first = start(kept)
        page = open_page(first, path, until=until, **options)
        page.expected = "Failed to load resource"
        first.stop()
        return page, start(kept, first.port)

    return restarted


def place(page):
    parts = urlsplit(page.url)
    return f"{parts.path}?{parts.query}"


def test_an_open_page_goes_on_with_the_token_that_another_tab_has_kept(again, open_page):
    page, server = again(f"/slices?v={V}", until="main table")
    other = open_page(server, "/", context=page.context)
    page.bring_to_front()
    page.route("**/api/**", partial(late_by, 0.3))  # several are under way with the old token
    page.click("nav >> text=Versions")
    page.wait_for_selector(".lineage li[aria-current]")
    page.wait_for_selector("#details :text('No edit made')")
    assert page.locator(".notice.bad, main [role=alert]").count() == 0
    assert other.evaluate("localStorage['burnish-token']") == server.keys.token


def test_an_open_page_asks_for_the_token_and_stays_where_it_is(again):
    page, server = again(f"/versions?v={V}&show=diff")
    before, steps = place(page), page.evaluate("history.length")
    page.wait_for_selector(".notice form")
    page.fill(".notice input", "wrong")
    page.click(".notice button")
    page.wait_for_selector(".status >> text=That is not the token")
    page.fill(".notice input", server.address("/"))
    page.click(".notice button")
    page.wait_for_selector(".notice form", state="detached")
    page.click("nav >> text=Slices")
    page.wait_for_selector("main table")
    page.go_back()
    assert place(page) == before
    assert page.evaluate("history.length") == steps + 1


def test_a_bookmark_leads_through_one_field_to_its_place_and_no_address_holds_the_token(again):
    page, server = again(f"/slices?v={V}&sort=-size", until="main table")
    visited = []
    page.on("framenavigated", lambda frame: visited.append(frame.url))
    before = place(page)
    page.reload()
    assert "The app was started again" in page.inner_text("h1")
    page.fill("#token", "wrong")
    page.click(GO_ON)
    page.wait_for_selector("output:has-text('not the token')")
    page.fill("#token", server.keys.token)
    page.click(GO_ON)
    page.wait_for_selector("main table")
    assert place(page) == before
    assert not [url for url in visited if server.keys.token in url]


def test_a_bookmark_needs_no_field_where_another_tab_has_kept_the_token(again):
    page, server = again(f"/slices?v={V}&sort=-size", until="main table")
    before = place(page)
    page.evaluate("token => localStorage['burnish-token'] = token", server.keys.token)
    page.reload()
    page.wait_for_selector("main table")
    assert place(page) == before


@needs_axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_of_a_refused_token_is_styled_and_axe_finds_no_fault_in_it(again, scheme):
    page, _ = again(f"/slices?v={V}", until="main table", scheme=scheme, bypass_csp=True)
    page.reload()
    page.wait_for_selector("#token:focus")
    assert page.evaluate("getComputedStyle(document.querySelector('.primary')).fontWeight") == "600"
    assert wcag_faults(page) == {}
