"""Recall: all evidence of a data set, as an earlier audit of the same rows gathered it."""

import json

import numpy as np
import pyarrow as pa

from burnish.dataset import Evidence, Summary
from burnish.errors import DamagedFileError
from burnish.kernels.items import Scratch
from burnish.pipeline.gathering import Gathered, Skipped
from burnish.pipeline.kept import kept_parts, place

WHOLE = "whole"
"""Where the recipes of all evidence are written down."""


def remember(scratch: Scratch, gathered: Gathered) -> None:
    """Write down that all evidence of a data set is there, and by which recipes, however it was gathered."""
    evidence = gathered.evidence
    stamped = [*(c.recipe for c in evidence.columns.values()), *(s.recipe for s in evidence.summaries.values())]
    recipes = [one for one in dict.fromkeys(stamped) if scratch.has(place(one, "@parts"))]
    growth = evidence.summaries.get("growth")
    document = {
        "recipes": recipes, "skipped": [[one.step, one.reason] for one in gathered.skipped],
        "growth": None if growth is None else growth.table.to_pylist(),
    }  # fmt: skip
    scratch.put(WHOLE, np.frombuffer(json.dumps(document).encode(), np.uint8))


def recalled(evidence: Evidence, scratch: Scratch) -> Gathered | None:
    """Give all evidence as `remember` found it, on top of what no step writes; None where a part of it is not there."""
    if not scratch.has(WHOLE):
        return None
    try:
        document = json.loads(bytes(scratch.get(WHOLE)))
    except (DamagedFileError, FileNotFoundError):  # removed since, for a reader may have no lock
        return None
    for recipe in document["recipes"]:
        parts = kept_parts(scratch, recipe)
        if parts is None:
            return None
        evidence = evidence.adding(parts)
    if document["growth"] is not None:
        evidence = evidence.adding([Summary("growth", pa.Table.from_pylist(document["growth"]))])
    return Gathered(evidence, tuple(Skipped(step, reason) for step, reason in document["skipped"]), {})
