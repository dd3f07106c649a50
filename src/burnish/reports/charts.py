"""Charts: the numbers of each dot-and-interval chart as JSON; the browser draws them, the tables say the same."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from burnish.reports.markup import Markup, clean, element
from burnish.reports.numbers import is_share

CHART_ROWS = 40


@dataclass(frozen=True)
class Dot:
    """One line of a chart: a value with its interval; `tone` is plain, good, bad or quiet."""

    name: str
    value: float
    low: float
    high: float
    tone: str = "plain"


@dataclass(frozen=True)
class Chart:
    """A chart of dots with intervals over one axis.

    `references` are vertical lines (value, name); `band` is a shaded range that `note` explains.
    """

    title: str
    axis: str
    dots: tuple[Dot, ...]
    percent: bool
    difference: bool = False
    references: tuple[tuple[float, str], ...] = ()
    band: tuple[float, float] | None = None
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """Give the chart as the browser reads it."""
        return asdict(self)


def dot(name: Any, line: Mapping[str, Any], keys: tuple[str, str, str], tone: str = "plain") -> Dot | None:
    """Give the dot of a table line, or None where its value is unknown; a missing interval end is the value."""
    value = line.get(keys[0])
    if value is None or not math.isfinite(value):
        return None
    ends = [line.get(key) for key in keys[1:]]
    low, high = (float(value if end is None or not math.isfinite(end) else end) for end in ends)
    return Dot(clean(name, 60), float(value), low, high, tone)


def chart_of(title: str, metric: str, dots: Iterable[Dot | None], **options: Any) -> Chart | None:
    """Give a chart of the dots that are known, the first `CHART_ROWS`; None when there are none."""
    known = [d for d in dots if d is not None]
    if not known:
        return None
    axis = options.pop("axis", metric.replace("_", " "))
    note = options.pop("note", "")
    if len(known) > CHART_ROWS:
        note = f"the first {CHART_ROWS} of {len(known)}" + (f"; {note}" if note else "")
    return Chart(title, axis, tuple(known[:CHART_ROWS]), percent=is_share(metric), note=note, **options)


def chart_figure(name: str, chart: Chart | None) -> Markup | None:
    """Give the place where the browser draws a chart."""
    if chart is None:
        return None
    height = 76 + (34 if len(chart.dots) < 4 else 27) * len(chart.dots)
    return element(
        "figure",
        element("figcaption", chart.title, element("small", chart.note) if chart.note else None),
        element("div", class_="chart", data_chart=name, style=f"height:{height}px", role="img", aria_label=chart.title),
    )
