"""The page of the app in headless chromium without a GPU: `python -m benchmarks.app_page [--rows N]`.

`--workspace W --version NAME@N` takes a version that is there; else a set of N rows (default 1,000,000) is made and
audited first, which takes a while. Times are those that the page notes (`performance.now()`), CPU seconds those of all
processes of the browser.
"""

import gzip
import json
import math
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from playwright.sync_api import Page, sync_playwright

from benchmarks.app_server import version_asked

BARS = {
    "first map after open, ms": 2000, "full frame, ms": 40, "frame while dragging, ms": 20,
    "facet filter with all counts, ms": 150, "lasso of 60 corners, ms": 150, "first paint of the findings, ms": 500,
    "JavaScript of all pages and the worker, kB gzipped": 100,
}  # fmt: skip
SIZE = {"width": 1440, "height": 880}
READY = "html[data-map-ready=true]"
RUNS, MOVES = 5, 40
RESULTS = Path(__file__).parent / "results" / "app_page.json"


def main() -> None:
    """Measure, print a table, and leave the figures in benchmarks/results/app_page.json."""
    with (
        version_asked(__doc__, rows=1_000_000) as (root, version),
        serving(root, version) as (address, server),
        sync_playwright() as playwright,
    ):
        found = measured(playwright, address, version)
        found["server: memory, MB"] = server.memory_info().rss / 1e6
        found["server: CPU seconds in all"] = sum(server.cpu_times()[:2])
    found["JavaScript of all pages and the worker, kB gzipped"] = scripts_gzipped() / 1e3
    print(table(found))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")


@contextmanager
def serving(root: str | Path, name: str) -> Iterator[tuple[str, psutil.Process]]:
    """Give the address of a server of its own, and its process."""
    command = [sys.executable, "-m", "burnish", "app", name, "--workspace", str(root)]
    command += ["--port", "0", "--no-browser", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())["url"], psutil.Process(process.pid)
        finally:
            process.terminate()


def measured(playwright: Any, address: str, name: str) -> dict[str, float]:
    """Give the median of each figure over some runs, the first of which warms the server."""
    lines = []
    for run in range(RUNS + 1):
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        try:
            page = browser.new_context(viewport=SIZE).new_page()
            page.goto(address)
            page.wait_for_selector("main .page")
            line = {**map_figures(page, name), **findings_figures(page, name)}
        finally:
            browser.close()
        lines += [line] if run else []
    return {figure: median(line[figure] for line in lines) for figure in lines[0]}


def map_figures(page: Page, name: str) -> dict[str, float]:
    """Open the map, move it, filter it, and draw around some of it."""
    origin = page.url.split("/", 3)
    before = cpu_seconds()
    page.goto(f"{origin[0]}//{origin[2]}/map?v={name}", wait_until="commit")
    page.wait_for_selector(READY, timeout=120_000)
    figures = {
        "first map after open, ms": mark(page, "firstMs"),
        "all rows drawn and counted, ms": page.evaluate("performance.now()"),
        "CPU seconds of that": cpu_seconds() - before,
    }
    frames, before = [], cpu_seconds()
    for key in ("+", "-") * 6:
        page.keyboard.press(key)
        settle(page)
        frames.append(mark(page, "frameMs"))
    figures |= {"full frame, ms": median(frames), "CPU seconds a full frame": (cpu_seconds() - before) / len(frames)}
    figures |= dragging(page) | filtering(page) | drawing_around(page)
    return figures


def dragging(page: Page) -> dict[str, float]:
    """Drag the map to and fro."""
    box = canvas(page)
    frames, before = [], cpu_seconds()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for i in range(MOVES):
        page.mouse.move(x + 4 * (i if i < MOVES / 2 else MOVES - i), y + i)
        page.wait_for_timeout(25)
        frames.append(mark(page, "moveMs"))
    page.mouse.up()
    spent = cpu_seconds() - before
    settle(page)
    return {"frame while dragging, ms": median(frames[5:]), "CPU seconds a dragged frame": spent / MOVES}


def filtering(page: Page) -> dict[str, float]:
    """Choose values of facets, one more at a time."""
    found = []
    before = cpu_seconds()
    for i in range(5):
        page.locator("[data-facet] li button").nth(i).click()
        settle(page)
        found.append(mark(page, "filterMs"))
    spent = (cpu_seconds() - before) / 5
    page.goto(page.url.split("&f.")[0])
    page.wait_for_selector(READY, timeout=120_000)
    return {"facet filter with all counts, ms": median(found), "CPU seconds a filter, frame included": spent}


def drawing_around(page: Page) -> dict[str, float]:
    """Draw a lasso of about sixty corners."""
    found = []
    for turn in range(3):
        box = canvas(page)
        page.locator("canvas").first.focus()
        page.keyboard.press("l")
        cx, cy, r = (
            box["x"] + box["width"] / 2,
            box["y"] + box["height"] / 2,
            min(box["width"], box["height"]) / (3 + turn),
        )
        corners = [(cx + r * cosine(i / 60), cy + r * cosine(i / 60 - 0.25)) for i in range(60)]
        page.mouse.move(*corners[0])
        page.mouse.down()
        for corner in corners[1:]:
            page.mouse.move(*corner)
        page.mouse.up()
        settle(page)
        found.append(mark(page, "lassoMs"))
    return {"lasso of 60 corners, ms": median(found)}


def findings_figures(page: Page, name: str) -> dict[str, float]:
    """Open the findings, and note when something of them was painted first."""
    origin = page.url.split("/", 3)
    page.goto(f"{origin[0]}//{origin[2]}/findings?v={name}", wait_until="commit")
    page.wait_for_selector("[data-finding]", timeout=60_000)
    shown = page.evaluate("performance.now()")
    painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN")
    return {"first paint of the findings, ms": painted, "first findings of the queue shown, ms": shown}


def settle(page: Page) -> None:
    """Wait until the page has counted and drawn what was asked of it."""
    page.wait_for_timeout(30)
    page.wait_for_selector(READY, timeout=60_000)


def canvas(page: Page) -> dict[str, float]:
    """Give the place of the map on the page."""
    box = page.locator("main canvas").first.bounding_box()
    assert box is not None
    return dict(box)


def mark(page: Page, name: str) -> float:
    """Give a figure that the page noted."""
    return float(page.evaluate(f"document.documentElement.dataset.{name} ?? NaN"))


def cpu_seconds() -> float:
    """Give the CPU seconds of all processes of the browser so far."""
    spent = 0.0
    for process in psutil.Process().children(recursive=True):
        if "chrom" in process.name():
            spent += sum(process.cpu_times()[:2])
    return spent


def scripts_gzipped() -> int:
    """Give the bytes of all scripts of the page, gzipped."""
    assets = [one for one in resources.files("burnish.app").joinpath("assets").iterdir() if one.name.endswith(".js")]
    return sum(len(gzip.compress(one.read_bytes(), 9)) for one in assets if one.name != "widget.js")


def cosine(share: float) -> float:
    """Give the cosine of a share of a whole turn."""
    return math.cos(2 * math.pi * share)


def table(found: dict[str, float]) -> str:
    """Give the figures beside their bars as Markdown."""
    lines = ["| figure | median | bar |", "|---|---|---|"]
    lines += [
        f"| {name} | {value:,.3g} | {f'≤ {BARS[name]:,}' if name in BARS else ''} |" for name, value in found.items()
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    started = time.time()
    main()
    print(f"\n{time.time() - started:.0f} s in all.")
