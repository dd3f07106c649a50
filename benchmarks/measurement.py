"""How often a verdict is wrong, and how often it sees what is there.

`python -m benchmarks.measurement [--runs N] [--sets NAME …]`. Every run draws 600 training and 1,500 evaluation rows
of a real set anew; nothing was chosen by what `adult` gave. Under the null nothing is better: `random drop` removes
a tenth of the rows at random; `equal noise` turns one random tenth of wrong labels into another one, so that the two
data sets are equally good though the models differ. `fix` gives wrong labels (a fifth) their true ones back, a part
of them or all. `three codes` drops random rows (RND001), fixes half of the wrong labels (FIX001) and drops the other
half (CUT001): do all intervals of lifts and shares hold at once? What a lift truly is, is its mean over half of the
runs on 3,000 other rows. Two fields stand for slices: the class, and one drawn at random.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks import sets, slice_effects
from burnish.adapters.models.linear import LinearProbe
from burnish.dataset import Changeset, Column, Dataset, Edit, Evaluation, Evidence, Roles
from burnish.kernels.metrics import METRICS
from burnish.pipeline.embedding import unit_rows
from burnish.pipeline.measurement import measure
from burnish.pipeline.retraining import Protocol
from burnish.protocols import Silent

N_TRAIN, N_EVALUATION, N_TRUTH = 600, 1_500, 3_000
RESULTS = Path(__file__).parent / "results" / "measurement.json"
KINDS = ("random drop", "equal noise", "three codes", "fix 0.2", "fix 0.4")
VERDICTS = ("better", "no worse", "inconclusive", "worse")
World = tuple[np.ndarray, np.ndarray, float]


def worlds() -> dict[str, World]:
    """Name → unit vectors, codes of the true labels, the probe's l2."""
    clinc, cifar = sets.clinc150(), sets.cifar10()
    known = ~clinc["is_oos"].to_numpy()
    domains = np.unique(clinc["domain"].to_pylist(), return_inverse=True)[1]
    labels = np.unique(cifar["label"].to_pylist(), return_inverse=True)[1]
    vectors, adult = unit_rows(sets.embeddings("clinc150")), slice_effects.adult()
    return {
        "clinc150 domains": (vectors[known], domains[known], 1e-2),
        "cifar10, 128 directions": (leading(unit_rows(sets.embeddings("cifar10")), 128), labels, 1e-2),
        "adult": (unit_rows(adult.vectors), adult.labels, 1e-2),
    }


def leading(vectors: np.ndarray, n_dims: int) -> np.ndarray:
    """Give the leading principal components: hundreds of measurements take a sixth of the time."""
    centered = vectors - vectors.mean(axis=0)
    axes = np.linalg.eigh(centered.T @ centered)[1][:, -n_dims:]
    return unit_rows(centered @ axes)


def edits_of(
    kind: str, truth: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, list[tuple[int, str, str, int]]]:
    """Give the labels as given, and the edits: row, action, code, new class."""
    n_classes = truth.max() + 1
    other = (truth + rng.integers(1, n_classes, len(truth))) % n_classes
    order, given = rng.permutation(N_TRAIN), truth.copy()
    if kind == "random drop":
        return given, [(i, "drop", "RND001", 0) for i in order[:60]]
    if kind == "equal noise":
        given[order[:60]] = other[order[:60]]
        edits = [(i, "relabel", "FIX001", truth[i]) for i in order[:60]]
        return given, edits + [(i, "relabel", "FIX001", other[i]) for i in order[60:120]]
    wrong, fine = order[:120], order[120:]
    given[wrong] = other[wrong]
    if kind == "three codes":
        edits = [(i, "drop", "RND001", 0) for i in fine[:60]] + [(i, "drop", "CUT001", 0) for i in wrong[60:]]
        return given, edits + [(i, "relabel", "FIX001", truth[i]) for i in wrong[:60]]
    return given, [(i, "relabel", "FIX001", truth[i]) for i in wrong[: round(float(kind.split()[1]) * 120)]]


def draw(world: World, kind: str, seed: int, *, others: bool = False) -> tuple[Evidence, Changeset]:
    """Give a data set and a change; `others` measures the same training rows on rows that are not its own."""
    vectors, truth, _ = world
    rng = np.random.default_rng(seed)
    rows = rng.choice(len(truth), N_TRAIN + N_EVALUATION + N_TRUTH, replace=False)
    given, edits = edits_of(kind, truth[rows], np.random.default_rng([seed, 1]))
    measured = np.arange(N_TRAIN + N_EVALUATION, len(rows)) if others else np.arange(N_TRAIN, N_TRAIN + N_EVALUATION)
    kept = np.concatenate([np.arange(N_TRAIN), measured])
    rows, given = rows[kept], given[kept]
    ids = [f"r{i}" for i in range(len(rows))]
    names = np.array([f"c{c:03d}" for c in range(truth.max() + 1)])
    fields = {"label": names[given], "class": names[truth[rows]], "lot": rng.integers(0, 8, len(rows)).astype(str)}
    dataset = Dataset(
        pa.table(fields), pa.array(ids), np.stack([rows, rows], axis=1).astype(np.uint64),
        Roles(label="label", meta=("class", "lot")),
    )  # fmt: skip
    changes = [
        Edit(ids[i], action, code, "planted", label=str(names[new]) if action == "relabel" else None)
        for i, action, code, new in edits
    ]
    evidence = Evidence(dataset).adding(
        [Column("embeddings", vectors[rows], "row"), Column("evaluation", np.arange(len(rows)) >= N_TRAIN)]
    )
    return evidence, Changeset(dataset.version, tuple(changes))


def claims(effect: Evaluation) -> dict[str, tuple[float, float, float]]:
    """Name → estimate, low, high of everything that is simultaneous."""
    found = {"lift": (effect.lift, effect.lift_low, effect.lift_high)}
    found["lift_vs_control"] = (effect.lift_vs_control, effect.lift_vs_control_low, effect.lift_vs_control_high)
    if len(effect.shares) > 1:
        found |= {f"share:{s.code}": (s.value, s.low, s.high) for s in effect.shares}
        found |= {a.name: (a.lift, a.lift_low, a.lift_high) for a in effect.arms if a.name.startswith("only:")}
    return found


def run(world: World, kind: str, runs: int) -> dict[str, object]:
    protocol = Protocol(METRICS["accuracy"], LinearProbe(world[2]))
    told, true = [], []
    for seed in range(runs):
        told.append(measure(*draw(world, kind, seed), protocol, seed=seed, progress=Silent()))
        if seed < max(10, runs // 2):
            true.append(measure(*draw(world, kind, seed, others=True), protocol, seed=seed, progress=Silent()))
    truth = {name: np.mean([claims(one)[name][0] for one in true]) for name in claims(told[0])}
    held = np.array([[low <= truth[n] <= high for n, (_, low, high) in claims(one).items()] for one in told])
    return {
        **{v: float(np.mean([e.verdict == v for e in told])) for v in VERDICTS},
        "change": kind, "runs": runs, "truth": truth,
        "lift_covered": float(held[:, 0].mean()), "all_covered": float(held.all(axis=1).mean()),
        "gate_failed": float(np.mean([not e.gate.passed for e in told])),
        "any_found": float(np.mean([bool(e.found) for e in told])),
        "visible": float(np.mean([e.smallest_visible_lift for e in told])),
        "estimates": [[e.lift, e.lift_low, e.lift_high] for e in told],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--kinds", nargs="*", default=KINDS)
    parser.add_argument("--sets", nargs="*", help="kept for the others")
    asked = parser.parse_args()
    print("| set | change | runs | true lift | smallest visible | better | no worse | inconclusive | worse "
          "| lift covered | all covered | gate failed | slice found |")  # fmt: skip
    print("|" + "---|" * 13)
    lines = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    for name, world in worlds().items():
        if asked.sets and name not in asked.sets:
            continue
        for kind in asked.kinds:
            line = {"set": name, **run(world, kind, asked.runs)}
            lines = [old for old in lines if (old["set"], old["change"]) != (name, kind)] + [line]
            shares = " | ".join(f"{line[v]:.3f}" for v in VERDICTS)
            rest = " | ".join(f"{line[k]:.3f}" for k in ("lift_covered", "all_covered", "gate_failed", "any_found"))
            lifts = f"{100 * line['truth']['lift']:+.2f} | {100 * line['visible']:.2f}"
            print(f"| {name} | {kind} | {asked.runs} | {lifts} | {shares} | {rest} |")
            sys.stdout.flush()
            RESULTS.parent.mkdir(parents=True, exist_ok=True)
            RESULTS.write_text(json.dumps(lines, indent=1))


if __name__ == "__main__":
    main()
