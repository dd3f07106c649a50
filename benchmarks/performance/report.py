"""The raw runs in benchmarks/results/performance.json, and what docs/performance.md shows of them.

`python -m benchmarks.performance.report` writes the tables and plots anew from the runs that are kept.
"""

import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.performance import plots
from benchmarks.performance.machine import described, facts
from benchmarks.performance.measuring import KERNELS, OURS, Run, load_kernel

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "performance.json"
PAGE = ROOT / "docs" / "performance.md"
IMAGES = ROOT / "docs" / "images"

HIDDEN = ("operations", "gemm_rate")
FORMATS = {"pairs": ",.0f", "planted": ",.0f", "flagged": ",.0f", "coverage": ",.0f", "chosen": ",.0f",
           "clusters": ",.0f", "classes": ",.0f", "recall": ".4f", "cosine": ".4f", "loss": ".5f"}  # fmt: skip
"""How figures are written; the others with three decimals."""


def keep(runs: Sequence[Run]) -> None:
    """Keep the runs of one kernel and case instead of earlier ones, with the facts of this machine."""
    replaced = {(run.kernel, run.case) for run in runs}
    others = [run for run in kept() if (run.kernel, run.case) not in replaced]
    document = {"machine": facts(), "runs": [asdict(run) for run in [*others, *runs]]}
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    partial = RESULTS.with_suffix(f".{os.getpid()}.tmp")
    partial.write_text(json.dumps(document, indent=1), encoding="utf-8")
    partial.replace(RESULTS)


def kept() -> list[Run]:
    """Give every run that is kept."""
    if not RESULTS.exists():
        return []
    return [Run(**run) for run in json.loads(RESULTS.read_text(encoding="utf-8"))["runs"]]


def refresh() -> None:
    """Bring the page and its plots up to date with the runs that are kept."""
    page = PAGE.read_text(encoding="utf-8")
    if RESULTS.exists():
        page = replaced(page, "machine", described(json.loads(RESULTS.read_text(encoding="utf-8"))["machine"]))
    for name in KERNELS:
        runs = [run for run in kept() if run.kernel == name]
        if runs:
            page = replaced(page, name, section(name, runs))
    PAGE.write_text(page, encoding="utf-8")


def replaced(page: str, name: str, text: str) -> str:
    """Give the page with the text between the markers of that name."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(page):
        raise ValueError(f"{PAGE} has no {begin} … {end}: put the markers where the tables belong.")
    return pattern.sub(lambda _: f"{begin}\n{text}\n{end}", page)


def section(name: str, runs: Sequence[Run]) -> str:
    """Give the tables of a kernel and a link to its plot, which is drawn."""
    image = IMAGES / f"performance-{name}.svg"
    image.parent.mkdir(parents=True, exist_ok=True)
    plots.draw(image, medians(runs))
    return f"{tables(name, runs)}\n\n![CPU seconds of {name}](images/{image.name})"


def tables(name: str, runs: Sequence[Run]) -> str:
    """Give a Markdown table for each case, in the order of the kernel's contenders, and how times grow."""
    order = {contender.key: place for place, contender in enumerate(load_kernel(name).contenders)}
    known = sorted((run for run in medians(runs) if run.contender in order), key=lambda run: order[run.contender])
    cases = sorted({run.case for run in known}, key=lambda case: (not case.isdigit(), case.zfill(12)))
    parts = [_table(case, [run for run in known if run.case == case], _rounds(runs, case)) for case in cases]
    loads = [run.load_average for run in runs if run.status == "done"]
    parts += [_growth(known)] if len([case for case in cases if case.isdigit()]) > 1 else []
    parts += [f"Load average of the machine before the runs: {min(loads):.1f} to {max(loads):.1f}."] if loads else []
    return "\n\n".join(parts)


def medians(runs: Iterable[Run]) -> list[Run]:
    """Give for each contender and case one run with the medians over the rounds, or the one that did not end well."""
    together: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        together.setdefault((run.contender, run.case), []).append(run)
    return [_median(several) for several in together.values()]


def exponent(runs: Sequence[Run]) -> float:
    """Give the slope of log CPU seconds against log rows."""
    rows, cpu = [int(run.case) for run in runs], [run.cpu for run in runs]
    return float(np.polyfit(np.log(rows), np.log(cpu), 1)[0])


def _median(runs: list[Run]) -> Run:
    bad = [run for run in runs if run.status != "done"]
    if bad:
        return bad[0]
    first = asdict(runs[0])
    for name in ("cpu", "wall", "memory", "peak", "warmup"):
        first[name] = float(np.median([getattr(run, name) for run in runs]))
    first["figures"] = {name: float(np.median([run.figures[name] for run in runs])) for name in runs[0].figures}
    return Run(**first)


def _rounds(runs: Sequence[Run], case: str) -> dict[str, list[float]]:
    """Give the CPU seconds of each round of a case, by contender."""
    rounds: dict[str, list[float]] = {}
    for run in runs:
        if run.case == case and run.status == "done":
            rounds.setdefault(run.contender, []).append(run.cpu)
    return rounds


def _table(case: str, runs: Sequence[Run], rounds: dict[str, list[float]]) -> str:
    figures = list(dict.fromkeys(name for run in runs for name in run.figures if name not in HIDDEN))
    counted = any("operations" in run.figures for run in runs)
    heads = ["contender", "CPU s [least, most]", "× burnish", "wall s", "memory MB", "peak MB", "warm-up CPU s"]
    heads += ["GFLOP/s (of limit)"] * counted + [name.replace("_", " ") for name in figures]
    lines = [heads, ["---"] * len(heads)]
    for run in runs:
        name = run.contender.replace(" | ", ", ")
        if run.status != "done":
            lines.append([name, f"{run.status}: {run.note}".replace("|", "/"), *[""] * (len(heads) - 2)])
            continue
        spread = rounds[run.contender]
        cells = [
            f"**{name}**" if name.startswith(OURS) else name,
            f"{_seconds(run.cpu)} [{_seconds(min(spread))}, {_seconds(max(spread))}]", _ratio(run, runs),
            _seconds(run.wall), f"{run.memory:,.0f}", f"{run.peak:,.0f}", f"{run.warmup:.1f}",
        ]  # fmt: skip
        cells += [_rate(run)] * counted
        lines.append(cells + [_figure(name, run.figures.get(name)) for name in figures])
    title = f"**{int(case):,} rows**" if case.isdigit() else f"**{case}**"
    return f"{title} ({max(map(len, rounds.values()), default=0)} rounds)\n\n" + "\n".join(
        f"| {' | '.join(cells)} |" for cells in lines
    )


def _ratio(run: Run, runs: Sequence[Run]) -> str:
    """Give the CPU time against that of burnish in the same group."""
    _, _, group = run.contender.partition(" | ")
    ours = [r for r in runs if r.contender.startswith(OURS) and r.contender.partition(" | ")[2] == group]
    if not ours or ours[0].status != "done" or ours[0].cpu <= 0:
        return ""
    return f"{run.cpu / ours[0].cpu:.2f}"


def _rate(run: Run) -> str:
    if "operations" not in run.figures:
        return ""
    rate = run.figures["operations"] / run.cpu
    share = f" ({rate / run.figures['gemm_rate']:.0%})" if "gemm_rate" in run.figures else ""
    return f"{rate / 1e9:.0f}{share}"


def _figure(name: str, value: float | None) -> str:
    return "" if value is None else format(value, FORMATS.get(name, ".3f"))


def _seconds(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _growth(runs: Sequence[Run]) -> str:
    """Tell the exponent of each contender that was measured at several sizes, and between which."""
    parts = []
    for key in dict.fromkeys(run.contender for run in runs):
        sized = [run for run in runs if run.contender == key and run.case.isdigit() and run.status == "done"]
        sized.sort(key=lambda run: int(run.case))
        if len(sized) > 1:
            steps = ", ".join(f"{exponent(pair):.2f}" for pair in pairwise(sized))
            between = " to ".join(f"{int(run.case):,}" for run in sized)
            parts.append(f"| {key.replace(' | ', ', ')} | {exponent(sized):.2f} | {steps} | {between} |")
    heads = "| contender | exponent | step by step | rows |\n| --- | --- | --- | --- |\n"
    return f"**Growth**: CPU seconds grow with the rows to the power of the exponent.\n\n{heads}" + "\n".join(parts)


if __name__ == "__main__":
    refresh()
