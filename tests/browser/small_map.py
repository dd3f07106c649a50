"""A map without a worker as numpy sees it: its blob unpacked, a lasso drawn by the mouse, the rows inside."""

import numpy as np

from burnish.reports.blob import unpack

MARGIN, MOST_STRETCH, FULL_SCALE = 26, 1.6, 65_535
LASSO = ((0.32, 0.22), (0.52, 0.3), (0.6, 0.58), (0.45, 0.52), (0.38, 0.72), (0.24, 0.5))


class Drawn:
    """What a blob (base64) holds: coordinates of the points, ids, aspect of the map."""

    def __init__(self, blob):
        header, columns = unpack(blob)
        part = {name: columns[at["offset"] : at["offset"] + at["bytes"]] for name, at in header["columns"].items()}
        self.x, self.y = (np.frombuffer(part[axis], "<u2").astype(np.int64) for axis in "xy")
        self.ids = np.array(part["ids"].decode().split("\n"))
        self.aspect, self.facets = header["aspect"], header["facets"]

    def inside(self, corners):
        """Give which points lie within corners in map units, by the even-odd rule."""
        xs, ys = (np.array(values) * FULL_SCALE for values in zip(*corners, strict=True))
        odd = np.zeros(len(self.x), bool)
        for i in range(len(corners)):
            j = i - 1
            if ys[i] != ys[j]:
                across = (ys[i] > self.y) != (ys[j] > self.y)
                odd ^= across & (self.x < (xs[j] - xs[i]) * (self.y - ys[i]) / (ys[j] - ys[i]) + xs[i])
        return odd

    def on_the_map(self, corners, width, height):
        """Give pixels of the canvas as map units, while the whole map is looked at."""
        side = min((width - 2 * MARGIN) / self.aspect, height - 2 * MARGIN)
        across = side * self.aspect * min((width - 2 * MARGIN) / (side * self.aspect), MOST_STRETCH)
        return [
            (round(0.5 + (px - width / 2) / across, 4), round(0.5 - (py - height / 2) / side, 4)) for px, py in corners
        ]


def lasso(page, canvas, shares=LASSO, *, key=None):
    """Draw around points by the mouse; give the corners in pixels of the canvas, and its size."""
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    corners = [(round(x * box["width"]), round(y * box["height"])) for x, y in shares]
    if key:
        page.keyboard.down(key)
    for place, (x, y) in enumerate(corners):
        page.mouse.move(box["x"] + x, box["y"] + y)
        if place == 0:
            page.mouse.down()
    page.mouse.up()
    if key:
        page.keyboard.up(key)
    return corners, box["width"], box["height"]
