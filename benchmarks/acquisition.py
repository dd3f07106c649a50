"""What to label next, beside what others do: `python -m benchmarks.acquisition [--runs N] [--sets NAME …]`.

Each run draws 60 % of the train rows as the pool, starts from no label and asks for ten batches; after each a probe
(l2 0.01) is fitted to what is labelled and measured on the official test rows. A method is judged by its mean
accuracy along the curve. Then forecasts: from n labelled rows, drawn at random or acquired, what a batch and n
more are worth, against what they turn out to be worth and what sets of those sizes are worth in the mean.
The peers are written here, after their papers.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn.cluster import MiniBatchKMeans

from benchmarks import sets
from burnish.kernels.acquisition import Labelled, Pool, acquire_rows
from burnish.kernels.kmeans import assign, spherical_kmeans
from burnish.kernels.learning_curves import MIN_GAIN, Rows, forecast_gain, learning_curve
from burnish.kernels.probe import fit_probe, predict_probabilities
from burnish.pipeline.embedding import unit_rows

RESULTS = Path(__file__).parent / "results" / "acquisition.json"
BATCHES = {"cifar10": 100, "banking77": 100, "banking77 minilm": 100, "clinc150": 100, "youtube_spam": 20}
TUNED_ON = ("cifar10", "banking77")
HEADS = {
    "curves": "| set | runs | method | mean accuracy | final | burnish ahead (95 %) |\n|---|---|---|---|---|---|",
    "forecasts": "| set | labels | n | covered | gain | forecast | half width "
    "| stop: less than 0.2 points | 1 | 3 |\n|---|---|---|---|---|---|---|---|---|---|",
}
N_BATCHES, POOL_SHARE, L2 = 10, 0.6, 1e-2
SIZES = (2, 4, 15, 45)
EVALUATION_ROWS, DRAWN = 1_000, 8
STOPS = (MIN_GAIN, 0.01, 0.03)

Positions = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class World:
    rows: NDArray[np.float32]
    labels: NDArray[np.int64]
    test: Rows

    def accuracy(self, labelled: Positions) -> float:
        probe = self.probe(labelled)
        return float((predict_probabilities(probe, self.test.embeddings).argmax(axis=1) == self.test.labels).mean())

    def probe(self, labelled: Positions):
        n_classes = int(max(self.labels.max(), self.test.labels.max())) + 1
        return fit_probe(self.rows[labelled], self.labels[labelled], n_classes=n_classes, l2=L2)


@dataclass(frozen=True, eq=False)
class State:
    """What a method may see: the rows, which are labelled, and the probabilities (n, n_classes) once there are two."""

    world: World
    labelled: Positions
    seed: int

    @property
    def free(self) -> NDArray[np.bool_]:
        mask = np.ones(len(self.world.rows), bool)
        mask[self.labelled] = False
        return mask

    def probabilities(self) -> NDArray[np.float32] | None:
        if len(np.unique(self.world.labels[self.labelled])) < 2:
            return None
        return predict_probabilities(self.world.probe(self.labelled), self.world.rows)


@cache
def world(name: str, run: int) -> World:
    base, _, embedder = name.partition(" ")
    table, vectors = getattr(sets, base)(), unit_rows(sets.embeddings(base, embedder or None))
    labels, train = np.unique(table["label"].to_pylist(), return_inverse=True)[1], sets.is_train(table)
    if base == "clinc150":
        known = ~table["is_oos"].to_numpy(zero_copy_only=False).astype(bool)
        vectors, train, labels = vectors[known], train[known], np.unique(labels[known], return_inverse=True)[1]
    pool = np.random.default_rng(run).permutation(np.flatnonzero(train))[: round(POOL_SHARE * train.sum())]
    return World(vectors[pool], labels[pool], Rows(vectors[~train], labels[~train]))


def at_random(state: State, batch: int) -> Positions:
    return np.random.default_rng(1_000 * state.seed + len(state.labelled)).permutation(np.flatnonzero(state.free))[
        :batch
    ]


def by_doubt(score: Callable, state: State, batch: int) -> Positions:
    probabilities = state.probabilities()
    if probabilities is None:
        return at_random(state, batch)
    return np.argsort(-np.where(state.free, score(probabilities), -np.inf))[:batch]


def margin(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    two = np.sort(probabilities, axis=1)[:, -2:]
    return two[:, 0] - two[:, 1]


def entropy(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    return -(probabilities * np.log(probabilities + 1e-12)).sum(axis=1)


def k_center(state: State, batch: int) -> Positions:
    """The row farthest from all labelled and chosen ones, again and again (Sener & Savarese 2018)."""
    rows, chosen = state.world.rows, []
    nearest = np.full(len(rows), np.inf, np.float32)
    for labelled in state.labelled:
        np.minimum(nearest, 1 - rows @ rows[labelled], out=nearest)
    if not len(state.labelled):
        chosen.append(int(at_random(state, 1)[0]))
        nearest = 1 - rows @ rows[chosen[0]]
    while len(chosen) < batch:
        chosen.append(int(nearest.argmax()))
        np.minimum(nearest, 1 - rows @ rows[chosen[-1]], out=nearest)
    return np.array(chosen)


def typiclust(state: State, batch: int) -> Positions:
    """The most typical row of the largest clusters with fewest labels (Hacohen, Dekel & Weinshall 2022): k-means with
    as many clusters as labels wanted, at most 500; typicality is 1 / mean distance to 20 neighbors in the cluster."""
    rows, free, chosen = state.world.rows, state.free, []
    n_clusters = min(len(state.labelled) + batch, 500)
    codes = MiniBatchKMeans(n_clusters, n_init=1, random_state=state.seed, batch_size=1024).fit(rows).labels_
    sizes = np.bincount(codes, minlength=n_clusters)
    n_labels = np.bincount(codes[state.labelled], minlength=n_clusters)
    while len(chosen) < batch:
        left = np.bincount(codes[free], minlength=n_clusters)
        cluster = int(np.lexsort((-sizes, n_labels, left == 0, sizes < 5))[0])
        if not left[cluster]:
            cluster = int(np.lexsort((-sizes, n_labels, left == 0))[0])
        members = np.flatnonzero(codes == cluster)
        n_near = max(1, min(20, len(members) - 1))
        distances = np.sqrt(np.maximum(0, 2 - 2 * rows[members] @ rows[members].T))
        typicality = -np.sort(distances, axis=1)[:, 1 : n_near + 1].mean(axis=1) if len(members) > 1 else np.zeros(1)
        chosen.append(int(members[np.argmax(np.where(free[members], typicality, -np.inf))]))
        free[chosen[-1]] = False
        n_labels[cluster] += 1
    return np.array(chosen)


def typiclust_then_margin(state: State, batch: int) -> Positions:
    return typiclust(state, batch) if len(state.labelled) < 3 * batch else by_doubt(margin, state, batch)


def burnish(state: State, batch: int, *, with_clusters: bool = False) -> Positions:
    rows, labelled = state.world.rows, state.labelled
    codes = assign(rows, spherical_kmeans(rows, 50, seed=state.seed)) if with_clusters else None
    free = np.flatnonzero(state.free)
    known = Labelled(rows[labelled], state.world.labels[labelled], None if codes is None else codes[labelled])
    pool = Pool(rows[free], None if codes is None else codes[free])
    return free[acquire_rows(known, pool, budget=batch, l2=L2, seed=state.seed).rows]


METHODS: dict[str, Callable[[State, int], Positions]] = {
    "burnish": burnish,
    "random": at_random,
    "margin": partial(by_doubt, margin),
    "entropy": partial(by_doubt, entropy),
    "k-center": k_center,
    "TypiClust": typiclust,
    "TypiClust, then margin": typiclust_then_margin,
    "burnish, with cluster weights": partial(burnish, with_clusters=True),
}


def curve(name: str, method: str, run: int) -> list[float]:
    """Give the accuracy after each batch."""
    here, labelled, accuracies = world(name, run), np.zeros(0, np.int64), []
    for _ in range(N_BATCHES):
        labelled = np.concatenate([labelled, METHODS[method](State(here, labelled, run), BATCHES[name])])
        accuracies.append(here.accuracy(labelled))
    return accuracies


def compare(name: str, runs: int) -> list[dict]:
    """Print and give mean accuracies along the curve, and how far burnish is ahead of each in the same runs."""
    found, lines = {}, []
    for method in METHODS if name in TUNED_ON else list(METHODS)[:-1]:
        curves = np.array([curve(name, method, run) for run in range(runs)])
        found[method] = curves.mean(axis=1)
        ahead, half = paired(100 * (found["burnish"] - found[method]))
        beside = "" if method == "burnish" else f"{ahead:+.2f} ± {half:.2f}"
        label = name if name in TUNED_ON else f"{name} (held out)"
        print(
            f"| {label} | {runs} | {method} | {curves.mean():.4f} | {curves[:, -1].mean():.4f} | {beside} |", flush=True
        )
        lines.append({"method": method, "runs": runs, "curves": curves.tolist(), "ahead": ahead, "half": half})
    return lines


def paired(differences: NDArray[np.float64]) -> tuple[float, float]:
    """Give the mean of some differences and half its t interval."""
    n = len(differences)
    half = stats.t.ppf(0.975, n - 1) * differences.std(ddof=1) / np.sqrt(n) if n > 1 else np.nan
    return float(differences.mean()), float(half)


def forecasts(name: str, runs: int) -> list[dict]:
    """Print and give how often the intervals hold what more labels turn out to be worth, and are worth in the mean."""
    lines = []
    for how in ("at random", "acquired"):
        known = np.array([one for run in range(runs) for one in _forecasts(name, how, run)])
        true, mean, gain, low, high = known.T
        line = {
            "set": name, "labels": how, "n": len(true),
            "covered": float(((low <= true) & (true <= high)).mean()),
            "gain": 100 * float(true.mean()), "forecast": 100 * float(gain.mean()),
            "half": 50 * float((high - low).mean()),
            **{f"stop at {100 * least:.1f}": _stops(high, mean, least) for least in STOPS},
        }  # fmt: skip
        print(
            "| " + " | ".join(f"{v:.2f}" if isinstance(v, float) else str(v) for v in line.values()) + " |", flush=True
        )
        lines.append({**line, "each": known.tolist()})
    return lines


def _stops(high: NDArray[np.float64], mean: NDArray[np.float64], least: float) -> str:
    """Tell how often "stop" was said, and how often too early."""
    stop = high < least
    return f"{stop.sum()}, {(stop & (mean > least)).sum()} too early"


def _forecasts(name: str, how: str, run: int) -> list[tuple[float, ...]]:
    """Give for some sizes, and one batch or twice as many labels: worth, mean worth, forecast and its bounds.

    The mean worth is that of sets drawn at random, `DRAWN` of each size, also where labels were acquired.
    """
    here, rng, batch = world(name, run), np.random.default_rng(run), BATCHES[name]
    some = rng.permutation(len(here.test.labels))[:EVALUATION_ROWS]
    evaluation = Rows(here.test.embeddings[some], here.test.labels[some])
    order, sizes, found = rng.permutation(len(here.labels)), SIZES, []
    if how == "acquired":
        order, sizes = np.zeros(0, np.int64), SIZES[:2]
        for _ in range(8):
            order = np.concatenate([order, burnish(State(here, order, run), batch)])
    for n in batch * np.array(sizes):
        labelled = Rows(here.rows[order[:n]], here.labels[order[:n]])
        curve = learning_curve(labelled, evaluation, l2=L2, seed=run)
        for more in (batch, n):
            if n + more > len(order):
                continue
            told = forecast_gain(curve, more)
            worth = here.accuracy(order[: n + more]) - here.accuracy(order[:n])
            mean = mean_accuracy(name, run, n + more) - mean_accuracy(name, run, n)
            found.append((worth, mean, told.gain, told.low, told.high))
    return found


@cache
def mean_accuracy(name: str, run: int, n: int) -> float:
    here, rng = world(name, run), np.random.default_rng(n)
    return float(np.mean([here.accuracy(rng.permutation(len(here.labels))[:n]) for _ in range(DRAWN)]))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--sets", nargs="*", default=list(BATCHES), choices=list(BATCHES))
    parser.add_argument("--part", choices=("curves", "forecasts"), help="only one of the two tables")
    given = parser.parse_args()
    for part, measure in {"curves": compare, "forecasts": forecasts}.items():
        if given.part in (part, None):
            print(HEADS[part])
            for name in given.sets:
                keep(part, name, measure(name, given.runs))


def keep(part: str, name: str, lines: list[dict]) -> None:
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    kept.setdefault(part, {})[name] = lines
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(kept, indent=1))


if __name__ == "__main__":
    main()
