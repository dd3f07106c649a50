"""Growth: a version that differs little from one that was audited before builds on its evidence."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from burnish.dataset import Dataset, Evidence, Former, Summary

MAX_CHANGED = 0.1
"""Share of rows in or out, since the last full run, beyond which all is made anew: what is kept drifts a little."""


def grown(evidence: Evidence, former: Evidence) -> Evidence:
    """Give the evidence of a version with that of a former one to build on; unchanged where they share no row.

    `evidence` holds what no step writes, as the embeddings. Rows are the same when their id and their content are. The
    former is near, so that steps keep what stands, where the embeddings were made in the same way and rows in and
    out since the last full run are at most `MAX_CHANGED` of the rows. Adds the summary `growth`: how many rows were
    `kept`, are `new` and `gone`, and `changed`, the share of rows in or out since the last full run.
    """
    rows = match_rows(former.dataset, evidence.dataset)
    n_kept, n_former, n_rows = int(np.count_nonzero(rows >= 0)), len(former.dataset), len(rows)
    if not n_kept:
        return evidence
    before = float(former.table("growth")["changed"][0].as_py()) if "growth" in former else 0.0
    changed = before + (n_former + n_rows - 2 * n_kept) / n_rows
    near = changed <= MAX_CHANGED and _same_space(evidence, former)
    facts = {"kept": [n_kept], "new": [n_rows - n_kept], "gone": [n_former - n_kept]}
    table = pa.table(facts | {"changed": [changed if near else 0.0]})
    return replace(evidence, former=Former(former, rows, near=near)).adding([Summary("growth", table)])


def growth_note(evidence: Evidence) -> tuple[str, ...]:
    """Say that an audit built on a former one, and how much of it; nothing where all was made anew."""
    line = evidence.table("growth").to_pylist()[0] if "growth" in evidence else {"changed": 0}
    if not line["changed"]:
        return ()
    return (
        f"Built on a former audit: {line['kept']:,} rows stayed, {line['new']:,} are new, {line['gone']:,} gone; what "
        "holds for rows that stayed was kept (docs/topics/growth.md). Another --workspace makes all anew.",
    )


def match_rows(former: Dataset, dataset: Dataset) -> NDArray[np.int64]:
    """Give each row (n,) the position that it has in the former version, -1 where its id or content is new."""
    ids = pc.index_in(dataset.row_ids, value_set=former.row_ids)
    rows = np.array(pc.fill_null(ids, -1).to_numpy(zero_copy_only=False), np.int64)
    known = np.flatnonzero(rows >= 0)
    other = (dataset.content[known] != former.content[rows[known]]).any(axis=1)
    rows[known[other]] = -1
    return rows


def _same_space(evidence: Evidence, former: Evidence) -> bool:
    """Tell whether both have the same columns that no step wrote, made in the same way."""
    given = evidence.columns
    known = [former.columns.get(name) for name in given]
    return bool(given) and all(
        theirs is not None and theirs.recipe == mine.recipe and theirs.values.shape[1:] == mine.values.shape[1:]
        for mine, theirs in zip(given.values(), known, strict=True)
    )
