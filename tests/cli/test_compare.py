"""`burnish compare` from the command line: files, exit codes, what is printed."""

import json
import xml.etree.ElementTree as ET

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.slow

FILES = {"evaluation.json", "comparison.md", "junit.xml", "comparison.sarif", "disagreements.parquet"}


def predictions_of(right, n_rows=600, seed=0, **fields):
    """Give a prediction file of two classes, right with the chance `right`."""
    rng = np.random.default_rng(seed)
    truth = np.arange(n_rows) % 2
    said = np.where(rng.random(n_rows) < right, truth, 1 - truth)
    names = np.array(["no", "yes"])
    ids = [f"r{i}" for i in range(n_rows)]
    return pa.table({"id": ids, "label": names[truth], "predicted": names[said], **fields})


@pytest.fixture
def files(tmp_path):
    """Write the two prediction files and give the arguments that name them."""

    def write(first, second, *, proba=False):
        pq.write_table(first, tmp_path / "old.parquet")
        pq.write_table(second, tmp_path / "new.parquet")
        said = ("--proba", "proba") if proba else ("--prediction", "predicted")
        return ("compare", "old.parquet", "new.parquet", "--id", "id", "--label", "label", *said)

    return write


def test_a_better_model_passes_and_leaves_the_files_of_the_contract(run, files, tmp_path):
    code, out, err = run(*files(predictions_of(0.7), predictions_of(0.9, seed=1)))
    assert code == 0
    assert err == ""
    assert {path.name for path in (tmp_path / "burnish-out").iterdir()} == FILES
    assert "comparison.md" in out.splitlines()[-1]
    assert "McNemar" in out


def test_a_worse_model_leaves_with_1(run, files):
    code, out, _ = run(*files(predictions_of(0.9), predictions_of(0.7, seed=1)))
    assert code == 1
    assert "orse" in out


def test_too_few_rows_to_tell_leave_with_2(run, files):
    assert run(*files(predictions_of(0.8, 60), predictions_of(0.8, 60, seed=1)))[0] == 2


def test_a_slice_that_falls_leaves_with_1_though_the_average_rises(run, files, tmp_path):
    region = (["north"] * 2 + ["south"] * 2) * 200
    old, new = predictions_of(0.7, 800).to_pydict(), predictions_of(1.0, 800).to_pydict()
    south = np.array(region) == "south"
    old["predicted"] = np.where(south, old["label"], old["predicted"]).tolist()
    wrong = predictions_of(0.75, 800, seed=2)["predicted"].to_pylist()
    new["predicted"] = np.where(south, wrong, new["label"]).tolist()
    code, out, _ = run(*files(pa.table({**old, "region": region}), pa.table({**new, "region": region})))
    document = json.loads((tmp_path / "burnish-out" / "evaluation.json").read_text())
    assert code == 1
    assert document["gate"]["failed"] == ["region = 'south'"]
    assert "region = 'south'" in out
    failures = ET.parse(tmp_path / "burnish-out" / "junit.xml").getroot().iter("failure")  # noqa: S314 - our own file
    assert sum(1 for _ in failures) >= 1
    results = json.loads((tmp_path / "burnish-out" / "comparison.sarif").read_text())["runs"][0]["results"]
    assert any("south" in json.dumps(result) for result in results)


def test_json_is_one_document_on_stdout_and_nothing_else(run_json, files, tmp_path):
    code, document = run_json(*files(predictions_of(0.7), predictions_of(0.9, seed=1)))
    assert code == 0
    assert document["verdict"] == "better"
    assert document["claim"] == "this fitted model is better"
    assert set(document["files"]) == FILES
    written = json.loads((tmp_path / "burnish-out" / "evaluation.json").read_text())
    assert {key: value for key, value in document.items() if key != "files"} == written


def test_the_disagreements_are_the_rows_on_which_the_files_differ(run, files, tmp_path):
    old, new = predictions_of(0.7), predictions_of(0.9, seed=1)
    run(*files(old, new))
    table = pq.read_table(tmp_path / "burnish-out" / "disagreements.parquet")
    assert table.column_names == ["row_id", "label", "a", "b", "difference"]
    differ = [a != b for a, b in zip(old["predicted"].to_pylist(), new["predicted"].to_pylist(), strict=True)]
    assert len(table) == sum(differ)


def test_a_summary_in_markdown_goes_where_it_is_asked(run, files, tmp_path):
    run(*files(predictions_of(0.7), predictions_of(0.9, seed=1)), "--markdown", "comment.md")
    assert (tmp_path / "comment.md").read_text() == (tmp_path / "burnish-out" / "comparison.md").read_text()


def test_a_markdown_file_that_cannot_be_written_is_told_before_any_work(run, files, tmp_path):
    code, _, err = run(*files(predictions_of(0.7), predictions_of(0.9, seed=1)), "--markdown", "no/where/comment.md")
    assert code == 3
    assert "no/where" in err
    assert not (tmp_path / "burnish-out").exists()


def test_probabilities_are_compared_by_their_loss(run_json, files):
    sure = [[0.9, 0.1], [0.1, 0.9]] * 300
    unsure = [[0.6, 0.4], [0.4, 0.6]] * 300
    old, new = (predictions_of(1.0, proba=one) for one in (unsure, sure))
    code, document = run_json(*files(old, new, proba=True), "--metric", "log_loss")
    assert code == 0
    assert document["verdict"] == "better"
    assert document["arms"]["after"]["value"] == pytest.approx(-np.log(0.9), rel=1e-5)


def test_numbers_are_compared_by_their_errors(run_json, files):
    rng = np.random.default_rng(0)
    truth = rng.normal(size=400)
    ids = [f"r{i}" for i in range(400)]
    tables = [pa.table({"id": ids, "label": truth, "predicted": truth + s * rng.normal(size=400)}) for s in (1, 0.5)]
    code, document = run_json(*files(*tables))
    assert code == 0
    assert (document["metric"], document["verdict"]) == ("rmse", "better")


@pytest.mark.parametrize(
    "case",
    [
        (lambda t: t.set_column(0, "id", [[f"x{i}" for i in range(600)]]), "no row id in common", "--id"),
        (lambda t: t.slice(0, 12), "12 rows have a label and both predictions", "20"),
        (lambda t: t.drop_columns(["predicted"]), "predicted", "field"),
        (lambda t: t.set_column(1, "label", [["no"] * 600]), "labelled otherwise", "same labels"),
        (lambda t: t.rename_columns(["id", "other", "predicted"]), "'label'", "'other'"),
    ],
)
def test_files_that_do_not_fit_are_refused(refused, files, case):
    change, said, remedy = case
    refused(files(predictions_of(0.7), change(predictions_of(0.9, seed=1))), said, remedy)


def test_a_metric_of_probabilities_is_refused_where_there_are_none(run, files):
    code, _, err = run(*files(predictions_of(0.7), predictions_of(0.9, seed=1)), "--metric", "log_loss")
    assert code == 3
    assert "log_loss looks at probabilities, and old holds none" in err
    assert "--proba" in err


def test_rows_that_are_not_compared_are_told(run, files, tmp_path):
    _, out, _ = run(*files(predictions_of(0.7), predictions_of(0.9, seed=1).slice(100)))
    assert "Not compared: 100 of 600 rows of old" in out
    assert "Not compared: 100 of 600 rows of old" in (tmp_path / "burnish-out" / "comparison.md").read_text()


def test_a_missing_file_is_named(run, files):
    arguments = list(files(predictions_of(0.7), predictions_of(0.9)))
    arguments[2] = "nwe.parquet"
    code, _, err = run(*arguments)
    assert code == 3
    assert "nwe.parquet" in err


def test_a_version_is_compared_with_its_source(run, run_json, vectors_file, tmp_path):
    """The curated version of a set with planted defects is trained on beside it, judged on the same rows."""
    source = pq.read_table(vectors_file)
    train = np.flatnonzero(np.array(source["split"].to_pylist()) == "train")
    pq.write_table(source.take(np.setdiff1d(np.arange(len(source)), train[::3])), tmp_path / "curated.parquet")
    code, document = run_json("compare", vectors_file, "curated.parquet", "--id", "id", "--label", "label")
    assert code in (0, 1, 2)
    assert document["verdict"] in ("no worse", "inconclusive", "worse", "better")
    assert document["n_eval"] > 50
    assert document["parameters"]["labels"] == ["vectors", "curated"]


def test_two_models_are_compared_on_a_source(run_json, vectors_file):
    code, document = run_json(
        "compare", "probe", "sklearn.dummy:DummyClassifier", "--source", vectors_file, "--label", "label"
    )
    assert code == 1
    assert document["verdict"] == "worse"
    assert document["parameters"]["labels"] == ["probe", "sklearn.dummy:DummyClassifier"]
    assert document["parameters"]["models"][1] == "DummyClassifier()"


def test_an_unknown_model_is_refused_before_any_work(run, vectors_file, tmp_path):
    code, _, err = run("compare", "probe", "nothing.here:Model", "--source", vectors_file)
    assert code == 3
    assert "nothing.here" in err
    assert not (tmp_path / "burnish-out").exists()
    assert not (tmp_path / ".burnish").exists()


def test_help_shows_an_example_and_every_exit_code(run):
    code, out, _ = run("compare", "--help")
    assert code == 0
    assert "burnish compare" in out.split("Example", 1)[1]
    assert "leaves with 0" in " ".join(out.split())
