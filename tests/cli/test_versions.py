import json

import kept_history
import pytest
from click.testing import CliRunner
from kept_history import HOSTILE

from burnish.cli.commands import burnish
from burnish.cli.history_commands import FORMS, HISTORY_COMMANDS
from burnish.workspace.history import Note

pytestmark = pytest.mark.slow

COMMANDS = {
    "versions": ("versions", "pets"), "log": ("log", "pets"), "diff": ("diff", "pets@1", "pets@2"),
    "tag": ("tag", "pets@1", "first"), "undo": ("undo", "pets@2"), "why": ("why", "r7"), "catalog": ("catalog",),
    "export": ("export", "pets@2", "--to", "jsonl", "--out", "out"),
}  # fmt: skip


@pytest.fixture
def history(tmp_path):
    made = kept_history.history_in(tmp_path)
    kept_history.curated(made)
    return made


def told(text):
    return " ".join(text.split())


def test_versions_tells_number_tag_parent_who_how_rows_and_effect(run, history):
    code, out, _ = run("versions")
    assert code == 0
    lines = [line.split() for line in out.splitlines()]
    assert "pets: 2 versions" in out
    assert any(line[:1] == ["1"] and "ana" in line and "import" in line and "+30" in line for line in lines)
    assert any(line[:3] == ["2", "v2", "1"] and "bo" in line and "−4" in line and "~1" in line for line in lines)
    assert "better" in out
    assert "+5.0" in out


@pytest.fixture(params=["80", "120"])
def width(request, monkeypatch):
    monkeypatch.setenv("COLUMNS", request.param)
    return request.param


@pytest.mark.parametrize("command", ["versions", "log", "diff", "why", "catalog"])
def test_no_line_is_wider_than_the_terminal_and_nothing_of_the_data_is_markup(run, history, command, width):
    _, out, _ = run(*COMMANDS[command])
    assert max(map(len, out.splitlines())) <= int(width)
    assert not {"\x1b", "\u202e"} & set(out)


def test_log_is_newest_first_and_tells_codes_reason_and_effect(run, history):
    _, out, _ = run("log", "pets")
    assert out.index("pets@2 (v2)") < out.index("pets@1")
    for said in (
        "curate of pets@1: 4 rows dropped, 1 relabelled (DUP001 4, LAB001 1); 26 rows",
        "why: Better: so it is.",
        "effect: better, +5.0 points of accuracy [+1.0, +9.0] on 100 evaluation rows",
        "import from pets.parquet: 30 rows added",
    ):
        assert said in told(out)


def test_log_of_one_version_tells_of_that_alone(run, history):
    _, out, _ = run("log", "pets@1")
    assert "pets@2" not in out


def test_diff_tells_rows_fields_and_the_measured_effect(run, history):
    _, out, _ = run("diff", "pets@1", "pets@v2")
    for said in (
        "pets@1 → pets@2: 30 → 26 rows; 4 rows out, 1 relabelled",
        "and 1 more out",
        "dog → cat",
        "effect on the model: better, +5.0 points of accuracy",
        "Before and after per slice",
        "burnish audit pets@1",
    ):
        assert said in told(out)
    assert HOSTILE.partition("\x1b")[0] in out


def test_diff_says_how_to_measure_what_was_not(run, history):
    _, out, _ = run("diff", "pets@2", "pets@1")
    assert "burnish compare pets@2 pets@1" in told(out)
    assert "none: the rows are the same" in told(run("diff", "pets@1", "pets@1")[1])


def test_diff_writes_a_page(run, history, tmp_path):
    _, document = run("diff", "pets@1", "pets@2", "--html", "d.html", "--json")[:2]
    assert json.loads(document)["files"] == {"html": "d.html"}
    page = (tmp_path / "d.html").read_text()
    assert "<b>x</b>" not in page
    assert "What each code" not in page
    assert "Arms of the measurement" in page


def test_undo_of_one_code_is_a_new_version_and_can_be_undone(run, history):
    code, out, _ = run("undo", "pets@2", "--code", "DUP001", "--why", "copies are wanted")
    assert code == 0
    assert "new version pets@3: undo of pets@2: 4 rows restored (UNDO 4); 30 rows" in told(out)
    assert "copies are wanted" in run("log", "pets@3")[1]
    run("undo", "pets")
    assert history.open("pets").version == history.open("pets@2").version


def test_undo_tells_the_rows_that_were_changed_since(run, history):
    run("undo", "pets@2", "--row", "r7")
    _, out, _ = run("undo", "pets@2")
    assert "1 row changed since, and left: r7" in told(out)
    code, out, _ = run("undo", "pets@2")
    assert (code, "nothing of pets@2 is left to undo" in out) == (0, True)


def test_why_tells_the_whole_story_of_a_row(run, history):
    run("undo", "pets@2", "--row", "r3")
    _, out, _ = run("why", "r3")
    for said in (
        "came: read from pets.parquet",
        "dropped by DUP001",
        "kept: r1",
        "decided by policy, run by bo",
        "twin r1",
        "effect of pets@2: better",
        "brought back by UNDO",
        "now: in pets@3",
    ):
        assert said in told(out), said
    assert "now: not in pets@3" in run("why", "r4", "pets")[1]


def test_why_asks_for_the_name_where_two_data_sets_have_the_row(run, history):
    history.keep_source(kept_history.dataset_of(name="more"), Note())
    code, _, err = run("why", "r3")
    assert code == 3
    assert "2 data sets have a row 'r3'" in err
    assert run("why", "r3", "more")[0] == 0


def test_a_tag_finds_a_version_until_it_is_taken_away(run, history):
    assert "pets@1 is pets@first" in run("tag", "pets@1", "first")[1]
    assert run("log", "pets@first")[0] == 0
    assert run("tag", "pets@1", "first")[0] == 0
    code, _, err = run("tag", "pets@2", "first")
    assert (code, "'first' is pets@1 already" in err, "--delete" in err) == (3, True, True)
    assert run("tag", "pets@1", "first", "--delete")[0] == 0
    assert run("log", "pets@first")[0] == 3


def test_the_catalog_tells_what_people_say_fields_verdict_and_lineage(run, history, tmp_path):
    _, out, _ = run("catalog", "--describe", "pets", "cats & dogs", "--owner", "pets", HOSTILE, "--html", "c.html")
    for said in (
        "cats & dogs", "label = label", "sliced by size", "better, +5.0 points",
        "@1 import +30 → @2 curate (v2) −4 ~1", "pets.parquet",
    ):  # fmt: skip
        assert said in told(out)
    page = (tmp_path / "c.html").read_text()
    assert "cats &amp; dogs" in page
    assert "<b>x</b>" not in page
    _, out, _ = run("catalog", "--json")
    (entry,) = json.loads(out)["datasets"]
    assert (entry["description"], entry["n_rows"], entry["newest"]) == ("cats & dogs", 26, "pets@2")
    assert entry["last_verdict"]["verdict"] == "better"


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_json_is_one_document(run_json, history, command):
    code, document = run_json(*COMMANDS[command])
    assert code == 0
    assert isinstance(document["files"], dict)


@pytest.mark.parametrize("form", [form for form in FORMS if form not in ("datasets", "label-studio", "review-csv")])
def test_a_version_is_exported(run_json, history, form, tmp_path):
    history.store.describe("pets", description="cats & dogs")
    _, document = run_json("export", "pets@2", "--to", form, "--out", "out")
    assert (document["version"], document["n_rows"]) == ("pets@2", 26)
    assert all((tmp_path / path).exists() for path in document["files"].values())
    if form == "croissant":
        about = json.loads((tmp_path / "out" / "croissant.json").read_text())
        assert about["description"] == "cats & dogs"
        assert about["version"].startswith("2.0.0")


def answers(tmp_path, lines):
    path = tmp_path / "answers.csv"
    path.write_text("row_id,label,annotator,version,row_digest\n" + "\n".join(lines) + "\n")
    return path


def test_answers_of_people_become_a_version_with_their_agreement(run, history, tmp_path):
    version = history.open("pets@2").version
    file = answers(
        tmp_path,
        [
            f"r{i},{label},{who},{version},"
            for who in ("ana", "bo")
            for i, label in ((9, "dog"), (10, "dog"), (12, "cat"))
        ]
        + [f"r13,cat,ana,{version},", f"r13,dog,bo,{version},"],
    )
    code, out, _ = run("import-labels", file, "--source", "pets@2", "--tag", "reviewed")
    assert code == 0
    for said in (
        "8 answers of 2 people: 1 relabelled, 0 dropped, 2 confirmed, 1 disputed",
        "Krippendorff's alpha",
        "disputed: r13",
        "new version pets@3: 26 rows (~1)",
    ):
        assert said in told(out)
    again = run("import-labels", file, "--source", "pets@2")[1]
    assert "pets@3" in again
    assert history.store.find("pets@reviewed").how == "relabel"


def test_answers_that_cannot_be_used_are_refused_unless_they_are_skipped(run, history, tmp_path):
    file = answers(tmp_path, [f"nobody,cat,ana,{history.open('pets@2').version},"])
    code, _, err = run("import-labels", file, "--source", "pets@2")
    assert (code, "nobody" in err, "--skip-refused" in err) == (3, True, True)
    code, out, _ = run("import-labels", file, "--source", "pets@2", "--skip-refused")
    assert (code, "refused: row nobody" in out, "nothing to keep" in told(out)) == (0, True, True)


@pytest.mark.parametrize(
    ("arguments", "said", "remedy"),
    [
        (("versions", "pest"), "no data set 'pest'", "Did you mean 'pets'?"),
        (("log", "pets@9"), "no version '9'", "Versions: 1 to 2, v2."),
        (("diff", "pets@1", "pets@v3"), "no version 'v3'", "Versions: 1 to 2, v2."),
        (("diff", "pets@1", "pets@2", "--html", "nowhere/d.html"), "'nowhere/d.html'", "Name a file"),
        (("undo", "pets@1"), "changed no rows that could be brought back", "burnish log"),
        (("undo", "pets@2", "--code", "NOP001"), "no edit of code 'NOP001'", "burnish log"),
        (("tag", "pets@2", "7"), "'7' cannot be the name of a tag", "a number alone"),
        (("tag", "pets@2", "v1", "--delete"), "no tag 'v1'", "Its tags: v2."),
        (("why", "nobody"), "has a row 'nobody'", "rows.parquet"),
        (("catalog", "--describe", "pest", "x"), "no data set 'pest'", "Did you mean"),
        (("export", "pets@3", "--to", "csv", "--out", "out"), "no version '3'", "Versions"),
        (("import-labels", "none.csv", "--source", "pets"), "none.csv", "path"),
        (("audit", "pets@1", "--name", "cats"), "has a name already", "--name"),
        (("audit", "pets@1", "--tag", "v2"), "'v2' is pets@2 already", "--delete"),
        (("curate", "pets@1", "--tag", "12"), "'12' cannot be the name of a tag", "a number alone"),
    ],
)
@pytest.mark.usefixtures("history")
def test_what_cannot_be_done_is_said_with_what_to_do(refused, arguments, said, remedy):
    refused(arguments, said, remedy)


@pytest.mark.parametrize("command", ["versions", "log", "catalog", "why"])
def test_an_empty_workspace_says_what_to_do_first(refused, command):
    refused((command, *(["r1"] if command == "why" else [])), "no data set yet", "burnish audit SOURCE")


def test_a_folder_that_is_no_saved_data_set_is_not_replaced(run, history, tmp_path):
    (tmp_path / "out" / "dataset").mkdir(parents=True)
    (tmp_path / "out" / "dataset" / "mine.txt").write_text("mine")
    code, _, err = run("export", "pets@2", "--to", "datasets", "--out", "out")
    assert (code, "Choose another folder with --out" in err) == (3, True)


@pytest.mark.parametrize("command", HISTORY_COMMANDS, ids=lambda command: command.name)
def test_every_command_has_help_with_an_example_and_the_common_flags(command):
    out = CliRunner().invoke(burnish, [command.name, "--help"]).output
    assert f"burnish {command.name}" in out.split("Example", 1)[1]
    assert all(flag in out for flag in ("--json", "--workspace", "--seed", "--debug"))
