"""Numbers as people read them: counts, shares, metrics and lifts with their unit."""

import math
from typing import Any

MINUS = "\N{MINUS SIGN}"
SHARES = ("accuracy", "f1", "precision", "recall", "auroc", "auc", "hit_rate", "r2")


def count(value: Any) -> str:
    """Give 12,345, or a dash where nothing is known."""
    return "–" if value is None else f"{int(value):,}"


def plural(value: int, noun: str) -> str:
    """Give `1 row`, `2 rows`."""
    return f"{value:,} {noun}" if value == 1 else f"{value:,} {noun}s"


def percent(value: Any, digits: int = 1) -> str:
    """Give a share as a percentage, or a dash where nothing is known."""
    return "–" if _unknown(value) else f"{100 * float(value):.{digits}f}%"


def number(value: Any, digits: int = 3) -> str:
    """Give a plain number of at most `digits` decimals, or a dash where nothing is known."""
    if _unknown(value):
        return "–"
    text = f"{float(value):.{digits}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", MINUS)


def p_value(value: Any) -> str:
    """Give a p or q value; very small ones as an upper bound."""
    if _unknown(value):
        return "–"
    return "< 0.001" if float(value) < 0.001 else f"{float(value):.3f}"


def is_share(metric: str) -> bool:
    """Tell whether a metric lives in 0..1 and reads best as a percentage."""
    return any(word in metric.lower() for word in SHARES)


def metric_value(value: Any, metric: str) -> str:
    """Give a metric in its unit: 85.6% for shares, else three decimals."""
    return percent(value) if is_share(metric) else number(value)


def metric_lift(value: Any, metric: str) -> str:
    """Give a signed difference of a metric: points for shares."""
    if _unknown(value):
        return "–"
    scaled = float(value) * 100 if is_share(metric) else float(value)
    digits = 1 if is_share(metric) else 3
    shown = round(scaled, digits) + 0.0
    sign = "+" if shown > 0 else MINUS if shown < 0 else ""
    return f"{sign}{abs(shown):.{digits}f}"


def interval(low: Any, high: Any, metric: str) -> str:
    """Give `[84.1%, 87.0%]` in the unit of the metric."""
    return f"[{metric_value(low, metric)}, {metric_value(high, metric)}]"


def lift_interval(low: Any, high: Any, metric: str) -> str:
    """Give `[+3.2, +4.5]` in the unit of the metric."""
    return f"[{metric_lift(low, metric)}, {metric_lift(high, metric)}]"


def lift_unit(metric: str) -> str:
    """Give the unit of a difference of the metric."""
    name = metric_name(metric)
    return f"points of {name}" if is_share(metric) else name


def metric_name(metric: str) -> str:
    """Give the metric's name as words."""
    return metric.replace("_", " ")


def _unknown(value: Any) -> bool:
    return value is None or not math.isfinite(float(value))
