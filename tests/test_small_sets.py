"""Tiny and degenerate data sets: an audit ends in tables and a report, or in an error with a remedy."""

import numpy as np
import pyarrow as pa
import pytest

import burnish as bn
from burnish.errors import BurnishError

LABELS = {
    "none": lambda n: None,
    "one class": lambda n: ["a"] * n,
    "two classes": lambda n: [("a", "b")[i % 2] for i in range(n)],
    "a class each": lambda n: [f"c{i}" for i in range(n)],
    "half missing": lambda n: [None if i % 2 else "a" for i in range(n)],
}


def fields(kind, n_rows):
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(n_rows, 5))
    if kind == "texts":
        return {"text": [f"words number {i} about {rng.integers(9)} things" for i in range(n_rows)]}
    if kind == "one text":
        return {"text": ["just the same words here"] * n_rows}
    if kind == "table":
        return {"a": vectors[:, 0], "b": [("x", "y")[i % 2] for i in range(n_rows)]}
    if kind == "half zero":
        vectors[: n_rows // 2] = 0
    elif kind == "one vector":
        vectors[:] = 1.0
    return {"embedding": vectors.tolist()}


@pytest.mark.slow
@pytest.mark.parametrize("n_rows", [1, 2, 5, 16])
@pytest.mark.parametrize("kind", ["texts", "one text", "table", "vectors", "half zero", "one vector"])
@pytest.mark.parametrize("labels", LABELS)
def test_a_small_set_ends_in_a_report_or_a_remedy(n_rows, kind, labels, tmp_path):
    columns = fields(kind, n_rows)
    given = {name: name for name in ("text", "embedding") if name in columns}
    label = LABELS[labels](n_rows)
    if label is not None:
        columns["label"], given["label"] = pa.array(label, pa.string()), "label"
    try:
        audit = bn.audit(pa.table(columns), workspace=tmp_path, **given)
        assert len(audit.rows) == n_rows
        assert audit.report(tmp_path / "report.html").stat().st_size > 10_000
        changes = audit.changeset()
        if changes.edits:
            assert bn.measure(audit, changes).verdict in ("better", "no worse", "worse", "inconclusive")
    except BurnishError as error:
        if not error.remedy:
            pytest.fail(f"no remedy: {error}")
