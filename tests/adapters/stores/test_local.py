import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.only_read import only_read

from burnish.adapters.stores import LocalStore
from burnish.adapters.stores.local import ReadStore
from burnish.errors import OutputError, ReadOnlyError
from burnish.testing.store_contract import StoreContract, digests, numbers


class TestContract(StoreContract):
    @pytest.fixture
    def store(self, tmp_path):
        return LocalStore(tmp_path / "vectors")


def test_looking_up_creates_nothing(tmp_path):
    store = LocalStore(tmp_path / "vectors")
    store.lookup("recipe", digests(3), 4)
    store.append("recipe", digests(0), numbers(0, 4))
    assert not store.root.exists()


def test_another_store_on_the_same_folder_finds_what_was_kept(tmp_path):
    LocalStore(tmp_path).append("recipe", digests(5), numbers(5, 4))
    assert LocalStore(tmp_path).lookup("recipe", digests(5), 4)[1].all()


def test_vectors_of_another_width_are_passed_over(tmp_path):
    store = LocalStore(tmp_path)
    store.append("recipe", digests(5), numbers(5, 4))
    assert not store.lookup("recipe", digests(5), 8)[1].any()
    assert len(store.skipped) == 1


@pytest.mark.parametrize("victim", ["keys", "vectors"])
@pytest.mark.parametrize("damage", ["truncate", "empty", "garble", "remove"])
def test_a_damaged_part_is_passed_over_named_and_can_be_written_again(tmp_path, victim, damage):
    store = LocalStore(tmp_path)
    store.append("recipe", digests(5, seed=1), numbers(5, 4))
    (broken,) = [p for p in tmp_path.rglob("part-*.npy") if p.name.endswith(".keys.npy") == (victim == "keys")]
    store.append("recipe", digests(5, seed=2), numbers(5, 4))
    data = broken.read_bytes()
    broken.unlink()
    if damage != "remove":
        content = {"truncate": data[:-10], "empty": b"", "garble": b"\x93NUMPY\x01\0junk" + data[12:]}
        broken.write_bytes(content[damage])
    assert not store.lookup("recipe", digests(5, seed=1), 4)[1].any()
    assert store.lookup("recipe", digests(5, seed=2), 4)[1].all()
    assert len(store.skipped) == (0 if (victim, damage) == ("keys", "remove") else 1)
    store.append("recipe", digests(5, seed=1), numbers(5, 4))
    assert store.lookup("recipe", digests(5, seed=1), 4)[1].all()


def test_a_pickled_part_is_never_loaded(tmp_path):
    store = LocalStore(tmp_path)
    store.append("recipe", digests(2), numbers(2, 4))
    (keys,) = tmp_path.rglob("*.keys.npy")
    np.save(keys, np.array([{"a": 1}, {}], dtype=object), allow_pickle=True)
    assert not store.lookup("recipe", digests(2), 4)[1].any()


def test_no_temporary_file_stays_behind(tmp_path):
    LocalStore(tmp_path).append("recipe", digests(2), numbers(2, 4))
    assert not [p for p in tmp_path.rglob("*") if p.suffix == ".tmp"]


def test_a_folder_that_cannot_be_made_is_an_output_error_with_a_remedy(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="--workspace DIR"):
        LocalStore(tmp_path / "file" / "vectors").append("recipe", digests(1), numbers(1, 4))


def test_a_full_disk_leaves_no_part(tmp_path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    store = LocalStore(tmp_path)
    with pytest.raises(OutputError, match="No space left"):
        store.append("recipe", digests(3), numbers(3, 4))
    assert not [p for p in tmp_path.rglob("*") if p.is_file() and p.name != ".lock"]
    assert not store.lookup("recipe", digests(3), 4)[1].any()


WRITER = """
import sys
from burnish.adapters.stores import LocalStore
from burnish.testing.store_contract import digests, numbers
for part in range(5):
    LocalStore(sys.argv[1]).append("recipe", digests(20, seed=100 * int(sys.argv[2]) + part), numbers(20, 4))
"""


@pytest.mark.slow
def test_writers_at_the_same_time_do_not_clash(tmp_path):
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, tmp_path, str(seed)]) for seed in range(2)]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    keys = np.concatenate([digests(20, seed=100 * seed + part) for seed in range(2) for part in range(5)])
    assert LocalStore(tmp_path).lookup("recipe", keys, 4)[1].all()


@given(
    parts=st.lists(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=5), max_size=4),
    asked=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=8),
)
@settings(max_examples=25)
def test_lookup_agrees_with_a_dictionary(tmp_path_factory, parts, asked):
    store, oracle = LocalStore(tmp_path_factory.mktemp("store")), {}
    for part in parts:
        keys = np.array(part, np.uint64).reshape(-1, 2)
        vectors = np.array([[a + 10 * b] for a, b in part], np.float32).reshape(-1, 1)
        store.append("recipe", keys, vectors)
        oracle.update(zip(part, vectors[:, 0].tolist(), strict=True))
    found, known = store.lookup("recipe", np.array(asked, np.uint64).reshape(-1, 2), 1)
    assert known.tolist() == [key in oracle for key in asked]
    assert found[known, 0].tolist() == [oracle[key] for key in asked if key in oracle]


def test_who_looks_at_rows_lets_go_of_vectors_that_cannot_be_kept(tmp_path):
    ReadStore(tmp_path).append("recipe", digests(3), numbers(3, 4))
    with only_read(tmp_path):
        ReadStore(tmp_path).append("recipe", digests(5), numbers(5, 4))
        with pytest.raises(ReadOnlyError, match="copy the workspace"):
            LocalStore(tmp_path).append("recipe", digests(5), numbers(5, 4))
        assert ReadStore(tmp_path).lookup("recipe", digests(5), 4)[1].sum() == 3
