"""Weak slices: found, falsely reported, and reported where there is none. `python -m benchmarks.slices`.

A slice of 3 % of the rows gets an error rate 15 points above the rest; errors are drawn row by row,
so that the truth is known. Everything goes through `SlicesStep` and `WeakSlice` at their defaults.
Found: a finding whose rows have a Jaccard index of at least 0.5 with the planted ones. False: a
finding whose true error rate is less than 5 points above the true rate of the other rows. Clusters of
real embeddings are planted in four ways, none with the seed, the graph or the features of the
search: cells of k-means (raw and whitened), Leiden clusters, and the rows nearest to one row. Beside
them stand two bounds: the share of runs where a test of nothing but the planted rows succeeds at a
level of 5 % shared among all sets of their size, and how near any candidate region came.
"""

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.stats import hypergeom
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from benchmarks import sets
from burnish.dataset import Column, Dataset, Evidence, Roles
from burnish.kernels.clusters import cluster_rows
from burnish.kernels.graphs import shared_neighbor_graph
from burnish.kernels.leiden import leiden
from burnish.kernels.neighbors import nearest_neighbors
from burnish.kernels.slices import regions
from burnish.pipeline.embedding import unit_rows
from burnish.steps.slices import SlicesStep, WeakSlice

RESULTS = Path(__file__).parent / "results" / "slices.json"
SHARE, GAP, MIN_TRUE_GAP = 0.03, 0.15, 0.05
SIZES, RATES = (3_000, 12_000), (0.05, 0.15, 0.25)
FIELD_SIZES = (3, 4, 5, 6, 8, 10)
COLUMNS = (
    "world", "planted", "rows", "error elsewhere", "runs", "found", "best Jaccard", "reported", "false",
    "runs with a false one", "power of the true slice", "nearest candidate",
)  # fmt: skip


@dataclass(frozen=True)
class World:
    """Rows to search: metadata fields, embeddings, and the mask of the rows that are planted."""

    fields: dict[str, NDArray[np.generic]]
    embeddings: NDArray[np.float32] | None
    planted: NDArray[np.bool_]
    path: NDArray[np.int64] | None = None


def simulated(n_rows: int, kind: str, rng: np.random.Generator) -> World:
    """Six fields of skewed values and 24 blobs in 32 dimensions; `kind`: literal, cross, cluster or none."""
    centers = unit_rows(rng.standard_normal((24, 32)))
    blob = rng.choice(24, n_rows, p=rng.dirichlet(np.full(24, 5.0)))
    rows = unit_rows(centers[blob] + rng.standard_normal((n_rows, 32)) * 0.9 / np.sqrt(32))
    codes = np.column_stack([rng.choice(k, n_rows, p=rng.dirichlet(np.full(k, 3.0))) for k in FIELD_SIZES])
    planted = np.zeros(n_rows, bool)
    if kind == "cluster":
        planted = a_cluster(rows, rng)
    elif kind != "none":
        planted[rng.permutation(n_rows)[: round(SHARE * n_rows)]] = True
        first, second = rng.choice(len(FIELD_SIZES), 2, replace=False)
        moved = codes[:, first] == 0 if kind == "literal" else (codes[:, first] == 0) & (codes[:, second] == 0)
        codes[moved, first if kind == "literal" else second] = 1
        codes[planted, first] = 0
        if kind == "cross":
            codes[planted, second] = 0
    return World({f"field {i}": column.astype(str) for i, column in enumerate(codes.T)}, rows, planted)


def a_cluster(rows: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.bool_]:
    """A k-means cluster of 3 to 6 % of the rows, by another method and seed than the search uses."""
    model = KMeans(25, n_init=1, random_state=int(rng.integers(1 << 30)))
    codes = model.fit(rows[rng.permutation(len(rows))[:3_000]]).predict(rows)
    return one_of(codes, rng)


def a_whitened_cluster(rows: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.bool_]:
    """The same in 64 whitened principal components."""
    return a_cluster(PCA(64, whiten=True, random_state=0).fit_transform(rows).astype(np.float32), rng)


def a_leiden_cluster(rows: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.bool_]:
    """A community of 3 to 6 % of the rows, of fewer neighbors than an audit uses, in 64 principal components."""
    components = PCA(64, random_state=0).fit_transform(rows)
    graph = shared_neighbor_graph(nearest_neighbors(components, 10, recall=1).positions)
    codes = [leiden(graph, resolution, seed=int(rng.integers(1 << 30))) for resolution in (2.0, 3.0, 6.0, 8.0)]
    return one_of(np.column_stack(codes) + np.arange(4) * len(rows), rng)


def a_ball(rows: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.bool_]:
    """The 3 to 6 % of the rows that are nearest to one of them."""
    order = np.argsort(-(rows @ rows[rng.integers(len(rows))]))
    return np.isin(np.arange(len(rows)), order[: round(rng.uniform(SHARE, 2 * SHARE) * len(rows))])


def one_of(codes: NDArray[np.integer], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Rows of one code, drawn among those of 3 to 6 % of the rows, or the one that comes nearest to that."""
    values, counts = np.unique(codes, return_counts=True)
    off = np.abs(counts / len(codes) - 1.5 * SHARE)
    chosen = rng.choice(values[off <= max(SHARE / 2, off.min())])
    return (codes == chosen).reshape(len(codes), -1).any(axis=1)


CLUSTERS = {
    "cluster": a_cluster,
    "whitened": a_whitened_cluster,
    "leiden": a_leiden_cluster,
    "ball": a_ball,
    "none": lambda rows, _: np.zeros(len(rows), bool),
}


def of_embeddings(n_rows: int, kind: str, rng: np.random.Generator, *, name: str) -> World:
    """Real embeddings without metadata, the clusters that an audit has, and a planted cluster."""
    vectors = unit_rows(sets.embeddings(name))
    rows = vectors[rng.permutation(len(vectors))[:n_rows]]
    path = cluster_rows(nearest_neighbors(rows).positions).path
    return World({}, rows, CLUSTERS[kind](rows, rng), path)


def of_adult(n_rows: int, kind: str, rng: np.random.Generator) -> World:
    """The census table's own fields; planted is a cross of two of their values that 3 to 6 % of the rows have."""
    table = sets.adult()
    table = table.drop_columns([name for name in ("split", "income-per-year") if name in table.column_names])
    table = table.take(rng.permutation(len(table))[:n_rows])
    fields = {
        name: column.to_numpy(zero_copy_only=False)
        for name, column in zip(table.column_names, table.columns, strict=True)
    }
    textual = [name for name in fields if not pa.types.is_integer(table[name].type)]
    planted = np.zeros(n_rows, bool)
    while kind != "none" and not SHARE <= planted.mean() <= 2 * SHARE:
        first, second = rng.choice(textual, 2, replace=False)
        row = rng.integers(n_rows)
        planted = (fields[first] == fields[first][row]) & (fields[second] == fields[second][row])
    return World(fields, None, planted)


def findings(world: World, wrong: NDArray[np.bool_], seed: int) -> list[NDArray[np.int64]]:
    """Rows of each finding of the step and check at their defaults."""
    n_rows = len(wrong)
    table = pa.table({"label": ["a", "b"] * (n_rows // 2), **world.fields})
    ids = pa.array([str(row) for row in range(n_rows)])
    roles = Roles(label="label", meta=tuple(world.fields))
    dataset = Dataset(table, ids, np.zeros((n_rows, 2), np.uint64), roles, world.embeddings)
    said = np.eye(2, dtype=np.float32)[(dataset.labels.codes + wrong) % 2]
    columns = [Column("probabilities", said)]
    if world.embeddings is not None:
        columns.append(Column("embeddings", world.embeddings))
    if world.path is not None:
        columns.append(Column("cluster_path", world.path))
    evidence = Evidence(dataset).adding(columns)
    evidence = evidence.adding(SlicesStep().run(evidence, seed=seed))
    return [np.array([flag.row for flag in finding.rows]) for finding in WeakSlice().judge(evidence)]


MAKERS = {
    "simulated": simulated,
    "adult": of_adult,
    "clinc150": partial(of_embeddings, name="clinc150"),
    "cifar10_A": partial(of_embeddings, name="cifar10"),
}


class Setting(NamedTuple):
    world: str
    planted: str
    rows: int
    rate: float
    runs: int


def settings(runs: int, null_runs: int) -> list[Setting]:
    kinds = ("literal", "cross", "cluster")
    found = [Setting("simulated", kind, n, rate, runs) for kind in kinds for n in SIZES for rate in RATES]
    found.append(Setting("adult", "cross", 6_000, 0.15, runs))
    real = [(name, kind) for name in ("clinc150", "cifar10_A") for kind in CLUSTERS if kind != "none"]
    sizes = ((6_000, max(1, runs * 3 // 5)), (12_000, max(1, runs * 2 // 5)))
    found += [Setting(name, kind, n, 0.15, n_runs) for name, kind in real for n, n_runs in sizes]
    null = (("simulated", 3_000, 0.05), ("simulated", 3_000, 0.25), ("simulated", 12_000, 0.15))
    null = (*null, ("adult", 3_000, 0.15), ("clinc150", 3_000, 0.15), ("cifar10_A", 3_000, 0.15))
    return found + [Setting(name, "none", n, rate, null_runs) for name, n, rate in null]


def power(world: World, wrong: NDArray[np.bool_]) -> bool:
    """Whether the planted rows alone stand out at 5 % shared among the sets of their size."""
    inside = world.planted.sum()
    if not inside:
        return False
    tail = hypergeom.sf(wrong[world.planted].sum() - 1, len(wrong), wrong.sum(), inside)
    return bool(tail <= 0.05 * inside / len(wrong))


def nearest_candidate(world: World, seed: int) -> float:
    """Largest Jaccard index of a region that is searched with the planted rows; NaN without any."""
    if world.embeddings is None or not world.planted.any():
        return float("nan")
    min_rows = round(SlicesStep().min_share * len(world.planted))
    offered = regions(world.embeddings, min_rows=min_rows, codes=world.path, seed=seed)
    shared = offered.T @ world.planted.astype(np.float32)
    return float((shared / (offered.sum(axis=0) + world.planted.sum() - shared)).max())


def measured(setting: Setting) -> dict[str, object]:
    name, kind, n_rows, rate, runs = setting
    make = MAKERS[name]
    found, best, n_reported, n_false, n_runs_false = 0, [], 0, 0, 0
    powers, nearests = [], []
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        world = make(n_rows, kind, rng)
        truth = rate + GAP * world.planted
        jaccards, false = [0.0], 0
        wrong = rng.random(n_rows) < truth
        powers.append(power(world, wrong))
        nearests.append(nearest_candidate(world, seed) if kind in CLUSTERS and name != "simulated" else np.nan)
        for rows in findings(world, wrong, seed):
            inside = np.isin(np.arange(n_rows), rows)
            jaccards.append(float((inside & world.planted).sum() / (inside | world.planted).sum()))
            false += bool(truth[inside].mean() - truth[~inside].mean() < MIN_TRUE_GAP)
            n_reported += 1
        found += max(jaccards) >= 0.5
        best.append(max(jaccards))
        n_false += false
        n_runs_false += false > 0
    return {
        **setting._asdict(),
        "found": found / runs,
        "jaccard": float(np.mean(best)),
        "reported": n_reported,
        "false": n_false,
        "runs_with_false": n_runs_false / runs,
        "power": float(np.mean(powers)),
        "nearest": float(np.mean(nearests)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--null-runs", type=int, default=60)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    lines = []
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    with ProcessPoolExecutor(arguments.processes) as pool:
        for line in pool.map(measured, settings(arguments.runs, arguments.null_runs)):
            lines.append(line)
            cells = (f"{value:.2f}" if isinstance(value, float) else str(value) for value in line.values())
            print(f"| {' | '.join(cells)} |", flush=True)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(lines, indent=1))


if __name__ == "__main__":
    main()
