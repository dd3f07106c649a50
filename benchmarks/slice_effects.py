"""Slice effects under the null and planted: `python -m benchmarks.slice_effects [PART …] [--runs N]`.

Parts: `null` and `planted` run gate and search on what probes predict before and after a real edit, `confirmed`
looks at the reports among two fitted models on other rows, `sizes` gives the gate's power by slice size in simulated
worlds, `search` compares ways to search there, `regions` compares ways to search clusters, `mislabelled` trains on
wrong labels in one slice, `trend` tells how often slopes are covered. A real edit drops a random tenth of 2,000
training rows; 5,000 evaluation rows; drawn anew in each run. A planted regression takes right answers away from a
slice at the rate that makes its expected lift what is stated.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.sparse import csc_array, hstack
from scipy.sparse.csgraph import connected_components

from benchmarks import sets
from burnish.kernels.kmeans import assign, spherical_kmeans
from burnish.kernels.probe import fit_probes, predict_probabilities
from burnish.kernels.slice_effects import find_slice_effects, slice_gate, slice_lifts
from burnish.kernels.slice_trends import trend
from burnish.kernels.slices import Family, cross, one_hot, regions
from burnish.kernels.vectors import Vectors
from burnish.pipeline.embedding import unit_rows

N_TRAIN, N_EVALUATION, RETRAINS, MAX_DROP, MIN_ROWS = 2_000, 5_000, 10, 0.05, 50
RESULTS = Path(__file__).parent / "results" / "slice_effects.json"

Masks = NDArray[np.bool_]
Found = list[NDArray[np.int64]]


class World(NamedTuple):
    """A real set: vectors, labels, fields as codes, clusters and regions of the embeddings (0/1 columns)."""

    vectors: NDArray[np.float32]
    labels: NDArray[np.int32]
    codes: NDArray[np.int64]
    clusters: NDArray[np.int64]
    regions: csc_array | None


class Case(NamedTuple):
    """One run on evaluation rows: right before and right after (n_runs, n_rows), and those rows."""

    before: Masks
    after: Masks
    rows: NDArray[np.int64]

    @property
    def differences(self) -> NDArray[np.float64]:
        return self.after.astype(np.float64) - self.before


def adult() -> World:
    table = sets.adult()
    names = [name for name in table.column_names if name not in ("split", "income-per-year", "fnlwgt")]
    codes = np.column_stack([_coded(table[name].to_numpy(zero_copy_only=False)) for name in names])
    hot = np.concatenate([codes[:, [field]] == np.unique(codes[:, field]) for field in range(len(names))], axis=1)
    labels = np.unique(table["income-per-year"].to_pylist(), return_inverse=True)[1].astype(np.int32)
    return World(hot.astype(np.float32), labels, codes, _clusters(unit_rows(hot.astype(np.float32)), 20), None)


def cifar10() -> World:
    labels = np.unique(sets.cifar10()["label"].to_pylist(), return_inverse=True)[1].astype(np.int32)
    fields = [labels, *(_coded(column) for column in sets.image_stats()[:, 2:6].T)]
    return _embedded(unit_rows(sets.embeddings("cifar10")), labels, np.column_stack(fields))


def clinc150() -> World:
    table = sets.clinc150().filter(~sets.clinc150()["is_oos"].to_numpy())
    known = ~sets.clinc150()["is_oos"].to_numpy()
    labels = np.unique(table["domain"].to_pylist(), return_inverse=True)[1].astype(np.int32)
    lengths = np.array([len(text) for text in table["text"].to_pylist()])
    words = np.array([text.split()[0] for text in table["text"].to_pylist()], object)
    codes = np.column_stack([labels, _coded(lengths), _coded(words)])
    return _embedded(unit_rows(sets.embeddings("clinc150"))[known], labels, codes)


def _embedded(vectors: NDArray[np.float32], labels: NDArray[np.int32], codes: NDArray[np.int64]) -> World:
    offered = regions(vectors, min_rows=len(vectors) // 50)
    return World(vectors, labels, codes.astype(np.int64), _clusters(vectors, 20), offered)


def _clusters(vectors: NDArray[np.float32], k: int, seed: int = 0) -> NDArray[np.int64]:
    return assign(vectors, spherical_kmeans(Vectors.of(vectors), k, seed=seed))


def _coded(values: NDArray[np.generic], max_values: int = 20) -> NDArray[np.int64]:
    """The 20 most frequent values, numbers in five quantiles."""
    if values.dtype != object and len(np.unique(values)) > max_values:
        return np.searchsorted(np.unique(np.quantile(values, [0.2, 0.4, 0.6, 0.8])), values, side="right")
    found, codes, counts = np.unique(values.astype(str), return_inverse=True, return_counts=True)
    rank = np.full(len(found), -1, np.int64)
    kept = np.argsort(-counts, kind="stable")[:max_values]
    rank[kept] = np.arange(len(kept))
    return rank[codes]


def cases(
    world: World,
    seed: int,
    spoil: Callable[[NDArray[np.int64]], NDArray[np.int32]] | None = None,
    *,
    n_evaluation: int = N_EVALUATION,
    retrains: int = RETRAINS,
) -> dict[str, Case]:
    """Probes before and after: `fitted` (all training rows, one pair), `retrained` (ten pairs on 80 % of them).

    The edit drops a random tenth, or gives labels by `spoil`.
    """
    rng = np.random.default_rng(seed)
    rows = rng.choice(len(world.labels), N_TRAIN + n_evaluation, replace=False)
    train, rows = rows[:N_TRAIN], rows[N_TRAIN:]
    kept = rng.permutation(N_TRAIN) >= N_TRAIN // 10 if spoil is None else np.ones(N_TRAIN, bool)
    drawn = [np.ones(N_TRAIN, bool)] + [rng.permutation(N_TRAIN) < 0.8 * N_TRAIN for _ in range(retrains)]
    n_classes, given = int(world.labels.max()) + 1, world.labels[train]
    right = []
    for arm, labels in ((np.ones(N_TRAIN, bool), given), (kept, given if spoil is None else spoil(train))):
        weights = np.column_stack([draw & arm for draw in drawn])
        probes = fit_probes(world.vectors[train], labels, weights, n_classes=n_classes)
        predicted = [predict_probabilities(probe, world.vectors[rows]).argmax(axis=1) for probe in probes]
        right.append(np.array(predicted) == world.labels[rows])
    return {"fitted": Case(*(r[:1] for r in right), rows), "retrained": Case(*(r[1:] for r in right), rows)}


def named(world: World, rows: NDArray[np.int64]) -> csc_array:
    """The slices that the gate looks at: values of fields and clusters."""
    return one_hot(np.column_stack([world.codes, world.clusters])[rows], min_rows=MIN_ROWS).matrix


def families(world: World, rows: NDArray[np.int64]) -> list[Family]:
    literals = one_hot(np.column_stack([world.codes, world.clusters])[rows], min_rows=MIN_ROWS)
    found = [Family(literals.matrix), Family(cross(literals, min_rows=MIN_ROWS).matrix)]
    return found if world.regions is None else [*found, Family(csc_array(world.regions[rows]), averaged=True)]


def flipped(case: Case, inside: Masks, drop: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Differences once the slice has lost `drop` of its right answers, on the same rows in every retrain."""
    rate = drop / case.after[:, inside].mean()
    lost = inside & (rng.random(len(inside)) < rate)
    return (case.after & ~lost).astype(np.float64) - case.before


def mask(matrix: csc_array, column: int) -> Masks:
    inside = np.zeros(matrix.shape[0], bool)
    inside[matrix.indices[matrix.indptr[column] : matrix.indptr[column + 1]]] = True
    return inside


def jaccard(rows: NDArray[np.int64], planted: Masks) -> float:
    inside = np.isin(np.arange(len(planted)), rows)
    return float((inside & planted).sum() / (inside | planted).sum())


# --- gate and search on real predictions ------------------------------------------------------------------------

BINS = (100, 200, 400, 600, 800, 1_200, 1_800, 2_501)


WORLDS = {"adult": adult, "cifar10": cifar10, "clinc150": clinc150}


def null(runs: int) -> Iterator[dict[str, object]]:
    """The edit as it is: nothing fell, nothing is to be found."""
    for name, make in WORLDS.items():
        world, seen = make(), defaultdict(list)
        for seed in range(runs):
            for claim, case in cases(world, seed).items():
                slices = named(world, case.rows)
                lifts = slice_lifts(case.differences, slices, np.arange(len(case.rows)))
                seen[claim, "gate fails"].append(slice_gate(lifts, max_drop=MAX_DROP).failed.any())
                seen[claim, "search reports"].append(len(search(case.differences, world, case.rows)) > 0)
                seen[claim, "slices"].append(slices.shape[1])
                seen[claim, "rows changed"].append(float(np.abs(case.differences).mean()))
        for (claim, what), values in sorted(seen.items()):
            yield {"set": name, "claim": claim, "what": what, "runs": runs, "mean": float(np.mean(values))}


def confirmed(runs: int) -> Iterator[dict[str, object]]:
    """Two fitted models do differ here and there: is what the search reports of them so on all other rows of the set?

    `not confirmed`: runs with a report whose lift there is not of the same sign with |z| >= 2.
    """
    for name, make in WORLDS.items():
        world, lines = make(), []
        for seed in range(runs):
            case = cases(world, seed, n_evaluation=len(world.labels) - N_TRAIN, retrains=0)["fitted"]
            here, there = case.rows[:N_EVALUATION], case.rows[N_EVALUATION:]
            looked = find_slice_effects(
                case.differences[:, :N_EVALUATION], families(world, here), np.arange(N_EVALUATION),
                min_rows=MIN_ROWS, n_draws=99, seed=0,
            )  # fmt: skip
            z = [0.0] * len(looked)
            if looked:
                slices = _elsewhere(world, here, there, [one.candidate for one in looked])
                elsewhere = slice_lifts(case.differences[:, N_EVALUATION:], slices, np.arange(len(there)))
                z = elsewhere.z_scores() * np.sign([one.lift for one in looked])
            lines.append((len(looked) > 0, any(value < 2 for value in z), len(looked), sum(value < 2 for value in z)))
        keys = ("runs with a report", "runs with one not confirmed")
        shares = dict(zip(keys, np.mean(lines, axis=0)[:2], strict=True))
        reports, doubted = np.sum(lines, axis=0)[2:].tolist()
        yield {"set": name, "runs": runs, **shares, "reports": reports, "of these not confirmed": doubted}


def _elsewhere(world: World, here: NDArray[np.int64], there: NDArray[np.int64], chosen: list[int]) -> csc_array:
    """Candidates of `families(world, here)` as 0/1 columns over other rows."""
    codes = np.column_stack([world.codes, world.clusters])
    literals = one_hot(codes[here], min_rows=MIN_ROWS)
    crosses = cross(literals, min_rows=MIN_ROWS)
    columns = []
    for number in chosen:
        pair = number - len(literals.field)
        if pair < len(crosses.first):
            parts = [number] if pair < 0 else [int(crosses.first[pair]), int(crosses.second[pair])]
            held = [codes[there, literals.field[part]] == literals.value[part] for part in parts]
            columns.append(np.logical_and.reduce(held))
        else:
            columns.append(mask(world.regions, pair - len(crosses.first))[there])
    return csc_array(np.array(columns, np.float64).T)


def planted(runs: int) -> Iterator[dict[str, object]]:
    """In each run a random slice of each size loses the tolerance, and twice as much."""
    for name, make in WORLDS.items():
        world, seen = make(), defaultdict(lambda: defaultdict(list))
        for seed in range(runs):
            for claim, case in cases(world, seed).items():
                rng = np.random.default_rng([seed, 1])
                slices = named(world, case.rows)
                n_rows = np.diff(slices.indptr)
                for low, high in pairwise(BINS):
                    fitting = np.flatnonzero((n_rows >= low) & (n_rows < high))
                    right = slices.T @ case.after.mean(axis=0) / n_rows
                    if len(fitting := fitting[right[fitting] > 3 * MAX_DROP]):
                        for what, value in _plant(case, world, slices, int(rng.choice(fitting))):
                            seen[claim, low][what].append(value)
        for (claim, low), columns in sorted(seen.items()):
            means = {column: float(np.mean(values)) for column, values in columns.items()}
            yield {"set": name, "claim": claim, "slice rows from": low, "runs": len(columns["1 x: names it"]), **means}


def _plant(case: Case, world: World, slices: csc_array, column: int) -> Iterator[tuple[str, float]]:
    inside, rng = mask(slices, column), np.random.default_rng([column, int(case.rows[0])])
    for times in (1, 2):
        differences = flipped(case, inside, times * MAX_DROP, rng)
        lifts = slice_lifts(differences, slices, np.arange(len(inside)))
        gate = slice_gate(lifts, max_drop=MAX_DROP)
        yield f"{times} x: names it", gate.failed[column]
        yield f"{times} x: fails", gate.failed.any()
    found = search(differences, world, case.rows)
    score = [jaccard(rows, inside) for rows in found]
    yield "search finds it", max(score, default=0) >= 0.5
    if found:
        yield "exactly one, where any", len(found) == 1
        yield "Jaccard, where any", max(score)


def search(differences: NDArray[np.float64], world: World, rows: NDArray[np.int64]) -> Found:
    found = find_slice_effects(
        differences, families(world, rows), np.arange(len(rows)), min_rows=MIN_ROWS, n_draws=99, seed=0
    )
    return [one.rows for one in found]


# --- a real regression: wrong labels in one slice of the training rows --------------------------------------------


def mislabelled(runs: int) -> Iterator[dict[str, object]]:
    """Of the training rows of one slice a share has another label; the true lift is that on all rows ever measured."""
    for name, make in WORLDS.items():
        world, share = make(), 0.6
        for number in np.argsort(-np.bincount(world.clusters))[:3]:
            spoilt, n_classes = world.clusters == number, int(world.labels.max()) + 1
            lines = []
            for seed in range(runs):
                rng = np.random.default_rng([seed, 2])
                new = (world.labels + rng.integers(1, n_classes, len(spoilt))) % n_classes
                labels = np.where(spoilt & (rng.random(len(spoilt)) < share), new, world.labels).astype(np.int32)
                case = cases(world, seed, lambda train, labels=labels: labels[train])["retrained"]
                lines.append(_mislabelled_run(case, world, spoilt[case.rows]))
            lift, failed, hit, one, score = np.mean(lines, axis=0)
            yield {
                "set": name, "cluster": int(number), "share": share, "rows": int(spoilt.sum()), "runs": runs,
                "lift": lift, "gate fails": failed, "search finds it": hit, "exactly one name": one, "Jaccard": score,
            }  # fmt: skip


def _mislabelled_run(case: Case, world: World, planted: Masks) -> tuple[float, ...]:
    groups = np.arange(len(planted))
    gate = slice_gate(slice_lifts(case.differences, named(world, case.rows), groups), max_drop=MAX_DROP)
    found = search(case.differences, world, case.rows)
    score = max((jaccard(rows, planted) for rows in found), default=0.0)
    return float(case.differences[:, planted].mean()), gate.failed.any(), score >= 0.5, len(found) == 1, score


# --- the gate in simulated worlds ---------------------------------------------------------------------------------


def sizes(runs: int) -> Iterator[dict[str, object]]:
    """One slice of n rows among 60 of 200 rows each without a lift; rows change either way at the rate `churn`."""
    for churn in (0.01, 0.03, 0.06):
        for n_rows in (100, 200, 300, 400, 600, 800, 1_000, 1_500, 2_000, 3_000):
            fails = {1: [], 2: []}
            for seed in range(runs):
                rng = np.random.default_rng([seed, n_rows])
                ends = np.cumsum([0, n_rows, *[200] * 59])
                slices = csc_array((np.ones(ends[-1]), np.arange(ends[-1]), ends))
                for times, failed in fails.items():
                    chance = np.where(np.arange(ends[-1]) < n_rows, times * MAX_DROP, 0.0) + churn
                    u = rng.random(ends[-1])
                    moved = np.where(u < chance, -1.0, np.where(u > 1 - churn, 1.0, 0.0))[None]
                    gate = slice_gate(slice_lifts(moved, slices, np.arange(ends[-1])), max_drop=MAX_DROP)
                    failed.append(gate.failed[0])
            yield {"churn": churn, "rows": n_rows, "runs": runs, **{f"{t} x": np.mean(f) for t, f in fails.items()}}


# --- ways to search, in simulated worlds ----------------------------------------------------------------------------


def compared(runs: int) -> Iterator[dict[str, object]]:
    settings = [("none", 3_000, 0.0), ("none", 12_000, 0.0), ("everywhere", 6_000, 0.05)]
    settings += [("value", 6_000, 0.06), ("cross", 6_000, 0.1), ("cluster", 6_000, 0.1), ("cross", 12_000, 0.1)]
    for kind, n_rows, drop in settings:
        lines: dict[str, list[tuple[float, ...]]] = defaultdict(list)
        for seed in range(runs if drop else 3 * runs):
            rng = np.random.default_rng([seed, n_rows])
            differences, offered, planted = simulated(n_rows, kind, drop, rng)
            for way, searched in WAYS.items():
                score = [jaccard(rows, planted) if planted.any() else 0.0 for rows in searched(differences, offered)]
                false = sum(value < 0.1 for value in score) > 0
                lines[way].append((bool(score), max(score, default=0.0) >= 0.5, len(score) == 1, false))
        for way, line in lines.items():
            keys = ("any", "found", "exactly one", "runs with a false one")
            yield {
                "planted": kind, "rows": n_rows, "drop": drop, "way": way, "runs": len(line),
                **dict(zip(keys, np.mean(line, axis=0), strict=True)),
            }  # fmt: skip


def simulated(
    n_rows: int, kind: str, drop: float, rng: np.random.Generator
) -> tuple[NDArray[np.float64], list[Family], Masks]:
    codes = np.column_stack([rng.integers(size, size=n_rows) for size in (2, 3, 5, 8, 12, 20)])
    cluster = rng.integers(40, size=n_rows)
    literals = one_hot(codes, min_rows=60)
    nested = one_hot(np.column_stack([cluster // 10, cluster // 3, cluster]), min_rows=60)
    planted = {
        "value": codes[:, 4] == 3,
        "cross": (codes[:, 1] == 1) & (codes[:, 3] == 2),
        "cluster": cluster == 7,
    }.get(kind, np.zeros(n_rows, bool))
    u, more = rng.random(n_rows), planted if kind != "everywhere" else np.ones(n_rows, bool)
    differences = np.where(u < 0.03 + drop * more, -1.0, np.where(u > 0.97, 1.0, 0.0))[None]
    crosses = cross(literals, min_rows=60)
    return differences, [Family(literals.matrix), Family(crosses.matrix), Family(nested.matrix)], planted


def drawn(differences: NDArray[np.float64], offered: list[Family]) -> Found:
    groups = np.arange(differences.shape[1])
    return [one.rows for one in find_slice_effects(differences, offered, groups, min_rows=60, seed=0)]


def discovered(differences: NDArray[np.float64], offered: list[Family], method: str) -> Found:
    """All rows, BH or BY over all candidates, then a peel."""
    slices = _together(offered)
    q_values = stats.false_discovery_control(2 * stats.norm.sf(np.abs(_z(differences, slices))), method=method)
    return [rows for _, rows in _peeled(differences, slices, np.flatnonzero(q_values <= 0.05))]


def halved(differences: NDArray[np.float64], offered: list[Family], *, both: bool) -> Found:
    """Choose and peel on one half, BH on the other half; `both`: each half confirms the other, at half the level."""
    slices, half = _together(offered), np.random.default_rng(0).random(differences.shape[1]) < 0.5
    kept: set[int] = set()
    for one in (half, ~half) if both else (half,):
        here, there = csc_array(slices[one]), csc_array(slices[~one])
        z = _z(differences[:, one], here)
        chosen = np.flatnonzero(2 * stats.norm.sf(np.abs(z)) < 0.01)
        chosen = np.array([c for c, _ in _peeled(differences[:, one], here, chosen)], np.int64)
        if len(chosen):
            again = _z(differences[:, ~one], csc_array(there[:, chosen])) * np.sign(z[chosen])
            kept |= set(chosen[stats.false_discovery_control(stats.norm.sf(again)) <= 0.05 / (1 + both)].tolist())
    return [rows for _, rows in _peeled(differences, slices, np.array(sorted(kept), np.int64))]


WAYS: dict[str, Callable[[NDArray[np.float64], list[Family]], Found]] = {
    "maxima of draws (chosen)": drawn,
    "all rows, BH, peel": lambda d, f: discovered(d, f, "bh"),
    "all rows, BY, peel": lambda d, f: discovered(d, f, "by"),
    "half, confirmed by BH": lambda d, f: halved(d, f, both=False),
    "both halves, crosswise": lambda d, f: halved(d, f, both=True),
}


def _together(offered: list[Family]) -> csc_array:
    return csc_array(hstack([family.matrix for family in offered], format="csc"), dtype=np.float64)


def _z(differences: NDArray[np.float64], slices: csc_array) -> NDArray[np.float64]:
    """Lift other than zero and, in the same direction, than the mean: the nearer of the two."""
    lifts = slice_lifts(differences, slices, np.arange(differences.shape[1]))
    first, second = lifts.z_scores(), lifts.z_scores(differences.mean())
    return np.where(first * second > 0, np.sign(first) * np.minimum(np.abs(first), np.abs(second)), 0.0)


def _peeled(
    differences: NDArray[np.float64], slices: csc_array, chosen: NDArray[np.int64]
) -> list[tuple[int, NDArray[np.int64]]]:
    """Strongest first; one without an effect (|z| < 2) outside those taken is dropped."""
    strength = np.abs(_z(differences, slices))
    free, kept = np.ones(slices.shape[0], bool), []
    for column in chosen[np.argsort(-strength[chosen])]:
        rows = np.flatnonzero(mask(slices, column))
        left = rows[free[rows]]
        if len(left) >= max(30, 0.2 * len(rows)):
            only = csc_array((np.ones(len(left)), left, [0, len(left)]), shape=(slices.shape[0], 1))
            if not kept or abs(_z(differences, only)[0]) >= 2:
                kept.append((int(column), rows))
                free[rows] = False
    return kept


# --- ways to search clusters ----------------------------------------------------------------------------------------


def clusters(runs: int) -> Iterator[dict[str, object]]:
    """A cluster of another k-means loses 15 points; regions averaged, single regions, cells merged."""
    for name, make in WORLDS.items():
        world = make()
        if world.regions is None:
            continue
        lines: dict[str, list[tuple[float, ...]]] = defaultdict(list)
        for seed in range(runs):
            rng = np.random.default_rng([seed, 3])
            case = cases(world, seed)["fitted"]
            vectors = world.vectors[case.rows]
            parts = _clusters(vectors, 25, seed=seed + 100)
            share = np.bincount(parts, minlength=25) / len(parts)
            planted = parts == rng.choice(np.flatnonzero((share >= 0.03) & (share <= 0.08)))
            differences = flipped(case, planted, 0.15, rng)
            offered, groups = csc_array(world.regions[case.rows]), np.arange(len(planted))
            for way in ("regions averaged (chosen)", "single regions", "cells merged"):
                if way == "cells merged":
                    found = merged(differences, vectors)
                else:
                    family = [Family(offered, averaged=way.startswith("regions"))]
                    looked = find_slice_effects(differences, family, groups, min_rows=MIN_ROWS, n_draws=99, seed=0)
                    found = [one.rows for one in looked]
                score = max((jaccard(rows, planted) for rows in found), default=0.0)
                lines[way].append((bool(found), score >= 0.5, score, len(found) == 1))
        for way, line in lines.items():
            keys = ("any", "found", "Jaccard", "exactly one")
            yield {"set": name, "way": way, "runs": runs, **dict(zip(keys, np.mean(line, axis=0), strict=True))}


def merged(differences: NDArray[np.float64], vectors: NDArray[np.float32]) -> Found:
    """Sixty cells, each tested (BH), flagged ones joined with flagged ones among their five nearest."""
    centroids = spherical_kmeans(Vectors.of(vectors), 60, seed=0)
    cells = assign(vectors, centroids)
    slices = csc_array((np.ones(len(cells)), (np.arange(len(cells)), cells)), shape=(len(cells), 60))
    z = _z(differences, slices)
    flagged = np.flatnonzero(stats.false_discovery_control(2 * stats.norm.sf(np.abs(z))) <= 0.05)
    similar = centroids @ centroids.T
    near = similar >= np.sort(similar, axis=1)[:, [-6]]
    n_found, group = connected_components(csc_array(near[np.ix_(flagged, flagged)]), directed=False)
    return [np.flatnonzero(np.isin(cells, flagged[group == number])) for number in range(n_found)]


# --- trends -----------------------------------------------------------------------------------------------------------


def trends(runs: int) -> Iterator[dict[str, object]]:
    """5,000 rows over one unit of time; single rows, or users of ten rows that change together."""
    for per_user in (1, 10):
        for slope in (0.0, -0.1):
            covered, excluded = [], []
            for seed in range(runs):
                rng = np.random.default_rng([seed, per_user])
                n_users = 5_000 // per_user
                times, users = rng.random(5_000), np.repeat(np.arange(n_users), per_user)
                u = np.where(rng.random(5_000) < 0.5, np.repeat(rng.random(n_users), per_user), rng.random(5_000))
                moved = np.where(u < 0.03 - slope * times, -1.0, np.where(u > 0.97, 1.0, 0.0))[None]
                found = trend(moved, times, users).slope
                covered.append(found.low <= slope <= found.high)
                excluded.append(found.high < 0 or found.low > 0)
            yield {
                "rows of a user": per_user, "slope": slope, "runs": runs,
                "covered": np.mean(covered), "excludes zero": np.mean(excluded),
            }  # fmt: skip


PARTS: dict[str, tuple[Callable[[int], Iterator[dict[str, object]]], int]] = {
    "search": (compared, 100),
    "sizes": (sizes, 400),
    "null": (null, 200),
    "confirmed": (confirmed, 200),
    "planted": (planted, 40),
    "regions": (clusters, 40),
    "mislabelled": (mislabelled, 20),
    "trend": (trends, 400),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all by default")
    parser.add_argument("--runs", type=int)
    parser.add_argument(
        "--sets", nargs="+", choices=WORLDS, default=list(WORLDS), help="real sets; kept for the others"
    )
    arguments = parser.parse_args()
    for name in set(WORLDS) - set(arguments.sets):
        del WORLDS[name]
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for part in arguments.parts or PARTS:
        measure, runs = PARTS[part]
        lines = []
        for line in measure(arguments.runs or runs):
            if not lines:
                print(f"\n### {part}\n\n| {' | '.join(line)} |\n|{'---|' * len(line)}")
            cells = (f"{value:.3f}" if isinstance(value, float) else str(value) for value in line.values())
            print(f"| {' | '.join(cells)} |", flush=True)
            lines.append({key: float(v) if isinstance(v, float) else v for key, v in line.items()})
        others = [line for line in results.get(part, []) if line.get("set", "") not in ("", *arguments.sets)]
        results[part] = others + lines
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
