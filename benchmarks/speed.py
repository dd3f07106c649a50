"""The whole audit against cleanlab's Datalab on the same embeddings and labels: `python -m benchmarks.speed [ROWS]`.

10,000 rows (or as many as are asked for, then in one round) of 256 dimensions, ten classes, 5 % wrong labels.
Datalab gets the embeddings and out-of-fold
probabilities of scikit-learn's logistic regression (its documented recipe), and looks for the issue types that
both know: label, outlier, near_duplicate, class_imbalance, underperforming_group. burnish does those and the rest.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from cleanlab import Datalab
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from burnish.adapters.engines import bounded
from burnish.dataset import Column, Evidence
from burnish.pipeline.catalog import CHECKS, steps
from burnish.pipeline.gathering import gather, judge
from burnish.protocols import Silent
from burnish.testing.planted import Defects, planted_vectors
from burnish.workspace import Limits, Workspace

RESULTS = Path(__file__).parent / "results" / "speed.json"
ISSUES = ("label", "outlier", "near_duplicate", "class_imbalance", "underperforming_group")
FAMILIES = ("LAB", "OUT", "DUP", "IMB", "SLI")
MORE_THAN_DATALAB = ("clusters", "layout", "coverage", "shortcuts", "quality", "leaks")
REPEATS = 3


def cpu_and_wall(work: Callable[[], object]) -> tuple[float, float]:
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


def main(n_rows: int = 10_000) -> None:
    defects = Defects(wrong_labels=0.05, near_duplicates=0.02, outliers=0.01)
    planted = planted_vectors(n_rows, n_dims=256, n_classes=10, defects=defects, seed=0)
    vectors, labels = planted.vectors, np.array(planted.table["label"].to_pylist())
    timings: dict[str, list[tuple[float, float]]] = {}

    def audit() -> None:
        space = Workspace(Path("/nonexistent-burnish"), limits=Limits(threads=1))
        timings.setdefault("stages", []).append(space.audit(planted.dataset).timings)

    def same_issues() -> None:
        evidence = Evidence(planted.dataset).adding([Column("embeddings", planted.vectors, "row")])
        chosen = [s for s in steps() if s.name not in MORE_THAN_DATALAB]
        gathered = gather(evidence, chosen, seed=0, progress=Silent()).evidence
        judge(gathered, [c for c in CHECKS if c.code[:3] in FAMILIES])

    def datalab(*, predict: bool) -> None:
        kinds = {name: {} for name in ISSUES}
        probabilities = None
        if predict:
            model = LogisticRegression(max_iter=1000)
            probabilities = cross_val_predict(model, vectors, labels, cv=5, method="predict_proba")
        lab = Datalab({"label": labels}, label_name="label", verbosity=0)
        lab.find_issues(features=vectors, pred_probs=probabilities, issue_types=kinds)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    repeats = REPEATS if n_rows <= 10_000 else 1
    for _ in range(repeats):
        timings.setdefault("burnish, the same issue types", []).append(cpu_and_wall(same_issues))
        timings.setdefault("burnish audit, all steps", []).append(cpu_and_wall(audit))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(repeats):
        timings.setdefault("Datalab", []).append(cpu_and_wall(lambda: datalab(predict=True)))
        timings.setdefault("Datalab, features only", []).append(cpu_and_wall(lambda: datalab(predict=False)))
    stages = timings.pop("stages")
    ours = np.median([cpu for cpu, _ in timings["burnish, the same issue types"]])
    print("| what | CPU s (median) | wall s | CPU against ours, same issue types |")
    print("|---|---|---|---|")
    for name, runs in timings.items():
        cpu, wall = np.median(runs, axis=0)
        print(f"| {name} | {cpu:.2f} | {wall:.2f} | {cpu / ours:.2f} × |")
    print(f"\npeak memory of the process: {before / 1024:.0f} MB before, {peak / 1024:.0f} MB after burnish's audits")
    print("stages (s, wall):", {stage: round(float(np.median([s[stage] for s in stages])), 2) for stage in stages[0]})
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.with_stem(f"speed-{n_rows}").write_text(
        json.dumps({"timings": timings, "stages": stages, "peak_kb": [before, peak]}, indent=1)
    )


if __name__ == "__main__":
    with bounded(1):
        main(*map(int, sys.argv[1:]))
