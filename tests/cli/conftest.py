import json
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from burnish.cli import main
from burnish.testing.planted import Defects, planted_texts, planted_vectors

sys.path.insert(0, str(Path(__file__).parent))  # `import kept_history` in the tests beside it


@pytest.fixture
def run(tmp_path, monkeypatch, capfd):
    """Run `burnish …` in an empty folder; give (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["burnish", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as leaving:
            main()
        out, err = capfd.readouterr()
        return leaving.value.code or 0, out, err

    return command


@pytest.fixture
def refused(run, tmp_path):
    """Run `burnish …` and hold that it is refused: one line says what, one what to do, and nothing is written."""

    def command(arguments, said, remedy):
        code, out, err = run(*arguments)
        assert (code, out) == (3, "")
        lines = err.strip().splitlines()
        assert len(lines) == 2
        assert said in lines[0]
        assert remedy in lines[1]
        assert not (tmp_path / "burnish-out").exists()

    return command


@pytest.fixture
def run_json(run):
    def command(*arguments):
        code, out, _ = run(*arguments, "--json")
        return code, json.loads(out)

    return command


@pytest.fixture(scope="session")
def planted():
    defects = Defects(duplicates=0.03, near_duplicates=0.03, leaks=0.02, wrong_labels=0.06, outliers=0.01)
    return planted_vectors(900, n_dims=32, defects=defects, seed=7)


@pytest.fixture
def vectors_file(tmp_path, planted):
    path = tmp_path / "vectors.parquet"
    pq.write_table(planted.table, path)
    return path


@pytest.fixture
def texts_file(tmp_path):
    path = tmp_path / "texts.parquet"
    pq.write_table(planted_texts(400, defects=Defects(duplicates=0.03, wrong_labels=0.05), seed=3).table, path)
    return path
