import re

import numpy as np
import pytest

import burnish as bn
from burnish.errors import BurnishError, InputError, UsageError
from burnish.kernels.neighbors import RECALL
from burnish.workspace import door, limits
from burnish.workspace.limits import Limits


def test_the_help_states_the_default_recall_of_the_kernel(run):
    _, out, _ = run("audit", "--help")
    stated = re.search(r"--recall R.*?\[default:\s+([\d.]+)\]", out, re.DOTALL)
    assert stated
    assert float(stated[1]) == RECALL


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        (("--threads", "0"), "threads is 0"),
        (("--threads", "two"), "'two' is not a valid integer"),
        (("--recall", "0"), "recall is 0"),
        (("--recall", "98"), "recall is 98"),
        (("--max-memory", "lots"), "'lots' is no size of memory"),
        (("--max-memory", "0GB"), "is no size of memory"),
    ],
)
def test_a_limit_that_cannot_be_used_is_refused_with_a_remedy(run, vectors_file, refused, said):
    code, _, err = run("audit", vectors_file, *refused)
    assert code == 3
    assert said in err
    assert "→" in err


def test_a_budget_that_is_too_small_is_refused_before_any_work(run, vectors_file, monkeypatch):
    monkeypatch.setattr(door, "gather", lambda *_, **__: pytest.fail("work was begun"))
    code, _, err = run("audit", vectors_file, "--max-memory", "100MB")
    assert code == 3
    assert "MiB of memory are left" in err
    assert "→" in err


def test_what_the_machine_cannot_hold_is_refused_before_any_work(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "available_memory", lambda: 10_000_000)
    with pytest.raises(InputError, match="needs about"):
        bn.audit(np.random.default_rng(0).normal(size=(50, 4)), workspace=tmp_path)


def test_where_the_system_does_not_tell_nothing_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "available_memory", lambda: None)
    assert len(bn.audit(np.random.default_rng(0).normal(size=(50, 4)), workspace=tmp_path).rows) == 50


def test_limits_come_from_the_settings_file_too(run, vectors_file):
    settings = vectors_file.parent / "burnish.toml"
    settings.write_text('[burnish]\nthreads = 1\nrecall = 0.95\n"max-memory" = "100MB"\n')
    code, _, err = run("audit", vectors_file, "--config", settings)
    assert code == 3
    assert "memory" in err


@pytest.mark.slow
def test_the_recall_that_was_asked_for_is_among_the_parameters(run_json, vectors_file):
    assert run_json("audit", vectors_file, "--recall", "0.9", "--threads", "1")[1]["parameters"]["recall"] == 0.9


@pytest.mark.parametrize("wrong", [{"threads": -1}, {"recall": float("nan")}, {"max_memory": -5}, {"max_memory": "?"}])
def test_limits_refuse_what_makes_no_sense(wrong):
    with pytest.raises(UsageError):
        Limits(**wrong)
    assert issubclass(UsageError, BurnishError)
