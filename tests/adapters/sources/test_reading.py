import gzip
import io
import os

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather

from burnish.adapters.sources import Guess, read_source
from burnish.dataset import Roles

pytestmark = pytest.mark.slow


TABLE = pa.table(
    {
        "text": ["one good text here", "zwei – gute Texte hier", None, "one good text here"],
        "label": ["a", "b", "a", "a"],
        "size": [1, 2, None, 4],
    }
)


def as_csv(table):
    return table.to_pandas().to_csv(index=False)


@pytest.fixture
def sources(tmp_path):
    """The same rows in every kind that can hold them."""
    pq.write_table(TABLE, tmp_path / "a.parquet")
    feather.write_feather(TABLE, tmp_path / "a.feather")
    with pa.ipc.new_stream(tmp_path / "a.arrow", TABLE.schema) as stream:
        stream.write_table(TABLE)
    TABLE.to_pandas().to_json(tmp_path / "a.jsonl", orient="records", lines=True)
    with gzip.open(tmp_path / "z.jsonl.gz", "wb") as file:
        file.write((tmp_path / "a.jsonl").read_bytes())
    return [
        *sorted(tmp_path.iterdir()),
        f"file://{tmp_path}/a.parquet",
        TABLE,
        TABLE.to_reader(max_chunksize=1),
        TABLE.combine_chunks().to_batches()[0],
        TABLE.to_pandas(),
        pl.from_arrow(TABLE),
        TABLE.to_pylist(),
        TABLE.to_pydict(),
    ]


def test_every_kind_gives_the_same_rows(sources):
    read = [read_source(source, {})[0] for source in sources]
    assert len(read) == 13
    assert {dataset.version for dataset in read} == {read[0].version}
    assert {dataset.roles for dataset in read} == {Roles(text="text", label="label", meta=("size",))}
    for dataset in read:
        assert dataset.texts.to_pylist() == TABLE.column("text").to_pylist()
        assert dataset.labels.codes.tolist() == [0, 1, 0, 0]


def test_csv_gives_the_same_ids_where_no_cell_is_missing(tmp_path):
    table = TABLE.filter(TABLE.column("text").is_valid())
    for name, text, encoding in (
        ("a.csv", as_csv(table), "utf-8"),
        ("b.csv", as_csv(table), "utf-8-sig"),
        ("c.csv", as_csv(table), "utf-16"),
        ("d.csv", as_csv(table), "cp1252"),
        ("e.csv", as_csv(table).replace(",", ";"), "utf-8"),
        ("f.tsv", as_csv(table).replace(",", "\t"), "utf-8"),
    ):
        (tmp_path / name).write_text(text, encoding=encoding)
        assert read_source(tmp_path / name, {})[0].version == read_source(table, {})[0].version, name


def test_ids_of_content_count_the_copies():
    ids = read_source(["b", "a", "b", "b"], {"text": "text"})[0].row_ids.to_pylist()
    heads = [row_id.partition("-")[0] for row_id in ids]
    assert [row_id.partition("-")[2] for row_id in ids] == ["0", "0", "1", "2"]
    assert heads[0] == heads[2] == heads[3] != heads[1]
    assert all(len(head) == 16 for head in heads)


def test_named_fields_win_over_guesses_and_an_empty_name_says_that_there_is_none():
    table = TABLE.append_column("title", TABLE.column("text"))
    roles = read_source(table, {"text": "title", "label": ""})[0].roles
    assert roles == Roles(text="title", meta=("text", "label", "size"))


def test_meta_is_what_was_named():
    assert read_source(TABLE, {"meta": ("size",)})[0].roles.meta == ("size",)
    assert read_source(TABLE, {"meta": "size"})[0].roles.meta == ("size",)


def test_guesses_come_with_their_reason_and_named_roles_without():
    guesses = read_source(TABLE, {"text": "text"})[1]
    assert [(guess.role, guess.field) for guess in guesses] == [("label", "label")]
    assert all(isinstance(guess, Guess) and guess.reason for guess in guesses)


def test_reading_notes_come_with_the_guesses(tmp_path):
    (tmp_path / "a.csv").write_text("text;label\nça va bien;x\n", encoding="cp1252")
    notes = [guess.reason for guess in read_source(tmp_path / "a.csv", {})[1] if guess.role == "note"]
    assert any("not UTF-8" in note for note in notes)
    assert any("';'" in note for note in notes)


def test_files_of_a_folder_and_a_glob_follow_one_another_by_name(tmp_path):
    for name, value in (("b", 2), ("a", 1), ("c", 3)):
        pq.write_table(pa.table({"n": [value]}), tmp_path / f"{name}.parquet")
    (tmp_path / ".hidden.parquet").write_bytes(b"junk")
    (tmp_path / "README.md").write_text("not data")
    for source in (tmp_path, str(tmp_path / "*.parquet")):
        assert read_source(source, {})[0].field("n").to_pylist() == [1, 2, 3]


def test_whole_and_broken_numbers_of_two_files_become_one_type(tmp_path):
    pq.write_table(pa.table({"n": [1]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"n": [1.5], "more": ["x"]}), tmp_path / "b.parquet")
    fields = read_source(tmp_path, {})[0].fields
    assert fields.to_pydict() == {"n": [1.0, 1.5], "more": [None, "x"]}


def test_ids_named_in_a_csv_stay_as_written(tmp_path):
    (tmp_path / "a.csv").write_text("code,text\n007,a\n7,b\n")
    dataset = read_source(tmp_path / "a.csv", {"id": "code", "text": "text"})[0]
    assert dataset.row_ids.to_pylist() == ["007", "7"]


def test_digits_with_leading_zeros_stay_as_written_and_that_is_told(tmp_path):
    (tmp_path / "a.csv").write_text("zip,n,minus,zero\n94103,1,-5,0\n00501,2,-06,0\n,3,1,0\n")
    dataset, guesses = read_source(tmp_path / "a.csv", {})
    assert dataset.fields.to_pydict() == {
        "zip": ["94103", "00501", ""], "n": [1, 2, 3], "minus": ["-5", "-06", "1"], "zero": [0, 0, 0],
    }  # fmt: skip
    assert {guess.field for guess in guesses if guess.role == "note"} == {"zip", "minus"}


def test_a_json_field_of_numbers_and_strings_is_kept_as_strings_and_that_is_told(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"a": 1, "b": true}\n\n{"a": "x", "b": 2.5}\n{"c": null}\n')
    dataset, guesses = read_source(tmp_path / "a.jsonl", {})
    assert dataset.field("a").to_pylist() == ["1", "x", None]
    assert dataset.field("b").to_pylist() == ["true", "2.5", None]
    assert {guess.field for guess in guesses if guess.role == "note"} == {"a", "b"}


def test_embeddings_in_a_field_become_vectors_without_a_copy():
    flat = pa.array(np.arange(6, dtype=np.float32))
    table = pa.table({"emb": pa.FixedSizeListArray.from_arrays(flat, 2), "label": ["a", "b", "a"]})
    dataset = read_source(table, {})[0]
    assert dataset.roles.embedding == "emb"
    assert dataset.vectors.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert np.shares_memory(dataset.vectors, flat.to_numpy())


@pytest.mark.parametrize("kind", [pa.list_(pa.float64()), pa.large_list(pa.float32()), pa.list_(pa.float16(), 2)])
def test_a_row_without_an_embedding_is_a_row_of_nan(kind):
    column = pa.chunked_array([pa.array([None, [1, 2]], kind), pa.array([[3, None]], kind)])
    vectors = read_source(pa.table({"emb": column}), {})[0].vectors
    np.testing.assert_array_equal(vectors, [[np.nan, np.nan], [1, 2], [3, np.nan]])


def test_a_slice_of_a_table_gives_its_own_rows():
    whole = pa.table({"text": ["a", "b", "c"], "emb": pa.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])})
    part = read_source(whole.slice(1, 2), {"text": "text"})[0]
    assert part.vectors.tolist() == [[3, 4], [5, 6]]
    assert part.row_ids.to_pylist() == read_source(["b", "c"], {"text": "text"})[0].row_ids.to_pylist()


def test_npy_is_memory_mapped(tmp_path):
    np.save(tmp_path / "e.npy", np.eye(3, dtype=np.float32))
    dataset = read_source(tmp_path / "e.npy", {})[0]
    assert isinstance(dataset.vectors, np.memmap)
    assert dataset.fields.num_columns == 0


def test_npz_takes_the_telling_array_and_makes_fields_of_the_others(tmp_path):
    arrays = {
        "y": np.array([0, 1]),
        "names": np.array(["a", "b"]),
        "X": np.eye(2),
        "proba": np.eye(2),
        "classes": np.arange(5),
    }
    np.savez(tmp_path / "e.npz", **arrays)
    dataset, guesses = read_source(tmp_path / "e.npz", {})
    assert dataset.vectors.tolist() == np.eye(2).tolist()
    assert dataset.roles == Roles(label="y", proba="proba", meta=("names",))
    assert ("note", "classes") in {(guess.role, guess.field) for guess in guesses}
    chosen = read_source(tmp_path / "e.npz", {"embedding": "proba", "proba": ""})[0]
    assert chosen.roles.embedding is None
    assert chosen.fields.column_names == ["y", "names", "X"]


def test_several_npy_files_follow_one_another(tmp_path):
    np.save(tmp_path / "b.npy", np.full((1, 2), 2.0))
    np.save(tmp_path / "a.npy", np.full((2, 2), 1.0))
    assert read_source(tmp_path, {})[0].vectors[:, 0].tolist() == [1, 1, 2]


def test_arrays_in_memory():
    assert read_source(np.eye(3), {})[0].vectors.shape == (3, 3)
    assert read_source([[1, 2], [3, 4]], {})[0].vectors.dtype == np.float32
    both = read_source({"X": np.eye(2), "y": np.array([0, 1])}, {})[0]
    assert both.vectors.shape == (2, 2)
    assert both.roles.label == "y"
    assert read_source(np.array(["a b", "c d"]), {"text": "text"})[0].texts.to_pylist() == ["a b", "c d"]


def test_one_row_is_a_data_set():
    assert len(read_source(["a single text"], {})[0]) == 1


def test_ten_megabytes_of_text_in_one_cell(tmp_path):
    text = "long words " * 1_000_000
    table = pa.table({"text": [text, "short text"], "n": [1, 2]})
    pq.write_table(table, tmp_path / "a.parquet")
    (tmp_path / "a.csv").write_text(as_csv(table))
    table.to_pandas().to_json(tmp_path / "a.jsonl", orient="records", lines=True)
    for name in ("a.parquet", "a.csv", "a.jsonl"):
        dataset = read_source(tmp_path / name, {"text": "text"})[0]
        assert dataset.texts[0].as_py() == text
        assert len(dataset) == 2


def test_a_cell_longer_than_a_block_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("burnish.adapters.sources.delimited.BLOCK_BYTES", 1 << 16)
    monkeypatch.setattr("burnish.adapters.sources.json_lines.BLOCK_BYTES", 1 << 16)
    table = pa.table({"text": ["words, and more " * 20_000, "short, text"]})
    (tmp_path / "a.csv").write_text(as_csv(table))
    with gzip.open(tmp_path / "b.csv.gz", "wt") as file:
        file.write(as_csv(table))
    table.to_pandas().to_json(tmp_path / "a.jsonl", orient="records", lines=True)
    for name in ("a.csv", "b.csv.gz", "a.jsonl"):
        assert read_source(tmp_path / name, {})[0].texts.to_pylist() == table.column("text").to_pylist()


def test_names_in_any_alphabet_and_many_fields(tmp_path):
    table = pa.table({f"面積 {i}": [i, i + 1] for i in range(3000)} | {"текст": ["a", "b"]})
    pq.write_table(table, tmp_path / "таблица.parquet")
    dataset = read_source(tmp_path / "таблица.parquet", {"text": "текст"})[0]
    assert dataset.name == "таблица"
    assert len(dataset.roles.meta) == 3000


def test_a_path_object_a_home_and_brackets_in_a_name(tmp_path, monkeypatch):
    pq.write_table(TABLE, tmp_path / "data[1].parquet")
    monkeypatch.setenv("HOME", str(tmp_path))
    for source in (tmp_path / "data[1].parquet", "~/data[1].parquet", os.fspath(tmp_path / "data[1].parquet")):
        assert len(read_source(source, {})[0]) == 4


def test_a_quoted_line_break_stays_in_its_cell(tmp_path):
    (tmp_path / "a.csv").write_text('text,n\n"two\nlines, one cell",1\nplain,2\n')
    assert read_source(tmp_path / "a.csv", {"text": "text"})[0].texts.to_pylist() == ["two\nlines, one cell", "plain"]


def test_a_line_break_in_a_cell_may_fall_anywhere_in_a_block(tmp_path, monkeypatch):
    monkeypatch.setattr("burnish.adapters.sources.delimited.BLOCK_BYTES", 512)
    texts = [f"row {i}\n{'x' * (i % 37)}\nends, here" for i in range(400)]
    (tmp_path / "a.csv").write_text(as_csv(pa.table({"text": texts, "n": range(400)})))
    assert read_source(tmp_path / "a.csv", {})[0].texts.to_pylist() == texts


def test_pandas_with_a_csv_round_trip_gives_the_same_content():
    frame = pd.read_csv(io.StringIO("a,b\n1,x\n2,y\n"))
    assert read_source(frame, {})[0].version == read_source({"a": [1, 2], "b": ["x", "y"]}, {})[0].version
