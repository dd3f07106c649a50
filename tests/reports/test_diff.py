"""Differences, logs and catalogs as sentences, tables and pages."""

from dataclasses import replace
from html.parser import HTMLParser

import pyarrow as pa
import pytest
import report_facts

from burnish.dataset import Roles
from burnish.dataset.history import Version
from burnish.dataset.profiles import Shift
from burnish.pipeline.version_diff import ROWS, VersionDiff
from burnish.reports.catalog import Entry, catalog_html, catalog_table, facts_of, lineage_words
from burnish.reports.diff import (
    clusters_table,
    diff_html,
    diff_sentence,
    findings_table,
    rows_table,
    shifts_table,
    unmeasured_sentence,
)
from burnish.reports.log import (
    changed_rows,
    done_sentence,
    effect_sentence,
    story_end,
    story_sentence,
    version_facts,
    versions_table,
)

HOSTILE = "</title><script>alert(1)</script><img src=x onerror=alert(2)>\"'&\x1b[31m\u202e"
EFFECT = {
    "verdict": "better", "metric": "accuracy", "claim": "c", "lift": 0.05, "lift_low": 0.01, "lift_high": 0.09,
    "n_eval": 100, "confidence": 0.95, "slices_failed": [],
}  # fmt: skip


def version(number=1, **changes):
    first = Version(
        number, "pets", f"hash{number}", 30, "import", "2026-01-02T03:04:05.678+00:00", "ana", source="pets.parquet",
        counts={"added": 30}, roles=Roles(text="text", label="label", meta=("size",)),
    )  # fmt: skip
    return replace(first, **changes)


def second(**changes):
    made = {
        "how": "curate", "parent": 1, "n_rows": 26, "counts": {"dropped": 4, "relabelled": 1}, "source": None,
        "codes": {"DUP001": 4, "LAB001": 1}, "effect": EFFECT, "why": "Better.", "who": "bo",
    }  # fmt: skip
    return version(2, **made | changes)


def rows_of(*lines):
    return pa.Table.from_pylist([dict(zip(ROWS.names, line, strict=True)) for line in lines], schema=ROWS)


def event(kind, before, after, **names):
    ids = range(len(before)), range(len(after))
    return {
        "kind": kind, "before": tuple(ids[0]), "after": tuple(ids[1]), "n_before": before, "n_after": after,
        "n_common": 1, "names_before": [names.get("old", f"old {i}") for i in ids[0]],
        "names_after": [names.get("new", f"new {i}") for i in ids[1]],
    }  # fmt: skip


def diff(**changes):
    rows = rows_of(
        ("r9", "in", None, "cat", "SOURCE", "new in the source"),
        *((f"r{i}", "out", "cat", None, "DUP001", HOSTILE) for i in range(4)),
        (HOSTILE, "relabelled", HOSTILE, "cat", "LAB001", "looks like cat"),
    )
    shifts = (
        Shift("size", "number", 0.5, 1.0, 2.0),
        Shift("label", "values", 0.1, {HOSTILE: 10, "cat": 5}, {HOSTILE: 6, "cat": 6}),
    )
    clusters = (
        event("persists", (10,), (14,), new="grows"), event("persists", (9,), (2,), new="shrinks"),
        event("persists", (5,), (5,)), event("born", (), (7,), new=HOSTILE), event("gone", (6,), (), old="leaves"),
        event("split", (20,), (12, 8)), event("merged", (3, 4), (7,)),
    )  # fmt: skip
    findings = (
        {"code": "DUP001", "kept": 1, "closed": 4, "opened": 0}, {"code": "LAB001", "kept": 9, "closed": 0, "opened": 0}
    )  # fmt: skip
    made = VersionDiff(version(), second(), rows, shifts, clusters, findings, EFFECT)
    return replace(made, **changes)


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.words = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_data(self, data):
        self.words.append(data)


def test_a_diff_counts_rows_in_one_sentence():
    assert diff_sentence(diff()) == "1 row in, 4 out, 1 relabelled"
    assert diff_sentence(diff(rows=ROWS.empty_table())) == "no row differs"


def test_rows_are_shown_a_few_of_each_kind_and_the_rest_is_counted():
    table = rows_table(diff(), 2)
    assert [line[1] for line in table.lines] == ["in", "out", "out", "relabelled"]
    assert table.caption == "Rows that differ (and 2 more out)"
    assert table.lines[0][2] == "cat"
    assert str(table.lines[-1][2]).endswith("→ cat")


def test_the_label_comes_before_fields_that_moved_farther():
    lines = [tuple(map(str, line)) for line in shifts_table(diff()).lines]
    assert [line[0] for line in lines] == ["label", "", "size"]
    assert lines[0][2:] == ("10", "6", "10.0% of rows")
    assert lines[-1] == ("size", "mean", "1", "2", "0.5 sd")


def test_clusters_are_told_by_what_became_of_them_the_largest_change_first():
    table = clusters_table(diff(), 9)
    assert [line[1] for line in table.lines] == ["split", "shrunk −7", "born", "merged", "gone", "grown +4"]
    assert table.caption == "Clusters (1 the same)"
    assert tuple(map(str, table.lines[0])) == ("old 0 → new 0 + new 1", "split", "20", "12 + 8")


def test_codes_without_a_change_are_counted():
    table = findings_table(diff())
    assert [tuple(map(str, line)) for line in table.lines] == [("DUP001", "0", "4", "1")]
    assert table.caption == "Findings of rows (1 code as before)"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "burnish compare pets@1 pets@2"),
        ({"roles": Roles()}, "no field is the label"),
        ({"version": "hash1"}, "the rows are the same"),
    ],
)
def test_an_effect_that_was_not_measured_says_why_or_how_to(changed, said):
    assert said in unmeasured_sentence(diff(second=second(**changed), effect=None))


def test_the_page_holds_every_section_and_no_markup_of_the_data():
    text = diff_html(diff(), report_facts.text_facts(200).measured)
    page = Page(text)
    assert not {"script", "img", "iframe"} & set(page.tags)
    assert {"Effect", "Rows", "Fields", "Clusters", "Findings"} <= set(page.words)
    assert not {"\x1b", "\u202e"} & set(text)
    assert "http" not in text.replace("http-equiv", "")


def test_a_page_without_audits_says_how_to_get_them():
    words = " ".join(Page(diff_html(diff(clusters=None, findings=None, effect=None))).words)
    assert "burnish audit pets@1 and burnish audit pets@2" in words
    assert "burnish compare pets@1 pets@2" in words


def test_a_version_says_what_it_did_from_which_and_by_which_codes():
    assert done_sentence(version()) == "import from pets.parquet: 30 rows added"
    assert done_sentence(second()) == "curate of pets@1: 4 rows dropped, 1 relabelled (DUP001 4, LAB001 1)"
    undone = second(how="undo", parent=7, recipe={"undoes": "pets@2"}, counts={"restored": 1}, codes={"UNDO": 1})
    assert done_sentence(undone) == "undo of pets@2: 1 row restored (UNDO 1)"
    assert done_sentence(second(counts={}, codes={})) == "curate of pets@1: no row changed"
    answers = second(how="relabel", source="answers.csv", counts={"relabelled": 1}, codes={"REVIEW": 1})
    assert done_sentence(answers) == "relabel of pets@1 from answers.csv: 1 row relabelled (REVIEW 1)"


def test_changed_rows_have_a_sign_each():
    counts = {"added": 1, "restored": 2, "dropped": 1_000, "relabelled": 4}
    assert changed_rows(second(counts=counts)) == "+3 −1,000 ~4"


def test_an_effect_names_the_slices_that_fell():
    assert effect_sentence(EFFECT) == "better, +5.0 points of accuracy [+1.0, +9.0] on 100 evaluation rows"
    fell = {**EFFECT, "slices_failed": ["a", "b", "c", "d"]}
    assert effect_sentence(fell).endswith("; fell too far in a; b; c; …")


def test_a_line_each_version_tells_tags_and_the_version_it_was_made_from():
    table = versions_table([version(), second()], {"v2": 2, "good": 2})
    assert tuple(map(str, table.lines[1])) == (
        "2", "good, v2", "1", "2026-01-02 03:04", "bo", "curate", "26", "−4 ~1", "better +5.0 [+1.0, +9.0]",
    )  # fmt: skip
    assert version_facts(second(), {"v2": 2})["tags"] == ["v2"]


def test_a_story_tells_each_edit_and_how_the_row_stands():
    story = [
        {"version": "pets@1", "action": "add", "reason": "read from a source"},
        {"version": "pets@2", "action": "relabel", "code": "LAB001", "old_label": "dog", "label": "cat", "reason": "?"},
        {"version": "pets@3", "action": "drop", "code": "DUP001", "reason": "A copy.", "kept_row_id": "r1"},
    ]
    assert [story_sentence(line) for line in story] == [
        "came: read from a source", "relabelled dog → cat by LAB001: ?", "dropped by DUP001: A copy; kept: r1",
    ]  # fmt: skip
    assert story_end(story, ["pets@1", "pets@2"]) == ("pets@2", True, "cat")
    assert story_end(story, ["pets@1", "pets@2", "pets@3"])[1] is False


def entry(**about):
    versions = {1: version(), 2: second(), 3: version(3, parent=1, how="apply", counts={"dropped": 2})}
    return Entry({"name": "pets", **about}, versions, {"v2": 2})


def test_the_catalog_tells_the_way_to_the_newest_version_and_the_last_verdict():
    assert lineage_words(entry()) == "@1 import +30 → @3 apply −2; 1 version beside"
    assert facts_of(entry())["last verdict"].endswith("(pets@2)")
    assert [str(cell) for cell in catalog_table([entry(owner="ana")]).lines[0]][:5] == [
        "pets", "ana", "30", "3", "pets@3",
    ]  # fmt: skip
    assert "description" not in facts_of(entry())
    asked = second(how="relabel", source="answers.csv")
    assert Entry({"name": "pets"}, {1: version(), 2: asked}, {}).source == "pets.parquet"


def test_a_long_lineage_is_cut():
    versions = {n: version(n, parent=n - 1 or None, counts={}) for n in range(1, 30)}
    assert lineage_words(Entry({"name": "pets"}, versions, {})).startswith("… 17 before → @18")


def test_the_page_of_the_catalog_escapes_what_people_wrote():
    text = catalog_html([entry(name=HOSTILE, description=HOSTILE, owner=HOSTILE)], workspace=HOSTILE)
    page = Page(text)
    assert not {"script", "img"} & set(page.tags)
    assert not {"\x1b", "\u202e"} & set(text)
