"""`burnish select` from the command line."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from burnish.kernels.selection_methods import METHODS

pytestmark = pytest.mark.slow

FILES = {"selected.parquet", "evaluation.json"}


def test_a_selection_is_written_in_order_and_stands_beside_a_random_one(run, vectors_file, planted, tmp_path):
    code, out, err = run("select", vectors_file, "--label", "label", "--budget", "60", "--retrains", "3")
    assert code == 0
    assert err == ""
    folder = tmp_path / "burnish-out"
    assert {path.name for path in folder.iterdir()} == FILES
    table = pq.read_table(folder / "selected.parquet")
    assert table["rank"].to_pylist() == list(range(1, 61))
    assert set(table["split"].to_pylist()) == {"train"}
    arms = json.loads((folder / "evaluation.json").read_text())["arms"]
    assert {name: arm["n_train"] for name, arm in arms.items() if name != "before"} == {"after": 60, "control": 60}
    told = " ".join(out.split())
    assert "60 rows chosen by facility-location" in told
    assert "drawn at random" in told
    assert "selected.parquet" in out.splitlines()[-1]


def test_json_is_one_document_on_stdout_and_nothing_else(run_json, vectors_file):
    code, document = run_json("select", vectors_file, "--budget", "0.1", "--retrains", "2")
    assert code == 0
    assert document["evaluation"]["claim"] == "this selection is better than a random one of its size"
    assert set(document["files"]) == FILES
    assert document["n_selected"] == document["evaluation"]["arms"]["after"]["n_train"]


def test_without_labels_rows_are_chosen_and_nothing_is_measured(run, run_json, vectors_file, tmp_path):
    bare = tmp_path / "bare.parquet"
    pq.write_table(pq.read_table(vectors_file).drop_columns(["label"]), bare)
    code, document = run_json("select", bare, "--budget", "40")
    assert (code, document["n_selected"], document["evaluation"]) == (0, 40, None)
    assert set(document["files"]) == {"selected.parquet"}
    assert run("select", bare, "--budget", "40")[0] == 0


def test_the_measurement_of_a_former_selection_does_not_stay_behind(run, vectors_file, tmp_path):
    run("select", vectors_file, "--budget", "30", "--retrains", "2")
    bare = tmp_path / "bare.parquet"
    pq.write_table(pq.read_table(vectors_file).drop_columns(["label"]), bare)
    run("select", bare, "--budget", "30", "--workspace", "another")
    assert {path.name for path in (tmp_path / "burnish-out").iterdir()} == {"selected.parquet"}


@pytest.mark.parametrize(
    "case",
    [
        (("--budget", "0"), "the budget is 0", "1 row"),
        (("--budget", "-5"), "the budget is -5", "1 row"),
        (("--budget", "nan"), "the budget is nan", "1 row"),
        (("--budget", "90000"), "rows can be chosen", "Ask for 1 to"),
        (("--budget", "ten"), "ten", "burnish --help"),
        (("--budget", "10", "--method", "facility"), "'facility'", "facility-location"),
        (("--budget", "10", "--balance", "colour"), "'colour'", "device"),
        (("--budget", "10", "--metric", "rmse"), "'label' holds string, not numbers", "accuracy"),
        (("--budget", "10", "--retrains", "1"), "retrains is 1", "2"),
        ((), "budget", "--help"),
    ],
)
def test_wrong_usage_says_what_and_what_to_do(refused, vectors_file, case):
    arguments, said, remedy = case
    refused(("select", vectors_file, "--label", "label", *arguments), said, remedy)


def test_help_shows_an_example(run):
    code, out, _ = run("select", "--help")
    assert code == 0
    assert "burnish select" in out.split("Example", 1)[1]


def test_the_methods_of_the_help_are_all_there_are(run):
    assert all(name in run("select", "--help")[1] for name in METHODS)


def test_a_source_of_eval_rows_only_cannot_be_chosen_from(run, tmp_path):
    table = pa.table({"embedding": [[float(i), 1.0] for i in range(30)], "split": ["test"] * 30})
    pq.write_table(table, tmp_path / "locked.parquet")
    code, _, err = run("select", "locked.parquet", "--budget", "5")
    assert code == 3
    assert len(err.strip().splitlines()) == 2
