"""The map page in tests: what it shows, how it is drawn on, and its points as numpy sees them."""

import io
import json
import math
import time
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pyarrow as pa

READY = "html[data-map-ready=true]"
V = "small@1"


class Points:
    """The map as numpy sees it."""

    def __init__(self, server):
        table = pa.ipc.open_stream(io.BytesIO(server.ask(f"map?v={V}"))).read_all()
        told = json.loads(table.schema.metadata[b"burnish"])
        self.n, self.facets = told["n_placed"], {facet["name"]: facet for facet in told["facets"]}
        order = np.argsort(table["row"].to_numpy())
        self.row, self.x, self.y = (table[name].to_numpy()[order].astype(np.int64) for name in ("row", "x", "y"))
        self.codes = {name: table[facet["column"]].to_numpy()[order] for name, facet in self.facets.items()}

    def inside(self, corners):
        odd = np.zeros(self.n, bool)
        xs, ys = (np.array(values) * 65535 for values in zip(*corners, strict=True))
        for i in range(len(corners)):
            j = i - 1
            if ys[i] == ys[j]:
                continue
            across = (ys[i] > self.y) != (ys[j] > self.y)
            odd ^= across & (self.x < (xs[j] - xs[i]) * (self.y - ys[i]) / (ys[j] - ys[i]) + xs[i])
        return odd


def late_by(seconds, route):
    """Let a request go on after a while; those that come meanwhile wait too."""
    time.sleep(seconds)
    route.continue_()


def shown(page):
    page.wait_for_selector(READY)
    return int(page.locator("html").get_attribute("data-shown"))


def param(page, name):
    return parse_qs(urlsplit(page.url).query).get(name, [None])[0]


def value(page, facet, place):
    return page.locator(f"[data-facet={facet}] .values [data-place='{place}']")


def number(page, facet, place):
    return int(value(page, facet, place).locator(".number").inner_text().replace(",", ""))


def drag(page, corners, *, modifier=None):
    """Drag over the map, along corners in shares of its width and height."""
    box = page.locator("#map-canvas").bounding_box()
    (x, y), *more = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in corners]
    if modifier:
        page.keyboard.down(modifier)
    page.mouse.move(x, y)
    page.mouse.down()
    for x, y in more:
        page.mouse.move(x, y, steps=4)
    page.mouse.up()
    if modifier:
        page.keyboard.up(modifier)


def circle(radius, n=24):
    return [(0.5 + radius * math.cos(a), 0.5 + radius * math.sin(a)) for a in np.linspace(0, 6.1, n)]


def polygons(page):
    return [
        [tuple(map(float, pair.split(","))) for pair in one.removeprefix("-;").split(";")]
        for one in param(page, "sel").split("|")
    ]
