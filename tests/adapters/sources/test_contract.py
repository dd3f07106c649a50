"""Every kind of source keeps the contract."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from pyarrow import feather

from burnish.adapters.sources import GivenSource
from burnish.testing.source_contract import SourceContract

ROWS = {
    "key": ["k1", "k2", "k3"],
    "text": ["the first of many texts", "the second of many texts", "the first of many texts"],
    "label": ["x", "y", "x"],
}


class InFolder(SourceContract):
    @pytest.fixture(autouse=True)
    def folder(self, tmp_path):
        self.path = tmp_path


class TestParquet(InFolder):
    def make_source(self):
        pq.write_table(pa.table(ROWS), self.path / "a.parquet")
        return GivenSource(str(self.path / "a.parquet"))

    expected_ids = ROWS["key"]


class TestSeveralParquetFiles(InFolder):
    expected_ids = ("k1", "k2", "k3", "k9")

    def make_source(self):
        pq.write_table(pa.table(ROWS), self.path / "a.parquet")
        pq.write_table(pa.table({"key": ["k9"], "extra": [1]}), self.path / "b.parquet")
        return GivenSource(str(self.path / "*.parquet"), {"id": "key", "text": "text"})


class TestCsv(InFolder):
    expected_ids = ROWS["key"]

    def make_source(self):
        pd.DataFrame(ROWS).to_csv(self.path / "a.csv", index=False)
        return GivenSource(self.path / "a.csv")


class TestJsonLines(InFolder):
    expected_ids = ROWS["key"]

    def make_source(self):
        pd.DataFrame(ROWS).to_json(self.path / "a.jsonl", orient="records", lines=True)
        return GivenSource(self.path / "a.jsonl")


class TestArrow(InFolder):
    expected_ids = ROWS["key"]

    def make_source(self):
        feather.write_feather(pa.table(ROWS), self.path / "a.feather")
        return GivenSource(self.path / "a.feather")


class TestTextsWithoutIds(InFolder):
    def make_source(self):
        return GivenSource(ROWS["text"])


class TestNpy(InFolder):
    def make_source(self):
        np.save(self.path / "e.npy", np.array([[1.0, 2.0], [1.0, 2.0], [3.0, 4.0]]))
        return GivenSource(self.path / "e.npy")


class TestNpz(InFolder):
    expected_ids = ROWS["key"]

    def make_source(self):
        np.savez(self.path / "e.npz", X=np.eye(3), y=np.array([0, 1, 0]), ids=np.array(ROWS["key"]))
        return GivenSource(self.path / "e.npz", {"id": "ids"})


class TestImageFolder(InFolder):
    def make_source(self):
        for label in ("cat", "dog"):
            (self.path / "images" / label).mkdir(parents=True, exist_ok=True)
            for shade in (0, 90):
                Image.new("L", (3, 3), shade).save(self.path / "images" / label / f"{shade}.png")
        return GivenSource(self.path / "images")


class TestPandas(SourceContract):
    expected_ids = ROWS["key"]

    def make_source(self):
        return GivenSource(pd.DataFrame(ROWS, index=[7, 3, 5]))


class TestPolars(SourceContract):
    expected_ids = ROWS["key"]

    def make_source(self):
        return GivenSource(pl.DataFrame(ROWS, schema_overrides={"label": pl.Categorical}))


class TestReader(SourceContract):
    expected_ids = ROWS["key"]

    def make_source(self):
        return GivenSource(pa.table(ROWS).to_reader(max_chunksize=2))


class TestScalarFields(SourceContract):
    def make_source(self):
        return GivenSource({"age": [1, 2, 1], "city": ["a", None, "a"]})
