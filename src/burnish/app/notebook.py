"""The map of an audit in a notebook, by anywidget: rows go in as the report has them, a selection comes back."""

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from burnish.api import Audit
from burnish.errors import MissingExtraError
from burnish.publishing import report_facts, with_shown
from burnish.reports.blob import MAX_POINTS, map_blob, map_rows
from burnish.reports.html import MAX_BYTES
from burnish.reports.thumbnails import within_budget

try:
    import anywidget
    import traitlets
except ImportError as error:
    raise MissingExtraError("anywidget is not installed.", remedy="pip install 'burnish[notebook]'") from error

SCRIPT = Path(__file__).parent / "assets" / "widget.js"


class MapWidget(anywidget.AnyWidget):  # type: ignore[misc]  # anywidget has no types
    """The rows of an audit on a map, to look at and to select from; holds no style or script of others.

    `selected` has the positions of the rows that lasso, legend and search leave, in the order of `audit.rows`: empty
    while nothing narrows them. Above `max_points` rows a uniform sample is drawn, and only its rows can be selected.
    """

    _esm = SCRIPT
    _map = traitlets.Bytes().tag(sync=True)
    _positions = traitlets.Bytes().tag(sync=True)
    _pictures = traitlets.Dict().tag(sync=True)
    selected = traitlets.List(traitlets.Int()).tag(sync=True)

    def __init__(self, audit: Audit, *, max_points: int = MAX_POINTS) -> None:
        facts, _ = within_budget(with_shown(report_facts(audit.audited, None, None), audit.audited))
        rows = map_rows(facts, max_points=max_points)
        packed, _ = map_blob(facts, rows, max_bytes=MAX_BYTES)
        super().__init__(
            _map=base64.b64decode(packed),
            _positions=rows.positions.astype("<u4").tobytes(),
            _pictures=dict(facts.thumbnails),
        )
        self.audit = audit

    def __repr__(self) -> str:
        """Say what stands where no widget can be drawn, as in a notebook that was saved without its widgets."""
        return f"<map of {self.audit.dataset.name!r}: run the cell to see it>"

    @property
    def selected_ids(self) -> pa.Array:
        """The ids of the selected rows."""
        ids: pa.Array = self.selected_rows["row_id"].combine_chunks()
        return ids

    @property
    def selected_rows(self) -> Any:
        """The selected rows of `audit.rows`, a pyarrow table."""
        return self.audit.rows.arrow.take(pa.array(np.asarray(self.selected, np.int64)))
