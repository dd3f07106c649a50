"""The report as short Markdown, for pull requests and CI logs."""

from burnish.reports.comparison import evaluation_parts
from burnish.reports.effect import verdict_line
from burnish.reports.facts import ReportFacts
from burnish.reports.found import code_counts, edits_by_code
from burnish.reports.markup import markdown_text
from burnish.reports.numbers import count, interval, p_value, percent
from burnish.reports.tables import Cell, markdown_table
from burnish.reports.words import code_title, kind_rank

SLICES_SHOWN = 10


def report_markdown(facts: ReportFacts) -> str:
    """Give verdict, arms, findings and weak slices as Markdown tables; strings of the data are escaped."""
    effect = [] if facts.measured is None else evaluation_parts(facts.measured, facts.summary.get("choice"))
    verdict = f"**{markdown_text(verdict_line(facts), 400)}**"
    return "\n\n".join([f"## {markdown_text(facts.heading)}", verdict, *effect, *_found(facts), *_slices(facts)]) + "\n"


def _found(facts: ReportFacts) -> list[str]:
    counts, done = code_counts(facts), edits_by_code(facts)
    if not counts:
        return ["No check found anything."]
    ordered = sorted(counts.items(), key=lambda item: (kind_rank(item[1]["kind"]), item[0]))
    lines = [
        (
            code,
            code_title(code, e["kind"]),
            e["severity"],
            Cell(count(e["findings"])),
            Cell(count(e["rows"])),
            done.get(code, "–"),
        )
        for code, e in ordered
    ]
    return [markdown_table(("code", "finding", "severity", "findings", "rows", "done"), lines)]


def _slices(facts: ReportFacts) -> list[str]:
    lines = [
        (
            line["description"] or line["slice"],
            Cell(count(line["size"])),
            Cell(percent(line["metric"])),
            Cell(interval(line["metric_low"], line["metric_high"], "accuracy")),
            Cell(p_value(line["q_value"])),
        )
        for line in facts.slices.slice(0, SLICES_SHOWN).to_pylist()
    ]
    if not lines:
        return []
    cut = [f"{SLICES_SHOWN} of {len(facts.slices):,} weak slices shown."] if len(facts.slices) > SLICES_SHOWN else []
    return [markdown_table(("weak slice", "rows", "accuracy", "95% interval", "q value"), lines), *cut]
