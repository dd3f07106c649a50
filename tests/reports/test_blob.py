import numpy as np
import pyarrow as pa
import pytest
import report_facts

from burnish.reports.blob import map_blob, map_rows, unpack


@pytest.fixture(scope="module")
def facts():
    return report_facts.text_facts(300)


def column(header, columns, name):
    place = header["columns"][name]
    return columns[place["offset"] : place["offset"] + place["bytes"]]


def lines(header, columns, name):
    return column(header, columns, name).decode().split("\n")


def test_the_blob_gives_back_ids_in_drawing_order(facts):
    rows = map_rows(facts)
    header, columns = unpack(map_blob(facts, rows, max_bytes=10**6)[0])
    ids = facts.rows["row_id"].to_pylist()
    assert lines(header, columns, "ids") == [ids[i] for i in rows.positions]
    assert sorted(rows.positions.tolist()) == list(range(300))


def test_coordinates_span_the_whole_range_and_keep_their_order(facts):
    rows = map_rows(facts)
    header, columns = unpack(map_blob(facts, rows, max_bytes=10**6)[0])
    packed = np.frombuffer(column(header, columns, "x"), "<u2").astype(float)
    given = facts.rows["map_x"].to_numpy()[rows.positions]
    assert (packed.min(), packed.max()) == (0, 65_535)
    assert np.corrcoef(packed, given)[0, 1] > 0.99999


def test_codes_name_the_values_of_each_facet(facts):
    rows = map_rows(facts)
    header, columns = unpack(map_blob(facts, rows, max_bytes=10**6)[0])
    facet = next(f for f in header["facets"] if f["name"] == "label")
    codes = np.frombuffer(column(header, columns, facet["column"]), "<u2")
    labels = facts.rows["label"].to_pylist()
    assert [facet["values"][c] for c in codes] == [labels[i] for i in rows.positions]


def test_a_finding_facet_holds_every_kind_of_a_row(facts):
    rows = map_rows(facts)
    header, columns = unpack(map_blob(facts, rows, max_bytes=10**6)[0])
    facet = next(f for f in header["facets"] if f["name"] == "finding")
    codes = np.frombuffer(column(header, columns, facet["column"]), "<u2")
    bit = facet["values"].index("Suspect labels")
    flagged = {
        r
        for r, k in zip(facts.findings["row_id"].to_pylist(), facts.findings["kind"].to_pylist(), strict=True)
        if k == "suspect_label"
    }
    ids = lines(header, columns, "ids")
    assert {ids[i] for i in np.flatnonzero(codes & (1 << bit))} == flagged


def test_text_is_cut_at_120_characters_and_keeps_one_line_a_row(facts):
    texts = pa.array(["a\nb\u2028c" + "x" * 500] * 300)
    changed = report_facts.replace(facts, texts=texts)
    rows = map_rows(changed)
    blob, cut = map_blob(changed, rows, max_bytes=10**6)
    shown = lines(*unpack(blob), "texts")
    assert len(shown) == 300
    assert {len(t) for t in shown} == {121}
    assert shown[0].startswith("a b c")
    assert (cut.rows, cut.characters) == (300, 120)


def test_text_shrinks_until_it_fits_and_flagged_rows_keep_theirs(facts):
    rows = map_rows(facts)
    bare = len(map_blob(report_facts.replace(facts, texts=None), rows, max_bytes=10**6)[0])
    full = len(map_blob(facts, rows, max_bytes=10**6)[0])
    budget = bare + (full - bare) // 3
    blob, cut = map_blob(facts, rows, max_bytes=budget)
    header, columns = unpack(blob)
    shown = lines(header, columns, "texts")
    assert len(blob) <= budget
    assert 0 < cut.rows < 300
    with_text = {i for i, t in zip(lines(header, columns, "ids"), shown, strict=True) if t}
    flagged = set(facts.findings["row_id"].drop_null().to_pylist())
    assert with_text <= flagged or flagged <= with_text


def test_above_the_limit_a_uniform_sample_is_drawn(facts):
    rows = map_rows(facts, max_points=50)
    assert len(set(rows.positions.tolist())) == 50
    assert rows.total == 300


def test_equal_facts_give_equal_blobs(facts):
    rows = map_rows(facts)
    assert map_blob(facts, rows, max_bytes=10**6) == map_blob(facts, map_rows(facts), max_bytes=10**6)


def test_rows_without_a_place_are_not_drawn(facts):
    x = facts.rows["map_x"].to_pylist()
    x[3], x[7] = None, float("inf")
    table = facts.rows.set_column(facts.rows.column_names.index("map_x"), "map_x", pa.array(x, pa.float32()))
    rows = map_rows(report_facts.replace(facts, rows=table))
    assert set(range(300)) - set(rows.positions.tolist()) == {3, 7}
