"""Is the interval of `compare` right? `python -m benchmarks.comparison [--runs N]`.

Two fitted models are compared on rows drawn from a population of real rows on which the truth is known: the difference
on all of them. `halves` learned from two halves of the training rows, `noisy` (B) from rows a tenth of which
are labelled wrongly. `users`: rows come in groups of four that are drawn together (a row and its three nearest), as
those of one user. Held: how often the interval has the truth in it (should be .95); above, below: how often it lies
wholly above or below it (.025 each); seen: how often it excludes zero.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks import sets
from burnish.dataset import Dataset, Evidence, Roles, Targets
from burnish.kernels.metrics import METRICS
from burnish.kernels.neighbors import nearest_neighbors
from burnish.kernels.probe import fit_probe, predict_probabilities
from burnish.pipeline.comparison import Pair, compare
from burnish.pipeline.embedding import unit_rows
from burnish.pipeline.standards import Standard

RESULTS = Path(__file__).parent / "results" / "comparison.json"
NAMES = ("accuracy", "macro_f1", "log_loss", "auroc")
N_TRAIN, L2 = 2_000, 1e-2


def population(name: str, kind: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Give the labels of the population, what A and B say of it, and for each row the rows it is drawn with."""
    table = getattr(sets, name)()
    known = ~table["is_oos"].to_numpy() if name == "clinc150" else np.ones(len(table), bool)
    field = "domain" if name == "clinc150" else "label"
    codes = np.unique(np.array(table[field].to_pylist())[known], return_inverse=True)[1]
    vectors = unit_rows(sets.embeddings(name))[known]
    rng = np.random.default_rng(0)
    order = rng.permutation(len(codes))
    first, second, rest = order[:N_TRAIN], order[N_TRAIN : 2 * N_TRAIN], order[2 * N_TRAIN :]
    n_classes = int(codes.max()) + 1
    labels = codes.copy()
    if kind == "noisy":
        second = first
        wrong = first[: N_TRAIN // 10]
        labels[wrong] = (codes[wrong] + rng.integers(1, n_classes, len(wrong))) % n_classes
    probes = (
        fit_probe(vectors[first], codes[first], n_classes=n_classes, l2=L2),
        fit_probe(vectors[second], labels[second], n_classes=n_classes, l2=L2),
    )
    said = np.stack([predict_probabilities(probe, vectors[rest]) for probe in probes])
    near = np.column_stack([np.arange(len(rest)), nearest_neighbors(vectors[rest], k=3).positions])
    return codes[rest], said[0], said[1], near


def drawn(world: tuple[np.ndarray, ...], n_rows: int, *, users: bool, seed: int) -> Pair:
    """Draw rows with replacement, so that the population is the whole truth."""
    truth, first, second, near = world
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, len(truth), n_rows // 4 if users else n_rows)
    rows = near[starts].ravel() if users else starts
    groups = np.repeat(np.arange(len(starts)), 4 if users else 1)
    ids = pa.array([f"r{i}" for i in range(len(rows))])
    classes = tuple(f"c{c:03d}" for c in range(first.shape[1]))
    fields = pa.table({"label": np.array(classes)[truth[rows]], "user": groups.astype(str)})
    content = np.stack([np.arange(len(rows))] * 2, axis=1).astype(np.uint64)
    dataset = Dataset(fields, ids, content, Roles(label="label", group="user"))
    targets = Targets("classification", truth[rows].astype(np.int32), classes)
    return Pair(Evidence(dataset), targets, np.arange(len(rows)), first[rows], second[rows])


def truth_of(world: tuple[np.ndarray, ...], name: str, *, users: bool) -> float:
    truth, first, second, near = world
    rows = near.ravel() if users else np.arange(len(truth))
    metric = METRICS[name]
    before, after = (metric.value(truth[rows], metric.terms(truth[rows], one[rows])) for one in (first, second))
    return (after - before) * (1 if metric.greater_is_better else -1)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=300)
    runs = parser.parse_args().runs
    print("| set | models | rows | metric | true lift | held | above | below | seen |\n|" + "---|" * 9)
    lines = []
    for name in ("clinc150", "cifar10"):
        for kind in ("halves", "noisy"):
            world = population(name, kind)
            for n_rows, users in ((300, False), (1_500, False), (1_500, True)):
                for metric in NAMES:
                    standard = Standard(METRICS[metric])
                    true = truth_of(world, metric, users=users)
                    found = np.array(
                        [
                            (e.lift_low, e.lift_high)
                            for e in (
                                compare(drawn(world, n_rows, users=users, seed=s), standard, seed=s)
                                for s in range(runs)
                            )
                        ]
                    )
                    line = {
                        "set": name, "models": kind, "metric": metric,
                        "rows": f"{n_rows}{' of users' if users else ''}",
                        "lift": true, "held": float(((found[:, 0] <= true) & (true <= found[:, 1])).mean()),
                        "above": float((found[:, 0] > true).mean()), "below": float((found[:, 1] < true).mean()),
                        "seen": float(((found[:, 0] > 0) | (found[:, 1] < 0)).mean()),
                    }  # fmt: skip
                    lines.append(line)
                    shares = " | ".join(f"{line[k]:.3f}" for k in ("held", "above", "below", "seen"))
                    print(f"| {name} | {kind} | {line['rows']} | {metric} | {line['lift']:+.4f} | {shares} |")
                    sys.stdout.flush()
                    RESULTS.parent.mkdir(parents=True, exist_ok=True)
                    RESULTS.write_text(json.dumps(lines, indent=1))


if __name__ == "__main__":
    main()
