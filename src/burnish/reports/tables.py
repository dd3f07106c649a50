"""Tables: the same lines as an HTML table that the browser can sort and a screen reader can name, or as Markdown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from burnish.reports.markup import Markup, element, markdown_text


@dataclass(frozen=True)
class Cell:
    """A number as it is shown, and the value that it sorts by."""

    shown: str
    value: float | int | None = None

    def __str__(self) -> str:
        return self.shown


@dataclass(frozen=True)
class Mark:
    """A word that warns, with a sign."""

    shown: str

    def __str__(self) -> str:
        return self.shown


class Table(NamedTuple):
    """A table before it has a form; strings of the data in it are escaped when it gets one."""

    caption: str
    head: Sequence[str]
    lines: Sequence[Sequence[object]]


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


def markdown_table(head: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    """Give a Markdown table; numbers align right."""
    body = [list(line) for line in lines]
    rules = ["---:" if any(isinstance(line[i], Cell) for line in body) else "---" for i in range(len(head))]
    rows = [[markdown_text(cell) for cell in line] for line in (head, *body)]
    first, *rest = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([first, f"| {' | '.join(rules)} |", *rest])


def _cell(value: object, *, first: bool) -> Markup:
    if isinstance(value, Cell):
        return element("td", value.shown, class_="n", data_value=value.value)
    if isinstance(value, Mark):
        return element("td", element("span", value.shown, class_="bad"))
    return element("th", value, scope="row") if first else element("td", value)
