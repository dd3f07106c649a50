"""Bad models, metrics, evaluation sets, changesets, pools and recipes are refused, and nothing is half-written."""

import json
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from burnish.adapters.sources import read_source

pytestmark = pytest.mark.slow


def rows_of(n_rows=200, seed=0, **fields):
    """Two classes of vectors that are told apart; every fifth row is for evaluation, ten train rows are copies."""
    rng = np.random.default_rng(seed)
    codes = np.arange(n_rows) // 5 % 2
    vectors = (rng.normal(size=(n_rows, 8)) + 3 * codes[:, None]).astype(np.float32)
    vectors[[i * 5 for i in range(5)]] = vectors[[i * 5 + 1 for i in range(5)]]
    columns = {
        "id": [f"r{i}" for i in range(n_rows)],
        "embedding": list(vectors),
        "label": [("no", "yes")[code] for code in codes],
        "split": ["test" if i % 5 == 4 else "train" for i in range(n_rows)],
    }
    return pa.table({**columns, **fields})


@pytest.fixture
def source(tmp_path):
    def write(table, name="rows.parquet"):
        pq.write_table(table, tmp_path / name)
        return name

    return write


@pytest.fixture
def refused(run, tmp_path):
    """Run; assert exit code 3, one line that says what and one that says what to do, and an unchanged folder."""

    def command(*arguments, out="burnish-out"):
        before = contents(tmp_path, out)
        code, said, err = run(*arguments)
        assert (code, said) == (3, "")
        assert "Traceback" not in err
        lines = [line for line in err.strip().splitlines() if not line.startswith("before any change")]
        lines = lines[-2:] if len(lines) > 2 and lines[-2].startswith("burnish: ") else lines
        assert len(lines) == 2, err
        assert lines[0].startswith("burnish: ")
        assert lines[1].startswith("  → ")
        assert contents(tmp_path, out) == before
        return lines[0], lines[1]

    return command


def contents(folder, out):
    """Give what lies in the output folder, and any unfinished file beside it."""
    left = [path.name for path in folder.iterdir() if path.name.startswith(".burnish-")]
    inside = {p.name: p.read_bytes() for p in (folder / out).iterdir()} if (folder / out).exists() else None
    return left, inside


@pytest.fixture
def program(tmp_path):
    """Give the command that runs a Python program as the model."""

    def write(code):
        (tmp_path / "model.py").write_text(code)
        return f"{sys.executable} model.py {{train}} {{eval}} {{out}}"

    return write


SAYING = """
import csv, sys
import pyarrow.parquet as pq
rows = pq.read_table(sys.argv[2])
with open(sys.argv[3], "w", newline="") as file:
    out = csv.writer(file)
    out.writerow(["row_id", "prediction"])
    out.writerows([id, {label!r}] for id in rows["row_id"].to_pylist()[: {n_rows}])
"""
BROKEN_MODELS = {
    "crashes": ("import sys; sys.exit('out of luck')", "out of luck", "by hand"),
    "hangs": ("import time; time.sleep(60)", "1 s", "--timeout-seconds"),
    "predicts an unknown label": (SAYING.format(label="maybe", n_rows=None), "'maybe'", "no, yes"),
    "predicts too few rows": (SAYING.format(label="no", n_rows=7), "7", "row"),
    "writes nothing": ("pass", "left no file", "write its predictions"),
}


@pytest.fixture
def asking(tmp_path, source):
    """Write a source, and give the arguments of a command that would measure on it with a model."""

    def arguments(command, table, model="probe"):
        name = source(table)
        if command == "measure":
            return "measure", name, "--changeset", changeset_of(tmp_path, name, drop=["r0"]), "--model", model
        if command == "select":
            return "select", name, "--budget", "20", "--model", model
        return "compare", "probe", model if model != "probe" else "sklearn.svm:LinearSVC", "--source", name

    return arguments


@pytest.mark.parametrize("fault", BROKEN_MODELS)
def test_a_training_program_that(refused, asking, program, fault):
    code, said, remedy = BROKEN_MODELS[fault]
    seconds = "1" if fault == "hangs" else "60"
    for command in ("measure", "compare"):
        arguments = asking(command, rows_of(), model=program(code))
        problem, told = refused(*arguments, "--label", "label", "--timeout-seconds", seconds)
        assert said in problem
        assert remedy in told


def changeset_of(folder, name, *, drop, version=None):
    """Write a changeset for a source, and give its name."""
    dataset, _ = read_source(str(folder / name), {"id": "id", "label": "label", "split": "split"})
    edits = [{"action": "drop", "row_id": row_id, "code": "HAND", "reason": "a test"} for row_id in drop]
    document = {"version": version or dataset.version, "edits": edits}
    (folder / "changes.json").write_text(json.dumps(document))
    return "changes.json"


def test_a_model_that_fails_in_curate_leaves_the_audit_whole_and_no_measurement(run, source, program, tmp_path):
    code, _, err = run("curate", source(rows_of()), "--label", "label", "--model", program("import sys; sys.exit(7)"))
    assert code == 3
    assert "exit code 7" in err
    assert "Traceback" not in err
    names = {path.name for path in (tmp_path / "burnish-out").iterdir()}
    assert "report.html" in names
    assert not names & {"evaluation.json", "changeset.json", "curated.parquet"}


def test_an_evaluation_set_of_one_class(refused, source, tmp_path):
    labels = rows_of()["label"].to_pylist()
    one = ["no" if i % 5 == 4 else label for i, label in enumerate(labels)]
    name = source(rows_of().set_column(2, "label", [one]))
    problem, remedy = refused("measure", name, "--changeset", changeset_of(tmp_path, name, drop=["r0"]))
    assert "evaluation rows have only one class" in problem
    assert "two" in remedy


def test_an_evaluation_set_of_ten_rows(refused, source, tmp_path):
    name = source(rows_of(50))
    problem, remedy = refused("measure", name, "--changeset", changeset_of(tmp_path, name, drop=["r0"]))
    assert "10 usable evaluation rows" in problem
    assert "20" in remedy
    problem, _ = refused("compare", "probe", "sklearn.svm:LinearSVC", "--source", name)
    assert "10 usable evaluation rows" in problem


@pytest.mark.parametrize("command", ["measure", "select", "compare"])
@pytest.mark.parametrize(
    "case",
    [
        (None, "rmse", "holds string, not numbers", "accuracy"),
        (np.linspace(0.1, 9.7, 200), "accuracy", "'accuracy' does not fit regression", "classification"),
        (None, "acuracy", "unknown metric 'acuracy'", "Did you mean 'accuracy'?"),
        (None, "nothing.here:metric", "nothing.here", "module:callable"),
    ],
    ids=["rmse of strings", "accuracy of floats", "unknown", "not to be imported"],
)
def test_a_metric_that_does_not_fit(refused, asking, command, case):
    label, metric, said, remedy = case
    table = rows_of() if label is None else rows_of().set_column(2, "label", [label])
    problem, told = refused(*asking(command, table), "--label", "label", "--metric", metric)
    assert said in problem
    assert remedy in told


def test_a_metric_of_the_user_that_fails_is_told_as_its_fault(refused, asking, tmp_path):
    (tmp_path / "my_broken_metric.py").write_text("def broken(truth, predicted):\n    raise ValueError('no idea')\n")
    problem, remedy = refused(*asking("compare", rows_of()), "--label", "label", "--metric", "my_broken_metric:broken")
    assert "the metric 'my_broken_metric:broken' failed: ValueError: no idea" in problem
    assert "one number" in remedy


def test_a_changeset_made_for_another_version(refused, source, tmp_path):
    name = source(rows_of())
    problem, remedy = refused(
        "measure", name, "--changeset", changeset_of(tmp_path, name, drop=["r0"], version="0" * 16)
    )
    assert "0" * 16 in problem
    assert remedy


def test_a_changeset_that_touches_a_locked_row(refused, source, tmp_path):
    name = source(rows_of())
    problem, _ = refused("measure", name, "--changeset", changeset_of(tmp_path, name, drop=["r4"]))
    assert "'r4'" in problem
    assert "evaluation" in problem


def test_a_changeset_of_a_row_that_is_not_there(refused, source, tmp_path):
    name = source(rows_of())
    problem, _ = refused("measure", name, "--changeset", changeset_of(tmp_path, name, drop=["nobody"]))
    assert "nobody" in problem


@pytest.mark.parametrize(("row", "what"), [(1, "training"), (4, "evaluation")])
def test_a_pool_that_overlaps(refused, source, row, what):
    name = source(rows_of())
    pool = source(rows_of().slice(row, 1).drop_columns(["label", "split"]), "pool.parquet")
    problem, remedy = refused("acquire", name, "--pool", pool, "--budget", "1")
    assert f"{what} rows already, first 'r{row}'" in problem
    assert "Leave them out" in remedy


@pytest.mark.parametrize(
    ("budget", "said"), [("41", "the budget is 41, and the pool has 40 rows"), ("0", "budget is 0")]
)
def test_a_budget_that_the_pool_has_not(refused, source, budget, said):
    ids = [f"p{i}" for i in range(40)]
    pool = source(rows_of(40, seed=1).drop_columns(["label", "split"]).set_column(0, "id", [ids]), "pool.parquet")
    problem, remedy = refused("acquire", source(rows_of()), "--pool", pool, "--budget", budget)
    assert said in problem
    assert "row" in remedy


@pytest.mark.parametrize("value", ["2", "0", "1", "-1", "often"])
def test_a_precision_that_is_no_share(refused, source, value):
    problem, remedy = refused("audit", source(rows_of()), "--min-precision", value)
    assert value in problem
    assert "--min-precision" in problem + remedy


@pytest.mark.parametrize("command", ["audit", "curate", "measure", "compare", "select", "acquire"])
def test_a_recipe_with_an_unknown_key_suggests_the_nearest(refused, source, tmp_path, command):
    source(rows_of())
    (tmp_path / "burnish.toml").write_text('[burnish]\nlable = "label"\n')
    more = {
        "audit": ("rows.parquet",), "curate": ("rows.parquet",), "compare": ("rows.parquet", "rows.parquet"),
        "measure": ("rows.parquet", "--changeset", "c.json"), "select": ("rows.parquet", "--budget", "3"),
        "acquire": ("rows.parquet", "--pool", "rows.parquet", "--budget", "3"),
    }[command]  # fmt: skip
    problem, remedy = refused(command, *more, "--config", "burnish.toml")
    assert "'lable'" in problem
    assert "'label'" in remedy


def test_a_refused_run_leaves_the_files_of_the_last_one(run, refused, source, tmp_path):
    """`refused` compares the folder before and after, byte by byte."""
    name = source(rows_of())
    assert run("audit", name)[0] == 0
    assert (tmp_path / "burnish-out" / "report.html").exists()
    refused("measure", name, "--changeset", changeset_of(tmp_path, name, drop=["r4"]))
    refused("select", name, "--budget", "0")
    refused("compare", "probe", "os:getcwd", "--source", name)
