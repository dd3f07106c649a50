"""Bad input: a clear message with the remedy, the documented exit code, nothing half-written."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from PIL import Image

pytestmark = pytest.mark.slow


def table_of(n_rows=60, **fields):
    rng = np.random.default_rng(0)
    columns = {
        "text": [f"a text about thing {i} and {rng.integers(1_000)} more words" for i in range(n_rows)],
        "label": [("red", "blue")[i % 2] for i in range(n_rows)],
    }
    return pa.table({**columns, **fields})


@pytest.fixture
def refused(run, tmp_path):
    """Run and assert that it was refused: exit 3, two lines, no traceback, nothing written."""

    def command(*arguments):
        code, out, err = run(*arguments)
        assert (code, out) == (3, "")
        lines = err.strip().splitlines()
        assert len(lines) == 2
        assert lines[0].startswith("burnish: ")
        assert lines[1].startswith("  → ")
        assert "Traceback" not in err
        assert not (tmp_path / "burnish-out").exists()
        return err

    return command


def written(tmp_path, table, name="rows.parquet"):
    pq.write_table(table, tmp_path / name)
    return tmp_path / name


def test_a_missing_file(refused, tmp_path):
    written(tmp_path, table_of())
    assert "rows.parquet" in refused("audit", tmp_path / "row.parquet")


def test_a_field_that_does_not_exist_suggests_the_nearest(refused, tmp_path):
    assert "label" in refused("audit", written(tmp_path, table_of()), "--label", "lable")


def test_an_empty_table(refused, tmp_path):
    assert "no rows" in refused("audit", written(tmp_path, table_of().slice(0, 0)))


def test_one_row_is_audited_without_a_fuss(run, tmp_path):
    code, out, _ = run("audit", written(tmp_path, table_of(1)))
    assert code == 0
    assert "1 row" in out


@pytest.mark.slow
def test_one_class_is_audited_and_cannot_be_measured(run, tmp_path):
    copied = table_of()["text"].to_pylist()[:50] + ["a copied text about nothing much"] * 10
    source = written(tmp_path, table_of(label=["red"] * 60, text=copied))
    assert run("audit", source)[0] == 0
    code, _, err = run("curate", source, "--out", "other")
    assert code == 3
    assert "one class" in err


def test_unusable_embeddings_are_refused_and_a_few_are_findings(run, refused, tmp_path):
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(60, 8)).astype(np.float32)
    np.save(tmp_path / "none.npy", np.full((60, 8), np.nan, np.float32))
    assert "can be used" in refused("audit", tmp_path / "none.npy")
    vectors[3], vectors[4], vectors[5] = np.nan, np.inf, 0
    np.save(tmp_path / "some.npy", vectors)
    assert run("audit", tmp_path / "some.npy")[0] == 0
    found = pq.read_table(tmp_path / "burnish-out" / "findings.parquet")
    assert found.filter(pc.equal(found["code"], "QUA030")).num_rows == 3


def test_embeddings_of_two_lengths(refused, tmp_path):
    table = table_of(embedding=[[0.1] * 8] * 59 + [[0.1] * 7])
    assert "59" in refused("audit", written(tmp_path, table), "--embedding", "embedding")


def test_a_label_never_seen_in_train(run, tmp_path):
    labels = ["red", "blue"] * 24 + ["green"] * 12
    splits = ["train"] * 48 + ["test"] * 12
    assert run("audit", written(tmp_path, table_of(label=labels, split=splits)))[0] == 0
    rows = pq.read_table(tmp_path / "burnish-out" / "rows.parquet")
    assert "green" not in rows["predicted_label"].to_pylist()


def test_a_corrupt_image_among_good_ones_is_a_finding(run, tmp_path):

    rng = np.random.default_rng(0)
    for i in range(12):
        folder = tmp_path / "photos" / ("cat" if i % 2 else "dog")
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (48, 48, 3), dtype=np.uint8)).save(folder / f"{i}.png")
    (tmp_path / "photos" / "cat" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnot really")
    assert run("audit", tmp_path / "photos")[0] == 0
    found = pq.read_table(tmp_path / "burnish-out" / "findings.parquet").to_pylist()
    assert [f["kind"] for f in found if f["code"] == "QUA010"] == ["quality"]


@pytest.mark.slow
def test_ten_megabytes_of_text_in_one_cell(run, tmp_path):
    table = table_of(text=["word " * 2_000_000] + [f"text number {i} here" for i in range(59)])
    assert run("audit", written(tmp_path, table))[0] == 0


def test_duplicate_ids(refused, tmp_path):
    assert "same" in refused("audit", written(tmp_path, table_of(id=["same"] * 60)), "--id", "id")


def test_an_output_that_cannot_be_a_folder(run, tmp_path):
    (tmp_path / "taken").write_text("a file")
    code, _, err = run("audit", written(tmp_path, table_of()), "--out", "taken")
    assert code == 3
    assert "taken" in err
    assert (tmp_path / "taken").read_text() == "a file"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("audit",), "SOURCE"),
        (("audti", "x"), "audti"),
        (("audit", "x.parquet", "--seeed", "1"), "--seed"),
        (("audit", "x.parquet", "--seed", "one"), "one"),
        (("curate", "ROWS", "--metric", "acuracy"), "accuracy"),
        (("curate", "ROWS", "--model", "nothing.here:Model"), "nothing.here"),
        (("curate", "ROWS", "--model", "os:getcwd"), "fit"),
        (("audit", "ROWS", "--embedder", "minlm"), "minilm"),
        (("audit", "ROWS", "--eval-split", "tset"), "tset"),
        (("measure", "ROWS", "--changeset", "missing.json"), "missing.json"),
        (("measure", "ROWS", "--changeset", "ROWS"), "changeset"),
    ],
)
def test_wrong_usage_says_what_and_what_to_do(refused, tmp_path, arguments, said):
    source = written(tmp_path, table_of(split=["train"] * 40 + ["test"] * 20))
    assert said in refused(*(str(source) if a == "ROWS" else a for a in arguments))


@pytest.mark.parametrize(
    "arguments",
    [
        ("audit", "SOURCE"),
        ("curate", "SOURCE"),
        ("compare", "rows.parquet", "SOURCE"),
        ("compare", "probe", "probe", "--source", "SOURCE"),
    ],
)
def test_a_source_among_the_files_of_a_run_is_not_taken_away(run, tmp_path, arguments):
    (tmp_path / "burnish-out").mkdir()
    source = written(tmp_path / "burnish-out", table_of(), "curated.parquet")
    code, _, err = run(*(str(source) if a == "SOURCE" else a for a in arguments))
    assert code == 3
    assert "lies in the output folder" in err
    assert "--out" in err
    assert source.exists()


@pytest.mark.slow
@pytest.mark.parametrize("after_seconds", [0.2, 1.5, 3.0])
def test_an_interrupt_leaves_nothing_half_written(tmp_path, after_seconds):
    source = written(tmp_path, table_of(20_000, text=[f"text {i} " + "word " * (i % 40) for i in range(20_000)],
                                        label=["a", "b"] * 10_000))  # fmt: skip
    child = subprocess.Popen(
        [sys.executable, "-m", "burnish", "curate", str(source)], cwd=tmp_path,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    time.sleep(after_seconds)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert child.returncode in (130, -signal.SIGINT), err
    if child.returncode == 130:
        assert "Traceback" not in err
    assert not (tmp_path / "burnish-out").exists()
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".burnish-")]


def test_labels_that_have_nothing_to_do_with_the_rows_are_not_judged(run, tmp_path):
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "noise.npz", X=rng.normal(size=(300, 16)).astype("f4"), y=rng.integers(0, 3, 300))
    code, out, _ = run("audit", tmp_path / "noise.npz")
    assert code == 0
    assert "labels were not judged" in out
    codes = pq.read_table(tmp_path / "burnish-out" / "findings.parquet")["code"].to_pylist()
    assert not {"LAB001", "LAB002"} & set(codes)
