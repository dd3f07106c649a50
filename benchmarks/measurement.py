"""How often a verdict is wrong, and how often it sees what is there: `python -m benchmarks.measurement [--runs N]`.

Every run draws 600 training and 1,500 evaluation rows of a real set anew. Under the null nothing is
better: `random drop` removes a tenth of the rows at random; `equal noise` turns one random tenth of
wrong labels into another one, so that the two data sets are equally good though the models differ.
`fix` gives wrong labels (a fifth) their true ones back, some of them or all.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks import sets
from burnish.adapters.models.linear import LinearProbe
from burnish.dataset import Changeset, Column, Dataset, Edit, Evidence, Roles
from burnish.pipeline.embedding import unit_rows
from burnish.pipeline.measurement import Protocol, measure
from burnish.protocols import Silent

N_TRAIN, N_EVALUATION = 600, 1_500
RESULTS = Path(__file__).parent / "results" / "measurement.json"


def worlds() -> dict[str, tuple[np.ndarray, np.ndarray, float]]:
    """Name → unit vectors, codes of the true labels, the probe's l2."""
    clinc, cifar = sets.clinc150(), sets.cifar10()
    known = ~clinc["is_oos"].to_numpy()
    domains = np.unique(clinc["domain"].to_pylist(), return_inverse=True)[1]
    labels = np.unique(cifar["label"].to_pylist(), return_inverse=True)[1]
    vectors = unit_rows(sets.embeddings("clinc150"))
    return {
        "clinc150 domains": (vectors[known], domains[known], 1e-2),
        "cifar10": (unit_rows(sets.embeddings("cifar10")), labels, 1e-2),
    }


def draw(world: tuple[np.ndarray, np.ndarray, float], kind: str, seed: int) -> tuple[Evidence, Changeset]:
    vectors, truth, _ = world
    rng = np.random.default_rng(seed)
    rows = rng.choice(len(truth), N_TRAIN + N_EVALUATION, replace=False)
    truth, n_classes = truth[rows], truth.max() + 1
    other = (truth + rng.integers(1, n_classes, len(rows))) % n_classes
    order = rng.permutation(N_TRAIN)
    given = truth.copy()
    if kind == "random drop":
        edited, action, new = order[: N_TRAIN // 10], "drop", truth
    elif kind == "equal noise":
        given[order[:60]] = other[order[:60]]
        edited, action = order[:120], "relabel"
        new = np.where(np.isin(np.arange(len(rows)), order[60:120]), other, truth)
    else:
        wrong = order[: N_TRAIN // 5]
        given[wrong] = other[wrong]
        edited, action, new = wrong[: round(float(kind.split()[1]) * len(wrong))], "relabel", truth
    ids = [f"r{i}" for i in range(len(rows))]
    dataset = Dataset(
        pa.table({"label": [f"c{c:03d}" for c in given]}), pa.array(ids),
        np.stack([rows, rows], axis=1).astype(np.uint64), Roles(label="label"),
    )  # fmt: skip
    changes = [
        Edit(ids[i], action, "LAB001", "planted", label=f"c{new[i]:03d}" if action == "relabel" else None)
        for i in edited
    ]
    evidence = Evidence(dataset).adding(
        [Column("embeddings", vectors[rows], "row"), Column("evaluation", np.arange(len(rows)) >= N_TRAIN)]
    )
    return evidence, Changeset(dataset.version, tuple(changes))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=100)
    runs = parser.parse_args().runs
    print("| set | change | runs | mean lift | better | no worse | inconclusive | worse | smallest visible |")
    print("|---|---|---|---|---|---|---|---|---|")
    lines = []
    for name, world in worlds().items():
        protocol = Protocol(LinearProbe(world[2]))
        for kind in ("random drop", "equal noise", "fix 0.25", "fix 0.5", "fix 1.0"):
            effects = [
                measure(*draw(world, kind, seed), protocol, seed=seed, progress=Silent()) for seed in range(runs)
            ]
            rate = {
                v: np.mean([e.verdict == v for e in effects]) for v in ("better", "no worse", "inconclusive", "worse")
            }
            above = np.mean([e.lift_low > 0 for e in effects])
            lift = 100 * np.mean([e.lift for e in effects])
            visible = 100 * np.mean([e.smallest_visible_lift for e in effects])
            shares = " | ".join(f"{share:.3f}" for share in rate.values())
            print(f"| {name} | {kind} | {runs} | {lift:+.2f} | {shares} | {visible:.2f} |", flush=True)
            lines.append(
                {"set": name, "change": kind, "runs": runs, "lift": lift, "above_zero": above, "visible": visible,
                 "estimates": [[e.lift, e.lift_low, e.lift_high] for e in effects], **rate}
            )  # fmt: skip
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(lines, indent=1))


if __name__ == "__main__":
    main()
