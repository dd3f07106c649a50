"""A small history made without an audit, so that the commands that read it can be tried at once."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from burnish.adapters.stores import HistoryStore
from burnish.dataset import Arm, Changeset, Dataset, Edit, Evaluation, Gate, Roles, SliceEffect
from burnish.dataset.history import Version
from burnish.workspace.history import History, Note

HOSTILE = "[red]<b>x</b>[/]\x1b[31m\u202e"
LABELS = ["cat", "dog", HOSTILE]


def dataset_of(n_rows: int = 30, *, name: str = "pets", first: int = 0) -> Dataset:
    numbers = range(first, first + n_rows)
    fields = pa.table(
        {
            "text": [f"text {i}" for i in numbers],
            "label": [LABELS[i % 3] for i in numbers],
            "size": [float(i) for i in numbers],
        }
    )
    content = np.array([[i, i] for i in numbers], np.uint64)
    ids = pa.array([f"r{i}" for i in numbers], pa.string())
    return Dataset(fields, ids, content, Roles(text="text", label="label", meta=("size",)), name=name)


def measured() -> Evaluation:
    arms = (Arm("before", 0.8, 0.7, 0.9, 30, 10), Arm("after", 0.85, 0.8, 0.9, 26, 10, 0.05, 0.01, 0.09))
    slices = (SliceEffect(f"label = {HOSTILE}", 90, 0.8, 0.85, 0.05, 0.01, 0.09, 0.01, regressed=False),)
    return Evaluation(
        "accuracy", 100, arms, 0.05, 0.01, 0.09, 0.05, 0.0, 0.1, 0.03, "better", margin=0.005,
        slices=slices, gate=Gate(0.05, passed=True, n_slices=1),
    )  # fmt: skip


def history_in(folder: Path) -> History:
    return History(HistoryStore(folder / ".burnish" / "datasets"), lambda _: dataset_of())


def edits() -> tuple[Edit, ...]:
    drops = [
        Edit(
            f"r{i}", "drop", "DUP001", f"a copy of {HOSTILE}", {"twin": "r1"}, kept_row_id="r1", old_label=LABELS[i % 3]
        )
        for i in (3, 4, 5, 6)
    ]
    return (*drops, Edit("r7", "relabel", "LAB001", "looks like cat", {}, old_label="dog", label="cat"))


def curated(history: History) -> Version:
    """Make pets@1 and, by a curation, pets@2."""
    source = dataset_of()
    history.keep_source(source, Note(source="pets.parquet", who="ana"))
    changes = Changeset(source.version, edits())
    return history.keep_changes(
        source, changes, Note(why="Better: so it is.", who="bo", tag="v2"), how="curate", effect=measured()
    )
