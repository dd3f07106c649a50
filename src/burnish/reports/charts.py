"""Charts: the numbers of each dot-and-interval chart; a browser or `drawing` draws them, the tables say the same."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from burnish.reports.markup import clean
from burnish.reports.numbers import is_share, known

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
    value, low, high = (line.get(key) for key in keys)
    return dot_of(name, (value, low, high), tone)


def dot_of(name: Any, values: tuple[Any, Any, Any], tone: str = "plain") -> Dot | None:
    """Give the dot of a value with its interval, or None where it is unknown; a missing end is the value."""
    value, *ends = values
    if not known(value):
        return None
    low, high = (float(end if known(end) else value) for end in ends)
    return Dot(clean(name, 60), float(value), low, high, tone)


def chart_of(title: str, metric: str, dots: Iterable[Dot | None], **options: Any) -> Chart | None:
    """Give a chart of the dots that are known, the first `CHART_ROWS`; None when there are none."""
    drawn = [d for d in dots if d is not None]
    if not drawn:
        return None
    axis = clean(options.pop("axis", metric.replace("_", " ")), 60)
    note = options.pop("note", "")
    if len(drawn) > CHART_ROWS:
        note = f"the first {CHART_ROWS} of {len(drawn)}" + (f"; {note}" if note else "")
    return Chart(clean(title, 120), axis, tuple(drawn[:CHART_ROWS]), percent=is_share(metric), note=note, **options)
