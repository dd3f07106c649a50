"""What a history costs, and what it saves.

`python -m benchmarks.history [versions|audits …] [--rows N] [--versions N] [--embedder NAME]`. `versions`: a table of
texts, labels and fields, drawn from the sentences of clinc150, is kept; then versions that each edit 1 % of the rows,
seven drops to three relabels, one upon the other. Size on disk; seconds to open the first and the last version and to
tell two apart, each in a process of its own. `audits`: CPU and wall seconds of the command `burnish audit` on such a
table for the first time, once more, and with 1 % more rows.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import sets
from burnish.dataset import Changeset, Dataset, Edit, Roles
from burnish.workspace import Workspace
from burnish.workspace.history import Note

RESULTS = Path(__file__).parent / "results" / "history.json"
SHARE, DROPPED = 0.01, 0.7


def rows(n_rows: int) -> Dataset:
    """Give texts of two sentences of a domain, the domain as label, 2 % of them wrong, and two fields to slice by."""
    rng = np.random.default_rng(0)
    table = sets.clinc150().filter(~sets.clinc150()["is_oos"].to_numpy())
    texts, domains = (np.array(table[name].to_pylist(), object) for name in ("text", "domain"))
    by_domain = np.argsort(domains.astype(str), kind="stable")
    names, starts, sizes = np.unique(domains[by_domain].astype(str), return_index=True, return_counts=True)
    domain = rng.integers(0, len(names), n_rows)
    first, second = by_domain[starts[domain] + (rng.random((2, n_rows)) * sizes[domain]).astype(int)]
    label = np.where(rng.random(n_rows) < 0.02, rng.integers(0, len(names), n_rows), domain)
    fields = pa.table(
        {
            "text": pa.array(texts[first] + ". " + texts[second]), "label": pa.array(names[label]),
            "split": pa.array(np.where(rng.random(n_rows) < 0.1, "test", "train")),
            "channel": pa.array(rng.choice(["web", "app", "phone"], n_rows)), "seconds": pa.array(rng.random(n_rows)),
        }
    )  # fmt: skip
    content = rng.integers(0, 2**63, (n_rows, 2)).astype(np.uint64)
    roles = Roles(text="text", label="label", split="split", meta=("channel", "seconds"))
    return Dataset(fields, pa.array(np.char.add("q", np.arange(n_rows).astype(str))), content, roles, name="texts")


def edits(dataset: Dataset, seed: int) -> Changeset:
    """Give edits of 1 % of the rows."""
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(dataset), round(SHARE * len(dataset)), replace=False)
    ids = dataset.row_ids.take(pa.array(chosen)).to_pylist()
    other = "banking"
    made = [
        Edit(row_id, "drop", "DUP002", "near duplicate", {"distance": round(float(rng.random()), 4)}, kept_row_id="q0")
        if rng.random() < DROPPED
        else Edit(row_id, "relabel", "LAB001", "suspect label", {"score": round(float(rng.random()), 4)}, label=other)
        for row_id in ids
    ]
    return Changeset(dataset.version, tuple(made))


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def build(folder: Path, n_rows: int, n_versions: int) -> dict[str, float]:
    """Keep the table and its versions; give sizes and seconds."""
    history, dataset = Workspace(folder).history, rows(n_rows)
    started = time.perf_counter()
    history.keep_source(dataset, Note())
    facts = {"keep_s": time.perf_counter() - started, "base_bytes": size(folder)}
    for number in range(2, n_versions + 1):
        opened = history.open("texts")
        started = time.perf_counter()
        history.keep_changes(opened, edits(opened, number), Note(why="a benchmark"))
        facts["keep_changes_s"] = time.perf_counter() - started
    return {**facts, "bytes": size(folder), "rows": n_rows, "versions": n_versions}


def timed(folder: Path, what: str) -> dict[str, float]:
    """Do one thing in a process of its own; give wall and CPU seconds."""
    command = [sys.executable, "-m", "benchmarks.history", "--one", what, "--folder", str(folder)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def one(folder: str, what: str) -> None:
    history = Workspace(folder).history
    verb, *called = what.split()
    started, cpu = time.perf_counter(), time.process_time()
    done = history.open(*called) if verb == "open" else history.diff(*called)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    print(json.dumps({"seconds": seconds, "cpu_s": cpu, "n": len(done) if verb == "open" else len(done.rows)}))


def of_versions(n_rows: int, n_versions: int) -> dict[str, object]:
    """Print and give sizes, and times to open and to tell apart."""
    with tempfile.TemporaryDirectory() as folder:
        facts = build(Path(folder), n_rows, n_versions)
        last, former = f"texts@{n_versions}", f"texts@{n_versions - 1}"
        asked = ("open texts@1", f"open {last}", f"diff {former} {last}", f"diff texts@1 {last}")
        told = {what: timed(Path(folder), what) for what in asked}
    base, whole = (facts[name] / 2**20 for name in ("base_bytes", "bytes"))
    print(f"base {base:.0f} MiB, with {n_versions - 1} versions of 1 % edits {whole:.0f} MiB: {whole / base:.2f} ×")
    print(f"keeping the base {facts['keep_s']:.1f} s, the last version {facts['keep_changes_s']:.1f} s")
    print("| what | rows | seconds | CPU |\n|---|---|---|---|")
    for what, line in told.items():
        print(f"| {what} | {line['n']:,} | {line['seconds']:.2f} | {line['cpu_s']:.2f} |", flush=True)
    return {**facts, **told}


def of_audits(n_rows: int, embedder: str) -> dict[str, object]:
    """Print and give what the command takes the first time, again, and with 1 % more rows."""
    whole = rows(n_rows + n_rows // 100)
    whole = whole.fields.append_column("id", whole.row_ids)
    found = {}
    print(f"| `burnish audit`, {n_rows:,} rows, {embedder} | CPU s | wall s | of the first, CPU |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "texts.parquet")
        for name, n in (("first", n_rows), ("again", n_rows), ("1 % more rows", len(whole)), ("again ", len(whole))):
            pq.write_table(whole.slice(0, n), source)
            cpu, wall = audit(Path(folder), source, embedder)
            found.setdefault(name.strip(), []).extend([cpu, wall])
            print(f"| {name} | {cpu:.1f} | {wall:.1f} | {cpu / found['first'][0]:.1%} |", flush=True)
    return {"rows": n_rows, **found}


def audit(folder: Path, source: Path, embedder: str) -> tuple[float, float]:
    command = ["burnish", "audit", str(source), "--text", "text", "--label", "label", "--split", "split", "--id", "id"]
    command += ["--workspace", str(folder / "ws"), "--out", str(folder / "out"), "--json", "--embedder", embedder]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    bin_folder = Path(sys.executable).parent
    subprocess.run([bin_folder / command[0], *command[1:]], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", help="versions, audits")
    parser.add_argument("--rows", type=int)
    parser.add_argument("--versions", type=int, default=51)
    parser.add_argument("--embedder", default="static")
    parser.add_argument("--one")
    parser.add_argument("--folder")
    asked = parser.parse_args()
    if asked.one:
        one(asked.folder, asked.one)
        return
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if "versions" in (asked.parts or ["versions"]):
        kept["versions"] = of_versions(asked.rows or 1_000_000, asked.versions)
    if "audits" in (asked.parts or ["audits"]):
        kept[f"audits {asked.embedder}"] = of_audits(asked.rows or 100_000, asked.embedder)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(kept, indent=1))


if __name__ == "__main__":
    main()
