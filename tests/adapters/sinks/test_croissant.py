import datetime as dt
import hashlib
import json
import logging

import numpy as np
import pyarrow as pa
import pytest

from burnish.adapters.sinks.croissant import About
from burnish.adapters.sinks.exports import export
from burnish.dataset import Dataset, Roles

mlcroissant = pytest.importorskip("mlcroissant")
pytestmark = [
    pytest.mark.extras,
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The inplace keyword"),
]

KNOWN = About(
    name="reviews", description="Reviews with <b>labels</b> and \"quotes\".", creator="Ann Author", version="2.1.0",
    license="https://spdx.org/licenses/CC-BY-4.0.html", published="2026-11-26", url="https://example.org/reviews",
)  # fmt: skip


def everything(n=3):
    table = pa.table(
        {
            "text": ['a "quoted"\nline', None, "<script>"],
            "label": ["x", "y", None],
            "number": [1, None, 3],
            "share": [0.5, float("nan"), None],
            "right": [True, None, False],
            "day": [dt.date(2020, 1, 2)] * n,
            "at": [dt.datetime(2020, 1, 2, 3, 4)] * n,
            "tags": [["a", "b"], [], None],
            "struct": [{"a": 1}] * n,
            'a name/../with é " and space': ["v"] * n,
        }
    )
    vectors = np.arange(2 * n, dtype=np.float32).reshape(n, 2)
    roles = Roles(text="text", label="label")
    return Dataset(table, pa.array(["r0", "r1", "r2"]), np.zeros((n, 2), np.uint64), roles, vectors, name="demo")


def loaded(folder, caplog):
    with caplog.at_level(logging.WARNING):
        found = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
    return found, found.metadata.ctx.issues


def test_mlcroissant_validates_it_without_an_error_or_a_warning(tmp_path, caplog):
    export(everything(), "croissant", tmp_path, about=KNOWN)
    found, issues = loaded(tmp_path, caplog)
    assert not issues.errors
    assert not issues.warnings
    assert not caplog.records
    told = found.metadata.to_json()
    assert told["name"] == "reviews"
    assert told["description"] == KNOWN.description
    assert told["license"] == KNOWN.license
    assert told["version"] == f"2.1.0+{everything().version}"
    assert told["creator"]["name"] == "Ann Author"


def test_what_nobody_knows_is_left_out_and_only_that_is_recommended(tmp_path, caplog):
    export(everything(), "croissant", tmp_path)
    _, issues = loaded(tmp_path, caplog)
    assert not issues.errors
    words = ("license", "datePublished", "citeAs", "version", "creator")
    assert {word for word in words if word in "".join(issues.warnings)} == {"license", "datePublished"}


def test_mlcroissant_reads_the_rows_that_were_written(tmp_path, caplog):
    export(everything(), "croissant", tmp_path, about=KNOWN)
    found, _ = loaded(tmp_path, caplog)
    rows = list(found.records("rows"))
    assert [row["rows/row_id"] for row in rows] == [b"r0", b"r1", b"r2"]
    assert [row["rows/text"] for row in rows] == [b'a "quoted"\nline', None, b"<script>"]
    assert [row["rows/number"] for row in rows] == [1, None, 3]
    assert [row["rows/right"] for row in rows] == [True, None, False]
    assert [row["rows/tags"] for row in rows] == [[b"a", b"b"], [], None]
    assert rows[2]["rows/embedding"] == [4.0, 5.0]
    assert rows[0]["rows/a%20name%2F..%2Fwith%20%C3%A9%20%22%20and%20space"] == b"v"


def test_the_file_is_named_with_its_digest_and_every_field_with_its_type(tmp_path):
    export(everything(), "croissant", tmp_path, about=KNOWN)
    told = json.loads((tmp_path / "croissant.json").read_text())
    (file,), (rows,) = told["distribution"], told["recordSet"]
    data = (tmp_path / "data.parquet").read_bytes()
    assert (file["sha256"], file["contentUrl"]) == (hashlib.sha256(data).hexdigest(), "data.parquet")
    assert file["contentSize"] == f"{len(data)} B"
    types = {field["name"]: field["dataType"] for field in rows["field"]}
    assert types == {
        "row_id": "sc:Text", "text": "sc:Text", "label": "sc:Text", "number": "sc:Integer", "share": "sc:Float",
        "right": "sc:Boolean", "day": "sc:Date", "at": "sc:DateTime", "tags": "sc:Text", "embedding": "sc:Float",
        "a name/../with é \" and space": "sc:Text",
    }  # fmt: skip
    assert next(f for f in rows["field"] if f["name"] == "embedding")["arrayShape"] == "2"


def test_image_bytes_are_images(tmp_path):
    table = pa.table({"picture": [b"\x89PNG"]})
    dataset = Dataset(table, pa.array(["r"]), np.zeros((1, 2), np.uint64), Roles(image="picture"))
    export(dataset, "croissant", tmp_path)
    (rows,) = json.loads((tmp_path / "croissant.json").read_text())["recordSet"]
    assert rows["field"][1]["dataType"] == "sc:ImageObject"
