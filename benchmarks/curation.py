"""Curation under label noise: is the model ever worse for it, and how much of the gap to clean labels comes back?

`python -m benchmarks.curation [--runs N]`. `burnish curate` with its default policy on real sets whose training
labels get 0 %, 5 %, 20 % and 40 % wrong ones, and on CIFAR-10 with the worst human labels (40 %, 10,000 rows). The
true labels of the evaluation rows judge. Two heads: `tuned`, the default probe, whose regularisation is chosen on
the noisy labels; `plain`, the same at scikit-learn's default (C = 1), the head of the notes' plain scripts.
`recovered` is the share of the gap between noisy and clean training labels, all arms trained once on all their rows
(of the one draw with human labels: ten times, on 80 % of the rows, the same ones in every arm, as burnish measures):
by dropping and by relabelling what LAB001 suspects (0.5 or more), when a person confirms the suggestions on the most
suspect 40 %, and by curate as it decided.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks import sets
from burnish.adapters.models.linear import LinearProbe
from burnish.dataset import Dataset, Roles
from burnish.kernels.metrics import METRICS
from burnish.pipeline.embedding import unit_rows
from burnish.pipeline.settings import setting_of
from burnish.workspace import Audited, Curation, Experiment, Limits, Workspace

RESULTS = Path(__file__).parent / "results" / "curation.json"
N_TRAIN, N_EVALUATION = 3_000, 2_000
CONFIRMED = 0.4
RETRAINS, SHARE = 10, 0.8
Draw = Callable[[int], tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]
"""Seed → vectors, true codes, given codes, mask of training rows."""


def worlds() -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Name → vectors, true codes, mask of rows that may train."""
    cifar, clinc, spam = sets.cifar10(), sets.clinc150(), sets.youtube_spam()
    known = ~clinc["is_oos"].to_numpy()
    domains = np.unique(np.array(clinc["domain"].to_pylist())[known], return_inverse=True)[1]
    return {
        "cifar10": (unit_rows(sets.embeddings("cifar10")), cifar["label"].to_numpy(), sets.is_train(cifar)),
        "clinc150 domains": (unit_rows(sets.embeddings("clinc150"))[known], domains, sets.is_train(clinc)[known]),
        "youtube_spam": (unit_rows(sets.embeddings("youtube_spam")), spam["label"].to_numpy(), sets.is_train(spam)),
    }


def planted(world: tuple[np.ndarray, np.ndarray, np.ndarray], noise: float) -> Draw:
    vectors, truth, train = world

    def draw(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        chosen = rng.permutation(np.flatnonzero(train))[:N_TRAIN]
        rows = np.concatenate([chosen, rng.permutation(np.flatnonzero(~train))[:N_EVALUATION]])
        given, n_classes = truth[rows].copy(), truth.max() + 1
        wrong = rng.permutation(len(chosen))[: round(noise * len(chosen))]
        given[wrong] = (given[wrong] + rng.integers(1, n_classes, len(wrong))) % n_classes
        return vectors[rows], truth[rows], given, np.arange(len(rows)) < len(chosen)

    return draw


def human() -> Draw:
    table = sets.cifar10()
    truth, train = table["label"].to_numpy(), sets.is_train(table)
    worst = np.nan_to_num(np.array(table["noisy_worst"].to_pylist(), np.float64)).astype(np.int64)
    vectors = unit_rows(sets.embeddings("cifar10"))
    return lambda _: (vectors, truth, np.where(train, worst, truth), train)


def audited(space: Workspace, drawn: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]) -> Audited:
    vectors, _, given, train = drawn
    names = np.array([f"c{c:03d}" for c in range(given.max() + 1)])
    table = pa.table({"label": names[given], "split": np.where(train, "train", "test")})
    content = np.frombuffer(np.ascontiguousarray(vectors[:, :4], np.float32).tobytes(), np.uint64).reshape(-1, 2)
    ids = pa.array([f"r{i}" for i in range(len(given))])
    return space.audit(Dataset(table, ids, content, Roles(label="label", split="split"), vectors, "noisy"))


def recovered(done: Curation, truth: np.ndarray, probe: LinearProbe, retrains: int) -> dict[str, float]:
    """Give the share of the gap that each treatment brings back, and the accuracies at its ends."""
    rng = np.random.default_rng(0)
    evidence = done.audited.evidence
    setting = setting_of(evidence)
    given, rows, metric = setting.targets.values, setting.train, METRICS["accuracy"]
    suspect = np.nan_to_num(np.asarray(evidence["label_suspect"], np.float64))
    suggested = np.asarray(evidence["suggested_label"], np.int64)
    flagged = rows[suspect[rows] >= 0.5]
    named = flagged[suggested[flagged] >= 0]
    shown = rows[np.argsort(-suspect[rows], kind="stable")][: round(CONFIRMED * len(rows))]

    def with_labels(where: np.ndarray, labels: np.ndarray) -> np.ndarray:
        changed = given.copy()
        changed[where] = labels[where]
        return changed

    arms = {
        "noisy": (rows, given), "clean": (rows, with_labels(rows, truth)),
        "drop": (np.setdiff1d(rows, flagged), given), "relabel": (rows, with_labels(named, suggested)),
        "confirmed": (rows, with_labels(shown, truth)), "curate": curated(done, rows, given),
    }  # fmt: skip
    test = setting.sample(setting.counted)
    draws = [rows] if retrains == 1 else [rng.permutation(rows)[: round(SHARE * len(rows))] for _ in range(retrains)]

    def judged(kept: np.ndarray, labels: np.ndarray) -> float:
        targets = replace(setting.targets, values=labels.astype(np.int32))
        said = probe.fit_predict(setting.sample(kept, targets), test, seed=0)
        return metric.value(truth[setting.counted], metric.terms(truth[setting.counted], said))

    accuracy = {
        name: float(np.mean([judged(np.intersect1d(kept, draw), labels) for draw in draws]))
        for name, (kept, labels) in arms.items()
    }
    gap = accuracy["clean"] - accuracy["noisy"]
    shares = {name: (value - accuracy["noisy"]) / gap if gap > 0 else np.nan for name, value in accuracy.items()}
    return {**shares, "noisy": accuracy["noisy"], "clean": accuracy["clean"]}


def curated(done: Curation, rows: np.ndarray, given: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    dataset, labels = done.audited.dataset, given.copy()
    changes = done.changes if done.effect is not None and done.effect.allowed else replace(done.changes, edits=())
    dropped = [dataset.row_positions[e.row_id] for e in changes.edits if e.action == "drop"]
    for edit in changes.edits:
        if edit.action == "relabel":
            labels[dataset.row_positions[edit.row_id]] = dataset.labels.classes.index(edit.label)
    return np.setdiff1d(rows, np.array(dropped, np.int64)), labels


def run(draw: Draw, head: str, runs: int) -> dict[str, object]:
    effects, shares, treatments = [], [], []
    for seed in range(runs):
        drawn = draw(seed)
        with tempfile.TemporaryDirectory() as folder:
            space = Workspace(folder, seed=seed, limits=Limits(threads=1))
            looked = audited(space, drawn)
            plain = LinearProbe(1 / int(drawn[3].sum()))
            done = space.curate(looked, Experiment(plain if head == "plain" else None))
        if done.effect is None:
            effects.append("no edits")
            continue
        used = plain if head == "plain" else LinearProbe(float(done.effect.parameters["model"].split("=")[1][:-1]))
        shares.append(recovered(done, drawn[1], used, RETRAINS if runs == 1 else 1))
        effects.append(done.effect.verdict)
        treatments += [f"{c.treatment} {c.n_edits}" for c in done.choice.codes if c.code == "LAB001"]
    means = {name: float(np.nanmean([s[name] for s in shares])) for name in (shares[0] if shares else {})}
    return {"verdicts": effects, "labels": treatments, **means, "each": shares}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default="")
    asked = parser.parse_args()
    tasks = {
        (name, f"{noise:.0%}"): planted(world, noise)
        for name, world in worlds().items()
        for noise in (0, 0.05, 0.2, 0.4)
    }
    tasks[("cifar10n worst, 10,000 rows", "human 40%")] = human()
    columns = ("set", "wrong labels", "head", "noisy", "clean", "recovered by drop", "relabel", "confirmed", "curate")
    print(f"| {' | '.join(columns)} | verdicts | labels |")
    print("|" + "---|" * 11)
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    for (name, noise), draw in tasks.items():
        for head in ("tuned", "plain"):
            if asked.only not in f"{name} {noise} {head}":
                continue
            line = {"set": name, "noise": noise, "head": head, **run(draw, head, 1 if "human" in noise else asked.runs)}
            kept = [old for old in kept if (old["set"], old["noise"], old["head"]) != (name, noise, head)] + [line]
            cells = [f"{line.get(k, np.nan):.3f}" for k in ("noisy", "clean")]
            cells += [f"{line.get(k, np.nan):.0%}" for k in ("drop", "relabel", "confirmed", "curate")]
            told = f"{', '.join(line['verdicts'])} | {', '.join(line['labels'])}"
            print(f"| {name} | {noise} | {head} | {' | '.join(cells)} | {told} |")
            sys.stdout.flush()
            RESULTS.parent.mkdir(parents=True, exist_ok=True)
            RESULTS.write_text(json.dumps(kept, indent=1))


if __name__ == "__main__":
    main()
