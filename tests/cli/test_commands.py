import json
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.slow

AUDIT_FILES = {"report.html", "summary.json", "rows.parquet", "findings.parquet", "clusters.parquet", "slices.parquet"}


def test_an_audit_writes_the_files_of_the_contract_and_says_where(run, texts_file):
    code, out, err = run("audit", texts_file)
    assert code == 0
    assert {p.name for p in (texts_file.parent / "burnish-out").iterdir()} == AUDIT_FILES
    assert "report.html" in out.splitlines()[-1]
    assert "text = text" in " ".join(out.split())
    assert err == ""


def test_rows_come_in_the_order_of_the_source_with_every_column_filled(run, vectors_file, planted):
    run("audit", vectors_file)
    rows = pq.read_table(vectors_file.parent / "burnish-out" / "rows.parquet")
    assert rows["row_id"].to_pylist() == planted.table["id"].to_pylist()
    for name in ("predicted_label", "label_quality", "outlier_score", "nearest_row_id", "cluster", "map_x"):
        assert rows[name].null_count == 0, name


def test_json_is_one_document_on_stdout_and_nothing_else(run_json, vectors_file):
    code, document = run_json("audit", vectors_file)
    assert code == 0
    assert document["n_rows"] == 900
    assert document["kind"] == "vectors"
    assert {"DUP001", "DUP002", "LAB001", "LEK001"} <= set(document["findings"])
    written = json.loads((vectors_file.parent / "burnish-out" / "summary.json").read_text())
    passing = {"files", "created", "timings"}
    assert {k: v for k, v in document.items() if k not in passing} == {
        k: v for k, v in written.items() if k not in passing
    }


@pytest.mark.slow
def test_the_same_seed_gives_the_same_rows(run, vectors_file):
    tables = []
    for out in ("one", "two"):
        run("audit", vectors_file, "--out", out)
        tables.append(pq.read_table(vectors_file.parent / out / "rows.parquet").drop_columns(["map_x", "map_y"]))
    assert tables[0].equals(tables[1])


@pytest.mark.slow
def test_curate_drops_planted_defects_and_never_an_evaluation_row(run_json, vectors_file, planted):
    code, document = run_json("curate", vectors_file)
    out = vectors_file.parent / "burnish-out"
    evaluation = json.loads((out / "evaluation.json").read_text())
    changes = json.loads((out / "changeset.json").read_text())
    assert evaluation["verdict"] == document["verdict"]
    assert code == {"better": 0, "no worse": 0, "worse": 1, "inconclusive": 2}[document["verdict"]]
    assert document["verdict"] != "worse"
    assert {"before", "after", "control"} <= set(evaluation["arms"])
    splits = dict(zip(planted.table["id"].to_pylist(), planted.table["split"].to_pylist(), strict=True))
    edited = {edit["row_id"] for edit in changes["edits"]}
    assert {splits[row_id] for row_id in edited} == {"train"}
    copies = {planted.table["id"][int(copy)].as_py() for copy, _ in planted.duplicates}
    originals = {planted.table["id"][int(origin)].as_py() for _, origin in planted.duplicates}
    assert len(edited & (copies | originals)) == len(planted.duplicates)


@pytest.mark.slow
def test_the_curated_file_is_the_source_without_the_dropped_rows(run_json, vectors_file, planted):
    _, document = run_json("curate", vectors_file)
    curated = vectors_file.parent / "burnish-out" / "curated.parquet"
    if document["new_version"] is None:
        assert not curated.exists()
    else:
        table = pq.read_table(curated)
        assert table.column_names == planted.table.column_names
        assert len(table) == 900 - document["n_edits"]


@pytest.mark.slow
def test_measure_takes_the_changeset_that_curate_wrote(run, run_json, vectors_file):
    run("curate", vectors_file, "--out", "first")
    code, document = run_json("measure", vectors_file, "--changeset", "first/changeset.json")
    first = json.loads((vectors_file.parent / "first" / "evaluation.json").read_text())
    assert document["verdict"] == first["verdict"]
    assert code in (0, 2)


def test_fail_on_makes_an_audit_a_gate(run, vectors_file):
    assert run("audit", vectors_file, "--fail-on", "error")[0] == 1


@pytest.mark.slow
def test_an_estimator_by_import_path_is_the_model(run_json, vectors_file):
    _, document = run_json("curate", vectors_file, "--model", "sklearn.naive_bayes:GaussianNB")
    out = json.loads((vectors_file.parent / "burnish-out" / "evaluation.json").read_text())
    assert out["parameters"]["model"] == "GaussianNB()"
    assert document["verdict"] in ("better", "no worse", "inconclusive", "worse")


@pytest.mark.slow
def test_a_config_file_fills_flags_and_a_flag_wins(run_json, vectors_file):
    (vectors_file.parent / "burnish.toml").write_text('[burnish]\nseed = 5\nout = "from-config"\n')
    _, document = run_json("audit", vectors_file, "--config", "burnish.toml", "--seed", "6")
    assert document["parameters"]["seed"] == 6
    assert (vectors_file.parent / "from-config" / "report.html").exists()


def test_an_unknown_key_in_the_config_suggests_the_nearest(run, vectors_file):
    (vectors_file.parent / "burnish.toml").write_text("[burnish]\nsede = 5\n")
    code, _, err = run("audit", vectors_file, "--config", "burnish.toml")
    assert code == 3
    assert "Did you mean 'seed'?" in err


@pytest.mark.parametrize("command", ["demo", "audit", "curate", "measure"])
def test_every_command_has_help_with_an_example(run, command):
    code, out, _ = run(command, "--help")
    assert code == 0
    assert f"burnish {command}" in out.split("Example", 1)[1]


def test_help_and_import_are_instant():
    probe = (
        "import resource, runpy, sys; sys.argv = ['burnish', '--help']\n"
        "try: runpy.run_module('burnish', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'pyarrow', 'sklearn', 'scipy'} & set(sys.modules)\n"
        "print('heavy', sorted(heavy), file=sys.stderr)\n"
        "print(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    heavy, seconds = done.stderr.strip().splitlines()[-2:]
    assert heavy == "heavy []"
    assert float(seconds) < 0.3


@pytest.mark.slow
def test_the_demo_tells_the_whole_story(run):
    code, out, err = run("demo")
    assert code == 0
    assert err == ""
    told = " ".join(out.split())
    for part in ("1,528 rows", "What was found", "LAB001", "What the change did to the model", "control", "report:"):
        assert part in told, part
