import dataclasses
import tomllib

import pytest

from burnish.errors import UsageError
from burnish.pipeline.catalog import CHECKS
from burnish.pipeline.decision import DEFAULT_TREATMENTS, Policy
from burnish.pipeline.recipe import GATES, Recipe, changed_checks

FLAGS = {
    "source": str, "text": str, "label": str, "meta": tuple, "model": str, "metric": str, "seed": int, "json": bool,
    "recall": float, "max_memory": str, "fail_on": str, "fail_on_new": bool, "baseline": str, "max_slice_drop": float,
    "margin": float,
}  # fmt: skip


def recipe(text, flags=FLAGS):
    return Recipe.of(tomllib.loads(text), flags=flags)


def check(recipe, code):
    return next(check for check in recipe.checks if check.code == code)


def test_an_empty_file_is_the_default_recipe():
    assert recipe("") == Recipe() == Recipe({}, CHECKS, Policy())


def test_a_whole_file_says_flags_checks_policy_and_gates():
    said = recipe(
        """
        [burnish]
        source = "reviews.parquet"
        text = "text"
        meta = ["brand", "country"]
        seed = 3

        [checks]
        DUP002 = { min_score = 0.7 }
        OUT001 = false
        DUP001 = true

        [policy]
        LAB001 = "relabel"
        DUP003 = "drop"

        [gates]
        fail_on = "error"
        max_slice_drop = 0.05
        """
    )
    assert said.flags == {
        "source": "reviews.parquet", "text": "text", "meta": ("brand", "country"), "seed": 3,
        "fail_on": "error", "max_slice_drop": 0.05,
    }  # fmt: skip
    assert check(said, "DUP002").min_score == 0.7
    assert [c.code for c in said.checks] == [c.code for c in CHECKS if c.code != "OUT001"]
    assert said.policy.treatments == {**DEFAULT_TREATMENTS, "LAB001": "relabel", "DUP003": "drop"}


def test_checks_that_are_not_named_stay_as_they_are():
    said = recipe("[checks]\nDUP002 = { min_score = 0.7 }")
    assert [c for c in said.checks if c.code != "DUP002"] == [c for c in CHECKS if c.code != "DUP002"]


def test_a_policy_leaves_the_precedence_of_the_codes_that_have_one():
    said = recipe('[policy]\nOUT001 = "drop"\nLAB001 = "relabel"\nLEK001 = "review"')
    assert list(said.policy.treatments) == [*DEFAULT_TREATMENTS, "OUT001"]
    assert said.policy.treatments["LEK001"] == "review"


def test_keys_may_be_spelt_like_the_flag():
    assert recipe('[burnish]\nmax-memory = "6GiB"\n[gates]\nfail-on = "info"').flags == {
        "max_memory": "6GiB", "fail_on": "info",
    }  # fmt: skip


def test_a_gate_may_stand_among_the_flags():
    assert recipe('[burnish]\nfail_on = "error"').flags == recipe('[gates]\nfail_on = "error"').flags


def test_a_whole_number_will_do_where_a_number_is_wanted():
    value = recipe("[burnish]\nrecall = 1").flags["recall"]
    assert (value, type(value)) == (1.0, float)


def test_no_input_is_changed():
    document = tomllib.loads(
        "[burnish]\nmeta = ['a']\n[checks]\nDUP002 = { min_score = 0.7 }\n[policy]\nDUP002 = 'drop'"
    )
    copied = tomllib.loads("[burnish]\nmeta = ['a']\n[checks]\nDUP002 = { min_score = 0.7 }\n[policy]\nDUP002 = 'drop'")
    Recipe.of(document, flags=FLAGS)
    assert document == copied


@pytest.mark.parametrize(
    ("text", "problem", "remedy"),
    [
        ("[polic]\nDUP001 = 'drop'", "unknown table: 'polic'", "Did you mean 'policy'?"),
        ("[zzz]", "unknown table: 'zzz'", "Known: burnish, checks, gates, policy."),
        ("text = 'text'", "text stands in no table", "Write [burnish] on a line above it."),
        ("max-memory = '1GB'", "max-memory stands in no table", "Write [burnish]"),
        ("checks = false", "checks is False and no table", "Write [checks] on a line"),
        ("[burnish]\nlable = 'y'", "unknown key in [burnish]: 'lable'", "Did you mean 'label'?"),
        ("[burnish]\nseed = 'five'", "[burnish] seed is 'five'", "Give it a whole number."),
        ("[burnish]\nseed = 1.5", "[burnish] seed is 1.5", "Give it a whole number."),
        ("[burnish]\nseed = true", "[burnish] seed is True", "Give it a whole number."),
        ("[burnish]\nrecall = true", "[burnish] recall is True", "Give it a number."),
        ("[burnish]\nrecall = nan", "[burnish] recall is nan", "Give it a number."),
        ("[burnish]\nlabel = 3", "[burnish] label is 3", "Give it text in quotes."),
        ("[burnish]\nlabel = ['a']", "[burnish] label is ['a']", "Give it text in quotes."),
        ("[burnish]\nmeta = 'brand'", "[burnish] meta is 'brand'", "Give it a list of texts."),
        ("[burnish]\nmeta = [1]", "[burnish] meta is [1]", "Give it a list of texts."),
        ("[burnish]\njson = 1", "[burnish] json is 1", "Give it true or false."),
        ("[burnish.checks]\nDUP001 = false", "unknown key in [burnish]: 'checks'", "Known: "),
        ("[burnish]\nmax-memory = '1GB'\nmax_memory = '2GB'", "max_memory stands twice", "Name it once."),
        ("[burnish]\nmargin = 0\n[gates]\nmargin = 0", "margin stands under [burnish] and under [gates]", "once"),
        ("[checks]\nDUP02 = false", "unknown check in [checks]: 'DUP02'", "Did you mean 'DUP002'?"),
        ("[checks]\nDUP002 = 0.7", "[checks] DUP002 is 0.7", "Write false to leave it out, or { parameter = value }."),
        ("[checks]\nDUP002 = { min_scor = 0.7 }", "unknown parameter of DUP002: 'min_scor'", "mean 'min_score'?"),
        ("[checks]\nDUP001 = { min_score = 0.7 }", "unknown parameter of DUP001: 'min_score'", "Known: none."),
        ("[checks]\nDUP002 = { code = 'X' }", "unknown parameter of DUP002: 'code'", "Known: min_score."),
        ("[checks]\nDUP002 = { min_score = 'high' }", "[checks] DUP002.min_score is 'high'", "Give it a number."),
        ("[checks]\nIMB001 = { min_rows = 2.5 }", "[checks] IMB001.min_rows is 2.5", "Give it a whole number."),
        ("[policy]\nDUP02 = 'drop'", "unknown check in [policy]: 'DUP02'", "Did you mean 'DUP002'?"),
        ("[policy]\nDUP002 = 'dorp'", "unknown treatment of DUP002: 'dorp'", "Did you mean 'drop'?"),
        ("[policy]\nDUP002 = true", "unknown treatment of DUP002: True", "Known: drop, relabel, review."),
        ("[policy]\nDUP002 = ['drop']", "unknown treatment of DUP002: ['drop']", "Did you mean 'drop'?"),
        ("[gates]\nfail_no = 'error'", "unknown key in [gates]: 'fail_no'", "Did you mean 'fail_on'?"),
        ("[gates]\nlabel = 'y'", "unknown key in [gates]: 'label'", "Known: "),
        ("[gates]\nmargin = '1%'", "[gates] margin is '1%'", "Give it a number."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_line_with_what_to_do(text, problem, remedy):
    with pytest.raises(UsageError) as refused:
        recipe(text)
    said = str(refused.value.args[0])
    assert said.startswith("burnish.toml: ")
    assert "\n" not in said
    assert problem in said
    assert remedy in refused.value.remedy


def test_a_gate_that_no_command_has_is_unknown():
    with pytest.raises(UsageError, match=r"unknown key in \[gates\]: 'margin'"):
        recipe("[gates]\nmargin = 0.1", flags={"seed": int})


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.code)
def test_every_parameter_of_every_check_can_be_set_and_is_told(check):
    values = {f.name: getattr(check, f.name) + 1 for f in dataclasses.fields(check)}
    said = Recipe.of({"checks": {check.code: values}}, flags={})
    assert said.checks == tuple(dataclasses.replace(c, **values) if c is check else c for c in CHECKS)
    assert changed_checks(said.checks) == ({check.code: values} if values else {})


def test_a_check_that_is_left_out_is_told():
    assert changed_checks(recipe("[checks]\nOUT001 = false").checks) == {"OUT001": False}
    assert changed_checks(CHECKS) == {}


def test_every_gate_is_a_flag_that_the_command_line_could_have():
    assert set(GATES) <= set(FLAGS)
