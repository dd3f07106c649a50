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
