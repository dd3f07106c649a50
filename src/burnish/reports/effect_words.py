"""What a measurement says, in sentences: verdict, claim, gate, what could be seen. Plain text, to be escaped."""

from burnish.dataset import Aside, Evaluation, SliceEffect
from burnish.reports.markup import clean
from burnish.reports.numbers import (
    amount_unit,
    count,
    is_share,
    known,
    lift_interval,
    lift_unit,
    lift_words,
    metric_amount,
    metric_lift,
    metric_name,
    metric_value,
    p_words,
    plural,
)
from burnish.reports.words import VERDICTS, arm_name

FITTED = "this fitted model is better"
"""The claim of a comparison in which nothing is trained."""
NAME_LENGTH = 80


def names(evaluation: Evaluation) -> tuple[str, str]:
    """Give what the two sides are called: before and after, or the names of what is compared."""
    first, second = evaluation.parameters.get("labels") or ("before", "after")
    return clean(first, NAME_LENGTH), clean(second, NAME_LENGTH)


def arm_title(evaluation: Evaluation, name: str) -> str:
    """Give the name of an arm as people read it."""
    called = dict(zip(("before", "after"), names(evaluation), strict=True))
    return called.get(name) or clean(arm_name(name), NAME_LENGTH)


def slice_metric(evaluation: Evaluation) -> str:
    """Give the metric that slices are judged by."""
    return str(evaluation.parameters.get("slices_by") or evaluation.metric)


def interval_title(evaluation: Evaluation) -> str:
    """Give the heading of a column of intervals."""
    return f"{100 * evaluation.confidence:g}% interval"


def outcome(evaluation: Evaluation) -> tuple[str, str, str]:
    """Give word, sign and tone of the verdict; a slice that fell too far takes the place of a good one."""
    word, sign = VERDICTS[evaluation.verdict]
    if evaluation.gate is not None and not evaluation.gate.passed and evaluation.verdict != "worse":
        return "Gate failed", "✗", "worse"
    return word, sign, evaluation.verdict.replace(" ", "-")


def lift_sentence(evaluation: Evaluation) -> str:
    """Give the lift and what it was measured on: `+2.4 points of accuracy [+1.1, +3.6] on 600 evaluation rows`."""
    e = evaluation
    ends = lift_interval(e.lift_low, e.lift_high, e.metric)
    return f"{metric_lift(e.lift, e.metric)} {lift_unit(e.metric)} {ends} on {count(e.n_eval)} evaluation rows"


def claim_sentence(evaluation: Evaluation) -> str:
    """Say what the verdict is about, and what the interval counts as chance."""
    if evaluation.claim == FITTED:
        counted = "The two are taken as they are: only the evaluation rows count as chance, not the training."
    else:
        counted = "Evaluation rows and training both count as chance."
    return f"The verdict is on the claim “{clean(evaluation.claim)}”. {counted}"


def classical_sentence(evaluation: Evaluation) -> str | None:
    """Say what the classical test of no difference gives, where there is one."""
    test = evaluation.parameters.get("test")
    if not test:
        return None
    return f"Test of no difference ({clean(test, 60)}): {p_words('p', evaluation.parameters.get('p_value'))}."


def visible_sentence(n_eval: int, smallest: float, rows_for_one_point: float | None, metric: str) -> str:
    """Say what lift these evaluation rows can show, and how many would show one point."""
    if not known(smallest):
        return f"These {count(n_eval)} evaluation rows can show no lift."
    seen = f"{metric_amount(smallest, metric)} {amount_unit(metric)}"
    point = "one point" if is_share(metric) else "a hundredth of the value before"
    if rows_for_one_point is not None and known(rows_for_one_point):
        more = f"; {point} would take about {_rounded(rows_for_one_point)} rows"
    else:
        more = f"; no number of evaluation rows would show {point}: the training data varies more"
    return f"These {count(n_eval)} evaluation rows can show a lift of {seen} or more{more}."


def together_sentence(evaluation: Evaluation) -> str:
    """Say what the intervals promise."""
    confidence = f"{100 * evaluation.confidence:g}%"
    if sum(known(arm.lift) for arm in evaluation.arms) > 1:
        return (
            f"The intervals of the lifts hold together, all at once, with {confidence} confidence; "
            "those of the arms' own values hold one by one."
        )
    return f"Each interval holds by itself with {confidence} confidence."


def aside_sentence(aside: Aside, metric: str) -> str:
    """Say the same lift on other rows."""
    lift = lift_words(aside.lift, (aside.low, aside.high), metric)
    return f"{clean(aside.rows, NAME_LENGTH)} ({count(aside.n_rows)} rows): {lift}, {aside.verdict}"


def gate_sentence(evaluation: Evaluation) -> str | None:
    """Say whether the gate of the slices passed, and which slice fell furthest."""
    gate = evaluation.gate
    if gate is None:
        return None
    allowed = drop_words(gate.max_slice_drop, slice_metric(evaluation))
    if not gate.n_slices:
        return f"Slice gate passed: no slice is large enough to be judged (allowed: {allowed})."
    if gate.passed:
        counted = plural(gate.n_slices, "slice")
        return f"Slice gate passed: none of {counted} is shown to have fallen by more than {allowed}."
    named = "; ".join(clean(name, NAME_LENGTH) for name in gate.failed[:3])
    more = f" and {len(gate.failed) - 3:,} more" if len(gate.failed) > 3 else ""
    return (
        f"Slice gate failed: {len(gate.failed):,} of {plural(gate.n_slices, 'slice')} fell by more than {allowed}, "
        f"with {100 * evaluation.confidence:g}% confidence: {named}{more}."
    )


def slice_sentence(evaluation: Evaluation, effect: SliceEffect) -> str:
    """Give before, after, lift, interval, q value and rows of one slice."""
    metric = slice_metric(evaluation)
    sides = f"{metric_name(metric)} {metric_value(effect.before, metric)} → {metric_value(effect.after, metric)}"
    lift = lift_words(effect.lift, (effect.low, effect.high), metric)
    return f"{sides}, lift {lift}, {p_words('q', effect.q_value)}, {count(effect.size)} rows"


def drop_words(drop: float, metric: str) -> str:
    """Give a tolerated drop: `5 points`, or of a metric that is no share `5% of the value before`."""
    return f"{100 * drop:g} points" if is_share(metric) else f"{100 * drop:g}% of the value before"


def trend_sentence(evaluation: Evaluation) -> str | None:
    """Say how the lift changes over time."""
    trend, metric = evaluation.trend, slice_metric(evaluation)
    if not trend or not known(trend.get("slope")):
        return None
    slope = lift_words(trend["slope"], (trend.get("slope_low"), trend.get("slope_high")), metric)
    per = f" per {clean(trend['unit'], 20)}" if trend.get("unit") else ""
    return f"Over time the lift changes by {slope}{per}."


def _rounded(rows: float) -> str:
    """Give an estimate of rows to two significant digits."""
    digits = max(0, len(str(int(rows))) - 2)
    return f"{round(int(rows), -digits):,}"
