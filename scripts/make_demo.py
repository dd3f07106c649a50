"""Make the demo's data set from the benchmark set youtube_spam: `python scripts/make_demo.py`.

Training rows carry the majority vote of ten labelling rules (7 % wrong, really), test rows the label that
people gave. `reviewed_label` is people's label of every row: the demo shows it to no check, and uses it
only to say how often the flags were right and to stand in for a reviewer.
"""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

DATA = Path(os.environ.get("BURNISH_DATA", "../shared/data")) / "youtube_spam" / "data.parquet"
TARGET = Path(__file__).parents[1] / "src" / "burnish" / "cli" / "data" / "youtube_spam.parquet"
NAMES = np.array(["ham", "spam"])


def main() -> None:
    rows = pq.read_table(DATA)
    train = pc.equal(rows["split"], "train")
    voted = pc.greater_equal(rows["weak_majority"], 0)
    rows = rows.filter(pc.or_(pc.invert(train), voted))
    is_train = rows["split"].to_numpy() == "train"
    truth = NAMES[rows["label"].to_numpy()]
    given = np.where(is_train, NAMES[np.maximum(rows["weak_majority"].to_numpy(), 0)], truth)
    table = pa.table(
        {
            "id": rows["id"],
            "text": rows["text"],
            "label": given,
            "video": rows["video"],
            "split": np.where(is_train, "train", "test"),
            "reviewed_label": truth,
        }
    )
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, TARGET, compression="zstd")
    print(TARGET, len(table), "rows,", int((given != truth).sum()), "wrong labels,", TARGET.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
