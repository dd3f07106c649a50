"""The whole audit of embeddings with labels, and the part that cleanlab's Datalab does, beside Datalab itself.

burnish makes its own predictions in its time. Datalab needs some: once they are handed to it, once scikit-learn
makes them in its time, as its documentation does.
"""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.performance import synthetic
from benchmarks.performance.inputs import cached, warm_search
from benchmarks.performance.measuring import OURS, WARM_ROWS, Contender, Figures, Kernel
from benchmarks.sets import CACHE
from burnish.adapters.engines import Threads
from burnish.dataset import Column, Evidence, Finding
from burnish.kernels.items import Resources
from burnish.kernels.probe import fit_probes, predict_probabilities
from burnish.pipeline.catalog import CHECKS, steps
from burnish.pipeline.gathering import gather
from burnish.pipeline.gathering import judge as judged_by
from burnish.protocols import Silent
from burnish.workspace import Limits, Workspace

ISSUES = ("label", "outlier", "near_duplicate", "class_imbalance", "underperforming_group")
FAMILIES = ("LAB", "OUT", "DUP", "IMB", "SLI")
MORE_THAN_DATALAB = ("clusters", "layout", "coverage", "shortcuts", "quality", "leaks")
DATALAB_ROWS = 50_000
HALF_ROWS = 200_000
N_FOLDS = 5


@dataclass(frozen=True, eq=False)
class Files:
    """An .npz with `embeddings` (n, d) and `label` (n,), uncompressed, so that it can be memory-mapped; and one
    with the embeddings in float16. `probabilities` (n, n_classes): out of fold, for Datalab alone.
    """

    full: Path
    half: Path
    probabilities: NDArray[np.float32] | None

    @classmethod
    def of(cls, n_rows: int) -> "Files":
        full, half = (CACHE / f"audit-{n_rows}-{kind}.npz" for kind in ("float32", "float16"))
        for path, kind in ((full, np.float32), (half, np.float16)):
            if not path.exists():
                CACHE.mkdir(parents=True, exist_ok=True)
                vectors = synthetic.vectors(n_rows).astype(kind, copy=False)
                partial = path.with_suffix(f".{os.getpid()}.npz")
                np.savez(partial, embeddings=vectors, label=synthetic.labels(n_rows))
                partial.replace(path)
        return cls(full, half, _probabilities(n_rows) if n_rows <= DATALAB_ROWS else None)

    def arrays(self) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Give embeddings and labels in memory."""
        with np.load(self.full) as arrays:
            return arrays["embeddings"], arrays["label"]


def n_threads() -> int:
    return int(os.environ.get("OMP_NUM_THREADS", "1"))


def whole(path: Path) -> Sequence[Finding]:
    with tempfile.TemporaryDirectory() as folder:
        space = Workspace(folder, limits=Limits(n_threads()))
        return space.audit(*space.read(path, {"label": "label"})).findings


def burnish(files: Files) -> Sequence[Finding]:
    return whole(files.full)


def burnish_half(files: Files) -> Sequence[Finding]:
    return whole(files.half)


def same_issues(files: Files) -> Sequence[Finding]:
    """The steps and checks that answer what Datalab answers."""
    dataset = Workspace("unused").read(files.full, {"label": "label"})[0]
    evidence = Evidence(dataset).adding([Column("embeddings", dataset.vectors, "row", "given")])
    chosen = steps(resources=Resources(Threads(n_threads())))
    chosen = [step for step in chosen if step.name not in MORE_THAN_DATALAB]
    gathered = gather(evidence, chosen, seed=0, progress=Silent()).evidence
    return judged_by(gathered, [check for check in CHECKS if check.code[:3] in FAMILIES])


def datalab(cleanlab: Any, files: Files) -> Any:
    return _issues(cleanlab, *files.arrays(), files.probabilities)


def datalab_and_model(cleanlab: Any, linear: Any, selection: Any, files: Files) -> Any:
    """Five folds of a logistic regression with scikit-learn's defaults, but for more steps."""
    vectors, labels = files.arrays()
    model = linear.LogisticRegression(max_iter=1000)
    made = selection.cross_val_predict(model, vectors, labels, cv=N_FOLDS, method="predict_proba")
    return _issues(cleanlab, vectors, labels, made)


def _issues(cleanlab: Any, vectors: NDArray[Any], labels: NDArray[Any], probabilities: NDArray[Any] | None) -> Any:
    lab = cleanlab.Datalab({"label": labels}, label_name="label", verbosity=0)
    kinds: dict[str, dict[str, Any]] = {name: {} for name in ISSUES}
    kinds["label"] = {"clean_learning_kwargs": {"find_label_issues_kwargs": {"n_jobs": n_threads()}}}
    lab.find_issues(features=vectors, pred_probs=probabilities, issue_types=kinds)
    return lab


def judge(_: Files, result: Any) -> Figures:
    """Give how many rows were flagged, by whichever check."""
    if isinstance(result, Sequence):
        return {"flagged": len({row.row for finding in result for row in finding.rows})}
    issues = result.get_issues()
    flags = [column for column in issues.columns if column.startswith("is_") and column.endswith("_issue")]
    return {"flagged": int(issues[flags].any(axis=1).sum())}


def _probabilities(n_rows: int) -> NDArray[np.float32]:
    """Give out-of-fold probabilities (n, n_classes) of a logistic regression."""
    vectors = np.array(synthetic.vectors(n_rows))
    return cached("probabilities", vectors, lambda: {"values": _out_of_fold(vectors, synthetic.labels(n_rows))})[
        "values"
    ]


def _out_of_fold(vectors: NDArray[np.float32], labels: NDArray[np.int32]) -> NDArray[np.float32]:
    fold = np.random.default_rng(0).integers(0, N_FOLDS, len(labels))
    weights = (fold[:, None] != np.arange(N_FOLDS)).astype(np.float32)
    probes = fit_probes(vectors, labels, weights, n_classes=synthetic.N_LABELS)
    found = np.empty((len(labels), synthetic.N_LABELS), np.float32)
    for held, probe in enumerate(probes):
        found[fold == held] = predict_probabilities(probe, vectors[fold == held])
    return found


def _small(_: Files) -> Files:
    warm_search()
    return Files.of(WARM_ROWS)


KERNEL = Kernel(
    name="audits",
    contenders=(
        Contender(f"{OURS}, the issue types of Datalab", same_issues, max_rows=HALF_ROWS),
        Contender("Datalab, predictions given", datalab, needs=("cleanlab",), max_rows=DATALAB_ROWS),
        Contender(
            "Datalab and its predictions",
            datalab_and_model,
            needs=("cleanlab", "sklearn.linear_model", "sklearn.model_selection"),
            max_rows=DATALAB_ROWS,
        ),
        Contender(f"{OURS}, whole audit", burnish),
        Contender(f"{OURS}, whole audit, float16", burnish_half),
    ),
    load=lambda case: Files.of(int(case)),
    small=_small,
    judge=judge,
    rows=(10_000, 50_000, 200_000),
    nightly_rows=(1_000_000,),
)
