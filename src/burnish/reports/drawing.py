"""Drawing: a dot-and-interval chart as SVG, for pages that are read without a script, on paper or in a notebook."""

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from burnish.reports.charts import Chart, Dot
from burnish.reports.markup import Markup, element
from burnish.reports.numbers import MINUS

WIDTH, NAMES, VALUES, TOP, LINE, BOTTOM = 720, 200, 180, 22, 26, 40
LETTER = 7.4
"""Pixels of a letter at 13 px, on the wide side: what does not fit is cut."""
INK, QUIET, RULE, SHADE = (
    "var(--ink, #14181f)",
    "var(--quiet, #556070)",
    "var(--line, #d9dee6)",
    "var(--shade, #14181f12)",
)
TONES = {
    "plain": "var(--tone-plain, #1d5fbf)", "good": "var(--tone-good, #0a6e4a)", "bad": "var(--tone-bad, #b3261e)",
    "quiet": "var(--tone-quiet, #667080)",
}  # fmt: skip
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)

NO_SPAN = 1e-9
"""Ends that are nearer to each other, beside their size, are one value: no axis could tell them apart."""


class _Axis(NamedTuple):
    """From a value to a place between the names and the numbers."""

    low: float
    high: float

    def place(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(NAMES + min(max(share, 0.0), 1.0) * (WIDTH - NAMES - VALUES), 1)


def drawn_chart(chart: Chart) -> Markup:
    """Give the chart as one SVG element: names on the left, dots and intervals, their numbers on the right."""
    axis = _Axis(*_extent(chart))
    bottom = TOP + LINE * len(chart.dots)
    parts = [*_band(chart, axis, bottom), *_ticks(chart, axis, bottom), *_references(chart, axis, bottom)]
    for i, dot in enumerate(chart.dots):
        parts += _line(chart, axis, dot, TOP + LINE * (i + 0.5))
    parts.append(_text(axis.place((axis.low + axis.high) / 2), bottom + 34, chart.axis, anchor="middle", fill=QUIET))
    height = bottom + BOTTOM
    box = {"viewBox": f"0 0 {WIDTH} {height}", "width": WIDTH, "height": height}
    return element("svg", parts, role="img", aria_label=said(chart), font_size=13, **box)


def chart_figure(name: str, chart: Chart | None) -> Markup | None:
    """Give the chart as a still picture, at the place where a script draws it for the width of the screen."""
    if chart is None:
        return None
    note = element("small", f" {chart.note}") if chart.note else None
    figure = element("figure", element("figcaption", chart.title, note), drawn_chart(chart), class_="chart")
    return element("div", figure, class_="drawn", data_chart=name)


def said(chart: Chart) -> str:
    """Give the chart in words."""
    return f"{chart.title}. {'; '.join(f'{dot.name}: {_numbers(chart, dot)}' for dot in chart.dots)}."


def _line(chart: Chart, axis: _Axis, dot: Dot, y: float) -> Iterator[Markup]:
    tone, (left, middle, right) = TONES.get(dot.tone, TONES["plain"]), map(axis.place, (dot.low, dot.value, dot.high))
    yield _text(NAMES - 12, y + 4.5, _cut(dot.name, NAMES - 16), anchor="end")
    yield element("path", d=f"M{left} {y}H{right}M{left} {y - 4}v8M{right} {y - 4}v8", stroke=tone, stroke_width=2)
    yield element("circle", element("title", f"{dot.name}: {_numbers(chart, dot)}"), cx=middle, cy=y, r=5, fill=tone)
    yield _text(WIDTH - 4, y + 4.5, _numbers(chart, dot), anchor="end")


def _band(chart: Chart, axis: _Axis, bottom: float) -> Iterator[Markup]:
    if chart.band is not None:
        left, right = map(axis.place, chart.band)
        yield element("rect", x=left, y=TOP, width=round(right - left, 1), height=bottom - TOP, fill=SHADE)


def _ticks(chart: Chart, axis: _Axis, bottom: float) -> Iterator[Markup]:
    for value in ticks(axis.low, axis.high):
        x = axis.place(value)
        yield element("path", d=f"M{x} {TOP}V{bottom}", stroke=RULE)
        yield _text(x, bottom + 17, _number(value, chart, digits=0), anchor="middle", fill=QUIET, font_size=12)


def _references(chart: Chart, axis: _Axis, bottom: float) -> Iterator[Markup]:
    for value, name in chart.references:
        x = axis.place(value)
        dashes = "5 4" if name else None
        yield element("path", d=f"M{x} {TOP - 4}V{bottom}", stroke=QUIET, stroke_width=1.5, stroke_dasharray=dashes)
        yield _text(x, TOP - 8, name, anchor="middle", fill=QUIET, font_size=12)


def ticks(low: float, high: float, *, about: int = 5) -> list[float]:
    """Give round values inside the range, about so many."""
    rough = (high - low) / about
    size = 10.0 ** math.floor(math.log10(rough))
    step = size * next(s for s in STEPS if s * size >= rough)
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 12) + 0.0 for i in range(first, math.floor(high / step + 1e-9) + 1)]


def _extent(chart: Chart) -> tuple[float, float]:
    low, high = _ends(v for dot in chart.dots for v in (dot.low, dot.value, dot.high))
    low, high = _ends((low, high, *(value for value, _ in chart.references), *(chart.band or ())))
    size = max(1.0, abs(low), abs(high))
    room = 0.06 * (high - low if high - low > NO_SPAN * size else 0.02 * size)
    shares = chart.percent and not chart.difference
    return (max(0.0, low - room), min(1.0, high + room)) if shares and low < high else (low - room, high + room)


def _ends(values: Iterable[float]) -> tuple[float, float]:
    known = [value for value in values if math.isfinite(value)]
    return (min(known), max(known)) if known else (0.0, 1.0)


def _numbers(chart: Chart, dot: Dot) -> str:
    value, low, high = (_number(v, chart, digits=1) for v in (dot.value, dot.low, dot.high))
    return f"{value} [{low}, {high}]"


def _number(value: float, chart: Chart, *, digits: int) -> str:
    if not math.isfinite(value):
        return "–"
    scaled = 100 * value if chart.percent else value
    whole = abs(scaled - round(scaled)) < 1e-6
    places = (digits if whole else max(digits, 1)) if chart.percent else 3
    sign = MINUS if scaled < 0 else "+" if chart.difference and scaled > 0 else ""
    return f"{sign}{abs(scaled):.{places}f}{'%' if chart.percent and not chart.difference else ''}"


def _cut(name: str, pixels: float) -> str:
    fits = int(pixels / LETTER)
    return name if len(name) <= fits else f"{name[: fits - 1].rstrip()}…"


def _text(x: float, y: float, said: str, *, anchor: str, fill: str = INK, font_size: int | None = None) -> Markup:
    return element("text", said, x=x, y=y, text_anchor=anchor, fill=fill, font_size=font_size)
