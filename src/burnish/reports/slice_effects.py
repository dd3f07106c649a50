"""Slice effects: before against after on named slices, on slices that a search found, and over time."""

from burnish.dataset import Evaluation, SliceEffect
from burnish.reports.charts import Chart, Dot, chart_of, dot_of
from burnish.reports.drawing import chart_figure
from burnish.reports.effect import lift_dot
from burnish.reports.effect_tables import bucket_name, ordered_slices, slices_table, trend_buckets, trend_table
from burnish.reports.effect_words import gate_sentence, slice_metric, trend_sentence
from burnish.reports.markup import Markup, element, join
from burnish.reports.numbers import lift_unit, metric_name, plural
from burnish.reports.tables import data_table

SLICES_SHOWN = 40


def slice_effects_section(evaluation: Evaluation) -> Markup | None:
    """Give the gate, before against after per slice (the worst first), and over time; None without any of it."""
    slices, found, over_time = evaluation.slices, evaluation.found, trend_table(evaluation)
    if not (slices or found or over_time):
        return None
    figures = [chart_figure(name, chart) for name, chart in slice_charts(evaluation).items() if chart is not None]
    shown = ordered_slices(slices)[:SLICES_SHOWN]
    return join(
        [
            element("p", _reading(evaluation)),
            element("div", figures, class_="charts"),
            data_table(*slices_table(evaluation, shown, "Before and after per slice")) if slices else None,
            data_table(*slices_table(evaluation, found, "Slices that a search found")) if found else None,
            element("p", trend_sentence(evaluation)) if trend_sentence(evaluation) else None,
            data_table(*over_time) if over_time else None,
        ]
    )


def slice_charts(evaluation: Evaluation) -> dict[str, Chart | None]:
    """Give the charts of the section by name."""
    return {"slice-effects": slice_effects_chart(evaluation), "trend": trend_chart(evaluation)}


def slice_effects_chart(evaluation: Evaluation) -> Chart | None:
    """Give the lift of each slice as a chart, the worst first."""
    dots = [dot_of(s.slice, (s.lift, s.low, s.high), _tone(s)) for s in ordered_slices(evaluation.slices)]
    return _lift_chart("Lift per slice", evaluation, dots)


def trend_chart(evaluation: Evaluation) -> Chart | None:
    """Give the lift over time as a chart, the first bucket at the top."""
    buckets = trend_buckets(evaluation)
    return _lift_chart(
        "Lift over time", evaluation, [lift_dot(bucket_name(b), (b["lift"], b["low"], b["high"])) for b in buckets]
    )


def _lift_chart(title: str, evaluation: Evaluation, dots: list[Dot | None]) -> Chart | None:
    metric = slice_metric(evaluation)
    return chart_of(title, metric, dots, difference=True, references=((0.0, ""),), axis=lift_unit(metric))


def _reading(evaluation: Evaluation) -> str:
    slices, metric = evaluation.slices, slice_metric(evaluation)
    worse = sum(s.regressed for s in slices)
    said = [gate_sentence(evaluation)]
    if slices:
        fell = (
            f"{plural(worse, 'slice')} of {len(slices):,} regressed" if worse else f"None of {len(slices):,} regressed"
        )
        said.append(f"{fell} beyond chance, counting all slices (q values); each interval holds by itself.")
    if metric != evaluation.metric:
        said.append(f"Slices are judged by {metric_name(metric)}.")
    if len(slices) > SLICES_SHOWN:
        said.append(f"The {SLICES_SHOWN} worst are shown.")
    if evaluation.found:
        said.append(
            f"A search of values, crosses, clusters and regions found {plural(len(evaluation.found), 'slice')}."
        )
    return " ".join(sentence for sentence in said if sentence)


def _tone(effect: SliceEffect) -> str:
    if effect.failed or effect.regressed:
        return "bad"
    return "good" if effect.low > 0 else "plain"
