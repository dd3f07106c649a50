"""How the quality checks word a finding about one row, and which edit a row may be given."""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from burnish.dataset import Evidence, Finding, FlaggedRow, Severity, SuggestedEdit


class Complaint:
    """What one quality code says of a row: `message`, `severity`, and the `edit` for a row of the training side."""

    def __init__(self, code: str, message: str, *, severity: Severity = "warning", edit: SuggestedEdit = "review"):
        self.code, self.message, self.severity, self.edit = code, message, severity, edit

    def about(
        self, evidence: Evidence, rows: Iterable[int] | NDArray[np.integer], facts: Mapping[str, NDArray[np.generic]]
    ) -> list[Finding]:
        """Give one finding a row; `facts` maps a name to an array over all rows, whose value becomes evidence.

        Rows of the evaluation split get the edit `review` whatever the complaint suggests.
        """
        evaluation = evidence.get("evaluation")
        found = []
        for row in (int(row) for row in rows):
            edit: SuggestedEdit = "review" if evaluation is not None and evaluation[row] else self.edit
            values = {name: _plain(array[row]) for name, array in facts.items()}
            flag = FlaggedRow(row, score=1.0, edit=edit, evidence=values)
            shown = "".join(f"; {name.replace('_', ' ')} {_shown(value)}" for name, value in values.items())
            found.append(Finding(self.code, "quality", self.severity, f"{self.message}{shown}.", rows=(flag,)))
        return found


def _plain(value: np.generic) -> object:
    plain = value.item()
    if isinstance(plain, float):
        return round(plain, 4) if np.isfinite(plain) else None
    return plain


def _shown(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
