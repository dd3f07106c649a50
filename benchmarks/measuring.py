"""What a measurement costs beside training its probe: `python -m benchmarks.measuring`.

10,000 × 256 planted rows of ten classes, 8,000 of them to train; a changeset of three codes gives nine arms, five
retrains each: 45 fits on 80 % of the rows, with predictions, intervals, slices and the search for more. Beside it
the probe is trained 48 times, one by one on all training rows, and sharing passes on 80 % draws. CPU seconds of one
thread.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from burnish.adapters.models.linear import LinearProbe
from burnish.dataset import Changeset, Column, Edit, Evidence
from burnish.kernels.metrics import METRICS
from burnish.kernels.probe import fit_probe, fit_probes
from burnish.pipeline.measurement import measure
from burnish.pipeline.retraining import Protocol
from burnish.protocols import Silent
from burnish.testing.planted import Defects, planted_vectors

RESULTS = Path(__file__).parent / "results" / "measuring.json"
N_FITS, L2 = 48, 1e-2


def seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def main() -> None:
    planted = planted_vectors(10_000, n_dims=256, n_classes=10, spread=1.5, defects=Defects(wrong_labels=0.1), seed=0)
    locked = np.array([s == "test" for s in planted.table.column("split").to_pylist()])
    columns = [Column("embeddings", planted.vectors, "row"), Column("evaluation", locked)]
    evidence = Evidence(planted.dataset).adding(columns)
    train = np.flatnonzero(~locked)
    ids = planted.dataset.row_ids.to_pylist()
    drawn = np.random.default_rng(0).permutation(train)[:600]
    edits = tuple(Edit(ids[r], "drop", f"RND00{i % 3}", "drawn") for i, r in enumerate(drawn))
    changes = Changeset(planted.dataset.version, edits)
    vectors, codes = np.asarray(planted.vectors)[train], planted.dataset.labels.codes[train]
    draws = (np.random.default_rng(1).random((len(train), N_FITS)) < 0.8).astype(np.float32)
    protocol = Protocol(METRICS["accuracy"], LinearProbe(L2), 5)
    work = {
        "measurement, 9 arms × 5 retrains": lambda: measure(evidence, changes, protocol, seed=0, progress=Silent()),
        f"probe {N_FITS} times, one by one": lambda: [
            fit_probe(vectors, codes, n_classes=10, l2=L2) for _ in range(N_FITS)
        ],
        f"probe {N_FITS} times, sharing passes": lambda: fit_probes(vectors, codes, draws, n_classes=10, l2=L2),
    }
    for one in work.values():
        one()  # compiled, and warm
    found = {name: min(seconds(one) for _ in range(3)) for name, one in work.items()}
    whole = next(iter(found.values()))
    print("| | CPU s | measurement is |\n|---|---|---|")
    for name, cost in found.items():
        print(f"| {name} | {cost:.2f} | {whole / cost:.2f} × |")
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
