"""Neighbors, clusters and map on real sets and one synthetic set, beside exact search, k-means and umap-learn.

`python -m benchmarks.structure [SET ...]`: times are CPU seconds of one process (with OMP_NUM_THREADS=1).
k-means is told the true number of classes, burnish is not. umap-learn is measured where it is installed.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import util
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree
from sklearn.cluster import KMeans
from sklearn.manifold import trustworthiness
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from benchmarks import sets
from burnish.kernels.clusters import Hierarchy, cluster_rows
from burnish.kernels.layout import layout_map
from burnish.kernels.neighbors import Neighbors, nearest_neighbors
from burnish.kernels.vectors import Vectors

RESULTS = Path(__file__).parent / "results" / "structure.json"
K = 15
RECALLS = (0.9, 0.98)
NAMES = ("banking77", "clinc150", "cifar10", "synthetic")


@dataclass(frozen=True, eq=False)
class Task:
    """Unit rows (n, d) and their true classes (n,)."""

    name: str
    rows: NDArray[np.float32]
    classes: NDArray[np.int64]


def main(names: Sequence[str] = ()) -> None:
    tables: dict[str, list[dict[str, Any]]] = {"neighbors": [], "clusters": [], "stability": [], "map": []}
    warm_up()
    for name in names or NAMES:
        task = load(name)
        exact, seconds = timed(lambda rows: nearest_neighbors(rows, K, recall=1), task.rows)
        tables["neighbors"] += neighbor_lines(task, exact, seconds)
        tables["clusters"] += cluster_lines(task, exact.positions, tables["stability"])
        tables["map"] += map_lines(task, exact.positions)
        print(task.name, "done", file=sys.stderr, flush=True)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(tables, indent=1))
    for name, lines in tables.items():
        print(f"\n### {name}\n\n{markdown(lines)}")


def warm_up() -> None:
    """Let kernels be compiled, which happens once a machine, before anything is timed."""
    rows = synthetic(2_000).rows
    for recall in (1, *RECALLS):
        neighbors = nearest_neighbors(rows, K, exact_rows=0, recall=recall).positions
    cluster_rows(neighbors)
    layout_map(rows, neighbors)


def load(name: str) -> Task:
    if name == "synthetic":
        return synthetic(50_000)
    table = getattr(sets, name)()
    classes = np.unique(np.array(table["label"].to_pylist()), return_inverse=True)[1]
    kept = ~table["is_oos"].to_numpy() if name == "clinc150" else np.ones(len(table), bool)
    vectors = Vectors.of(sets.embeddings(name)[kept])
    return Task(name, vectors.all(), classes[kept][vectors.rows])


def synthetic(n_rows: int, *, n_classes: int = 500, n_topics: int = 40, n_dims: int = 384, seed: int = 0) -> Task:
    """Power-law Gaussians: classes of one topic share a subspace of 56 dimensions and spread over 16 to 29 of it."""
    rng = np.random.default_rng(seed)
    sizes = rng.pareto(1.5, n_classes) + 0.2
    classes = np.sort(rng.choice(n_classes, n_rows, p=sizes / sizes.sum()))
    rows = np.empty((n_rows, n_dims), np.float32)
    spaces = rng.normal(size=(n_topics, 56, n_dims)) / np.sqrt(n_dims)
    topic_centers = rng.normal(size=(n_topics, n_dims)) / np.sqrt(n_dims) * 6
    for code in np.unique(classes):
        member = classes == code
        topic = code % n_topics
        width = np.where(np.arange(56) < rng.integers(16, 30), 1.0, 0.0)[rng.permutation(56)]
        local = rng.normal(size=56) * 1.1 + rng.normal(size=(int(member.sum()), 56)) * width
        rows[member] = topic_centers[topic] + local @ spaces[topic]
    rows += 0.02 * rng.normal(size=rows.shape)
    shuffled = rng.permutation(n_rows)
    return Task("synthetic", Vectors.of(rows[shuffled]).all(), classes[shuffled])


def neighbor_lines(task: Task, exact: Neighbors, exact_seconds: float) -> list[dict[str, Any]]:
    lines = [_line(task, method="exact", recall=1.0, estimate=1.0, seconds=exact_seconds)]
    for wanted in RECALLS:
        found, seconds = timed(lambda rows, r=wanted: nearest_neighbors(rows, K, exact_rows=0, recall=r), task.rows)
        near = found.distances <= exact.distances[:, -1:] + 1e-5
        method = f"cells, recall {wanted} wanted"
        lines.append(_line(task, method=method, recall=near.mean(), estimate=found.recall, seconds=seconds))
    return lines


def cluster_lines(task: Task, neighbors: NDArray[np.int32], stability: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found, seconds = timed(cluster_rows, neighbors)
    lines = []
    for level in range(found.path.shape[1]):
        codes = found.path[:, level]
        mark = " (working)" if level == found.working else ""
        lines.append(_agreement(task, codes, method=f"burnish level {level}{mark}", seconds=seconds))
        lines[-1]["stability"] = round(float(found.stability[codes[codes >= 0]].mean()), 3)
    n_classes = len(np.unique(task.classes))
    if len(task.rows) <= 25_000:
        codes, seconds = timed(lambda rows: KMeans(n_classes, n_init=1, random_state=0).fit_predict(rows), task.rows)
        lines.append(_agreement(task, codes, method="k-means, true K", seconds=seconds))
    stability.extend(_purity_by_stability(task, found))
    return lines


def map_lines(task: Task, neighbors: NDArray[np.int32]) -> list[dict[str, Any]]:
    places, seconds = timed(lambda rows: layout_map(rows, neighbors), task.rows)
    lines = [_map_quality(task, neighbors, places, method="burnish", seconds=seconds)]
    centered = task.rows - task.rows.mean(axis=0)
    two = centered @ np.linalg.svd(centered[:5000], full_matrices=False)[2][:2].T
    lines.append(_map_quality(task, neighbors, two, method="PCA", seconds=0.0))
    if util.find_spec("umap") and len(task.rows) <= 25_000:
        places, seconds = timed(_umap, task.rows)
        lines.append(_map_quality(task, neighbors, places, method="umap-learn (its own kNN, JIT)", seconds=seconds))
    return lines


def timed(function: Callable[..., Any], rows: NDArray[Any]) -> tuple[Any, float]:
    start = time.process_time()
    return function(rows), time.process_time() - start


def markdown(lines: list[dict[str, Any]]) -> str:
    names = list(dict.fromkeys(name for line in lines for name in line))
    body = [[line.get(name, "") for name in names] for line in lines]
    return "\n".join("| " + " | ".join(map(str, cells)) + " |" for cells in [names, ["---"] * len(names), *body])


def _line(task: Task, **figures: Any) -> dict[str, Any]:
    rounded = {name: round(float(value), 3) if not isinstance(value, str) else value for name, value in figures.items()}
    return {"set": task.name, "rows": len(task.rows), **rounded}


def _agreement(task: Task, codes: NDArray[np.int64], *, method: str, seconds: float) -> dict[str, Any]:
    line = _line(
        task,
        method=method,
        ami=adjusted_mutual_info_score(task.classes, codes),
        ari=adjusted_rand_score(task.classes, codes),
        noise=np.mean(codes < 0),
        seconds=seconds,
    )
    return line | {"clusters": len(np.unique(codes[codes >= 0])), "classes": len(np.unique(task.classes))}


def _purity_by_stability(task: Task, found: Hierarchy) -> Iterator[dict[str, Any]]:
    """Tell whether stable clusters are purer: share of the majority class, rows weighted alike."""
    codes = found.path[:, found.working]
    ids = np.flatnonzero(found.level == found.working)
    pure = np.array([np.bincount(task.classes[codes == code]).max() / found.size[code] for code in ids])
    for low, high in ((0, 0.6), (0.6, 0.85), (0.85, 1.01)):
        inside = (found.stability[ids] >= low) & (found.stability[ids] < high)
        if inside.any():
            weight = found.size[ids][inside]
            purity = np.average(pure[inside], weights=weight)
            yield _line(task, stability=f"{low} to {min(high, 1)}", clusters=inside.sum(), purity=purity)


def _map_quality(
    task: Task, neighbors: NDArray[np.int32], places: NDArray[Any], *, method: str, seconds: float
) -> dict[str, Any]:
    near = KDTree(places).query(places, k=31)[1][:, 1:]
    kept = np.mean([np.isin(true, found).mean() for true, found in zip(neighbors, near, strict=True)])
    votes = np.zeros((len(places), int(task.classes.max()) + 1), np.int32)
    for column in near[:, :K].T:
        votes[np.arange(len(places)), task.classes[column]] += 1
    sampled = np.random.default_rng(0).choice(len(places), min(4000, len(places)), replace=False)
    trust = trustworthiness(task.rows[sampled], places[sampled], n_neighbors=K, metric="cosine")
    accuracy = np.mean(votes.argmax(axis=1) == task.classes)
    return _line(task, method=method, kept=kept, accuracy=accuracy, trustworthiness=trust, seconds=seconds)


def _umap(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    from umap import UMAP  # noqa: PLC0415  an optional peer, slow to import

    return np.asarray(UMAP(n_neighbors=K, metric="cosine", random_state=0, n_jobs=1, n_epochs=200).fit_transform(rows))


if __name__ == "__main__":
    main(sys.argv[1:])
