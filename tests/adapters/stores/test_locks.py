import os
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from burnish.adapters.stores.locks import LockStore
from burnish.dataset.locks import lock_rows
from burnish.errors import InputError, OutputError
from burnish.testing.planted import planted_vectors


@pytest.fixture
def dataset():
    return planted_vectors(100, seed=0).dataset


def lock_of(dataset, rows=slice(0, 20), *, at="2026-11-26T10:00:00+00:00"):
    mask = np.zeros(len(dataset), bool)
    mask[rows] = True
    return lock_rows(dataset, mask, origin="drawn", locked_at=at)


def test_looking_for_a_lock_finds_none_and_creates_nothing(tmp_path, dataset):
    store = LockStore(tmp_path / "locks")
    assert store.find(dataset) is None
    assert not store.folder.exists()


def test_what_was_kept_is_found_as_it_was(tmp_path, dataset):
    lock = lock_of(dataset)
    LockStore(tmp_path).keep(lock)
    found = LockStore(tmp_path).find(dataset)
    assert found.row_ids.equals(lock.row_ids)
    np.testing.assert_array_equal(found.digests, lock.digests)
    assert (found.name, found.version, found.locked_at, found.origin) == (
        "planted", dataset.version, lock.locked_at, "drawn",
    )  # fmt: skip


def test_a_version_of_which_rows_are_gone_added_or_turned_finds_its_lock(tmp_path, dataset):
    store = LockStore(tmp_path)
    store.keep(lock_of(dataset))
    version = dataset.take(np.random.default_rng(0).permutation(np.r_[5:20, 30:90]))
    assert store.find(version) is not None
    assert store.find(replace(version, name="curated")) is not None


def test_another_data_set_of_the_same_name_finds_none(tmp_path, dataset):
    store = LockStore(tmp_path)
    store.keep(lock_of(dataset))
    assert store.find(planted_vectors(100, seed=1).dataset) is None
    assert store.find(dataset.take(np.arange(11, 100))) is None


def test_of_several_the_newest_is_found_and_one_of_its_own_name_first(tmp_path, dataset):
    store = LockStore(tmp_path)
    older, newer = lock_of(dataset), lock_of(dataset, slice(0, 30), at="2026-11-27T10:00:00+00:00")
    store.keep(newer)
    store.keep(older)
    assert store.find(dataset).fingerprint == newer.fingerprint
    store.keep(replace(lock_of(dataset, slice(0, 40), at="2026-11-28T10:00:00+00:00"), name="another"))
    assert store.find(dataset).fingerprint == newer.fingerprint


def test_a_lock_that_is_kept_again_replaces_itself(tmp_path, dataset):
    store = LockStore(tmp_path)
    assert store.keep(lock_of(dataset)) == store.keep(lock_of(dataset, at="2026-11-29"))
    assert store.find(dataset).locked_at == "2026-11-29"
    assert len(list(tmp_path.iterdir())) == 1


def damaged(path, how):
    data = path.read_bytes()
    if how == "another table":
        pq.write_table(pa.table({"a": [1]}), path)
    elif how in ("rows", "format", "origin"):
        table = pq.read_table(path)
        metadata = table.schema.metadata
        table = table.slice(1) if how == "rows" else table
        metadata = metadata if how == "rows" else metadata | {f"burnish.lock.{how}".encode(): b"new"}
        pq.write_table(table.replace_schema_metadata(metadata), path)
    else:
        path.write_bytes({"cut off": data[:-20], "empty": b"", "garbled": b"PAR1" + data[4:40] + b"PAR1"}[how])


@pytest.mark.parametrize("how", ["cut off", "empty", "garbled", "another table", "rows", "format", "origin"])
def test_a_damaged_file_is_named_with_what_to_do(tmp_path, dataset, how):
    store = LockStore(tmp_path)
    path = store.keep(lock_of(dataset))
    damaged(path, how)
    with pytest.raises(InputError, match="is damaged") as raised:
        store.find(dataset)
    assert str(path) in str(raised.value)
    assert "--relock" in raised.value.remedy
    store.keep(lock_of(dataset))
    assert store.find(dataset) is not None


def test_an_interrupted_write_leaves_the_former_lock_and_no_file(tmp_path, dataset, monkeypatch):
    store = LockStore(tmp_path)
    store.keep(lock_of(dataset))

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"No space left.*--workspace DIR"):
        store.keep(lock_of(dataset, at="2026-11-29"))
    assert store.find(dataset).locked_at.startswith("2026-11-26")
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_cannot_be_made_is_an_output_error(tmp_path, dataset):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="--workspace DIR"):
        LockStore(tmp_path / "file" / "locks").keep(lock_of(dataset))


def test_a_half_written_file_is_not_looked_at(tmp_path, dataset):
    store = LockStore(tmp_path)
    store.keep(lock_of(dataset))
    (tmp_path / ".planted-0.parquet.12.tmp").write_bytes(b"half")
    assert store.find(dataset) is not None


@pytest.mark.parametrize("name", ["", "Größe/../x", "a" * 300])
def test_any_name_has_a_file(tmp_path, dataset, name):
    store = LockStore(tmp_path)
    path = store.keep(replace(lock_of(dataset), name=name))
    assert path.parent == tmp_path
    assert store.find(replace(dataset, name=name)).name == name
