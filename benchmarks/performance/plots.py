"""A plot of CPU seconds: against the rows where several sizes were measured, else a bar for each contender."""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.performance.measuring import OURS, Run

ACCENT, QUIET = "#b4490f", ("#3f4a57", "#6b7a8c", "#94a1b0", "#577590", "#7d8597")
MARKERS = "osD^vP*Xd<>"


def draw(path: Path, runs: Sequence[Run]) -> None:
    """Draw medians; sets are left out, times over several sets say little."""
    pyplot = importlib.import_module("matplotlib.pyplot")
    measured = [run for run in runs if run.status == "done" and run.case.isdigit()]
    settings = {"svg.hashsalt": path.stem, "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
    with pyplot.rc_context(settings):
        sized = len({run.case for run in measured}) > 1
        figure = (_lines if sized else _bars)(pyplot, measured)
        figure.savefig(path, format="svg", bbox_inches="tight", metadata={"Date": None})
        pyplot.close(figure)


def _lines(pyplot: Any, runs: Sequence[Run]) -> Any:
    figure, axes = pyplot.subplots(figsize=(7.5, 4.6))
    for place, key in enumerate(dict.fromkeys(run.contender for run in runs)):
        sized = sorted((int(run.case), run.cpu) for run in runs if run.contender == key)
        is_ours = key.startswith(OURS)
        axes.plot(
            *zip(*sized, strict=True), label=key.replace(" | ", ", "), marker=MARKERS[place % len(MARKERS)],
            markersize=5, color=ACCENT if is_ours else QUIET[place % len(QUIET)], linewidth=2.2 if is_ours else 1,
            zorder=3 if is_ours else 2,
        )  # fmt: skip
    axes.set(xscale="log", yscale="log", xlabel="rows", ylabel="CPU seconds")
    sizes = sorted({int(run.case) for run in runs})
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes], minor=False)
    axes.minorticks_off()
    axes.grid(visible=True, color="#dddddd", linewidth=0.6)
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure


def _bars(pyplot: Any, runs: Sequence[Run]) -> Any:
    figure, axes = pyplot.subplots(figsize=(7.5, 0.6 + 0.32 * max(1, len(runs))))
    names = [run.contender.replace(" | ", ", ") for run in runs]
    colors = [ACCENT if name.startswith(OURS) else QUIET[2] for name in names]
    bars = axes.barh(names, [run.cpu for run in runs], color=colors)
    axes.bar_label(bars, [f" {run.cpu:.3g}" for run in runs], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel(f"CPU seconds, {int(runs[0].case):,} rows" if runs else "CPU seconds")
    return figure
