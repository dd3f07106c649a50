"""The page and the report in Firefox and WebKit: what the other files see in Chromium, once more in short."""

import io
import shutil
import time
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import report_facts
from engines import Firefox, WebKit
from map_page import READY, Points, V
from PIL import Image
from small_map import Drawn

from app_server import Running, small_workspace
from burnish.reports import report_html

AROUND = ((0.2, 0.2), (0.6, 0.15), (0.75, 0.6), (0.5, 0.5), (0.3, 0.75))

# What goes wrong in a page from here on.
WATCH = """
const said = (window.faults = []);
for (const level of ["error", "warn"]) console[level] = (...words) => said.push(words.map(String).join(" "));
addEventListener("error", (event) => said.push(event.message ?? `not loaded: ${event.target.src}`), true);
addEventListener("unhandledrejection", (event) => said.push(String(event.reason)));
addEventListener("securitypolicyviolation", (event) => said.push(`refused: ${event.violatedDirective}`));
"""


@pytest.fixture(scope="module", params=[Firefox, WebKit], ids=lambda engine: engine.name)
def engine(request, tmp_path_factory):
    if request.param.missing:
        pytest.skip(request.param.missing)
    with request.param(tmp_path_factory.mktemp("engine")) as started:
        started.send("SetWindowRect", width=1280, height=900)
        yield started


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return small_workspace(tmp_path_factory.mktemp("engines") / "workspace")


@pytest.fixture
def server(kept, tmp_path):
    running = Running(shutil.copytree(kept, tmp_path / "workspace"))
    yield running
    running.stop()


@pytest.fixture
def go(engine, server):
    """Go to a page by its key, from the overview on; what went wrong on the way fails the test."""

    def gone(key, until):
        engine.send("Navigate", url=server.address(f"/?v={V}"))
        engine.wait("return document.querySelector('main h1') !== null")
        engine.look(WATCH)
        engine.press("g", key)
        engine.wait("return document.querySelector(arguments[0]) !== null", until)

    yield gone
    assert engine.look("return window.faults") == []


def box_of(engine, selector):
    """Give left, top, width and height of an element, in pixels of the window."""
    script = (
        "const b = document.querySelector(arguments[0]).getBoundingClientRect(); return [b.x, b.y, b.width, b.height]"
    )
    return engine.look(script, selector)


def still_box_of(engine, selector):
    """Give the same once the page has come to rest: it may scroll, or a text above take another line."""
    before = None
    while (box := box_of(engine, selector)) != before:
        before = box
        time.sleep(0.2)
    return box


def points_are_seen(engine):
    """Wait for pixels of the map that are not gray, as a person sees it; not all of them are colored."""
    for _ in range(20):
        engine.look("document.querySelector('#map-canvas').scrollIntoView({block: 'center', behavior: 'instant'})")
        x, y, width, height = (round(one) for one in box_of(engine, "#map-canvas"))
        seen = Image.open(io.BytesIO(engine.picture())).convert("RGB").crop((x, y, x + width, y + height))
        share = np.mean(np.ptp(np.asarray(seen).astype(int), axis=2) > 40)
        if share > 0.01:
            return share < 0.6
        time.sleep(0.1)
    return False


def lasso(engine):
    """Draw around points with the mouse; give the corners in pixels of the canvas, and its size."""
    x, y, width, height = still_box_of(engine, "#map-canvas")
    corners = [(round(width * across), round(height * down)) for across, down in AROUND]
    engine.drag([(round(x + px), round(y + py)) for px, py in corners])
    return corners, width, height


def test_the_map_shows_its_points_and_a_lasso_selects_the_rows_that_numpy_finds_inside(engine, server, go):
    points = Points(server)
    go("m", READY)
    assert points_are_seen(engine)
    engine.press("l")
    lasso(engine)
    (told,) = parse_qs(urlsplit(engine.wait("return location.href.includes('sel=') && location.href")).query)["sel"]
    inside = points.inside([tuple(map(float, corner.split(","))) for corner in told.split(";")])
    assert 20 < inside.sum() < points.n / 2
    engine.wait(f"return document.querySelector(\"{READY}[data-shown='{inside.sum()}']\") !== null")


def test_a_finding_accepted_by_its_key_stays_accepted_after_a_reload(engine, server, go):
    go("f", ".evidence-body[data-finding]")
    accepted = engine.look("return document.querySelector('.evidence-body').dataset.finding")
    engine.press("a")
    engine.wait("return document.querySelector('.status').innerText.startsWith('Accepted')")
    engine.send("Refresh")
    engine.wait("return document.querySelector('.queue-item[data-finding]') !== null")
    assert engine.look("return document.querySelector(`[data-finding='${arguments[0]}']`)", accepted) is None
    engine.look(WATCH)
    engine.click(".segments button:nth-of-type(2)")
    engine.wait("return document.querySelector(`.queue-item[data-finding='${arguments[0]}']`) !== null", accepted)


def test_the_report_draws_its_map_and_a_lasso_shows_the_rows_that_numpy_finds_inside(engine, tmp_path):
    page = report_html(report_facts.text_facts(1000)).replace("<style>", f"<script>{WATCH}</script><style>", 1)
    (tmp_path / "report.html").write_text(page, encoding="utf-8")
    engine.send("Navigate", url=(tmp_path / "report.html").as_uri())
    engine.wait("return document.documentElement.dataset.ready === 'true'")
    engine.wait("return document.querySelector('#map-canvas').width > 300")
    assert points_are_seen(engine)
    engine.click("button[aria-pressed]")
    drawn = Drawn(engine.look("return document.querySelector('#burnish-map').textContent"))
    inside = drawn.inside(drawn.on_the_map(*lasso(engine)))
    assert 20 < inside.sum() < 500
    engine.wait(
        "return document.querySelector('.status').innerText.startsWith(arguments[0])", f"{inside.sum()} of 1,000"
    )
    assert engine.look("return window.faults") == []
