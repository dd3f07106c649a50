import numpy as np
import pytest
from tests.only_read import only_read

from burnish.adapters.stores import FolderScratch, SealedScratch
from burnish.errors import OutputError, ReadOnlyError
from burnish.kernels.items import Held, Within
from burnish.testing.scratch_contract import ScratchContract


class TestFolderScratch(ScratchContract):
    @pytest.fixture
    def scratch(self, tmp_path):
        return FolderScratch(tmp_path / "work")


class TestHeld(ScratchContract):
    @pytest.fixture
    def scratch(self):
        return Held()


class TestWithin(ScratchContract):
    @pytest.fixture
    def scratch(self, tmp_path):
        whole = FolderScratch(tmp_path)
        whole.put("a", np.full(7, -1))
        return Within(whole, "part")


def test_a_file_that_is_not_whole_is_not_there(tmp_path, monkeypatch):
    scratch = FolderScratch(tmp_path)

    def fails(file, array, **_):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", fails)
    with pytest.raises(OutputError, match="No space left"):
        scratch.put("a", np.zeros(3))
    assert not scratch.has("a")
    assert list(tmp_path.iterdir()) == []


def test_what_is_written_to_an_array_stays_here(tmp_path):
    scratch = FolderScratch(tmp_path)
    scratch.put("a", np.zeros(3))
    scratch.get("a")[0] = 5
    assert scratch.get("a")[0] == 0


def test_clearing_removes_the_folder(tmp_path):
    scratch = FolderScratch(tmp_path / "work")
    scratch.put("part/a", np.zeros(3))
    scratch.clear()
    assert not (tmp_path / "work").exists()
    scratch.clear()


def test_a_second_process_gets_a_folder_of_its_own_and_leaves_the_first_ones(tmp_path):
    first = FolderScratch(tmp_path / "work")
    with first.owned() as mine:
        mine.put("a", np.zeros(3))
        with FolderScratch(tmp_path / "work").owned() as other:
            assert not other.has("a")
            other.put("a", np.ones(3))
        assert mine.get("a").tolist() == [0, 0, 0]
    with FolderScratch(tmp_path / "work").owned() as next_one:
        assert next_one.has("a")
        next_one.clear()
    assert [path.name for path in tmp_path.iterdir()] == ["work.lock"]


def test_a_folder_is_let_go_when_work_in_it_fails(tmp_path):
    scratch = FolderScratch(tmp_path / "work")

    def interrupted():
        with scratch.owned() as mine:
            mine.put("a", np.zeros(3))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with FolderScratch(tmp_path / "work").owned() as again:
        assert again.has("a")


def test_a_folder_that_cannot_be_made_is_refused_with_a_remedy(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be kept"), FolderScratch(tmp_path / "file" / "work").owned():
        pass


@pytest.fixture
def sealed(tmp_path):
    """A folder with an array in it, that nobody has."""
    scratch = SealedScratch(tmp_path / "evidence" / "key")
    with scratch.owned() as mine:
        mine.put("a", np.arange(3))
    return scratch


def test_who_reads_a_folder_that_may_only_be_read_needs_no_lock_and_leaves_nothing(sealed, tmp_path):
    (tmp_path / "evidence" / "key.lock").unlink(missing_ok=True)
    with only_read(tmp_path), sealed.lent() as lent:
        assert lent.get("a").tolist() == [0, 1, 2]
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.npy", "evidence", "key"]


def test_who_reads_sees_what_a_writer_that_has_the_folder_left_whole(sealed):
    with sealed.owned() as mine, SealedScratch(sealed.root).lent() as lent:
        assert lent.get("a").tolist() == [0, 1, 2]
        assert not lent.has("b")
        mine.put("b", np.ones(2))
        assert lent.get("b").tolist() == [1, 1]


def test_a_writer_leaves_a_folder_alone_while_it_is_read(sealed):
    with sealed.lent(), SealedScratch(sealed.root).owned() as mine:
        assert mine.root != sealed.root
    with sealed.owned() as mine:
        assert mine.root == sealed.root


def test_who_reads_writes_nothing_even_where_it_could(sealed):
    with sealed.lent() as lent, pytest.raises(ReadOnlyError, match="only read"):
        lent.put("b", np.ones(2))
    assert not sealed.has("b")


def test_to_read_what_is_not_there_leaves_no_folder(tmp_path):
    with SealedScratch(tmp_path / "evidence" / "key").lent() as lent:
        assert not lent.has("a")
    assert list(tmp_path.iterdir()) == []


def test_a_writer_is_told_that_a_folder_may_only_be_read(sealed, tmp_path):
    with only_read(tmp_path):
        with pytest.raises(ReadOnlyError, match=r"cannot be kept.*copy the workspace"), sealed.owned():
            pass
        with pytest.raises(ReadOnlyError, match="cannot be written"):
            sealed.put("b", np.ones(2))
