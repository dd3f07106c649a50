import numpy as np
import pyarrow as pa
import pytest
from tests.only_read import bound, only_read

from burnish.adapters.stores import HistoryStore
from burnish.adapters.stores.history import Addition, refuse_unnameable
from burnish.dataset import Dataset, Roles
from burnish.dataset.history import Version
from burnish.errors import DamagedFileError, ReadOnlyError, UnknownVersionError, UsageError


def dataset_of(n, name="pets"):
    content = np.stack([np.arange(n), np.arange(n)], axis=1).astype(np.uint64)
    fields = pa.table({"label": ["cat"] * n})
    return Dataset(fields, pa.array([f"r{i}" for i in range(n)]), content, Roles(label="label"), name=name)


def keep(store, n, name="pets", tag=None):
    dataset = dataset_of(n, name)
    draft = Version(0, name, dataset.version, n, "import", "2026-01-01", "me", n_segment=n, roles=dataset.roles)
    return store.keep(draft, Addition(rows=dataset), tag)


@pytest.fixture
def store(tmp_path):
    store = HistoryStore(tmp_path / "datasets")
    keep(store, 2)
    keep(store, 3, tag="gold")
    return store


def test_a_version_is_found_by_number_tag_beginning_of_its_hash_and_as_the_newest(store):
    assert store.find("pets").number == 2
    assert store.find("pets@1").number == 1
    assert store.find("pets@gold").number == 2
    assert store.find(f"pets@{dataset_of(2).version[:6]}").number == 1


@pytest.mark.parametrize(
    ("called", "told"),
    [
        ("pest", r"no data set 'pest'.*Did you mean 'pets'.*Data sets here: pets"),
        ("pets@9", r"no version '9'.*Versions: 1 to 2, gold"),
        ("pets@glod", r"no version 'glod'.*Did you mean 'gold'"),
        ("pets@abc", r"no version 'abc'"),
    ],
)
def test_a_name_that_is_not_there_is_told_with_what_is(store, called, told):
    with pytest.raises(UnknownVersionError, match=told):
        store.find(called)


def test_only_the_record_that_is_asked_for_is_read(store):
    for record in store.folder("pets").glob("versions/*.json"):
        if record.stem != "000002":
            record.write_text("{}")
    assert store.newest("pets").number == store.numbers("pets")[-1] == 2
    assert store.find("pets") == store.find("pets@2") == store.newest("pets")
    with pytest.raises(DamagedFileError):
        store.find("pets@1")


def test_an_empty_workspace_says_what_to_do_first(tmp_path):
    with pytest.raises(UnknownVersionError, match="burnish audit SOURCE"):
        HistoryStore(tmp_path / "datasets").find("pets")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["pets", "2024", "my data", "../../etc", "Größe", ".hidden", "a" * 300, "x/y"])
def test_any_name_has_a_folder_below_the_workspace_and_keeps_its_name(tmp_path, name):
    store = HistoryStore(tmp_path / "datasets")
    keep(store, 2, name)
    assert store.names() == [name]
    assert store.folder(name).parent == tmp_path / "datasets"
    assert store.find(name).dataset == name
    assert [path.name for path in tmp_path.iterdir()] == ["datasets"]


def test_names_that_could_not_be_called_are_refused():
    for name in ("", "a@b", " a", "a\n"):
        with pytest.raises(UsageError, match="cannot be the name"):
            refuse_unnameable(name, what="tag")


def test_a_tag_moves_and_goes(store):
    store.tag("pets", "gold", 1)
    assert store.tags("pets") == {"gold": 1}
    store.tag("pets", "gold", None)
    assert store.tags("pets") == {}


def test_what_people_say_of_a_data_set_is_kept_beside_what_was_said(store):
    store.describe("pets", description="cats & dogs")
    store.describe("pets", owner="me")
    assert store.about("pets") == {"name": "pets", "format": 1, "description": "cats & dogs", "owner": "me"}


def test_a_history_that_may_only_be_read_says_so_before_any_work(store, tmp_path):
    assert not store.is_read_only
    with only_read(tmp_path):
        assert store.is_read_only
        assert store.find("pets@gold").number == 2
        with pytest.raises(ReadOnlyError, match=rf"{tmp_path.absolute()} can only be read.*copy the workspace"):
            store.refuse_read_only()
        with pytest.raises(ReadOnlyError, match="cannot be written"):
            store.tag("pets", "old", 1)
    store.tag("pets", "old", 1)


def test_a_workspace_that_is_not_there_yet_may_be_written(tmp_path):
    store = HistoryStore(tmp_path / "new" / "datasets")
    store.refuse_read_only()
    with only_read(tmp_path), pytest.raises(ReadOnlyError):
        store.refuse_read_only()


def test_a_data_set_that_may_be_written_makes_a_workspace_no_read_only_one(store):
    with bound():
        store.root.chmod(0o555)
        assert not store.is_read_only
        (store.root / "pets").chmod(0o555)
        assert store.is_read_only
