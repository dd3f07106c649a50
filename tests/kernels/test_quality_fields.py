import numpy as np
import pyarrow as pa

from burnish.kernels.quality_fields import extremes, field_stats


def line(values, **options):
    return field_stats(pa.table({"f": values}), **options).to_pylist()[0]


def test_missing_values_are_nulls_nan_and_words_for_them():
    assert line(["a", None, "", "?", "N/A", " null ", "b"])["n_missing"] == 5
    assert line([1.0, None, float("nan")])["n_missing"] == 2


def test_distinct_values_do_not_count_missing_ones():
    assert line(["a", "a", "?", None])["n_distinct"] == 1
    assert line([1, 1, None])["n_distinct"] == 1


def test_numbers_among_words_are_the_odd_rows():
    found = line(["red", "blue", "12", "green", "-3.5e2"])
    assert (found["n_numbers"], found["odd_rows"]) == (2, [2, 4])


def test_words_among_numbers_are_the_odd_rows():
    assert line(["1", "2", "three", "4"])["odd_rows"] == [2]


def test_a_field_of_one_type_has_no_odd_rows():
    assert line(["1", "2", "?"])["odd_rows"] == []
    assert line(["a", "b", None])["odd_rows"] == []


def test_rarer_spellings_point_to_the_usual_one():
    found = line(["NY"] * 20 + ["ny "] + ["New York"] * 20 + ["new-york", "LA"])
    assert found["variant_rows"] == [20, 41]
    assert found["variants"] == ["ny ", "new-york"]
    assert found["usuals"] == ["NY", "New York"]


def test_free_text_has_no_spelling_variants():
    assert line(["Hello", "hello", "other", "words"])["variant_rows"] == []


def test_extreme_values_come_furthest_first_and_are_capped():
    values = np.random.default_rng(0).normal(size=5000)
    values[[7, 9]] = 1000, -2000
    found = line(values, n_extremes=2)
    assert found["extreme_rows"] == [9, 7]
    assert found["extremes"] == [-2000, 1000]
    assert found["deviations"][0] > found["deviations"][1] > 50


def test_a_value_is_as_far_as_widths_of_the_middle_range():
    values = np.append(np.linspace(0, 1, 2001), 11.0)
    found = extremes(values, 1)
    assert found.rows.tolist() == [2001]
    assert np.isclose(found.deviations[0], 10, rtol=0.05)


def test_a_field_without_spread_has_no_extremes():
    assert line([0.0] * 999 + [5.0])["extreme_rows"] == []
    assert line(pa.nulls(5, pa.float64()))["extreme_rows"] == []


def test_lists_and_times_are_only_counted():
    assert line([[1], None, [2]]) | {"kind": "other"} == line([[1], None, [2]])
    assert line([[1], None, [2]])["n_missing"] == 1


def test_an_empty_table_gives_a_line_of_zeros():
    assert line(pa.array([], pa.string()))["n_rows"] == 0
    assert line(pa.array([], pa.int64()))["n_rows"] == 0


def test_dictionary_encoded_text_is_text():
    assert line(pa.array(["a", "b", "a", None]).dictionary_encode())["n_distinct"] == 2
