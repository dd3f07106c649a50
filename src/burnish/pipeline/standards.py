"""Standard: what is measured, and when a lift counts."""

import math
from dataclasses import KW_ONLY, dataclass

from burnish.errors import UsageError
from burnish.kernels.metrics import Metric

POINT = 0.01


@dataclass(frozen=True)
class Standard:
    """The metric, and what a lift has to clear.

    `margin`: in units of the metric; None is half a point: half a hundredth, of the value before where the
    metric is no share. `max_slice_drop`: by how much a slice may fall, as a share (0.05 is 5 points), of the value
    before where the metric is no share.
    """

    metric: Metric
    _: KW_ONLY
    margin: float | None = None
    confidence: float = 0.95
    max_slice_drop: float = 0.05

    def __post_init__(self) -> None:
        if self.margin is not None and not 0 <= self.margin < math.inf:
            raise UsageError(f"the margin is {self.margin}.", remedy="Give 0 or more, such as 0.005 for half a point.")
        if not 0 < self.max_slice_drop <= 1:
            raise UsageError(
                f"max_slice_drop is {self.max_slice_drop}.", remedy="Give a share, such as 0.05 for 5 points."
            )

    def margin_at(self, before: float) -> float:
        """Give the margin in units of the metric, for a value before."""
        if self.margin is not None:
            return self.margin
        return self.point_at(before) / 2

    def point_at(self, before: float) -> float:
        """Give one point in units of the metric: a hundredth, of the value before where it is no share."""
        return POINT * (1.0 if self.metric.is_share else abs(before))
