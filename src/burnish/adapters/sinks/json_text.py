"""JSON that every reader takes: no NaN, no infinity, no NumPy."""

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np


def json_text(document: Any, *, indent: int | None = 2) -> str:
    """Give the document as JSON; NaN and infinity, which JSON has not, become null.

    Tuples and NumPy arrays become lists, NumPy scalars numbers. Raises TypeError for a value that
    JSON cannot say.
    """
    return json.dumps(_sayable(document), indent=indent, allow_nan=False, ensure_ascii=False)


def _sayable(value: Any) -> Any:
    if isinstance(value, (np.generic, np.ndarray)):
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _sayable(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_sayable(inner) for inner in value]
    return value
