"""A recipe file and a baseline, from the command line."""

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from burnish.cli.commands import burnish
from burnish.cli.options import NOT_SET_BY_RECIPE
from burnish.cli.running import EXIT_OF_VERDICT, exit_code
from burnish.dataset import Arm, Evaluation
from burnish.dataset.evaluations import Gate
from burnish.pipeline.catalog import CHECKS
from burnish.pipeline.recipe import GATES

DOCUMENT = (Path(__file__).parents[2] / "docs" / "recipe.md").read_text(encoding="utf-8")


def rows(n_rows=120, n_copies=0, seed=0):
    """Two classes of vectors that are told apart, some of them copied with their label."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n_rows) % 2
    vectors = (rng.normal(size=(n_rows, 8)) + 3 * labels[:, None]).astype(np.float32)
    vectors, labels = (np.concatenate([part, part[:n_copies]]) for part in (vectors, labels))
    return pa.table(
        {
            "id": [f"r{i}" for i in range(len(vectors))],
            "vector": list(vectors),
            "label": [("no", "yes")[code] for code in labels],
            "split": ["test" if i % 5 == 4 else "train" for i in range(n_rows)] + ["train"] * n_copies,
        }
    )


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "rows.parquet"
    pq.write_table(rows(), path)
    return path


@pytest.fixture
def recipe(tmp_path):
    def write(text):
        (tmp_path / "burnish.toml").write_text(text, encoding="utf-8")
        return ("--config", "burnish.toml")

    return write


@pytest.mark.slow
def test_the_file_names_the_source_and_its_fields(run_json, source, recipe):
    named = recipe('[burnish]\nsource = "rows.parquet"\nembedding = "vector"\nlabel = "label"\nid = "id"\nseed = 4\n')
    code, document = run_json("audit", *named)
    assert code == 0
    assert (document["source"], document["n_rows"], document["parameters"]["seed"]) == ("rows", 120, 4)
    assert not {"embedding", "label", "id"} & {guess["role"] for guess in document["guesses"]}


def test_what_is_given_wins_over_the_file(run_json, source, recipe, tmp_path):
    pq.write_table(rows(60), tmp_path / "other.parquet")
    _, document = run_json(
        "audit", "other.parquet", *recipe('[burnish]\nsource = "rows.parquet"\nseed = 4\n'), "--seed=5"
    )
    assert (document["source"], document["n_rows"], document["parameters"]["seed"]) == ("other", 60, 5)


@pytest.mark.slow
def test_one_file_serves_every_command(run, source, recipe):
    assert (
        run("audit", source, *recipe('[burnish]\nmetric = "accuracy"\nchangeset = "c.json"\nfail_on = "error"\n'))[0]
        == 0
    )
    code, _, err = run("measure", source, "--config", "burnish.toml")
    assert code == 3
    assert "there is no changeset c.json" in err


@pytest.mark.parametrize(
    "wrong",
    [
        ("[burnish]\nlable = 'y'", "unknown key in [burnish]: 'lable'", "Did you mean 'label'?"),
        ("[chekcs]\nDUP001 = false", "unknown table: 'chekcs'", "Did you mean 'checks'?"),
        ("[checks]\nDUP02 = false", "unknown check in [checks]: 'DUP02'", "Did you mean 'DUP002'?"),
        ("[checks]\nDUP002 = { min_scor = 1 }", "unknown parameter of DUP002: 'min_scor'", "Did you mean 'min_score'?"),
        ("[policy]\nDUP001 = 'dorp'", "unknown treatment of DUP001: 'dorp'", "Did you mean 'drop'?"),
        ("[gates]\nfail_no = 'error'", "unknown key in [gates]: 'fail_no'", "Did you mean 'fail_on'?"),
        ("[gates]\nwrite_baseline = 'b'", "unknown key in [gates]: 'write_baseline'", "'baseline'"),
        ("[burnish]\nwrite_baseline = 'b'", "unknown key in [burnish]: 'write_baseline'", "'baseline'"),
        ("[burnish]\nseed = 'x'", "[burnish] seed is 'x'", "Give it a whole number."),
        ("[burnish", "burnish.toml cannot be read as TOML", "Mend the file."),
        ("[burnish]\nout = 'a'\nout = 'b'", "burnish.toml cannot be read as TOML", "Mend the file."),
    ],
)
def test_what_the_file_says_wrong_is_refused_before_any_work(run, source, recipe, wrong):
    text, problem, remedy = wrong
    code, out, err = run("curate", source, *recipe(text))
    assert (code, out) == (3, "")
    first, second = err.splitlines()
    assert first.startswith("burnish: burnish.toml")
    assert problem in first
    assert remedy in second
    assert not (source.parent / "burnish-out").exists()


def test_a_severity_in_the_file_that_is_none_is_refused(run, source, recipe):
    code, _, err = run("audit", source, *recipe('[gates]\nfail_on = "eror"\n'))
    assert code == 3
    assert "'eror' is not one of" in err


def test_a_file_that_is_not_there_is_refused(run, source):
    assert "does not exist" in run("audit", source, "--config", "missing.toml")[2]


def test_without_a_source_anywhere_the_command_says_so(run, recipe):
    code, _, err = run("audit", *recipe("[burnish]\nseed = 1\n"))
    assert code == 3
    assert "Missing argument 'SOURCE'" in err


@pytest.mark.slow
def test_only_findings_that_are_not_in_the_baseline_are_new(run, run_json, source):
    pq.write_table(rows(n_copies=2), source)
    accepted = ("audit", source, "--write-baseline", "known.json", "--fail-on", "info")
    assert run(*accepted)[0] == 0
    known = json.loads((source.parent / "known.json").read_text())
    assert known["burnish_baseline"] == 1
    assert "exact duplicate: r120" in known["findings"].values()
    held = ("audit", source, "--baseline", "known.json", "--fail-on-new", "--fail-on", "info")
    code, out, _ = run(*held)
    assert code == 0
    assert f"0 new findings, {len(known['findings'])} known, 0 gone" in out
    assert run("audit", source, "--baseline", "known.json", "--fail-on", "warning")[0] == 1

    pq.write_table(rows(n_copies=3).filter(pa.array([i != 120 for i in range(123)])), source)
    code, out, _ = run("audit", source, "--baseline", "known.json", "--fail-on-new")
    assert code == 1
    assert "against the baseline: " in out
    assert "DUP001 2 rows have the same content; r2 is kept." in " ".join(out.split())
    code, document = run_json("audit", source, "--baseline", "known.json", "--fail-on-new")
    assert code == 1
    assert [identity[:6] for identity in document["baseline"]["new"]].count("DUP001") == 1
    assert [identity[:6] for identity in document["baseline"]["gone"]].count("DUP001") == 1
    assert document["baseline"]["n_known"] >= 1


@pytest.mark.slow
def test_the_baseline_is_written_alike_by_every_run(run, source):
    texts = []
    for _ in range(2):
        run("audit", source, "--write-baseline", "known.json")
        texts.append((source.parent / "known.json").read_text())
    assert texts[0] == texts[1]
    assert texts[0].endswith("}\n")


@pytest.mark.slow
def test_gates_of_the_file_hold_an_audit_against_the_baseline_that_it_names(run, source, recipe):
    pq.write_table(rows(n_copies=2), source)
    gates = recipe('[gates]\nbaseline = "known.json"\nfail_on_new = true\n')
    code, _, err = run("audit", source, *gates)
    assert code == 3
    assert "there is no baseline known.json" in err
    assert "--write-baseline known.json" in err
    assert run("audit", source, *gates, "--write-baseline", "known.json")[0] == 0
    assert run("audit", source, *gates)[0] == 0
    pq.write_table(rows(n_copies=4), source)
    assert run("audit", source, *gates)[0] == 1


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--fail-on-new",), "--fail-on-new needs to be told what is known"),
        (("--baseline", "none.json"), "there is no baseline none.json"),
        (("--baseline", "rows.parquet"), "rows.parquet cannot be read as JSON"),
        (("--baseline", "other.json"), "other.json is no baseline of findings"),
        (("--write-baseline", "none/known.json"), "'none/known.json' cannot be written as a file"),
        (("--write-baseline", "."), "'.' cannot be written as a file"),
        (("--markdown", "none/summary.md"), "'none/summary.md' cannot be written as a file"),
    ],
)
def test_a_gate_that_cannot_be_held_is_refused_before_any_work(run, source, flags, said):
    (source.parent / "other.json").write_text('{"version": "1", "edits": []}')
    code, out, err = run("audit", source, *flags)
    assert (code, out) == (3, "")
    assert said in err
    assert "  → " in err
    assert not (source.parent / "burnish-out").exists()


@pytest.mark.slow
def test_the_summary_is_written_as_markdown_where_asked(run, source):
    pq.write_table(rows(n_copies=2), source)
    run("audit", source, "--write-baseline", "known.json")
    assert run("audit", source, "--baseline", "known.json", "--markdown", "summary.md", "--fail-on", "warning")[0] == 1
    text = (source.parent / "summary.md").read_text()
    assert text.startswith("## ")
    assert "| DUP001 |" in text
    assert text.rstrip().splitlines()[-1].startswith("Against the baseline: 0 new findings, ")


@pytest.mark.slow
def test_a_curation_writes_its_verdict_as_markdown(run, source):
    pq.write_table(rows(n_copies=4), source)
    run("curate", source, "--markdown", "summary.md")
    assert "lift is" in (source.parent / "summary.md").read_text()


@pytest.mark.slow
def test_a_recipe_replays_a_curation_by_its_policy_and_gates(run, source, recipe):
    pq.write_table(rows(n_copies=6), source)
    named = '[burnish]\nsource = "rows.parquet"\nid = "id"\n[gates]\nmargin = 0.02\nmax_slice_drop = 0.2\n'
    changes, effects = [], []
    for out in ("one", "two"):
        run("curate", *recipe(named), "--out", out)
        changes.append((source.parent / out / "changeset.json").read_text())
        effects.append(json.loads((source.parent / out / "evaluation.json").read_text()))
    assert changes[0] == changes[1]
    assert effects[0] == effects[1]
    assert (effects[0]["margin"], effects[0]["gate"]["max_slice_drop"]) == (0.02, 0.2)
    assert {edit["code"] for edit in json.loads(changes[0])["edits"]} == {"DUP001", "LEK001"}
    run("curate", *recipe(named + '[policy]\nDUP001 = "review"\n'), "--out", "three")
    changed = json.loads((source.parent / "three" / "changeset.json").read_text())
    assert {edit["code"] for edit in changed["edits"]} == {"LEK001"}


@pytest.mark.parametrize("gate", ["margin = -0.1", "max_slice_drop = 5", "max_slice_drop = 0"])
def test_a_gate_that_makes_no_sense_is_refused(run, source, recipe, gate):
    code, _, err = run("curate", source, *recipe(f"[gates]\n{gate}\n"))
    assert code == 3
    assert "is not in the range" in err


def test_a_slice_that_fell_too_far_fails_the_run_whatever_the_verdict():
    arms = tuple(Arm(name, 0.8, 0.7, 0.9, 50, 10) for name in ("before", "after"))
    for verdict, code in EXIT_OF_VERDICT.items():
        effect = Evaluation("accuracy", 90, arms, *[0.01] * 7, verdict=verdict)
        assert exit_code(effect) == code
        assert exit_code(dataclasses.replace(effect, gate=Gate(0.05, passed=True))) == code
        assert exit_code(dataclasses.replace(effect, gate=Gate(0.05, passed=False, failed=("a",)))) == 1


@pytest.mark.slow
def test_checks_of_the_file_are_left_out_or_judge_by_its_thresholds_and_the_summary_tells(run_json, source, recipe):
    pq.write_table(rows(n_copies=4), source)
    _, usual = run_json("audit", source)
    assert "DUP001" in usual["findings"]
    assert "checks" not in usual["parameters"]
    _, document = run_json("audit", source, *recipe("[checks]\nDUP001 = false\nIMB001 = { min_rows = 500 }\n"))
    assert "DUP001" not in document["findings"]
    assert document["findings"]["IMB001"]["findings"] == 2
    assert document["parameters"]["checks"] == {"DUP001": False, "IMB001": {"min_rows": 500, "min_ratio": 0.2}}


def test_the_recipe_of_the_document_is_one(run, source, recipe):
    (text,) = re.findall(r"```toml\n(.*?)```", DOCUMENT, re.DOTALL)
    code, _, err = run("audit", *recipe(text))
    assert code == 3
    assert "no such file: 'data/reviews.parquet'" in err


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
def test_every_parameter_of_a_check_is_in_the_document_with_its_value(check):
    set_to = ", ".join(f"`{f.name} = {f.default:.4g}`" for f in dataclasses.fields(check))
    assert not set_to or f"| `{check.code}` | {set_to} |" in DOCUMENT


def test_every_gate_that_a_command_has_and_every_flag_that_no_file_sets_is_in_the_document():
    flags = {p.name for command in burnish.commands.values() for p in command.params}
    for gate in set(GATES) & flags:
        assert f"`{gate}`" in DOCUMENT
    for flag in NOT_SET_BY_RECIPE:
        assert f"`--{flag.replace('_', '-')}`" in DOCUMENT
