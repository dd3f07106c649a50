"""The pre-commit hook and the GitHub Action of this repository, run by real git and a real shell.

pre-commit would first install burnish with all it needs from the package index. Here its part is played by
git itself: `.git/hooks/pre-commit` runs what the manifest says, from the root of the repository.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

import burnish
from burnish.adapters.sources.files import COMPRESSIONS, KINDS

ROOT = Path(__file__).parents[2]
(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
N_ROWS = 160
RECIPE = """
[burnish]
source = "data/rows.parquet"
id = "id"
label = "label"
split = "split"

[gates]
fail_on = "warning"
"""

needs_git = pytest.mark.skipif(not (shutil.which("git") and shutil.which("bash")), reason="needs git and bash")


def rows(*, copies=(), leaks=()):
    """Two classes that lie opposite each other; some rows copied in train, or leaked into test, under other ids."""
    rng = np.random.default_rng(0)
    origin = np.array([*range(N_ROWS), *copies, *leaks])
    vectors = (rng.normal(size=(N_ROWS, 8)) + 3 * (-1) ** np.arange(N_ROWS)[:, None]).astype(np.float32)
    splits = ["test" if i % 5 == 4 else "train" for i in range(N_ROWS)]
    return pa.table(
        {
            "id": [*(f"r{i}" for i in range(N_ROWS)), *(f"copy{i}" for i in copies), *(f"leak{i}" for i in leaks)],
            "vector": list(vectors[origin]),
            "label": [("no", "yes")[i % 2] for i in origin],
            "split": [*splits, *("train" for _ in copies), *("test" for _ in leaks)],
        }
    )


@pytest.fixture
def environment(tmp_path):
    """Give a PATH on which `burnish` and `python` are those of this run, and a home without settings of git."""
    programs = tmp_path / "programs"
    programs.mkdir()
    source = Path(burnish.__file__).parents[1]
    script(programs / "burnish", f'exec {sys.executable} -c "from burnish.cli import main; main()" "$@"')
    return {
        "PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(tmp_path), "PYTHONPATH": str(source),
        "OMP_NUM_THREADS": "1", "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b.c", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b.c",
    }  # fmt: skip


def script(path, body):
    path.write_text(f"#!/usr/bin/env bash\n{body}\n")
    path.chmod(0o755)


@pytest.fixture
def commit(tmp_path, environment):
    """Make a repository with the hook and a recipe; give a function that commits a table and says what came of it."""
    repository = tmp_path / "repository"
    (repository / "data").mkdir(parents=True)
    (repository / "burnish.toml").write_text(RECIPE)
    (repository / ".gitignore").write_text(".burnish/\nburnish-out/\n")

    def git(*arguments):
        return subprocess.run(
            ["git", *arguments], cwd=repository, env=environment, capture_output=True, text=True, check=False
        )

    git("init", "--quiet", "--initial-branch", "main")
    script(repository / ".git" / "hooks" / "pre-commit", shlex.join([*shlex.split(HOOK["entry"]), *HOOK["args"]]))

    def run(table, *, recipe=RECIPE, before=()):
        pq.write_table(table, repository / "data" / "rows.parquet")
        (repository / "burnish.toml").write_text(recipe)
        if before:
            subprocess.run(before, cwd=repository, env=environment, capture_output=True, check=True)
        git("add", "--all")
        done = git("commit", "--quiet", "--message", "data")
        n_commits = git("rev-list", "--count", "--all").stdout.strip()
        return done.returncode, int(n_commits), " ".join((done.stdout + done.stderr).split())

    return run


@needs_git
@pytest.mark.slow
def test_a_commit_of_data_with_findings_is_refused_and_the_finding_is_told(commit):
    assert commit(rows())[:2] == (0, 1)
    code, n_commits, told = commit(rows(copies=(3, 8), leaks=(10,)))
    assert (code, n_commits) == (1, 1)
    assert "DUP001 exact duplicate" in told
    assert "LEK001 leak" in told
    assert "evaluation row leak10 has an exact twin in train: r10." in told


@needs_git
@pytest.mark.slow
def test_with_a_baseline_only_new_findings_refuse_a_commit(commit):
    recipe = RECIPE + 'fail_on_new = true\nbaseline = "known.json"\n'
    accept = ("burnish", "audit", "--config", "burnish.toml", "--write-baseline", "known.json")
    assert commit(rows(copies=(3, 8)), recipe=recipe, before=accept)[:2] == (0, 1)
    code, n_commits, told = commit(rows(copies=(3, 8), leaks=(10,)), recipe=recipe)
    assert (code, n_commits) == (1, 1)
    assert re.search(r"against the baseline: \d new findings?, [2-9] known, 0 gone LEK001 evaluation row leak10", told)


@needs_git
@pytest.mark.slow
def test_a_recipe_that_is_wrong_refuses_the_commit_with_what_to_do(commit):
    code, n_commits, told = commit(rows(), recipe=RECIPE.replace("fail_on", "fail_no"))
    assert (code, n_commits) == (1, 0)
    assert "unknown key in [gates]: 'fail_no'" in told
    assert "Did you mean 'fail_on'?" in told


def test_the_hook_runs_for_recipes_and_for_every_kind_of_data():
    wanted = re.compile(HOOK["files"])
    for suffix in KINDS:
        assert wanted.search(f"data/rows{suffix}"), suffix
    for suffix in COMPRESSIONS:
        assert wanted.search(f"rows.csv{suffix}"), suffix
    assert wanted.search("burnish.toml")
    assert wanted.search("sets/burnish.toml")
    assert not wanted.search("src/rows.py")
    assert not wanted.search("pyproject.toml")


def test_the_hook_has_what_pre_commit_needs():
    assert HOOK["id"] == "burnish-audit"
    assert HOOK["language"] == "python"
    assert HOOK["pass_filenames"] is False


def test_the_document_shows_the_hook_and_every_input_and_output_of_the_action():
    text = (ROOT / "docs" / "recipe.md").read_text()
    hooks, workflow = (yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL))
    assert hooks["repos"][0]["hooks"] == [{"id": HOOK["id"]}]
    (step,) = (step for step in workflow["jobs"]["audit"]["steps"] if "OWNER/burnish" in step["uses"])
    assert set(step["with"]) <= set(ACTION["inputs"])
    for name, about in ACTION["inputs"].items():
        assert f"| `{name}` |" in text
        assert "default" in about
    assert all(f"`{name}`" in text for name in ACTION["outputs"])


def resolved(expression, inputs):
    """Give what GitHub puts for an expression of this action: inputs, the path of the action, `||`."""
    values = {"github.action_path": str(ROOT), **{f"inputs.{name}": value for name, value in inputs.items()}}
    parts = expression.removeprefix("${{").removesuffix("}}").split("||")
    return next((values[part.strip()] for part in parts if values[part.strip()]), "")


@pytest.fixture
def run_action(tmp_path, environment):
    """Run the shell steps of the action as GitHub does; give (exit code, outputs, job summary, log)."""
    place = tmp_path / "job"
    place.mkdir()
    temporary, summary, outputs = (tmp_path / name for name in ("temporary", "summary.md", "outputs"))
    temporary.mkdir()
    # Installing would need the package index: what pip is asked for is written down instead.
    script(tmp_path / "programs" / "python", f'printf "%s\\n" "$@" > {tmp_path}/python-arguments')

    def run(**given):
        inputs = {name: given.get(name, about["default"]) for name, about in ACTION["inputs"].items()}
        summary.write_text("what an earlier step said\n")
        outputs.write_text("")
        job = {"GITHUB_STEP_SUMMARY": summary, "GITHUB_OUTPUT": outputs, "RUNNER_TEMP": temporary}
        for step in (step for step in ACTION["runs"]["steps"] if "run" in step):
            own = {name: resolved(value, inputs) for name, value in step["env"].items()}
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]], cwd=place, check=False,
                env={**environment, **{k: str(v) for k, v in job.items()}, **own}, capture_output=True, text=True,
            )  # fmt: skip
            if done.returncode:
                break
        said = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
        return done.returncode, said, summary.read_text(), done.stdout + done.stderr

    run.place, run.asked = place, tmp_path / "python-arguments"
    return run


@needs_git
@pytest.mark.slow
def test_the_action_writes_the_summary_and_honours_the_exit_code(run_action):
    pq.write_table(rows(copies=(3, 8)), run_action.place / "my rows.parquet")
    code, outputs, summary, log = run_action(source="my rows.parquet", args="--id id\n--fail-on warning")
    assert code == 1, log
    assert outputs["exit-code"] == "1"
    assert (Path(outputs["out"]) / "report.html").exists()
    assert summary.startswith("what an earlier step said\n## ")
    assert "| DUP001 |" in summary
    assert run_action(source="my rows.parquet", args="--id id")[0] == 0


@needs_git
@pytest.mark.slow
def test_the_action_curates_by_a_recipe(run_action):
    (run_action.place / "data").mkdir()
    pq.write_table(rows(copies=range(0, 60, 7)), run_action.place / "data" / "rows.parquet")
    (run_action.place / "burnish.toml").write_text(RECIPE)
    code, outputs, summary, log = run_action(command="curate", config="burnish.toml")
    assert code in (0, 2), log
    assert outputs["exit-code"] == str(code)
    assert "lift is" in summary


@needs_git
def test_the_action_installs_its_own_version_unless_told_otherwise(run_action):
    run_action()
    assert run_action.asked.read_text().split()[-1] == str(ROOT)
    run_action(version="git+https://example.org/burnish@v1")
    assert run_action.asked.read_text().split()[-1] == "git+https://example.org/burnish@v1"


@needs_git
@pytest.mark.slow
def test_the_action_says_what_is_wrong_and_leaves_the_summary_alone(run_action):
    code, outputs, summary, log = run_action(source="none.parquet")
    assert (code, outputs["exit-code"]) == (3, "3")
    assert "none.parquet" in log
    assert summary == "what an earlier step said\n"


@needs_git
def test_no_input_of_the_action_is_run_as_code(run_action):
    evil = f"$(touch {run_action.place}/evil); `touch {run_action.place}/evil`"
    code, *_ = run_action(source=evil, args=evil, command=evil, config=evil)
    assert code == 3
    assert not (run_action.place / "evil").exists()
    assert "${{ inputs." not in "".join(step.get("run", "") for step in ACTION["runs"]["steps"])
