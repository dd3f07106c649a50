from datetime import date

import numpy as np
import pyarrow as pa

from burnish.dataset import Dataset, Roles
from burnish.steps.metadata import Coding


def coded(**fields):
    table = pa.table(fields)
    ids = pa.array([str(i) for i in range(table.num_rows)])
    content = np.zeros((table.num_rows, 2), np.uint64)
    return Coding().coded(Dataset(table, ids, content, Roles(meta=tuple(fields))))


def words(part):
    return [part.conditions[code] if code >= 0 else None for code in part.codes]


def test_values_become_conditions_and_missing_is_one_of_them():
    [part] = coded(country=["BR", None, "DE", "BR", "DE", None])
    assert words(part)[:3] == ["country = 'BR'", "country is missing", "country = 'DE'"]


def test_numbers_are_binned_at_quantiles_of_like_size():
    values = [*range(99), None]
    [part] = coded(age=pa.array(values, pa.float64()))
    assert words(part)[0] == "age < 19"
    assert words(part)[50] == "39 ≤ age < 58"
    assert words(part)[98] == "age ≥ 78"
    assert words(part)[99] == "age is missing"
    assert np.bincount(part.codes)[:5].min() >= 19


def test_every_number_lies_in_the_bin_that_its_words_name():
    ages = np.random.default_rng(0).integers(0, 60, 500)
    [part] = coded(age=ages)
    for age, said in zip(ages, words(part), strict=True):
        low, _, high = said.rpartition("age")
        assert not low or age >= int(low.split()[0])
        assert "<" not in high or age < int(high.split()[1])
        assert "≥" not in high or age >= int(high.split()[1])


def test_dates_are_binned_and_written_as_dates():
    days = [date(2026, 1 + i // 28, 1 + i % 28) for i in range(100)]
    [part] = coded(day=pa.array(days))
    assert words(part)[0].startswith("day < 2026-01")


def test_identifiers_free_text_constants_and_nested_fields_are_skipped():
    n = 100
    assert coded(
        number=list(range(n)),
        name=[f"user {i}" for i in range(n)],
        constant=["a"] * n,
        empty=pa.nulls(n, pa.string()),
        nested=[[i] for i in range(n)],
    ) == []  # fmt: skip


def test_only_the_most_frequent_values_have_a_condition():
    values = [f"v{i}" for i in range(30) for _ in range(40 - i)]
    [part] = coded(value=values)
    assert len(part.conditions) == 20
    assert words(part)[-1] is None
    assert words(part)[0] == "value = 'v0'"


def test_true_and_dictionary_fields_are_values():
    flags, kinds = coded(flag=[True, False] * 5, kind=pa.array(["a", "b"] * 5).dictionary_encode())
    assert words(flags)[0] == "flag = True"
    assert words(kinds)[1] == "kind = 'b'"


def test_times_of_any_unit_are_binned_and_written():
    seconds = pa.array(range(0, 100_000, 1_000), pa.int64())
    for unit in ("s", "ms", "us", "ns"):
        factor = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
        stamps = pa.array([value.as_py() * factor + factor // 7 for value in seconds]).cast(pa.timestamp(unit, "UTC"))
        [part] = coded(at=stamps)
        assert words(part)[0].startswith("at < 1970-01-01 05:")


def test_unreadable_numbers_are_missing_and_no_number_at_all_is_no_field():
    values = [float("nan"), float("inf"), *np.linspace(0, 1, 98).tolist()]
    [part] = coded(x=values)
    assert words(part)[:2] == ["x is missing", "x is missing"]
