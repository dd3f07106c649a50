"""Tables: plain HTML tables that the browser can sort and a screen reader can name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from burnish.reports.markup import Markup, element


@dataclass(frozen=True)
class Cell:
    """A number as it is shown, and the value that it sorts by."""

    shown: str
    value: float | int | None = None


def data_table(caption: str, head: Sequence[str], lines: Iterable[Sequence[object]], *, wide: bool = False) -> Markup:
    """Give a captioned table in a box that scrolls sideways; `Cell`s are numbers and align right."""
    body = [list(line) for line in lines]
    numeric = [any(isinstance(line[i], Cell) for line in body) for i in range(len(head))]
    titles = [element("th", t, scope="col", class_="n" if n else None) for t, n in zip(head, numeric, strict=True)]
    rows = [element("tr", [_cell(value, first=i == 0) for i, value in enumerate(line)]) for line in body]
    table = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", titles)),
        element("tbody", rows),
        data_sortable=len(body) > 2,
        class_="wide" if wide else None,
    )
    return element("div", table, class_="scroll", tabindex="0", role="region", aria_label=caption)


def _cell(value: object, *, first: bool) -> Markup:
    if isinstance(value, Cell):
        return element("td", value.shown, class_="n", data_value=value.value)
    return element("th", value, scope="row") if first else element("td", value)
