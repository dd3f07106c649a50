"""The local web app, HTTP around the workspace without logic of its own; and the map of an audit in a notebook."""

import importlib
from typing import Any


def widget(audit: Any) -> Any:
    """Give the map of a `burnish.Audit` as a widget of Jupyter or marimo: see `burnish.app.notebook.MapWidget`.

    Raises MissingExtraError without anywidget.

    >>> shown = bn.app.widget(audit)  # doctest: +SKIP
    >>> shown.selected_rows  # after a lasso  # doctest: +SKIP
    """
    # Late: the app itself needs no notebook, and its commands are to start at once.
    return importlib.import_module("burnish.app.notebook").MapWidget(audit)
