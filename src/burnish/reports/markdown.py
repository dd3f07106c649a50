"""The report as short Markdown, for pull requests and CI logs."""

import re
from collections.abc import Iterable, Sequence

from burnish.reports.effect import ordered_arms, verdict_line
from burnish.reports.facts import ReportFacts
from burnish.reports.found import code_counts, edits_by_code
from burnish.reports.markup import clean
from burnish.reports.numbers import (
    count,
    interval,
    lift_interval,
    lift_unit,
    metric_lift,
    metric_name,
    metric_value,
    p_value,
    percent,
)
from burnish.reports.words import arm_name, code_title, kind_rank

SLICES_SHOWN = 10
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!@])")


def report_markdown(facts: ReportFacts) -> str:
    """Give verdict, arms, findings and weak slices as Markdown tables; strings of the data are escaped."""
    parts = [f"## {_plain(facts.heading)}", f"**{_plain(verdict_line(facts), 400)}**", *_effect(facts), *_found(facts)]
    return "\n\n".join([*parts, *_slices(facts)]) + "\n"


def _effect(facts: ReportFacts) -> list[str]:
    evaluation = facts.evaluation
    if not evaluation:
        return []
    metric, arms = evaluation["metric"], evaluation["arms"]
    lines = [
        (
            arm_name(name),
            metric_value(arms[name]["value"], metric),
            interval(arms[name]["low"], arms[name]["high"], metric),
            count(arms[name]["n_train"]),
        )
        for name in ordered_arms(arms)
    ]
    lift = metric_lift(evaluation["lift"], metric)
    ends = lift_interval(evaluation["lift_low"], evaluation["lift_high"], metric)
    said = f"Lift {lift} {ends} {lift_unit(metric)} on {count(evaluation['n_eval'])} evaluation rows."
    return [_table(("arm", metric_name(metric), "95% interval", "train rows"), lines), said]


def _found(facts: ReportFacts) -> list[str]:
    counts, done = code_counts(facts), edits_by_code(facts)
    if not counts:
        return ["No check found anything."]
    ordered = sorted(counts.items(), key=lambda item: (kind_rank(item[1]["kind"]), item[0]))
    lines = [
        (code, code_title(code, e["kind"]), e["severity"], count(e["findings"]), count(e["rows"]), done.get(code, "–"))
        for code, e in ordered
    ]
    return [_table(("code", "finding", "severity", "findings", "rows", "done"), lines)]


def _slices(facts: ReportFacts) -> list[str]:
    lines = [
        (
            line["description"] or line["slice"],
            count(line["size"]),
            percent(line["metric"]),
            interval(line["metric_low"], line["metric_high"], "accuracy"),
            p_value(line["q_value"]),
        )
        for line in facts.slices.slice(0, SLICES_SHOWN).to_pylist()
    ]
    if not lines:
        return []
    cut = [f"{SLICES_SHOWN} of {len(facts.slices):,} weak slices shown."] if len(facts.slices) > SLICES_SHOWN else []
    return [_table(("weak slice", "rows", "accuracy", "95% interval", "q value"), lines), *cut]


def _table(head: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    rows = [head, ["---"] * len(head), *([_plain(cell) for cell in line] for line in lines)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _plain(value: object, limit: int = 120) -> str:
    return _SPECIAL.sub(r"\\\1", clean(value, limit)).replace("&", "&amp;")
