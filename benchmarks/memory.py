"""Memory of an audit, beside what is told before it starts: `python -m benchmarks.memory [ROWSxDIMSxCLASSES …]`.

Each shape is audited by a process of its own, from memory-mapped float32 vectors. What is counted is memory that
cannot be given back (RssAnon), beyond what the process had when the audit began; sampled every 20 ms, by step.
"""

import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from burnish.pipeline.memory import Need
from burnish.protocols import Silent
from burnish.workspace import Workspace

SHAPES = ("20000x384x10", "50000x64x10", "50000x384x100", "20000x1536x10", "200000x128x10")
RESULTS = Path(__file__).parent / "results" / "memory.json"


class Sampler(Silent):
    """Keeps the peak of each step."""

    def __init__(self) -> None:
        self.step, self.peaks = "", {}
        threading.Thread(target=self._watch, daemon=True).start()

    def tell(self, what: str) -> None:
        self.step = what.partition(" ")[0].rstrip(",")

    def _watch(self) -> None:
        while True:
            self.peaks[self.step] = max(self.peaks.get(self.step, 0), resident())
            time.sleep(0.02)


def resident() -> int:
    """Give the bytes of this process that are not pages of files."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))


def write(path: Path, n_rows: int, n_dims: int, n_classes: int) -> None:
    """Write clusters of unlike sizes around class centers, with 3 % wrong labels, a block at a time."""
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(20 * n_classes, n_dims)).astype(np.float32)
    cluster = np.minimum(rng.pareto(0.8, n_rows) * n_classes, len(centers) - 1).astype(int)
    rows = np.empty((n_rows, n_dims), np.float32)
    for start in range(0, n_rows, 10_000):
        some = slice(start, start + 10_000)
        rows[some] = centers[cluster[some]] + rng.standard_normal(rows[some].shape, np.float32)
    label = np.where(rng.random(n_rows) < 0.03, rng.integers(0, n_classes, n_rows), cluster % n_classes)
    np.savez(path, embeddings=rows, label=label.astype(np.int32))


def measure(path: str, shape: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sampler = Sampler()
        space = Workspace(folder, progress=sampler)
        dataset, _ = space.read(path, {"label": "label"})
        before, sampler.step = resident(), "embed"
        space.audit(dataset)
        need = Need.of(dataset, "vectors").bytes(n_threads=space.limits.n_threads)
    print(json.dumps({"shape": shape, "told": need, "before": before, "peaks": sampler.peaks}))


def main() -> None:
    lines = []
    for shape in sys.argv[1:] or SHAPES:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "vectors.npz"
            write(path, *map(int, shape.split("x")))
            command = [sys.executable, "-m", "benchmarks.memory", "--one", str(path), shape]
            lines.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
        line = lines[-1]
        step, peak = max(line["peaks"].items(), key=lambda item: item[1])
        grown = peak - line["before"]
        print(f"| {shape} | {line['told'] / 2**20:,.0f} | {grown / 2**20:,.0f} | {step} |", flush=True)
        print({s: round((p - line["before"]) / 2**20) for s, p in line["peaks"].items()}, file=sys.stderr, flush=True)
    RESULTS.write_text(json.dumps(lines, indent=1))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        measure(sys.argv[2], sys.argv[3])
    else:
        print("| rows x dims x classes | told, MiB | measured, MiB | step of the peak |\n|---|---|---|---|", flush=True)
        main()
