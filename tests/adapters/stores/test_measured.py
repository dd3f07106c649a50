"""Measurements and comparisons beside the versions of a data set: found by their question, whole or not at all."""

import json

import pyarrow as pa
import pytest

from burnish.adapters import durable
from burnish.adapters.stores.history import Addition, HistoryStore
from burnish.adapters.stores.measured import MeasuredStore
from burnish.adapters.stores.upkeep import Upkeep
from burnish.dataset import Roles
from burnish.dataset.history import Version
from burnish.errors import DamagedFileError, NotThereError

KEYS = "0123456789abcdef", "fedcba9876543210"
ROWS = pa.table({"row_id": ["a", "b"], "outcome": ["fixed", "broken"], "difference": [1.0, -1.0]})


@pytest.fixture
def kept(tmp_path):
    """A store with two data sets of one version each, without rows: `pets` and `a/b`."""
    history = HistoryStore(tmp_path / "datasets")
    versions = [
        history.keep(Version(0, name, "0" * 16, 0, "import", "2026-01-01", "me", roles=Roles()), Addition())
        for name in ("pets", "a/b")
    ]
    return MeasuredStore(history), versions


def told(key, created="2026-01-01T10:00:00", **more):
    return {"key": key, "created": created, **more}


def test_an_answer_is_found_again_and_takes_the_place_of_a_former_one(kept):
    store, (pets, other) = kept
    assert store.measured(pets) == []
    store.keep_measured(pets, told(KEYS[0], said="better"))
    store.keep_measured(pets, told(KEYS[0], said="worse"))
    assert [one["said"] for one in store.measured(pets)] == ["worse"]
    assert store.measured(other) == []


def test_answers_come_newest_first(kept):
    store, (pets, _) = kept
    store.keep_measured(pets, told(KEYS[0], "2026-01-01T10:00:00"))
    store.keep_measured(pets, told(KEYS[1], "2026-01-02T10:00:00"))
    store.keep_compared("pets", told(KEYS[0], "2026-01-03T10:00:00"), ROWS)
    store.keep_compared("pets", told(KEYS[1], "2026-01-02T10:00:00"), ROWS)
    assert [one["key"] for one in store.measured(pets)] == [KEYS[1], KEYS[0]]
    assert [one["key"] for one in store.comparisons("pets")] == [KEYS[0], KEYS[1]]


def test_a_comparison_is_found_by_its_key_alone_in_whatever_data_set(kept):
    store, _ = kept
    store.keep_compared("a/b", told(KEYS[0], v="a/b@1"), ROWS)
    assert store.compared(KEYS[0])["v"] == "a/b@1"
    assert store.outcomes(KEYS[0]).equals(ROWS)
    assert store.comparisons("pets") == []


def test_a_comparison_that_is_made_again_leaves_one_table(kept):
    store, _ = kept
    store.keep_compared("pets", told(KEYS[0]), ROWS)
    store.keep_compared("pets", told(KEYS[0]), ROWS.slice(0, 1))
    assert len(store.outcomes(KEYS[0])) == 1
    assert len(list(store.history.root.glob("pets/compared/*.parquet"))) == 1


@pytest.mark.parametrize("key", ["", "*", "../../pets/about", "0123456789ABCDEF", KEYS[1], "0" * 5_000])
def test_a_key_that_is_not_there_is_told_whatever_it_is(kept, key):
    store, _ = kept
    store.keep_compared("pets", told(KEYS[0]), ROWS)
    with pytest.raises(NotThereError, match="holds no comparison"):
        store.compared(key)
    with pytest.raises(NotThereError, match="holds no comparison"):
        store.outcomes(key)


def test_a_write_that_fails_leaves_what_was_there(kept, monkeypatch):
    store, _ = kept
    store.keep_compared("pets", told(KEYS[0]), ROWS)

    def failing(path, document):
        raise OSError(28, "no space")

    monkeypatch.setattr(durable, "write_json", failing)
    with pytest.raises(OSError, match="no space"):
        store.keep_compared("pets", told(KEYS[0]), ROWS.slice(0, 1))
    assert store.outcomes(KEYS[0]).equals(ROWS)
    [left] = Upkeep(store.history.root.parent).problems()
    assert left.reason.startswith("no record names it")
    Upkeep(store.history.root.parent).free()
    assert Upkeep(store.history.root.parent).problems() == []
    assert store.outcomes(KEYS[0]).equals(ROWS)


def test_damage_is_told_and_verify_names_the_file(kept):
    store, (pets, _) = kept
    store.keep_measured(pets, told(KEYS[0]))
    store.keep_compared("pets", told(KEYS[0]), ROWS)
    upkeep = Upkeep(store.history.root.parent)
    assert upkeep.problems() == []
    [table] = store.history.root.glob("pets/compared/*.parquet")
    [measured] = store.history.root.glob("pets/measured/*.json")
    data = bytearray(table.read_bytes())
    data[len(data) // 2] ^= 1
    table.write_bytes(data)
    document = json.loads(measured.read_text())
    measured.write_text(json.dumps({**document, "created": "never"}))
    for read in (lambda: store.outcomes(KEYS[0]), lambda: store.measured(pets)):
        with pytest.raises(DamagedFileError):
            read()
    assert {(problem.path, problem.rebuilt) for problem in upkeep.problems()} == {
        (str(table), True),
        (str(measured), True),
    }
