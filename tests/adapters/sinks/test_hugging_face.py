import os

import numpy as np
import pyarrow as pa
import pytest

from burnish.adapters.sinks.exports import export
from burnish.adapters.sources import read_source
from burnish.errors import InputError, OutputError

datasets = pytest.importorskip("datasets")
pytestmark = pytest.mark.extras


def rows(splits=None, n=6):
    table = {"text": [f"text number {i} of all" for i in range(n)], "label": ["a", "b"] * (n // 2)}
    if splits is not None:
        table["part"] = splits
    roles = {"text": "text", "label": "label", **({} if splits is None else {"split": "part"})}
    return read_source(pa.table(table), roles)[0]


def test_rows_without_a_split_are_one_data_set(tmp_path):
    dataset = rows()
    paths = export(dataset, "datasets", tmp_path)
    saved = datasets.load_from_disk(paths["dataset"])
    assert saved["row_id"][:] == dataset.row_ids.to_pylist()
    assert saved["text"][:] == dataset.texts.to_pylist()
    assert read_source(saved, {"id": "row_id", "text": "text"})[0].row_ids.equals(dataset.row_ids)


def test_each_split_is_a_part_in_the_order_of_its_rows(tmp_path):
    dataset = rows(["train", "test", None, "train", "test", "dev.a"])
    saved = datasets.load_from_disk(export(dataset, "datasets", tmp_path)["dataset"])
    ids = dataset.row_ids.to_pylist()
    expected = {"train": [0, 3], "test": [1, 4], "unsplit": [2], "dev.a": [5]}
    assert {name: part["row_id"][:] for name, part in saved.items()} == {
        name: [ids[i] for i in places] for name, places in expected.items()
    }
    assert saved["unsplit"]["part"][:] == [None]


@pytest.mark.parametrize("name", ["../outside", "a/b", "", "train set", "a\\b", ".", "train[:10]"])
def test_a_split_whose_name_is_no_name_of_a_folder_is_refused_or_missing(tmp_path, name):
    dataset = rows(["train", name] * 3)
    if name == "":  # as everywhere, an empty split is none
        export(dataset, "datasets", tmp_path / "out")
        return
    with pytest.raises(InputError, match="cannot name a part"):
        export(dataset, "datasets", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_vectors_have_a_fixed_length(tmp_path):
    dataset, _ = read_source(np.arange(12, dtype=np.float32).reshape(4, 3), {})
    saved = datasets.load_from_disk(export(dataset, "datasets", tmp_path)["dataset"])
    np.testing.assert_array_equal(np.array(saved["embedding"][:]), dataset.vectors)
    assert saved.features["embedding"].length == 3


def test_a_saved_data_set_is_replaced_and_another_folder_never(tmp_path):
    export(rows(["train"] * 6), "datasets", tmp_path)
    path = export(rows(), "datasets", tmp_path)["dataset"]
    assert len(datasets.load_from_disk(path)) == 6
    assert [p.name for p in tmp_path.iterdir()] == ["dataset"]
    mine = tmp_path / "mine" / "dataset"
    mine.mkdir(parents=True)
    (mine / "thesis.tex").write_text("years of work")
    with pytest.raises(OutputError, match="no saved data set"):
        export(rows(), "datasets", tmp_path / "mine")
    assert (mine / "thesis.tex").read_text() == "years of work"


def test_a_disk_that_fills_up_leaves_the_old_data_set(tmp_path, monkeypatch):
    path = export(rows(n=4), "datasets", tmp_path)["dataset"]

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        export(rows(n=6), "datasets", tmp_path)
    monkeypatch.undo()
    assert len(datasets.load_from_disk(path)) == 4
    assert [p.name for p in tmp_path.iterdir()] == ["dataset"]


def test_nothing_is_printed_and_progress_bars_are_as_before(tmp_path, capfd):
    assert not datasets.are_progress_bars_disabled()
    export(rows(), "datasets", tmp_path)
    assert not datasets.are_progress_bars_disabled()
    assert capfd.readouterr() == ("", "")
