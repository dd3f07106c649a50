"""What became of each row of a version since its parent."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

SINCE_PARENT = ("as in parent", "added", "relabelled", "restored")
"""What `since_parent` tells of a row, by place."""


def since_parent(row_ids: pa.StringArray, *, edits: pa.Table | None, added: pa.StringArray | None) -> NDArray[np.uint8]:
    """Give what became of each row (n,), by place in `SINCE_PARENT`; a row that was dropped is not here.

    `edits`: row_id and action of the edits that made the version; `added`: ids of the rows that it brought.
    """
    codes = np.zeros(len(row_ids), np.uint8)
    if added is not None:
        codes[_among(row_ids, added)] = 1
    if edits is not None:
        for code, action in ((2, "relabel"), (3, "restore")):
            done = edits.filter(pc.equal(edits["action"], action))["row_id"].combine_chunks()
            codes[_among(row_ids, done)] = code
    return codes


def _among(row_ids: pa.StringArray, some: pa.StringArray) -> NDArray[np.bool_]:
    return np.asarray(pc.is_in(row_ids, value_set=some).to_numpy(zero_copy_only=False), np.bool_)
