import numpy as np
import pytest

from burnish.adapters.stores import FolderScratch
from burnish.errors import OutputError
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
