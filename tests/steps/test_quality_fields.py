import numpy as np
import pyarrow as pa
import pytest

from burnish.dataset import Dataset, Evidence, Roles
from burnish.protocols import Check
from burnish.steps.quality import Quality
from burnish.steps.quality_fields import CategoryVariants, ConstantField, ExtremeValues, MissingField, MixedField

CHECKS = (ConstantField(), MissingField(), MixedField(), CategoryVariants(), ExtremeValues())
RNG = np.random.default_rng(0)
N = 1000
CLEAN = {
    "city": RNG.choice(["Paris", "Rome", "Oslo"], N).tolist(),
    "age": RNG.integers(18, 90, N).tolist(),
    "income": RNG.lognormal(10, 0.8, N).tolist(),
    "code": [f"{i}" for i in RNG.integers(0, 99, N)],
    "flag": RNG.integers(0, 2, N).tolist(),
}


def judged(fields):
    table = pa.table(fields)
    n = table.num_rows
    rows = Dataset(
        table, pa.array([f"r{i}" for i in range(n)]), np.zeros((n, 2), np.uint64), Roles(meta=tuple(table.column_names))
    )
    evidence = Evidence(rows).adding(Quality().run(Evidence(rows), seed=0))
    return {check.code: check.judge(evidence) for check in CHECKS if check.judge(evidence)}


def replaced(values, rows, value):
    return [value if i in rows else given for i, given in enumerate(values)]


def test_checks_keep_their_protocol():
    assert all(isinstance(check, Check) for check in CHECKS)


def test_a_clean_table_gives_no_finding():
    assert judged(CLEAN) == {}


@pytest.mark.parametrize(
    ("code", "field", "values"),
    [
        ("QUA020", "same", ["x"] * N),
        ("QUA020", "same", [4] * N),
        ("QUA021", "gone", replaced(CLEAN["age"], range(600), None)),
        ("QUA021", "gone", replaced(CLEAN["city"], range(600), "?")),
    ],
)
def test_a_planted_field_defect_is_found_alone(code, field, values):
    found = judged(CLEAN | {field: values})
    assert list(found) == [code]
    assert [finding.evidence["field"] for finding in found[code]] == [field]


@pytest.mark.parametrize(
    ("code", "field", "value"),
    [("QUA022", "city", "42"), ("QUA022", "code", "forty"), ("QUA023", "city", "rome "), ("QUA024", "age", 9999)],
)
def test_planted_values_are_found_with_their_rows(code, field, value):
    rows = {3, 500, 998}
    found = judged(CLEAN | {field: replaced(CLEAN[field], rows, value)})
    assert list(found) == [code]
    flags = found[code][0].rows
    assert {flag.row for flag in flags} == rows
    assert {flag.edit for flag in flags} == {"review"}


def test_messages_name_the_field_and_the_spelling():
    found = judged(CLEAN | {"city": replaced(CLEAN["city"], {3}, "rome ")})
    assert "“city”" in found["QUA023"][0].message
    assert found["QUA023"][0].rows[0].evidence == {"value": "rome ", "usual": "Rome"}


def test_a_half_and_half_field_is_not_mixed():
    mixed = ["1", "word"] * (N // 2)
    assert "QUA022" not in judged({"f": mixed})
