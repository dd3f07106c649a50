"""What the server of the app costs: `python -m benchmarks.app_server [--rows N] [--workspace W --version NAME@N]`.

Opens an audited version, makes its map and asks every kind of question about all rows, through the server's own code
without the network. CPU time counts all threads; memory is what is resident, and no file, beyond the imports. Without
a workspace it makes and audits a set of N rows first.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from burnish.app import masks
from burnish.app.documents.rows import MaskAsked
from burnish.app.points import map_stream, points_of
from burnish.app.served import Served
from burnish.workspace import Experiment, Workspace
from burnish.workspace.history import Note

RESULTS = Path(__file__).parent / "results" / "app_server.json"
REPEATS = 5
WORDS = np.array(["card", "refund", "login", "loan", "rate", "transfer", "account", "fee", "lost", "app", "crash"])


class Cost(NamedTuple):
    """What a step took: seconds of wall and CPU time, and what is resident after it, in MB beyond the imports."""

    step: str
    wall: float
    cpu: float
    resident: float
    note: str = ""


def made(n_rows: int, root: Path) -> str:
    """Write and audit a set of texts with given vectors; give its version."""
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(300, 64)).astype(np.float32)
    centers /= np.linalg.norm(centers, axis=1, keepdims=True)
    cluster = rng.integers(0, 300, n_rows)
    vectors = centers[cluster] + rng.normal(size=(n_rows, 64)).astype(np.float32) * 0.09
    words = WORDS[rng.integers(0, len(WORDS), (3, n_rows))]
    text = [f"I have a question about my {a} {b} and the {c} case {i}" for i, (a, b, c) in enumerate(words.T)]
    table = pa.table(
        {
            "id": [f"r{i}" for i in range(n_rows)], "text": text, "label": [f"class_{c % 24:02d}" for c in cluster],
            "split": np.where(rng.random(n_rows) < 0.1, "test", "train"), "amount": rng.gamma(2, 50, n_rows).round(2),
            "embedding": pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), 64),
        }
    )  # fmt: skip
    pq.write_table(table, root / "made.parquet")
    workspace = Workspace(root / "workspace")
    dataset, guesses = workspace.read(str(root / "made.parquet"), {}, name="made")
    return workspace.keep(workspace.audit(dataset, guesses), Note()).name


def measured(workspace: Path, version: str) -> list[Cost]:
    door = Served.of(Workspace(workspace), Experiment())
    base = resident()
    costs: list[Cost] = []

    def step(name: str, work: Callable[[], object], note: Callable[[], str] = str, repeats: int = 1) -> None:
        taken = []
        for _ in range(repeats):
            wall, cpu = time.perf_counter(), time.process_time()
            work()
            taken.append((time.perf_counter() - wall, time.process_time() - cpu))
        costs.append(Cost(name, *np.median(taken, axis=0).tolist(), resident() - base, note()))

    step("open the version (evidence, checks)", lambda: door.versions.opened(version))
    opened = door.versions.opened(version)
    step("tables of findings, clusters, slices", lambda: opened.facts)
    step("points: places and facets", lambda: points_of(door, opened))
    step("read the review", lambda: map_stream(door, opened))
    stream = map_stream(door, opened)
    size = f"{stream.size / 1e6:.1f} MB, {stream.size / len(opened.dataset):.0f} bytes a row"
    step("encode the map", lambda: map_stream(door, opened), lambda: size, REPEATS)
    del stream
    for name, asked in questions(version, opened.dataset.row_ids[len(opened.dataset) // 2].as_py()).items():
        if asked.kind in ("sql", "similar_row"):
            step(f"first time: {name}", lambda asked=asked: masks.answer(door, opened, asked))
        found = f"{int(masks.answer(door, opened, asked).mask.sum()):,} rows"
        step(f"mask: {name}", lambda asked=asked: masks.answer(door, opened, asked), lambda found=found: found, REPEATS)
    pid = str(masks.conditions_of(opened).pid)
    note = f"beside the server; {cpu_of(pid):.2f} s of CPU for {REPEATS + 2} questions and its start"
    costs.append(Cost("process that answers SQL", 0, 0, resident(pid), note))
    return costs


def questions(version: str, row_id: str) -> dict[str, MaskAsked]:
    turn = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    lasso = [(0.5 + 0.25 * float(np.cos(a)), 0.5 + 0.25 * float(np.sin(a))) for a in turn]
    return {
        "text": MaskAsked(v=version, kind="text", value="Refund"),
        "regular expression": MaskAsked(v=version, kind="regex", value=r"refund.*case \d+5$"),
        "SQL condition": MaskAsked(v=version, kind="sql", value="amount > 100 AND label = 'class_03'"),
        "polygon of 60 corners": MaskAsked(v=version, kind="polygon", polygon=lasso),
        "similar to a row, k = 100": MaskAsked(v=version, kind="similar_row", value=row_id, k=100),
        "1,000 ids": MaskAsked(v=version, kind="ids", value="\n".join(f"r{i}" for i in range(0, 100_000, 100))),
    }


def resident(pid: str = "self") -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


def cpu_of(pid: str) -> float:
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def shown(costs: list[Cost], n_rows: int) -> str:
    lines = [f"{n_rows:,} rows", "", "| step | wall, ms | CPU, ms | memory, MB | |", "|---|---|---|---|---|"]
    lines += [f"| {c.step} | {c.wall * 1e3:,.0f} | {c.cpu * 1e3:,.0f} | {c.resident:,.0f} | {c.note} |" for c in costs]
    return "\n".join(lines)


@contextmanager
def version_asked(description: str | None, *, rows: int) -> Iterator[tuple[Path, str]]:
    """Give the workspace and version that the command line names; without one, `rows` rows are made and audited."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--rows", type=int, default=rows)
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--version", default="million@1")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.workspace is not None:
            yield given.workspace, given.version
        else:
            yield Path(folder) / "workspace", made(given.rows, Path(folder))


def main() -> None:
    with version_asked(__doc__, rows=100_000) as (root, version):
        costs = measured(root, version)
        n_rows = Workspace(root).history.store.find(version).n_rows
    print(shown(costs, n_rows))
    RESULTS.write_text(json.dumps({"rows": n_rows, "costs": [cost._asdict() for cost in costs]}, indent=1) + "\n")


if __name__ == "__main__":
    main()
