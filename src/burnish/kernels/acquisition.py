"""Acquisition: which unlabelled rows to label next, from the first label on, and why each of them."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from burnish.errors import InputError, UsageError
from burnish.kernels.folds import group_folds
from burnish.kernels.probe import fit_probe, fit_probes, predict_probabilities
from burnish.kernels.vectors import Vectors

Rows = NDArray[np.int64]
Codes = NDArray[np.integer]
Floats = NDArray[np.float32]

TARGETS = 8_192
"""Rows of the pool that the chosen ones are to stand for: all, or a seeded sample of so many."""

WIDTH_NEIGHBOR = 15
"""Similarity falls by a factor e over the median distance of a row to this neighbor."""

SHRINKAGE = 10.0
"""Rows of average error that are added to those of a cluster."""

N_FOLDS = 5
TOGETHER = 16
"""Rows whose gains are computed together: one product instead of many small ones."""

SAME_GAIN = np.float32(1 - 1e-5)
"""Gains that differ by less are equal: sums of float32 depend on their order."""

BLOCK_VALUES, HELD_VALUES = 4_000_000, 128_000_000
"""Similarities computed at a time, 16 MB of float32, and how many are kept, 512 MB; more are computed when needed."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """Rows with a label: `embeddings` (m, d), `labels` (m,) codes, and `clusters` (m,), -1 none; m may be 0."""

    embeddings: ArrayLike | Vectors
    labels: Codes
    clusters: Codes | None = None


@dataclass(frozen=True, eq=False)
class Pool:
    """Rows without a label: `embeddings` (n, d), and `clusters` (n,) with the same codes as the labelled rows'."""

    embeddings: ArrayLike | Vectors
    clusters: Codes | None = None


class Acquired(NamedTuple):
    """Positions in the pool (budget,), the most useful first, and for each the parts of its score.

    `gain`: the weighted share of the pool that the row came to stand for when it was chosen, beyond labelled rows
    and rows before it; gains fall, but for rows that cannot be compared, which come last with 0.
    `representativeness`: the same unweighted. `uncertainty` (0..1): 1 less the difference between the two
    largest probabilities; 1 where no model can be fitted. `cluster_weight`: above 1 where the model errs more
    than on average.
    """

    rows: Rows
    gain: Floats
    representativeness: Floats
    uncertainty: Floats
    cluster_weight: Floats


def acquire_rows(labelled: Labelled, pool: Pool, *, budget: int, l2: float = 1e-2, seed: int = 0) -> Acquired:
    """Give the rows of the pool to label next.

    Facility location (Nemhauser, Wolsey & Fisher 1978; Wei, Iyer & Bilmes 2015): the chosen rows maximise, together
    with the labelled ones, the sum over the pool of the similarity to the most similar of them, exp(-distance /
    width) of rows around their mean. A row of the pool counts by the square root of its uncertainty under a probe
    fitted to the labelled rows with `l2`, times the weight of its cluster. Without two classes all rows count alike:
    typical and diverse rows come first, and the better the model, the more the choice turns to where it doubts.
    Greedy with lazy evaluation (Minoux 1978). Costs n·T·d operations, T at most `TARGETS`, and a few blocks of
    `TOGETHER` rows for each row chosen; memory is at most 600 MB. Raises UsageError for a budget below 1 or above the
    rows of the pool, InputError where labelled rows have other dimensions.
    """
    vectors = Vectors.of(pool.embeddings)
    if not 1 <= budget <= vectors.n_rows:
        raise UsageError(f"the budget is {budget}.", remedy=f"Ask for 1 to {vectors.n_rows:,} rows of the pool.")
    known = _usable(labelled)
    n_dims = np.asarray(known.embeddings).shape[1]
    if len(known.labels) and n_dims != vectors.n_dims:
        raise InputError(
            f"labelled rows of {n_dims} and a pool of {vectors.n_dims} dimensions cannot be compared.",
            remedy="Embed both with the same model.",
        )
    scene = _Scene.of(vectors, seed=seed)
    doubt = _uncertainty(known, vectors, l2=l2)
    emphasis = cluster_weights(known, pool, l2=l2, seed=seed)[vectors.rows]
    weights = (np.sqrt(doubt) * emphasis)[scene.targets]
    covered = _covered(scene, np.asarray(known.embeddings, np.float32))
    places, gains, shares = _choose(scene, covered, weights, min(budget, len(vectors)))
    last = np.flatnonzero(~vectors.usable)[: budget - len(places)]
    nothing, average = np.zeros(len(last), np.float32), np.ones(len(last), np.float32)
    return Acquired(
        np.concatenate([vectors.rows[places], last]),
        np.concatenate([gains, nothing]),
        np.concatenate([shares, nothing]),
        np.concatenate([doubt[places], average]),
        np.concatenate([emphasis[places], average]),
    )


def cluster_weights(labelled: Labelled, pool: Pool, *, l2: float = 1e-2, seed: int = 0) -> Floats:
    """Give each row of the pool (n,) the square root of its cluster's error rate against the average one.

    Error rates are out of fold on the labelled rows, and shrunk: `SHRINKAGE` rows of average error are added to
    those of each cluster. 1 for rows without a cluster, and where there is nothing to fit or nothing wrong.
    """
    known = _usable(labelled)
    labels, codes = known.labels, known.clusters
    weights = np.ones(Vectors.of(pool.embeddings).n_rows, np.float32)
    if codes is None or pool.clusters is None or len(np.unique(labels)) < 2:
        return weights
    wrong = _wrong_out_of_fold(known, l2=l2, seed=seed)
    inside, n_clusters = codes >= 0, 1 + int(max(codes.max(initial=-1), np.max(pool.clusters, initial=-1)))
    errors = np.bincount(codes[inside], wrong[inside], n_clusters) + SHRINKAGE * wrong.mean()
    rates = errors / (np.bincount(codes[inside], minlength=n_clusters) + SHRINKAGE)
    if wrong.any():
        some = pool.clusters >= 0
        weights[some] = np.sqrt(rates / wrong.mean())[pool.clusters[some]]
    return weights


def _usable(labelled: Labelled) -> Labelled:
    """Give the labelled rows that can be compared, at unit length, their labels without gaps."""
    if not len(labelled.labels):
        return Labelled(np.zeros((0, 0), np.float32), np.zeros(0, np.int64))
    vectors = Vectors.of(labelled.embeddings)
    codes = np.unique(np.asarray(labelled.labels)[vectors.rows], return_inverse=True)[1]
    clusters = None if labelled.clusters is None else np.asarray(labelled.clusters)[vectors.rows]
    return Labelled(vectors.all(), codes, clusters)


def _uncertainty(labelled: Labelled, vectors: Vectors, *, l2: float) -> Floats:
    """Give 1 less the margin (0..1) for the usable rows of the pool; 1 without two classes."""
    n_classes = int(labelled.labels.max(initial=-1)) + 1
    doubt = np.ones(len(vectors), np.float32)
    if n_classes < 2:
        return doubt
    probe = fit_probe(np.asarray(labelled.embeddings), labelled.labels, n_classes=n_classes, l2=l2)
    for start, stop in vectors.blocks():
        two = np.partition(predict_probabilities(probe, vectors.block(start, stop)), n_classes - 2, axis=1)[:, -2:]
        doubt[start:stop] = 1 - (two[:, 1] - two[:, 0])
    return doubt


def _wrong_out_of_fold(labelled: Labelled, *, l2: float, seed: int) -> NDArray[np.bool_]:
    rows, labels = np.asarray(labelled.embeddings), labelled.labels
    folds = group_folds(labels, np.full(len(labels), -1), n_folds=N_FOLDS, seed=seed)
    fitted_to = np.stack([folds != fold for fold in range(N_FOLDS)], axis=1).astype(np.float32)
    probes = fit_probes(rows, labels, fitted_to, n_classes=int(labels.max()) + 1, l2=l2)
    wrong = np.zeros(len(labels), bool)
    for fold, probe in enumerate(probes):
        held = folds == fold
        wrong[held] = predict_probabilities(probe, rows[held]).argmax(axis=1) != labels[held]
    return wrong


@dataclass(frozen=True, eq=False)
class _Scene:
    """The usable rows of the pool, the targets among them (t,), and what is similar, `held` (m, t) if small."""

    vectors: Vectors
    targets: Rows
    around: Floats
    center: Floats
    width: float
    held: Floats | None = None

    @classmethod
    def of(cls, vectors: Vectors, *, seed: int) -> "_Scene":
        targets = np.sort(np.random.default_rng(seed).permutation(len(vectors))[:TARGETS])
        rows = vectors.take(targets)
        center = rows.sum(axis=0) / np.float32(max(1, len(rows)))
        around = _centered(rows, center)
        scene = cls(vectors, targets, around, center, _width(around))
        if len(vectors) * len(targets) > HELD_VALUES:
            return scene
        held = np.empty((len(vectors), len(targets)), np.float32)
        for start, stop in vectors.blocks(scene.step):
            held[start:stop] = scene.similarities(vectors.block(start, stop))
        return replace(scene, held=held)

    @property
    def step(self) -> int:
        """How many rows are compared with the targets at a time."""
        return max(1, BLOCK_VALUES // max(1, len(self.targets)))

    def of_places(self, places: Rows | slice) -> Floats:
        """Give the similarity of usable rows, by their place, to the targets (any, t)."""
        if self.held is not None:
            return self.held[places]
        if isinstance(places, slice):
            return self.similarities(self.vectors.block(places.start, places.stop))
        return self.similarities(self.vectors.take(places))

    def similarities(self, rows: Floats) -> Floats:
        """Give the similarity of unit rows (m, d) to the targets (m, t), 0..1."""
        products = _centered(rows, self.center) @ self.around.T
        return np.asarray(np.exp((np.minimum(products, 1) - 1) / np.float32(self.width)))


def _centered(rows: Floats, center: Floats) -> Floats:
    moved = rows - center
    lengths = np.linalg.norm(moved, axis=1, keepdims=True)
    return np.asarray(np.divide(moved, lengths, out=np.zeros_like(moved), where=lengths > 1e-6))


def _width(rows: Floats) -> float:
    """Give the median distance of a row to its neighbor number `WIDTH_NEIGHBOR`; 1 where that is nothing."""
    n_rows = len(rows)
    place = n_rows - 1 - min(WIDTH_NEIGHBOR, n_rows - 1)
    step = max(1, BLOCK_VALUES // max(1, n_rows))
    products = [np.partition(rows[i : i + step] @ rows.T, place, axis=1)[:, place] for i in range(0, n_rows, step)]
    width = 1 - float(np.median(np.concatenate(products))) if products else 0.0
    return width if width > 1e-6 else 1.0


def _covered(scene: _Scene, labelled: Floats) -> Floats:
    """Give each target (t,) its similarity to the most similar labelled row, 0 where there is none."""
    covered = np.zeros(len(scene.targets), np.float32)
    for start in range(0, len(labelled), scene.step):
        np.maximum(covered, scene.similarities(labelled[start : start + scene.step]).max(axis=0), out=covered)
    return covered


def _choose(scene: _Scene, covered: Floats, weights: Floats, budget: int) -> tuple[Rows, Floats, Floats]:
    """Choose the place of the largest gain until all are chosen; give it, and what it adds with weights and without."""
    bounds = np.empty(len(scene.vectors), np.float32)
    for start, stop in scene.vectors.blocks(scene.step):
        bounds[start:stop] = np.maximum(scene.of_places(slice(start, stop)) - covered, 0) @ weights
    chosen, gains, shares = np.empty(budget, np.int64), np.empty(budget, np.float32), np.empty(budget, np.float32)
    for number in range(budget):
        row, similarities = _next(scene, covered, weights, bounds)
        chosen[number], gains[number] = row, bounds[row]
        shares[number] = np.maximum(similarities - covered, 0).mean()
        bounds[row] = -np.inf
        np.maximum(covered, similarities, out=covered)
    return chosen, gains / np.maximum(weights.sum(), np.float32(1e-30)), shares


def _next(scene: _Scene, covered: Floats, weights: Floats, bounds: Floats) -> tuple[int, Floats]:
    """Compute the largest bounds anew until one of them is no smaller than any other; gains only shrink."""
    n_rows, n_together = len(bounds), min(TOGETHER, len(bounds))
    while True:
        order = np.argpartition(bounds, n_rows - n_together)
        some = order[n_rows - n_together :][np.isfinite(bounds[order[n_rows - n_together :]])]
        similarities = scene.of_places(some)
        bounds[some] = np.maximum(similarities - covered, 0) @ weights
        best = int(np.argmax(bounds[some]))
        if bounds[some[best]] >= bounds.max() * SAME_GAIN:
            return int(some[best]), similarities[best]
