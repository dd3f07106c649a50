"""Measure kernels beside their peers, each contender in a fresh process: `python -m benchmarks.performance`.

Contenders take turns (A B C A B C …), so that the rounds of one run compare. Every raw run is kept in
benchmarks/results/performance.json, replacing earlier ones of the same kernel and case, and docs/performance.md
is brought up to date.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict

from benchmarks.performance import report
from benchmarks.performance.measuring import KERNELS, Contender, Kernel, Run, load_kernel
from burnish.errors import BurnishError

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def main() -> int:
    arguments = parsed()
    for name in arguments.kernels or KERNELS:
        kernel = load_kernel(name)
        runs: list[Run] = []
        for case in cases(kernel, arguments):
            print(f"\n{name}, {case}", flush=True)
            for run in measured(kernel, case, arguments):
                print(line(run), flush=True)
                runs.append(run)
                if not arguments.trial:
                    report.keep([run for run in runs if run.case == case])
        if arguments.trial:
            print("\n" + report.tables(name, runs))
        else:
            report.refresh()
    return 0


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.performance", description=__doc__)
    parser.add_argument("kernels", nargs="*", choices=[*KERNELS, []], metavar="KERNEL", help=", ".join(KERNELS))
    parser.add_argument("--rows", type=int, nargs="+", help="rows of the mixture; by default those of each kernel")
    parser.add_argument("--sets", nargs="*", help="labelled sets; by default all, and none with --rows")
    parser.add_argument("--nightly", action="store_true", help="a million rows besides")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=30, help="time limit of one contender")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", default="", metavar="TEXT", help="contenders whose name has this text")
    parser.add_argument("--trial", action="store_true", help="print tables; keep and write nothing")
    arguments = parser.parse_args()
    if arguments.only and not arguments.trial:
        parser.error("--only would leave rounds unpaired: give it with --trial.")
    return arguments


def cases(kernel: Kernel, arguments: argparse.Namespace) -> list[str]:
    """Give the cases that are asked for: numbers of rows, then sets."""
    rows = arguments.rows or (*kernel.rows, *(kernel.nightly_rows if arguments.nightly else ()))
    wanted = arguments.sets if arguments.sets is not None else ([] if arguments.rows else kernel.sets)
    return [*map(str, rows), *(name for name in kernel.sets if name in wanted)]


def measured(kernel: Kernel, case: str, arguments: argparse.Namespace) -> Iterator[Run]:
    """Give the runs of a case, round by round; a contender that did not come through is not tried again."""
    able = [c for c in kernel.contenders if arguments.only in c.key and (not case.isdigit() or int(case) <= c.max_rows)]
    try:
        kernel.load(case)  # fills the caches, so that no contender pays for them
    except (BurnishError, ImportError, OSError) as error:  # a set or a package is not there: say so, and go on
        yield from (Run(kernel.name, c.key, case, status="skipped", note=f"no data: {error}") for c in able)
        return
    for contender in [c for c in able if c.missing]:
        able.remove(contender)
        note = f"not installed: {', '.join(contender.missing)}"
        yield Run(kernel.name, contender.key, case, status="skipped", note=note)
    for number in range(arguments.rounds):
        for contender in list(able):
            run = in_fresh_process(kernel, contender, case, arguments)
            if run.status != "done":
                able.remove(contender)
            yield Run(**asdict(run) | {"round": number})


def in_fresh_process(kernel: Kernel, contender: Contender, case: str, arguments: argparse.Namespace) -> Run:
    command = [sys.executable, "-m", "benchmarks.performance.contender", kernel.name, contender.key, case]
    environment = os.environ | dict.fromkeys(THREADS, str(arguments.threads))
    empty = {"kernel": kernel.name, "contender": contender.key, "case": case}
    limit = 60 * arguments.minutes
    try:
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        return Run(**empty, status="stopped", note=f"stopped after {arguments.minutes:g} minutes")
    if ended.returncode:
        reason = (ended.stderr.strip().splitlines() or [f"exit status {ended.returncode}"])[-1]
        return Run(**empty, status="failed", note=reason)
    return Run(**json.loads(ended.stdout.strip().splitlines()[-1]))


def line(run: Run) -> str:
    """Give a run as a line to read while waiting."""
    if run.status != "done":
        return f"  {run.contender}: {run.note}"
    figures = ", ".join(f"{name} {value:.4g}" for name, value in run.figures.items())
    return (
        f"  {run.contender}: {run.cpu:.2f} CPU s, {run.wall:.2f} s, {run.memory:.0f} MB, "
        f"warm-up {run.warmup:.1f} s; {figures}"
    )


if __name__ == "__main__":
    sys.exit(main())
