"""Structure: the clusters of the data set, and the slices on which the model is weak."""

from collections.abc import Mapping
from typing import Any

import pyarrow.compute as pc

from burnish.reports.cards import row_content, row_text
from burnish.reports.charts import Chart, chart_of, dot
from burnish.reports.drawing import chart_figure
from burnish.reports.facts import ReportFacts
from burnish.reports.markup import Markup, clean, element, join
from burnish.reports.numbers import count, interval, lift_interval, metric_lift, number, p_value, percent
from burnish.reports.tables import Cell, data_table

CLUSTERS_SHOWN = 24
EXEMPLARS_SHOWN = 3
EXEMPLAR_PICTURES = 6
SLICES_SHOWN = 30
METRIC = "accuracy"


def clusters_section(facts: ReportFacts) -> Markup | None:
    """Give a card per cluster of the working level, largest first; None when there are none."""
    lines = working_clusters(facts)
    if not lines:
        return None
    noise = int(pc.sum(pc.equal(facts.column("cluster"), -1)).as_py() or 0)
    said = f"{len(lines):,} clusters"
    said += f", the {CLUSTERS_SHOWN} largest shown; all are in clusters.parquet" if len(lines) > CLUSTERS_SHOWN else ""
    said += f". {noise:,} rows ({percent(noise / max(len(facts.rows), 1))}) belong to none." if noise else "."
    cards = [_cluster_card(facts, line) for line in lines[:CLUSTERS_SHOWN]]
    parts = [
        element("p", said),
        element("div", cards, class_="clusters"),
        chart_figure("clusters", clusters_chart(facts)),
    ]
    return join([*parts, _harmful(facts)])


def _harmful(facts: ReportFacts) -> Markup | None:
    """Give the clusters that take from the model as a table, with the likely reason; None when there are none."""
    lines = facts.summary.get("harmful_clusters") or []
    if not lines:
        return None
    head = ("cluster that takes from the model", "train rows", "value", "95% interval", "retrained", "likely reason")
    return data_table("Clusters without which the model would be better", head, [_harmful_line(one) for one in lines])


def _harmful_line(line: Mapping[str, Any]) -> tuple[object, ...]:
    exact = line.get("exact_value")
    reason = line.get("reason") or "–"
    share = line.get("reason_share")
    return (
        clean(line.get("name") or f"cluster {line['cluster']}", 80),
        Cell(count(line["n_train"]), line["n_train"]),
        Cell(metric_lift(line["value"], METRIC), line["value"]),
        Cell(lift_interval(line["low"], line["high"], METRIC)),
        Cell("–" if exact is None else metric_lift(exact, METRIC)),
        clean(reason if share is None else f"{reason} ({percent(share)} of its rows)", 80),
    )


def working_clusters(facts: ReportFacts) -> list[Mapping[str, Any]]:
    """Give the clusters that rows belong to at the working level, largest first."""
    used = set(pc.unique(facts.column("cluster")).to_pylist()) - {-1, None}
    lines = [line for line in facts.clusters.to_pylist() if line["cluster"] in used]
    return sorted(lines, key=lambda line: (-(line["size"] or 0), line["cluster"]))


def clusters_chart(facts: ReportFacts) -> Chart | None:
    """Give the accuracy of the probe in each cluster, worst first."""
    lines = [line for line in working_clusters(facts) if line["accuracy"] is not None]
    lines.sort(key=lambda line: line["accuracy"])
    dots = [dot(_name(line), line, ("accuracy", "accuracy_low", "accuracy_high")) for line in lines]
    overall = _overall_accuracy(facts)
    references = () if overall is None else ((overall, "all rows"),)
    return chart_of("Accuracy of the probe per cluster, lowest first", METRIC, dots, references=references)


def slices_section(facts: ReportFacts) -> Markup:
    """Give the weak slices as a chart and a table, or say that none was found."""
    lines = facts.slices.to_pylist()
    if not lines:
        return element("p", "No slice is significantly worse than the rest.", class_="quiet")
    head = ("slice", "kind", "rows", "accuracy", "95% interval", "gap to the rest", "q value")
    table = data_table("Weak slices", head, [_slice_line(line) for line in lines[:SLICES_SHOWN]], wide=True)
    shown = f"{min(len(lines), SLICES_SHOWN)} of {len(lines):,} shown"
    said = f"{shown}. The q value bounds the share of false discoveries among slices at least as sure."
    return join([element("p", said), chart_figure("slices", slices_chart(facts)), table])


def slices_chart(facts: ReportFacts) -> Chart | None:
    """Give the metric of each weak slice with its interval, with a line at the value over all rows."""
    lines = facts.slices.to_pylist()[:SLICES_SHOWN]
    dots = [dot(line["description"], line, ("metric", "metric_low", "metric_high"), "bad") for line in lines]
    overall = _overall_accuracy(facts)
    references = () if overall is None else ((overall, "all rows"),)
    return chart_of("Weak slices against all rows", METRIC, dots, references=references)


def _overall_accuracy(facts: ReportFacts) -> float | None:
    right = pc.equal(facts.column("label").cast("string"), facts.column("predicted_label").cast("string"))
    mean = pc.mean(right.cast("float64")).as_py()
    return None if mean is None else float(mean)


def _name(line: Mapping[str, Any]) -> str:
    return clean(line["name"] or f"cluster {line['cluster']}", 60)


def _cluster_card(facts: ReportFacts, line: Mapping[str, Any]) -> Markup:
    words = [element("span", clean(w, 30), class_="chip") for w in (line["keywords"] or [])[:8]]
    pairs = [
        ("rows", f"{count(line['size'])} · {percent(line['share'])}"),
        ("stability", number(line["stability"], 2)),
        ("accuracy, 95% interval", _with_interval(percent(line["accuracy"]), line)),
        ("value", metric_lift(line["value"], METRIC)),
    ]
    known = [element("div", element("dt", n), element("dd", v)) for n, v in pairs if v != "–"]
    return element(
        "article",
        element("h3", _name(line)),
        element("p", join(words, " "), class_="chips") if words else None,
        element("dl", known, class_="stats"),
        _exemplars(facts, line["exemplars"] or []),
        class_="cluster card",
        data_cluster=line["cluster"],
    )


def _with_interval(value: str, line: Mapping[str, Any]) -> str:
    return value if value == "–" else f"{value} {interval(line['accuracy_low'], line['accuracy_high'], METRIC)}"


def _exemplars(facts: ReportFacts, row_ids: list[str]) -> Markup | None:
    pictures = [r for r in row_ids if r in facts.thumbnails][:EXEMPLAR_PICTURES]
    if pictures:
        return element("div", [row_content(facts, r) for r in pictures], class_="thumbs")
    given = (row_text(facts, row_id) for row_id in row_ids)
    texts = list(dict.fromkeys(clean(text, 140) for text in given if text is not None))[:EXEMPLARS_SHOWN]
    if texts:
        return element("ul", [element("li", t, dir="auto") for t in texts], class_="exemplars")
    records = [row_content(facts, r) for r in row_ids[:1]] if facts.records is not None else []
    return element("div", records) if records else None


def _slice_line(line: Mapping[str, Any]) -> tuple[object, ...]:
    return (
        clean(line["description"] or line["slice"], 100),
        clean(line["kind"] or "", 20),
        Cell(count(line["size"]), line["size"]),
        Cell(percent(line["metric"]), line["metric"]),
        Cell(interval(line["metric_low"], line["metric_high"], METRIC)),
        Cell(metric_lift(_gap(line["gap"]), METRIC), line["gap"]),
        Cell(p_value(line["q_value"]), line["q_value"]),
    )


def _gap(gap: float | None) -> float | None:
    """Slices are worse than the rest, so the gap reads as a loss whichever sign it was stored with."""
    return None if gap is None else -abs(gap)
