"""Effect: the verdict, the arms of the measurement, the lift, and what each code adds to it."""

from collections.abc import Mapping, Sequence
from typing import Any

from burnish.dataset import Evaluation
from burnish.reports.charts import Chart, Dot, chart_of, dot_of
from burnish.reports.drawing import chart_figure
from burnish.reports.effect_tables import (
    arms_table,
    choice_table,
    left_out_sentences,
    lifts,
    lifts_table,
    ordered_arms,
    shares_table,
)
from burnish.reports.effect_words import (
    arm_title,
    aside_sentence,
    claim_sentence,
    classical_sentence,
    gate_sentence,
    outcome,
    together_sentence,
    visible_sentence,
)
from burnish.reports.facts import ReportFacts
from burnish.reports.markup import Markup, clean, element, join
from burnish.reports.numbers import count, is_loss, is_share, known, lift_unit, metric_name, plural
from burnish.reports.tables import data_table


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
    word, sign, tone = ("Audit", "◎", "audit") if facts.measured is None else outcome(facts.measured)
    return element("span", element("span", sign, aria_hidden="true"), f" {word}", class_=f"badge {tone}")


def effect_section(evaluation: Evaluation, choice: Sequence[Mapping[str, Any]] | None = None) -> Markup:
    """Give what was measured as sentences, charts and tables; `choice`: what the inner folds said of each code."""
    charts = effect_charts(evaluation)
    figures = [chart_figure(name, chart) for name, chart in charts.items() if chart is not None]
    shares = shares_table(evaluation)
    tables = [arms_table(evaluation), lifts_table(evaluation), *([shares] if shares else [])]
    tables += [choice_table(choice, evaluation.metric)] if choice else []
    return join(
        [
            element("p", _reading(evaluation)),
            _gate_line(evaluation),
            element("div", figures, class_="charts"),
            *(data_table(*table) for table in tables),
            _sentences(evaluation, choice or ()),
        ]
    )


def effect_charts(evaluation: Evaluation) -> dict[str, Chart | None]:
    """Give the charts of the section by name."""
    return {"arms": arms_chart(evaluation), "lift": lift_chart(evaluation), "shares": shares_chart(evaluation)}


def arms_chart(evaluation: Evaluation) -> Chart | None:
    """Give the metric of each arm as a chart, with a line at the value before."""
    arms = ordered_arms(evaluation)
    tones = {"after": lift_tone(evaluation.lift_low, evaluation.lift_high), "control": "quiet"}
    dots = [
        dot_of(arm_title(evaluation, arm.name), (arm.value, arm.low, arm.high), tones.get(arm.name, "plain"))
        for arm in arms
    ]
    lines = tuple((arm.value, arm_title(evaluation, "before")) for arm in arms if arm.name == "before")
    title = f"{metric_name(evaluation.metric).capitalize()} on the same {count(evaluation.n_eval)} evaluation rows"
    note = "lower is better" if is_loss(evaluation.metric) else ""
    return chart_of(title, evaluation.metric, dots, references=lines, note=note)


def lift_chart(evaluation: Evaluation) -> Chart | None:
    """Give the lifts against zero, the margin, and the range that this evaluation set cannot show."""
    metric, margin, visible = evaluation.metric, evaluation.margin, evaluation.smallest_visible_lift
    dots = [lift_dot(name, line) for name, line in lifts(evaluation)]
    lines: tuple[tuple[float, str], ...] = ((0.0, ""),)
    if margin > 0:
        lines += ((-margin, f"margin −{100 * margin:g}" if is_share(metric) else "margin"),)
    seen = known(visible)
    note = "shaded: too small for this evaluation set to show" if seen else ""
    options = {"band": (-visible, visible) if seen else None, "note": note, "references": lines}
    return chart_of("Lift with its interval", metric, dots, difference=True, axis=lift_unit(metric), **options)


def shares_chart(evaluation: Evaluation) -> Chart | None:
    """Give what each code adds to the lift; None with one code, whose share is the lift."""
    if len(evaluation.shares) < 2:
        return None
    dots = [lift_dot(s.code, (s.value, s.low, s.high)) for s in evaluation.shares]
    options = {"references": ((0.0, ""),), "axis": lift_unit(evaluation.metric), "difference": True}
    note = "averaged over all orders in which codes can be applied: the shares add up to the lift"
    return chart_of("Share of each code in the lift", evaluation.metric, dots, note=note, **options)


def lift_dot(name: str, line: tuple[float, float, float]) -> Dot | None:
    """Give the dot of a lift, colored where its interval leaves out zero."""
    return dot_of(name, line, lift_tone(*line[1:]))


def lift_tone(low: float, high: float) -> str:
    """Give good above zero, bad below, plain around it."""
    return "good" if low > 0 else "bad" if high < 0 else "plain"


def _reading(evaluation: Evaluation) -> str:
    e, control = evaluation, any(arm.name == "control" for arm in evaluation.arms)
    recipe = (
        "The same recipe was trained on the rows before and after the change, and on a control that loses as many "
        f"rows at random ({plural(max(arm.seeds for arm in e.arms), 'retrain')} each)."
    )
    seen = visible_sentence(e.n_eval, e.smallest_visible_lift, e.rows_for_one_point, e.metric)
    said = [claim_sentence(e), recipe if control else None, classical_sentence(e), together_sentence(e), seen]
    if is_loss(e.metric):
        said.append(f"Of {metric_name(e.metric)} lower is better; a lift is how far it falls.")
    return " ".join(sentence for sentence in said if sentence)


def _gate_line(evaluation: Evaluation) -> Markup | None:
    said = gate_sentence(evaluation)
    if said is None or evaluation.gate is None:
        return None
    if evaluation.gate.passed:
        return element("p", f"✓ {said}")
    link = element("a", "Before and after per slice", href="#slice-effects")
    return element("p", element("strong", f"✗ {said}", class_="bad"), " ", link)


def _sentences(evaluation: Evaluation, choice: Sequence[Mapping[str, Any]]) -> Markup | None:
    said = [f"The lift {aside_sentence(aside, evaluation.metric)}." for aside in evaluation.asides]
    said += [f"{sentence[:1].upper()}{sentence[1:]}." for sentence in left_out_sentences(choice)]
    said += [clean(note, 400) for note in evaluation.notes]
    return element("ul", [element("li", line) for line in said]) if said else None
