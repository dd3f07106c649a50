"""What cannot be read: each gives one line that says what is wrong and one that says what to do."""

import contextlib
import datetime as dt
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from burnish.adapters.sources import read_source
from burnish.errors import InputError, MissingFieldError, UsageError

TABLE = pa.table({"text": ["one text", "two texts"], "label": ["a", "b"], "n": [1, 2]})


def refused(source, given=(), kind=InputError):
    """The error of reading, after what every error owes: a message, a remedy, exit code 3."""
    with pytest.raises(kind) as caught:
        read_source(source, dict(given))
    assert "\n" not in str(caught.value)
    assert caught.value.remedy
    assert caught.value.exit_code == 3
    return str(caught.value)


def test_a_missing_file_suggests_the_nearest_name(tmp_path):
    pq.write_table(TABLE, tmp_path / "reviews.parquet")
    assert "reviews.parquet'?" in refused(tmp_path / "review.parquet")
    assert "Check the path" in refused(tmp_path / "zzz.csv")
    assert "does not exist either" in refused(tmp_path / "no" / "where.csv")


def test_a_pattern_that_matches_nothing(tmp_path):
    assert "no file matches" in refused(str(tmp_path / "*.parquet"))


def test_a_folder_without_data(tmp_path):
    (tmp_path / "README.md").write_text("hello")
    assert "holds no file" in refused(tmp_path)


def test_a_suffix_that_tells_nothing(tmp_path):
    (tmp_path / "rows.xlsx").write_text("x")
    assert "suffix" in refused(tmp_path / "rows.xlsx", kind=UsageError)


@pytest.mark.parametrize("uri", ["hf://datasets/x", "https://example.org/a.csv", "ftp://x/y"])
def test_a_scheme_that_is_not_read(uri):
    assert "not a scheme" in refused(uri, kind=UsageError)


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow", "a.feather", "a.csv", "a.jsonl", "a.npy", "a.npz"])
def test_a_file_of_no_bytes(tmp_path, name):
    (tmp_path / name).write_bytes(b"")
    assert "0 bytes" in refused(tmp_path / name)


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow", "a.feather", "a.npy", "a.npz", "a.jsonl"])
def test_a_file_of_junk(tmp_path, name):
    (tmp_path / name).write_bytes(b"\x00\x01junk" * 100)
    refused(tmp_path / name)


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow", "a.npy", "a.npz"])
def test_a_file_that_is_cut_off(tmp_path, name):
    path = tmp_path / name
    if name == "a.parquet":
        pq.write_table(TABLE, path)
    elif name == "a.arrow":
        with pa.ipc.new_file(path, TABLE.schema) as file:
            file.write_table(TABLE)
    elif name == "a.npy":
        np.save(path, np.eye(20))
    else:
        np.savez(path, X=np.eye(20))
    path.write_bytes(path.read_bytes()[:-50])
    assert name in refused(path)


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow", "a.csv", "a.jsonl", "a.npy", "a.npz"])
def test_flipped_bytes_anywhere_end_in_rows_or_in_a_remedy(tmp_path, name):
    path = tmp_path / name
    if name == "a.parquet":
        pq.write_table(TABLE, path)
    elif name == "a.arrow":
        with pa.ipc.new_file(path, TABLE.schema) as file:
            file.write_table(TABLE)
    elif name == "a.csv":
        TABLE.to_pandas().to_csv(path, index=False)
    elif name == "a.jsonl":
        TABLE.to_pandas().to_json(path, orient="records", lines=True)
    elif name == "a.npy":
        np.save(path, np.eye(5))
    else:
        np.savez(path, X=np.eye(5), y=np.arange(5))
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    for _ in range(60):
        data = bytearray(whole)
        data[rng.integers(len(data))] = rng.integers(256)
        path.write_bytes(data)
        with contextlib.suppress(InputError, UsageError):
            assert len(read_source(path, {})[0]) > 0


def test_a_field_name_that_is_not_utf_8(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b'{"caf\xe9": "x"}\n')
    assert "name is not UTF-8" in refused(tmp_path / "a.jsonl")


def test_no_rows(tmp_path):
    pq.write_table(TABLE.slice(0, 0), tmp_path / "a.parquet")
    (tmp_path / "a.csv").write_text("text,label\n")
    for source in (tmp_path / "a.parquet", tmp_path / "a.csv", TABLE.slice(0, 0), [], {}, {"a": []}, np.empty((0, 3))):
        assert "no rows" in refused(source)


@pytest.mark.parametrize(
    "role", ["text", "image", "embedding", "label", "split", "id", "group", "time", "proba", "meta"]
)
def test_a_field_that_is_not_there_suggests_the_nearest_name(role):
    message = refused(TABLE, {role: "lable"}, MissingFieldError)
    assert "'label'" in message
    assert "Known fields: 'text', 'label', 'n'" in message


def test_an_array_that_is_not_there(tmp_path):
    np.savez(tmp_path / "a.npz", X=np.eye(2))
    assert "Known arrays: X" in refused(tmp_path / "a.npz", {"embedding": "Z"}, MissingFieldError)


def test_a_role_that_is_not_there():
    assert "no role 'lable'" in refused(TABLE, {"lable": "n"}, UsageError)


@pytest.mark.parametrize(
    ("role", "values"),
    [
        ("text", [1, 2]),
        ("text", [["a"], ["b"]]),
        ("text", [None, None]),
        ("image", [1, 2]),
        ("embedding", ["a", "b"]),
        ("embedding", [["a"], ["b"]]),
        ("label", [[0.5], [1.5, 2.5]]),
        ("label", [{"a": 1}, {"a": 2}]),
        ("proba", [0.1, 0.2]),
        ("meta", [[1], [2]]),
    ],
)
def test_a_field_that_cannot_play_its_role(role, values):
    assert "'x'" in refused(TABLE.append_column("x", pa.array(values)), {role: "x"})


def test_a_label_of_lists_of_measured_numbers():
    table = pa.table({"text": ["x"] * 60, "prices": [[0.5, 1.5]] * 60})
    assert "one list of classes" in refused(table, {"label": "prices"})


@pytest.mark.parametrize(
    ("values", "task"), [(np.linspace(0, 1, 60), "regression"), ([["a"], ["a", "b"]] * 30, "multi-label")]
)
def test_measured_numbers_and_lists_of_classes_are_labels_when_named(values, task):
    dataset, _ = read_source(pa.table({"text": ["x"] * 60, "price": values}), {"label": "price"})
    assert dataset.task == task


def test_ids_that_come_twice_or_are_missing():
    assert "'a'" in refused({"text": ["x", "y"], "id": ["a", "a"]}, {"id": "id"})
    assert "no value" in refused({"text": ["x", "y"], "id": ["a", None]}, {"id": "id"})


def test_two_fields_of_one_name(tmp_path):
    (tmp_path / "a.csv").write_text("a,b,a\n1,2,3\n")
    assert "more than one field named 'a'" in refused(tmp_path / "a.csv")
    assert "more than one field" in refused(pa.table([[1], [2]], names=["a", "a"]))


def test_embeddings_of_two_lengths():
    message = refused({"emb": [[1.0, 2.0], [3.0, 4.0], [5.0]], "label": ["a", "b", "c"]}, {"embedding": "emb"})
    assert "1 numbers in row 2" in message
    assert "vector 1 has 3" in refused([[1.0, 2.0], [1.0, 2.0, 3.0]])


def test_lists_of_probabilities_of_two_lengths():
    assert "row 1" in refused({"text": ["a", "b"], "proba": [[0.5, 0.5], [1.0]]}, {"proba": "proba"})


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 0.0])
def test_embeddings_that_cannot_be_used_are_rows_unless_all_are(bad):
    vectors = np.full((3, 2), bad)
    assert "no embedding" in refused(vectors)
    vectors[2] = [1.0, 2.0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(read_source(vectors, {})[0]) == 3


def test_arrays_of_objects_are_not_unpickled(tmp_path):
    bomb = np.array([{"a": 1}, None], dtype=object)
    np.save(tmp_path / "a.npy", bomb, allow_pickle=True)
    np.savez(tmp_path / "a.npz", X=np.eye(2), y=bomb)
    for name in ("a.npy", "a.npz"):
        assert "unpickling runs code" in refused(tmp_path / name)


@pytest.mark.parametrize("array", [np.zeros(3), np.zeros((2, 2, 2)), np.zeros((2, 0)), np.zeros((2, 2), complex)])
def test_arrays_of_another_shape_or_type(array, tmp_path):
    refused(array)
    np.save(tmp_path / "a.npy", array)
    refused(tmp_path / "a.npy", kind=(InputError, UsageError))


def test_arrays_of_which_none_is_the_embeddings(tmp_path):
    np.savez(tmp_path / "a.npz", a=np.eye(2), b=np.eye(2))
    assert "--embedding" in refused(tmp_path / "a.npz", kind=UsageError)


def test_several_arrays_under_the_suffix_of_one_and_one_under_that_of_several(tmp_path):
    np.savez(tmp_path / "a.npz", X=np.eye(2))
    (tmp_path / "a.npz").rename(tmp_path / "a.npy")
    assert "do not agree" in refused(tmp_path / "a.npy")
    np.save(tmp_path / "b.npy", np.eye(2))
    (tmp_path / "b.npy").rename(tmp_path / "b.npz")
    assert "do not agree" in refused(tmp_path / "b.npz")


def test_arrays_that_do_not_fit_together(tmp_path):
    np.save(tmp_path / "a.npy", np.eye(2))
    np.save(tmp_path / "b.npy", np.eye(3))
    assert "[2, 3]" in refused(tmp_path)


def test_files_that_do_not_fit_together(tmp_path):
    pq.write_table(pa.table({"a": [1]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"a": ["x"]}), tmp_path / "b.parquet")
    assert "do not fit together" in refused(tmp_path)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a,b\n1,2\n3,4,5\n", 3),
        ("a,b\n1\n", 2),
        ('a,b\n"two\nlines",1\n1,2\n1,2,3\n', 5),
        ("a,b\r\n1,2\r\n\r\n3\r\n", 4),
    ],
)
def test_a_ragged_csv_names_the_line(tmp_path, text, line):
    (tmp_path / "a.csv").write_bytes(text.encode())
    assert f"line {line}:" in refused(tmp_path / "a.csv")


def test_a_csv_of_no_known_encoding(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"text\n\x81\x8d\xff\n")
    assert "neither UTF-8 nor cp1252" in refused(tmp_path / "a.csv")


def test_a_quote_that_is_never_closed(tmp_path):
    (tmp_path / "a.csv").write_text('a,b\n"never closed,1\n2,3\n')
    refused(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        ('{"a": 1}\n{"a": }\n', 2),
        ('{"a": 1}\n[1, 2]\n', 2),
        ('{"a": 1}\n\n{"a": {"b": 1}}\n', 3),
        ('{"a": "x"}\n{"a": ["x"]}\n', 2),
        ('{"a": 1}\n{"a": 1', 2),
    ],
)
def test_a_jsonl_line_that_cannot_be_used_is_named(tmp_path, lines, line):
    (tmp_path / "a.jsonl").write_text(lines)
    assert f"line {line}:" in refused(tmp_path / "a.jsonl")


def test_one_json_array(tmp_path):
    (tmp_path / "a.json").write_text('[{"a": 1}]')
    assert "jq" in refused(tmp_path / "a.json")


def test_jsonl_that_is_not_utf_8(tmp_path):
    (tmp_path / "a.jsonl").write_bytes('{"a": "é"}\n'.encode("cp1252"))
    assert "not UTF-8" in refused(tmp_path / "a.jsonl")


def test_strings_that_are_not_utf_8_in_a_file_that_says_so(tmp_path):
    offsets = pa.py_buffer(np.array([0, 2], np.int32))
    broken = pa.Array.from_buffers(pa.string(), 1, [None, offsets, pa.py_buffer(b"\xe9\xe9")])
    pq.write_table(pa.table({"text": broken}), tmp_path / "a.parquet")
    assert "field 'text' of a is damaged, or not UTF-8" in refused(tmp_path / "a.parquet")


def test_offsets_that_lead_out_of_the_buffer():
    offsets = pa.py_buffer(np.array([0, 1_000_000, 3], np.int32))
    broken = pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"abc")])
    assert "damaged" in refused(pa.table({"text": broken}))


def test_integers_that_no_field_can_hold():
    refused([{"a": 1}, {"a": 10**30}])


def test_objects_that_are_no_data_set():
    for source in (3, object(), b"bytes", {1, 2}, [1, 2], [object()], pl.LazyFrame({"a": [1]})):
        refused(source, kind=UsageError)
    assert ".collect()" in refused(pl.LazyFrame({"a": [1]}), kind=UsageError)


def test_columns_of_two_lengths():
    assert "differ in length" in refused({"a": [1, 2], "b": [1]})


def test_records_that_hold_a_struct_and_a_number():
    assert "record 1" in refused([{"a": 1}, {"a": {"b": 2}}])


def test_a_frame_with_a_field_of_many_types():
    refused(pd.DataFrame({"a": [1, "x", dt.date(2024, 1, 1), [1]]}))


def test_nothing_that_a_model_could_look_at():
    assert "nothing that a model" in refused({"label": ["a", "b"], "id": ["x", "y"]})


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    pq.write_table(TABLE, tmp_path / "a.parquet")

    def denied(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("burnish.adapters.sources.parquet.DataFile.open", denied)
    assert "Permission denied" in refused(tmp_path / "a.parquet")
