"""Curation under planted label noise: is the model ever worse for it? `python -m benchmarks.curation [--runs N]`.

`burnish curate` with its default policy on real sets whose training labels get 0 %, 5 % and 20 % wrong
ones (and, for CIFAR-10, the human noise). The true labels of the evaluation rows judge.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks import sets
from burnish.dataset import Dataset, Evaluation, Roles
from burnish.pipeline.embedding import unit_rows
from burnish.workspace import Limits, Workspace

RESULTS = Path(__file__).parent / "results" / "curation.json"
N_TRAIN, N_EVALUATION = 3_000, 2_000


def worlds() -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Name → vectors, true codes, mask of rows that may train."""
    cifar, clinc, spam = sets.cifar10(), sets.clinc150(), sets.youtube_spam()
    known = ~clinc["is_oos"].to_numpy()
    domains = np.unique(clinc["domain"].to_pylist(), return_inverse=True)[1]
    return {
        "cifar10": (unit_rows(sets.embeddings("cifar10")), cifar["label"].to_numpy(), sets.is_train(cifar)),
        "clinc150 domains": (
            unit_rows(sets.embeddings("clinc150"))[known],
            domains[known],
            sets.is_train(clinc)[known],
        ),
        "youtube_spam": (unit_rows(sets.embeddings("youtube_spam")), spam["label"].to_numpy(), sets.is_train(spam)),
    }


def draw(world: tuple[np.ndarray, np.ndarray, np.ndarray], noise: float, seed: int) -> Dataset:
    vectors, truth, train = world
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(np.flatnonzero(train))[:N_TRAIN]
    held = rng.permutation(np.flatnonzero(~train))[:N_EVALUATION]
    rows = np.concatenate([chosen, held])
    given = truth[rows].copy()
    wrong = rng.permutation(len(chosen))[: round(noise * len(chosen))]
    given[wrong] = (given[wrong] + rng.integers(1, truth.max() + 1, len(wrong))) % (truth.max() + 1)
    splits = np.where(np.arange(len(rows)) < len(chosen), "train", "test")
    table = pa.table({"label": [f"c{c:03d}" for c in given], "split": splits})
    content = np.frombuffer(vectors[rows][:, :4].astype(np.float32).tobytes(), np.uint64).reshape(-1, 2)
    ids = pa.array([f"r{i}" for i in range(len(rows))])
    return Dataset(table, ids, content, Roles(label="label", split="split"), vectors[rows], f"noise {noise:g}")


def mean_arm(effects: list[Evaluation], name: str) -> float:
    return float(np.mean([e.arm(name).value for e in effects] or [np.nan]))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    print("| set | wrong labels | runs | edits | before | after | control | lift [low, high] (mean) | verdicts |")
    print("|---|---|---|---|---|---|---|---|---|")
    lines = []
    for name, world in worlds().items():
        for noise in (0.0, 0.05, 0.2):
            done = []
            for seed in range(runs):
                space = Workspace(Path("/nonexistent-burnish"), seed=seed, limits=Limits(threads=1))
                done.append(space.curate(space.audit(draw(world, noise, seed))))
            effects = [d.effect for d in done if d.effect is not None]
            verdicts = ", ".join(f"{e.verdict}" for e in effects)
            line = {
                "set": name, "noise": noise, "edits": float(np.mean([len(d.changes) for d in done])),
                "before": mean_arm(effects, "before"), "after": mean_arm(effects, "after"),
                "control": mean_arm(effects, "control"), "lift": float(np.mean([e.lift for e in effects] or [np.nan])),
                "low": float(np.mean([e.lift_low for e in effects] or [np.nan])),
                "high": float(np.mean([e.lift_high for e in effects] or [np.nan])),
                "verdicts": [e.verdict for e in effects], "effects": [replace(e, slices=()).to_json() for e in effects],
            }  # fmt: skip
            lines.append(line)
            print(
                f"| {name} | {noise:.0%} | {runs} | {line['edits']:.0f} | {line['before']:.3f} | {line['after']:.3f} "
                f"| {line['control']:.3f} | {100 * line['lift']:+.1f} "
                f"[{100 * line['low']:+.1f}, {100 * line['high']:+.1f}] | {verdicts} |",
                flush=True,
            )
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(lines, indent=1))


if __name__ == "__main__":
    main()
