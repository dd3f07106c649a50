"""`burnish acquire` from the command line."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.slow

FILES = {"acquired.parquet", "acquisition.json"}


@pytest.fixture
def parts(tmp_path, planted):
    """Write the labelled rows and a pool of others without a label; give both paths."""
    train = np.flatnonzero(np.array(planted.table["split"].to_pylist()) == "train")
    taken = {int(row) for pair in (*planted.duplicates, *planted.near_duplicates, *planted.leaks) for row in pair}
    apart = np.array([row for row in train if row not in taken])[:200]
    rest = np.setdiff1d(np.arange(len(planted.table)), apart)
    pq.write_table(planted.table.take(rest), tmp_path / "rows.parquet")
    pq.write_table(planted.table.take(apart).drop_columns(["label", "split"]), tmp_path / "pool.parquet")
    return "rows.parquet", "pool.parquet"


def test_the_rows_to_label_are_written_with_what_they_should_be_worth(run, parts, tmp_path):
    code, out, err = run("acquire", parts[0], "--pool", parts[1], "--label", "label", "--id", "id", "--budget", "20")
    assert code == 0
    assert err == ""
    folder = tmp_path / "burnish-out"
    assert {path.name for path in folder.iterdir()} == FILES
    table, document = pq.read_table(folder / "acquired.parquet"), json.loads((folder / "acquisition.json").read_text())
    assert table["rank"].to_pylist() == list(range(1, 21))
    assert set(table["row_id"].to_pylist()) <= set(pq.read_table(tmp_path / "pool.parquet")["id"].to_pylist())
    assert document["verdict"] in ("stop", "go on", "not yet known")
    assert document["forecast"]["low"] <= document["forecast"]["gain"] <= document["forecast"]["high"]
    told = " ".join(out.split())
    assert "20 rows of the pool to label next" in told
    assert f"{document['verdict']}:" in told


def test_json_is_one_document_on_stdout_and_nothing_else(run_json, parts, tmp_path):
    code, document = run_json("acquire", parts[0], "--pool", parts[1], "--budget", "10")
    assert code == 0
    assert document["n_acquired"] == 10
    assert set(document["files"]) == FILES
    written = json.loads((tmp_path / "burnish-out" / "acquisition.json").read_text())
    assert {key: value for key, value in document.items() if key != "files"} == written


def test_without_labels_typical_rows_come_first(run, parts, tmp_path):
    pq.write_table(pq.read_table(tmp_path / "rows.parquet").drop_columns(["label"]), tmp_path / "bare.parquet")
    code, out, _ = run("acquire", "bare.parquet", "--pool", parts[1], "--budget", "10")
    assert code == 0
    assert "typical rows come first" in out


def test_a_few_labels_are_enough_to_ask(run, parts, tmp_path):
    pq.write_table(pq.read_table(tmp_path / "rows.parquet").slice(0, 30), tmp_path / "few.parquet")
    code, out, _ = run("acquire", "few.parquet", "--pool", parts[1], "--budget", "10")
    assert code == 0
    assert "too few labels for a learning curve" in out


@pytest.mark.parametrize(
    "case",
    [
        (("--pool", "pool.parquet", "--budget", "201"), "the pool has 200 rows", "1 to 200"),
        (("--pool", "pool.parquet", "--budget", "0"), "the budget is 0", "1 row"),
        (("--pool", "pool.parquet", "--budget", "0.5"), "0.5", ""),
        (("--pool", "poll.parquet", "--budget", "5"), "poll.parquet", ""),
        (("--pool", "rows.parquet", "--budget", "5"), "rows already", "Leave them out"),
        (("--budget", "5"), "pool", ""),
    ],
)
def test_wrong_usage_says_what_and_what_to_do(refused, parts, case):
    arguments, said, remedy = case
    refused(("acquire", parts[0], "--id", "id", "--label", "label", *arguments), said, remedy)


@pytest.mark.parametrize(
    "arguments", [("--pool", "poll.parquet", "--budget", "5"), ("--pool", "pool.parquet", "--budget", "0")]
)
def test_a_pool_that_is_not_there_and_no_budget_cost_no_audit(run, parts, tmp_path, arguments):
    run("acquire", parts[0], *arguments)
    assert not (tmp_path / ".burnish").exists()


@pytest.mark.parametrize("split", ["train", "test"])
def test_rows_of_the_source_in_the_pool_are_told_by_id(run, parts, tmp_path, split):
    what = {"train": "training", "test": "evaluation"}[split]
    table = pq.read_table(tmp_path / "rows.parquet")
    row = int(np.flatnonzero(np.array(table["split"].to_pylist()) == split)[0])
    pq.write_table(table.slice(row, 1).drop_columns(["label", "split"]), tmp_path / "mixed.parquet")
    code, _, err = run(
        "acquire", parts[0], "--id", "id", "--label", "label", "--pool", "mixed.parquet", "--budget", "1"
    )
    assert code == 3
    assert f"are {what} rows already, first '{table['id'][row].as_py()}'" in err


def test_a_pool_of_another_kind_is_refused(run, parts, tmp_path, texts_file):
    code, _, err = run("acquire", parts[0], "--pool", texts_file, "--budget", "5")
    assert code == 3
    assert "the pool holds text, the data set vectors" in err


def test_help_shows_an_example(run):
    code, out, _ = run("acquire", "--help")
    assert code == 0
    assert "burnish acquire" in out.split("Example", 1)[1]
