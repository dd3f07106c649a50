from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from burnish.adapters.embedders.field_encoders import CategoryEncoder, DateEncoder, NumberEncoder
from burnish.adapters.embedders.tabular import fit_tabular
from burnish.errors import EmbedderError, UsageError
from burnish.testing.embedder_contract import EmbedderContract


def people(n=200, seed=0):
    rng = np.random.default_rng(seed)
    start = datetime(2024, 1, 1)
    return pa.table(
        {
            "age": rng.normal(40, 10, n),
            "income": rng.pareto(1.1, n) * 1e4,
            "job": rng.choice(["cook", "nurse", "pilot"], n),
            "code": rng.integers(0, 5, n),
            "member": rng.random(n) < 0.3,
            "joined": [start + timedelta(hours=int(h)) for h in rng.integers(0, 9000, n)],
        }
    )


class TestContract(EmbedderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def embedder(cls):
        return fit_tabular(people())

    @pytest.fixture(scope="class")
    @classmethod
    def batch(cls):
        return people(4, seed=9)


def mean_distance_in(field, table):
    embedder = fit_tabular(table)
    start = 0
    for fitted in embedder.fields:
        width = fitted.encoder.encode(table[fitted.name].combine_chunks().slice(0, 1)).shape[1]
        if fitted.name == field:
            block = embedder.embed(table)[:, start : start + width]
            return float(np.square(block[:, None] - block[None]).sum(-1).mean())
        start += width
    raise AssertionError(field)


def test_rows_have_length_one_and_equal_rows_the_same_place():
    table = people()
    vectors = fit_tabular(table).embed(table)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(fit_tabular(table).embed(table.slice(3, 1))[0], vectors[3])


def test_every_field_has_an_equal_say():
    table = people()
    said = [mean_distance_in(name, table) for name in ("age", "income", "job", "code", "member", "joined")]
    assert max(said) / min(said) == pytest.approx(1, rel=0.02)


def test_adding_a_million_to_one_income_leaves_other_rows_where_they_were():
    table = people()
    incomes = table["income"].to_pylist()
    incomes[0] = 1e12
    changed = table.set_column(1, "income", pa.array(incomes))
    before, after = fit_tabular(table).embed(table), fit_tabular(changed).embed(changed)
    assert (before[1:] * after[1:]).sum(axis=1).min() > 0.999


def test_infinite_and_huge_numbers_stay_finite():
    table = pa.table({"x": [1.0, 2.0, 3.0, np.inf, -np.inf, 1e308, -1e308]})
    assert np.isfinite(fit_tabular(table).embed(table)).all()


def test_missing_is_like_missing_only():
    table = pa.table({"x": [1.0, 2.0, None, None, np.nan], "c": ["a", "b", None, "a", "b"]})
    vectors = fit_tabular(table).embed(table)
    assert np.isfinite(vectors).all()
    number = NumberEncoder.fit(table["x"].combine_chunks()).encode(table["x"].combine_chunks())
    np.testing.assert_array_equal(number[:, 2], [0, 0, 1, 1, 1])
    np.testing.assert_array_equal(number[2:, :2], 0)


def test_values_never_seen_when_fitted_have_a_place():
    embedder = fit_tabular(people())
    stranger = people(1).set_column(2, "job", pa.array(["astronaut"]))
    assert np.linalg.norm(embedder.embed(stranger)) == pytest.approx(1, rel=1e-5)


def test_categories_beyond_the_cap_share_axes_by_hash():
    values = pa.array([f"v{i}" for i in range(30) for _ in range(40 - i)])
    encoder = CategoryEncoder.fit(values, max_categories=10)
    assert encoder.categories == tuple(f"v{i}" for i in range(10))
    encoded = encoder.encode(values)
    assert encoded.shape[1] == 10 + 8 + 1
    assert np.all(encoded.sum(axis=1) == 1)
    assert encoded[:, :10].sum() == sum(40 - i for i in range(10))


def test_ids_constants_and_nested_fields_are_left_out_and_named():
    table = people(200).append_column("id", pa.array([f"row-{i}" for i in range(200)]))
    table = table.append_column("same", pa.array([7] * 200)).append_column("tags", pa.array([["a"]] * 200))
    assert fit_tabular(table).left_out == ("id", "same", "tags")


def test_a_table_that_tells_no_rows_apart_is_refused():
    with pytest.raises(UsageError, match="--meta"):
        fit_tabular(pa.table({"same": [1, 1, 1]}))
    with pytest.raises(UsageError):
        fit_tabular(pa.table({"x": pa.array([], pa.float64())}))


def test_a_missing_field_is_an_error_that_names_it():
    with pytest.raises(EmbedderError, match="'income'"):
        fit_tabular(people()).embed(people().drop_columns(["income"]))


def test_the_recipe_follows_what_was_fitted():
    assert fit_tabular(people(seed=0)).recipe == fit_tabular(people(seed=0)).recipe
    assert fit_tabular(people(seed=0)).recipe != fit_tabular(people(seed=1)).recipe


def test_the_order_of_rows_does_not_change_the_fit():
    table = people()
    turned = table.take(pa.array(np.arange(200)[::-1].copy()))
    one, other = fit_tabular(table), fit_tabular(turned)
    np.testing.assert_allclose(one.embed(table), other.embed(table), atol=1e-5)


@pytest.mark.parametrize(
    "values",
    [
        pa.array([Decimal("1.5"), Decimal("2.5"), None, Decimal("9.1")]),
        pa.array([1, 2, None, 200], pa.uint64()),
        pa.array([1.0, 2.0, None, 9.0], pa.float16()),
        pa.array(["a", "b", None, "a"]).dictionary_encode(),
        pa.array(["a", "b", None, "a"], pa.large_string()),
        pa.array(["a", "b", None, "a"], pa.string_view()),
        pa.array([True, False, None, True]),
        pa.array([date(2024, 1, 1), date(1969, 7, 20), None, date(2024, 6, 1)]),
        pa.array([datetime(2024, 1, 1, 5), datetime(1960, 1, 1), None, datetime(2024, 1, 9)], pa.timestamp("ns")),
        pa.array([0, 10**9, None, 10**10], pa.timestamp("ms", tz="Europe/Berlin")),
    ],
    ids=lambda values: str(values.type),
)
def test_every_scalar_type_is_encoded_with_its_gaps(values):
    table = pa.table({"x": values})
    embedder = fit_tabular(table)
    assert embedder.left_out == ()
    vectors = embedder.embed(table)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    assert vectors[2, -1] == 1


def test_dates_are_alike_by_season_weekday_and_hour():
    days = pa.array([datetime(2020, 6, 1, 9), datetime(2020, 6, 8, 9), datetime(2020, 12, 5, 21)])
    monday, next_monday, winter_saturday = DateEncoder.fit(days).encode(days)
    assert monday @ next_monday > 0.9
    assert monday @ winter_saturday < 0.3


def test_numbers_further_apart_are_further_apart_as_vectors():
    values = pa.array(np.linspace(-3, 3, 41))
    encoded = NumberEncoder(0.0, 1.0).encode(values)
    alike = encoded @ encoded[0]
    assert np.all(np.diff(alike) < 0)


def test_many_fields_share_the_dimensions():
    rng = np.random.default_rng(0)
    table = pa.table({f"f{i}": [f"v{v}" for v in rng.integers(0, 60, 300)] for i in range(100)})
    assert fit_tabular(table, max_dims=2048).n_dims <= 2048
