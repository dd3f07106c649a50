"""Audits and curations write versions down; versions are sources."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from burnish.testing.planted import Defects, planted_vectors

pytestmark = pytest.mark.slow


@pytest.fixture
def small_file(tmp_path):
    path = tmp_path / "small.parquet"
    planted = planted_vectors(240, n_dims=16, defects=Defects(duplicates=0.05, wrong_labels=0.08), seed=4)
    pq.write_table(planted.table, path)
    return path


def test_an_audit_keeps_its_source_and_a_version_is_a_source(run, run_json, small_file, tmp_path):
    _, out, _ = run("audit", small_file, "--tag", "first", "--why", "as it came")
    assert "version small@1" in out
    assert json.loads((tmp_path / "burnish-out" / "summary.json").read_text())["history"] == {
        "audited": "small@1", "new": None,
    }  # fmt: skip
    code, document = run_json("audit", "small@first", "--out", "again")
    assert (code, document["history"]["audited"]) == (0, "small@1")
    _, log = run_json("log", "small")
    assert [(v["version"], v["why"], v["tags"]) for v in log["log"]] == [("small@1", "as it came", ["first"])]
    assert log["log"][0]["recipe"]["parameters"]["seed"] == 0


def test_a_source_that_changed_is_the_next_version_and_the_diff_tells_clusters_and_findings(run, run_json, small_file):
    run("audit", small_file, "--name", "vectors")
    table = pq.read_table(small_file)
    train = [i for i, split in enumerate(table["split"].to_pylist()) if split == "train"]
    pq.write_table(table.take(sorted({*range(len(table))} - {*train[:8]})), small_file)
    run("audit", small_file, "--name", "vectors")
    _, document = run_json("diff", "vectors@1", "vectors@2")
    assert document["counts"] == {"in": 0, "out": 8, "relabelled": 0, "rewritten": 0}
    assert document["clusters"] is not None
    assert document["findings"] is not None
    assert "Findings of rows" in run("diff", "vectors@1", "vectors")[1]


def test_a_source_by_reference_is_read_again(run, small_file, tmp_path):
    run("audit", small_file, "--by-reference")
    assert not pq.read_schema(next((tmp_path / ".burnish").glob("datasets/small/rows/*.parquet"))).names[1:]
    assert run("export", "small@1", "--to", "csv", "--out", "out")[0] == 0
    small_file.write_bytes(b"")
    code, _, err = run("export", "small@1", "--to", "csv", "--out", "out")
    assert (code, "small.parquet" in err) == (3, True)


def test_the_rows_in_doubt_go_to_people_and_their_answers_come_back(run, run_json, small_file, tmp_path):
    run("audit", small_file)
    _, document = run_json("export", "small@1", "--to", "label-studio", "--out", "review")
    assert set(document["files"]) == {"tasks.json", "labeling.xml"}
    tasks = json.loads((tmp_path / "review" / "tasks.json").read_text())
    task = next(t["data"] for t in tasks if t["data"]["suggested_label"] and not t["data"]["evaluation"])
    locked = next(t["data"] for t in tasks if t["data"]["suggested_label"] and t["data"]["evaluation"])
    lines = [
        {"row_id": t["row_id"], "version": t["version"], "row_digest": t["row_digest"],
         "label": t["suggested_label"], "annotator": 1}
        for t in (task, locked)
    ]  # fmt: skip
    (tmp_path / "answers.json").write_text(json.dumps(lines))
    code, _, err = run("import-labels", "answers.json", "--source", "small@1")
    assert (code, "evaluation row" in err) == (3, True)
    _, document = run_json("import-labels", "answers.json", "--source", "small@1", "--skip-refused")
    assert document["new"]["version"] == "small@2"
    assert [row["row_id"] for row in document["refused"]] == [locked["row_id"]]
    assert "labelled" in run("why", task["row_id"])[1]


@pytest.mark.slow
def test_a_curation_that_may_stand_is_the_next_version_with_its_effect_and_made_once(run_json, small_file):
    flags = ("--margin", "0.9", "--max-slice-drop", "0.99", "--tag", "v2")
    _, document = run_json("curate", small_file, *flags)
    assert document["history"] == {"audited": "small@1", "new": "small@2"}
    _, log = run_json("log", "small@v2")
    (line,) = log["log"]
    assert line["effect"]["verdict"] == document["verdict"]
    assert line["why"] == document["verdict_sentence"]
    _, diff = run_json("diff", "small@1", "small@2")
    assert diff["effect"]["verdict"] == document["verdict"]
    _, again = run_json("curate", small_file, *flags[:-2])
    assert again["history"]["new"] == "small@2"


@pytest.mark.slow
def test_a_curation_that_may_not_stand_keeps_the_source_alone(run_json, small_file):
    _, document = run_json("curate", small_file, "--margin", "0.0001")
    if document["new_version"] is None:
        assert document["history"] == {"audited": "small@1", "new": None}


@pytest.mark.slow
def test_two_versions_can_be_compared(run, run_json, small_file):
    run_json("curate", small_file, "--margin", "0.9", "--max-slice-drop", "0.99")
    code, document = run_json("compare", "small@1", "small@2", "--out", "compared")
    assert code in (0, 1, 2)
    assert document["parameters"]["labels"] == ["small@1", "small@2"]


def test_a_source_whose_name_cannot_be_found_again_is_refused_before_any_work(refused, small_file, tmp_path):
    odd = small_file.rename(tmp_path / "a\tb.parquet")
    refused(("audit", odd), "cannot be the name of a data set", "--name NAME")


def test_a_source_that_lost_a_field_begins_anew_and_is_compared_row_by_row(run, run_json, small_file):
    table = pq.read_table(small_file)
    run("audit", small_file)
    fields = [name for name in table.column_names if name not in ("id", "label", "split")]
    kept = [name for name in table.column_names if name in ("id", "label", "split", fields[0])]
    pq.write_table(table.select(kept).rename_columns([*kept[:-1], "renamed"]), small_file)
    code, out, _ = run("audit", small_file, "--relock")
    assert (code, "version small@2" in out) == (0, True)
    _, document = run_json("diff", "small@1", "small@2")
    assert document["counts"]["rewritten"] == len(table)


def test_vectors_alone_have_a_history_too(run, run_json, tmp_path):
    vectors = np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32)
    np.savez(tmp_path / "vectors.npz", embeddings=vectors)
    assert "version vectors@1" in run("audit", "vectors.npz")[1]
    np.savez(tmp_path / "vectors.npz", embeddings=vectors[:55])
    run("audit", "vectors.npz", "--relock")
    _, document = run_json("diff", "vectors@1", "vectors@2")
    assert document["counts"]["out"] == 5
    run("undo", "vectors@2")
    assert run("export", "vectors@3", "--to", "parquet", "--out", "out")[0] == 0
    assert len(pq.read_table(tmp_path / "out" / "data.parquet")["embedding"]) == 60
