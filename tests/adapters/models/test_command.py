import json
import os
import re
import signal
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from burnish.adapters.models.command import CommandModel
from burnish.adapters.models.exchange import read_answers, write_sample
from burnish.dataset import Targets
from burnish.errors import ModelError, OutputError, UsageError
from burnish.testing.model_contract import CLASSES, ModelContract, samples

PAGE = Path(__file__).parents[3] / "docs" / "topics" / "models.md"
IDS = [f"row-{i}" for i in range(100, 150)]

CENTROIDS = """
import csv, json, os, sys
import numpy as np
import pyarrow.parquet as pq

train, rows = pq.read_table(sys.argv[1]), pq.read_table(sys.argv[2])
X, Z = (np.stack(table["embedding"].to_numpy()) for table in (train, rows))
label, task = train[os.environ["BURNISH_LABEL"]].to_pylist(), os.environ["BURNISH_TASK"]
classes = json.loads(os.environ["BURNISH_CLASSES"])
order = np.random.default_rng(0).permutation(len(rows))
lines = []
if task == "classification":
    seen = [c for c in classes if c in label]
    centers = np.stack([X[[l == c for l in label]].mean(axis=0) for c in seen])
    said = [seen[k] for k in ((Z[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)]
else:
    Y = np.array([[c in l for c in classes] for l in label], float) if task == "multi-label" else np.array(label)
    found = np.c_[Z, np.ones(len(Z))] @ np.linalg.lstsq(np.c_[X, np.ones(len(X))], Y, rcond=None)[0]
    said = found.tolist() if task == "regression" else [
        json.dumps([c for c, v in zip(classes, line) if v > 0.5]) for line in found
    ]
with open(sys.argv[3], "w", newline="") as file:
    out = csv.writer(file)
    out.writerow(["prediction", "row_id"])
    out.writerows([said[i], rows["row_id"][i].as_py()] for i in order)
"""


@pytest.fixture
def script(tmp_path, monkeypatch):
    """Give what writes a program and gives the command that runs it; its files go where none else do."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))

    def command(code, arguments="{train} {eval} {out}", *, program=sys.executable):
        path = tmp_path / "a program"
        path.write_text(code)
        return f"{program} '{path}' {arguments}"

    yield command
    assert list(scratch.iterdir()) == []


@pytest.mark.slow
class TestCentroids(ModelContract):
    @pytest.fixture
    def model(self, script):
        return CommandModel(script(CENTROIDS))


@pytest.mark.slow
def test_the_example_of_the_page_is_a_model(script):
    (code,) = re.findall(r"```python\n(# train\.py\n.*?)```", PAGE.read_text(), flags=re.DOTALL)
    train, rows = samples("classification")
    part = replace(train, rows=train.rows[train.values != 1])
    command = script(code, "--train {train} --eval {eval} --out {out} --seed {seed}")
    answer = CommandModel(command).fit_predict(part, rows, seed=0)
    told = rows.values != 1
    assert (answer.argmax(axis=1) == rows.values)[told].mean() > 0.9
    assert (answer[:, 1] == 0).all()


def test_a_program_in_sh_is_a_model(script):
    says = 'echo prediction >"$3"; for i in $(seq 50); do echo blue >>"$3"; done'
    answer = CommandModel(script(says, program="sh")).fit_predict(*samples("classification"), seed=0)
    assert (answer == [0, 1, 0]).all()


def test_a_program_is_told_the_task_the_classes_the_label_and_the_seed(script):
    says = 'echo "$BURNISH_TASK $BURNISH_LABEL $BURNISH_CLASSES seed=$4 $5" >&2; exit 1'
    command = script(says, "{train} {eval} {out} {seed} 'a|b'", program="sh")
    said = re.escape('classification label ["amber", "blue", "coral"] seed=17 a|b')
    with pytest.raises(ModelError, match=said):
        CommandModel(command).fit_predict(*samples("classification"), seed=17)


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ("echo line one >&2; echo out of luck >&2; exit 3", r"exit code 3\. .*stderr: line one \| out of luck"),
        ("echo only here; exit 1", "exit code 1.*stdout: only here"),
        ("exit 1", "exit code 1. It said nothing"),
        ("kill -9 $$", "killed by SIGKILL"),
        ("echo forgot it >&2", r"left no file at \{out\}.*forgot it"),
        (': >"$3"', "empty file"),
        ('echo "PAR1 and no more" >"$3"', "cannot be read"),
        ('mkdir "$3"', "cannot be read"),
        ('printf "\\377\\376\\001" >"$3"', "cannot be read|no column"),
        ('echo some words >"$3"', "no column 'prediction'; there are some words"),
        ('echo "{\\"prediction\\": " >"$3"', "cannot be read"),
        ('echo "[1, 2]" >"$3"', "no JSON object"),
        ('printf "prediction\\nblue\\n" >"$3"', "wrote 1 predictions for 50 rows"),
        ('printf "row_id,prediction\\nrow-100,blue\\n" >"$3"', "1 of 50 rows; the first that lacks is 'row-101'"),
        (
            'echo prediction >"$3"; for i in $(seq 50); do echo bleu >>"$3"; done',
            "'bleu' in 50 place.*Known labels: amber",
        ),
    ],
)  # fmt: skip
def test_what_a_program_does_wrong_is_told_with_a_remedy(script, says, told):
    with pytest.raises(ModelError, match=told) as raised:
        CommandModel(script(says, program="sh")).fit_predict(*samples("classification"), seed=0)
    assert raised.value.remedy
    assert "\n" not in str(raised.value)


@pytest.mark.slow
def test_a_program_that_hangs_is_killed_with_the_programs_it_started(script, tmp_path):
    says = f'sleep 300 & echo $! >"{tmp_path}/child"; echo waiting >&2; wait'
    started = time.monotonic()
    with pytest.raises(ModelError, match=r"longer than 1 s\. Its last lines on stderr: waiting"):
        CommandModel(script(says, program="sh"), timeout_seconds=1).fit_predict(*samples("classification"), seed=0)
    assert time.monotonic() - started < 60
    assert is_gone(int((tmp_path / "child").read_text()))


def test_a_program_that_ends_leaves_no_program_behind(script, tmp_path):
    says = f'sleep 300 & echo $! >"{tmp_path}/child"; exit 1'
    with pytest.raises(ModelError, match="exit code 1"):
        CommandModel(script(says, program="sh")).fit_predict(*samples("classification"), seed=0)
    assert is_gone(int((tmp_path / "child").read_text()))


@pytest.fixture
def interruptible():
    """A shell starts background jobs deaf to Ctrl-C, and this run may be one."""
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, former)


def test_ctrl_c_kills_the_program_and_leaves_no_file(script, tmp_path, interruptible):
    child = tmp_path / "child"

    def press():
        while not (child.exists() and child.read_text().strip()):
            time.sleep(0.02)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    model = CommandModel(script(f'echo $$ >"{child}"; exec sleep 300', program="sh"))
    presser = threading.Thread(target=press)
    presser.start()
    with pytest.raises(KeyboardInterrupt):
        model.fit_predict(*samples("classification"), seed=0)
    presser.join()
    assert is_gone(int(child.read_text()))


def is_gone(process_id):
    """Wait for init to collect it; a zombie counts as gone."""
    for _ in range(200):
        try:
            if Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
            os.kill(process_id, 0)
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize(
    ("command", "error", "told"),
    [
        ("no-such-program {train} {eval} {out}", ModelError, "'no-such-program': no such program"),
        ("sh {train} {eval}", UsageError, "has no {out}"),
        ("sh {train} {eval} {out} {label}", UsageError, "unknown placeholder {label}.*{seed}"),
        ("sh '{train} {eval} {out}", UsageError, "Close every quote"),
    ],
)
def test_a_command_that_cannot_work_is_refused_before_anything_runs(command, error, told):
    with pytest.raises(error, match=told):
        CommandModel(command)


def test_a_time_limit_of_nothing_is_refused():
    with pytest.raises(UsageError, match="time limit of 0"):
        CommandModel("sh {train} {eval} {out}", timeout_seconds=0)


def test_a_file_that_is_no_program_is_told(tmp_path):
    path = tmp_path / "train.bin"
    path.write_bytes(b"\x00\x01")
    path.chmod(0o755)
    with pytest.raises(ModelError, match=r"cannot be started.*Exec format error"):
        CommandModel(f"{path} {{train}} {{eval}} {{out}}").fit_predict(*samples("classification"), seed=0)


@pytest.mark.parametrize("task", ["classification", "multi-label", "regression"])
def test_the_files_hold_the_fields_the_vectors_and_the_targets_and_no_label_of_the_rows(tmp_path, task):
    train, rows = samples(task)
    write_sample(train, tmp_path / "train.parquet", with_label=True)
    write_sample(rows, tmp_path / "eval.parquet", with_label=False)
    given, asked = (pq.read_table(tmp_path / f"{name}.parquet") for name in ("train", "eval"))
    assert asked.column_names == ["size", "kind", "row_id", "embedding"]
    assert given.column_names == [*asked.column_names, "label"]
    assert asked["row_id"].to_pylist() == IDS
    assert given["size"].to_pylist() == train.fields["size"].to_pylist()
    np.testing.assert_array_equal(np.stack(asked["embedding"].to_numpy()), rows.embeddings)
    truth = {
        "classification": lambda: [CLASSES[code] for code in train.values],
        "multi-label": lambda: [[c for c, has in zip(CLASSES, line, strict=True) if has] for line in train.values],
        "regression": train.values.tolist,
    }[task]()
    assert given["label"].to_pylist() == truth
    classes = [] if task == "regression" else list(CLASSES)
    assert json.loads(asked.schema.metadata[b"burnish.classes"]) == classes


def test_a_field_that_is_called_embedding_or_row_id_gives_way(tmp_path):
    train, _ = samples("classification")
    fields = train.dataset.fields.rename_columns(["embedding", "row_id", "label"])
    write_sample(replace(train, dataset=replace(train.dataset, fields=fields)), tmp_path / "t.parquet", with_label=True)
    assert pq.read_table(tmp_path / "t.parquet")["row_id"].to_pylist()[:2] == ["row-0", "row-1"]


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(OutputError, match="TMPDIR"):
        write_sample(samples("classification")[0], tmp_path / "no" / "t.parquet", with_label=True)


TARGETS = Targets("classification", np.zeros(3, np.int32), ("1", "2", "x, y"))
THREE = pa.array(["007", "b", "2024-01-01"])
PROBA = [[0.8, 0.2, 0], [0.1, 0.5, 0.4], [0, 0, 1]]


def parquet(path, columns):
    pq.write_table(pa.table(columns), path)


def jsonl(path, columns):
    records = [dict(zip(columns, line, strict=True)) for line in zip(*columns.values(), strict=True)]
    path.write_text("\n".join(json.dumps(record) for record in records))


def json_array(path, columns):
    records = [dict(zip(columns, line, strict=True)) for line in zip(*columns.values(), strict=True)]
    path.write_text(json.dumps(records, indent=1))


def delimited(path, columns):
    def cell(value):
        text = json.dumps(value) if isinstance(value, list) else str(value)
        return '"' + text.replace('"', '""') + '"'

    lines = [",".join(columns), *(",".join(map(cell, line)) for line in zip(*columns.values(), strict=True))]
    path.write_text("\n".join(lines))


FORMS = [parquet, jsonl, json_array, delimited]


@pytest.mark.parametrize("write", FORMS)
def test_every_form_gives_the_same_and_the_order_of_lines_does_not_matter(tmp_path, write):
    columns = {"row_id": ["2024-01-01", "007", "b"], "prediction": ["x, y", "1", "2"]}
    write(tmp_path / "out.parquet", columns)
    answer = read_answers(tmp_path / "out.parquet", THREE, TARGETS)
    assert answer.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    write(tmp_path / "out.parquet", columns | {"proba": [PROBA[2], PROBA[0], PROBA[1]]})
    np.testing.assert_allclose(read_answers(tmp_path / "out.parquet", THREE, TARGETS), PROBA)
    write(tmp_path / "out.parquet", {"proba": PROBA})
    np.testing.assert_allclose(read_answers(tmp_path / "out.parquet", THREE, TARGETS), PROBA)


@pytest.mark.parametrize("write", FORMS)
def test_sets_and_numbers_are_read_from_every_form(tmp_path, write):
    sets = Targets("multi-label", np.zeros((3, 3), np.float32), TARGETS.classes)
    write(tmp_path / "out", {"prediction": [["1", "x, y"], [], ["2"]]})
    assert read_answers(tmp_path / "out", THREE, sets).tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 0]]
    write(
        tmp_path / "out", {"proba": [[1, 0, 0.9], [0, 0, 0], [0.2, 0.7, 0]], "prediction": [["1", "x, y"], [], ["2"]]}
    )
    assert read_answers(tmp_path / "out", THREE, sets)[0].tolist() == pytest.approx([1, 0, 0.9])
    numbers = Targets("regression", np.zeros(3))
    write(tmp_path / "out", {"row_id": ["b", "007", "2024-01-01"], "prediction": [1.5, 2, -3e9]})
    assert read_answers(tmp_path / "out", THREE, numbers).tolist() == [[2], [1.5], [-3e9]]


def test_numbers_are_labels_where_labels_are_numbers(tmp_path):
    parquet(tmp_path / "out", {"prediction": [1, 2, 1]})
    assert read_answers(tmp_path / "out", THREE, TARGETS).argmax(axis=1).tolist() == [0, 1, 0]


KNOWN = {"row_id": THREE, "prediction": ["1", "2", "2"]}
WRONG = {
    "an unknown row": (KNOWN | {"row_id": ["007", "b", "c"]}, "1 row_id that {eval} has not, first 'c'"),
    "a row twice": (KNOWN | {"row_id": ["007", "b", "b"]}, "row 'b' more than once"),
    "a row without id": (KNOWN | {"row_id": ["007", "b", None]}, "first None"),
    "too many rows": ({"prediction": ["1", "1", "2", "2"]}, "4 predictions for 3 rows"),
    "no label": (KNOWN | {"prediction": ["1", "2", None]}, "unknown label None"),
    "no column": ({"row_id": THREE, "label": ["1", "2", "2"]}, "no column 'prediction'; there are row_id, label"),
    "a proba of two": (KNOWN | {"proba": [[0.5, 0.5]] * 3}, "2 probabilities for row 1, and there are 3 classes"),
    "half a proba": (KNOWN | {"proba": [[0.5, 0, 0]] * 3}, "add up to 0.5"),
    "NaN in proba": ({"proba": [[np.nan, 1, 0]] * 3}, "probability nan"),
    "null in proba": ({"proba": [[None, 1, 0]] * 3}, "probability nan"),
    "no proba in a row": ({"proba": [[1, 0, 0], None, [1, 0, 0]]}, "no proba for 1 row"),
    "words in proba": ({"proba": ["[1, 0, 0]", "often", "[1, 0, 0]"]}, "cannot be read"),
    "another proba": (KNOWN | {"proba": PROBA}, r"1 row\(s\), first row 3, that is not the most probable"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_a_file_that_is_wrong_is_told_with_what_was_seen(tmp_path, wrong):
    columns, told = WRONG[wrong]
    parquet(tmp_path / "out", columns)
    with pytest.raises(ModelError, match=told):
        read_answers(tmp_path / "out", THREE, TARGETS)


def test_numbers_and_sets_that_are_wrong_are_told(tmp_path):
    numbers = Targets("regression", np.zeros(3))
    for prediction, told in (([1.0, np.nan, 2], "nan for row 2"), (["1", "much", "2"], "cannot be read"),
                             ([1.0, None, 2], "nan for row 2")):  # fmt: skip
        parquet(tmp_path / "out", {"prediction": prediction})
        with pytest.raises(ModelError, match=told):
            read_answers(tmp_path / "out", THREE, numbers)
    sets = Targets("multi-label", np.zeros((3, 3), np.float32), TARGETS.classes)
    for columns, told in (
        ({"prediction": [["1"], ["3"], []]}, "unknown label '3'"),
        ({"prediction": [["1"], None, []]}, "no prediction for 1 row"),
        ({"prediction": [["1"], [], []], "proba": [[1, 0.9, 0], [0, 0, 0], [0, 0, 0]]}, "not the classes above"),
    ):  # fmt: skip
        parquet(tmp_path / "out", columns)
        with pytest.raises(ModelError, match=told):
            read_answers(tmp_path / "out", THREE, sets)
