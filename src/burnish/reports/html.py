"""The report as one self-contained HTML page: no request, no script of others, escaped throughout."""

import json

from burnish.dataset import Evaluation
from burnish.reports.blob import MapRows, TextCut, map_blob, map_rows
from burnish.reports.changes import about_section, changes_section
from burnish.reports.charts import Chart
from burnish.reports.effect import effect_charts, effect_section, verdict_badge, verdict_line
from burnish.reports.effect_words import interval_title, outcome
from burnish.reports.evidence import evidence_section
from burnish.reports.facts import ReportFacts
from burnish.reports.found import found_section
from burnish.reports.map_image import map_image
from burnish.reports.markup import Markup, clean, element, join
from burnish.reports.numbers import count, lift_interval, metric_lift, metric_name, metric_value
from burnish.reports.page import card, html_page, page_bar, page_hero, page_section
from burnish.reports.slice_effects import slice_charts, slice_effects_section
from burnish.reports.structure import clusters_chart, clusters_section, slices_chart, slices_section
from burnish.reports.thumbnails import within_budget

MAX_BYTES = 5_900_000
LINKS = {
    "lift": "Effect", "found": "Findings", "map": "Map", "clusters": "Clusters", "slices": "Slices",
    "evidence": "Evidence", "changes": "Changes", "slice-effects": "Per slice", "about": "About",
}  # fmt: skip


def report_html(facts: ReportFacts, *, max_bytes: int = MAX_BYTES) -> str:
    """Give the whole report as one page of at most about `max_bytes` bytes.

    What does not fit is cut in a stated order, pictures past their budget, then text on the map; the
    page says what was cut.
    """
    facts, pictures_cut = within_budget(facts)
    rows = map_rows(facts)
    sections = _sections(facts, rows)
    page = _page(facts, sections, Markup(), Markup())
    shown = "".join(sections_html for _, _, sections_html in sections)
    extra = _json_block("burnish-pictures", {r: p for r, p in facts.thumbnails.items() if p not in shown})
    charts = _json_block("burnish-charts", _charts(facts))
    left = max_bytes - len(page.encode()) - len(extra) - len(charts) - 2_000
    blob, cut = map_blob(facts, rows, max_bytes=max(left, 0))
    data = join([extra, charts, element("script", Markup(blob), type="text/plain", id="burnish-map")])
    return _page(facts, sections, data, _cut_note(facts, rows, cut, pictures_cut))


def _sections(facts: ReportFacts, rows: MapRows) -> list[tuple[str, str, Markup]]:
    """Give (anchor, title, content) of each section that has something to say."""
    measured = facts.measured
    offered = (
        ("lift", "Effect on the model", effect_section(measured, facts.summary.get("choice")) if measured else None),
        ("found", "What was found", found_section(facts)),
        ("map", "Map", _map_section(facts, rows) if len(rows.positions) else None),
        ("clusters", "Clusters", clusters_section(facts)),
        ("slices", "Weak slices", slices_section(facts) if _has_predictions(facts) else None),
        ("evidence", "Evidence", evidence_section(facts)),
        ("changes", "What was changed and why", changes_section(facts) if facts.changeset is not None else None),
        ("slice-effects", "Before and after per slice", slice_effects_section(measured) if measured else None),
        ("about", "How this was made", about_section(facts)),
    )
    return [(anchor, title, content) for anchor, title, content in offered if content is not None]


def _page(facts: ReportFacts, sections: list[tuple[str, str, Markup]], data: Markup, note: Markup) -> str:
    bar = page_bar((anchor, LINKS[anchor], title) for anchor, title, _ in sections)
    main = [_hero(facts), *(page_section(*section) for section in sections)]
    return html_page(f"{clean(facts.heading, 120)} · burnish report", bar, main, note, data=data)


def _hero(facts: ReportFacts) -> Markup:
    made = [facts.summary.get("version"), facts.summary.get("new_version")]
    versions = " → ".join(clean(v, 40) for v in made if v)
    line = " · ".join(part for part in (versions, clean(facts.summary.get("created") or "", 40)) if part)
    return page_hero(facts.heading, line, (verdict_badge(facts), " ", _without_verdict(facts)), _cards(facts))


def _without_verdict(facts: ReportFacts) -> str:
    """Give the sentence of the verdict without its first word where the badge says it already."""
    sentence = verdict_line(facts)
    word = "" if facts.measured is None else outcome(facts.measured)[0]
    for start in (f"{word}: ", f"{word}, "):
        if word and sentence.startswith(start):
            rest = sentence.removeprefix(start)
            return clean(rest[:1].upper() + rest[1:], 400)
    return clean(sentence, 400)


def _cards(facts: ReportFacts) -> list[Markup]:
    summary, measured = facts.summary, facts.measured
    flagged = len(set(facts.findings["row_id"].drop_null().to_pylist())) if len(facts.findings) else 0
    pairs = [("rows", count(summary.get("n_rows", len(facts.rows))))]
    if summary.get("n_evaluation"):
        pairs.append(("train + evaluation", f"{count(summary.get('n_train'))} + {count(summary['n_evaluation'])}"))
    pairs.append(("rows flagged", count(flagged)))
    if facts.changeset is not None:
        pairs.append(("edits", count(len(facts.edits))))
    cards = [card(*pair) for pair in pairs]
    return [*cards, *(_effect_cards(measured) if measured else ())]


def _effect_cards(evaluation: Evaluation) -> list[Markup]:
    metric, arms = evaluation.metric, {arm.name: arm for arm in evaluation.arms}
    ends = [metric_value(arms[name].value, metric) for name in ("before", "after") if name in arms]
    lift = metric_lift(evaluation.lift, metric)
    sure = element("small", lift_interval(evaluation.lift_low, evaluation.lift_high, metric))
    return [
        card(metric_name(metric), element("span", " → ".join(ends), class_="whole")),
        card(f"lift, {interval_title(evaluation)}", lift, " ", sure),
    ]


def _map_section(facts: ReportFacts, rows: MapRows) -> Markup:
    shown, total = len(rows.positions), rows.total
    said = f"{shown:,} rows" if shown == total else f"{shown:,} rows, a uniform sample of {total:,}"
    image = element("img", src=map_image(facts, rows), alt=f"Map of {said}, colored by cluster", class_="static-map")
    how = element(
        "p",
        f"{said}; rows that mean similar things lie near each other. Distances across the map say little.",
        class_="quiet",
    )
    return join([how, element("div", element("noscript", image), id="map-app")])


def _cut_note(facts: ReportFacts, rows: MapRows, cut: TextCut, pictures_cut: int) -> Markup:
    said = ["Made by burnish; this page holds its data and makes no request."]
    if facts.texts is not None and len(rows.positions):
        said.append(
            f"On the map {cut.rows:,} of {len(rows.positions):,} rows carry text, cut at {cut.characters} characters."
        )
    if pictures_cut:
        said.append(f"{pictures_cut:,} thumbnails were left out to keep the page small.")
    return element("span", " ".join(said))


def _charts(facts: ReportFacts) -> dict[str, object]:
    charts: dict[str, Chart | None] = {
        **(effect_charts(facts.measured) | slice_charts(facts.measured) if facts.measured else {}),
        "clusters": clusters_chart(facts), "slices": slices_chart(facts),
    }  # fmt: skip
    return {name: chart.to_json() for name, chart in charts.items() if chart is not None}


def _json_block(name: str, document: object) -> Markup:
    text = (
        json.dumps(document, ensure_ascii=True).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    )
    return element("script", Markup(text), type="application/json", id=name)


def _has_predictions(facts: ReportFacts) -> bool:
    predicted = facts.column("predicted_label")
    return bool(len(facts.slices)) or predicted.null_count < len(predicted)
