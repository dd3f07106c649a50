"""The steps and checks that an audit runs: built-ins come through the same protocols as plug-ins."""

from burnish.protocols import Check, Step
from burnish.steps.clusters import Clusters
from burnish.steps.neighbors import NearestNeighbors
from burnish.steps.splits import Splits

CHECKS: tuple[Check, ...] = ()


def steps(*, evaluation_split: str | None = None) -> list[Step]:
    """Give the built-in steps; the order is derived from what they read and write."""
    return [NearestNeighbors(), Clusters(), Splits(evaluation_split)]
