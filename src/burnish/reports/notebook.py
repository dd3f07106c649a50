"""Notebook: an audit and the effect of a change as a piece of HTML that stands by itself, without a script."""

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any

from burnish.dataset import Evaluation
from burnish.reports.charts import Chart
from burnish.reports.drawing import drawn_chart, said
from burnish.reports.effect import effect_charts
from burnish.reports.effect_tables import arms_table
from burnish.reports.effect_words import claim_sentence, gate_sentence, lift_sentence, outcome
from burnish.reports.markup import Markup, clean, element, join
from burnish.reports.numbers import count, percent
from burnish.reports.tables import Cell, data_table
from burnish.reports.words import SIGNS, code_title, kind_rank

# The class twice, to be heard beside JupyterLab's rule for cells of tables.
STYLE = Markup(
    ".burnish{font:14px/1.5 system-ui,sans-serif;max-width:760px}.burnish p{margin:0 0 8px}"
    ".burnish.burnish table{border-collapse:collapse;width:100%;table-layout:auto;margin:0 0 8px;font:inherit}"
    ".burnish.burnish caption{text-align:left;font-weight:600}.burnish.burnish .n{text-align:right}"
    ".burnish.burnish th,.burnish.burnish td{text-align:left;padding:3px 12px 3px 0;"
    "border-bottom:1px solid #8884;vertical-align:top}"
    ".burnish img{display:block;max-width:100%;border-radius:8px;margin:0 0 8px}"
)
# A picture is light or dark as the color scheme around it; with a ground of its own it can be read on any.
PICTURE_STYLE = Markup(
    "svg{background:#fff;font-family:system-ui,sans-serif}@media(prefers-color-scheme:dark){svg{background:#151a21;"
    "--ink:#e8ecf2;--quiet:#9fabbc;--line:#303846;--shade:#ffffff14;"
    "--tone-plain:#7db4ff;--tone-good:#4fd1a1;--tone-bad:#ff8a80;--tone-quiet:#9fabbc}}"
)
_NOT_XML = re.compile("[\ufffe\uffff]")


def audit_html(summary: Mapping[str, Any]) -> str:
    """Give the document of `summary.json` as a heading, what was found and how far each detector can be trusted."""
    rows = f"{count(summary['n_rows'])} rows, {count(summary['n_evaluation'])} of them locked for evaluation"
    heading = element("p", element("strong", clean(summary["title"], 120)), f" · {rows}")
    found: Mapping[str, Mapping[str, Any]] = summary["findings"]
    if not found:
        return _piece([heading, element("p", "No check found anything.")])
    order = sorted(found.items(), key=lambda item: (kind_rank(item[1]["kind"]), item[0]))
    detectors: Mapping[str, Mapping[str, Any]] = summary.get("detectors", {})
    lines = [_found(code, entry, detectors.get(code)) for code, entry in order]
    head = ("code", "finding", "findings", "rows", "right", "for example")
    note = element("p", element("small", "right: 95 % interval of the precision, from defects planted in this data."))
    return _piece([heading, data_table("What was found", head, lines), note if detectors else None])


def effect_html(evaluation: Evaluation) -> str:
    """Give an evaluation as its verdict, the lift with its interval, arms and charts."""
    word, sign, _ = outcome(evaluation)
    verdict = element("p", element("strong", f"{sign} {word}"), f": {lift_sentence(evaluation)}")
    sentences = [claim_sentence(evaluation), gate_sentence(evaluation)]
    told = [element("p", sentence) for sentence in sentences if sentence]
    charts = [_figure(chart) for chart in effect_charts(evaluation).values() if chart is not None]
    return _piece([verdict, *told, *charts, data_table(*arms_table(evaluation))])


def _found(code: str, entry: Mapping[str, Any], detector: Mapping[str, Any] | None) -> list[object]:
    sure = ""
    if detector is not None and detector.get("precision_low") is not None:
        sure = f"{percent(detector['precision_low'], 0)} to {percent(detector['precision_high'], 0)}"
    title = f"{SIGNS.get(entry['severity'], '○')} {code_title(code, entry['kind'])}"
    numbers = [Cell(count(entry[name]), entry[name]) for name in ("findings", "rows")]
    return [clean(code, 20), title, *numbers, sure, clean(entry["message"], 160)]


def _figure(chart: Chart) -> Markup:
    """Give the chart as a picture: of a drawing, a notebook that is not trusted would show the words without lines."""
    opening, rest = _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", drawn_chart(chart)).split(">", 1)
    drawn = f'{opening} xmlns="http://www.w3.org/2000/svg">{element("style", PICTURE_STYLE)}{rest}'
    source = f"data:image/svg+xml;base64,{b64encode(drawn.encode()).decode()}"
    title = element("p", element("strong", chart.title), f" {chart.note}")
    return join([title, element("img", src=source, alt=said(chart))])


def _piece(parts: Iterable[object]) -> str:
    """Give a plain string: marimo takes no subclass of it."""
    return str(element("div", element("style", STYLE), parts, class_="burnish"))
