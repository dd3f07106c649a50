import errno
import json
import os

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tests.only_read import only_read

from burnish.adapters import durable
from burnish.errors import DamagedFileError, OutputError, ReadOnlyError


@pytest.mark.parametrize(
    "array",
    [
        np.arange(10), np.zeros((0, 3), np.float32), np.array(5), np.array(["a", "bc"]), np.ones((3, 4, 5), ">f8"),
        np.asfortranarray(np.arange(12).reshape(3, 4)), np.array([True, False]),
    ],
)  # fmt: skip
def test_an_array_comes_back_and_plain_numpy_reads_it_too(array, tmp_path):
    durable.write_array(tmp_path / "new" / "a.npy", array)
    for found in (durable.read_array(tmp_path / "new/a.npy"), np.load(tmp_path / "new/a.npy")):
        assert found.dtype == array.dtype
        np.testing.assert_array_equal(found, array)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.npy"]


def test_a_table_comes_back_and_is_told_by_its_size_and_checksum(tmp_path):
    path, table = tmp_path / "new" / "a.parquet", pa.table({"a": [1, 2, None], "b": ["x", "", "z"]})
    written = durable.write_table(path, table)
    assert written == durable.checksum(path)
    assert durable.read_table(path, written).equals(table)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(DamagedFileError, match="its checksum is"):
        durable.read_table(path, written)


def test_whatever_is_written_is_told_by_its_size_and_checksum(tmp_path):
    assert durable.write_json(tmp_path / "a.json", {"é": 1}) == durable.checksum(tmp_path / "a.json")
    assert durable.write_array(tmp_path / "a.npy", np.arange(9)) == durable.checksum(tmp_path / "a.npy")


@given(values=arrays.arrays(np.uint8, st.integers(0, 40)), place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_any_bit_that_is_turned_is_seen(tmp_path_factory, values, place, bit):
    path = tmp_path_factory.mktemp("seal") / "a.npy"
    durable.write_array(path, values)
    data = bytearray(path.read_bytes())
    data[place % len(data)] ^= 1 << bit
    path.write_bytes(data)
    with pytest.raises(DamagedFileError, match=r"a\.npy is damaged"):
        durable.read_array(path)


def test_what_is_written_to_a_mapped_array_stays_in_this_process(tmp_path):
    durable.write_array(tmp_path / "a.npy", np.zeros(4))
    found = durable.read_array(tmp_path / "a.npy", writable=True)
    found[0] = 1
    assert durable.read_array(tmp_path / "a.npy")[0] == 0


def test_a_document_comes_back_without_its_checksum_and_any_change_is_seen(tmp_path):
    document = {"name": "né", "n": 3, "list": [1, 2.5, None], "inner": {"b": True, "a": "x"}}
    durable.write_json(tmp_path / "a.json", document)
    assert durable.read_json(tmp_path / "a.json") == document
    changed = json.loads((tmp_path / "a.json").read_text()) | {"n": 4}
    (tmp_path / "a.json").write_text(json.dumps(changed))
    with pytest.raises(DamagedFileError, match="checksum"):
        durable.read_json(tmp_path / "a.json")
    for text in ("", "[]", "{}", "{", '"x"', "null"):
        (tmp_path / "a.json").write_text(text)
        with pytest.raises(DamagedFileError, match="no JSON document with a checksum"):
            durable.read_json(tmp_path / "a.json")


def test_numbers_that_json_has_not_are_refused(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        durable.write_json(tmp_path / "a.json", {"n": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_a_file_whose_writing_fails_is_not_there_and_what_was_there_stays(tmp_path):
    durable.write_json(tmp_path / "a.json", {"n": 1})
    with pytest.raises(ZeroDivisionError), durable.new_file(tmp_path / "a.json") as file:
        file.write(b"half" * (1 // 0))
    assert durable.read_json(tmp_path / "a.json") == {"n": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_place_that_is_no_folder_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"cannot be written.*--workspace"):
        durable.write_json(tmp_path / "file" / "a.json", {})


@pytest.mark.parametrize(("number", "told"), [(errno.EROFS, True), (errno.EACCES, True), (errno.ENOSPC, False)])
def test_what_may_only_be_read_is_told_from_what_has_no_room(tmp_path, number, told):
    error = durable.unwritable(tmp_path, OSError(number, os.strerror(number)))
    assert isinstance(error, ReadOnlyError) is told
    assert ("copy the workspace" in error.remedy, "Free space" in error.remedy) == (told, not told)


def test_who_may_write_in_a_folder_can(tmp_path):
    assert durable.can_write(tmp_path)
    with only_read(tmp_path):
        assert not durable.can_write(tmp_path)
        with pytest.raises(ReadOnlyError):
            durable.write_json(tmp_path / "a.json", {})
