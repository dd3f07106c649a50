"""Values of clusters and of rows against what they stand for: `python -m benchmarks.values [--runs N] [SET …]`.

Clusters: the probe learns anew without each cluster, or without N of each level drawn at random, at the
regularisation that the training rows choose; evaluated are the official test rows. Time is CPU time of
one thread: of `group_values` for all clusters of all levels (or of the working level alone), against one
`fit_probe` and prediction a cluster; `fit_probes` lets eight such fits share their passes.
Rows: 1,000 training images of CIFAR-10N (worst labels) are ranked by their value for as many other ones with
clean labels; how well do the lowest values tell wrong labels, and what is accuracy without them?
"""

import argparse
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmarks import sets
from burnish.kernels.clusters import cluster_rows
from burnish.kernels.influence import SMALLEST_PROBABILITY, LabeledRows, Metric, group_values
from burnish.kernels.neighbors import nearest_neighbors
from burnish.kernels.probe import choose_l2, fit_probe, fit_probes, predict_probabilities
from burnish.kernels.row_values import row_values
from burnish.pipeline.embedding import unit_rows

RESULTS = Path(__file__).parent / "results" / "values.json"
Made = TypeVar("Made")
METRICS: tuple[Metric, ...] = ("accuracy", "log_loss")
N_SHARED = 8
COLUMNS = (
    "set", "classes", "l2", "clusters", "level", "retrained", "metric", "rank correlation", "with hard accuracy",
    "exact with hard accuracy", "retrain s", "ratio", "ratio working level", "ratio to shared fits",
)  # fmt: skip
ROW_COLUMNS = ("seed", "wrong", "AUROC", "AP", "accuracy", "without lowest 20 %", "lowest 40 %", "random 40 %", "clean")


class World(NamedTuple):
    """Training and evaluation rows, the clusters of the training rows, and the working level."""

    train: LabeledRows
    evaluation: LabeledRows
    working: int
    n_classes: int
    l2: float


def names(name: str) -> tuple[NDArray[np.str_], NDArray[np.bool_]]:
    """Labels of a set as strings, and which rows are used."""
    base = name.split(maxsplit=1)[0]
    table = getattr(sets, base)()
    field = "domain" if base == "clinc150" else "label"
    labels = np.array(table[field].to_pylist()).astype(str)
    if name == "cifar10 noisy":
        labels = np.where(sets.is_train(table), np.array(table["noisy_worst"].to_pylist()).astype(str), labels)
    return labels, ~table["is_oos"].to_numpy() if base == "clinc150" else np.ones(len(labels), bool)


def world(name: str) -> World:
    base = name.split(maxsplit=1)[0]
    labels, used = names(name)
    rows, train = unit_rows(sets.embeddings(base))[used], sets.is_train(getattr(sets, base)())[used]
    classes, codes = np.unique(labels[used], return_inverse=True)
    found = cluster_rows(nearest_neighbors(rows).positions)
    l2 = choose_l2(rows[train], codes[train], n_classes=len(classes), seed=0)
    taught = LabeledRows(rows[train], codes[train], found.path[train])
    return World(taught, LabeledRows(rows[~train], codes[~train]), found.working, len(classes), l2)


def timed(make: Callable[[], Made]) -> tuple[Made, float]:
    started = time.process_time()
    made = make()
    return made, time.process_time() - started


def judged(rows: LabeledRows, probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    """Mean probability of the right label, minus log loss, accuracy."""
    own = probabilities[np.arange(len(rows.labels)), rows.labels].astype(float)
    hard = np.mean(probabilities.argmax(axis=1) == rows.labels)
    return np.array([own.mean(), np.log(np.maximum(own, SMALLEST_PROBABILITY)).mean(), hard])


def retrained(on: World, kept: NDArray[np.bool_]) -> NDArray[np.float64]:
    probe = fit_probe(on.train.embeddings[kept], on.train.labels[kept], n_classes=on.n_classes, l2=on.l2)
    return judged(on.evaluation, predict_probabilities(probe, on.evaluation.embeddings))


class Exact(NamedTuple):
    """What three metrics lose without clusters (n, 3); CPU seconds of a retrain, alone and with shared passes."""

    clusters: list[int]
    lost: NDArray[np.float64]
    seconds: float
    seconds_shared: float


def exact(on: World, chosen: list[int]) -> Exact:
    inside = [(on.train.groups == cluster).any(axis=1) for cluster in chosen]
    base = retrained(on, np.ones(len(on.train.labels), bool))
    each = [timed(partial(retrained, on, ~members)) for members in inside]
    weights = 1 - np.column_stack(inside[:N_SHARED]).astype(np.float32)
    given = (on.train.embeddings, on.train.labels, weights)
    together = timed(partial(fit_probes, *given, n_classes=on.n_classes, l2=on.l2))[1]
    lost = np.array([base - without for without, _ in each])
    return Exact(chosen, lost, float(np.mean([seconds for _, seconds in each])), together / weights.shape[1])


def of_clusters(name: str, runs: int) -> list[dict[str, object]]:
    """A line a metric and level, and one of all levels."""
    on = world(name)
    by_level = [np.unique(level[level >= 0]).tolist() for level in on.train.groups.T]
    rng = np.random.default_rng(0)
    drawn = [rng.permutation(clusters)[:runs].tolist() for clusters in by_level]
    retrains = exact(on, [cluster for clusters in drawn for cluster in clusters])
    working = on.train.groups[:, on.working, None]
    lines = []
    for place, metric in enumerate(METRICS):
        values = partial(group_values, n_classes=on.n_classes, l2=on.l2, metric=metric)
        found, ours = timed(partial(values, on.train, on.evaluation))
        alone = timed(partial(values, on.train._replace(groups=working), on.evaluation))[1]
        costs = {
            "retrain_s": retrains.seconds,
            "ratio": len(found.groups) * retrains.seconds / ours,
            "ratio_working": len(by_level[on.working]) * retrains.seconds / alone,
            "ratio_shared": len(found.groups) * retrains.seconds_shared / ours,
        }
        for level in (*range(len(by_level)), "all"):
            clusters = retrains.clusters if level == "all" else drawn[level]
            some = np.flatnonzero(np.isin(retrains.clusters, clusters))
            if len(some) > 2:
                value = found.value[np.searchsorted(found.groups, np.array(retrains.clusters)[some])]
                lost, hard = retrains.lost[some, place], retrains.lost[some, 2]
                pairs = {"rank": (value, lost), "hard": (value, hard), "exact_hard": (lost, hard)}
                facts = {
                    "set": name, "classes": on.n_classes, "l2": on.l2,
                    "clusters": len(found.groups) if level == "all" else len(by_level[level]),
                    "level": f"{level}{' (working)' * (level == on.working)}", "retrained": len(some), "metric": metric,
                }  # fmt: skip
                ranks = {key: float(spearmanr(*pair).statistic) for key, pair in pairs.items()}
                lines.append(facts | ranks | costs)
    return lines


def of_rows(seed: int, *, n_rows: int = 1_000) -> dict[str, float]:
    """Wrong labels among the lowest values, and accuracy of a probe without the lowest."""
    table = sets.cifar10()
    rng = np.random.default_rng(seed)
    rows, train = unit_rows(sets.embeddings("cifar10")), sets.is_train(table)
    clean, given = (np.array(table[field].to_pylist()) for field in ("label", "noisy_worst"))
    classes, truth = np.unique(clean.astype(str), return_inverse=True)
    chosen, others = np.split(rng.permutation(np.flatnonzero(train))[: 2 * n_rows], 2)
    codes = np.searchsorted(classes, given[chosen].astype(str))
    values = row_values(rows[chosen], codes, rows[others], truth[others])
    wrong = codes != truth[chosen]
    l2 = choose_l2(rows[chosen], codes, n_classes=len(classes), seed=seed)

    def accuracy(kept: NDArray[np.integer], labels: NDArray[np.integer]) -> float:
        probe = fit_probe(rows[chosen[kept]], labels[kept], n_classes=len(classes), l2=l2)
        return float(np.mean(predict_probabilities(probe, rows[~train]).argmax(axis=1) == truth[~train]))

    order = np.argsort(values)
    return {
        "seed": seed, "wrong": float(wrong.mean()), "auroc": float(roc_auc_score(wrong, -values)),
        "ap": float(average_precision_score(wrong, -values)), "accuracy": accuracy(order, codes),
        "without 20": accuracy(order[n_rows // 5 :], codes), "without 40": accuracy(order[2 * n_rows // 5 :], codes),
        "random 40": accuracy(rng.permutation(order)[2 * n_rows // 5 :], codes),
        "clean": accuracy(order, truth[chosen]),
    }  # fmt: skip


def shown(line: dict[str, object]) -> str:
    return f"| {' | '.join(f'{v:.3g}' if isinstance(v, float) else str(v) for v in line.values())} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*")
    parser.add_argument("--runs", type=int, default=40, help="clusters of a level that are retrained without")
    arguments = parser.parse_args()
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name in arguments.sets or ("youtube_spam", "clinc150", "cifar10", "cifar10 noisy", "banking77", "rows"):
        columns = ROW_COLUMNS if name == "rows" else COLUMNS
        print(f"\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
        kept[name] = [of_rows(seed) for seed in range(5)] if name == "rows" else of_clusters(name, arguments.runs)
        print("\n".join(shown(line) for line in kept[name]), flush=True)
        RESULTS.write_text(json.dumps(kept, indent=1))


if __name__ == "__main__":
    main()
