import numpy as np
import pyarrow as pa
import pytest
import report_facts
from hypothesis import given, settings
from hypothesis import strategies as st

from burnish.reports.facets import (
    FIELD_LIMIT,
    LAST_STEP,
    MAX_VALUES,
    NO_CLASS,
    NO_LABEL,
    NO_STEP,
    NONE,
    OTHER,
    OTHER_CLASSES,
    Status,
    facets_of,
    point_facets,
)
from burnish.reports.words import kind_title

FACTS = report_facts.text_facts(300)


@pytest.fixture
def facts():
    return FACTS


def with_columns(facts, **columns):
    rows = facts.rows
    for name, values in columns.items():
        place = rows.column_names.index(name)
        rows = rows.set_column(place, name, pa.array(values, rows.schema.field(name).type))
    return report_facts.replace(facts, rows=rows)


def facet(facets, name):
    return next(f for f in facets if f.name == name)


def shown(facet):
    return [facet.values[code] for code in facet.codes]


def all_rows(facts):
    return np.arange(len(facts.rows))


def test_the_report_has_its_facets_in_order_for_the_rows_that_are_drawn(facts):
    positions = np.array([7, 3, 250])
    facets = facets_of(facts, positions)
    names = ["cluster", "label", "predicted_label", "finding", "error", "split", "change", "label_quality"]
    assert [f.name for f in facets] == [*names, "outlier_score"]
    assert {f.codes.dtype for f in facets} == {np.dtype(np.uint16)}
    labels = facts.rows["label"].to_pylist()
    assert shown(facet(facets, "label")) == [labels[i] for i in positions]


def test_the_report_cuts_scales_into_named_steps_and_the_app_into_even_ones(facts):
    some = with_columns(facts, label_quality=[None, 0.0, 1.0, 0.6, 0.05] * 60)
    steps = facet(facets_of(some, all_rows(some)), "label_quality")
    assert shown(steps)[:5] == [NONE, "0 to 0.1", "0.9 to 1", "0.5 to 0.9", "0 to 0.1"]
    even = facet(point_facets(some), "label_quality")
    assert even.codes[:5].tolist() == [NO_STEP, 0, LAST_STEP, 152, 13]
    assert (even.values, even.low, even.high, even.codes.dtype) == ([], 0.0, 1.0, np.uint8)


def test_the_most_frequent_value_comes_first_and_none_last(facts):
    some = with_columns(facts, label=["b"] * 50 + ["a"] * 50 + ["c"] * 180 + [None] * 20)
    label = facet(point_facets(some), "label")
    assert label.values == ["c", "a", "b", NONE]
    assert shown(label) == ["b"] * 50 + ["a"] * 50 + ["c"] * 180 + [NONE] * 20


def test_values_beyond_the_limit_share_a_code_and_codes_get_wider(facts):
    some = with_columns(facts, label=[f"class {i:03d}" if i < 299 else None for i in range(300)])
    label = facet(point_facets(some), "label")
    assert label.values == [*(f"class {i:03d}" for i in range(MAX_VALUES)), OTHER, NONE]
    assert label.codes.dtype == np.uint16
    assert shown(label)[-3:] == [OTHER, OTHER, NONE]
    few = with_columns(facts, label=[f"class {i % 255:03d}" for i in range(300)])
    assert facet(point_facets(few), "label").codes.dtype == np.uint8


def test_a_cluster_is_called_by_its_name_and_noise_is_none(facts):
    known = facts.cluster_names
    number = next(iter(known))
    cluster = facet(point_facets(with_columns(facts, cluster=[number, -1, 999] * 100)), "cluster")
    assert shown(cluster)[:3] == [known[number], NONE, "cluster 999"]


def test_flags_hold_every_kind_of_a_row(facts):
    finding = facet(point_facets(facts), "finding")
    ids = facts.rows["row_id"].to_pylist()
    kinds = facts.findings.select(["row_id", "kind"]).to_pylist()
    for bit, title in enumerate(finding.values):
        flagged = {ids[i] for i in np.flatnonzero(finding.codes & (1 << bit))}
        assert flagged == {line["row_id"] for line in kinds if kind_title(line["kind"]) == title} - {None}
    assert finding.codes.dtype == np.uint16


def test_findings_of_rows_that_are_not_here_are_left_out(facts):
    lines = facts.findings.set_column(
        facts.findings.column_names.index("row_id"), "row_id", pa.array(["elsewhere"] * len(facts.findings))
    )
    assert not facet(point_facets(report_facts.replace(facts, findings=lines)), "finding").codes.any()


def test_what_is_known_beyond_the_audit_stands_before_the_scales(facts):
    status = Status("review", "Review", ("open", "none"), np.arange(300) % 2)
    facets = point_facets(facts, [status])
    names = [f.name for f in facets]
    assert names.index("split") < names.index("review") < names.index("label_quality")
    assert shown(facet(facets, "review"))[:2] == ["open", "none"]
    assert facet(facets, "review").codes.dtype == np.uint8


def test_fields_of_few_values_are_categories_and_of_many_numbers_scales(facts):
    fields = pa.table(
        {
            "channel": ["web", "app", None] * 100,
            "stars": [1.0, 2.0, 5.0] * 100,
            "amount": [None, np.nan, *range(298)],
            "sure": [True, False, None] * 100,
            "level": pa.array([1.5, None, float("nan")] * 100).dictionary_encode(),
            "day": pa.array([0, 1, 2] * 100, pa.date32()),
            "note": [f"text {i}" for i in range(300)],
            "list": [[1]] * 300,
            "empty": pa.nulls(300, pa.string()),
            "nothing": pa.nulls(300),
            "nan": [np.nan] * 300,
        }
    )
    facets = point_facets(facts, (), fields)[len(point_facets(facts)) :]
    assert [(f.name, f.kind) for f in facets] == [
        ("channel", "category"), ("stars", "category"), ("amount", "scale"), ("sure", "category"),
        ("level", "category"),
        ("day", "category"),
    ]  # fmt: skip
    assert shown(facet(facets, "level"))[:3] == ["1.5", NONE, NONE]
    amount = facet(facets, "amount")
    assert (amount.low, amount.high) == (0.0, 297.0)
    assert amount.codes[[0, 1, 2, 299]].tolist() == [NO_STEP, NO_STEP, 0, LAST_STEP]


def test_no_more_fields_than_the_limit_are_facets_and_names_do_not_collide(facts):
    fields = pa.table({name: ["a", "b", "c"] * 100 for name in ("label", "split", "x", "y", "z", "u", "v")})
    facets = point_facets(facts, (), fields)
    names = [f.name for f in facets]
    assert names[-FIELD_LIMIT:] == ["field label", "field split", "x", "y", "z", "u"]
    assert len(set(names)) == len(names)


def test_a_few_far_numbers_do_not_squeeze_a_scale(facts):
    numbers = np.arange(300.0)
    numbers[0] = 1e12
    scale = facet(point_facets(facts, (), pa.table({"price": numbers})), "price")
    assert scale.high < 400
    assert scale.codes[0] == LAST_STEP
    assert len(np.unique(scale.codes)) > 200


@pytest.mark.parametrize("numbers", [[-1.7e308, 1.7e308, *range(298)], [np.inf, -np.inf, *range(298)]])
def test_numbers_at_the_end_of_their_range_make_no_trouble(facts, numbers):
    scale = facet(point_facets(facts, (), pa.table({"price": pa.array(numbers, pa.float64())})), "price")
    assert np.isfinite([scale.low, scale.high]).all()
    assert len(np.unique(scale.codes)) > 100


@given(st.lists(st.one_of(st.none(), st.text(max_size=5), st.sampled_from("abc")), min_size=1, max_size=60))
@settings(max_examples=50)
def test_codes_agree_with_a_slow_count(values):
    rows = pa.table({"row_id": [str(i) for i in range(len(values))], "label": pa.array(values, pa.string())})
    facets = point_facets(report_facts.replace(FACTS, rows=rows, findings=FACTS.findings.slice(0, 0)))
    if all(value is None for value in values):
        assert facets == []
        return
    known = [value for value in values if value is not None]
    order = sorted(set(known), key=lambda value: (-known.count(value), value.encode()))
    assert facets[0].codes.tolist() == [len(order) if value is None else order.index(value) for value in values]


def test_hostile_names_and_values_are_one_line_of_text(facts):
    hostile = "<script>\x1b[31m\n\u202e" + "x" * 200
    some = with_columns(facts, label=[hostile] * 300)
    facets = point_facets(some, (), pa.table({hostile: [hostile, "b", "c"] * 100}))
    assert facet(facets, "label").values[0].startswith("<script> [31m ")
    assert len(facet(facets, "label").values[0]) == 60
    assert facets[-1].name == hostile
    assert "\n" not in facets[-1].title


def with_targets(labels, predictions=None):
    """Give facts of rows whose labels are numbers or sets of classes."""
    n_rows = len(labels)
    rows = pa.table({"row_id": [str(i) for i in range(n_rows)], "label": pa.nulls(n_rows, pa.string())})
    bare = report_facts.replace(FACTS, rows=rows, findings=FACTS.findings.slice(0, 0), changeset=None)
    return report_facts.replace(bare, targets=labels, predictions=predictions)


def test_labels_that_are_numbers_are_a_scale_beside_what_was_predicted_and_how_far_off():
    labels = pa.array([0.0, 10.0, None, 5.0])
    facets = point_facets(with_targets(labels, pa.array([2.0, 30, 4, None], pa.float64())))
    assert [(f.name, f.kind) for f in facets] == [("label", "scale"), ("predicted_label", "scale"), ("error", "scale")]
    label, predicted, error = facets
    assert (label.low, label.high, predicted.low, predicted.high, error.low, error.high) == (0, 10, 0, 10, 0, 20)
    assert label.codes.tolist() == [0, LAST_STEP, NO_STEP, 127]
    assert predicted.codes.tolist() == [round(0.2 * LAST_STEP), LAST_STEP, round(0.4 * LAST_STEP), NO_STEP]
    assert error.codes.tolist() == [round(0.1 * LAST_STEP), LAST_STEP, NO_STEP, NO_STEP]
    (alone,) = point_facets(with_targets(labels))
    assert (alone.name, alone.title) == ("label", "Label")


@pytest.mark.parametrize(
    "labels", [pa.nulls(3, pa.float64()), pa.array([np.nan] * 3), pa.array([[], None, []], pa.list_(pa.string()))]
)
def test_where_no_row_has_a_number_or_a_class_there_is_no_label_facet(labels):
    assert point_facets(with_targets(labels)) == []
    assert facets_of(with_targets(labels), np.arange(3)) == []


def test_predictions_of_another_kind_than_the_labels_are_no_facet():
    facets = point_facets(with_targets(pa.array([0.5, 1.5]), pa.array(["low", "high"])))
    assert [f.name for f in facets] == ["label"]
    facets = point_facets(with_targets(pa.array([["a"], ["b"]]), pa.array([0.1, 0.2])))
    assert [f.name for f in facets] == ["label"]


def test_the_report_cuts_numbers_into_five_steps_of_as_many_rows():
    numbers = np.arange(100.0)
    label, predicted, _ = facets_of(with_targets(pa.array(numbers), pa.array(numbers * 100)), np.arange(100))
    assert label.values == ["below 19.8", "19.8 to 39.6", "39.6 to 59.4", "59.4 to 79.2", "79.2 or more", NONE]
    assert np.bincount(label.codes).tolist() == [20] * 5
    assert predicted.values == label.values
    assert [predicted.values[code] for code in predicted.codes[:2]] == ["below 19.8", "79.2 or more"]
    same = facets_of(with_targets(pa.array([3.5, 3.5, None])), np.arange(3))[0]
    assert [same.values[code] for code in same.codes] == ["3.5 or more", "3.5 or more", NONE]


def test_sets_of_classes_are_flags_the_most_frequent_first_and_a_row_may_have_none():
    sets = pa.array([["b", "a"], ["b"], [], ["c", "c", None], ["b", "c"]])
    (label,) = point_facets(with_targets(sets))
    assert (label.kind, label.title, label.values, label.bare) == ("flags", "Label", ["b", "c", "a"], NO_CLASS)
    assert label.codes.tolist() == [0b101, 0b001, 0, 0b010, 0b011]


def test_classes_beyond_sixteen_bits_share_one_and_the_title_says_so():
    names = [f"class {i:02d}" for i in range(20)]
    sets = [names[: i + 1] for i in range(20)]
    (label,) = point_facets(with_targets(pa.array(sets)))
    assert label.title == "Label (15 most frequent of 20)"
    assert label.values == [*names[:15], OTHER_CLASSES]
    assert (label.codes[14], label.codes[15]) == (0x7FFF, 0xFFFF)
    (sixteen,) = point_facets(with_targets(pa.array([one[:16] for one in sets])))
    assert (sixteen.title, sixteen.values) == ("Label", names[:16])


def test_a_row_whose_set_is_not_known_has_no_label_and_not_no_class():
    names = [f"class {i:02d}" for i in range(20)]
    (label,) = point_facets(with_targets(pa.array([names, None, []])))
    assert label.values == [*names[:14], OTHER_CLASSES, NO_LABEL]
    assert label.codes.tolist() == [0x7FFF, 0x8000, 0]


def test_predicted_sets_have_the_flags_of_the_labels_and_are_right_as_a_whole():
    labels = pa.array([["a", "b"], ["b"], [], None, ["a"]])
    predicted = pa.array([["b", "a"], ["b", "z"], [], ["a"], None])
    label, said, error = point_facets(with_targets(labels, predicted))
    assert label.values == said.values == ["a", "b", "z", NO_LABEL]
    assert said.codes.tolist() == [0b11, 0b110, 0, 0b1, 0b1000]
    assert [error.values[code] for code in error.codes] == [
        "predicted = label",
        "predicted ≠ label",
        "predicted = label",
        NONE,
        NONE,
    ]


@given(
    st.lists(
        st.one_of(st.none(), st.lists(st.sampled_from("abcdefghijklmnopqrst"), max_size=6)), min_size=1, max_size=40
    )
)
@settings(max_examples=80)
def test_flags_of_sets_agree_with_a_slow_count(sets):
    facets = point_facets(with_targets(pa.array(sets, pa.list_(pa.string()))))
    known = [set(one) for one in sets if one is not None]
    if not any(known):
        assert facets == []
        return
    (label,) = facets
    named = {value for value in label.values if len(value) == 1}
    for bit, value in enumerate(label.values):
        assert [(code >> bit) & 1 for code in label.codes.tolist()] == [_has(one, value, named) for one in sets]
    assert ((label.codes == 0) == [one is not None and not one for one in sets]).all()


def _has(one, value, named):
    if one is None or value == NO_LABEL:
        return int(one is None and value == NO_LABEL)
    return int(bool(set(one) - named) if value == OTHER_CLASSES else value in one)
