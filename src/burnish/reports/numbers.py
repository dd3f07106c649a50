"""Numbers as people read them: counts, shares, metrics and lifts with their unit."""

import math
from typing import Any

from burnish.kernels.metrics import METRICS
from burnish.reports.markup import clean

MINUS = "\N{MINUS SIGN}"
DECIMALS = 3
"""Decimals of a metric that is no share; a number too small for them gets two significant digits."""


def count(value: Any) -> str:
    """Give 12,345, or a dash where nothing is known."""
    return "–" if value is None else f"{int(value):,}"


def plural(value: int, noun: str) -> str:
    """Give `1 row`, `2 rows`."""
    return f"{value:,} {noun}" if value == 1 else f"{value:,} {noun}s"


def percent(value: Any, digits: int = 1) -> str:
    """Give a share as a percentage, or a dash where nothing is known."""
    return "–" if not known(value) else f"{100 * float(value):.{digits}f}%"


def number(value: Any, digits: int = 3) -> str:
    """Give a plain number of at most `digits` decimals, or a dash where nothing is known."""
    if not known(value):
        return "–"
    text = f"{float(value):.{digits}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", MINUS)


def p_value(value: Any) -> str:
    """Give a p or q value; very small ones as an upper bound."""
    if not known(value):
        return "–"
    return "< 0.001" if float(value) < 0.001 else f"{float(value):.3f}"


def p_words(letter: str, value: Any) -> str:
    """Give `p = 0.154` or `p < 0.001`."""
    shown = p_value(value)
    return f"{letter} {shown}" if shown.startswith("<") else f"{letter} = {shown}"


def is_share(metric: str) -> bool:
    """Tell whether a metric lives in 0..1 and reads best as a percentage; a user's metric is a plain number."""
    return metric in METRICS and METRICS[metric].is_share


def is_loss(metric: str) -> bool:
    """Tell whether lower is better, as far as the name says; lifts are positive where it fell."""
    return metric in METRICS and not METRICS[metric].greater_is_better


def metric_value(value: Any, metric: str) -> str:
    """Give a metric in its unit: 85.6% for shares, else three decimals."""
    if is_share(metric):
        return percent(value)
    return (MINUS if known(value) and float(value) < 0 else "") + metric_amount(value, metric)


def metric_lift(value: Any, metric: str) -> str:
    """Give a signed difference of a metric: points for shares."""
    shown = metric_amount(value, metric)
    if not any(digit in shown for digit in "123456789"):
        return shown
    return (MINUS if float(value) < 0 else "+") + shown


def metric_amount(value: Any, metric: str) -> str:
    """Give the size of a difference of a metric, without sign and unit."""
    if not known(value):
        return "–"
    return f"{abs(100 * float(value)):.1f}" if is_share(metric) else f"{abs(float(value)):,.{_decimals(value)}f}"


def interval(low: Any, high: Any, metric: str) -> str:
    """Give `[84.1%, 87.0%]` in the unit of the metric."""
    return f"[{metric_value(low, metric)}, {metric_value(high, metric)}]"


def lift_interval(low: Any, high: Any, metric: str) -> str:
    """Give `[+3.2, +4.5]` in the unit of the metric."""
    return f"[{metric_lift(low, metric)}, {metric_lift(high, metric)}]"


def lift_unit(metric: str) -> str:
    """Give the unit of a lift: a lift of a loss is how far it falls."""
    name = metric_name(metric)
    if is_loss(metric):
        return f"fall of {name}"
    return f"points of {name}" if is_share(metric) else name


def amount_unit(metric: str) -> str:
    """Give the unit of a size: points for shares, else the metric itself."""
    return "points" if is_share(metric) else f"of {metric_name(metric)}"


def lift_words(value: Any, ends: tuple[Any, Any], metric: str) -> str:
    """Give `+0.7 points [−0.1, +1.4]`."""
    unit = " points" if is_share(metric) else ""
    return f"{metric_lift(value, metric)}{unit} {lift_interval(*ends, metric)}"


def metric_name(metric: str) -> str:
    """Give the metric's name as words, on one line."""
    return clean(metric.replace("_", " "), 60)


def known(value: Any) -> bool:
    """Tell whether there is a number."""
    return value is not None and math.isfinite(float(value))


def _decimals(value: Any) -> int:
    if not known(value) or abs(float(value)) >= 0.5 * 10**-DECIMALS or abs(float(value)) < 1e-9:
        return DECIMALS
    return 1 - math.floor(math.log10(abs(float(value))))
