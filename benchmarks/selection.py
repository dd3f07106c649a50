"""What a probe learns from a selection: `python -m benchmarks.selection [--runs N] [--sets NAME …] [--noise]`.

Each run draws nine of ten training rows anew; every method chooses 1 %, 5 % and 10 % (of the training rows) from
them, and the probe that is fitted to the choice is measured on all rows outside the training split. The l2 of a set
and budget is the one with which random choices do best on training rows that they left out; it is the same for every
method. A difference is paired by run and row; its interval counts both. The default was chosen on training rows of
cifar10 and banking77; the other sets are held out. `--noise`: cifar10 with wrong labels in the pool, measured on the
true ones.
"""

import argparse
import json
import time
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from benchmarks import sets
from burnish.kernels.folds import group_folds
from burnish.kernels.labels import judge_labels
from burnish.kernels.neighbors import nearest_neighbors
from burnish.kernels.probe import choose_l2, fit_probes, predict_probabilities
from burnish.kernels.selection_methods import Pool, select_rows
from burnish.pipeline.embedding import unit_rows

RESULTS = Path(__file__).parent / "results" / "selection.json"
SETS = {
    "cifar10": ("cifar10", None), "banking77 minilm": ("banking77", "minilm"), "banking77 static": ("banking77", None),
    "clinc150 static": ("clinc150", None), "clinc150 minilm": ("clinc150", "minilm"),
    "youtube_spam minilm": ("youtube_spam", "minilm"), "youtube_spam static": ("youtube_spam", None),
}  # fmt: skip
KEPT, BUDGETS = 0.9, (0.01, 0.05, 0.1)
L2S = (1e-3, 1e-2, 1e-1, 0.3)
DEFAULT = ("facility-location", "labels, quality")
FREE = ("random", "k-center", "medoids", "typicality", "density", "stochastic", "facility-location")
ARMS = (
    *((method, "-") for method in FREE),
    *((method, "labels") for method in ("random", "medoids", "typicality", "facility-location")),
    ("random", "labels, quality"), DEFAULT,
)  # fmt: skip
NOISE_ARMS = (
    ("random", "-"), ("random", "labels"), ("facility-location", "labels"), ("random", "labels, quality"), DEFAULT,
)  # fmt: skip


class World(NamedTuple):
    """Unit vectors, given labels (train) and true ones (n,), and the two sides."""

    vectors: NDArray[np.float32]
    given: NDArray[np.int32]
    truth: NDArray[np.int32]
    train: NDArray[np.int64]
    evaluation: NDArray[np.int64]


def world(name: str, noise: str = "none") -> World:
    key, embedder = SETS[name]
    table = getattr(sets, key)()
    codes = np.unique(np.array(table["label"].to_pylist(), str), return_inverse=True)[1].astype(np.int32)
    known = ~table["is_oos"].to_numpy().astype(bool) if key == "clinc150" else np.ones(len(codes), bool)
    is_train = sets.is_train(table)
    codes[known] = np.unique(codes[known], return_inverse=True)[1]
    given = codes.copy()
    if noise == "planted 20 %":
        rng = np.random.default_rng(7)
        wrong = rng.random(len(codes)) < 0.2
        given[wrong] = (codes[wrong] + rng.integers(1, codes.max() + 1, wrong.sum())) % (codes.max() + 1)
    elif noise != "none":
        given[is_train] = np.array(table[noise].to_pylist(), object)[is_train].astype(np.int32)
    vectors = unit_rows(sets.embeddings(key, embedder))
    return World(vectors, given, codes, np.flatnonzero(is_train & known), np.flatnonzero(~is_train & known))


def label_quality(
    vectors: NDArray[np.float32], labels: NDArray[np.int32], *, l2: float, seed: int
) -> NDArray[np.float32]:
    """Give out-of-sample label quality as `burnish audit` does: probe of five folds, and votes of neighbors."""
    n_classes = int(labels.max()) + 1
    alone = np.full(len(labels), -1)
    fold = group_folds(labels, alone, n_folds=5, seed=seed)
    probes = fit_probes(vectors, labels, fold[:, None] != np.arange(5), n_classes=n_classes, l2=l2, tolerance=3e-5)
    probabilities = np.empty((len(labels), n_classes), np.float32)
    for k, probe in enumerate(probes):
        probabilities[fold == k] = predict_probabilities(probe, vectors[fold == k])
    return judge_labels(labels, probabilities, neighbors=nearest_neighbors(vectors).positions).quality


def correct(of: World, chosen: NDArray[np.int64], rows: NDArray[np.int64], l2: float) -> NDArray[np.float64]:
    """Tell which of the rows the probe that learned from the given labels of the chosen ones gets right."""
    given, n_classes = of.given[chosen], int(of.truth.max()) + 1
    probe = fit_probes(of.vectors[chosen], given, np.ones((len(given), 1)), n_classes=n_classes, l2=l2, tolerance=3e-5)[
        0
    ]
    return (predict_probabilities(probe, of.vectors[rows]).argmax(axis=1) == of.truth[rows]).astype(float)


def best_l2(of: World, budget: int) -> float:
    """Give the l2 with which two random choices predict the given labels of what they leave out best."""
    orders = [np.random.default_rng(100 + k).permutation(of.train) for k in range(2)]
    of = of._replace(truth=of.given)
    score = [np.mean([correct(of, o[:budget], o[budget : budget + 2_000], l2).mean() for o in orders]) for l2 in L2S]
    return L2S[int(np.argmax(score))]


def interval(ahead: NDArray[np.float64]) -> tuple[float, float, float]:
    """Give the mean of differences (n_runs, n_rows) and its 95 % interval.

    Variance: that between runs times 1 / n_runs + left out / kept, as their pools overlap (Nadeau & Bengio 2003), and
    that of the rows' means; degrees of freedom by Welch & Satterthwaite.
    """
    between = max(1e-12, ahead.mean(axis=1).var(ddof=1) * (1 / len(ahead) + (1 - KEPT) / KEPT))
    variance = between + ahead.mean(axis=0).var() / ahead.shape[1]
    dof = (len(ahead) - 1) * (variance / between) ** 2
    value, half = ahead.mean(), stats.t.ppf(0.975, dof) * np.sqrt(variance)
    return float(value), float(value - half), float(value + half)


def compare(of: World, arms: tuple[tuple[str, str], ...], runs: int) -> list[dict[str, object]]:
    """Give a line an arm and budget: accuracy, and what the default has more, with its interval."""
    right, seconds = defaultdict(list), defaultdict(list)
    budgets = {share: round(share * len(of.train)) for share in BUDGETS}
    l2 = {share: best_l2(of, budget) for share, budget in budgets.items()}
    quality_l2 = choose_l2(of.vectors[of.train], of.given[of.train], n_classes=int(of.truth.max()) + 1, seed=0)
    for run in range(runs):
        pool = np.sort(np.random.default_rng(run).permutation(of.train)[: round(KEPT * len(of.train))])
        quality = label_quality(of.vectors[pool], of.given[pool], l2=quality_l2, seed=run)
        for share, budget in budgets.items():
            for method, uses in arms:
                strata = of.given[pool] if "labels" in uses else None
                weights = quality if "quality" in uses else None
                started = time.process_time()
                known = Pool(of.vectors[pool], strata, weights)
                chosen = pool[select_rows(known, budget=budget, method=method, seed=run)]
                seconds[method, uses, share].append(time.process_time() - started)
                right[method, uses, share].append(correct(of, chosen, of.evaluation, l2[share]))
    lines = []
    for (method, uses, share), runs_right in right.items():
        ahead = np.stack(right[(*DEFAULT, share)]) - np.stack(runs_right)
        value, low, high = interval(ahead)
        lines.append(
            {"method": method, "uses": uses, "budget": budgets[share], "share": share, "l2": l2[share],
             "accuracy": float(np.mean(runs_right)), "deviation": float(np.mean(runs_right, axis=1).std(ddof=1)),
             "ahead": value, "low": low, "high": high,
             "seconds": float(np.mean(seconds[method, uses, share])), "n_evaluation": len(of.evaluation)}
        )  # fmt: skip
    return lines


def table(name: str, lines: list[dict[str, object]]) -> str:
    """Give one line an arm: accuracy, and in brackets by how many points the default is ahead, with its interval."""
    cells = defaultdict(dict)
    for line in lines:
        ahead = f" ({100 * line['ahead']:+.1f}: {100 * line['low']:+.1f} to {100 * line['high']:+.1f})"
        is_default = (line["method"], line["uses"]) == DEFAULT
        cells[line["method"], line["uses"]][line["share"]] = (
            f"**{line['accuracy']:.3f}**" if is_default else f"{line['accuracy']:.3f}{ahead}"
        )
    head = " | ".join(f"{line['share']:.0%} = {line['budget']}" for line in lines[:: len(cells)])
    rows = [f"| {method} | {uses} | " + " | ".join(of.values()) + " |" for (method, uses), of in cells.items()]
    return "\n".join([f"\n{name}\n", f"| method | uses | {head} |", "|---|---|" + "---|" * len(BUDGETS), *rows])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=list(SETS))
    parser.add_argument("--noise", action="store_true")
    options = parser.parse_args()
    cases = [(name, "none") for name in options.sets]
    if options.noise:
        cases = [("cifar10", noise) for noise in ("planted 20 %", "noisy_aggre", "noisy_worst")]
    for name, noise in cases:
        title = name if noise == "none" else f"{name}, {noise}"
        lines = compare(world(name, noise), ARMS if noise == "none" else NOISE_ARMS, options.runs)
        print(table(title, lines), flush=True)
        known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        RESULTS.write_text(json.dumps(known | {title: lines}, indent=1))


if __name__ == "__main__":
    main()
