"""Effect: the verdict in one sentence, the arms of the measurement, the lift, and the lift per slice."""

from collections.abc import Mapping
from typing import Any

from burnish.reports.charts import Chart, chart_figure, chart_of, dot
from burnish.reports.facts import ReportFacts
from burnish.reports.markup import Markup, clean, element, join
from burnish.reports.numbers import (
    count,
    is_share,
    lift_interval,
    lift_unit,
    metric_lift,
    metric_name,
    metric_value,
    p_value,
    plural,
)
from burnish.reports.tables import Cell, data_table
from burnish.reports.words import VERDICTS, arm_name

ARM_ORDER = ("before", "after", "control")
SLICES_SHOWN = 40
LIFT_KEYS = (
    ("after − before", "lift", "lift_low", "lift_high"),
    ("after − control", "lift_vs_control", "lift_vs_control_low", "lift_vs_control_high"),
)


def verdict_line(facts: ReportFacts) -> str:
    """Give the verdict of a measurement, or of an audit what was found, as one sentence."""
    given = facts.summary.get("verdict_sentence")
    if given:
        return str(given)
    n_rows = int(facts.summary.get("n_rows", len(facts.rows)))
    flagged = len(set(facts.findings["row_id"].drop_null().to_pylist())) if len(facts.findings) else 0
    if not len(facts.findings):
        return f"Nothing was found in {n_rows:,} rows."
    n_findings = len(set(facts.findings["finding_id"].to_pylist()))
    return f"{plural(n_findings, 'finding')} in {n_rows:,} rows; {plural(flagged, 'row')} flagged."


def verdict_badge(facts: ReportFacts) -> Markup:
    """Give the verdict as a word with a sign; `Audit` where nothing was measured."""
    verdict = facts.evaluation["verdict"] if facts.evaluation else facts.summary.get("verdict")
    word, sign = VERDICTS.get(str(verdict), ("Audit", "◎"))
    tone = str(verdict).replace(" ", "-") if verdict in VERDICTS else "audit"
    return element("span", element("span", sign, aria_hidden="true"), f" {word}", class_=f"badge {tone}")


def effect_section(evaluation: Mapping[str, Any]) -> Markup:
    """Give the arms and the lift as charts and as tables."""
    metric = evaluation["metric"]
    figures = [chart_figure("arms", arms_chart(evaluation)), chart_figure("lift", lift_chart(evaluation))]
    notes = [element("li", clean(note, 400)) for note in evaluation.get("notes") or ()]
    return join(
        part
        for part in (
            element("p", _reading(evaluation, metric)),
            element("div", [f for f in figures if f is not None], class_="charts"),
            _arms_table(evaluation, metric),
            _lift_table(evaluation, metric),
            element("ul", notes) if notes else None,
        )
        if part is not None
    )


def arms_chart(evaluation: Mapping[str, Any]) -> Chart | None:
    """Give the metric of each arm as a chart, with a line at the value before."""
    arms, before = evaluation["arms"], evaluation["arms"].get("before")
    dots = [dot(arm_name(n), arms[n], ("value", "low", "high"), _arm_tone(n)) for n in ordered_arms(arms)]
    lines = ((float(before["value"]), "before"),) if before else ()
    title = (
        f"{metric_name(evaluation['metric']).capitalize()} on the same {count(evaluation['n_eval'])} evaluation rows"
    )
    return chart_of(title, evaluation["metric"], dots, references=lines)


def lift_chart(evaluation: Mapping[str, Any]) -> Chart | None:
    """Give the lift against zero, the margin, and the range that this evaluation set cannot show."""
    metric, margin = evaluation["metric"], float(evaluation.get("margin") or 0)
    visible = evaluation.get("smallest_visible_lift")
    dots = [
        dot(name, evaluation, (value, low, high), _lift_tone(evaluation, low, high))
        for name, value, low, high in LIFT_KEYS
        if evaluation.get(value) is not None
    ]
    lines: tuple[tuple[float, str], ...] = ((0.0, ""),)
    if margin > 0:
        lines += ((-margin, f"margin −{100 * margin:g}" if is_share(metric) else "margin"),)
    band = None if visible is None else (-float(visible), float(visible))
    note = "" if visible is None else "shaded: too small for this evaluation set to show"
    options = {"references": lines, "band": band, "note": note, "difference": True, "axis": lift_unit(metric)}
    return chart_of("Lift with its interval", metric, dots, **options)


def slice_effects_section(evaluation: Mapping[str, Any]) -> Markup | None:
    """Give before against after per slice, regressions first; None when it was not measured."""
    slices = sorted(evaluation.get("slices") or (), key=lambda s: (not s.get("regressed"), s["lift"]))
    if not slices:
        return None
    metric, shown = evaluation["metric"], slices[:SLICES_SHOWN]
    head = ("slice", "rows", "before", "after", "lift", "95% interval", "q value", "")
    lines = [_slice_line(s, metric) for s in shown]
    worse = sum(bool(s.get("regressed")) for s in slices)
    said = f"{plural(worse, 'slice')} of {len(slices):,} regressed." if worse else f"None of {len(slices):,} regressed."
    cut = f" The {len(shown)} lowest lifts are shown." if len(shown) < len(slices) else ""
    figure = chart_figure("slice-effects", slice_effects_chart(evaluation))
    table = data_table("Before and after per slice", head, lines)
    return join([element("p", said + cut), element("div", figure, class_="charts") if figure else None, table])


def slice_effects_chart(evaluation: Mapping[str, Any]) -> Chart | None:
    """Give the lift of each slice as a chart, regressions first."""
    slices = sorted(evaluation.get("slices") or (), key=lambda s: (not s.get("regressed"), s["lift"]))
    metric = evaluation["metric"]
    dots = [dot(s["slice"], s, ("lift", "low", "high"), _slice_tone(s)) for s in slices]
    return chart_of("Lift per slice", metric, dots, difference=True, references=((0.0, ""),), axis=lift_unit(metric))


def ordered_arms(arms: Mapping[str, Any]) -> list[str]:
    """Give the names of the arms: before, after, control, then one per code."""
    known = [name for name in ARM_ORDER if name in arms]
    return known + sorted(name for name in arms if name not in ARM_ORDER)


def charts_of(evaluation: Mapping[str, Any] | None) -> dict[str, Chart | None]:
    """Give the charts of a measurement by name."""
    if evaluation is None:
        return {}
    return {
        "arms": arms_chart(evaluation),
        "lift": lift_chart(evaluation),
        "slice-effects": slice_effects_chart(evaluation),
    }


def _reading(evaluation: Mapping[str, Any], metric: str) -> str:
    confidence = 100 * float(evaluation.get("confidence") or 0.95)
    text = (
        "The same recipe was trained on the rows before and after the change, and on a control that loses as many "
        f"rows at random; all are measured on the same evaluation rows. Intervals hold at {confidence:g}%."
    )
    visible = evaluation.get("smallest_visible_lift")
    if visible is None:
        return text
    return f"{text} A lift under {metric_lift(visible, metric).lstrip('+')} {lift_unit(metric)} would stay unseen here."


def _arms_table(evaluation: Mapping[str, Any], metric: str) -> Markup:
    arms = evaluation["arms"]
    head = ("arm", metric_name(metric), "95% interval", "train rows", "seeds")
    lines = [
        (
            arm_name(name),
            Cell(metric_value(arms[name]["value"], metric), arms[name]["value"]),
            Cell(f"[{metric_value(arms[name]['low'], metric)}, {metric_value(arms[name]['high'], metric)}]"),
            Cell(count(arms[name]["n_train"]), arms[name]["n_train"]),
            Cell(count(arms[name]["seeds"]), arms[name]["seeds"]),
        )
        for name in ordered_arms(arms)
    ]
    return data_table("Arms of the measurement", head, lines)


def _lift_table(evaluation: Mapping[str, Any], metric: str) -> Markup:
    lines = [
        (
            name,
            Cell(metric_lift(evaluation[value], metric)),
            Cell(lift_interval(evaluation[low], evaluation[high], metric)),
        )
        for name, value, low, high in LIFT_KEYS
        if evaluation.get(value) is not None
    ]
    return data_table("Lift", ("difference", lift_unit(metric), "95% interval"), lines)


def _slice_line(line: Mapping[str, Any], metric: str) -> tuple[object, ...]:
    mark = element("span", "✗ regressed", class_="bad") if line.get("regressed") else ""
    return (
        clean(line["slice"], 80),
        Cell(count(line["size"]), line["size"]),
        Cell(metric_value(line["before"], metric), line["before"]),
        Cell(metric_value(line["after"], metric), line["after"]),
        Cell(metric_lift(line["lift"], metric), line["lift"]),
        Cell(lift_interval(line["low"], line["high"], metric)),
        Cell(p_value(line["q_value"]), line["q_value"]),
        mark,
    )


def _arm_tone(name: str) -> str:
    return {"after": "good", "control": "quiet"}.get(name, "plain")


def _lift_tone(evaluation: Mapping[str, Any], low: str, high: str) -> str:
    if float(evaluation[low]) > 0:
        return "good"
    return "bad" if float(evaluation[high]) < 0 else "plain"


def _slice_tone(line: Mapping[str, Any]) -> str:
    if line.get("regressed"):
        return "bad"
    return "good" if line["low"] > 0 else "plain"
