import datetime as dt
import decimal
import importlib
import json
import os
import tracemalloc

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from burnish.adapters.sinks import exports
from burnish.adapters.sinks.exports import export
from burnish.adapters.sources import read_source
from burnish.dataset import Dataset, Roles
from burnish.errors import InputError, MissingExtraError, OutputError, UsageError

NASTY = [
    '=HYPERLINK("http://x") is a text',
    'two lines\nand a "quoted", comma',
    "carriage return\r\nand\rmore",
    "bell \x07, escape \x1b[31m, unit \x1f and a tab\tin it",
    "emoji 😀 é \u2028 line separator \ufeff mark",
    "<script>alert('x')</script> &amp; </text>",
    "'; DROP TABLE rows; -- \\ backslash \\n",
    " spaces at both ends ",
    "+1 -1 @cell plus minus at",
    "one megabyte " + 'ab"\n,' * 210_000,
]
NAMED = {"id": "row_id", "text": "text", "label": "label", "split": "split"}
ROWS = {"parquet": "data.parquet", "csv": "data.csv", "jsonl": "data.jsonl"}


def nasty():
    ids = [f"{i:03d}" for i in range(len(NASTY) - 2)] + ["1e5", "=row"]
    labels = ["a", "b", "NA", "null", "=x", "-", "a", "b", "a", "007"]
    table = pa.table(
        {"key": ids, "text": NASTY, "label": labels, "n": range(len(NASTY)), "split": ["train", "test"] * 5}
    )
    return read_source(table, {"id": "key", "text": "text", "label": "label", "split": "split"}, name="nasty")[0]


@pytest.mark.parametrize("form", ROWS)
def test_nasty_rows_come_back_as_they_were(tmp_path, form):
    dataset = nasty()
    paths = export(dataset, form, tmp_path / "out")
    assert paths == {ROWS[form]: str(tmp_path / "out" / ROWS[form])}
    back, _ = read_source(paths[ROWS[form]], NAMED)
    assert back.row_ids.equals(dataset.row_ids)
    assert back.texts.to_pylist() == NASTY
    assert back.content.tolist() == dataset.content.tolist()
    assert back.field("label").to_pylist() == dataset.field("label").to_pylist()
    assert back.splits.equals(dataset.splits)
    assert back.field("n").to_pylist() == list(range(len(NASTY)))


@pytest.mark.parametrize("form", ROWS)
def test_ids_and_labels_that_look_like_dates_stay_as_they_are_written(tmp_path, form):
    table = pa.table(
        {"row_id": ["2024-01-01", "2024-01-02"], "text": ["some words", "other words"], "label": ["2020-01-01"] * 2}
    )
    dataset, _ = read_source(table, {"id": "row_id", "text": "text", "label": "label"})
    export(dataset, form, tmp_path)
    back, _ = read_source(str(tmp_path / ROWS[form]), {**NAMED, "split": ""})
    assert back.row_ids.to_pylist() == ["2024-01-01", "2024-01-02"]
    assert back.labels.classes == ("2020-01-01",)


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_null_and_the_empty_string_stay_apart_where_the_form_can_tell(tmp_path, form):
    table = pa.table({"text": ["", None, "some words here"], "label": ["a", "", None]})
    dataset, _ = read_source(table, {"text": "text", "label": "label"})
    export(dataset, form, tmp_path)
    back, _ = read_source(str(tmp_path / ROWS[form]), {**NAMED, "split": ""})
    assert back.texts.to_pylist() == ["", None, "some words here"]
    assert back.field("label").to_pylist() == ["a", "", None]
    assert back.row_ids.equals(dataset.row_ids)


def test_in_csv_null_is_an_empty_cell_and_the_empty_string_a_quoted_one(tmp_path):
    table = pa.table({"text": ["", None, "some words here"], "n": [1, None, 3]})
    export(read_source(table, {"text": "text"})[0], "csv", tmp_path)
    lines = (tmp_path / "data.csv").read_text().splitlines()
    assert [line.split(",", 1)[1] for line in lines[1:]] == ['"",1', ",", '"some words here",3']


def test_cells_in_csv_are_as_they_are_and_harmless_in_a_spreadsheet_where_that_is_asked(tmp_path):
    texts = ["=1+1", "-1", "\tx", "'=x", "plain", None]
    table = pa.table({
        "text": texts, "=kind": pa.array(texts).dictionary_encode(), "n": [-1] * 6, "raw": [b"\xfb"] * 6,
        "price": pa.array(["-1.5"] * 6).cast(pa.decimal128(5, 2)), "list": [["=x"]] * 6,
    })  # fmt: skip
    dataset, _ = read_source(table, {"text": "text"})
    for guards, folder in ((False, tmp_path / "data"), (True, tmp_path / "people")):
        export(dataset, "csv", folder, guards=guards)
    plain, harmless = (pyarrow.csv.read_csv(tmp_path / name / "data.csv") for name in ("data", "people"))
    assert plain["text"].to_pylist() == plain["=kind"].to_pylist() == [*texts[:-1], ""]
    assert harmless["text"].to_pylist() == harmless["'=kind"].to_pylist()
    assert harmless["text"].to_pylist() == ["'=1+1", "'-1", "'\tx", "''=x", "plain", ""]
    assert (plain["raw"][0].as_py(), harmless["raw"][0].as_py()) == ("+w==", "'+w==")
    for name in ("n", "price", "list"):
        assert harmless[name] == plain[name]


def test_what_csv_and_json_have_not_is_said_in_text(tmp_path):
    table = pa.table(
        {
            "text": ["some words here", "other words here"],
            "list": [[1, 2], None],
            "struct": [{"a": "x"}, {"a": None}],
            "map": pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int64())),
            "bytes": [b"\xff\x00", None],
            "fixed": pa.array([b"ab", None], pa.binary(2)),
            "money": pa.array([decimal.Decimal("1.10"), None]),
            "day": [dt.date(2020, 1, 2), None],
            "wait": pa.array([dt.timedelta(seconds=3), None]),
            "nothing": pa.nulls(2),
            "number": [float("nan"), float("inf")],
            "numbers": [[float("nan"), 1.0], [float("-inf")]],
        }
    )
    dataset = Dataset(table, pa.array(["a", "b"]), np.zeros((2, 2), np.uint64), Roles(text="text"))
    export(dataset, "csv", tmp_path)
    export(dataset, "jsonl", tmp_path)
    first, second = map(json.loads, (tmp_path / "data.jsonl").read_text().splitlines())
    assert first == {
        "row_id": "a", "text": "some words here", "list": [1, 2], "struct": {"a": "x"}, "map": [["k", 1]],
        "bytes": "/wA=", "fixed": "YWI=", "money": "1.10", "day": "2020-01-02", "wait": "0:00:03", "nothing": None,
        "number": None, "numbers": [None, 1.0],
    }  # fmt: skip
    assert second["number"] is None
    cells = read_source(str(tmp_path / "data.csv"), {"text": "text"})[0].fields.slice(0, 1).to_pylist()[0]
    assert (cells["list"], cells["struct"], cells["map"]) == ("[1, 2]", '{"a": "x"}', '[["k", 1]]')
    assert (cells["bytes"], cells["fixed"], cells["wait"], cells["day"]) == (
        "/wA=",
        "YWI=",
        "0:00:03",
        dt.date(2020, 1, 2),
    )


def vectors(n, given=np.float32):
    rows = np.arange(3 * n, dtype=given).reshape(n, 3)
    return Dataset(
        pa.table({}), pa.array([f"r{i}" for i in range(n)]), np.zeros((n, 2), np.uint64), Roles(), vectors=rows
    )


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_vectors_beside_the_table_are_the_field_embedding(tmp_path, kind):
    dataset = vectors(5, kind)
    export(dataset, "parquet", tmp_path)
    table = pq.read_table(tmp_path / "data.parquet")
    assert table.schema.field("embedding").type == pa.list_(pa.from_numpy_dtype(kind), 3)
    back, _ = read_source(str(tmp_path / "data.parquet"), {"id": "row_id", "embedding": "embedding"})
    np.testing.assert_array_equal(back.vectors, dataset.vectors)


def test_a_field_that_has_the_name_of_what_burnish_adds_is_never_overwritten(tmp_path):
    taken = Dataset(
        pa.table({"embedding": ["x"]}), pa.array(["r"]), np.zeros((1, 2), np.uint64), Roles(), np.ones((1, 2))
    )
    with pytest.raises(InputError, match="'embedding'"):
        export(taken, "parquet", tmp_path / "out")
    other = Dataset(pa.table({"row_id": [5]}), pa.array(["r"]), np.zeros((1, 2), np.uint64), Roles(meta=("row_id",)))
    with pytest.raises(InputError, match="'row_id'"):
        export(other, "parquet", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    same = Dataset(pa.table({"row_id": [5]}), pa.array(["5"]), np.zeros((1, 2), np.uint64), Roles(id="row_id"))
    export(same, "parquet", tmp_path / "out")
    assert pq.read_table(tmp_path / "out" / "data.parquet").to_pydict() == {"row_id": [5]}


def test_rows_are_written_in_blocks_of_rows_and_of_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(exports, "BLOCK_ROWS", 4)
    monkeypatch.setattr(exports, "BLOCK_BYTES", 200)
    table = pa.table({"text": ["a" * 150, "b" * 150, "c", "d", "e", "f"]})
    dataset = Dataset(table, pa.array(list("uvwxyz")), np.zeros((6, 2), np.uint64), Roles(text="text"))
    assert [len(block) for block in exports.blocks(dataset)] == [1, 1, 2, 2]
    for form, name in ROWS.items():
        export(dataset, form, tmp_path)
        back, _ = read_source(str(tmp_path / name), {"id": "row_id", "text": "text"})
        assert back.texts.to_pylist() == table["text"].to_pylist()


@pytest.mark.slow
def test_memory_does_not_grow_with_the_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(exports, "BLOCK_BYTES", 1 << 16)
    peaks = []
    for n in (4_000, 40_000):
        table = pa.table({"text": pa.array([f"text number {i} " * 4 for i in range(n)])})
        dataset = Dataset(table, pa.array([str(i) for i in range(n)]), np.zeros((n, 2), np.uint64), Roles(text="text"))
        tracemalloc.start()
        export(dataset, "jsonl", tmp_path / str(n))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


def test_a_version_without_rows_has_its_fields(tmp_path):
    empty = nasty().take([])
    for form, name in ROWS.items():
        export(empty, form, tmp_path)
        assert (tmp_path / name).is_file()
    assert pq.read_table(tmp_path / "data.parquet").column_names == ["row_id", "key", "text", "label", "n", "split"]
    assert (tmp_path / "data.csv").read_text() == '"row_id","key","text","label","n","split"\n'


@pytest.mark.parametrize("form", ROWS)
def test_a_disk_that_fills_up_leaves_the_old_file(tmp_path, monkeypatch, form):
    export(nasty().take([0]), form, tmp_path)
    before = (tmp_path / ROWS[form]).read_bytes()

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        export(nasty(), form, tmp_path)
    monkeypatch.undo()
    assert (tmp_path / ROWS[form]).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [ROWS[form]]


def test_an_unknown_form_is_refused_with_the_nearest(tmp_path):
    with pytest.raises(UsageError, match="Did you mean 'parquet'"):
        export(nasty(), "parket", tmp_path)


def test_without_the_extra_the_remedy_is_told(tmp_path, monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(MissingExtraError) as caught:
        export(nasty(), "datasets", tmp_path)
    assert caught.value.remedy == "pip install 'burnish[datasets]'"


def test_forms_lie_beside_one_another_and_metadata_of_another_file_does_not_stay(tmp_path):
    dataset = nasty()
    export(dataset, "csv", tmp_path)
    export(dataset, "croissant", tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"data.csv", "data.parquet", "croissant.json"}
    export(dataset.take([0]), "parquet", tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"data.csv", "data.parquet"}
