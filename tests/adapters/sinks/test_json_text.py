import json

import numpy as np
import pytest

from burnish.adapters.sinks import json_text


def test_what_json_has_not_becomes_null_and_numpy_becomes_plain():
    document = {
        "a": float("nan"),
        "b": [np.float32("inf"), np.int64(3)],
        "c": (np.array([1.0, np.nan]),),
        "d": np.bool_(True),
    }
    assert json.loads(json_text(document)) == {"a": None, "b": [None, 3], "c": [[1.0, None]], "d": True}


def test_a_value_that_json_cannot_say_is_refused():
    with pytest.raises(TypeError):
        json_text({"a": object()})


def test_other_alphabets_stay_readable():
    assert "Größe" in json_text({"Größe": 1})
